"""Curves by frequency: modulation transfer, noise power; told apart by their dashes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import NUMBERS, bottom, levels, ticks_down, title_left
from clinval.report.pdf.charts.series import key, look
from clinval.report.pdf.charts.sheet import Sheet
from clinval.report.pdf.charts.ticks import finite, scale
from clinval.report.pdf.styles import FAINT, MUTED

if TYPE_CHECKING:
    from clinval.report.figures import FrequencyCurves

__all__ = ["draw"]

_HEIGHT, _SHAPE = 150.0, 0.6  # of the plot: the greatest, and its part of the width


def draw(chart: FrequencyCurves, width: float, language: str) -> Any:
    """Draw the curves under their key."""
    sheet = Sheet(width, language)
    top = _key(chart, sheet) + 6.0
    foot = top + min(_HEIGHT, _SHAPE * width)
    down = scale([0.0, *(v for curve in chart.curves for v in curve.value)], foot, top)
    ticks = ticks_down(down)
    left = 22.0 + max((sheet.measure(tick.label, NUMBERS) for tick in ticks), default=0.0)
    found = [0.0, *(at for curve in chart.curves for at in curve.frequency)]
    across = scale(found, left, max(width - 8.0, left + 1.0), pad=0.02)
    levels(sheet, ticks, across.start, across.end)
    for level in chart.levels:
        if down.covers(level):
            y = down.at(level)
            sheet.line(across.start, y, across.end, y, color=FAINT, width=0.9, dash=(4.0, 2.5))
    for number, curve in enumerate(chart.curves):
        kind = look(number)
        pairs = zip(map(finite, curve.frequency), map(finite, curve.value), strict=True)
        points = [(across.at(x), down.at(y)) for x, y in pairs if x is not None and y is not None]
        sheet.polyline(points, color=kind.color, width=1.4, dash=kind.dash)
    sheet.line(across.start, top, across.start, foot, color=MUTED, width=0.6)
    title_left(sheet, top, foot, chart.y_axis)
    return sheet.drawing(bottom(sheet, across, foot, chart.x_axis) + 2.0)


def _key(chart: FrequencyCurves, sheet: Sheet) -> float:
    def line(number: int, x: float, y: float, width: float) -> None:
        kind = look(number)
        sheet.line(x, y, x + width, y, color=kind.color, width=1.4, dash=kind.dash)

    entries = [(curve.label, partial(line, number)) for number, curve in enumerate(chart.curves)]
    return key(sheet, entries, 0.0, 0.0) if entries else 0.0
