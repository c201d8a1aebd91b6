"""Marks of readers: the decision, FROC curves, readers, the other figures, centers."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Paragraph, Rich, Row, Table
from clinval.report.pieces import Aspect, comparison, mrmc
from clinval.report.pieces.centers import forest
from clinval.report.pieces.common import undefined_notes
from clinval.report.pieces.effect import arm_headers, arm_ids, metric_name, scale_of
from clinval.report.pieces.froc_curves import froc_curves
from clinval.report.pieces.mrmc_methods import metric_in_plain_words, result_paragraph
from clinval.report.pieces.mrmc_readers import by_reader, reader_table
from clinval.report.pieces.mrmc_tables import arms, groups_with
from clinval.report.pieces.mrmc_words import cautions, decision
from clinval.report.pieces.robustness import robustness
from clinval.report.pieces.sets import intervals, side_by_side
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return what is compared, its estimate and its interval."""
    return comparison.headline(endpoint, view)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words."""
    return comparison.hypothesis(endpoint, view)


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the decision, what speaks against it, the curves and the picture across centers."""
    meaning = metric_in_plain_words(endpoint, view)
    return [
        decision(endpoint, view),
        *([Paragraph(text=meaning)] if meaning else []),
        *cautions(endpoint, view),
        *froc_curves(endpoint, view, "froc"),
        *forest(endpoint, view, scale_of(endpoint, view)),
    ]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return an aspect of the study; with the decision, its curves and the other figures."""
    if which == "counts":
        return [_marks(endpoint, view), *mrmc.aspect(endpoint, view, which)]
    if which != "decision":
        return mrmc.aspect(endpoint, view, which)
    return [
        decision(endpoint, view),
        *cautions(endpoint, view),
        arms(endpoint, view),
        Paragraph(text=result_paragraph(endpoint, view), style="note"),
        *robustness(endpoint, view),
        *_figures(endpoint, view),
        *froc_curves(endpoint, view, "froc"),
        *froc_curves(endpoint, view, "afroc"),
        *by_reader(endpoint, view),
        *reader_table(endpoint, view),
        *intervals(endpoint, view, scale_of(endpoint, view)),
        *side_by_side(endpoint, view),
    ]


def _marks(endpoint: Endpoint, view: View) -> Block:
    """Return how many lesions and marks there are."""
    names = ("lesions", "marks", "marks_repeated", "readers", "reads")
    numbers = {name: view.statistic(endpoint, name) for name in names}
    return Paragraph(text=view.texts.rich("froc.marks", **numbers))


def _figures(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the other figures of merit, both arms and the difference of each."""
    groups = groups_with(endpoint, view, "figure")
    if not groups:
        return []
    headers, ids = arm_headers(endpoint, view), arm_ids(endpoint, view)
    rows = []
    for group in groups:
        other = endpoint.model_copy(update={"figure": group["figure"]})
        both = [
            (view.statistic(endpoint, "estimate", {**group, "arm": arm}),) for arm in ids.values()
        ]
        difference = (view.statistic(endpoint, "estimate", group),)
        p = (view.statistic(endpoint, "p_value_difference", group),)
        limits = view.limits(endpoint, group)
        rows.append(Row(cells=(metric_name(other, view), *both, difference, limits, p)))
    columns = (
        Column(header=view.texts("froc.figure"), share=3.4),
        *(Column(header=headers[role], share=1.6, align="right") for role in ids),
        Column(header=view.texts("mrmc.difference.short"), share=1.5, align="right"),
        Column(
            header=view.texts("table.interval", level=f"{endpoint.level:.0%}"),
            share=2.2,
            align="right",
        ),
        Column(header=view.texts("mrmc.p_equal"), share=1.1, align="right"),
    )
    caption = view.texts("table.froc.figures", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (view.texts("froc.figures.note"), *undefined_notes(view, rows))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)]
