"""The cover: what the document is, and the facts that identify it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.report.blocks import Facts
from clinval.report.pdf.boxes import Box, Break
from clinval.report.pdf.logo import picture, size
from clinval.report.pdf.styles import (
    BLUE,
    HEIGHT,
    INK,
    MARGIN,
    MUTED,
    NAVY,
    TONE_BAR,
    TONE_TINT,
    WIDTH,
    Style,
)
from clinval.report.pdf.tables import facts
from clinval.report.pdf.tags import figure_attributes
from clinval.report.pdf.text import balanced, lay
from clinval.report.pdf.words import words as own_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clinval.report.blocks import Cover
    from clinval.report.pdf.styles import Styles
    from clinval.report.pdf.surface import Surface
    from clinval.report.pdf.text import Line

__all__ = ["CoverBox", "cover"]

_TOP = 92.0  # above the kicker
_PAD = 8.0
_APART = 8.0  # between notices


class CoverBox(Box):
    """A whole page: words above, facts and notices at its foot."""

    def __init__(
        self,
        words: list[tuple[float, tuple[Line, ...], Style]],
        facts: Box | None,
        notices: list[tuple[Line, ...]],
        notice_style: Style,
        logo: tuple[Any, str] | None,
    ) -> None:
        self._words, self._facts, self._notices = words, facts, notices
        self._logo = logo
        self._style = notice_style
        self.height = HEIGHT

    def records(self) -> Iterable[str]:
        """Return the records of the numbers in its facts."""
        return self._facts.records() if self._facts else ()

    def draw(self, surface: Surface, x: float, top: float) -> None:
        """Draw the page."""
        if self._logo:
            self._draw_logo(surface, top, *self._logo)
        y = top + _TOP
        surface.box(x, y, 44, 4, fill=BLUE)
        for gap, lines, style in self._words:
            with surface.element("P"):
                y = surface.lines(x, y + gap, WIDTH * 0.92, lines, style)
        heights = [len(notice) * self._style.leading + 2 * _PAD for notice in self._notices]
        foot = top + self.height - sum(heights) - _APART * max(len(heights) - 1, 0)
        if self._facts:
            space = 22.0 if heights else 0.0
            self._facts.draw(surface, x, max(foot - self._facts.height - space, y + 30))
        for notice, height in zip(self._notices, heights, strict=True):
            surface.box(x, foot, WIDTH, height, fill=TONE_TINT["neutral"])
            surface.box(x, foot, 3, height, fill=TONE_BAR["neutral"])
            with surface.element("P"):
                surface.lines(x + 14, foot + _PAD, WIDTH - 24, notice, self._style)
            foot += height + _APART

    def _draw_logo(self, surface: Surface, top: float, image: Any, alternative: str) -> None:
        """Draw the logo in the upper right corner."""
        width, height = size(image)
        place = (MARGIN + WIDTH - width, top, width, height)
        with surface.element("Figure", figure_attributes(alternative, *place)):
            surface.image(*place, image)


def cover(block: Cover, styles: Styles, language: str, author: str) -> list[Box]:
    """Return the cover and the end of its page; facts that find no room go on the next page."""
    chinese = language == "zh"
    kicker = Style(size=10.5, leading=15, bold=True, color=BLUE)
    long = len(block.title) > (30 if chinese else 80)
    size = 22.0 if long else 28.0
    title = Style(
        size=size, leading=round(size * (1.34 if chinese else 1.22)), bold=True, color=NAVY
    )
    subtitle = Style(size=13, leading=21 if chinese else 19, color=MUTED)
    words = [
        (20.0, lay(block.kicker, kicker, WIDTH * 0.92, language), kicker),
        (6.0, balanced(block.title, title, WIDTH * 0.92, language), title),
        (12.0, balanced(block.subtitle, subtitle, WIDTH * 0.92, language), subtitle),
    ]
    style = styles.note.but(size=9, leading=max(styles.note.leading, 12.5), color=INK)
    notices = [lay(notice, style, WIDTH - 24, language) for notice in block.notices]
    used = _TOP + 30 + sum(gap + len(lines) * style.leading for gap, lines, style in words)
    used += 22 + sum(len(notice) * style.leading + 2 * _PAD + _APART for notice in notices)
    parts: list[Box | None] = [*facts(Facts(rows=block.facts), styles, language), None]
    first, rest = parts[0], None
    if first and first.height > HEIGHT - used:
        first, rest = first.split(HEIGHT - used) or (None, first)
    logo = None
    if block.logo is not None:
        logo = (picture(block.logo), own_words(language).logo.format(author))
    page = CoverBox(words, first, notices, style, logo)
    return [page, Break(), *([rest, Break()] if rest else [])]
