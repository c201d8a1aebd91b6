"""What the report of one site may look at: its own data, and of the others only how they spread.

Everything else is taken away before a piece sees it, and counts of few people are masked
(:mod:`clinval.report.masking`): what is not there cannot be printed, drawn, tagged or read aloud.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from clinval.core.records import Record, Results, Series
from clinval.protocol.finance_form import KEPT
from clinval.report.disclosure import hidden
from clinval.report.view import View

__all__ = ["masked", "only_site"]


@dataclass(frozen=True, kw_only=True)
class _Part(Results):
    """A part of results, under the hash of the whole."""

    whole: str

    @property
    def sha256(self) -> str:
        """Hash of the results that this is a part of."""
        return self.whole


def only_site(view: View) -> View:
    """Return a view without anything of another site.

    It keeps the site's own records and declared inputs, those that are declared for all sites,
    quantiles across sites, and the results of all sites where there are such quantiles: with fewer
    sites they would tell of the others.
    """
    site, protocol, results = view.site, view.protocol, view.results
    spread = {
        (record.endpoint, record.analysis_set, record.statistic)
        for record in results.records
        if "sites" in record.group
    }

    def kept(record: Record) -> bool:
        if "site" in record.group:
            return record.group["site"] == site
        name = (record.endpoint, record.analysis_set, record.statistic)
        of_all = record.endpoint == "inputs" or name in spread
        return "sites" in record.group or (not record.group and of_all)

    others = {other.id for other in protocol.sites} - {site}
    provenance = dict(results.provenance)
    data = dict(provenance["data"])
    data["files"] = [file for file in data.get("files", ()) if file["site"] == site]
    provenance["data"] = data
    provenance.pop(KEPT, None)  # the site's own answers are in its economics already
    part = _Part(
        provenance=provenance,
        records=tuple(record for record in results.records if kept(record)),
        series=tuple(_own(series, site) for series in results.series if not _of(series, others)),
        whole=results.sha256,
    )
    economics = protocol.economics
    if economics is not None:
        own = {name: inputs for name, inputs in economics.entered.items() if name == site}
        owned = {name: costs for name, costs in economics.ownership.items() if name == site}
        economics = economics.model_copy(update={"entered": own, "ownership": owned})
    changes = {
        "sites": (protocol.site(site),),
        "economics": economics,
        "subgroups": {},
        "subject_ids": {site: protocol.subject_ids[site]} if site in protocol.subject_ids else {},
    }
    return replace(view, protocol=protocol.model_copy(update=changes), results=part)


def _of(series: Series, sites: Collection[str]) -> bool:
    """Whether a series is of one of these sites: its id names it behind endpoint and set."""
    return not set(sites).isdisjoint(series.id.split(".")[2:])


def _own(series: Series, site: str) -> Series:
    """Return the rows of a site, of a series that has rows of sites."""
    if "site" not in series.columns:
        return series
    rows = [index for index, name in enumerate(series.columns["site"]) if name == site]
    columns = {name: [values[row] for row in rows] for name, values in series.columns.items()}
    return Series(id=series.id, columns=columns)


def masked(view: View, printed: Collection[str]) -> View:
    """Return a site's view in which counts of few people, and what gives them away, are masked.

    Parameters
    ----------
    view
        As :func:`only_site` returns it.
    printed
        Ids of the records that the report prints or draws.
    """
    masks = {
        name: view.texts(f"mask.{mask}")
        for name, mask in hidden(view.protocol, view.results, view.site, printed).items()
    }
    part = _Part(
        provenance=view.results.provenance,
        records=tuple(_masked(record, masks) for record in view.results.records),
        series=view.results.series,
        whole=view.results.sha256,
    )
    return replace(view, results=part, masks=masks)


def _masked(record: Record, masks: Mapping[str, str]) -> Record:
    """Return a record without its value where it is masked, and without the n behind it."""
    # the n of quantiles is that of sites, and that of a proportion may be known where it is printed
    kept = "sites" in record.group or (record.unit == "proportion" and record.id not in masks)
    n = record.n if kept else None
    if record.id in masks:
        return replace(record, value=masks[record.id], n=n, undefined=False, reason="")
    return replace(record, n=n)
