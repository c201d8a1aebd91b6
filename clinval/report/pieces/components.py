"""Life and failure rate of components: what was decided, and a table of what was observed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Callout, Column, Paragraph, Rich, Row, Table, runs
from clinval.report.pieces import Aspect, comparison
from clinval.report.pieces.common import tone, undefined_notes, with_reasons
from clinval.report.pieces.component_details import (
    causes,
    clocks_compared,
    left_out,
    survival_at,
)
from clinval.report.pieces.demonstration import demonstrations
from clinval.report.pieces.effect import effect_words, unit_name, unit_word
from clinval.report.pieces.lives import lives, lives_in_brief
from clinval.report.view import View

__all__ = ["aspect", "clocks", "headline", "hypothesis", "result"]

_LIFE = ("n", "failures", "time_in_service", "median", "b10", "shape")
_RATE = ("n", "failures", "time_in_service", "rate", "mtbf", "mtbf_lower_bound")
_WITH_LIMITS = ("median", "b10", "shape", "rate", "mtbf")


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the ratio with its interval; of a single component, its B10 or MTBF."""
    if _compared(endpoint):
        return (
            effect_words(endpoint, view),
            (view.statistic(endpoint, "estimate"),),
            view.limits(endpoint),
        )
    clock, group = next(clocks(endpoint))
    name = "mtbf" if endpoint.kind == "failure_rate" else "b10"
    what = view.texts(f"components.{name}", unit=unit_name(view, clock.unit))
    limits = view.limits(endpoint, group, names=(f"{name}_ci_low", f"{name}_ci_high"))
    return what, (view.statistic(endpoint, name, group),), limits


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown of the ratio, in words."""
    return comparison.hypothesis(endpoint, view)


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the decision, each clock's table, and the pictures of the first."""
    return [*_numbers(endpoint, view), *lives_in_brief(endpoint, view)]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the whole result: components are few, and shown at once."""
    if which != "decision":
        return []
    return [*_numbers(endpoint, view), *_details(endpoint, view), *lives(endpoint, view)]


def _numbers(endpoint: Endpoint, view: View) -> list[Block]:
    decision = [_decision(endpoint, view)] if _compared(endpoint) else []
    tables = [_table(endpoint, view, clock, group) for clock, group in clocks(endpoint)]
    return [*decision, *tables, *demonstrations(endpoint, view)]


def _details(endpoint: Endpoint, view: View) -> list[Block]:
    """Return what only a reviewer asks of lives: ratios on each clock, stated ages, causes."""
    if endpoint.kind == "failure_rate":
        return []
    compared = _compared(endpoint)
    return [
        *(clocks_compared(endpoint, view) if compared else []),
        *survival_at(endpoint, view, compared=compared),
        *causes(endpoint, view),
    ]


def _compared(endpoint: Endpoint) -> bool:
    return bool(getattr(endpoint, "test", None))


def clocks(endpoint: Any) -> Iterator[tuple[Any, dict[str, str]]]:
    """Yield each clock and the group of its records."""
    if endpoint.kind == "failure_rate":
        yield endpoint.clock, {}
        return
    for clock in endpoint.clocks:
        yield clock, {"clock": clock.id}


def _decision(endpoint: Endpoint, view: View) -> Block:
    verdict = view.word(endpoint, "verdict")
    declared = getattr(endpoint, "comparison", "estimation")
    _, group = next(clocks(endpoint))
    text = view.texts.rich(
        "components.estimate" if verdict == "none" else "components.decision",
        effect=effect_words(endpoint, view),
        estimate=view.statistic(endpoint, "estimate"),
        interval=view.limits(endpoint),
        level=f"{endpoint.level:.0%}",
        n=view.statistic(endpoint, "n", group),
        failures=view.statistic(endpoint, "failures", group),
        hypothesis=hypothesis(endpoint, view),
    )
    text = with_reasons(view, text)
    if verdict == "none":
        return Paragraph(text=text)
    title = view.texts(f"verdict.{declared}.{verdict}", endpoint=view.say(endpoint.label))
    return Callout(title=title, text=text, tone=tone(verdict))


def _table(endpoint: Endpoint, view: View, clock: Any, group: dict[str, str]) -> Block:
    shown = _RATE if endpoint.kind == "failure_rate" else _LIFE
    rows = []
    for name in ("test", "reference", "") if _compared(endpoint) else ("",):
        here = group | ({"component": name} if name else {})
        cells: list[Rich] = []
        for statistic in shown:
            cell: Rich = (view.statistic(endpoint, statistic, here),)
            names = (f"{statistic}_ci_low", f"{statistic}_ci_high")
            if statistic in _WITH_LIMITS and view.value(endpoint, names[0], here) is not None:
                cell = (*runs(cell), " (", *runs(view.limits(endpoint, here, names=names)), ")")
            cells.append(cell)
        label = view.texts(f"components.{name or 'all'}")
        rows.append(Row(cells=(label, *cells), summary=not name))
    unit, per = unit_name(view, clock.unit), f"{getattr(endpoint, 'per', 1):g}"
    columns = (
        Column(header=view.texts("components.component"), share=1.3),
        *(
            Column(
                header=view.texts(f"components.{name}", unit=unit, per=per),
                share=2.2 if name in _WITH_LIMITS else 1.1,
                align="right",
            )
            for name in shown
        ),
    )
    caption = view.texts(
        "table.component_lives",
        endpoint=view.say(endpoint.label),
        unit=unit_word(view, clock.unit),
    )
    notes = [view.texts(f"components.note.{endpoint.kind}", level=f"{endpoint.level:.0%}")]
    notes += _weibull_notes(endpoint, view, group) if endpoint.kind == "component_life" else []
    return Table(
        caption=caption,
        columns=columns,
        rows=tuple(rows),
        notes=(*notes, *left_out(endpoint, view, group), *undefined_notes(view, rows)),
        dense=True,
    )


def _weibull_notes(endpoint: Endpoint, view: View, group: dict[str, str]) -> list[str]:
    """Return how the limits of the Weibull distributions were found, and of which components."""
    found: dict[str, list[str]] = {}
    for name in ("test", "reference", "") if _compared(endpoint) else ("",):
        here = group | ({"component": name} if name else {})
        record = view.record(endpoint.id, endpoint.set, "shape_ci_low", here)
        if record is not None and not record.undefined:
            variant = view.texts.method(record.method)["variant"]
            found.setdefault(variant, []).append(view.texts(f"components.{name or 'all'}"))
    return [
        view.texts("components.note.weibull", variant=variant, components=view.listed(of))
        for variant, of in found.items()
    ]
