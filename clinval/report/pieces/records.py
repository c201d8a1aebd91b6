"""The appendix in which every printed number is found again: its record, method and inputs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from clinval.core.records import Record
from clinval.report.blocks import (
    Block,
    Column,
    Number,
    PagesOf,
    Paragraph,
    Rich,
    Row,
    Table,
    numbers,
)
from clinval.report.composed import Composed
from clinval.report.view import View

__all__ = ["paired", "records", "records_in_words", "said"]

_LARGE = 1e5  # printed whole, as money is in the text


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
    """Return those that texts and tables print, two a row: only their values.

    It is for a short report that carries the results with it.
    """
    columns = (
        Column(header=view.texts("table.record"), share=4.0),
        Column(header=view.texts("table.value"), share=1.3, align="right"),
    )
    cells = [
        ((Number(record.id, record.id),), said(record, view))
        for record in _cited(view, composed, drawn=False)
    ]
    return [Paragraph(text=view.texts("records.what.words")), paired(view, columns, cells)]


def paired(view: View, columns: tuple[Column, ...], cells: Sequence[tuple[Rich, ...]]) -> Table:
    """Return the table of records, two a row; ``columns`` and ``cells`` are those of one."""
    pairs = zip_longest(cells[::2], cells[1::2], fillvalue=("",) * len(columns))
    rows = tuple(Row(cells=(*first, *second)) for first, second in pairs)
    return _table(view, columns * 2, rows)


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
