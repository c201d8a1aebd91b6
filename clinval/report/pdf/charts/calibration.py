"""Calibration: what was observed against what was predicted, on square axes with the ideal line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, NUMBERS, bottom, ticks_down, title_left
from clinval.report.pdf.charts.series import WORDS, look, mark, sample
from clinval.report.pdf.charts.sheet import SMALL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite
from clinval.report.pdf.styles import FAINT, MUTED
from clinval.report.pdf.text import shortened

if TYPE_CHECKING:
    from clinval.report.figures import Calibration, CalibrationGroup

__all__ = ["draw"]

_SIDE = 230.0  # of the square, at most
_SHARE = 0.56  # of the width
_TOP = 8.0
_GAP = 18.0
_SAMPLE = 22.0
_IDEAL = (1.0, 2.0)


def draw(chart: Calibration, width: float, language: str) -> Any:
    """Draw the groups with their intervals, the ideal line, and beside them the measures."""
    sheet = Sheet(width, language)
    left = 42.0
    side = max(min(_SIDE, width * _SHARE - left), 1.0)
    foot = _TOP + side
    across = Scale(low=0.0, high=1.0, start=left, end=left + side, factor=100.0)
    down = Scale(low=0.0, high=1.0, start=foot, end=_TOP, factor=100.0)
    for tick in ticks_down(down, 6):
        sheet.line(left, tick.at, across.end, tick.at, color=GRID, width=0.5)
        sheet.text(left - 4, tick.at + SMALL.size * 0.36, tick.label, NUMBERS, anchor="end")
        x = left + foot - tick.at  # the axes are alike
        sheet.line(x, _TOP, x, foot, color=GRID, width=0.5)
    sheet.line(left, foot, across.end, _TOP, color=FAINT, width=0.8, dash=_IDEAL)
    _groups(sheet, across, down, chart.groups)
    sheet.line(left, _TOP, left, foot, color=MUTED, width=0.6)
    title_left(sheet, _TOP, foot, chart.y_axis)
    end = _words(chart, sheet, across.end + _GAP)
    return sheet.drawing(max(bottom(sheet, across, foot, chart.x_axis), end) + 2.0)


def _groups(sheet: Sheet, across: Scale, down: Scale, groups: tuple[CalibrationGroup, ...]) -> None:
    """Draw each group with its interval, and a thin line through them."""
    kind = look(0)
    found = []
    for group in groups:
        x, y = finite(group.predicted), finite(group.observed)
        if x is None or y is None:
            continue
        at = across.at(x), down.at(y)
        found.append(at)
        low, high = finite(group.low), finite(group.high)
        if low is not None and high is not None:
            ends = down.at(low), down.at(high)
            sheet.line(at[0], ends[0], at[0], ends[1], color=kind.color, width=1.0)
            for edge in ends:
                sheet.line(at[0] - 2, edge, at[0] + 2, edge, color=kind.color, width=1.0)
    sheet.polyline(found, color=kind.color, width=0.8)
    for x, y in found:
        mark(sheet, kind, x, y)


def _words(chart: Calibration, sheet: Sheet, left: float) -> float:
    """Say what is drawn, and the measures; return where the words end."""
    x = left + _SAMPLE + 6.0
    room = max(sheet.width - x, 1.0)
    y = _TOP + 2.0
    for label, ideal in ((chart.groups_label, False), (chart.ideal_label, True)):
        middle = y + WORDS.leading / 2
        if ideal:
            sheet.line(left, middle, left + _SAMPLE, middle, color=FAINT, width=0.8, dash=_IDEAL)
        else:
            sample(sheet, look(0), left, middle, _SAMPLE)
        lines = shortened(label, WORDS, room, sheet.language, 3)
        sheet.block(x, y, room, lines, WORDS.but(color=MUTED) if ideal else WORDS)
        y += block_height(lines, WORDS) + 6.0
    room = max(sheet.width - left, 1.0)
    for text in chart.said:
        lines = shortened(text, WORDS, room, sheet.language, 3)
        sheet.block(left, y, room, lines, WORDS)
        y += block_height(lines, WORDS) + 3.0
    return y
