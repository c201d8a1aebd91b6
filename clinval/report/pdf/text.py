"""Set texts in lines: nothing ever stands outside its column.

A word that is wider than its column is broken, behind a separator if it has one. Chinese running
text fills the measure; full-width marks at the ends of a line hang over it by their blank half.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clinval.report.blocks import Number, PageOf, Strong
from clinval.report.pdf import breaking, fonts
from clinval.report.pdf.breaking import HALF, OPENERS, SLACK, Token, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clinval.report.blocks import Rich
    from clinval.report.pdf.styles import Style

__all__ = [
    "Line",
    "Piece",
    "around_point",
    "balanced",
    "lay",
    "longest_word",
    "natural_width",
    "plain",
    "plain_line",
    "records",
    "shortened",
]

_WHOLE_NUMBER = re.compile(r"[<>≤≥≈±−+-]{0,2} ?\d+(?:,\d{3})*")
_LONGEST_UNIT = 6  # of the size, with the decimals
_IDENTIFIER = 16  # a longer word is no word
_CHINESE_WORD = 4  # characters: a narrower column of Chinese is hard to read
_MOST_SPREAD = 0.3  # of the size: a line that would need more stays ragged


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of one font within a line, ``x`` from the line's start.

    One with an ``anchor`` is replaced by the number of the page on which that stands.
    """

    x: float
    text: str
    font: str
    width: float
    record: str = ""
    spread: float = 0.0  # extra space after each character
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its pieces and the width they take."""

    pieces: tuple[Piece, ...]
    width: float


def plain(rich: Rich) -> str:
    """Return a text without its marks."""
    return rich if isinstance(rich, str) else "".join(breaking.words(run) for run in rich)


def records(*texts: Sequence[Line]) -> Iterator[str]:
    """Yield the record of every number in lines of text."""
    for lines in texts:
        for line in lines:
            yield from (piece.record for piece in line.pieces if piece.record)


def plain_line(lines: Sequence[Line]) -> str:
    """Return the words of the first line."""
    return "".join(piece.text for piece in lines[0].pieces).rstrip(" ") if lines else ""


def natural_width(rich: Rich, style: Style, language: str) -> float:
    """Return the width of a text on a single line."""
    simple = _simple(rich, style)
    if simple:
        return simple.width
    return max((line.width for line in lay(rich, style, 1e6, language)), default=0.0)


def longest_word(rich: Rich, style: Style, language: str) -> float:
    """Return the width below which a word of the text would have to be broken.

    Identifiers and the like may be broken behind their separators.
    """
    simple = _simple(rich, style)
    if simple:
        words = simple.text.split(" ")
        if max(map(len, words)) > _IDENTIFIER:
            words = [part for word in words for part in _parts(word)]
        return max(fonts.width(word, simple.font, style.size) for word in words)
    widest = 0.0
    for paragraph in breaking.paragraphs(breaking.tokens(rich, style, language)):
        units = breaking.units(paragraph, style.size)
        widest = max([widest, *(unit.width for unit in units)])
        chinese = sum(unit.width for unit in units if unit.tokens[0][1].chinese)
        widest = max(widest, min(chinese, _CHINESE_WORD * style.size))
    return widest


def _parts(word: str) -> list[str]:
    return breaking.segments(word) if len(word) > _IDENTIFIER else [word]


def around_point(rich: Rich, style: Style, language: str) -> tuple[float, float] | None:
    """Return how wide a number is before and behind its decimal point, with what stands there.

    A number without a point ends where the point would stand. A text that does not begin with a
    number, or says more behind it than a unit, has none.
    """
    words = plain(rich).strip(" ")
    found = _WHOLE_NUMBER.match(words)
    if not found:
        return None
    behind = natural_width(words[found.end() :], style, language)
    if behind > _LONGEST_UNIT * style.size:
        return None
    return natural_width(rich, style, language) - behind, behind


def lay(rich: Rich, style: Style, width: float, language: str) -> tuple[Line, ...]:
    """Break a text into lines no wider than ``width``; an empty text has one empty line."""
    simple = _simple(rich, style)
    if simple and simple.width <= width + SLACK:
        return (Line((simple,) if simple.text else (), simple.width),)
    lines: list[Line] = []
    for paragraph in breaking.paragraphs(breaking.tokens(rich, style, language)):
        lines += _fill(breaking.units(paragraph, style.size), style, width)
    return tuple(lines)


def _simple(rich: Rich, style: Style) -> Piece | None:
    """Return plain Latin text as one piece: nearly every cell of a long table is such a one."""
    run = rich[0] if isinstance(rich, tuple) and len(rich) == 1 else rich
    if isinstance(run, tuple):
        return None
    text = breaking.words(run).strip(" ")
    if not (text.isascii() and text.isprintable()):
        return None
    name = fonts.face(bold=style.bold or isinstance(run, Strong))
    record = run.record if isinstance(run, Number) else ""
    anchor = run.anchor if isinstance(run, PageOf) else ""
    return Piece(0.0, text, name, fonts.width(text, name, style.size), record, anchor=anchor)


def _fill(units: list[Unit], style: Style, width: float) -> list[Line]:
    """Put units on lines, as many as fit."""
    lines: list[Line] = []
    line: list[Unit] = []
    used = 0.0
    waiting = units[::-1]
    while waiting:
        unit = waiting.pop()
        lead = sum(token.width for token in unit.lead) + unit.tokens[0][0] if line else 0.0
        if used + lead + unit.width - breaking.trim(unit.tokens[-1][1], style) <= width + SLACK:
            line.append(unit)
            used += lead + unit.width
        elif line:
            lines.append(_line(line, style, width, end=" " if unit.lead else ""))
            line, used = [], 0.0
            waiting.append(unit)
        else:
            waiting += reversed(breaking.chop(unit, width))
    lines.append(_line(line, style, width, end=None))
    return lines


def _line(units: list[Unit], style: Style, width: float, *, end: str | None) -> Line:
    """Place the units of a line and join what can be drawn in one go.

    The blank halves of full-width marks at both ends stand outside the line, so that its ink is
    flush with the lines around it. ``end`` is the space at which the line was broken, kept for
    those who copy or hear the text; the last line of a paragraph has none.
    """
    row: list[tuple[float, Token]] = []  # the gap before each token
    for index, unit in enumerate(units):
        if index:
            row += [(0.0, token) for token in unit.lead]
            row += unit.tokens
        else:
            row += [(0.0, unit.tokens[0][1]), *unit.tokens[1:]]
    if not row:
        return Line((), 0.0)
    first, last = row[0][1], row[-1][1]
    start = -style.size * HALF if first.chinese and first.text[0] in OPENERS else 0.0
    natural = start + sum(gap + token.width for gap, token in row) - breaking.trim(last, style)
    spread = _spread(row, style, width - natural) if style.justify and end is not None else 0.0
    pieces = list(_pieces(row, spread, start))
    if end and pieces:
        pieces[-1] = replace(pieces[-1], text=pieces[-1].text + end)
    return Line(tuple(pieces), width if spread else natural)


def _spread(row: list[tuple[float, Token]], style: Style, slack: float) -> float:
    """Return the space to add after each place that can take it, to fill the measure."""
    places = sum(1 for _, token in row[:-1] if token.chinese or token.space)
    spread = slack / places if places else 0.0
    return spread if 0.0 < spread <= style.size * _MOST_SPREAD else 0.0


def _pieces(row: list[tuple[float, Token]], spread: float, x: float) -> Iterator[Piece]:
    start, text, total = x, "", 0.0
    current: tuple[str, str, float, str] = ("", "", 0.0, "")
    for index, (gap, token) in enumerate(row):
        extra = spread if index < len(row) - 1 and (token.chinese or token.space) else 0.0
        key = (token.font, token.record, extra, token.anchor)
        if gap or key != current:
            if text:
                yield Piece(start, text, current[0], total, *current[1:])
            x += gap
            start, text, total, current = x, "", 0.0, key
        text += token.text.replace("\u200b", "")
        advance = token.width + extra * (len(token.text) if token.space else 1)
        total += advance
        x += advance
    if text:
        yield Piece(start, text, current[0], total, *current[1:])


def shortened(
    text: str, style: Style, width: float, language: str, most: int = 1
) -> tuple[Line, ...]:
    """Return a text on at most so many lines, ended by an ellipsis where it does not fit."""
    flat = " ".join(fonts.normal(text).split())
    lines = lay(flat, style, width, language)
    if len(lines) <= most:
        return lines
    low, high = 0, len(flat)
    while low < high:
        middle = (low + high + 1) // 2
        if len(lay(f"{flat[:middle].rstrip()}…", style, width, language)) <= most:
            low = middle
        else:
            high = middle - 1
    return lay(f"{flat[:low].rstrip()}…", style, width, language)[:most]


def balanced(
    text: Rich, style: Style, width: float, language: str, most: int = 9
) -> tuple[Line, ...]:
    """Return a text on as few lines as fit, of about the same length.

    For titles and labels: a last line of one word looks like a mistake.
    """
    lines = lay(text, style, width, language)
    if len(lines) > most:
        return shortened(plain(text), style, width, language, most)
    low, high = 0.0, width
    if len(lines) > 1:
        for _ in range(8):
            middle = (low + high) / 2
            narrower = lay(text, style, middle, language)
            if len(narrower) == len(lines) and max(line.width for line in narrower) <= middle:
                high, lines = middle, narrower
            else:
                low = middle
    return lines
