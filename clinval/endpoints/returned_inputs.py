"""The inputs of hospitals whose finance department answers on a form: read, checked, recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.endpoints.declared import input_unit
from clinval.endpoints.recorder import Recorder
from clinval.endpoints.throughput import NOT_ANSWERED
from clinval.protocol.finance_form import COLUMNS, Answered, answered, with_answers
from clinval.protocol.forms import FINANCE

if TYPE_CHECKING:
    from clinval.core.records import Record
    from clinval.protocol.model import Protocol, Site
    from clinval.study.data import StudyData

__all__ = ["ReturnedInputs", "returned_inputs"]

NOT_BACK = "the finance form has not come back"
_REASONS = {
    "contribution-missing": "neither the protocol nor the finance form has it",
    "contribution-twice": "a contribution and payers were entered; one of them counts",
    "currency-missing": "an amount without its currency",
    "input-limits": "the limits do not hold the value",
    "input-lognormal": "the value is not in the middle of its limits, in ratios",
    "input-needs-other": "an input that needs another, which is missing",
    "not-possible": "not a number that this input can have",
    "nowhere": "neither the protocol nor the finance form has it",
    "payer-shares": "the shares of the payers do not add up to 1",
    "rate-missing": "an amount in a currency without an exchange rate",
    "source-missing": "no source was entered",
    "value-missing": "no value was entered",
    "year-missing": "an amount without its price year",
    "year-other": "an amount in prices of another year than the protocol's",
}
"""Why an answer cannot be used, by its slip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedInputs:
    """The answers of finance departments.

    ``kept`` is what results keep of them: the whole inputs of each hospital that has all of them,
    with their sources. ``records`` say by hospital whether its form can be used (``finance_form``:
    answered, or undefined with the reason), which inputs cannot (``<input>``, undefined with the
    reason) and which value does not count where the protocol and the form have one
    (``<input>.set_aside``).
    """

    protocol: Protocol
    kept: Mapping[str, Any]
    records: list[Record]


def returned_inputs(data: StudyData) -> ReturnedInputs:
    """Return the protocol with what finance departments returned in it, and what to say of it."""
    protocol = data.protocol
    economics = protocol.economics
    if economics is None or not economics.left_to_form:
        return ReturnedInputs(protocol=protocol, kept={}, records=[])
    recorder = Recorder(endpoint="inputs", analysis_set="")
    rows, kept = _rows(data), {}
    for site, left in economics.left_to_form.items():
        found = answered(left, rows.get(site, []), protocol.site(site).currency, economics)
        _record(protocol.site(site), found, recorder, back=site in rows)
        if found.economics is not None:
            kept[site] = found.economics.model_dump(mode="json", exclude_none=True)
    return ReturnedInputs(
        protocol=with_answers(protocol, kept), kept=kept, records=recorder.records
    )


def _rows(data: StudyData) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the form by site, what is missing as ``None``."""
    import pandas as pd

    data.read(FINANCE, COLUMNS)
    frame = pd.DataFrame({name: data.column(FINANCE, name) for name in COLUMNS})
    plain = frame.astype(object).where(frame.notna(), None)
    days = frame["source_date"].dt.date
    plain["source_date"] = days.where(days.notna(), None)
    found: dict[str, list[dict[str, Any]]] = {}
    names = data.site_names
    for index, row in zip(data.site_of_row(FINANCE), plain.to_dict("records"), strict=True):
        if index >= 0 and row["input"] is not None:
            found.setdefault(names[index], []).append({str(k): v for k, v in row.items()})
    return found


def _record(site: Site, found: Answered, recorder: Recorder, *, back: bool) -> None:
    group = {"site": site.id}
    recorder.add(
        "finance_form", "answered" if found.economics else None, group=group,
        reason=NOT_ANSWERED if back else NOT_BACK,
    )  # fmt: skip
    for name, slip in found.unusable.items() if back else ():
        recorder.add(name, None, group=group, reason=_REASONS[slip])
    for name, value in found.set_aside.items():
        unit = input_unit(name, site.currency)
        recorder.add(f"{name}.set_aside", value, group=group, unit=unit)
