"""The appendix in which every printed number is found again: its record, method and inputs."""

from __future__ import annotations

from collections.abc import Sequence

from clinval.core.records import Record
from clinval.report.blocks import (
    Block,
    Column,
    Number,
    PagesOf,
    Paragraph,
    Row,
    Strong,
    Table,
    numbers,
)
from clinval.report.composed import Composed
from clinval.report.view import View

__all__ = ["close_together", "records", "records_in_words", "said"]

_LARGE = 1e5  # printed whole, as money is in the text
_IN_A_ROW = 40  # statistics
_PLACE = "·"  # in an id, where a site or a part belongs


def records(view: View, composed: Composed) -> list[Block]:
    """Return the appendix of every record that the report prints or draws."""
    columns = (
        Column(header=view.texts("table.record"), share=8.0),
        Column(header=view.texts("table.value"), share=1.6, align="decimal"),
        Column(header=view.texts("table.unit"), share=1.2),
        Column(header="n", share=0.6, align="right"),
        Column(header=view.texts("table.method"), share=0.8),
        Column(header=view.texts("table.inputs_hash"), share=0.9),
        Column(header=view.texts("table.pages"), share=1.0),
    )
    rows = tuple(_row(record, view) for record in _cited(view, composed, drawn=True))
    return [Paragraph(text=view.texts("records.what")), _table(view, columns, rows)]


def records_in_words(view: View, composed: Composed) -> list[Block]:
    """Return those that texts and tables print: only their values, close together.

    It is for a short report that carries the results with it.
    """
    return [
        Paragraph(text=view.texts("records.what.words")),
        Paragraph(text=view.texts("records.in_lines"), style="note"),
        close_together(view, _cited(view, composed, drawn=False)),
    ]


def close_together(view: View, cited: Sequence[Record]) -> Table:
    """Return records in lines, those of a statistic by site together.

    What is masked stands there with the words in the place of its value; nothing leads to it.
    """
    several = len({record.group["site"] for record in cited if "site" in record.group}) > 1
    heads: dict[str, dict[str, list[tuple[str, Record]]]] = {}
    for record in cited:
        head, name, place = _parts(record, several=several)
        heads.setdefault(head, {}).setdefault(name, []).append((place, record))
    rows = [
        _row_of(view, head, statistics[start : start + _IN_A_ROW])
        for head, found in heads.items()
        for statistics in [list(found.items())]
        for start in range(0, len(statistics), _IN_A_ROW)
    ]
    columns = (Column(header=view.texts("table.records.in_lines")),)
    return _table(view, columns, tuple(rows))


def _row_of(
    view: View, head: str, statistics: Sequence[tuple[str, Sequence[tuple[str, Record]]]]
) -> Row:
    """Return a row of records: names and values behind what their ids begin with."""
    entries = []
    for name, found in statistics:
        values = (
            f"{place} {view.masks.get(record.id) or said(record, view)}".strip()
            for place, record in found
        )
        entries.append(f"{name}{':' if found[0][0] else ''} {', '.join(values)}")
    ids = [record.id for _, found in statistics for _, record in found]
    return Row(
        cells=((Strong(head), " ", view.listed(entries, parts=True)),),
        records=tuple(name for name in ids if name not in view.masks),
    )


def _parts(record: Record, *, several: bool) -> tuple[str, str, str]:
    """Return a record's id in three: its head, its statistic, and what belongs at the dot.

    That is the site where there are several, else the end of a statistic that has parts.
    """
    name = record.statistic
    head = record.id.removesuffix(f".{name}")
    for key in ("sites", "site"):
        if key in record.group and (several or key == "sites"):
            place = record.group[key]
            return head.replace(f"{key}={place}", f"{key}={_PLACE}", 1), name, place
    base, _, part = name.partition(".")
    return (head, f"{base}.{_PLACE}", part) if part else (head, name, "")


def _cited(view: View, composed: Composed, *, drawn: bool) -> list[Record]:
    """Return the records that the report prints, in the order of the results."""
    used = {number.record for number in numbers(tuple(composed.blocks), drawn=drawn)}
    return [record for record in view.results.records if record.id in used]


def _table(view: View, columns: tuple[Column, ...], rows: tuple[Row, ...]) -> Table:
    caption = view.texts("table.records")
    return Table(caption=caption, columns=columns, rows=rows, anchor="records", dense=True)


def said(record: Record, view: View) -> str:
    """Return the value of a record as the appendix prints it."""
    if record.undefined:
        return view.texts("value.undefined")
    if isinstance(record.value, float):
        return f"{record.value:.0f}" if abs(record.value) >= _LARGE else f"{record.value:.6g}"
    return str(record.value)


def _row(record: Record, view: View) -> Row:
    value = said(record, view)
    if record.undefined:
        value = view.texts("label.value", name=value, value=view.reason(record))
    return Row(
        cells=(
            (Number(record.id, record.id),),
            value,
            record.unit,
            "" if record.n is None else f"{record.n}",
            view.methods.get(record.method, ""),
            record.inputs[:8],
            (PagesOf(record.id),),
        )
    )
