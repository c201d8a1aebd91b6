"""Where a text may be broken: into words and characters, and which of them stay together.

Latin breaks at spaces and within compounds, Chinese between any two characters except where a
punctuation mark would begin or an opening bracket would end a line. Between Chinese and Latin a
little space is put where the author wrote none, and of two Chinese marks the first gives up the
blank half of its square.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clinval.report.blocks import Number, PageOf, Strong
from clinval.report.pdf import fonts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clinval.report.blocks import Rich, Run
    from clinval.report.pdf.styles import Style

__all__ = [
    "HALF",
    "OPENERS",
    "SLACK",
    "Token",
    "Unit",
    "chop",
    "paragraphs",
    "segments",
    "tokens",
    "trim",
    "units",
    "words",
]

_NO_START = frozenset("、。，．：；？！）」』】》〉〕］｝”’…—～·%％‰℃°,.:;?!)]}»›")
_NO_END = frozenset("（「『【《〈〔［｛“‘～([{«‹￥¥€£$")
# A number stays with its unit, and a sign with what it compares.
# fmt: off
_UNITS = frozenset(
    ("%", "‰", "CI", "SD", "IQR", "min", "s", "ms", "h", "d", "mm", "cm", "µm", "ml", "L",
     "mg", "g", "kg", "kV", "mA", "mAs", "mGy", "mSv", "Gy", "kW", "HU", "kHU", "MHU", "MB",
     "GB", "EUR", "USD", "CNY", "GBP", "JPY", "years", "months", "weeks", "days")
)
# fmt: on
_SIGNS = frozenset("=<>≤≥±×≈≠→")
_TOKENS = re.compile(r"\n|[ \u3000\u200b]+|[^ \n\u3000\u200b]+")
_COMPOUND = re.compile(r"(?<=[^\W\d_]{2}[-/–—])(?=[^\W\d_]{2})")
_CLOSERS = frozenset("、。，．：；？！）」』】》〉〕］｝”’")  # ink in the left half of the square
OPENERS = frozenset("（「『【《〈〔［｛“‘")  # ink in the right half
HALF = 0.5
_TO = "to"  # between two limits
_LATIN_SIGNS = frozenset("%‰°±+−-<>≤≥=~$€£")
_SEPARATORS = frozenset("._-/:@=&?,;+|\\")
_SEPARATED = re.compile(r"(?<=[._\-/:@=&?,;+|\\])")
_AUTO_SPACE = 0.2  # of the size, between Chinese and Latin
SLACK = 0.01  # points that rounding may cost


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a run of spaces, or a Chinese character.

    ``record`` is the record that it prints; ``anchor`` is what it is the page number of.
    """

    text: str
    font: str
    width: float
    record: str
    chinese: bool
    anchor: str = ""

    @property
    def space(self) -> bool:
        """Whether this is space between words."""
        return self.text[0] in " \u3000\u200b"


@dataclass(slots=True)
class Unit:
    """Tokens that stay together, each with the gap before it, and the spaces before them all."""

    lead: list[Token]
    tokens: list[tuple[float, Token]]
    width: float


def words(run: Run) -> str:
    """Return the words of a run."""
    return run if isinstance(run, str) else run.text


def segments(word: str) -> list[str]:
    """Return the parts between which an identifier may be broken."""
    return _SEPARATED.split(word)


def tokens(rich: Rich, style: Style, language: str) -> list[Token]:
    """Cut a text into words, spaces, single Chinese characters and line ends."""
    found: list[Token] = []
    for run in (rich,) if isinstance(rich, str) else rich:
        bold = style.bold or isinstance(run, Strong)
        record = run.record if isinstance(run, Number) else ""
        anchor = run.anchor if isinstance(run, PageOf) else ""
        chinese = fonts.face(bold=bold, chinese=True)
        for name, text in fonts.runs(fonts.normal(words(run)), bold=bold, language=language):
            for part in _cut(text, chinese=name == chinese):
                advance = fonts.width(part, name, style.size)
                found.append(Token(part, name, advance, record, name == chinese, anchor))
    return found


def _cut(text: str, *, chinese: bool) -> Iterator[str]:
    for word in _TOKENS.findall(text):
        if word[0] in " \n\u3000\u200b":
            yield word
        elif chinese:
            yield from word
        else:
            yield from _COMPOUND.split(word)


def paragraphs(row: list[Token]) -> Iterator[list[Token]]:
    """Cut at the line ends that the author wrote."""
    paragraph: list[Token] = []
    for token in row:
        if token.text == "\n":
            yield paragraph
            paragraph = []
        else:
            paragraph.append(token)
    yield paragraph


def units(row: Sequence[Token], size: float) -> list[Unit]:
    """Join tokens that no line may part."""
    found: list[Unit] = []
    lead: list[Token] = []
    before: Token | None = None
    for token in row:
        if token.space:
            lead.append(token)
            continue
        gap = size * _gap(before, token) if before and not lead else 0.0
        if before and (_glued(before, token) if lead else not _may_break(before, token)):
            spaces = [(0.0, space) for space in lead]
            found[-1].tokens += [*spaces, (gap, token)]
            found[-1].width += gap + token.width + sum(space.width for space in lead)
        else:
            found.append(Unit(lead, [(gap, token)], token.width))
        lead, before = [], token
    return found


def _glued(before: Token, after: Token) -> bool:
    if before.text in _SIGNS or after.text in _SIGNS:
        return True
    if (before.record and after.text == _TO) or (before.text == _TO and after.record):
        return True  # an interval
    return before.text[-1] in "0123456789%" and after.text.rstrip(".,;:)") in _UNITS


def _may_break(before: Token, after: Token) -> bool:
    if before.text[-1] in _NO_END or after.text[0] in _NO_START:
        return False
    if before.chinese or after.chinese:
        return True
    return _COMPOUND.search(before.text[-3:] + after.text[:2]) is not None


def _gap(before: Token, after: Token) -> float:
    """Return the space between two neighbours without one, in parts of the size.

    Chinese and Latin stand apart; of two Chinese punctuation marks, the first gives up the blank
    half of its square.
    """
    if before.chinese and after.chinese:
        first, second = before.text[-1], after.text[0]
        closed = first in _CLOSERS and (second in _CLOSERS or second in OPENERS)
        return -HALF if closed or (first in OPENERS and second in OPENERS) else 0.0
    if before.chinese == after.chinese:
        return 0.0
    chinese, latin = before.text[-1], after.text[0]
    if after.chinese:
        chinese, latin = after.text[0], before.text[-1]
    ideograph = "\u3040" <= chinese <= "\u9fff"
    return _AUTO_SPACE if ideograph and (latin.isalnum() or latin in _LATIN_SIGNS) else 0.0


def trim(last: Token, style: Style) -> float:
    """Return the blank half of a closing mark that may hang over the end of a line."""
    return style.size * HALF if last.chinese and last.text[-1] in _CLOSERS else 0.0


def chop(unit: Unit, width: float) -> list[Unit]:
    """Break a unit that is wider than the column into one that fits and the rest."""
    letters = [
        Token(letter, token.font, fonts.width(letter, token.font, 1.0) * scale, token.record,
               token.chinese, token.anchor)
        for _, token in unit.tokens
        for scale in (token.width / (fonts.width(token.text, token.font, 1.0) or 1.0),)
        for letter in token.text
    ]  # fmt: skip
    used, end, good = 0.0, 0, 0
    for index, letter in enumerate(letters):
        used += letter.width
        if used > width + SLACK:
            break
        end = index + 1
        if letter.text in _SEPARATORS:
            good = end
    cut = max(good if good >= end * 0.4 else end, 1)
    parts = [part for part in (letters[:cut], letters[cut:]) if part]
    if len(letters) == 1:  # wider than its column: nothing is left to break
        parts = [[replace(letters[0], width=0.0)]]
    return [
        Unit([], [(0.0, letter) for letter in part], sum(letter.width for letter in part))
        for part in parts
    ]
