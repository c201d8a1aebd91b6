"""Tornado: what each input alone does to a result, the one that does most at the top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, bottom, ticks_across
from clinval.report.pdf.charts.rows import (
    GUTTER,
    NULL_TEXT,
    Cut,
    column,
    density,
    row_label,
    words_above,
    words_height,
)
from clinval.report.pdf.charts.sheet import SMALL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import BLUE, INK, MUTED, RULE, WHITE
from clinval.report.pdf.text import plain_line, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.report.figures import Tornado, TornadoRow
    from clinval.report.pdf.charts.rows import Density

__all__ = ["draw"]

_KEY = 16.0  # height of the key
_NARROW = 96.0  # points that labels may take where the chart is small
_BESIDE = 3.5  # between a bar and the value of its input


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The geometry that all parts of a chart share."""

    density: Density
    label: float
    room: float  # for the values of inputs at either side
    scale: Scale


def draw(chart: Tornado, width: float, language: str, cut: Cut) -> Any:
    """Draw some rows, longest bar first; the axis is that of all."""
    sheet = Sheet(width, language)
    ordered = sorted(chart.rows, key=_length, reverse=True)
    frame = _frame(chart, sheet, ordered)
    rows = ordered[cut[0] : cut[1]]
    top = _KEY + words_height(sheet, frame.scale, chart.base_label, NULL_TEXT) + 5.0
    pitch = max(frame.density.pitch, 2 * SMALL.leading - 1.0 if frame.density.lines > 1 else 0.0)
    labels = [
        row_label(row.label, frame.density.style, frame.label, language, frame.density.lines)
        for row in rows
    ]
    heights = [max(pitch, block_height(lines, frame.density.style) + 4.0) for lines in labels]
    foot = top + sum(heights) + 3.0
    for tick in ticks_across(sheet, frame.scale):
        sheet.line(tick.at, top, tick.at, foot, color=GRID, width=0.5)
    _key(chart, sheet, frame)
    y = top + 1.5
    for row, lines, height in zip(rows, labels, heights, strict=True):
        middle = y + height / 2
        style = frame.density.style
        sheet.block(0, middle - block_height(lines, style) / 2, frame.label, lines, style)
        _bars(chart, sheet, frame, row, middle, min(height - 4.0, 13.0))
        y += height
    base = finite(chart.base)
    if base is not None:
        x = frame.scale.at(base)
        sheet.line(x, top - 2.0, x, foot, color=INK, width=1.0)
        words_above(sheet, frame.scale, base, chart.base_label, top - 3.0, NULL_TEXT)
    sheet.line(frame.scale.start, foot, frame.scale.end, foot, color=RULE, width=0.9)
    return sheet.drawing(bottom(sheet, frame.scale, foot, chart.axis) + 2.0)


def _length(row: TornadoRow) -> float:
    low, high = finite(row.low), finite(row.high)
    return 0.0 if low is None or high is None else abs(high - low)


def _frame(chart: Tornado, sheet: Sheet, rows: Sequence[TornadoRow]) -> _Frame:
    spacing = density(len(rows))
    label = column(
        [row.label for row in rows], spacing.style, sheet.language,
        least=sheet.width * 0.1, most=max(sheet.width * 0.3, min(_NARROW, sheet.width * 0.46)),
    )  # fmt: skip
    texts = [text for row in rows for text in (row.low_input, row.high_input)]
    widest = max((sheet.measure(text, SMALL) for text in texts), default=0.0)
    room = min(widest + 2 * _BESIDE, sheet.width * 0.13)
    values = [chart.base, *(value for row in rows for value in (row.low, row.high))]
    start, end = label + GUTTER + room, sheet.width - room
    return _Frame(
        density=spacing,
        label=label,
        room=room,
        scale=scale(values, start, end, factor=chart.factor, pad=0.03),
    )


def _bars(
    chart: Tornado, sheet: Sheet, frame: _Frame, row: TornadoRow, middle: float, thick: float
) -> None:
    """Draw both bars from the base: open for the lower input, full for the higher one."""
    base = finite(chart.base)
    if base is None:
        return
    zero, top = frame.scale.at(base), middle - thick / 2
    ends = [
        (frame.scale.at(value), text, full)
        for value, text, full in (
            (finite(row.low), row.low_input, False), (finite(row.high), row.high_input, True),
        )
        if value is not None
    ]  # fmt: skip
    # the longer first: where both go the same way the shorter stands upon it
    for x, _, full in sorted(ends, key=lambda end: -abs(end[0] - zero)):
        sheet.box(
            min(x, zero), top, abs(x - zero), thick,
            fill=BLUE if full else WHITE, stroke=BLUE, line=0.9,
        )  # fmt: skip
    sides = [x >= zero for x, _, _ in ends]
    if len(ends) == 2 and sides[0] == sides[1]:
        shorter = min(range(2), key=lambda index: abs(ends[index][0] - zero))
        x, text, full = ends[shorter]
        ends[shorter] = (zero, text, full)  # its words stand at the other side of the base
        sides[shorter] = not sides[shorter]
    for (x, text, _), right in zip(ends, sides, strict=True):
        room = (sheet.width - x if right else x - frame.label) - _BESIDE
        short = plain_line(shortened(text, SMALL, max(room, 1.0), sheet.language))
        at = x + _BESIDE if right else x - _BESIDE
        y = middle + SMALL.size * 0.36
        sheet.text(at, y, short, SMALL, anchor="start" if right else "end")


def _key(chart: Tornado, sheet: Sheet, frame: _Frame) -> None:
    """Name both bars above the plot, each beside a piece of it."""
    style = SMALL.but(size=8, leading=9.8, color=MUTED)
    texts = (chart.low_label, chart.high_label)
    wish = sum(sheet.measure(text, style) for text in texts) + 4 * 18
    x = min(frame.label + GUTTER, max(sheet.width - wish, 0.0))
    room = sheet.width if wish <= sheet.width - x + 1.0 else (sheet.width - x) / 2 - 36
    for text, fill in zip(texts, (WHITE, BLUE), strict=True):
        sheet.box(x + 0.5, 2.4, 13, 6.4, fill=fill, stroke=BLUE, line=0.9)
        lines = shortened(text, style, max(room, 1.0), sheet.language)
        sheet.block(x + 18, 0.6, lines[0].width, lines, style)
        x += 18 + lines[0].width + 18
