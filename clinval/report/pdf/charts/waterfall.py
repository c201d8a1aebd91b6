"""Waterfall: from a first value to the net one, a row for each thing that adds or takes away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, bottom, ticks_across
from clinval.report.pdf.charts.rows import GUTTER, Cut, column, density, row_label
from clinval.report.pdf.charts.sheet import SMALL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import BLUE, MUTED, NAVY, RULE, TONE_TEXT, VERMILION, WHITE
from clinval.report.pdf.text import plain_line, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.report.figures import Waterfall, WaterfallStep
    from clinval.report.pdf.charts.rows import Density

__all__ = ["draw"]

_TOP = 4.0
_GAIN = "#8FBEDD"
_NARROW = 100.0  # points that names may take where the chart is small
_BESIDE = 4.0  # between a bar and its number
_THICK = 0.62  # of a row: the bar


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The geometry that all parts of a chart share."""

    density: Density
    label: float
    pitch: float
    scale: Scale


def draw(chart: Waterfall, width: float, language: str, cut: Cut) -> Any:
    """Draw some steps, top to bottom; the axis is that of all."""
    sheet = Sheet(width, language)
    spans = _spans(chart.steps)
    frame = _frame(chart, sheet, spans)
    steps, spans = chart.steps[cut[0] : cut[1]], spans[cut[0] : cut[1]]
    foot = _TOP + len(steps) * frame.pitch + 2.0
    for tick in ticks_across(sheet, frame.scale):
        sheet.line(tick.at, _TOP, tick.at, foot, color=GRID, width=0.5)
    y = _TOP
    for index, (step, span) in enumerate(zip(steps, spans, strict=True)):
        if step.total:
            sheet.line(0, y, frame.label, y, color=MUTED, width=0.4)
        _row(sheet, frame, step, span, y)
        if index + 1 < len(steps):  # the next bar begins where this one ends
            x = frame.scale.at(span[1])
            below = y + frame.pitch * (1 + (1 - _THICK) / 2)
            start = y + frame.pitch * (1 + _THICK) / 2
            sheet.line(x, start, x, below, color=MUTED, width=0.6, dash=(1.5, 1.5))
        y += frame.pitch
    zero = frame.scale.at(0.0)
    sheet.line(zero, _TOP, zero, foot, color=RULE, width=0.8)
    return sheet.drawing(bottom(sheet, frame.scale, foot, chart.axis) + 2.0)


def _spans(steps: Sequence[WaterfallStep]) -> list[tuple[float, float]]:
    """Return where each bar begins and ends; that of a total begins at zero.

    What is not known moves nothing.
    """
    spans, level = [], 0.0
    for step in steps:
        value = finite(step.value)
        start = 0.0 if step.total else level
        level = finite(level if value is None else start + value) or 0.0
        spans.append((level if value is None else start, level))
    return spans


def _frame(chart: Waterfall, sheet: Sheet, spans: Sequence[tuple[float, float]]) -> _Frame:
    spacing = density(len(chart.steps))
    label = column(
        [step.label for step in chart.steps], spacing.style.but(bold=True), sheet.language,
        least=sheet.width * 0.1, most=max(sheet.width * 0.36, min(_NARROW, sheet.width * 0.42)),
    )  # fmt: skip
    words = SMALL.but(bold=True)
    widest = max((sheet.measure(step.text, words) for step in chart.steps), default=0.0)
    room = min(widest + 2 * _BESIDE, sheet.width * 0.18)
    values = [0.0, *(value for span in spans for value in span)]
    negative = min(values) < 0
    start = label + GUTTER + (room if negative else 0.0)
    folded = any(
        len(row_label(step.label, spacing.style.but(bold=step.total), label, sheet.language,
                      spacing.lines)) > 1
        for step in chart.steps
    )  # fmt: skip
    return _Frame(
        density=spacing,
        label=label,
        pitch=2 * spacing.style.leading + 3.0 if folded else spacing.pitch,
        scale=scale(values, start, sheet.width - room, factor=chart.factor, pad=0.0),
    )


def _row(
    sheet: Sheet, frame: _Frame, step: WaterfallStep, span: tuple[float, float], top: float
) -> None:
    """Draw a step: its name, its bar, its number beside the end of the bar."""
    style = frame.density.style.but(bold=step.total)
    middle = top + frame.pitch / 2
    lines = row_label(step.label, style, frame.label, sheet.language, frame.density.lines)
    sheet.block(0, middle - block_height(lines, style) / 2, frame.label, lines, style)
    start, end = (frame.scale.at(value) for value in span)
    loss = span[1] < span[0]
    edge = VERMILION if loss else NAVY if step.total else BLUE
    if finite(step.value) is not None:
        thick = frame.pitch * _THICK
        sheet.box(
            min(start, end), middle - thick / 2, abs(end - start), thick,
            fill=WHITE if loss else NAVY if step.total else _GAIN, stroke=edge, line=1.0,
        )  # fmt: skip
    color = TONE_TEXT["bad"] if loss else NAVY
    words = SMALL.but(bold=step.total, color=color)
    y = middle + SMALL.size * 0.36
    left, zero = min(start, end), frame.scale.at(0.0)
    free = zero if zero <= left else frame.label  # a number does not run through the zero line
    if loss and left - free - _BESIDE > sheet.measure(step.text, words):
        sheet.text(left - _BESIDE, y, step.text, words, anchor="end")
        return
    x = max(start, end) + _BESIDE
    short = plain_line(shortened(step.text, words, max(sheet.width - x, 1.0), sheet.language))
    sheet.text(x, y, short, words)
