"""Decision curves: net benefit by threshold probability, each strategy named in a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, NUMBERS, bottom, ticks_down, title_left
from clinval.report.pdf.charts.series import WORDS, Look, look
from clinval.report.pdf.charts.sheet import SMALL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import MUTED
from clinval.report.pdf.text import shortened

if TYPE_CHECKING:
    from clinval.report.figures import DecisionCurve

__all__ = ["draw"]

_HEIGHT = 180.0
_SAMPLE = 26.0
_BELOW = 0.25  # of the greatest benefit: how far below 0 is shown
_LEAST = 0.01


def draw(chart: DecisionCurve, width: float, language: str) -> Any:
    """Draw the strategies under their key."""
    sheet = Sheet(width, language)
    looks = [look(index) for index in range(len(chart.lines))]
    top = _key(chart, sheet, looks) + 6.0
    foot = top + _HEIGHT
    known = [value for line in chart.lines for value in map(finite, line.benefit)]
    most = max([_LEAST, *(value for value in known if value is not None)])
    down = scale([-_BELOW * most, most], foot, top, pad=0.04)
    ticks = ticks_down(down, 6)
    left = 24.0 + max((sheet.measure(tick.label, NUMBERS) for tick in ticks), default=0.0)
    across = Scale(low=0.0, high=1.0, start=left, end=max(width - 14.0, left + 1.0), factor=100.0)
    for tick in ticks:
        sheet.line(left, tick.at, across.end, tick.at, color=GRID, width=0.5)
        sheet.text(left - 4, tick.at + SMALL.size * 0.36, tick.label, NUMBERS, anchor="end")
    for kind, line in zip(looks, chart.lines, strict=True):
        points = _inside(chart.thresholds, line.benefit, -_BELOW * most)
        drawn = [(across.at(x), down.at(y)) for x, y in points]
        sheet.polyline(drawn, color=kind.color, width=1.6, dash=kind.dash)
    sheet.line(left, top, left, foot, color=MUTED, width=0.6)
    title_left(sheet, top, foot, chart.y_axis)
    return sheet.drawing(bottom(sheet, across, foot, chart.x_axis) + 2.0)


def _inside(
    thresholds: tuple[float, ...], benefit: tuple[float | None, ...], least: float
) -> list[tuple[float, float]]:
    """Return a line until it falls below what is shown."""
    found: list[tuple[float, float]] = []
    for x, y in zip(map(finite, thresholds), map(finite, benefit), strict=True):
        if x is None or y is None:
            continue
        if y >= least:
            found.append((x, y))
            continue
        if found:
            before = found[-1]
            share = (before[1] - least) / (before[1] - y)
            found.append((before[0] + share * (x - before[0]), least))
        break
    return found


def _key(chart: DecisionCurve, sheet: Sheet, looks: list[Look]) -> float:
    """Name the strategies, a line each, and return where they end."""
    y, room = 0.0, max(sheet.width - _SAMPLE - 6.0, 1.0)
    for kind, line in zip(looks, chart.lines, strict=True):
        middle = y + WORDS.leading / 2
        sheet.line(0.0, middle, _SAMPLE, middle, color=kind.color, width=1.6, dash=kind.dash)
        lines = shortened(line.label, WORDS, room, sheet.language, 2)
        sheet.block(_SAMPLE + 6.0, y, room, lines, WORDS.but(color=kind.words))
        y += block_height(lines, WORDS) + 2.0
    return y
