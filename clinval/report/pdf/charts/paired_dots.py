"""Readers by modality: both values of each reader as linked dots, beside them the difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, bottom, ticks_across
from clinval.report.pdf.charts.estimates import diamond, extent, interval
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
from clinval.report.pdf.charts.series import Look, look, mark
from clinval.report.pdf.charts.sheet import BOLD, LABEL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import BLUE, FAINT, MUTED, RULE, Style
from clinval.report.pdf.text import shortened

if TYPE_CHECKING:
    from clinval.report.figures import PairedDots, PairedDotsRow

__all__ = ["draw"]

_VALUES = 0.46  # of the room for both plots
_TOP = 5.0  # between the header's rule and the first row
_BOX = 4.6  # side of the mark of a difference
_DOT = 2.9
_SAMPLE = 12.0  # room of a mark in the key


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The geometry that all parts of a chart share."""

    density: Density
    label: float
    result: float
    values: Scale
    differences: Scale
    head: float


def draw(chart: PairedDots, width: float, language: str, cut: Cut) -> Any:
    """Draw some readers; axes and columns are those of all."""
    chart = replace(chart, null=finite(chart.null), margin=finite(chart.margin))
    sheet = Sheet(width, language)
    frame = _frame(chart, sheet)
    rows = chart.rows[cut[0] : cut[1]]
    foot = frame.head + _TOP + len(rows) * frame.density.pitch + 2.0
    _ground(chart, sheet, frame, foot)
    _head(chart, sheet, frame)
    y = frame.head + _TOP
    for index, row in enumerate(rows):
        if row.summary and index and not rows[index - 1].summary:
            sheet.line(0, y, width, y, color=MUTED, width=0.4)
        _row(sheet, frame, row, y + frame.density.pitch / 2)
        y += frame.density.pitch
    sheet.line(0, foot, width, foot, color=RULE, width=0.9)
    ends = [
        bottom(sheet, axis, foot, title)
        for axis, title in (
            (frame.values, chart.axis), (frame.differences, chart.difference_axis),
        )
    ]  # fmt: skip
    return sheet.drawing(max(ends) + 2.0)


def _frame(chart: PairedDots, sheet: Sheet) -> _Frame:
    width, language, spacing = sheet.width, sheet.language, density(len(chart.rows))
    style = spacing.style.but(bold=any(row.summary for row in chart.rows))
    label = column(
        [row.label for row in chart.rows], style, language,
        least=width * 0.1, most=width * 0.24, header=chart.label_header,
    )  # fmt: skip
    result = column(
        [row.result for row in chart.rows if row.estimate is not None], style, language,
        least=30.0, most=width * 0.26, header=chart.result_header,
    )  # fmt: skip
    start, end = label + GUTTER + 4.0, width - result - GUTTER - 8.0
    middle = start + (end - start) * _VALUES
    values = [value for row in chart.rows for value in (row.reference, row.test)]
    reach = extent(
        [(row.estimate, row.low, row.high) for row in chart.rows],
        always=[row.summary for row in chart.rows],
        lines=(chart.null, chart.margin),
    )
    differences = scale(reach, middle + GUTTER, end, factor=chart.factor, pad=0.05)
    headers = (
        (chart.label_header, label),
        (chart.result_header, result),
        (chart.reference_label, middle - start - _SAMPLE),
        (chart.test_label, middle - start - _SAMPLE),
    )
    lines = [len(shortened(text, BOLD, room, language, 3)) for text, room in headers]
    margin = words_height(sheet, differences, chart.margin_label, MARGIN_TEXT)
    deepest = max(lines[0], lines[1], lines[2] + lines[3]) * BOLD.leading
    return _Frame(
        density=spacing,
        label=label,
        result=result,
        values=scale(values, start, middle - GUTTER, factor=chart.factor, pad=0.07),
        differences=differences,
        head=max(deepest, margin) + 6.0,
    )


def _ground(chart: PairedDots, sheet: Sheet, frame: _Frame, foot: float) -> None:
    """Draw what lies behind the marks: both grids, null and margin."""
    for axis in (frame.values, frame.differences):
        for tick in ticks_across(sheet, axis):
            sheet.line(tick.at, frame.head, tick.at, foot, color=GRID, width=0.5)
    if chart.null is not None:
        reference(sheet, frame.differences, chart.null, frame.head, foot, margin=False)
    if chart.margin is not None:
        reference(sheet, frame.differences, chart.margin, frame.head - 2.0, foot, margin=True)


def _head(chart: PairedDots, sheet: Sheet, frame: _Frame) -> None:
    """Name the columns, and both marks above the dots."""
    sheet.line(0, 0, sheet.width, 0, color=RULE, width=0.9)
    right = BOLD.but(align="right")
    for text, left, width, style in (
        (chart.label_header, 0.0, frame.label, BOLD),
        (chart.result_header, sheet.width - frame.result, frame.result, right),
    ):
        lines = shortened(text, style, width, sheet.language, 3)
        top = frame.head - 3.0 - block_height(lines, style)
        sheet.block(left, top, width, lines, style)
    left, y = frame.values.start, frame.head - 3.0
    room = frame.values.end + GUTTER - left - _SAMPLE
    for text, kind in ((chart.test_label, _test()), (chart.reference_label, _reference())):
        style = BOLD.but(color=kind.words)
        lines = shortened(text, style, room, sheet.language, 3)
        y -= block_height(lines, style)
        sheet.block(left + _SAMPLE, y, room, lines, style)
        mark(sheet, kind, left + _DOT, y + style.leading / 2, _DOT)
    if chart.margin is not None and chart.margin_label:
        end = frame.head - 3.0
        words_above(sheet, frame.differences, chart.margin, chart.margin_label, end, MARGIN_TEXT)
    sheet.line(0, frame.head, sheet.width, frame.head, color=RULE, width=0.5)


def _test() -> Look:
    return look(0)


def _reference() -> Look:
    return look(1)


def _row(sheet: Sheet, frame: _Frame, row: PairedDotsRow, middle: float) -> None:
    style = frame.density.style.but(bold=row.summary)
    label = row_label(row.label, style, frame.label, sheet.language, 1)
    sheet.block(0, middle - block_height(label, style) / 2, frame.label, label, style)
    _dots(sheet, frame, row, middle)
    _difference(sheet, frame, row, middle, style)


def _dots(sheet: Sheet, frame: _Frame, row: PairedDotsRow, y: float) -> None:
    """Draw both values, linked where there are both."""
    reference_at, test_at = finite(row.reference), finite(row.test)
    half = min(_DOT, frame.density.pitch * 0.24)
    if reference_at is not None and test_at is not None:
        start, end = frame.values.at(reference_at), frame.values.at(test_at)
        sheet.line(start, y, end, y, color=FAINT, width=0.6)
    for value, kind in ((reference_at, _reference()), (test_at, _test())):
        if value is not None:
            mark(sheet, kind, frame.values.at(value), y, half)


def _difference(
    sheet: Sheet, frame: _Frame, row: PairedDotsRow, middle: float, style: Style
) -> None:
    """Draw the difference with its interval and print it; or say why there is none."""
    axis, estimate = frame.differences, finite(row.estimate)
    if estimate is None:
        words = LABEL.but(size=min(style.size, 7.5), leading=9.0, color=MUTED)
        room = sheet.width - axis.start
        lines = shortened(row.result, words, room, sheet.language)
        right = words.but(align="right")
        sheet.block(axis.start, middle - words.leading / 2, room, lines, right)
        return
    result = shortened(row.result, style, frame.result, sheet.language)
    left = sheet.width - frame.result
    right = style.but(align="right")
    sheet.block(left, middle - style.leading / 2, frame.result, result, right)
    if row.summary:
        diamond(sheet, axis, estimate, (row.low, row.high), middle, frame.density.pitch)
        return
    interval(sheet, axis, row.low, row.high, middle)
    side = min(_BOX, frame.density.pitch * 0.5)
    x = axis.at(estimate)
    sheet.box(x - side / 2, middle - side / 2, side, side, fill=BLUE)
