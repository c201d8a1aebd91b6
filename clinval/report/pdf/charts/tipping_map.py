"""Tipping-point map: a cell for everything that missing results may have been.

What does not hold is hatched as well as of another colour, so that the map reads in grey.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import NUMBERS, TITLE, title_left
from clinval.report.pdf.charts.sheet import LABEL, Sheet, block_height
from clinval.report.pdf.charts.ticks import finite
from clinval.report.pdf.styles import (
    BLUE_TINT,
    INK,
    MUTED,
    NAVY,
    VERMILION,
    VERMILION_TINT,
    WHITE,
)
from clinval.report.pdf.text import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.report.figures import TippingMap

__all__ = ["draw"]

_LARGEST = 34.0  # side of a cell
_HIGHEST, _LOWEST = 250.0, 190.0  # of the map, of the drawing: its title needs room
_KEY = 0.3  # of the width, for the key at the right
_GAP = 22.0
_HATCH = 6.0  # points between the lines
_LINED = 5.0  # side of the smallest cell that is set apart from its neighbours
_HEAVY = 1.8
_FILL = {True: BLUE_TINT, False: VERMILION_TINT, None: WHITE}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The geometry of the map; cells are numbered from the top left corner."""

    left: float
    top: float
    cell: float
    height: float
    rows: tuple[tuple[bool | None, ...], ...]

    @property
    def right(self) -> float:
        return self.left + self.cell * len(self.rows[0])

    @property
    def foot(self) -> float:
        return self.top + self.height * len(self.rows)

    def verdict(self, x: float, y: float) -> bool | None:
        """Return the verdict of the cell in which a point lies."""
        row = min(int((y - self.top) / self.height), len(self.rows) - 1)
        column = min(int((x - self.left) / self.cell), len(self.rows[0]) - 1)
        return self.rows[row][column]


def draw(chart: TippingMap, width: float, language: str) -> Any:
    """Draw the map with its axes and its key."""
    sheet = Sheet(width, language)
    if not chart.reference or not chart.test:
        return sheet.drawing(1.0)
    if len(chart.shown) != len(chart.test) or {len(chart.reference)} != set(map(len, chart.shown)):
        raise ValueError("a map has a row for each value of test, a column for each of reference")
    names = [_number(value) for value in chart.test]
    left = 24.0 + max(sheet.measure(name, NUMBERS) for name in names)
    room = width * (1 - _KEY) - left - _GAP
    frame = _Frame(
        left=left,
        top=6.0,
        cell=min(_LARGEST, room / len(chart.reference)),
        height=min(_LARGEST, _HIGHEST / len(chart.test)),
        rows=tuple(reversed(chart.shown)),
    )
    _cells(sheet, frame)
    _hatch(sheet, frame, frame.left, frame.top, frame.right, frame.foot)
    _boundary(sheet, frame)
    sheet.polyline(
        [(frame.left, frame.top), (frame.left, frame.foot), (frame.right, frame.foot)],
        color=MUTED, width=0.6,
    )  # fmt: skip
    if chart.point is not None:
        _point(sheet, *_place(chart, frame))
    key = _key(chart, sheet, frame)
    return sheet.drawing(max(_axes(chart, sheet, frame, names), key) + 2.0)


def _number(value: float) -> str:
    known = finite(value)
    return "–" if known is None else f"{known:.3g}".replace("-", "−")


def _cells(sheet: Sheet, frame: _Frame) -> None:
    """Fill the cells, neighbours of one verdict at once, and set them apart if they are large."""
    for number, row in enumerate(frame.rows):
        start, y = 0, frame.top + number * frame.height
        for verdict, cells in groupby(row):
            count = len(list(cells))
            x = frame.left + start * frame.cell
            sheet.box(x, y, count * frame.cell, frame.height, fill=_FILL[verdict])
            start += count
    if min(frame.cell, frame.height) < _LINED:
        return
    for column in range(1, len(frame.rows[0])):
        x = frame.left + column * frame.cell
        sheet.line(x, frame.top, x, frame.foot, color=WHITE, width=0.7)
    for number in range(1, len(frame.rows)):
        y = frame.top + number * frame.height
        sheet.line(frame.left, y, frame.right, y, color=WHITE, width=0.7)


def _hatch(sheet: Sheet, frame: _Frame, left: float, top: float, right: float, foot: float) -> None:
    """Draw slanting lines through what is not met, cell by cell along each line."""
    width, height = right - left, foot - top
    for number in range(1, int((width + height) / _HATCH) + 1):
        total = number * _HATCH  # x + y along a line, from the corner
        ends = (max(0.0, total - height), min(width, total))
        edges = {column * frame.cell for column in range(len(frame.rows[0]) + 1)}
        edges |= {total - row * frame.height for row in range(len(frame.rows) + 1)}
        stops = sorted({*ends, *(x for x in edges if ends[0] < x < ends[1])})
        middles = [(a + b) / 2 for a, b in pairwise(stops)]
        found = [frame.verdict(left + x, top + total - x) is False for x in middles]
        for hatched, parts in groupby(zip(found, pairwise(stops), strict=True), key=itemgetter(0)):
            pieces = list(parts)
            if hatched:
                start, end = pieces[0][1][0], pieces[-1][1][1]
                sheet.line(
                    left + start, top + total - start, left + end, top + total - end,
                    color=VERMILION, width=0.5,
                )  # fmt: skip


def _boundary(sheet: Sheet, frame: _Frame) -> None:
    """Draw the line between what is met and what is not."""
    rows, half = frame.rows, _HEAVY / 2
    for number, row in enumerate(rows):
        y = frame.top + number * frame.height
        for column, (a, b) in enumerate(pairwise(row), start=1):
            if {a, b} == {True, False}:
                x = frame.left + column * frame.cell
                end = y + frame.height + half
                sheet.line(x, y - half, x, end, color=NAVY, width=_HEAVY)
    for number, (above, below) in enumerate(pairwise(rows), start=1):
        y = frame.top + number * frame.height
        for column, pair in enumerate(zip(above, below, strict=True)):
            if set(pair) == {True, False}:
                x = frame.left + column * frame.cell
                end = x + frame.cell + half
                sheet.line(x - half, y, end, y, color=NAVY, width=_HEAVY)


def _place(chart: TippingMap, frame: _Frame) -> tuple[float, float]:
    """Return where the marked point stands, between cells if need be."""
    reference, test = chart.point or (0.0, 0.0)
    across, up = _along(chart.reference, reference), _along(chart.test, test)
    return frame.left + across * frame.cell, frame.foot - up * frame.height


def _along(values: Sequence[float], value: float) -> float:
    """Return how many cells lie below a value, the middle of a cell being its own value.

    Examples
    --------
    >>> _along([0, 1, 2], 0), _along([0, 1, 2], 1.5), _along([0, 2], 9)
    (0.5, 2.0, 1.5)
    """
    known, at = [finite(v) or 0.0 for v in values], finite(value) or 0.0
    above = bisect_right(known, at)
    if above in (0, len(known)):
        return min(max(above - 0.5, 0.5), len(known) - 0.5)
    low, high = known[above - 1], known[above]
    return above - 0.5 + ((at - low) / (high - low) if high > low else 0.0)


def _point(sheet: Sheet, x: float, y: float) -> None:
    sheet.circle(x, y, 5.0, fill=WHITE, stroke=INK, line=1.3)
    sheet.circle(x, y, 2.0, fill=INK)


def _axes(chart: TippingMap, sheet: Sheet, frame: _Frame, names: Sequence[str]) -> float:
    """Write the values of both arms, as many as there is room for; return where the chart ends."""
    rows = len(names)
    for index in range(0, rows, max(1, -(-11 // int(max(frame.height, 1.0))))):
        y = frame.foot - (index + 0.5) * frame.height + NUMBERS.size * 0.36
        sheet.text(frame.left - 5, y, names[index], NUMBERS, anchor="end")
    labels = [_number(value) for value in chart.reference]
    widest = max(sheet.measure(label, NUMBERS) for label in labels) + 7.0
    for index in range(0, len(labels), max(1, -(-int(widest + 1) // int(max(frame.cell, 1.0))))):
        x = frame.left + (index + 0.5) * frame.cell
        sheet.text(x, frame.foot + 11, labels[index], NUMBERS, anchor="middle")
    middle = (frame.left + frame.right) / 2
    half = min(middle, sheet.width - middle)
    lines = shortened(chart.x_axis, TITLE, 2 * half, sheet.language, 2)
    top = frame.foot + 15.0
    sheet.block(middle - half, top, 2 * half, lines, TITLE)
    end = max(top + block_height(lines, TITLE), _LOWEST)
    title_left(sheet, 0.0, end, chart.y_axis)
    return end


def _key(chart: TippingMap, sheet: Sheet, frame: _Frame) -> float:
    """Name what is drawn beside a piece of it; return where the key ends."""
    x, y = max(frame.right, sheet.width * 0.4) + _GAP, frame.top
    room = max(sheet.width - x - 24.0, 1.0)
    style = LABEL.but(size=8, leading=9.8)
    for kind, label in (
        ("met", chart.shown_label),
        ("not met", chart.not_shown_label),
        ("boundary", chart.boundary_label),
        ("point", chart.point_label if chart.point is not None else ""),
    ):
        if not label:
            continue
        middle = y + style.leading / 2
        match kind:
            case "boundary":
                sheet.line(x, middle, x + 16, middle, color=NAVY, width=_HEAVY)
            case "point":
                _point(sheet, x + 8, middle)
            case _:
                _swatch(sheet, x, middle - 5.5, shown=kind == "met")
        lines = shortened(label, style, room, sheet.language, 4)
        sheet.block(x + 24, y, room, lines, style)
        y += block_height(lines, style) + 8.0
    return y


def _swatch(sheet: Sheet, x: float, top: float, *, shown: bool) -> None:
    """Draw a cell of the key."""
    cell = _Frame(left=x, top=top, cell=16.0, height=11.0, rows=((shown,),))
    sheet.box(x, top, cell.cell, cell.height, fill=_FILL[shown])
    _hatch(sheet, cell, cell.left, cell.top, cell.right, cell.foot)
