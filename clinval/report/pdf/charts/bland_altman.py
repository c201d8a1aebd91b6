"""Bland-Altman plot: differences against means, bias and limits with their intervals."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, NUMBERS, bottom, ticks_down, title_left
from clinval.report.pdf.charts.sheet import SMALL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite, scale, spread
from clinval.report.pdf.styles import BLUE, BLUE_TINT, FAINT, MUTED, NAVY, VERMILION, WHITE
from clinval.report.pdf.text import balanced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clinval.report.figures import BlandAltman

__all__ = ["draw"]

_HEIGHT = 190.0  # of the plot
_TOP = 14.0
_LIMIT_TINT = "#F6E3D4"
_LABELS = 0.245  # of the width, for the words at the right
_GRAIN = 0.4  # points: dots nearer than this are drawn once
_LINK = "#9DB8D9"
_DOT, _SMALL_DOT, _LARGEST_DOT = 1.9, 1.2, 6.5  # radii
_MANY = 400  # dots: more are drawn small


def draw(chart: BlandAltman, width: float, language: str) -> Any:
    """Draw the plot."""
    sheet = Sheet(width, language)
    lines = (chart.bias, chart.lower, chart.upper)
    foot = _TOP + _HEIGHT
    ends = [v for line in lines for v in line if v is not None]
    down = scale([*chart.difference, *ends, *(chart.accepted or ())], foot, _TOP)
    ticks = ticks_down(down)
    left = 22.0 + max((sheet.measure(tick.label, NUMBERS) for tick in ticks), default=0.0)
    across = scale(chart.mean, left, width * (1 - _LABELS))
    for tick in ticks:
        sheet.line(across.start, tick.at, across.end, tick.at, color=GRID, width=0.5)
        half = SMALL.size * 0.36
        sheet.text(across.start - 4, tick.at + half, tick.label, NUMBERS, anchor="end")
    _bands(chart, sheet, across, down)
    _accepted(chart, sheet, across, down)
    _links(chart, sheet, across, down)
    _dots(chart, sheet, across, down)
    _lines(chart, sheet, across, down)
    sheet.line(across.start, _TOP, across.start, foot, color=MUTED, width=0.6)
    sheet.text(across.end, _TOP - 4, f"n = {len(chart.mean):,}", NUMBERS, anchor="end")
    title_left(sheet, _TOP, foot, chart.y_axis)
    return sheet.drawing(bottom(sheet, across, foot, chart.x_axis) + 2.0)


def _bands(chart: BlandAltman, sheet: Sheet, across: Scale, down: Scale) -> None:
    """Shade the interval of each line."""
    for line, tint in (
        (chart.lower, _LIMIT_TINT), (chart.upper, _LIMIT_TINT), (chart.bias, BLUE_TINT),
    ):  # fmt: skip
        low, high = (None if value is None else finite(value) for value in line[1:])
        if low is not None and high is not None:
            top, end = sorted((down.at(high), down.at(low)))
            sheet.box(across.start, top, across.end - across.start, end - top, fill=tint)
    if down.covers(chart.null):
        zero = down.at(chart.null)
        sheet.line(across.start, zero, across.end, zero, color=FAINT, width=0.6)


def _accepted(chart: BlandAltman, sheet: Sheet, across: Scale, down: Scale) -> None:
    """Draw the bounds of the clinical limit, named once above the upper one."""
    if chart.accepted is None:
        return
    for bound in chart.accepted:
        y = down.at(bound)
        sheet.line(across.start, y, across.end, y, color=MUTED, width=0.9, dash=(1.5, 2.0))
    style = SMALL.but(size=7.5, color=MUTED)
    sheet.text(across.start + 4, down.at(max(chart.accepted)) - 3, chart.accepted_label, style)


def _links(chart: BlandAltman, sheet: Sheet, across: Scale, down: Scale) -> None:
    """Link the replicates of a subject: a line through its points, by their means."""
    by_subject: dict[int, list[tuple[float, float]]] = {}
    for owner, mean, difference in zip(chart.subject, chart.mean, chart.difference, strict=False):
        by_subject.setdefault(owner, []).append((across.at(mean), down.at(difference)))
    for points in by_subject.values():
        for (x, y), (u, v) in itertools.pairwise(sorted(points)):
            sheet.line(x, y, u, v, color=_LINK, width=0.6)


def _dots(chart: BlandAltman, sheet: Sheet, across: Scale, down: Scale) -> None:
    """Draw the dots; the area of one that stands for several grows with their number."""
    counts = Counter(_places(chart, across, down))
    most = max(counts.values(), default=1)
    least = _DOT if len(counts) <= _MANY else _SMALL_DOT
    for (x, y), count in sorted(counts.items(), key=lambda item: -item[1]):
        radius = least if most == 1 else max(_LARGEST_DOT * math.sqrt(count / most), least)
        sheet.circle(x, y, radius, fill=WHITE, stroke=BLUE, line=0.7)


def _places(chart: BlandAltman, across: Scale, down: Scale) -> Iterator[tuple[float, float]]:
    """Yield where the dots stand; those that would cover each other are the same."""
    for mean, difference in zip(chart.mean, chart.difference, strict=True):
        x, y = finite(mean), finite(difference)
        if x is not None and y is not None:
            yield (
                round(across.at(x) / _GRAIN) * _GRAIN,
                round(down.at(y) / _GRAIN) * _GRAIN,
            )


def _lines(chart: BlandAltman, sheet: Sheet, across: Scale, down: Scale) -> None:
    """Draw bias and limits, each named at its end."""
    style = SMALL.but(size=8, leading=9.8)
    room = sheet.width - across.end - 14.0
    found = []
    for line, label, color, dash in (
        (chart.upper, chart.upper_label, VERMILION, (5.0, 3.0)),
        (chart.bias, chart.bias_label, NAVY, ()),
        (chart.lower, chart.lower_label, VERMILION, (5.0, 3.0)),
    ):
        value = finite(line[0])
        if value is not None:
            y = down.at(value)
            sheet.line(across.start, y, across.end, y, color=color, width=1.1, dash=dash)
            text = NAVY if color == NAVY else "#A34100"
            lines = balanced(label, style, room, sheet.language, 4)
            found.append((y, lines, style.but(color=text)))
    sizes = [block_height(lines, style) + 4.0 for _, lines, style in found]
    places = spread([y for y, _, _ in found], sizes, _TOP - 8, _TOP + _HEIGHT + 8)
    for (y, lines, words), at in zip(found, places, strict=True):
        sheet.line(across.end + 1, y, across.end + 11, at, color=words.color, width=0.5)
        top = at - block_height(lines, words) / 2
        sheet.block(across.end + 14, top, room, lines, words)
