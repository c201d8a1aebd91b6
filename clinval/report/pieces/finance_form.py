"""What hospitals' finance departments answered on their form, and what of it cannot be used."""

from __future__ import annotations

from clinval.core.records import Record
from clinval.report.blocks import Block, Column, Paragraph, Rich, Row, Table
from clinval.report.view import View

__all__ = ["finance_form"]

_ANSWER = "finance_form"
_ASIDE = ".set_aside"


def finance_form(view: View) -> list[Block]:
    """Return which hospitals' inputs come from the form, and a row for each that is not used."""
    records = [record for record in view.results.where(endpoint="inputs") if record.group]
    answers = [record for record in records if record.statistic == _ANSWER]
    answered = [record.group["site"] for record in answers if not record.undefined]
    blocks: list[Block] = []
    if answered:
        text = view.texts("finance.answered", sites=view.listed(answered))
        blocks.append(Paragraph(text=text))
    sites = {record.group["site"] for record in answers}
    rows = [
        _row(record, view)
        for record in records
        if record.group.get("site") in sites
        and (record.undefined or record.statistic.endswith(_ASIDE))
    ]
    if rows:
        columns = (
            Column(header=view.texts("table.site"), share=1),
            Column(header=view.texts("table.input"), share=2.6),
            Column(header=view.texts("finance.value"), share=1.4, align="right"),
            Column(header=view.texts("finance.why"), share=4),
        )
        caption = view.texts("table.finance")
        blocks.append(Table(caption=caption, columns=columns, rows=tuple(rows), dense=True))
    return blocks


def _row(record: Record, view: View) -> Row:
    name = record.statistic.removesuffix(_ASIDE).partition(".")[0]
    key = "finance.whole" if name == _ANSWER else f"input.{name}"
    label = view.texts(key).partition("[")[0].strip()
    value: Rich = (view.number(record),)
    why = view.reason(record) if record.undefined else view.texts("finance.set_aside")
    return Row(cells=(record.group["site"], label, value, why))
