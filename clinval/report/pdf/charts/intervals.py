"""Intervals against a margin: one axis, the zone beyond the margin shaded, the verdict in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, bottom, ticks_across
from clinval.report.pdf.charts.rows import (
    GUTTER,
    MARGIN_TEXT,
    NULL_TEXT,
    Cut,
    column,
    reference,
    words_above,
    words_height,
)
from clinval.report.pdf.charts.sheet import LABEL, SMALL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import (
    MUTED,
    RULE,
    TONE_MARK,
    TONE_TEXT,
    VERMILION_TINT,
    WHITE,
    Style,
)
from clinval.report.pdf.text import balanced, shortened

if TYPE_CHECKING:
    from clinval.report.figures import IntervalRow, Intervals
    from clinval.report.pdf.text import Line

__all__ = ["draw"]

_MANY = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The geometry that all parts of a chart share."""

    style: Style
    pitch: float
    label: float
    words_left: float
    words: float
    scale: Scale


def draw(chart: Intervals, width: float, language: str, cut: Cut) -> Any:
    """Draw some rows; the axis and the columns are those of all rows."""
    sheet = Sheet(width, language)
    frame = _frame(chart, sheet)
    planned = [_plan(row, frame, language) for row in chart.rows[cut[0] : cut[1]]]
    margin_height = words_height(sheet, frame.scale, chart.margin_label, MARGIN_TEXT)
    null_height = words_height(sheet, frame.scale, chart.null_label, NULL_TEXT)
    top = margin_height + null_height + 5.0
    foot = top + sum(row.height for row in planned) + 6.0
    _ground(chart, sheet, frame, top, foot)
    _words(chart, sheet, frame, top)
    y = top + 3.0
    for index, row in enumerate(planned):
        if index:
            sheet.line(0, y, frame.label, y, color=GRID, width=0.5)
            sheet.line(frame.words_left, y, width, y, color=GRID, width=0.5)
        _row(sheet, frame, row, y)
        y += row.height
    sheet.line(frame.scale.start, foot, frame.scale.end, foot, color=RULE, width=0.9)
    return sheet.drawing(bottom(sheet, frame.scale, foot, chart.axis) + 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A row whose texts have been broken into lines."""

    row: IntervalRow
    label: tuple[Line, ...]
    verdict: tuple[Line, ...]
    result: tuple[Line, ...]
    height: float


def _frame(chart: Intervals, sheet: Sheet) -> _Frame:
    many = len(chart.rows) > _MANY
    style = LABEL.but(size=8, leading=9.6) if many else LABEL
    width, language = sheet.width, sheet.language
    label = column(
        [row.label for row in chart.rows], style, language, least=width * 0.1, most=width * 0.27
    )
    words = column(
        [text for row in chart.rows for text in (row.verdict, row.result)],
        style.but(bold=True), language, least=width * 0.12, most=width * 0.27,
    )  # fmt: skip
    start, end = label + GUTTER + 6.0, width - words - GUTTER - 6.0
    values = [chart.margin, chart.upper_margin, chart.null]
    for row in chart.rows:
        values += [row.estimate, row.low, row.high]
    axis = scale(values, start, end, log=chart.scale == "log", factor=chart.factor, pad=0.09)
    return _Frame(
        style=style,
        pitch=23.0 if many else 31.0,
        label=label,
        words_left=width - words,
        words=words,
        scale=axis,
    )


def _plan(row: IntervalRow, frame: _Frame, language: str) -> _Plan:
    style, small = frame.style, SMALL.but(size=frame.style.size - 0.7)
    label = balanced(row.label, style, frame.label, language, 3)
    verdict = shortened(row.verdict, style.but(bold=True), frame.words, language, 3)
    result = shortened(row.result, small, frame.words, language, 2)
    words = block_height(verdict, style) + block_height(result, small)
    height = max(frame.pitch, block_height(label, style) + 6.0, words + 6.0)
    return _Plan(row=row, label=label, verdict=verdict, result=result, height=height)


def _ground(chart: Intervals, sheet: Sheet, frame: _Frame, top: float, foot: float) -> None:
    """Draw what lies behind the marks: the zone beyond the margin, grid, null and margin."""
    axis = frame.scale
    margin = axis.at(chart.margin)
    upper = margin if chart.upper_margin is None else axis.at(chart.upper_margin)
    left, right = min(margin, upper), max(margin, upper)
    if chart.shade in {"left", "both"}:
        sheet.box(axis.start, top, left - axis.start, foot - top, fill=VERMILION_TINT)
    if chart.shade in {"right", "both"}:
        sheet.box(right, top, axis.end - right, foot - top, fill=VERMILION_TINT)
    for tick in ticks_across(sheet, axis):
        sheet.line(tick.at, top, tick.at, foot, color=GRID, width=0.5)
    if chart.null is not None:
        reference(sheet, axis, chart.null, top - 2.0, foot, margin=False)
    for value in {chart.margin, chart.margin if chart.upper_margin is None else chart.upper_margin}:
        reference(sheet, axis, value, top - 2.0, foot, margin=True)


def _words(chart: Intervals, sheet: Sheet, frame: _Frame, top: float) -> None:
    """Name the lines above the plot: the null nearer to it, the margin above."""
    axis, free = frame.scale, top - 3.0
    if chart.null is not None and chart.null_label:
        words_above(sheet, axis, chart.null, chart.null_label, free, NULL_TEXT)
    free -= words_height(sheet, axis, chart.null_label, NULL_TEXT)
    if not chart.margin_label:
        return
    at = chart.margin
    if chart.upper_margin is not None:  # one label over the zone that both enclose
        low, high = axis.at(chart.margin), axis.at(chart.upper_margin)
        share = ((low + high) / 2 - axis.start) / (axis.end - axis.start)
        at = _value_at(axis, share)
        for x in (low, high):
            sheet.line(x, free - 4, x, top, color=MARGIN_TEXT.color, width=0.5)
    words_above(sheet, axis, at, chart.margin_label, free, MARGIN_TEXT)


def _value_at(axis: Scale, share: float) -> float:
    if axis.log:
        return float(axis.low * (axis.high / axis.low) ** share)
    return axis.low + (axis.high - axis.low) * share


def _row(sheet: Sheet, frame: _Frame, plan: _Plan, top: float) -> None:
    row, style, small = plan.row, frame.style, SMALL.but(size=frame.style.size - 0.7, color=MUTED)
    middle = top + plan.height / 2
    sheet.block(0, middle - block_height(plan.label, style) / 2, frame.label, plan.label, style)
    bold = style.but(bold=True, color=TONE_TEXT[row.tone])
    verdict = block_height(plan.verdict, bold)
    y = middle - (verdict + block_height(plan.result, small)) / 2
    sheet.block(frame.words_left, y, frame.words, plan.verdict, bold)
    sheet.block(frame.words_left, y + verdict, frame.words, plan.result, small)
    _mark(sheet, frame.scale, row, middle)


def _mark(sheet: Sheet, axis: Scale, row: IntervalRow, y: float) -> None:
    """Draw interval and estimate: a disc is good, a square is bad, a ring is neither."""
    color = TONE_MARK[row.tone]
    estimate, low, high = finite(row.estimate), finite(row.low), finite(row.high)
    if axis.log and low is not None and low <= 0:
        low = None
    if low is not None or high is not None:
        left = axis.start if low is None else axis.at(low)
        right = axis.end if high is None else axis.at(high)
        sheet.line(left, y, right, y, color=color, width=1.5)
        for x, known, direction in ((left, low, -1), (right, high, 1)):
            if known is None:
                sheet.arrow(x, y, direction, color=color, size=5.0)
            else:
                sheet.line(x, y - 3.2, x, y + 3.2, color=color, width=1.5)
    if estimate is None:
        if low is None and high is None:
            x = (axis.start + axis.end) / 2
            sheet.text(x, y + 3, "–", LABEL.but(color=MUTED), anchor="middle")
        return
    x = axis.at(estimate)
    match row.tone:
        case "good":
            sheet.circle(x, y, 3.6, fill=color, stroke=WHITE, line=0.8)
        case "bad":
            sheet.box(x - 3.4, y - 3.4, 6.8, 6.8, fill=color, stroke=WHITE, line=0.8)
        case _:
            sheet.circle(x, y, 3.3, fill=WHITE, stroke=color, line=1.4)
