"""Key figures: a row of quiet cards."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from clinval.report.pdf.boxes import Box
from clinval.report.pdf.styles import INK, NAVY, TINT, TONE_BAR, TONE_TEXT, WIDTH, Style
from clinval.report.pdf.text import Line, lay, longest_word, natural_width, records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from clinval.report.blocks import KeyFigure, KeyFigures, Tone
    from clinval.report.pdf.styles import Styles
    from clinval.report.pdf.surface import Surface

__all__ = ["CardsBox", "key_figures"]

_GAP = 9.0
_PAD = 10.0
_BAR = 2.2
_LARGE, _SMALL = 20.0, 11.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    """The lines of a card, each with its style, and the space before them."""

    tone: Tone
    parts: tuple[tuple[float, tuple[Line, ...], Style], ...]

    @property
    def height(self) -> float:
        lines = sum(gap + len(lines) * style.leading for gap, lines, style in self.parts)
        return lines + 2 * _PAD + _BAR


class CardsBox(Box):
    """Cards side by side, all as high as the highest."""

    before = after = 10.0

    def __init__(self, cards: tuple[_Card, ...], width: float) -> None:
        self._cards, self._width = cards, width
        self.height = max(card.height for card in cards)

    def records(self) -> Iterable[str]:
        """Return the records of the numbers in its cards."""
        return records(*(lines for card in self._cards for _, lines, _ in card.parts))

    def draw(self, surface: Surface, x: float, top: float) -> None:
        """Draw the cards."""
        for card in self._cards:
            surface.box(x, top, self._width, self.height, fill=TINT)
            surface.box(x, top, self._width, _BAR, fill=TONE_BAR[card.tone])
            y = top + _BAR + _PAD
            for gap, lines, style in card.parts:
                with surface.element("P"):
                    y = surface.lines(x + _PAD, y + gap, self._width - 2 * _PAD, lines, style)
            x += self._width + _GAP


def key_figures(block: KeyFigures, styles: Styles, language: str) -> list[Box]:
    """Return a box for each row of cards."""
    count = len(block.items)
    if not count:
        return []
    rows = -(-count // 4)
    across = -(-count // rows)
    width = (WIDTH - _GAP * (across - 1)) / across
    size = _value_size(block, width - 2 * _PAD, language)
    cards = (_card(item, size, width - 2 * _PAD, styles, language) for item in block.items)
    return [CardsBox(row, width) for row in _batches(cards, across)]


def _batches(cards: Iterator[_Card], across: int) -> Iterator[tuple[_Card, ...]]:
    while row := tuple(islice(cards, across)):
        yield row


def _value_size(block: KeyFigures, width: float, language: str) -> float:
    """Return the largest size at which every value stays on one line, within limits."""
    style = Style(size=_LARGE, leading=_LARGE, bold=True)
    widest = max(natural_width(item.value, style, language) for item in block.items)
    size = _LARGE * min(1.0, width / widest) if widest else _LARGE
    longest = max(longest_word(item.value, style, language) for item in block.items)
    if size < _SMALL and longest:
        size = max(_SMALL, min(14.0, 14.0 * width / longest))
    return round(size, 1)


def _card(item: KeyFigure, size: float, width: float, styles: Styles, language: str) -> _Card:
    color = NAVY if item.tone == "neutral" else TONE_TEXT[item.tone]
    value = Style(size=size, leading=round(size * 1.25, 1), bold=True, color=color)
    label = styles.note.but(bold=True, color=INK)
    detail = styles.detail
    parts = [
        (0.0, lay(item.value, value, width, language), value),
        (3.0, lay(item.label, label, width, language), label),
    ]
    if item.detail:
        parts.append((2.0, lay(item.detail, detail, width, language), detail))
    return _Card(tone=item.tone, parts=tuple(parts))
