"""Paired times: each subject's two times against each other, joined to the line of equal times."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import (
    GRID,
    NUMBERS,
    bottom,
    levels,
    ticks_across,
    ticks_down,
    title_left,
)
from clinval.report.pdf.charts.series import key
from clinval.report.pdf.charts.sheet import Sheet
from clinval.report.pdf.charts.ticks import finite, scale
from clinval.report.pdf.styles import BLUE, MUTED, NAVY, VERMILION, WHITE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clinval.report.figures import PairedTimes
    from clinval.report.pdf.charts.sheet import Points
    from clinval.report.pdf.charts.ticks import Scale

__all__ = ["draw"]

_SIDE = 230.0  # of the square, at most
_SHARE = 0.92  # of the width: the plot with its numbers
_JOINT = "#9DB8D9"
_MANY = 250  # subjects: more are not joined, and drawn small
_DOT, _SMALL_DOT = 1.9, 1.2
_GRAIN = 0.4  # points: dots nearer than this are drawn once
_EQUAL: tuple[float, ...] = (3.0, 2.0)


def draw(chart: PairedTimes, width: float, language: str) -> Any:
    """Draw the subjects in a square, whose diagonal are equal times."""
    sheet = Sheet(width, language)
    top = _key(chart, sheet) + 6.0
    pairs = list(_pairs(chart))
    reach = chart.reach or [0.0, *(value for pair in pairs for value in pair)]
    axis = scale(reach, min(_SIDE, width * _SHARE), 0.0, pad=0.03)
    if min(reach) >= 0:  # no room below zero
        axis = replace(axis, low=max(axis.low, 0.0))
    numbers = max(sheet.measure(tick.label, NUMBERS) for tick in ticks_down(axis)) + 22.0
    side = max(min(_SIDE, width * _SHARE - numbers), 1.0)
    foot = top + side
    down = replace(axis, start=foot, end=top)
    across = replace(axis, start=numbers, end=numbers + side)
    levels(sheet, ticks_down(down), across.start, across.end)
    for tick in ticks_across(sheet, across):
        sheet.line(tick.at, top, tick.at, foot, color=GRID, width=0.5)
    _dots(sheet, across, down, pairs)
    sheet.polyline(_effect(chart, across, down), color=NAVY, width=1.3)
    sheet.line(across.start, foot, across.end, top, color=VERMILION, width=1.0, dash=_EQUAL)
    sheet.line(across.start, top, across.start, foot, color=MUTED, width=0.6)
    sheet.text(across.end, top - 3.0, f"n = {len(pairs):,}", NUMBERS, anchor="end")
    title_left(sheet, top, foot, chart.y_axis)
    return sheet.drawing(bottom(sheet, across, foot, chart.x_axis) + 2.0)


def _pairs(chart: PairedTimes) -> Iterator[tuple[float, float]]:
    """Yield both times of each subject that has both."""
    for reference, test in zip(chart.reference, chart.test, strict=True):
        x, y = finite(reference), finite(test)
        if x is not None and y is not None:
            yield x, y


def _dots(sheet: Sheet, across: Scale, down: Scale, pairs: list[tuple[float, float]]) -> None:
    """Draw the subjects, few of them with the line from one time to the other."""
    few = len(pairs) <= _MANY
    for x, y in pairs if few else ():
        at = across.at(x)
        sheet.line(at, down.at(x), at, down.at(y), color=_JOINT, width=0.5)
    places = dict.fromkeys(
        (round(across.at(x) / _GRAIN) * _GRAIN, round(down.at(y) / _GRAIN) * _GRAIN)
        for x, y in pairs
    )
    for x, y in places:
        sheet.circle(x, y, _DOT if few else _SMALL_DOT, fill=WHITE, stroke=BLUE, line=0.7)


def _effect(chart: PairedTimes, across: Scale, down: Scale) -> Points:
    """Return the line of what the product makes of a time, as far as the square reaches."""
    factor, shift = map(finite, chart.effect or (None, None))
    if factor is None or shift is None or factor <= 0:
        return []
    start = max(across.low, (down.low - shift) / factor)
    end = min(across.high, (down.high - shift) / factor)
    if start >= end:
        return []
    return [(across.at(x), down.at(factor * x + shift)) for x in (start, end)]


def _key(chart: PairedTimes, sheet: Sheet) -> float:
    """Name the line of equal times, and that of the effect."""

    def line(x: float, y: float, width: float, *, color: str, dash: tuple[float, ...]) -> None:
        sheet.line(x, y, x + width, y, color=color, width=1.2, dash=dash)

    entries = [(chart.equal_label, partial(line, color=VERMILION, dash=_EQUAL))]
    if chart.effect_label:
        entries.append((chart.effect_label, partial(line, color=NAVY, dash=())))
    return key(sheet, [entry for entry in entries if entry[0]], 0.0, 0.0)
