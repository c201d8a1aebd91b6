"""The appendix in which every printed number is found again: its record, method and inputs."""

from __future__ import annotations

from collections.abc import Iterable

from clinval.core.records import Record
from clinval.report.blocks import Block, Column, Number, Paragraph, Rich, Row, Table
from clinval.report.view import View

__all__ = ["cited", "records", "records_in_words"]


def records(view: View) -> list[Block]:
    """Return the appendix of every record; a report narrows it to those it prints or draws."""
    return cited(view, view.results.records)


def records_in_words(view: View) -> list[Block]:
    """Return the same; a report narrows it to those in its texts and tables."""
    return records(view)


def cited(view: View, found: Iterable[Record]) -> list[Block]:
    """Return the appendix of the records that a report prints, in the order of the results."""
    rows = tuple(_row(record, view) for record in found)
    columns = (
        Column(header=view.texts("table.record"), share=4.2),
        Column(header=view.texts("table.value"), share=2.0, align="right"),
        Column(header=view.texts("table.unit"), share=1.4),
        Column(header="n", share=0.8, align="right"),
        Column(header=view.texts("table.function"), share=3.0),
        Column(header=view.texts("table.inputs_hash"), share=1.1),
    )
    table = Table(
        caption=view.texts("table.records"),
        columns=columns,
        rows=rows,
        anchor="records",
        dense=True,
    )
    return [Paragraph(text=view.texts("records.what")), table]


def _row(record: Record, view: View) -> Row:
    value: Rich = view.texts("value.undefined")
    if record.undefined:
        value = f"{value}: {view.reason(record)}"
    elif isinstance(record.value, float):
        value = f"{record.value:.6g}"
    else:
        value = str(record.value)
    return Row(
        cells=(
            (Number(record.id, record.id),),
            value,
            record.unit,
            "" if record.n is None else f"{record.n}",
            record.method,
            record.inputs[:8],
        )
    )
