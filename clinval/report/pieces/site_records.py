"""How a site's report was made, and the records behind its numbers."""

from __future__ import annotations

from clinval.report.blocks import Block, Bullets, Column, Number, Paragraph, Row, Table, numbers
from clinval.report.composed import Composed
from clinval.report.masking import FEW
from clinval.report.view import View

__all__ = ["site_method", "site_records"]


def site_method(view: View) -> list[Block]:
    """Return what the words of the report mean, and how others and few people are kept unknown."""
    texts = view.texts
    items = [
        texts("site.method.own"),
        texts("site.method.across"),
        texts("site.method.mask", few=FEW, few_less=FEW - 1),
        texts("site.method.funnel"),
        texts("site.method.position"),
    ]
    items += [
        texts("label.value", name=name, value=view.say(declared.definition))
        for name, declared in view.protocol.analysis_sets.items()
    ]
    return [Bullets(items=tuple(items))]


def site_records(view: View, composed: Composed) -> list[Block]:
    """Return the records that the report prints or draws; those that are masked have no value."""
    used = {number.record for number in numbers(tuple(composed.blocks))} | set(view.masks)
    rows = []
    for record in view.results.records:
        if record.id not in used:
            continue
        if record.id in view.masks:
            cells = (record.id, view.masks[record.id], record.unit, "")
            rows.append(Row(cells=cells))
            continue
        value = str(record.value)
        if record.undefined:
            value = view.texts("value.undefined")
        elif isinstance(record.value, float):
            value = f"{record.value:.6g}"
        method = view.methods.get(record.method, "")
        rows.append(Row(cells=((Number(record.id, record.id),), value, record.unit, method)))
    named = {record.method for record in view.results.records if record.id in used}
    columns = (
        Column(header=view.texts("table.record"), share=6),
        Column(header=view.texts("table.value"), share=1.6, align="right"),
        Column(header=view.texts("table.unit"), share=1.4),
        Column(header=view.texts("table.method"), share=0.8),
    )
    table = Table(
        caption=view.texts("table.records"),
        columns=columns,
        rows=tuple(rows),
        notes=tuple(
            view.texts("label.value", name=number, value=_method(view, call))
            for call, number in view.methods.items()
            if call in named
        ),
        anchor="records",
        dense=True,
    )
    return [Paragraph(text=view.texts("site.records")), table]


def _method(view: View, call: str) -> str:
    words = view.texts.method(call)
    return view.texts("label.variant", name=words["name"], variant=words["variant"])
