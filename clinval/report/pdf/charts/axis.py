"""Axes: a line, its ticks, its title."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinval.report.pdf.charts.sheet import LABEL, SMALL, Sheet, block_height
from clinval.report.pdf.styles import INK, MUTED
from clinval.report.pdf.text import plain_line, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.report.pdf.charts.ticks import Scale, Tick

__all__ = ["GRID", "bottom", "levels", "ticks_across", "ticks_down", "title_left"]

GRID = "#E6E9EC"
_TICK = 3.0
NUMBERS = SMALL.but(color=MUTED)
TITLE = LABEL.but(size=8, leading=10, align="center", color=INK)


def ticks_across(sheet: Sheet, scale: Scale, most: int = 7) -> list[Tick]:
    """Return the ticks of a horizontal axis."""
    return scale.ticks(lambda label: sheet.measure(label, NUMBERS) + 9, most)


def ticks_down(scale: Scale, most: int = 7) -> list[Tick]:
    """Return the ticks of a vertical axis."""
    return scale.ticks(lambda _: 13.0, most)


def levels(sheet: Sheet, ticks: Sequence[Tick], start: float, end: float) -> None:
    """Draw the grid of a vertical axis between two edges, its numbers left of the first."""
    for tick in ticks:
        sheet.line(start, tick.at, end, tick.at, color=GRID, width=0.5)
        y = tick.at + SMALL.size * 0.36
        sheet.text(start - 4, y, tick.label, NUMBERS, anchor="end")


def bottom(sheet: Sheet, scale: Scale, y: float, title: str) -> float:
    """Draw a horizontal axis at ``y`` and return where the free space below it begins."""
    sheet.line(scale.start, y, scale.end, y, color=MUTED, width=0.6)
    for tick in ticks_across(sheet, scale):
        sheet.line(tick.at, y, tick.at, y + _TICK, color=MUTED, width=0.6)
        half = sheet.measure(tick.label, NUMBERS) / 2
        at = min(max(tick.at, half), sheet.width - half)
        sheet.text(at, y + _TICK + 8, tick.label, NUMBERS, anchor="middle")
    y += _TICK + 12
    if not title:
        return y
    # The title is centered under the axis, and may be wider than it.
    middle = (scale.start + scale.end) / 2
    half = min(middle, sheet.width - middle)
    lines = shortened(title, TITLE, 2 * half, sheet.language, 2)
    sheet.block(middle - half, y, 2 * half, lines, TITLE)
    return y + block_height(lines, TITLE)


def title_left(sheet: Sheet, top: float, bottom: float, title: str) -> None:
    """Draw the title of a vertical axis, reading upwards, on one line."""
    short = plain_line(shortened(title, TITLE, bottom - top, sheet.language))
    sheet.upright(TITLE.size, (top + bottom) / 2, short, TITLE)
