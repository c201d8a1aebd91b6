"""Times before and after the product came, held against trend, case mix and other rooms."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Callout, Column, Paragraph, Rich, Row, Table
from clinval.report.pieces import Aspect, clock_times, comparison
from clinval.report.pieces.centers import Scale, forest, site_label
from clinval.report.pieces.common import (
    method_note,
    set_label,
    tone,
    undefined_notes,
    with_reasons,
)
from clinval.report.pieces.time_courses import courses, learning_curve
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]

_COUNTS = ("n_before", "n_after", "days", "missing")
_BEFORE_AFTER = ("trend", "unadjusted")
_BESIDE_OTHERS = ("control_change", "earlier_trend")


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the ratio of times after over before."""
    estimate = view.statistic(endpoint, "estimate", suffix=False)
    return view.texts("trend.ratio"), (estimate,), view.limits(endpoint)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown of the ratio, in words."""
    return comparison.hypothesis(endpoint, view)


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the ratio, its picture across centers and what else changed."""
    return [
        *_pooled(endpoint, view),
        *clock_times.in_words(endpoint, view),
        *forest(endpoint, view, _scale(view)),
        *courses(endpoint, view, columns=3),
        _table(endpoint, view),
        *clock_times.table(endpoint, view),
    ]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the ratio, how it varies across centers, or what else changed in each of them."""
    if which == "decision":
        notes = [
            *method_note(endpoint, view, names=True),
            view.texts("trend.note.beside" if _beside(endpoint) else "trend.note.alone"),
        ]
        return [
            *_pooled(endpoint, view),
            *clock_times.in_words(endpoint, view),
            *_learning(endpoint, view),
            *learning_curve(endpoint, view),
            *(Paragraph(text=note, style="note") for note in notes),
        ]
    if which == "sites":
        return [*forest(endpoint, view, _scale(view)), *courses(endpoint, view)]
    if which == "counts":
        return [
            _table(endpoint, view),
            *clock_times.table(endpoint, view),
            *clock_times.pictures(endpoint, view),
        ]
    return []


def _beside(endpoint: Endpoint) -> bool:
    """Whether rooms without the product are held beside those that got it."""
    return bool(getattr(endpoint, "changed", None))


def _scale(view: View) -> Scale:
    return Scale(
        axis=view.texts("trend.ratio"),
        unit="ratio",
        null=1.0,
        left=view.texts("forest.better"),
        right=view.texts("forest.worse"),
    )


def _pooled(endpoint: Endpoint, view: View) -> list[Block]:
    text = view.texts.rich(
        "trend.pooled.beside" if _beside(endpoint) else "trend.pooled.alone",
        estimate=view.statistic(endpoint, "estimate", suffix=False),
        interval=view.limits(endpoint),
        level=f"{endpoint.level:.0%}",
        n=view.statistic(endpoint, "n"),
        days=view.statistic(endpoint, "days"),
        set=set_label(view, endpoint.set),
    )
    verdict = view.word(endpoint, "verdict")
    if verdict == "none":
        return [Paragraph(text=with_reasons(view, text))]
    text = view.texts.rich("trend.decided", result=text, hypothesis=hypothesis(endpoint, view))
    declared = getattr(endpoint, "comparison", "estimation")
    title = view.texts(f"verdict.{declared}.{verdict}", endpoint=view.say(endpoint.label))
    return [Callout(title=title, text=with_reasons(view, text), tone=tone(verdict))]


def _learning(endpoint: Endpoint, view: View) -> list[Block]:
    group = {"analysis": "learning"}
    text = view.texts.rich(
        "trend.learning",
        estimate=view.statistic(endpoint, "estimate", group, suffix=False),
        interval=view.limits(endpoint, group),
        level=f"{endpoint.level:.0%}",
    )
    blocks: list[Block] = [Paragraph(text=with_reasons(view, text))]
    excess = view.value(endpoint, "excess", group)
    if excess is not None and excess > 0:
        share = view.statistic(endpoint, "excess", group)
        blocks.append(Paragraph(text=view.texts.rich("trend.excess", excess=share)))
    return blocks


def _table(endpoint: Endpoint, view: View) -> Block:
    """Return counts, ratio and what else changed by center."""
    others = _BESIDE_OTHERS if _beside(endpoint) else _BEFORE_AFTER
    rows = []
    for site in view.protocol.sites:
        group = {"site": site.id}
        cells: list[Rich] = [
            (view.statistic(endpoint, name, group, suffix=False),) for name in (*_COUNTS, *others)
        ]
        ratio = (view.statistic(endpoint, "estimate", group, suffix=False),)
        cells[len(_COUNTS) : len(_COUNTS)] = [ratio, view.limits(endpoint, group)]
        rows.append(Row(cells=(site_label(view, site.id), *cells)))
    level = view.texts("table.interval", level=f"{endpoint.level:.0%}")
    names = [view.texts(f"trend.column.{name}") for name in (*_COUNTS, "ratio", *others)]
    names.insert(len(_COUNTS) + 1, level)
    columns = (
        Column(header=view.texts("table.site"), share=2),
        *(Column(header=name, share=1.4, align="right") for name in names),
    )
    caption = view.texts("table.trend", endpoint=view.say(endpoint.label), set=endpoint.set)
    return Table(
        caption=caption,
        columns=columns,
        rows=tuple(rows),
        notes=tuple(undefined_notes(view, rows)),
        dense=True,
    )
