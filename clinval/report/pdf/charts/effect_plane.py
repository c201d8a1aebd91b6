"""Cost-effectiveness plane: draws of added cost and effect, with the lines of thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, NUMBERS, bottom, ticks_down, title_left
from clinval.report.pdf.charts.series import WORDS, End, look, name_ends
from clinval.report.pdf.charts.sheet import SMALL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import BLUE, MUTED, NAVY, WHITE
from clinval.report.pdf.text import balanced, shortened

if TYPE_CHECKING:
    from clinval.report.figures import EffectPlane

__all__ = ["draw"]

_HEIGHT = 170.0  # of what is drawn, without the words of the corners
_TOP = 4.0
_LABELS = 0.2  # of the width, for the names of the thresholds
_DOT, _POINT = 1.3, 3.4  # radii
_CORNER = SMALL.but(color=MUTED)
_ROOM = 0.46  # of the plot's width, for the words of a corner


def draw(chart: EffectPlane, width: float, language: str) -> Any:
    """Draw the plane: no difference is always on it."""
    sheet = Sheet(width, language)
    corners = [
        balanced(words, _CORNER, width * (1 - _LABELS) * _ROOM - 22, language, 2)
        for words in chart.quadrants
    ]
    above, below = (
        max(block_height(lines, _CORNER) for lines in pair) for pair in (corners[:2], corners[2:])
    )
    inner = _TOP + above + 6.0
    foot = inner + _HEIGHT + below + 6.0
    down = scale([0.0, *chart.cost, chart.point[1]], inner + _HEIGHT, inner)
    ticks = ticks_down(down, 6)
    left = 22.0 + max((sheet.measure(tick.label, NUMBERS) for tick in ticks), default=0.0)
    across = scale([0.0, *chart.gain, chart.point[0]], left, width * (1 - _LABELS))
    for tick in ticks:
        sheet.line(left, tick.at, across.end, tick.at, color=GRID, width=0.5)
        sheet.text(left - 4, tick.at + SMALL.size * 0.36, tick.label, NUMBERS, anchor="end")
    _dots(chart, sheet, across, down)
    zero = across.at(0.0), down.at(0.0)
    sheet.line(zero[0], _TOP, zero[0], foot, color=MUTED, width=0.8)
    sheet.line(left, zero[1], across.end, zero[1], color=MUTED, width=0.8)
    ends = [
        end
        for index, (slope, label) in enumerate(chart.thresholds)
        if (end := _threshold(sheet, across, down, slope, label, index)) is not None
    ]
    name_ends(sheet, across.end, ends, _TOP, foot)
    _point(chart, sheet, across, down)
    room = (across.end - left) * _ROOM
    for index, lines in enumerate(corners):
        right, lower = index % 2, index // 2
        place = across.end - room if right else left + 4.0
        at = foot - 3.0 - block_height(lines, _CORNER) if lower else _TOP + 2.0
        sheet.block(place, at, room, lines, _CORNER.but(align="right" if right else "left"))
    sheet.line(left, _TOP, left, foot, color=MUTED, width=0.6)
    title_left(sheet, _TOP, foot, chart.y_axis)
    return sheet.drawing(bottom(sheet, across, foot, chart.x_axis) + 2.0)


def _dots(chart: EffectPlane, sheet: Sheet, across: Scale, down: Scale) -> None:
    """Draw the draws; those that would cover each other are drawn once."""
    places = {
        (round(across.at(x), 1), round(down.at(y), 1))
        for x, y in zip(map(finite, chart.gain), map(finite, chart.cost), strict=True)
        if x is not None and y is not None
    }
    for x, y in sorted(places):
        sheet.circle(x, y, _DOT, stroke=BLUE, line=0.5)


def _point(chart: EffectPlane, sheet: Sheet, across: Scale, down: Scale) -> None:
    """Draw the result of the study with its words, on the side that has room."""
    gain, cost = map(finite, chart.point)
    if gain is None or cost is None:
        return
    x, y = across.at(gain), down.at(cost)
    sheet.circle(x, y, _POINT, fill=NAVY, stroke=WHITE, line=0.8)
    style, half = SMALL.but(bold=True, color=NAVY), (across.end - across.start) / 2
    lines = shortened(chart.point_label, style, half, sheet.language)
    wide = lines[0].width if lines else 0.0
    start = x + 6 if x + 6 + half <= across.end else x - 6 - wide
    sheet.box(start - 1, y - 5.5, wide + 2, 11.0, fill=WHITE)
    sheet.block(start, y - 4.7, wide, lines, style)


def _threshold(
    sheet: Sheet, across: Scale, down: Scale, slope: float, label: str, index: int
) -> End | None:
    """Draw the line of a threshold as far as the plot goes; return where it ends at the right."""
    rise = finite(slope)
    if rise is None:
        return None
    ends = []
    for edge in (across.low, across.high):
        x, y = edge, rise * edge
        if not down.covers(y):
            y = min(max(y, down.low), down.high)
            x = y / rise
        ends.append((across.at(x), down.at(y)))
    kind = look(index + 1)
    sheet.polyline(ends, color=kind.color, width=1.2, dash=kind.dash)
    return End(y=ends[1][1], label=label, style=WORDS.but(color=kind.words, bold=True))
