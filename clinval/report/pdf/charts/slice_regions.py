"""A slice of a phantom in grey, with the regions that were measured drawn in and numbered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from clinval.report.image_figures import Outline
from clinval.report.pdf.charts.sheet import LABEL, SMALL, Points, Sheet, block_height
from clinval.report.pdf.styles import INK, MUTED
from clinval.report.pdf.text import balanced

if TYPE_CHECKING:
    from clinval.report.figures import SliceWithRegions

__all__ = ["draw"]

_SHARE = 0.5  # of the width, for the slice
_HIGHEST = 250.0
_GAP = 16.0
_NUMBER = 14.0  # width of the numbers in the key
_YELLOW, _DARK = "#FFE14D", "#101418"  # seen on every grey
_RULER = 50.0  # mm
_CROSS = 5.0
_HALF = 5.2  # of a number's box
_STEPS = 72  # corners of a circle


def draw(chart: SliceWithRegions, width: float, language: str) -> Any:
    """Draw the slice, its outlines, a ruler and the key."""
    sheet = Sheet(width, language)
    scale = min(width * _SHARE / chart.width, _HIGHEST / chart.height)
    size = chart.width * scale, chart.height * scale
    sheet.image(0.0, 0.0, *size, _picture(chart))
    if chart.diameter > 0:
        x, y = chart.middle
        whole = Outline(label="", x=x, y=y, size=chart.diameter, round=True)
        _outline(sheet, _points(whole, scale, size), ((_YELLOW, 0.4),))
    for outline in chart.outlines:
        _outline(sheet, _points(outline, scale, size), ((_DARK, 2.2), (_YELLOW, 1.0)))
    _cross(sheet, chart, scale, size)
    for number, outline in enumerate(chart.outlines, start=1):
        _numbered(sheet, number, outline, scale, size)
    below = _ruler(sheet, chart, scale, size[1])
    return sheet.drawing(max(below, _key(sheet, chart, size[0] + _GAP)) + 2.0)


def _picture(chart: SliceWithRegions) -> Any:
    from PIL import Image

    return Image.frombytes("L", (chart.columns, chart.rows), chart.grey)


def _points(outline: Outline, scale: float, size: tuple[float, float]) -> Points:
    """Return the corners of an outline; what lies beyond the picture stands at its edge."""
    half = outline.size / 2
    if outline.round:
        turns = [2 * math.pi * step / _STEPS for step in range(_STEPS)]
        around = [(math.cos(turn), math.sin(turn)) for turn in turns]
    else:
        around = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]
    return [
        (
            _within((outline.x + across * half) * scale, size[0]),
            _within((outline.y + down * half) * scale, size[1]),
        )
        for across, down in around
    ]


def _within(at: float, end: float, room: float = 0.0) -> float:
    room = min(room, end / 2)
    return min(max(at, room), end - room)


def _outline(sheet: Sheet, points: Points, lines: Sequence[tuple[str, float]]) -> None:
    """Draw an outline on a darker and wider one, so that it is seen on every grey."""
    for color, line in lines:
        sheet.polygon(points, stroke=color, line=line)


def _numbered(
    sheet: Sheet, number: int, outline: Outline, scale: float, size: tuple[float, float]
) -> None:
    """Write the number of an outline at its upper edge, at a corner of a square, on the picture."""
    half = outline.size / 2
    x = (outline.x if outline.round else outline.x - half) * scale
    y = (outline.y - half) * scale
    x, y = (_within(at, end, _HALF) for at, end in zip((x, y), size, strict=True))
    sheet.box(x - _HALF, y - _HALF, 2 * _HALF, 2 * _HALF, fill=_YELLOW, stroke=_DARK, line=0.5)
    style = SMALL.but(color=INK)
    sheet.text(x, y + style.size * 0.36, str(number), style, anchor="middle")


def _cross(sheet: Sheet, chart: SliceWithRegions, scale: float, size: tuple[float, float]) -> None:
    """Mark the middle of the phantom."""
    x, y = (_within(at * scale, end, _CROSS) for at, end in zip(chart.middle, size, strict=True))
    for color, line in ((_DARK, 2.0), (_YELLOW, 0.8)):
        sheet.line(x - _CROSS, y, x + _CROSS, y, color=color, width=line)
        sheet.line(x, y - _CROSS, x, y + _CROSS, color=color, width=line)


def _ruler(sheet: Sheet, chart: SliceWithRegions, scale: float, foot: float) -> float:
    """Draw a ruler below the picture and return where it ends; none on a small picture."""
    length = _RULER if chart.width > _RULER else 10.0
    if chart.width < length:
        return foot
    y = foot + 8.0
    sheet.line(0.0, y, length * scale, y, color=INK, width=1.2)
    for x in (0.0, length * scale):
        sheet.line(x, y - 2.5, x, y + 2.5, color=INK, width=0.8)
    words = f"{length:g} {chart.ruler}"
    sheet.text(length * scale + 5.0, y + SMALL.size * 0.36, words, SMALL.but(color=MUTED))
    return y + 5.0


def _key(sheet: Sheet, chart: SliceWithRegions, left: float) -> float:
    """Name the outlines right of the picture, and return where the key ends."""
    y, room = 0.0, max(sheet.width - left - _NUMBER, 1.0)
    for number, outline in enumerate(chart.outlines, start=1):
        sheet.box(left, y, 2 * _HALF, 2 * _HALF, fill=_YELLOW, stroke=_DARK, line=0.5)
        sheet.text(
            left + _HALF, y + _HALF + SMALL.size * 0.36, str(number), SMALL.but(color=INK),
            anchor="middle",
        )  # fmt: skip
        lines = balanced(outline.label, LABEL, room, sheet.language, 3)
        sheet.block(left + _NUMBER, y, room, lines, LABEL)
        y += max(block_height(lines, LABEL), 2 * _HALF) + 3.0
    return y
