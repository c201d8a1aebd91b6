"""Acceptability: how probable it is that each option is worth most, by what a unit is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, NUMBERS, bottom, ticks_down, title_left
from clinval.report.pdf.charts.rows import MARGIN_TEXT, words_above, words_height
from clinval.report.pdf.charts.series import WORDS, End, look, mark, name_ends
from clinval.report.pdf.charts.sheet import SMALL, Sheet
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import MUTED, VERMILION
from clinval.report.pdf.text import shortened

if TYPE_CHECKING:
    from clinval.report.figures import Acceptability, AcceptabilityCurve

__all__ = ["draw"]

_HEIGHT = 180.0
_SHAPE = 0.48  # height of the plot, of the width, at least
_LABELS = 0.22  # of the width, for the names of the curves
_MARKS = 6  # on a curve, about


def draw(chart: Acceptability, width: float, language: str) -> Any:
    """Draw the curves, each named at its end, and the threshold."""
    sheet = Sheet(width, language)
    end = width * (1 - _LABELS) if any(curve.label for curve in chart.curves) else width - 8.0
    counted = shortened(chart.count, SMALL, end, language)
    threshold = finite(chart.threshold)
    left = 42.0
    values = [value for value in map(finite, chart.values) if value is not None]
    across = scale([0.0, *values, threshold], left, end, pad=0.0)
    label = words_height(sheet, across, chart.threshold_label, MARGIN_TEXT)
    top = 11.0 + label + 4.0
    foot = top + min(_HEIGHT, width * _SHAPE)
    down = Scale(low=0.0, high=1.0, start=foot, end=top, factor=100.0)
    for tick in ticks_down(down, 6):
        sheet.line(left, tick.at, across.end, tick.at, color=GRID, width=0.5)
        y = tick.at + SMALL.size * 0.36
        sheet.text(left - 4, y, tick.label, NUMBERS, anchor="end")
    if threshold is not None:
        x = across.at(threshold)
        sheet.line(x, top - 2, x, foot, color=VERMILION, width=1.0, dash=(3.5, 2.2))
        words_above(sheet, across, threshold, chart.threshold_label, top - 3, MARGIN_TEXT)
    ends = []
    for index, curve in enumerate(chart.curves):
        named = _curve(sheet, across, down, chart.values, curve, index)
        if named is not None and named.label:
            ends.append(named)
    name_ends(sheet, across.end, ends, top - 6, foot + 6)
    sheet.line(left, top, left, foot, color=MUTED, width=0.6)
    sheet.block(left, 0.0, across.end - left, counted, NUMBERS.but(align="right"))
    title_left(sheet, top, foot, chart.y_axis)
    return sheet.drawing(bottom(sheet, across, foot, chart.x_axis) + 2.0)


def _curve(
    sheet: Sheet,
    across: Scale,
    down: Scale,
    values: tuple[float, ...],
    curve: AcceptabilityCurve,
    index: int,
) -> End | None:
    """Draw a curve with some marks; return where it ends."""
    kind = look(index)
    pairs = zip(map(finite, values), map(finite, curve.probability), strict=True)
    points = [(across.at(x), down.at(y)) for x, y in pairs if x is not None and y is not None]
    if not points:
        return None
    sheet.polyline(points, color=kind.color, width=1.6, dash=kind.dash)
    every = max(len(points) // _MARKS, 1)
    for x, y in points[every // 2 :: every]:
        mark(sheet, kind, x, y)
    return End(y=points[-1][1], label=curve.label, style=WORDS.but(color=kind.words, bold=True))
