"""How a site's report was made, and the records behind its numbers."""

from __future__ import annotations

from clinval.core.records import Record
from clinval.report.blocks import Block, Bullets, Paragraph, numbers
from clinval.report.composed import Composed
from clinval.report.masking import FEW
from clinval.report.pieces.records import close_together
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
    methods = view.texts("site.records.methods", methods=_methods(cited, view))
    how = view.texts("records.in_lines")
    return [
        Paragraph(text=view.texts("site.records")),
        Paragraph(text=methods + " " * (view.language == "en") + how, style="note"),
        close_together(view, cited),
    ]


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
