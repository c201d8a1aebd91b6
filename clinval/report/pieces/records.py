"""The appendix in which every printed number is found again: its record, method and inputs."""

from __future__ import annotations

from clinval.core.records import Record
from clinval.report.blocks import Block, Column, Number, PagesOf, Paragraph, Row, Table, numbers
from clinval.report.composed import Composed
from clinval.report.view import View

__all__ = ["records", "records_in_words"]

_LARGE = 1e5  # printed whole, as money is in the text


def records(view: View, composed: Composed) -> list[Block]:
    """Return the appendix of every record that the report prints or draws."""
    return _cited(view, composed, drawn=True)


def records_in_words(view: View, composed: Composed) -> list[Block]:
    """Return the same of those in its texts and tables, without those only figures show."""
    return _cited(view, composed, drawn=False)


def _cited(view: View, composed: Composed, *, drawn: bool) -> list[Block]:
    """Return the appendix, in the order of the results."""
    used = {number.record for number in numbers(tuple(composed.blocks), drawn=drawn)}
    rows = tuple(_row(record, view) for record in view.results.records if record.id in used)
    columns = (
        Column(header=view.texts("table.record"), share=8.0),
        Column(header=view.texts("table.value"), share=1.6, align="decimal"),
        Column(header=view.texts("table.unit"), share=1.2),
        Column(header="n", share=0.6, align="right"),
        Column(header=view.texts("table.method"), share=0.8),
        Column(header=view.texts("table.inputs_hash"), share=0.9),
        Column(header=view.texts("table.pages"), share=1.0),
    )
    table = Table(
        caption=view.texts("table.records"),
        columns=columns,
        rows=rows,
        anchor="records",
        dense=True,
    )
    return [Paragraph(text=view.texts("records.what" if drawn else "records.what.words")), table]


def _row(record: Record, view: View) -> Row:
    value = view.texts("value.undefined")
    if record.undefined:
        value = view.texts("label.value", name=value, value=view.reason(record))
    elif isinstance(record.value, float):
        value = f"{record.value:.0f}" if abs(record.value) >= _LARGE else f"{record.value:.6g}"
    else:
        value = str(record.value)
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
