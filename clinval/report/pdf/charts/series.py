"""Series that are told apart without colour: each has its dashes and its mark, and its name.

A name stands where its line ends, not in a key: the eye need not go back and forth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.report.pdf.charts.sheet import LABEL, Sheet, block_height
from clinval.report.pdf.charts.ticks import spread
from clinval.report.pdf.styles import BLUE, INK, TONE_MARK, TONE_TEXT, VERMILION, WHITE, Style
from clinval.report.pdf.text import balanced, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["BEFORE_NAME", "WORDS", "End", "Look", "key", "look", "mark", "name_ends", "sample"]

WORDS = LABEL.but(size=8, leading=9.8)
_SAMPLE = 20.0  # width of what stands before a name in a key
_LEAD = 11.0  # of the line from an end to its name
BEFORE_NAME = _LEAD + 3.0
"""From where a line ends to its name, in points."""

_COLORS = (
    (BLUE, "#00598C"), (VERMILION, TONE_TEXT["bad"]), (TONE_MARK["good"], TONE_TEXT["good"]),
    (INK, INK),
)  # fmt: skip
_DASHES: tuple[tuple[float, ...], ...] = ((), (5.0, 2.5), (1.5, 2.0), (8.0, 2.0, 1.5, 2.0))
_MARKS = ("disc", "square", "triangle", "diamond")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a series is drawn: its colour, that of its words, its dashes and its mark."""

    color: str
    words: str
    dash: tuple[float, ...]
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where a line ends, and what it is called."""

    y: float
    label: str
    style: Style


def look(index: int) -> Look:
    """Return the look of a series by its number, from 0; sixteen of them differ in shape."""
    turn = len(_DASHES)
    color, text = _COLORS[index % turn]
    return Look(
        color=color,
        words=text,
        dash=_DASHES[index % turn],
        mark=_MARKS[(index + index // turn) % len(_MARKS)],
    )


def mark(sheet: Sheet, kind: Look, x: float, y: float, half: float = 2.8) -> None:
    """Draw the mark of a series: a full disc or triangle, an open square or diamond."""
    line = min(1.2, 0.43 * half)
    match kind.mark:
        case "disc":
            sheet.circle(x, y, half, fill=kind.color, stroke=WHITE, line=0.7)
        case "square":
            side = 1.8 * half
            left, top = x - side / 2, y - side / 2
            sheet.box(left, top, side, side, fill=WHITE, stroke=kind.color, line=line)
        case "triangle":
            points = [(x, y - 1.15 * half), (x + 1.1 * half, y + half), (x - 1.1 * half, y + half)]
            sheet.polygon(points, fill=kind.color, stroke=WHITE, line=0.7)
        case _:
            far = 1.25 * half
            points = [(x - far, y), (x, y - far), (x + far, y), (x, y + far)]
            sheet.polygon(points, fill=WHITE, stroke=kind.color, line=line)


def sample(sheet: Sheet, kind: Look, x: float, y: float, width: float) -> None:
    """Draw a piece of a series' line with its mark."""
    sheet.line(x, y, x + width, y, color=kind.color, width=1.5, dash=kind.dash)
    mark(sheet, kind, x + width / 2, y)


def key(
    sheet: Sheet,
    entries: Sequence[tuple[str, Callable[[float, float, float], None]]],
    left: float,
    top: float,
) -> float:
    """Name series above a plot, side by side as far as there is room; return where the key ends.

    Each entry has its words and a function that draws its sample from x, at y, so wide.
    """
    x, room = left, sheet.width - left
    for words, draw_sample in entries:
        lines = shortened(words, WORDS, max(room - _SAMPLE - 4.0, 1.0), sheet.language)
        width = _SAMPLE + 4.0 + max((line.width for line in lines), default=0.0)
        if x > left and x + width > sheet.width:
            x, top = left, top + WORDS.leading + 1.0
        draw_sample(x, top + WORDS.leading / 2, _SAMPLE)
        sheet.block(x + _SAMPLE + 4.0, top, width, lines, WORDS)
        x += width + 14.0
    return top + WORDS.leading + 1.0


def name_ends(sheet: Sheet, x: float, ends: Sequence[End], low: float, high: float) -> None:
    """Name lines that end at ``x``, between two heights, without overlap."""
    left = x + BEFORE_NAME
    room = max(sheet.width - left, 1.0)
    laid = [balanced(end.label, end.style, room, sheet.language, 4) for end in ends]
    sizes = [block_height(lines, end.style) + 1.0 for lines, end in zip(laid, ends, strict=True)]
    places = spread([end.y for end in ends], sizes, low, high)
    for end, lines, at in zip(ends, laid, places, strict=True):
        sheet.line(x + 1, end.y, x + _LEAD, at, color=end.style.color, width=0.5)
        sheet.block(left, at - block_height(lines, end.style) / 2, room, lines, end.style)
