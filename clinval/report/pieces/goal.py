"""A proportion of one arm, with or without a goal."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Callout, Column, Paragraph, Rich, Row, Table
from clinval.report.numbers import printed
from clinval.report.pieces import Aspect
from clinval.report.pieces.centers import Scale, forest, heterogeneity, site_label, without_each
from clinval.report.pieces.common import (
    method_note,
    set_label,
    tone,
    undefined_notes,
    unit_words,
    with_reasons,
)
from clinval.report.pieces.second_engine import second_note
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return what is reported, the proportion and its interval."""
    estimate = view.statistic(endpoint, "estimate")
    return view.texts("effect.proportion"), (estimate,), view.limits(endpoint, suffix=True)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words."""
    goal = view.record(endpoint.id, endpoint.set, "goal")
    if goal is None:
        return view.texts("hypothesis.none")
    higher = getattr(endpoint, "direction", "higher_is_better") == "higher_is_better"
    key = "hypothesis.above" if higher else "hypothesis.below"
    return view.texts.rich(key, level=f"{endpoint.level:.0%}", bound=view.number(goal), unit="")


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the proportion against its goal, its picture across centers, and its counts."""
    return [
        _decision(endpoint, view),
        *forest(endpoint, view, _scale(endpoint, view)),
        _counts(endpoint, view, brief=True),
    ]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the proportion against its goal, how it varies across centers, or its counts."""
    if which == "decision":
        notes = [*method_note(endpoint, view, names=True), *second_note(endpoint, view)]
        return [_decision(endpoint, view), *(Paragraph(text=n, style="note") for n in notes)]
    if which == "counts":
        return [_counts(endpoint, view, brief=False)]
    if which == "sites":
        scale = _scale(endpoint, view)
        return [
            *forest(endpoint, view, scale),
            *heterogeneity(endpoint, view),
            *without_each(endpoint, view, scale),
        ]
    return []


def _decision(endpoint: Endpoint, view: View) -> Block:
    verdict = view.word(endpoint, "verdict")
    counted = view.record(endpoint.id, endpoint.set, "trials")
    text = view.texts.rich(
        "goal.decision" if view.record(endpoint.id, endpoint.set, "goal") else "goal.estimate",
        x=view.statistic(endpoint, "x"),
        trials=view.statistic(endpoint, "trials"),
        unit=unit_words(view, counted.unit if counted else "subjects"),
        estimate=view.statistic(endpoint, "estimate"),
        interval=view.limits(endpoint, suffix=True),
        level=f"{endpoint.level:.0%}",
        set=set_label(view, endpoint.set),
        hypothesis=hypothesis(endpoint, view),
    )
    text = with_reasons(view, text)
    if view.record(endpoint.id, endpoint.set, "goal") is None:
        return Paragraph(text=text)
    title = view.texts(f"verdict.goal.{verdict}", endpoint=view.say(endpoint.label))
    return Callout(title=title, text=text, tone=tone(verdict))


def _scale(endpoint: Endpoint, view: View) -> Scale:
    goal = view.value(endpoint, "goal")
    label = "" if goal is None else view.texts("forest.goal", value=printed(goal, "proportion"))
    return Scale(
        axis=view.texts("axis.proportion"),
        unit="proportion",
        margin=goal,
        margin_label=label,
    )


def _counts(endpoint: Endpoint, view: View, *, brief: bool) -> Block:
    rows = [
        Row(
            cells=(
                site_label(view, site.id),
                *(
                    (view.statistic(endpoint, name, {"site": site.id}),)
                    for name in ("x", "trials", "missing", "estimate")
                ),
                view.limits(endpoint, {"site": site.id}, suffix=True),
            )
        )
        for site in view.protocol.sites
    ]
    total = [(view.statistic(endpoint, name),) for name in ("x", "trials", "missing", "estimate")]
    rows.append(
        Row(
            cells=(view.texts("forest.all"), *total, view.limits(endpoint, suffix=True)),
            summary=True,
        )
    )
    columns = (
        Column(header=view.texts("table.site"), share=4),
        Column(header=view.texts("cell.x"), share=1.2, align="right"),
        Column(header=view.texts("cell.trials"), share=1.2, align="right"),
        Column(header=view.texts("cell.missing"), share=1.3, align="right"),
        Column(header=view.texts("statistic.proportion"), share=1.5, align="right"),
        Column(header=view.texts("table.interval", level=f"{endpoint.level:.0%}"), share=2.2,
               align="right"),
    )  # fmt: skip
    rule = getattr(endpoint, "missing", "exclude")
    missing = view.texts.rich(f"missing.{rule}", n=view.statistic(endpoint, "missing"))
    caption = view.texts("table.goal", endpoint=view.say(endpoint.label), set=endpoint.set)
    return Table(
        caption=caption,
        columns=columns,
        rows=tuple(rows),
        notes=(
            *(method_note(endpoint, view) if brief else ()),
            missing,
            *_beyond(endpoint, view),
            *undefined_notes(view, rows),
        ),
    )


def _beyond(endpoint: Endpoint, view: View) -> list[Rich]:
    """Return what a limit below 0% or above 100% means, where one is printed."""
    for group in ({}, *({"site": site.id} for site in view.protocol.sites)):
        low, high = (view.value(endpoint, name, group) for name in ("ci_low", "ci_high"))
        if (low is not None and low < 0) or (high is not None and high > 1):
            return [view.texts("goal.beyond")]
    return []
