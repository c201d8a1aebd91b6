"""Overlap or distance of segmentations: the mean against its goal, its spread, and centers."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Callout, Column, Paragraph, Rich, Row, Table
from clinval.report.numbers import printed
from clinval.report.pieces import Aspect, goal
from clinval.report.pieces.centers import Scale, forest, heterogeneity, site_label, without_each
from clinval.report.pieces.common import (
    method_note,
    set_label,
    tone,
    undefined_notes,
    unit_words,
    with_reasons,
)
from clinval.report.pieces.effect import unit_name, unit_of
from clinval.report.pieces.subgroups import subgroups
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]

_SPREAD = ("sd", "least", "lower_quartile", "median", "upper_quartile", "greatest")


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the mean and its interval."""
    estimate = view.statistic(endpoint, "estimate")
    return _mean(endpoint, view), (estimate,), view.limits(endpoint)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words."""
    return goal.hypothesis(endpoint, view)


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the decision and its picture across centers."""
    return [_decision(endpoint, view), *forest(endpoint, view, _scale(endpoint, view))]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the decision; centers; how values spread by center; or subgroups."""
    scale = _scale(endpoint, view)
    match which:
        case "decision":
            notes = method_note(endpoint, view, names=True)
            return [
                _decision(endpoint, view),
                *(Paragraph(text=note, style="note") for note in notes),
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
        "overlap.decision" if has_goal else "overlap.estimate",
        mean=_mean(endpoint, view),
        estimate=view.statistic(endpoint, "estimate"),
        interval=view.limits(endpoint),
        level=f"{endpoint.level:.0%}",
        n=view.statistic(endpoint, "n"),
        median=view.statistic(endpoint, "median"),
        quartiles=view.limits(endpoint, names=("lower_quartile", "upper_quartile")),
        set=set_label(view, endpoint.set),
        hypothesis=hypothesis(endpoint, view),
    )
    text = with_reasons(view, text)
    if not has_goal:
        return Paragraph(text=text)
    verdict = view.word(endpoint, "verdict")
    title = view.texts(f"verdict.goal.{verdict}", endpoint=view.say(endpoint.label))
    return Callout(title=title, text=text, tone=tone(verdict))


def _mean(endpoint: Endpoint, view: View) -> str:
    """Return what is estimated, with its unit where it has one."""
    unit = unit_of(endpoint, view)
    return view.texts("statistic.mean", unit=unit_name(view, unit)) if unit else view.texts("mean")


def _scale(endpoint: Endpoint, view: View) -> Scale:
    unit = unit_of(endpoint, view)
    value = view.value(endpoint, "goal")
    label = ""
    if value is not None:
        words = f"{printed(value, unit)}{unit_words(view, unit)}"
        label = view.texts("forest.goal", value=words)
    return Scale(axis=_mean(endpoint, view), unit=unit, margin=value, margin_label=label)


def _by_site(endpoint: Endpoint, view: View) -> Block:
    shown = ("n", "missing", "estimate", *_SPREAD)

    def cells(group: Mapping[str, str]) -> list[Rich]:
        return [(view.statistic(endpoint, name, group),) for name in shown]

    rows = [
        Row(cells=(site_label(view, site.id), *cells({"site": site.id})))
        for site in view.protocol.sites
    ]
    rows.append(Row(cells=(view.texts("forest.all"), *cells({})), summary=True))
    columns = (
        Column(header=view.texts("table.site"), share=3),
        Column(header="n", share=0.8, align="right"),
        Column(header=view.texts("cell.missing"), share=1.1, align="right"),
        Column(header=view.texts("mean"), share=1.1, align="right"),
        *(Column(header=view.texts(f"overlap.{name}"), share=1.1, align="right") for name in
          _SPREAD),
    )  # fmt: skip
    unit = unit_of(endpoint, view)
    notes = (view.texts("overlap.unit", unit=unit_name(view, unit)),) if unit else ()
    caption = view.texts("table.goal", endpoint=view.say(endpoint.label), set=endpoint.set)
    return Table(
        caption=caption,
        columns=columns,
        rows=tuple(rows),
        notes=(*notes, *undefined_notes(view, rows)),
        dense=True,
    )
