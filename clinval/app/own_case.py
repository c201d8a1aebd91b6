"""One hospital's business case with its own numbers, from the effect of the locked results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from clinval.app.folder import StudyFolder
from clinval.app.reporting import usable_results
from clinval.core.errors import UsageError
from clinval.core.problems import Place
from clinval.core.records import Record, Results
from clinval.endpoints import return_on_investment
from clinval.endpoints.business_case import Effect, case, simulate
from clinval.endpoints.business_records import record_case
from clinval.endpoints.declared import declared
from clinval.endpoints.kind import seed_of
from clinval.endpoints.recorder import Recorder
from clinval.protocol.economics import SiteEconomics
from clinval.protocol.finance_form import KEPT, with_answers
from clinval.report.blocks import Document
from clinval.report.own_case import compose

__all__ = ["SHORT", "OwnCase", "own_case"]

SHORT = {"volume": "demand_per_day", "price": "purchase", "contribution": "contribution_per_exam"}
"""What inputs may be called for short."""

_FIXED = ("payers", "ramp_up", "room_minutes_per_exam")  # lists, and what the effect rests on
_SOURCE = {"en": "entered on the command line", "zh": "命令行输入"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCase:
    """The records of a site's case as analysed, and with its own numbers, by statistic.

    ``document`` is both side by side, in words, tables and pictures.
    """

    site: str
    inputs: Mapping[str, tuple[float | None, float]]
    analysed: Mapping[str, Record]
    own: Mapping[str, Record]
    document: Document


def own_case(
    folder: StudyFolder, site: str, numbers: Mapping[str, float], language: str = "en"
) -> OwnCase:
    """Compute a hospital's case again with some of its numbers replaced.

    Nothing is read but the protocol and the results; the same numbers give the same case as the
    analysis did.

    Parameters
    ----------
    folder
        The analysed study.
    site
        Id of the site.
    numbers
        Inputs by their key in a site's economics, or for short; what is entered is certain.
    language
        Of the document.

    Raises
    ------
    UsageError
        When the study has no business case of this site, or a number is not one of its inputs.
    """
    protocol = folder.protocol()
    results = usable_results(folder, protocol)
    protocol = with_answers(protocol, results.provenance.get(KEPT, {}))
    endpoint = next(
        (e for e in protocol.endpoints if isinstance(e, return_on_investment.Spec)), None
    )
    place = Place(file=folder.protocol_path.name)
    economics = protocol.economics
    if endpoint is None or economics is None:
        raise UsageError.of("roi-none", place)
    analysed = _records(results, endpoint, site)
    if "saved" not in analysed:
        known = ", ".join(s for s in economics.sites if "saved" in _records(results, endpoint, s))
        raise UsageError.of("roi-site", place, site=site, sites=known or "-")
    changed, inputs = _changed(economics.sites[site], numbers, place)
    made = case(_effect(analysed), changed, economics)
    seed = seed_of(protocol.seed, endpoint.id, endpoint.set)
    found = simulate(made, endpoint.draws, endpoint.level, seed, site)
    recorder = Recorder(endpoint=endpoint.id, analysis_set=endpoint.set)
    record_case(site, protocol.site(site).currency, made, found, endpoint, recorder)
    entered = economics.model_copy(update={"entered": {**economics.entered, site: changed}})
    with_own = protocol.model_copy(update={"economics": entered})
    own = Results(
        provenance=results.provenance,
        records=(*declared(with_own), *recorder.records),
        series=tuple(recorder.series),
    )
    return OwnCase(
        site=site,
        inputs=inputs,
        analysed=analysed,
        own={record.statistic: record for record in recorder.records},
        document=compose(
            endpoint, site, list(inputs), (protocol, results), (with_own, own), language
        ),
    )


def _records(results: Results, endpoint: return_on_investment.Spec, site: str) -> dict[str, Record]:
    found = results.where(endpoint=endpoint.id, analysis_set=endpoint.set, group={"site": site})
    return {record.statistic: record for record in found}


def _effect(analysed: Mapping[str, Record]) -> Effect:
    """Return the locked effect of a site."""

    def number(statistic: str) -> float:
        return float(analysed[statistic].value or 0.0)

    return Effect(
        saved=number("saved"), scale=number("saved_scale"), df=number("saved_df"),
        source=str(analysed["saved_source"].value), room=number("room_reference"),
        n=analysed["saved"].n or 0,
    )  # fmt: skip


def _changed(
    declared: SiteEconomics, numbers: Mapping[str, float], place: Place
) -> tuple[SiteEconomics, dict[str, tuple[float | None, float]]]:
    """Return the site's economics with its own numbers, and what each was before."""
    names = [name for name in SiteEconomics.model_fields if name not in _FIXED]
    content = declared.model_dump(exclude_none=True)
    inputs: dict[str, tuple[float | None, float]] = {}
    for given, value in numbers.items():
        name = SHORT.get(given, given)
        if name not in names:
            known = ", ".join([*SHORT, *names])
            raise UsageError.of("roi-input", place, input=given, inputs=known)
        before = getattr(declared, name)
        inputs[name] = (before.value if before else None, value)
        whole = int(value) if float(value).is_integer() else value
        content[name] = {"value": whole, "source": _SOURCE}
        if name == "contribution_per_exam":
            content.pop("payers", None)
            content.pop("variable_cost_per_exam", None)
        try:
            declared = SiteEconomics.model_validate(content)
        except ValidationError as error:
            raise UsageError.of("roi-value", place, input=given, value=f"{value:g}") from error
    return declared, inputs
