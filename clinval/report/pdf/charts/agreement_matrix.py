"""Agreement matrix: how often each pair of ratings was given, agreement on the diagonal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.sheet import BOLD, LABEL, SMALL, Sheet, block_height
from clinval.report.pdf.styles import FAINT, HAIR, INK, MUTED, NAVY, WHITE, Style
from clinval.report.pdf.text import Line, natural_width, plain_line, shortened

if TYPE_CHECKING:
    from clinval.report.figures import AgreementMatrix

__all__ = ["draw"]

_LARGEST = 58.0  # side of a cell
_GAP = 8.0
_TOTAL = 1.0  # width of the column of totals, in cells
_NUMBER = 9.0  # the largest size of a number
_UPRIGHT = 120.0  # the longest name that reads upwards
_LIGHT, _DARK = (0xEE, 0xF4, 0xF9), (0x0A, 0x4F, 0x80)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The geometry of the matrix."""

    cell: float
    height: float
    left: float
    top: float
    heads: tuple[tuple[Line, ...], ...]
    upright: bool
    number: Style


def draw(chart: AgreementMatrix, width: float, language: str) -> Any:
    """Draw the matrix with its totals."""
    sheet = Sheet(width, language)
    frame = _frame(chart, sheet)
    _titles(chart, sheet, frame)
    largest = max((n for row in chart.counts for n in row), default=0)
    for row, counts in enumerate(chart.counts):
        _category(chart, sheet, frame, row)
        for column, n in enumerate(counts):
            _cell(sheet, frame, row, column, n, largest)
    _totals(chart, sheet, frame)
    size = len(chart.categories)
    for index in range(size):
        x, y = frame.left + index * frame.cell, frame.top + index * frame.height
        sheet.box(x + 0.6, y + 0.6, frame.cell - 1.2, frame.height - 1.2, stroke=INK, line=1.3)
    return sheet.drawing(frame.top + size * frame.height + 20.0)


def _frame(chart: AgreementMatrix, sheet: Sheet) -> _Frame:
    size = max(len(chart.categories), 1)
    texts = chart.categories
    widest = max((natural_width(text, LABEL, sheet.language) for text in texts), default=0.0)
    labels = min(max(widest, 30.0), sheet.width * 0.26)
    row_title = 18.0
    room = sheet.width - row_title - labels - _GAP
    cell = min(_LARGEST, room / (size + _TOTAL))
    longest = max((natural_width(text, SMALL, sheet.language) for text in texts), default=0.0)
    heads = tuple(shortened(text, SMALL, max(cell - 4, 1.0), sheet.language, 3) for text in texts)
    # Names that would be broken badly within their column read upwards instead.
    upright = longest > (cell - 4) * 2.2
    heads_height = (
        min(longest, _UPRIGHT) if upright else max(map(len, heads), default=1) * SMALL.leading
    )
    total = cell * (size + _TOTAL)
    return _Frame(
        cell=cell,
        height=min(cell, 34.0),
        left=(sheet.width - row_title - labels - _GAP - total) / 2 + row_title + labels + _GAP,
        top=16.0 + heads_height + 6.0,
        heads=heads,
        upright=upright,
        number=_number_style(chart, sheet, cell),
    )


def _titles(chart: AgreementMatrix, sheet: Sheet, frame: _Frame) -> None:
    """Name both readers and the columns."""
    size = len(chart.categories)
    width, height = size * frame.cell, size * frame.height
    middle = frame.left + width / 2
    line = shortened(chart.column_title, BOLD, sheet.width, sheet.language)
    half = line[0].width / 2
    at = min(max(middle, half), sheet.width - half)
    sheet.block(at - half, 0, 2 * half, line, BOLD)
    words = shortened(chart.row_title, BOLD, max(height, 60.0), sheet.language)
    widest = max(
        (natural_width(name, LABEL, sheet.language) for name in chart.categories), default=0.0
    )
    x = frame.left - _GAP - min(widest, sheet.width * 0.26) - 9.0
    half = words[0].width / 2
    y = max(frame.top + height / 2, half + 1.0)
    sheet.upright(max(x, BOLD.size), y, plain_line(words), BOLD)
    for index, (name, lines) in enumerate(zip(chart.categories, frame.heads, strict=True)):
        x = frame.left + index * frame.cell
        if frame.upright:
            short = shortened(name, SMALL, _UPRIGHT, sheet.language)
            y = frame.top - 5.0 - short[0].width / 2
            sheet.upright(x + frame.cell / 2 + 2.7, y, plain_line(short), SMALL)
        else:
            style = SMALL.but(align="center")
            top = frame.top - 5.0 - block_height(lines, style)
            sheet.block(x + 2, top, frame.cell - 4, lines, style)


def _category(chart: AgreementMatrix, sheet: Sheet, frame: _Frame, row: int) -> None:
    room = min(sheet.width * 0.26, frame.left - _GAP)
    most = max(int(frame.height / LABEL.leading), 1)
    lines = shortened(chart.categories[row], LABEL, room, sheet.language, most)
    middle = frame.top + (row + 0.5) * frame.height
    style = LABEL.but(align="right")
    top = middle - block_height(lines, style) / 2
    sheet.block(frame.left - _GAP - room, top, room, lines, style)


def _cell(sheet: Sheet, frame: _Frame, row: int, column: int, n: int, largest: int) -> None:
    x, y = frame.left + column * frame.cell, frame.top + row * frame.height
    share = math.sqrt(n / largest) if largest > 0 and n > 0 else 0.0
    fill = _shade(share) if share else WHITE
    sheet.box(x, y, frame.cell, frame.height, fill=fill, stroke=HAIR, line=0.5)
    color = WHITE if share > 0.55 else INK if n else FAINT
    middle = x + frame.cell / 2, y + frame.height / 2
    _number(sheet, n, *middle, frame.number, color, bold=row == column)


def _number_style(chart: AgreementMatrix, sheet: Sheet, cell: float) -> Style:
    """Return one size for all numbers, at which the longest fits its cell."""
    columns = zip(*chart.counts, strict=True)
    sums = [sum(row) for row in chart.counts] + [sum(column) for column in columns]
    longest = max((f"{n:,}" for n in (*sums, sum(map(sum, chart.counts)))), key=len, default="")
    style = LABEL.but(size=_NUMBER, bold=True)
    natural = sheet.measure(longest, style)
    size = _NUMBER * min(1.0, max(cell - 5.0, 1.0) / natural) if natural else _NUMBER
    return LABEL.but(size=size)


def _number(
    sheet: Sheet, n: int, x: float, y: float, style: Style, color: str, *, bold: bool = False
) -> None:
    """Draw a number with its middle at a point."""
    style = style.but(bold=bold, color=color)
    sheet.text(x, y + style.size * 0.36, f"{n:,}", style, anchor="middle")


def _totals(chart: AgreementMatrix, sheet: Sheet, frame: _Frame) -> None:
    """Write the sum of each row and column, and of all."""
    size = len(chart.categories)
    rows = [sum(row) for row in chart.counts]
    columns = [sum(column) for column in zip(*chart.counts, strict=True)]
    right = frame.left + size * frame.cell + frame.cell * _TOTAL / 2
    below = frame.top + size * frame.height + 10.0
    for index, n in enumerate(rows):
        middle = frame.top + (index + 0.5) * frame.height
        _number(sheet, n, right, middle, frame.number, MUTED)
    for index, n in enumerate(columns):
        _number(sheet, n, frame.left + (index + 0.5) * frame.cell, below, frame.number, MUTED)
    _number(sheet, sum(rows), right, below, frame.number, NAVY, bold=True)


def _shade(share: float) -> str:
    mixed = (
        round(light + (dark - light) * share) for light, dark in zip(_LIGHT, _DARK, strict=True)
    )
    return "#{:02X}{:02X}{:02X}".format(*mixed)
