"""How a site's report was made, and the records behind its numbers."""

from __future__ import annotations

from clinval.core.records import Record
from clinval.report.blocks import Block, Bullets, Column, Number, Paragraph, Rich, numbers
from clinval.report.composed import Composed
from clinval.report.masking import FEW
from clinval.report.pieces.records import alone_and_by_site, paired, said
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
    cited = [record for record in view.results.records if record.id in used]
    columns = (
        Column(header=view.texts("table.record"), share=4.0),
        Column(header=view.texts("table.value"), share=0.9, align="right"),
    )
    unmasked = [record for record in cited if record.id not in view.masks]
    alone, tables = alone_and_by_site(view, unmasked)
    kept = {record.id for record in alone} | set(view.masks)
    cells = [_cells(record, view) for record in cited if record.id in kept]
    methods = view.texts("site.records.methods", methods=_methods(cited, view))
    return [
        Paragraph(text=view.texts("site.records")),
        Paragraph(text=methods, style="note"),
        *([paired(view, columns, cells)] if cells else []),
        *([Paragraph(text=view.texts("records.by_site"), style="note")] if tables else []),
        *tables,
    ]


def _cells(record: Record, view: View) -> tuple[Rich, Rich]:
    if record.id in view.masks:
        return (record.id, view.masks[record.id])
    return ((Number(record.id, record.id),), said(record, view))


def _methods(cited: list[Record], view: View) -> str:
    """Say for each method which numbers it gave; those that are masked have none."""
    given: dict[str, dict[str, None]] = {}
    for record in cited:
        if record.method and record.id not in view.masks:
            name = f"{record.endpoint}.{record.statistic}"
            if "sites" in record.group:
                name = view.texts("site.records.across")
            given.setdefault(record.method, {})[name] = None
    return view.listed(
        (
            view.texts("label.value", name=view.listed(names), value=_method(view, call))
            for call, names in given.items()
        ),
        parts=True,
    )


def _method(view: View, call: str) -> str:
    words = view.texts.method(call)
    return view.texts("label.variant", name=words["name"], variant=words["variant"])
