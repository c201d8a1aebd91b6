"""Power curve: power against subjects, the wanted power, and what is planned and needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, NUMBERS, bottom, ticks_down, title_left
from clinval.report.pdf.charts.sheet import SMALL, Sheet
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import BLUE, GREEN, MUTED, NAVY, VERMILION, WHITE
from clinval.report.pdf.text import shortened

if TYPE_CHECKING:
    from clinval.report.figures import PowerCurve

__all__ = ["draw"]

_HIGHEST = 150.0  # of the plot
_SHAPE = 0.7  # its height, of the width
_SAMPLE = 14.0  # width of what a line of the key begins with
_LINE = 11.0
_LABEL = SMALL.but(size=8, leading=9.8)
_COLORS = (NAVY, GREEN)  # of the marks, in their order
_WANTED = (4.0, 2.5)
_DOWN = (2.0, 2.0)


def draw(chart: PowerCurve, width: float, language: str) -> Any:
    """Draw the curve under its key."""
    sheet = Sheet(width, language)
    top = _key(chart, sheet) + 6.0
    foot = top + min(_HIGHEST, width * _SHAPE)
    down = Scale(low=0.0, high=1.0, start=foot, end=top, factor=100.0)
    ticks = ticks_down(down)
    left = 22.0 + max(sheet.measure(tick.label, NUMBERS) for tick in ticks)
    shown = [*chart.subjects, *(at for at, _, _ in chart.marks)]
    across = scale(shown, left, max(width - 8.0, left + 1.0), pad=0.02)
    for tick in ticks:
        sheet.line(across.start, tick.at, across.end, tick.at, color=GRID, width=0.5)
        y = tick.at + SMALL.size * 0.36
        sheet.text(across.start - 4, y, tick.label, NUMBERS, anchor="end")
    wanted = finite(chart.wanted)
    if wanted is not None:
        y = down.at(wanted)
        sheet.line(across.start, y, across.end, y, color=VERMILION, width=0.9, dash=_WANTED)
    points = [
        (across.at(n), down.at(power))
        for n, power in zip(chart.subjects, chart.power, strict=True)
        if finite(n) is not None and finite(power) is not None
    ]
    sheet.polyline(points, color=BLUE, width=1.5)
    for index, (n, power, _) in enumerate(chart.marks):
        if finite(n) is not None and finite(power) is not None:
            x, y = across.at(n), down.at(power)
            color = _COLORS[index % len(_COLORS)]
            sheet.line(x, y, x, foot, color=color, width=0.8, dash=_DOWN)
            sheet.circle(x, y, 3.0, fill=color, stroke=WHITE, line=0.9)
    sheet.line(across.start, top, across.start, foot, color=MUTED, width=0.6)
    title_left(sheet, top, foot, chart.y_axis)
    return sheet.drawing(bottom(sheet, across, foot, chart.x_axis) + 2.0)


def _key(chart: PowerCurve, sheet: Sheet) -> float:
    """Name the wanted power and the marks, a line each, and return where they end."""
    room, y = sheet.width - _SAMPLE - 4.0, 0.0
    for index, (_, _, label) in enumerate(chart.marks):
        color = _COLORS[index % len(_COLORS)]
        sheet.circle(_SAMPLE / 2, y + _LINE / 2, 3.0, fill=color, stroke=WHITE, line=0.9)
        sheet.block(_SAMPLE + 4, y, room, shortened(label, _LABEL, room, sheet.language), _LABEL)
        y += _LINE
    if chart.wanted_label:
        sheet.line(
            0.0, y + _LINE / 2, _SAMPLE, y + _LINE / 2, color=VERMILION, width=0.9, dash=_WANTED
        )
        words = shortened(chart.wanted_label, _LABEL, room, sheet.language)
        sheet.block(_SAMPLE + 4, y, room, words, _LABEL)
        y += _LINE
    return y
