"""Boundaries of looks at accumulating data: critical values over the share of information."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, NUMBERS, bottom, ticks_down, title_left
from clinval.report.pdf.charts.sheet import BOLD, LABEL, SMALL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import BLUE_TINT, FAINT, MUTED, NAVY, WHITE
from clinval.report.pdf.text import shortened

if TYPE_CHECKING:
    from clinval.report.figures import Boundaries, BoundaryLook

__all__ = ["draw"]

_HEIGHT = 170.0
_TOP = 20.0
_NEAR = 7.0  # between a mark and its words


def draw(chart: Boundaries, width: float, language: str) -> Any:
    """Draw the boundaries; the look that the data are is a full mark."""
    sheet = Sheet(width, language)
    foot = _TOP + _HEIGHT
    looks = [(look, finite(look.information), finite(look.critical)) for look in chart.looks]
    known = [(look, x, y) for look, x, y in looks if x is not None and y is not None]
    reach = scale([0.0, *(y for _, _, y in known)], foot, _TOP, pad=0.14)
    down = replace(reach, low=min(0.0, *(y for _, _, y in known), 0.0))
    ticks = ticks_down(down, 5)
    left = 22.0 + max((sheet.measure(tick.label, NUMBERS) for tick in ticks), default=0.0)
    across = scale([0.0, 1.0, *(x for _, x, _ in looks)], left, width - 12.0, pad=0.0, factor=100.0)
    points = [(across.at(x), down.at(y)) for _, x, y in known]
    if points:
        edge = [(across.start, points[0][1]), *points, (across.end, points[-1][1])]
        sheet.polygon([*edge, (across.end, _TOP), (across.start, _TOP)], fill=BLUE_TINT)
    for tick in ticks:
        sheet.line(across.start, tick.at, across.end, tick.at, color=GRID, width=0.5)
        y = tick.at + SMALL.size * 0.36
        sheet.text(across.start - 4, y, tick.label, NUMBERS, anchor="end")
    sheet.polyline(points, color=NAVY, width=1.4)
    for (look, _, _), (x, y) in zip(known, points, strict=True):
        _look(sheet, across, look, x, y, foot)
    sheet.line(across.start, _TOP, across.start, foot, color=MUTED, width=0.6)
    _zones(chart, sheet, across, foot)
    _key(chart, sheet, across)
    title_left(sheet, _TOP, foot, chart.y_axis)
    return sheet.drawing(bottom(sheet, across, foot, chart.x_axis) + 2.0)


def _look(sheet: Sheet, across: Scale, look: BoundaryLook, x: float, y: float, foot: float) -> None:
    """Draw a look: a full mark and a line down to the axis where the data are now."""
    sheet.line(x, y, x, foot, color=FAINT, width=0.6, dash=() if look.current else (2.0, 2.0))
    sheet.circle(x, y, 4.0, fill=NAVY if look.current else WHITE, stroke=NAVY, line=1.3)
    style = (BOLD if look.current else LABEL).but(size=8, leading=9.8)
    lines = shortened(f"{look.label}: {look.text}", style, 90.0, sheet.language, 1)
    width = max((line.width for line in lines), default=0.0)
    left = min(max(x - width / 2, across.start + 3), across.end - width)
    top = y - _NEAR - block_height(lines, style)
    sheet.box(left - 2, top, width + 4, block_height(lines, style), fill=BLUE_TINT)
    sheet.block(left, top, width, lines, style)


def _zones(chart: Boundaries, sheet: Sheet, across: Scale, foot: float) -> None:
    """Say what lies above the boundaries, and what below."""
    style = LABEL.but(size=8, leading=9.8, color=MUTED)
    room = (across.end - across.start) * 0.45
    for text, top in ((chart.shown_label, _TOP + 3.0), (chart.continue_label, foot - 14.0)):
        lines = shortened(text, style, room, sheet.language, 1)
        sheet.block(across.start + 6.0, top, room, lines, style)


def _key(chart: Boundaries, sheet: Sheet, across: Scale) -> None:
    """Name the full mark, where one is drawn."""
    if not any(look.current for look in chart.looks) or not chart.current_label:
        return
    style = LABEL.but(size=8, leading=9.8)
    lines = shortened(chart.current_label, style, across.end - across.start - 20.0, sheet.language)
    sheet.circle(across.start + 5.0, 8.0, 4.0, fill=NAVY, stroke=NAVY, line=1.3)
    sheet.block(across.start + 14.0, 3.0, across.end - across.start - 14.0, lines, style)
