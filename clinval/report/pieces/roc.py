"""The area under the ROC curve of a score, and what its values tell of the probability."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Callout, Column, Paragraph, Rich, Row, Table
from clinval.report.pieces import Aspect, goal
from clinval.report.pieces.centers import Scale, forest, heterogeneity, site_label, without_each
from clinval.report.pieces.common import (
    method_note,
    set_label,
    tone,
    undefined_notes,
    with_reasons,
)
from clinval.report.pieces.probability import calibration, decision_curve
from clinval.report.pieces.roc_curves import curves, operating_points
from clinval.report.pieces.subgroups import subgroups
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the area and its interval."""
    estimate = view.statistic(endpoint, "estimate")
    return view.texts("roc.area"), (estimate,), view.limits(endpoint)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words."""
    return goal.hypothesis(endpoint, view)


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the decision, the curve and the picture across centers."""
    return [
        _decision(endpoint, view),
        *curves(endpoint, view),
        *forest(endpoint, view, _scale(endpoint, view)),
    ]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the decision with its curves; centers; counts; or subgroups."""
    scale = _scale(endpoint, view)
    match which:
        case "decision":
            notes = method_note(endpoint, view, names=True)
            return [
                _decision(endpoint, view),
                *(Paragraph(text=note, style="note") for note in notes),
                *curves(endpoint, view),
                *operating_points(endpoint, view),
                *calibration(endpoint, view),
                *decision_curve(endpoint, view),
            ]
        case "sites":
            return [
                *forest(endpoint, view, scale),
                *heterogeneity(endpoint, view),
                *without_each(endpoint, view, scale),
            ]
        case "counts":
            return [_by_site(endpoint, view)]
        case "subgroups":
            return subgroups(endpoint, view, scale)
        case _:
            return []


def _decision(endpoint: Endpoint, view: View) -> Block:
    has_goal = view.record(endpoint.id, endpoint.set, "goal") is not None
    text = view.texts.rich(
        "roc.decision" if has_goal else "roc.estimate",
        estimate=view.statistic(endpoint, "estimate"),
        interval=view.limits(endpoint),
        level=f"{endpoint.level:.0%}",
        diseased=view.statistic(endpoint, "diseased"),
        healthy=view.statistic(endpoint, "healthy"),
        set=set_label(view, endpoint.set),
        hypothesis=hypothesis(endpoint, view),
    )
    text = with_reasons(view, text)
    if not has_goal:
        return Paragraph(text=text)
    verdict = view.word(endpoint, "verdict")
    title = view.texts(f"verdict.goal.{verdict}", endpoint=view.say(endpoint.label))
    return Callout(title=title, text=text, tone=tone(verdict))


def _scale(endpoint: Endpoint, view: View) -> Scale:
    bound = view.record(endpoint.id, endpoint.set, "goal")
    value = view.value(endpoint, "goal")
    label = ""
    if bound is not None and value is not None:
        label = view.texts("forest.goal", value=f"{value:g}")
    return Scale(axis=view.texts("roc.area"), unit="", margin=value, margin_label=label)


def _by_site(endpoint: Endpoint, view: View) -> Block:
    """Return by center how many have the condition, and how many are not counted."""
    shown = ("diseased", "healthy", "missing", "no_reference", "estimate")
    rows = []
    for site in view.protocol.sites:
        group = {"site": site.id}
        cells = [(view.statistic(endpoint, name, group),) for name in shown]
        limits = view.limits(endpoint, group)
        rows.append(Row(cells=(site_label(view, site.id), *cells, limits)))
    total = [(view.statistic(endpoint, name),) for name in shown]
    everyone = (view.texts("forest.all"), *total, view.limits(endpoint))
    rows.append(Row(cells=everyone, summary=True))
    columns = (
        Column(header=view.texts("table.site"), share=3.4),
        *(
            Column(header=view.texts(f"cell.{name}"), share=1.2, align="right")
            for name in shown[:-1]
        ),
        Column(header=view.texts("roc.area.short"), share=1.2, align="right"),
        Column(
            header=view.texts("table.interval", level=f"{endpoint.level:.0%}"),
            share=2,
            align="right",
        ),
    )
    caption = view.texts("table.goal", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = tuple(undefined_notes(view, rows))
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)
