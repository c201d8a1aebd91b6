"""Kaplan-Meier curves: steps, marks where subjects are censored, numbers at risk below."""

from __future__ import annotations

from bisect import bisect_left
from functools import partial
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import (
    NUMBERS,
    TITLE,
    bottom,
    levels,
    ticks_across,
    ticks_down,
)
from clinval.report.pdf.charts.series import Look, key, look
from clinval.report.pdf.charts.sheet import BOLD, LABEL, SMALL, Sheet
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import MUTED
from clinval.report.pdf.text import plain_line, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.report.figures import Survival, SurvivalCurve

__all__ = ["draw"]

_HEIGHT, _SHAPE = 176.0, 0.72  # of the plot: the greatest, and its part of the width
_LINE = 1.6
_BAND = 0.5  # width of the lines of an interval
_TICK = 2.6  # half the height of a mark of a censored subject


def draw(chart: Survival, width: float, language: str) -> Any:
    """Draw the curves of all arms."""
    sheet = Sheet(width, language)
    top = _key(chart, sheet) + 6.0
    height = min(_HEIGHT, _SHAPE * width)
    foot = top + height
    down = scale([0.0, 1.0], foot, top, pad=0.0, factor=100.0)
    ticks = ticks_down(down, 6)
    labels = max((sheet.measure(curve.label, LABEL) for curve in chart.curves), default=0.0)
    numbers = max((sheet.measure(tick.label, NUMBERS) for tick in ticks), default=0.0)
    left = max(22.0 + numbers, min(labels, width * 0.24) + 12.0)
    times = [time for curve in chart.curves for time in curve.time]
    across = scale([0.0, *times], left, width - 12.0, pad=0.0)
    levels(sheet, ticks, across.start, across.end)
    for index, curve in enumerate(chart.curves):
        _curve(sheet, across, down, curve, index)
    sheet.line(across.start, top, across.start, foot, color=MUTED, width=0.6)
    title = plain_line(shortened(chart.y_axis, TITLE, height, language))
    sheet.upright(across.start - 12.0 - numbers, (top + foot) / 2, title, TITLE)
    end = bottom(sheet, across, foot, chart.x_axis)
    return sheet.drawing(_at_risk(chart, sheet, across, end + 8.0))


def _curve(sheet: Sheet, across: Scale, down: Scale, curve: SurvivalCurve, index: int) -> None:
    """Draw an arm: its interval in thin lines, its steps, its marks."""
    kind = look(index)
    for values in (curve.low, curve.high):
        for part in _parts(curve.time, values):
            sheet.polyline(
                _steps(across, down, part), color=kind.color, width=_BAND, dash=(1.0, 1.6)
            )
    known = list(zip(curve.time, curve.survival, strict=True))
    steps = [(0.0, 1.0), *known]
    sheet.polyline(_steps(across, down, steps), color=kind.color, width=_LINE, dash=kind.dash)
    for time, survival, censored in zip(curve.time, curve.survival, curve.censored, strict=True):
        x, y = finite(time), finite(survival)
        if censored and x is not None and y is not None:
            place = across.at(x), down.at(y)
            sheet.line(
                place[0], place[1] - _TICK, place[0], place[1] + _TICK, color=kind.color, width=0.8
            )


def _parts(
    times: Sequence[float], values: Sequence[float | None]
) -> list[list[tuple[float, float]]]:
    """Return the stretches over which a limit is known."""
    parts: list[list[tuple[float, float]]] = [[]]
    for time, value in zip(times, values, strict=True):
        if value is None:
            parts.append([])
        else:
            parts[-1].append((time, value))
    return [part for part in parts if part]


def _steps(
    across: Scale, down: Scale, points: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Return a curve that falls at each time and is level in between."""
    found: list[tuple[float, float]] = []
    for time, value in points:
        x, y = finite(time), finite(value)
        if x is None or y is None:
            continue
        if found:
            found.append((across.at(x), found[-1][1]))
        found.append((across.at(x), down.at(y)))
    return found


def _key(chart: Survival, sheet: Sheet) -> float:
    """Name the arms above the plot, beside a piece of their lines; return where that ends."""

    def line(kind: Look, x: float, y: float, width: float) -> None:
        sheet.line(x, y, x + width, y, color=kind.color, width=_LINE, dash=kind.dash)

    entries = [
        (curve.label, partial(line, look(index))) for index, curve in enumerate(chart.curves)
    ]
    return key(sheet, entries, 0.0, 0.0)


def _at_risk(chart: Survival, sheet: Sheet, across: Scale, top: float) -> float:
    """Write how many are at risk at each tick of the axis; return where the chart ends."""
    title = shortened(chart.at_risk_label, BOLD.but(size=8), sheet.width, sheet.language)
    sheet.block(0.0, top, sheet.width, title, BOLD.but(size=8, leading=9.8))
    top += 11.0
    room = across.start - 12.0
    ticks = ticks_across(sheet, across)
    times = _values(across, ticks)
    for curve in chart.curves:
        style = SMALL
        lines = shortened(curve.label, style, max(room, 1.0), sheet.language)
        sheet.block(0.0, top, max(room, 1.0), lines, style)
        for tick, time in zip(ticks, times, strict=True):
            place = bisect_left(curve.time, time - 1e-9 * max(abs(time), 1.0))
            n = curve.at_risk[place] if place < len(curve.at_risk) else 0
            words = f"{n:,}"
            half = sheet.measure(words, SMALL) / 2
            at = min(max(tick.at, half), sheet.width - half)
            sheet.text(at, top + 7.0, words, SMALL, anchor="middle")
        top += style.leading + 1.0
    return top + 2.0


def _values(across: Scale, ticks: Sequence[Any]) -> list[float]:
    """Return the times that ticks stand at."""
    span = across.end - across.start
    return [
        across.low + (across.high - across.low) * (tick.at - across.start) / span for tick in ticks
    ]
