"""How the study and its analysis were run: versions, listings, pooling, what is missing."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import (
    Block,
    Bullets,
    Column,
    Facts,
    NotSupplied,
    Paragraph,
    Rich,
    Row,
    Strong,
    Table,
)
from clinval.report.pieces.common import set_label, undefined_notes
from clinval.report.pieces.sensitivity import analyses, analysis_words
from clinval.report.view import View

__all__ = [
    "filling_notes",
    "indeterminate",
    "listings",
    "methods_by_endpoint",
    "missing_rules",
    "poolability",
    "repeatability",
    "versions",
]

_POOLED = ("q", "q_df", "q_p_value", "i2", "tau2")


def versions(view: View) -> list[Block]:
    """Return the versions that the report rests on: protocol with its plan, data, software."""
    provenance = view.results.provenance
    protocol, data = provenance["protocol"], provenance["data"]
    dated = view.texts("integrity.version", version=protocol["version"], date=protocol["date"])
    state = view.texts(
        "integrity.state", version=data["version"], state=view.texts(f"state.{data['state']}")
    )
    rows = (
        Row(cells=(view.texts("versions.protocol"), dated, protocol["sha256"])),
        Row(cells=(view.texts("versions.data"), state, data["sha256"])),
        Row(
            cells=(
                view.texts("versions.results"),
                f"clinval {provenance['software']['clinval']}",
                view.results.sha256,
            )
        ),
    )
    columns = (
        Column(header=view.texts("versions.what"), share=2.4),
        Column(header=view.texts("versions.version"), share=2.2),
        Column(header="SHA-256", share=5),
    )
    caption = view.texts("table.versions")
    return [
        Table(caption=caption, columns=columns, rows=rows, dense=True),
        Paragraph(text=view.texts("versions.plan"), style="note"),
    ]


def listings(view: View) -> list[Block]:
    """Return the index of the files that hold the records and the rows behind them."""
    rows = [
        Row(cells=("results.json", view.texts("listings.results"))),
        Row(cells=("rows/analysis_sets.csv", view.texts("listings.sets"))),
    ]
    names = dict.fromkeys(record.endpoint for record in view.results.records)
    for name in names:
        endpoint = next((e for e in view.protocol.endpoints if e.id == name), None)
        what = view.say(endpoint.label) if endpoint else view.texts("listings.other")
        words = view.texts("listings.records", what=what)
        rows.append(Row(cells=(f"tables/{name}.csv", words)))
    for series in view.results.series:
        words = view.texts("listings.series")
        rows.append(Row(cells=(f"rows/{series.id}.csv", words)))
    columns = (
        Column(header=view.texts("table.file"), share=3),
        Column(header=view.texts("listings.holds"), share=5),
    )
    caption = view.texts("table.listings")
    return [
        Paragraph(text=view.texts("listings.what")),
        Table(caption=caption, columns=columns, rows=tuple(rows), dense=True),
    ]


def filling_notes(view: View) -> list[Block]:
    """Return how the report was filled in, and what its readers have to know."""
    notes = [view.texts(f"filling.{number}") for number in range(1, 6)]
    return [Bullets(items=tuple(notes))]


def poolability(view: View) -> list[Block]:
    """Return for each endpoint what speaks for and against taking the centers together."""
    rows = []
    for endpoint in view.protocol.endpoints:
        if view.record(endpoint.id, endpoint.set, "q") is None:
            continue
        numbers = [(view.statistic(endpoint, name),) for name in _POOLED]
        flips = view.record(endpoint.id, endpoint.set, "centers_that_flip")
        without: Rich = view.texts("value.none") if flips is None else (view.number(flips),)
        if flips is not None and not flips.undefined and not flips.n:
            without = view.texts("pooling.none")
        rows.append(Row(cells=(_named(endpoint, view), *numbers, without)))
    if not rows:
        return [Paragraph(text=view.texts("pooling.not_computed"), style="note")]
    columns = (
        Column(header=view.texts("table.endpoint"), share=3),
        *(
            Column(header=view.texts(f"pooling.{name}"), share=share, align="right")
            for name, share in zip(_POOLED, (1, 0.7, 1.2, 1.1, 1.2), strict=True)
        ),
        Column(header=view.texts("pooling.flips"), share=2),
    )
    notes = (view.texts("pooling.note"), *undefined_notes(view, rows))
    caption = view.texts("table.pooling")
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]


def indeterminate(view: View) -> list[Block]:
    """Return how many subjects have no result on each endpoint and set, and how they count."""
    rows = []
    for record in view.results.where(statistic="missing", group={}):
        endpoint = view.protocol.endpoint(record.endpoint)
        rule = getattr(endpoint, "missing", "exclude")
        n = view.record(endpoint.id, record.analysis_set, "n")
        cells = (_named(endpoint, view), set_label(view, record.analysis_set))
        counted = view.texts(f"missing.rule.{rule}")
        rows.append(Row(cells=(*cells, (view.number(n),), (view.number(record),), counted)))
    for record in view.results.where(statistic="indeterminate", group={}):
        endpoint = view.protocol.endpoint(record.endpoint)
        way = view.texts(f"accuracy.way.{getattr(endpoint, 'indeterminate', 'exclude')}")
        n = view.record(endpoint.id, record.analysis_set, "n")
        cells = (_named(endpoint, view), set_label(view, record.analysis_set))
        counted = view.texts("indeterminate.calls", way=way)
        rows.append(Row(cells=(*cells, (view.number(n),), (view.number(record),), counted)))
    if not rows:
        return [Paragraph(text=view.texts("indeterminate.none"), style="note")]
    columns = (
        Column(header=view.texts("table.endpoint"), share=3),
        Column(header=view.texts("table.set"), share=2.4),
        Column(header="n", share=0.8, align="right"),
        Column(header=view.texts("cell.missing"), share=1.1, align="right"),
        Column(header=view.texts("indeterminate.rule"), share=3),
    )
    notes = (view.texts("indeterminate.note"),)
    caption = view.texts("table.indeterminate")
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]


def repeatability(view: View) -> list[Block]:
    """Return which endpoints measure repeats, that none does, and what readers' agreement is."""
    endpoints = view.protocol.endpoints
    repeats = [e for e in endpoints if _repeats(e)]
    readers = [e for e in endpoints if e.kind == "reader_agreement" and e not in repeats]
    blocks: list[Block] = []
    if not repeats:
        text = view.texts("repeatability.none")
        blocks.append(NotSupplied(slot="endpoint.repeatability", text=text))
    for key, found in (("repeatability.repeats", repeats), ("repeatability.readers", readers)):
        if found:
            names = view.listed((f"{e.id} {view.say(e.label)}" for e in found), parts=True)
            blocks.append(Paragraph(text=view.texts(key, endpoints=names)))
    return blocks


def _repeats(endpoint: Endpoint) -> bool:
    """Whether an endpoint compares repeats: of a reader, or of two methods on a subject."""
    if endpoint.kind == "method_comparison":
        return getattr(endpoint, "combine", "only") == "each"
    return getattr(endpoint, "between", "readers") == "sessions"


def missing_rules(view: View) -> list[Block]:
    """Return how each endpoint treats missing results, and which sensitivity analyses it has."""
    rows: list[tuple[str, Rich]] = []
    for endpoint in view.protocol.endpoints:
        rule = getattr(endpoint, "missing", None)
        if rule is None:
            continue
        others = view.listed(analysis_words(view, name) for name in analyses(endpoint, view))
        words = view.texts(f"missing.rule.{rule}")
        if others:
            words = view.texts("missing.rule.with", rule=words, analyses=others)
        rows.append((endpoint.id, words))
    note = Paragraph(text=view.texts("missing.outliers"))
    return [Facts(rows=tuple(rows)), note] if rows else [note]


def methods_by_endpoint(view: View) -> list[Block]:
    """Return the statistical method of each endpoint with its variant and source."""
    rows = []
    for endpoint in view.protocol.endpoints:
        calls = (
            record.method
            for name in ("estimate", "saved", "npv")
            for record in view.results.where(endpoint=endpoint.id, statistic=name)
            if record.method and record.analysis_set == endpoint.set
        )
        call = next(calls, "")
        kind = {"name": view.texts(f"kind.{endpoint.kind}"), "variant": ""}
        words = view.texts.method(call) if call else kind
        level = f"{endpoint.level:.0%}"
        named = _named(endpoint, view)
        number = view.methods.get(call, "")
        rows.append(Row(cells=(named, words["name"], words["variant"], level, number)))
    columns = (
        Column(header=view.texts("table.endpoint"), share=3),
        Column(header=view.texts("table.method"), share=2.4),
        Column(header=view.texts("table.variant"), share=3),
        Column(header=view.texts("methods.level"), share=1, align="right"),
        Column(header=view.texts("table.number"), share=0.7),
    )
    notes = (view.texts("methods.numbered"),)
    caption = view.texts("table.methods_by_endpoint")
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]


def _named(endpoint: Endpoint, view: View) -> Rich:
    return (Strong(endpoint.id), " " + view.say(endpoint.label))
