"""Profile: net present value by discount rate, with every rate at which it is 0."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, NUMBERS, bottom, ticks_down, title_left
from clinval.report.pdf.charts.rows import MARGIN_TEXT, words_above, words_height
from clinval.report.pdf.charts.sheet import SMALL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import INK, MUTED, NAVY, VERMILION, WHITE
from clinval.report.pdf.text import shortened

if TYPE_CHECKING:
    from clinval.report.figures import NpvProfile

__all__ = ["draw"]

_HEIGHT = 180.0
_SHAPE = 0.48  # height of the plot, of the width, at least
_ROOT = SMALL.but(bold=True, align="center")


def draw(chart: NpvProfile, width: float, language: str) -> Any:
    """Draw the curve, the rate that is used, and the roots on the line of no value."""
    sheet = Sheet(width, language)
    pairs = zip(map(finite, chart.rates), map(finite, chart.npv), strict=True)
    points = sorted((rate, npv) for rate, npv in pairs if rate is not None and npv is not None)
    rate = finite(chart.rate)
    ends = [0.0, *(npv for _, npv in points)]
    down = scale(ends, 1.0, 0.0)
    ticks = ticks_down(Scale(low=down.low, high=down.high, start=_HEIGHT, end=0.0))
    left = 20.0 + max((sheet.measure(tick.label, NUMBERS) for tick in ticks), default=0.0)
    across = scale([*(at for at, _ in points), rate], left, width - 8.0, factor=100.0, pad=0.0)
    top = words_height(sheet, across, chart.rate_label, MARGIN_TEXT) + 4.0
    foot = top + min(_HEIGHT, width * _SHAPE)
    down = scale(ends, foot, top)
    for tick in ticks_down(down):
        sheet.line(left, tick.at, across.end, tick.at, color=GRID, width=0.5)
        y = tick.at + SMALL.size * 0.36
        sheet.text(left - 4, y, tick.label, NUMBERS, anchor="end")
    zero = down.at(0.0)
    sheet.line(left, zero, across.end, zero, color=INK, width=0.8)
    if rate is not None:
        x = across.at(rate)
        sheet.line(x, top - 2, x, foot, color=VERMILION, width=1.0, dash=(3.5, 2.2))
        words_above(sheet, across, rate, chart.rate_label, top - 3, MARGIN_TEXT)
    sheet.polyline([(across.at(at), down.at(npv)) for at, npv in points], color=NAVY, width=1.6)
    _meeting(sheet, across, down, points, rate)
    _roots(sheet, chart, across, zero, top)
    sheet.line(left, top, left, foot, color=MUTED, width=0.6)
    title_left(sheet, top, foot, chart.y_axis)
    return sheet.drawing(bottom(sheet, across, foot, chart.x_axis) + 2.0)


def _meeting(
    sheet: Sheet, across: Scale, down: Scale, points: list[tuple[float, float]], rate: float | None
) -> None:
    """Mark where the curve has the rate that is used."""
    for (before, low), (after, high) in pairwise(points):
        if rate is not None and before <= rate <= after:
            share = (rate - before) / (after - before) if after > before else 0.0
            y = down.at(low + share * (high - low))
            sheet.box(across.at(rate) - 2.6, y - 2.6, 5.2, 5.2, fill=VERMILION, stroke=WHITE)
            return


def _roots(sheet: Sheet, chart: NpvProfile, across: Scale, zero: float, top: float) -> None:
    """Mark the roots that the axis covers; words of neighbours stand at different heights."""
    ends = [-1e9, -1e9]  # right ends of the words above the line and below it
    for root in sorted(chart.roots, key=lambda root: root.rate):
        at = finite(root.rate)
        if at is None or not across.covers(at):
            continue
        x = across.at(at)
        sheet.circle(x, zero, 3.2, fill=WHITE, stroke=NAVY, line=1.4)
        lines = shortened(root.label, _ROOT, across.end - across.start, sheet.language)
        width = max((line.width for line in lines), default=0.0)
        left = min(max(x - width / 2, across.start + 2), across.end - width)
        side = 0 if left >= ends[0] else 1
        if left < ends[side]:
            continue
        ends[side] = left + width + 4.0
        height = block_height(lines, _ROOT)
        y = zero + 5.0 if side or zero - 5.0 - height < top - 2.0 else zero - 5.0 - height
        sheet.block(left, y, width, lines, _ROOT)
