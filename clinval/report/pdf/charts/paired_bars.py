"""Paired bars: reference and test of each site, one under the other, with their values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, bottom, ticks_across
from clinval.report.pdf.charts.rows import GUTTER, Cut, column
from clinval.report.pdf.charts.series import key
from clinval.report.pdf.charts.sheet import LABEL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import BLUE, MUTED, NAVY, WHITE, Style
from clinval.report.pdf.text import balanced, plain_line, shortened

if TYPE_CHECKING:
    from clinval.report.figures import PairedBar, PairedBars

__all__ = ["draw"]

_HEAD = 9.0  # between the key and the first bar
_LINE = 0.8
_EDGE = {WHITE: MUTED, BLUE: BLUE}  # reference bars are open, those of the test full


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The geometry that all parts of a chart share."""

    style: Style
    bar: float
    between: float
    label: float
    scale: Scale

    @property
    def pitch(self) -> float:
        return 2 * self.bar + self.between


def draw(chart: PairedBars, width: float, language: str, cut: Cut) -> Any:
    """Draw some pairs; the axis is that of all."""
    sheet = Sheet(width, language)
    frame = _frame(chart, sheet)
    bars = chart.bars[cut[0] : cut[1]]
    head = _key(chart, sheet, frame.label + GUTTER) + _HEAD
    foot = head + len(bars) * frame.pitch + 3.0
    for tick in ticks_across(sheet, frame.scale):
        sheet.line(tick.at, head - 4, tick.at, foot, color=GRID, width=0.5)
    for index, bar in enumerate(bars):
        _pair(sheet, frame, bar, head + index * frame.pitch)
    zero = frame.scale.at(0.0)
    sheet.line(zero, head - 4, zero, foot, color=MUTED, width=0.7)
    return sheet.drawing(bottom(sheet, frame.scale, foot, chart.axis) + 2.0)


def _frame(chart: PairedBars, sheet: Sheet) -> _Frame:
    many = len(chart.bars) > 22
    style = LABEL.but(size=7.5, leading=9) if many else LABEL
    label = column(
        [bar.label for bar in chart.bars],
        style, sheet.language, least=sheet.width * 0.1, most=sheet.width * 0.3,
    )  # fmt: skip
    values = [value for bar in chart.bars for value in (bar.reference, bar.test)]
    numbers = style.but(size=style.size - 0.5, bold=True)
    texts = [text for bar in chart.bars for text in (bar.reference_text, bar.test_text)]
    widest = max((sheet.measure(text, numbers) for text in texts), default=0.0)
    room = min(widest + 6.0, sheet.width * 0.2)
    negative = any((finite(value) or 0.0) < 0 for value in values)
    start = label + GUTTER + (room if negative else 0.0)
    return _Frame(
        style=style,
        bar=4.9 if many else 6.7,
        between=4.4 if many else 8.2,
        label=label,
        scale=_from_zero(values, start, sheet.width - room),
    )


def _from_zero(values: list[float], start: float, end: float) -> Scale:
    """Return a scale that begins at zero: the length of a bar is its value."""
    found = scale([0.0, *values], start, end, pad=0.02)
    known = [value for value in map(finite, values) if value is not None]
    low = 0.0 if min(known, default=0.0) >= 0 else found.low
    high = 0.0 if max(known, default=1.0) <= 0 and low < 0 else found.high
    return Scale(low=low, high=high, start=start, end=end)


def _key(chart: PairedBars, sheet: Sheet, left: float) -> float:
    """Name both bars above the plot, each beside a piece of its bar; return where that ends."""

    def piece(fill: str, x: float, y: float, width: float) -> None:
        sheet.box(x, y - 3.2, width, 6.4, fill=fill, stroke=_EDGE[fill], line=_LINE)

    entries = [
        (chart.reference_label, partial(piece, WHITE)), (chart.test_label, partial(piece, BLUE)),
    ]  # fmt: skip
    return key(sheet, entries, left, 0.0)


def _pair(sheet: Sheet, frame: _Frame, bar: PairedBar, top: float) -> None:
    style, pitch = frame.style, frame.pitch
    most = 2 if pitch >= 2 * style.leading else 1
    lines = balanced(bar.label, style, frame.label, sheet.language, most)
    middle = top + frame.between / 2 + frame.bar
    sheet.block(0, middle - block_height(lines, style) / 2, frame.label, lines, style)
    y = top + frame.between / 2
    for value, text, fill in (
        (bar.reference, bar.reference_text, WHITE), (bar.test, bar.test_text, BLUE),
    ):  # fmt: skip
        _bar(sheet, frame, finite(value), text, y, fill)
        y += frame.bar


def _bar(
    sheet: Sheet, frame: _Frame, value: float | None, text: str, top: float, fill: str
) -> None:
    scale = frame.scale
    zero = scale.at(0.0)
    end = zero if value is None else scale.at(value)
    test = fill == BLUE
    if value is not None:
        sheet.box(min(zero, end), top, abs(end - zero), frame.bar - 1.2,
            fill=fill, stroke=_EDGE[fill], line=_LINE)  # fmt: skip
    size = min(frame.style.size - 0.5, frame.bar + 1.2)
    style = frame.style.but(size=size, bold=test, color=NAVY if test else MUTED)
    y = top + frame.bar / 2 + size * 0.33
    negative = value is not None and value < 0
    room = end - 3 - frame.label if negative else sheet.width - end - 3
    short = plain_line(shortened(text, style, max(room, 1.0), sheet.language))
    if negative:
        sheet.text(end - 3, y, short, style, anchor="end")
    else:
        sheet.text(end + 3, y, short, style)
