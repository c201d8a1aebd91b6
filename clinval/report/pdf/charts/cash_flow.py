"""Cash flow: a bar a year, the running total with its fan, the year it turns positive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, NUMBERS, TITLE, ticks_down, title_left
from clinval.report.pdf.charts.sheet import BOLD, LABEL, SMALL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import BLUE, GREEN, MUTED, NAVY, RULE, SKY, VERMILION, WHITE
from clinval.report.pdf.text import balanced, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.report.figures import CashFlow

__all__ = ["draw"]

_HIGHEST = 230.0
_SHAPE = 0.48  # height of the plot, of the width
_TOP = 34.0  # above the plot, where something is named there
_NO_WORDS = 6.0
_BAR = "#8FBEDD"
_BAND = "#E3EDF5"
_QUARTILES = "#C9DDEC"
_RIGHT = 0.16  # of the width, for the name of the running total


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The geometry of the chart."""

    left: float
    right: float
    foot: float
    years: int
    top: float
    down: Scale

    def year(self, year: float) -> float:
        """Return where a year stands."""
        step = (self.right - self.left) / self.years
        return self.left + step * (year + 0.5)


def draw(chart: CashFlow, width: float, language: str) -> Any:
    """Draw the chart."""
    sheet = Sheet(width, language)
    top = _TOP if chart.flow_label or chart.payback_label else _NO_WORDS
    foot = top + min(_HIGHEST, width * _SHAPE)
    down = scale(
        [0.0, *chart.flows, *chart.cumulative, *chart.cumulative_low, *chart.cumulative_high,
         *chart.cumulative_q25, *chart.cumulative_q75],
        foot, top,
    )  # fmt: skip
    ticks = ticks_down(down)
    left = 20.0 + max((sheet.measure(tick.label, NUMBERS) for tick in ticks), default=0.0)
    frame = _Frame(
        left=left,
        right=width * (1 - _RIGHT) if chart.cumulative_label else width - 6.0,
        foot=foot,
        years=max(len(chart.flows), 1),
        top=top,
        down=down,
    )
    for tick in ticks:
        sheet.line(left, tick.at, frame.right, tick.at, color=GRID, width=0.5)
        y = tick.at + SMALL.size * 0.36
        sheet.text(left - 4, y, tick.label, NUMBERS, anchor="end")
    _band(chart, sheet, frame)
    _bars(chart, sheet, frame)
    zero = down.at(0.0)
    sheet.line(left, zero, frame.right, zero, color=RULE, width=0.8)
    _payback(chart, sheet, frame)
    _total(chart, sheet, frame)
    _key(chart, sheet, frame)
    title_left(sheet, top, foot, chart.axis)
    return sheet.drawing(_years(chart, sheet, frame, foot) + 2.0)


def _points(frame: _Frame, values: Sequence[float]) -> list[tuple[float, float]]:
    return [
        (frame.year(year), frame.down.at(value))
        for year, value in enumerate(map(finite, values))
        if value is not None
    ]


def _band(chart: CashFlow, sheet: Sheet, frame: _Frame) -> None:
    low, high = _points(frame, chart.cumulative_low), _points(frame, chart.cumulative_high)
    if len(low) > 1 and len(high) > 1:
        sheet.polygon([*high, *reversed(low)], fill=_BAND)
        for edge in (low, high):
            sheet.polyline(edge, color=SKY, width=0.6, dash=(2.0, 2.0))
    low, high = _points(frame, chart.cumulative_q25), _points(frame, chart.cumulative_q75)
    if len(low) > 1 and len(high) > 1:
        sheet.polygon([*high, *reversed(low)], fill=_QUARTILES)


def _bars(chart: CashFlow, sheet: Sheet, frame: _Frame) -> None:
    """Draw a bar a year; a loss is open."""
    half = min((frame.right - frame.left) / frame.years * 0.28, 16.0)
    zero = frame.down.at(0.0)
    for year, flow in enumerate(map(finite, chart.flows)):
        if flow:
            y = frame.down.at(flow)
            fill, edge = (_BAR, BLUE) if flow > 0 else (WHITE, VERMILION)
            x = frame.year(year) - half
            sheet.box(x, min(y, zero), 2 * half, abs(y - zero), fill=fill, stroke=edge, line=0.6)


def _total(chart: CashFlow, sheet: Sheet, frame: _Frame) -> None:
    """Draw the running total and name it at its end."""
    points = _points(frame, chart.cumulative)
    sheet.polyline(points, color=NAVY, width=1.6)
    for x, y in points:
        sheet.circle(x, y, 2.4, fill=WHITE, stroke=NAVY, line=1.2)
    if points:
        style = BOLD.but(size=8, leading=9.8, color=NAVY)
        x, y = points[-1]
        left = max(x + 8, frame.right + 3)
        room = max(sheet.width - left, 1.0)
        lines = balanced(chart.cumulative_label, style, room, sheet.language, 5)
        height = block_height(lines, style)
        top = min(max(y - height / 2, frame.top), frame.foot - height)
        sheet.block(left, top, room, lines, style)


def _payback(chart: CashFlow, sheet: Sheet, frame: _Frame) -> None:
    """Mark when the running total turns positive."""
    year = finite(chart.payback)
    if year is None or not -0.5 <= year <= frame.years - 0.5:
        return
    x = frame.year(year)
    zero = frame.down.at(0.0)
    sheet.line(x, frame.top - 4, x, zero, color=GREEN, width=1.1, dash=(3.0, 2.0))
    sheet.circle(x, zero, 3.4, fill=GREEN, stroke=WHITE, line=0.9)
    style = BOLD.but(size=8, leading=9.8, color="#00664B", align="center")
    lines = shortened(chart.payback_label, style, sheet.width * 0.4, sheet.language, 2)
    width = max((line.width for line in lines), default=0.0)
    left = min(max(x - width / 2, frame.left), sheet.width - width)
    sheet.block(left, frame.top - 7 - block_height(lines, style), width, lines, style)


def _key(chart: CashFlow, sheet: Sheet, frame: _Frame) -> None:
    """Name the bars above the plot, beside a piece of each kind of bar there is."""
    if not chart.flow_label:
        return
    style = LABEL.but(size=8, color=MUTED)
    x = frame.left
    signs = [any(flow > 0 for flow in chart.flows), any(flow < 0 for flow in chart.flows)]
    for shown, fill, edge in zip(signs, (_BAR, WHITE), (BLUE, VERMILION), strict=True):
        if shown:
            sheet.box(x, 3.0, 8, 7, fill=fill, stroke=edge, line=0.6)
            x += 11
    lines = shortened(chart.flow_label, style, sheet.width - x - 2, sheet.language)
    sheet.block(x + 2, 1.2, sheet.width, lines, style)


def _years(chart: CashFlow, sheet: Sheet, frame: _Frame, foot: float) -> float:
    """Write the years, as many as there is room for, and name the axis."""
    room = (frame.right - frame.left) / frame.years
    every = max(1, -(-16 // max(int(room), 1)))
    for year in range(0, frame.years, every):
        sheet.text(frame.year(year), foot + 10, str(year), NUMBERS, anchor="middle")
    width = frame.right - frame.left
    lines = shortened(chart.year_label, TITLE, width, sheet.language)
    sheet.block(frame.left, foot + 14, width, lines, TITLE)
    return foot + 14 + TITLE.leading
