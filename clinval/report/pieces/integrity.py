"""Whether the data can be relied on: versions, hashes, open questions, limits."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import (
    Block,
    Bullets,
    Column,
    Facts,
    Paragraph,
    Rich,
    Row,
    Strong,
    Table,
)
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.mrmc_words import limits_of
from clinval.report.view import View

__all__ = ["cautions", "data_integrity", "limits"]

_FIRST = 3  # limits on a summary page: the largest


def data_integrity(view: View) -> list[Block]:
    """Return what the results were made from: protocol, data version, files, audit trail."""
    provenance = view.results.provenance
    protocol, data, audit = (provenance[name] for name in ("protocol", "data", "audit"))
    rows: list[tuple[str, Rich]] = [
        (view.texts("integrity.study"), provenance["study"]),
        (
            view.texts("integrity.protocol"),
            view.texts("integrity.version", version=protocol["version"], date=protocol["date"]),
        ),
        (view.texts("integrity.protocol_hash"), protocol["sha256"]),
        (
            view.texts("integrity.data"),
            view.texts(
                "integrity.state",
                version=data["version"],
                state=view.texts(f"state.{data['state']}"),
            ),
        ),
        (view.texts("integrity.data_hash"), data["sha256"]),
        (
            view.texts("integrity.audit"),
            view.texts("integrity.entries", entries=audit["entries"], head=audit["head"]),
        ),
        (view.texts("integrity.results_hash"), view.results.sha256),
    ]
    files = Table(
        caption=view.texts("table.files"),
        columns=(
            Column(header=view.texts("table.site"), share=1),
            Column(header=view.texts("table.file"), share=2.5),
            Column(header="SHA-256", share=6),
        ),
        rows=tuple(
            Row(cells=(source["site"], source["file"], source["sha256"]))
            for source in data["files"]
        ),
        dense=True,
    )
    return [Facts(rows=tuple(rows)), files, _queries(view)]


def _queries(view: View) -> Block:
    statistics = ("open.error", "open.query")
    rows = [
        Row(
            cells=(
                site_label(view, site.id),
                *(
                    (view.number(view.record("disposition", "", name, {"site": site.id})),)
                    for name in statistics
                ),
            )
        )
        for site in view.protocol.sites
    ]
    total = [(view.number(view.record("disposition", "", name)),) for name in statistics]
    rows.append(Row(cells=(view.texts("forest.all"), *total), summary=True))
    columns = (
        Column(header=view.texts("table.site"), share=4),
        Column(header=view.texts("queries.error"), share=2, align="right"),
        Column(header=view.texts("queries.query"), share=2, align="right"),
    )
    notes: tuple[Rich, ...] = (view.texts("queries.note"),)
    return Table(
        caption=view.texts("table.queries"), columns=columns, rows=tuple(rows), notes=notes
    )


def limits(view: View) -> list[Block]:
    """Return what limits these results, as far as the software can see it."""
    items = _limits(view)
    if "benefit_risk" not in view.protocol.narrative:
        items.append(view.texts("limits.sponsor"))
    return [Bullets(items=tuple(items))] if items else []


def cautions(view: View) -> list[Block]:
    """Return the first of what limits these results, for a page that has to stay one page."""
    items = _limits(view)[:_FIRST]
    if not items:
        return []
    title = Paragraph(text=(Strong(view.texts("limits.first")),))
    return [title, Bullets(items=tuple(items))]


def _limits(view: View) -> list[Rich]:
    """Return each limit, what weighs most first."""
    items: list[Rich] = []
    if view.results.provenance["synthetic"]:
        items.append(view.texts("limits.synthetic"))
    if view.results.provenance["data"]["state"] == "interim":
        items.append(view.texts("limits.interim"))
    for endpoint in view.protocol.endpoints:
        for name in ("margin", "goal"):
            bound = getattr(endpoint, name, None)
            if bound is not None and bound.status == "illustrative":
                items.append(view.texts(f"limits.{name}", endpoint=endpoint.id))
        flips = view.record(endpoint.id, endpoint.set, "centers_that_flip")
        if flips is not None and flips.n:
            items.append(
                view.texts.rich("limits.flip", endpoint=endpoint.id, sites=view.number(flips))
            )
        items += _not_held(view, endpoint)
        items += [
            view.texts.rich("limits.of_endpoint", endpoint=endpoint.id, limit=limit)
            for limit in limits_of(endpoint, view)
        ]
    defects = view.record("disposition", "", "open.error")
    if defects is not None and defects.value:
        items.append(view.texts.rich("limits.open", n=view.number(defects)))
    queries = view.record("disposition", "", "open.query")
    if queries is not None and queries.value:
        items.append(view.texts.rich("limits.query", n=view.number(queries)))
    for form in view.protocol.forms:
        held = view.record("disposition", "", f"held.{form.id}")
        if held is not None and held.value:
            name = f"{form.id} {view.say(form.name)}"
            items.append(view.texts.rich("limits.held", form=name, n=view.number(held)))
    missing = [
        record
        for record in view.results.where(statistic="missing")
        if not record.group and record.value and record.analysis_set
    ]
    items += [
        view.texts.rich(
            "limits.missing",
            endpoint=record.endpoint,
            set=record.analysis_set,
            rule=view.texts(f"limits.missing.{_rule(view, record.endpoint)}"),
            n=view.number(record),
        )
        for record in missing
    ]
    return items


def _not_held(view: View, endpoint: Endpoint) -> list[Rich]:
    """Return what a decision does not stand up to."""
    found: list[Rich] = []
    for statistic, good in (
        ("sets_agree", "yes"),
        ("center_models_agree", "yes"),
        ("second_engine", "agrees"),
    ):
        record = view.record(endpoint.id, endpoint.set, statistic)
        if record is not None and record.value not in (good, None, "none"):
            found.append(view.texts(f"limits.{statistic}", endpoint=endpoint.id))
    return found


def _rule(view: View, endpoint_id: str) -> str:
    """Return what an endpoint does with subjects without a result."""
    return getattr(view.protocol.endpoint(endpoint_id), "missing", "exclude")
