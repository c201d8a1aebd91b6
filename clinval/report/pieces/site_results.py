"""What was found at a site: performance, readers, subjects to look at again, throughput."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Callout, Column, Paragraph, Rich, Row, Table
from clinval.report.disclosure import DIFFERING
from clinval.report.pieces import clock_times
from clinval.report.pieces.common import undefined_notes, unit_words
from clinval.report.pieces.site_common import (
    across,
    columns,
    compared,
    main_statistic,
    own,
    position,
    row,
)
from clinval.report.view import View

__all__ = ["site_differing", "site_performance", "site_readers", "site_throughput"]

_SMALL = 30  # subjects, below which the numbers of a site are mostly chance
_CELLS = ("n11", "n10", "n01", "n00")


def site_performance(view: View) -> list[Block]:
    """Return each endpoint at the site: its number, all sites, and the counts behind it."""
    endpoints = [e for e in view.protocol.endpoints if _shown(e, view)]
    if not endpoints:
        return [Paragraph(text=view.texts("results.none"))]
    rows = tuple(_result(endpoint, view) for endpoint in endpoints)
    results = Table(
        caption=view.texts("table.site_results"),
        columns=_result_columns(view),
        rows=rows,
        notes=(view.texts("site.position.note"), *undefined_notes(view, rows)),
        dense=True,
    )
    return [
        *_small(view, endpoints), results, *_arms(view, endpoints), *_tables(view, endpoints),
    ]  # fmt: skip


def _shown(endpoint: Endpoint, view: View) -> bool:
    main = main_statistic(endpoint)
    if main is None or endpoint.kind == "throughput":
        return False
    return view.record(endpoint.id, endpoint.set, "n", {"site": view.site}) is not None


def _result_columns(view: View) -> tuple[Column, ...]:
    return (
        Column(header=view.texts("table.endpoint"), share=3.2),
        Column(header="n", share=0.9, align="right"),
        Column(header=view.texts("site.yours"), share=1.5, align="right"),
        Column(header=view.texts("table.interval.any"), share=2.0, align="right"),
        Column(header=view.texts("site.median"), share=1.3, align="right"),
        Column(header=view.texts("site.middle"), share=2.0, align="right"),
        Column(header=view.texts("site.position"), share=1.8),
    )


def _result(endpoint: Endpoint, view: View) -> Row:
    where = (endpoint.id, endpoint.set)
    statistic, low, high = main_statistic(endpoint) or ("", "", "")
    median, middle, _, _ = across(view, *where, statistic)
    record = view.record(*where, statistic, {"site": view.site})
    unit = unit_words(view, record.unit) if record is not None else ""
    label = view.texts("site.endpoint", id=endpoint.id, name=view.say(endpoint.label))
    return Row(
        cells=(
            view.texts("site.with_unit", name=label, unit=unit.strip()) if unit else label,
            (own(view, *where, "n"),),
            (own(view, *where, statistic),),
            view.limits(endpoint, {"site": view.site}, names=(low, high)),
            median,
            middle,
            position(view, *where, statistic),
        )
    )


def _small(view: View, endpoints: list[Endpoint]) -> list[Block]:
    """Warn of numbers that rest on few subjects, as far as it may be known."""
    received = view.record("disposition", "", "received", {"site": view.site})
    most = received.value if received is not None else None

    def few(endpoint: Endpoint) -> bool:
        record = view.record(endpoint.id, endpoint.set, "n", {"site": view.site})
        n = record.value if record is not None else None
        known = [value for value in (n, most) if isinstance(value, int)]
        return n == view.texts("mask.few") or any(value < _SMALL for value in known)

    small = [endpoint.id for endpoint in endpoints if few(endpoint)]
    if not small:
        return []
    title = view.texts("site.small", n=_SMALL)
    text = view.texts("site.small.text", endpoints=view.listed(small), n=_SMALL)
    return [Callout(title=title, text=text)]


def _arms(view: View, endpoints: list[Endpoint]) -> list[Block]:
    """Return what each arm had at the site, beside all sites."""
    rows = []
    for endpoint in endpoints:
        for statistic in ("proportion", "mean"):
            for arm in view.protocol.arms:
                name = f"{statistic}_{arm.role}"
                record = view.record(endpoint.id, endpoint.set, name, {"site": view.site})
                if record is not None:
                    unit = unit_words(view, record.unit).strip()
                    label = view.texts(
                        "site.arm", id=endpoint.id, arm=view.say(arm.label), unit=unit
                    ).strip()
                    rows.append(compared(view, label, endpoint.id, endpoint.set, name))
    if not rows:
        return []
    table = Table(
        caption=view.texts("table.site_arms"),
        columns=columns(view, "table.measure"),
        rows=tuple(rows),
        notes=tuple(undefined_notes(view, rows)),
        dense=True,
    )
    return [table]


def _tables(view: View, endpoints: list[Endpoint]) -> list[Block]:
    """Return the cells of paired results at the site."""
    rows = []
    for endpoint in endpoints:
        cells = [own(view, endpoint.id, endpoint.set, name) for name in _CELLS]
        if view.record(endpoint.id, endpoint.set, "n11", {"site": view.site}) is not None:
            n = own(view, endpoint.id, endpoint.set, "n")
            label = view.texts("site.endpoint", id=endpoint.id, name=view.say(endpoint.label))
            rows.append(Row(cells=(label, *((cell,) for cell in cells), (n,))))
    if not rows:
        return []
    headers = (
        Column(header=view.texts("table.endpoint"), share=3.4),
        *(
            Column(header=view.texts(f"site.cell.{name}"), share=1.5, align="right")
            for name in _CELLS
        ),
        Column(header="n", share=1, align="right"),
    )
    caption = view.texts("table.site_cells")
    return [Table(caption=caption, columns=headers, rows=tuple(rows), dense=True)]


def site_readers(view: View) -> list[Block]:
    """Return how all readers agreed on the site's images; readers are not a site's here."""
    blocks: list[Block] = [Paragraph(text=view.texts("site.readers"))]
    everyone = "+".join(reader.id for reader in view.protocol.readers)
    rows = []
    for endpoint in view.protocol.endpoints:
        for group in ({"readers": everyone}, {"readers": everyone, "analysis": "together"}):
            here = {**group, "site": view.site}
            record = view.record(endpoint.id, endpoint.set, "estimate", here)
            if endpoint.kind == "reader_agreement" and record is not None:
                label = view.texts("site.endpoint", id=endpoint.id, name=view.say(endpoint.label))
                others = across(view, endpoint.id, endpoint.set, "estimate", group)
                rows.append(row(label, view.number(record), others))
    if rows:
        blocks.append(
            Table(
                caption=view.texts("table.site_readers"),
                columns=columns(view, "table.endpoint"),
                rows=tuple(rows),
                notes=tuple(undefined_notes(view, rows)),
                dense=True,
            )
        )
    return blocks


def site_differing(view: View) -> list[Block]:
    """Return the site's subjects whose results differ between the arms, for learning."""
    blocks: list[Block] = [Paragraph(text=view.texts("site.differing.what"))]
    for endpoint in view.protocol.endpoints:
        series = view.results.points(f"{endpoint.id}.{endpoint.set}.differing")
        if series is None:
            continue
        label = view.texts("site.endpoint", id=endpoint.id, name=view.say(endpoint.label))
        subjects = sorted(str(name) for name in series.columns["subject"])
        count = f"{endpoint.id}.{endpoint.set}.site={view.site}.{DIFFERING}"
        if count in view.masks:
            blocks.append(Paragraph(text=view.texts("site.differing.masked", endpoint=label)))
        elif subjects:
            comma = view.texts("join.words")
            listed = tuple(part for name in subjects for part in (comma, name))[1:]
            words = view.texts.rich("site.differing.of", endpoint=label, subjects=listed)
            blocks.append(Paragraph(text=words))
        else:
            blocks.append(Paragraph(text=view.texts("site.differing.none", endpoint=label)))
    if len(blocks) == 1:
        blocks = [Paragraph(text=view.texts("site.differing.not_here"))]
    return blocks


def site_throughput(view: View) -> list[Block]:
    """Return times and examinations a day at the site: before, with the product, and the gain."""
    blocks: list[Block] = []
    for endpoint in view.protocol.endpoints:
        if endpoint.kind == "throughput":
            blocks.append(_throughput(endpoint, view))
        blocks += clock_times.in_words(endpoint, view, {"site": view.site})
    return blocks


def _throughput(endpoint: Endpoint, view: View) -> Block:
    names = (
        "scan_reference", "scan_test", "room_reference", "room_test", "saved", "exams_reference",
        "exams_test",
    )  # fmt: skip
    rows = []
    for name in names:
        record = view.record(endpoint.id, endpoint.set, name, {"site": view.site})
        if record is not None:
            label = " ".join(view.texts(f"throughput.column.{name}").split())
            rows.append(compared(view, label, endpoint.id, endpoint.set, name))
    limits: Rich = view.limits(
        endpoint, {"site": view.site}, names=("saved_ci_low", "saved_ci_high")
    )
    n = own(view, endpoint.id, endpoint.set, "n")
    words = view.texts.rich(
        "site.throughput.saved", level=f"{endpoint.level:.0%}", interval=limits, n=n
    )
    return Table(
        caption=view.texts("table.site_throughput"),
        columns=columns(view, "table.measure"),
        rows=tuple(rows),
        notes=(words, view.texts("site.throughput.note"), *undefined_notes(view, rows)),
        dense=True,
    )
