"""Flow diagram after CONSORT and STARD: who entered, who left and why, who was analysed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.sheet import BOLD, LABEL, Sheet, block_height
from clinval.report.pdf.styles import BLUE, HAIR, MUTED, NAVY, TINT, WHITE
from clinval.report.pdf.surface import baseline
from clinval.report.pdf.text import Line, lay

if TYPE_CHECKING:
    from clinval.report.figures import Flow, FlowStep
    from clinval.report.pdf.charts.rows import Cut
    from clinval.report.pdf.styles import Style

__all__ = ["draw"]

_MAIN, _SIDE = 0.44, 0.46  # widths of the boxes, of the chart's
_TEXT = LABEL.but(align="center")
_COUNT = BOLD.but(align="center", size=9.5, leading=13, color=NAVY)
_REASON = LABEL.but(size=8, leading=10.4)
_TITLE = _REASON.but(bold=True)
_TITLE_GAP = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gaps:
    """How far things stand apart: within a box, between two boxes, around a side box."""

    pad: float
    arrow: float
    around: float


_GAPS = {
    False: _Gaps(pad=6.0, arrow=16.0, around=7.0),
    True: _Gaps(pad=4.0, arrow=12.0, around=5.0),
}  # by whether the diagram is compact


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A line of a side box: words at the left, a number at the end of the line."""

    lines: tuple[Line, ...]
    count: str
    style: Style

    @property
    def height(self) -> float:
        return block_height(self.lines, self.style)


def draw(chart: Flow, width: float, language: str, cut: Cut) -> Any:
    """Draw some steps of the diagram, top to bottom."""
    sheet = Sheet(width, language)
    y = free = 1.0
    for index, step in enumerate(chart.steps[cut[0] : cut[1]]):
        first = not index and not cut[0]
        y, free = _way(chart, sheet, step, (y, free), first=first)
        y = _line(sheet, step, y) if chart.compact else _box(sheet, step, y)
    return sheet.drawing(max(y, free) + 1.0)


def _way(
    chart: Flow, sheet: Sheet, step: FlowStep, tops: tuple[float, float], *, first: bool
) -> tuple[float, float]:
    """Draw the way into a step, with those who leave on it.

    ``tops`` are where there is room at the left, for boxes, and at the right, for side boxes;
    return both below the way. In a compact diagram side boxes reach beside the boxes.
    """
    top, free = tops
    x, gaps = sheet.width * _MAIN / 2, _GAPS[chart.compact]
    if not step.excluded:
        if first:
            return tops
        _down(sheet, x, top, top + gaps.arrow)
        return top + gaps.arrow, free
    entries = _entries(chart, sheet, step)
    height = 2 * gaps.pad + _TITLE_GAP + sum(entry.height for entry in entries)
    middle = top + gaps.around + height / 2
    if chart.compact:
        middle = max(top + gaps.arrow / 2, free + height / 2)
    left, end = sheet.width * (1 - _SIDE), 2 * middle - top
    _down(sheet, x, top, end)
    sheet.line(x, middle, left - 4, middle, color=MUTED, width=0.8)
    sheet.arrow(left, middle, 1, color=MUTED, size=5.0)
    _side(sheet, (left, middle - height / 2), height, gaps.pad, entries)
    return end, middle + height / 2 + gaps.around


def _entries(chart: Flow, sheet: Sheet, step: FlowStep) -> list[_Entry]:
    """Return the lines of a side box: the total, then the reasons."""
    total = step.left
    if total is None:
        total = sum(item.n for item in step.excluded if isinstance(item.n, int))
    texts = [(chart.excluded_title, _said(total), _TITLE)]
    texts += [(item.reason, _said(item.n), _REASON) for item in step.excluded]
    numbers = max(sheet.measure(n, style) for _, n, style in texts)
    room = max(sheet.width * _SIDE - 2 * _GAPS[chart.compact].pad - numbers - 10, 1.0)
    return [
        _Entry(lines=lay(text, style, room, sheet.language), count=n, style=style)
        for text, n, style in texts
    ]


def _side(
    sheet: Sheet, corner: tuple[float, float], height: float, pad: float, entries: list[_Entry]
) -> None:
    (left, top), width = corner, sheet.width * _SIDE
    sheet.box(left, top, width, height, fill=TINT, stroke=HAIR, line=0.7)
    y = top + pad
    for index, entry in enumerate(entries):
        style = entry.style
        sheet.block(left + pad, y, width, entry.lines, style)
        last = y + entry.height - style.leading + baseline(style)
        sheet.text(left + width - pad, last, entry.count, style, anchor="end")
        y += entry.height + (0.0 if index else _TITLE_GAP)


def _box(sheet: Sheet, step: FlowStep, top: float) -> float:
    """Draw the box of a step and return where it ends."""
    width, pad = sheet.width * _MAIN, _GAPS[False].pad
    lines = lay(step.label, _TEXT, width - 2 * pad, sheet.language)
    text = block_height(lines, _TEXT)
    height = text + _COUNT.leading + 2 * pad
    sheet.box(0.5, top, width - 1.0, height, fill=WHITE, stroke=BLUE, line=1.0)
    sheet.block(pad, top + pad, width - 2 * pad, lines, _TEXT)
    y = top + pad + text + baseline(_COUNT)
    sheet.text(width / 2, y, f"n = {_said(step.n)}", _COUNT, anchor="middle")
    return top + height


def _line(sheet: Sheet, step: FlowStep, top: float) -> float:
    """Draw the box of a step with its number at the end of the line; return where it ends."""
    width, pad = sheet.width * _MAIN, _GAPS[True].pad
    count = f"n = {_said(step.n)}"
    room = max(width - 2 * pad - sheet.measure(count, BOLD) - 10, 1.0)
    lines = lay(step.label, LABEL, room, sheet.language)
    height = block_height(lines, LABEL) + 2 * pad
    sheet.box(0.5, top, width - 1.0, height, fill=WHITE, stroke=BLUE, line=1.0)
    sheet.block(pad, top + pad, room, lines, LABEL)
    y = top + height - pad - LABEL.leading + baseline(LABEL)
    sheet.text(width - pad, y, count, BOLD.but(color=NAVY), anchor="end")
    return top + height


def _down(sheet: Sheet, x: float, top: float, end: float) -> None:
    sheet.line(x, top, x, end - 4, color=MUTED, width=0.8)
    half = 3.1
    sheet.polygon([(x, end), (x - half, end - 5), (x + half, end - 5)], fill=MUTED)


def _said(n: int | str) -> str:
    """Return a number with its thousands set apart; words as they are."""
    return n if isinstance(n, str) else f"{n:,}"
