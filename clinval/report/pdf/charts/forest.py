"""Forest plot: a table whose third column is the plot, so that rows and marks align."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, bottom, ticks_across
from clinval.report.pdf.charts.estimates import diamond, ends_of, extent, interval
from clinval.report.pdf.charts.rows import (
    GUTTER,
    MARGIN_TEXT,
    Cut,
    Density,
    column,
    density,
    reference,
    row_label,
    words_above,
    words_height,
)
from clinval.report.pdf.charts.sheet import BOLD, LABEL, SMALL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import BLUE, FAINT, INK, MUTED, RULE, WHITE, Style
from clinval.report.pdf.text import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.report.figures import Forest, ForestRow

__all__ = ["draw"]

_LARGEST, _SMALLEST = 7.4, 3.2  # sides of the boxes
_TOP = 5.0  # between the header's rule and the first row
_INDENT = 9.0  # of a row below a heading


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The geometry that all parts of a chart share."""

    density: Density
    label: float
    n: float
    result_left: float
    result: float
    scale: Scale
    largest_n: float


def draw(chart: Forest, width: float, language: str, cut: Cut) -> Any:
    """Draw some rows of a forest plot; axis and columns are those of all rows."""
    chart = replace(chart, null=finite(chart.null), margin=finite(chart.margin))
    sheet = Sheet(width, language)
    frame = _frame(chart, sheet)
    rows = chart.rows[cut[0] : cut[1]]
    last = cut[1] == len(chart.rows)
    labels = [_label(row, frame, language) for row in rows]
    heights = [_height(lines, frame.density) for lines in labels]
    predicted = last and chart.prediction is not None
    head = _head_height(chart, sheet, frame)
    foot = head + _TOP + sum(heights) + (frame.density.pitch if predicted else 0.0) + 2.0
    _ground(chart, sheet, frame, head, foot)
    _head(chart, sheet, frame, head)
    y = head + _TOP
    for index, (row, lines, height) in enumerate(zip(rows, labels, heights, strict=True)):
        if row.summary and index and not rows[index - 1].summary:
            sheet.line(0, y, width, y, color=MUTED, width=0.4)
        _row(sheet, frame, row, lines, y, height)
        y += height
    if predicted:
        _prediction(chart, sheet, frame, y)
    sheet.line(0, foot, width, foot, color=RULE, width=0.9)
    end = bottom(sheet, frame.scale, foot, chart.axis)
    return sheet.drawing(_favours(chart, sheet, frame, end) + 2.0)


def _frame(chart: Forest, sheet: Sheet) -> _Frame:
    spacing = density(len(chart.rows))
    style = spacing.style.but(bold=any(row.summary or row.heading for row in chart.rows))
    width, language = sheet.width, sheet.language
    label = column(
        [chart.prediction_label, *(row.label for row in chart.rows)],
        style, language, least=width * 0.12, most=width * 0.31, header=chart.label_header,
    )  # fmt: skip
    n = column(
        [row.n for row in chart.rows],
        style, language, least=18.0, most=width * 0.13, header=chart.n_header,
    )  # fmt: skip
    result = column(
        [
            *(row.result for row in chart.rows if row.estimate is not None or row.heading),
            chart.prediction_result,
        ],
        style, language, least=30.0, most=width * 0.26, header=chart.result_header,
    )  # fmt: skip
    start = label + n + 2 * GUTTER + 4.0
    end = width - result - GUTTER - 8.0
    reach = extent(
        [(row.estimate, row.low, row.high) for row in chart.rows],
        always=[row.summary for row in chart.rows],
        lines=(chart.null, chart.margin),
        others=chart.prediction or (),
        log=chart.scale == "log",
    )
    domain = scale(reach, start, end, log=chart.scale == "log", factor=chart.factor, pad=0.04)
    sizes = [_count(row.n) for row in chart.rows if not row.summary and row.estimate is not None]
    known = [size for size in sizes if size]
    return _Frame(
        density=spacing,
        label=label,
        n=n,
        result_left=width - result,
        result=result,
        scale=domain,
        largest_n=max(known, default=0.0) if len(known) == len(sizes) else 0.0,
    )


def _count(text: str) -> float:
    """Return the number that a printed n begins with, 0 if it begins with none."""
    found = re.match(r"\s*(\d[\d,\u202f\u00a0 ]*)", text)
    return float(re.sub(r"\D", "", found[1])[:15]) if found else 0.0


def _label(row: ForestRow, frame: _Frame, language: str) -> Any:
    style = frame.density.style.but(bold=row.summary or row.heading)
    room = frame.scale.start if row.heading else frame.label - row.indent * _INDENT
    return row_label(row.label, style, room, language, frame.density.lines)


def _height(lines: Sequence[object], spacing: Density) -> float:
    return spacing.pitch + (len(lines) - 1) * (spacing.style.leading + 1.5)


def _head_height(chart: Forest, sheet: Sheet, frame: _Frame) -> float:
    texts = ((chart.label_header, frame.label), (chart.n_header, frame.n))
    lines = [
        shortened(text, BOLD, width, sheet.language, 3)
        for text, width in (*texts, (chart.result_header, frame.result))
    ]
    margin = words_height(sheet, frame.scale, chart.margin_label, MARGIN_TEXT)
    return max(max(map(len, lines)) * BOLD.leading, margin) + 6.0


def _ground(chart: Forest, sheet: Sheet, frame: _Frame, top: float, foot: float) -> None:
    """Draw what lies behind the marks: grid, null and margin."""
    for tick in ticks_across(sheet, frame.scale):
        sheet.line(tick.at, top, tick.at, foot, color=GRID, width=0.5)
    if chart.null is not None:
        reference(sheet, frame.scale, chart.null, top, foot, margin=False)
    if chart.margin is not None:
        reference(sheet, frame.scale, chart.margin, top - 2.0, foot, margin=True)


def _head(chart: Forest, sheet: Sheet, frame: _Frame, height: float) -> None:
    sheet.line(0, 0, sheet.width, 0, color=RULE, width=0.9)
    columns = (
        (chart.label_header, 0.0, frame.label, BOLD),
        (chart.n_header, frame.label + GUTTER, frame.n, BOLD.but(align="right")),
        (chart.result_header, frame.result_left, frame.result, BOLD.but(align="right")),
    )
    for text, left, width, style in columns:
        lines = shortened(text, style, width, sheet.language, 3)
        sheet.block(left, height - 3.0 - block_height(lines, style), width, lines, style)
    if chart.margin is not None and chart.margin_label:
        words_above(sheet, frame.scale, chart.margin, chart.margin_label, height - 3.0, MARGIN_TEXT)
    sheet.line(0, height, sheet.width, height, color=RULE, width=0.5)


def _row(
    sheet: Sheet, frame: _Frame, row: ForestRow, label: Any, top: float, height: float
) -> None:
    style = frame.density.style.but(bold=row.summary or row.heading)
    middle = top + height / 2
    left = row.indent * _INDENT
    sheet.block(left, middle - block_height(label, style) / 2, frame.label - left, label, style)
    if row.heading:
        _beside(sheet, frame, row.result, middle)
        return
    y = middle + style.size * 0.36
    n = shortened(row.n, style, frame.n, sheet.language)
    sheet.block(
        frame.label + GUTTER, middle - style.leading / 2, frame.n, n, style.but(align="right")
    )
    estimate = finite(row.estimate)
    if estimate is None:
        _undefined(sheet, frame, row.result, middle, style)
        sheet.text(sheet.width, y, "–", style.but(color=MUTED), anchor="end")
        return
    result = shortened(row.result, style, frame.result, sheet.language)
    sheet.block(
        frame.result_left, middle - style.leading / 2, frame.result, result,
        style.but(align="right"),
    )  # fmt: skip
    if row.summary:
        limits = (row.low, row.high)
        diamond(sheet, frame.scale, estimate, limits, middle, frame.density.pitch)
    else:
        interval(sheet, frame.scale, row.low, row.high, middle)
        _box(sheet, frame, row, estimate, middle)


def _beside(sheet: Sheet, frame: _Frame, text: str, middle: float) -> None:
    """Write what stands in the column of results where there is no estimate of a center."""
    style = frame.density.style.but(color=MUTED, align="right")
    lines = shortened(text, style, frame.result, sheet.language)
    sheet.block(frame.result_left, middle - style.leading / 2, frame.result, lines, style)


def _undefined(sheet: Sheet, frame: _Frame, reason: str, middle: float, style: Style) -> None:
    """Say in the place of the mark why there is none."""
    words = style.but(size=min(style.size, SMALL.size), color=MUTED, bold=False)
    room = frame.scale.end - frame.scale.start
    lines = shortened(reason, words, room - 8.0, sheet.language, 1)
    width = lines[0].width + 8.0
    left = (frame.scale.start + frame.scale.end - width) / 2
    sheet.box(left, middle - words.leading / 2, width, words.leading, fill=WHITE)
    sheet.block(left + 4.0, middle - words.leading / 2, width, lines, words)


def _box(sheet: Sheet, frame: _Frame, row: ForestRow, estimate: float, y: float) -> None:
    """Draw the estimate as a box whose area grows with n."""
    largest = min(_LARGEST, frame.density.pitch * 0.62)
    share = _count(row.n) / frame.largest_n if frame.largest_n else 0.45
    side = max(largest * math.sqrt(share), _SMALLEST)
    x = frame.scale.at(estimate)
    sheet.box(x - side / 2, y - side / 2, side, side, fill=BLUE)


def _prediction(chart: Forest, sheet: Sheet, frame: _Frame, top: float) -> None:
    """Draw the prediction interval as a thin bar in a row of its own."""
    spacing, y = frame.density, top + frame.density.pitch / 2
    style = spacing.style.but(color=MUTED)
    room = frame.label + frame.n + GUTTER
    lines = shortened(chart.prediction_label, style, room, sheet.language)
    sheet.block(0, y - style.leading / 2, room, lines, style)
    _beside(sheet, frame, chart.prediction_result, y)
    ends = ends_of(frame.scale, *(chart.prediction or (None, None)))
    if ends is not None:
        left, left_open, right, right_open = ends
        sheet.box(left, y - 1.1, max(right - left, 0.1), 2.2, fill=FAINT)
        for x, is_open, direction in ((left, left_open, -1), (right, right_open, 1)):
            if is_open:
                sheet.arrow(x, y, direction, color=FAINT, size=4.5)
            else:
                sheet.line(x, y - 3, x, y + 3, color=FAINT, width=0.9)


def _favours(chart: Forest, sheet: Sheet, frame: _Frame, top: float) -> float:
    """Say on which side of the null what is better; return where the chart ends."""
    pivot = chart.null if chart.null is not None else chart.margin
    if pivot is None or not (chart.left or chart.right):
        return top
    x = frame.scale.at(pivot)
    style = LABEL.but(size=8, leading=9.8, color=INK)
    y, used = top + 4.0, 0.0
    for text, direction in ((chart.left, -1), (chart.right, 1)):
        if not text:
            continue
        tip = x + direction * 22
        room = max((tip if direction < 0 else sheet.width - tip) - 4.0, 1.0)
        lines = shortened(text, style, room, sheet.language, 2)
        middle = y + style.leading / 2
        sheet.line(x + direction * 5, middle, tip - direction * 3, middle, color=MUTED, width=0.8)
        sheet.arrow(tip, middle, direction, color=MUTED, size=4.0)
        left = tip - 4.0 - room if direction < 0 else tip + 4.0
        aligned = style.but(align="right" if direction < 0 else "left")
        sheet.block(left, y, room, lines, aligned)
        used = max(used, block_height(lines, style))
    return y + used
