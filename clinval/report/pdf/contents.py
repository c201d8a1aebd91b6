"""The table of contents: every line leads to its chapter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinval.report.pdf import fonts
from clinval.report.pdf.boxes import Box
from clinval.report.pdf.flow import TextBox
from clinval.report.pdf.styles import FAINT, INK, NAVY, WIDTH, Style
from clinval.report.pdf.surface import baseline
from clinval.report.pdf.text import lay

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clinval.report.blocks import Contents, Heading
    from clinval.report.pdf.styles import Styles
    from clinval.report.pdf.surface import Surface

__all__ = ["EntryBox", "contents"]

_NUMBERS = 36.0  # the column of the page numbers
_INDENT = 16.0
_DOTS = 4.2
_DEEPEST = 3


class EntryBox(Box):
    """A line of the contents."""

    after = 2.0

    def __init__(self, heading: Heading, style: Style, language: str, whole: object) -> None:
        self._whole = whole
        self._text = heading.text
        self._style = style
        self._anchor = heading.anchor
        self._indent = _INDENT * (heading.level - 1)
        self._lines = lay(heading.text, style, WIDTH - self._indent - _NUMBERS, language)
        self.height = len(self._lines) * style.leading
        self.before = 8.0 if heading.level == 1 else 0.0

    def draw(self, surface: Surface, x: float, top: float) -> None:
        """Draw the words, the dots and the page number, and link them."""
        left = x + self._indent
        with surface.element("TOC", key=self._whole), surface.element("TOCI"):
            self._draw(surface, x, left, top)

    def _draw(self, surface: Surface, x: float, left: float, top: float) -> None:
        style = self._style
        with surface.element("Link"):
            end = surface.lines(left, top, WIDTH, self._lines, style)
            y = end - style.leading + baseline(style)
            number = str(surface.pages[self._anchor])
            font = fonts.face(bold=style.bold)
            begin = x + WIDTH - fonts.width(number, font, style.size)
            surface.text(begin, y, number, font=font, size=style.size, color=style.color)
            width = x + WIDTH - left
            surface.link(self._anchor, left, top, width, self.height, says=self._text)
        # Dots stand on one grid for all lines.
        stop = x + WIDTH - 20
        dot = x + _DOTS * -(-(left + self._lines[-1].width + 6 - x) // _DOTS)
        if dot < stop:
            surface.dots(dot, stop, y - 0.6, step=_DOTS, color=FAINT)


def contents(
    block: Contents, headings: Iterable[Heading], styles: Styles, language: str
) -> list[Box]:
    """Return the title of the contents and a line for each heading of the upper levels."""
    title = TextBox(lay(block.title, styles.headings[0], WIDTH, language), styles.headings[0])
    title.keep = True
    title.after = 4.0
    chapter = styles.body.but(bold=True, color=NAVY, justify=False)
    section = styles.body.but(color=INK, justify=False)
    whole = object()
    return [
        title,
        *(
            EntryBox(heading, chapter if heading.level == 1 else section, language, whole)
            for heading in headings
            if heading.level <= _DEEPEST
        ),
    ]
