"""What stands on every page: header, marks, footer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinval.report.pdf import fonts
from clinval.report.pdf.styles import (
    HAIR,
    MARGIN,
    MM,
    PAGE_HEIGHT,
    VERMILION,
    WHITE,
    WIDTH,
)
from clinval.report.pdf.text import lay, shortened
from clinval.report.pdf.words import words

if TYPE_CHECKING:
    from clinval.report.blocks import Document
    from clinval.report.pdf.styles import Style, Styles
    from clinval.report.pdf.surface import Surface

__all__ = ["draw_marks", "draw_running"]

_HEADER = 14.1 * MM  # baselines
_FOOTER = PAGE_HEIGHT - 12.4 * MM
_RULE = 7.4
_MARK_COLOR = "#A34100"
_MARK_GAP = 6.0


def draw_running(surface: Surface, document: Document, styles: Styles) -> None:
    """Draw header, marks and footer."""
    style = styles.running
    used = draw_marks(surface, document, styles.mark)
    room = WIDTH - used - (12 if used else 0)
    _left(surface, document.header, _HEADER, room, style)
    surface.rule(MARGIN, _HEADER + _RULE, MARGIN + WIDTH, _HEADER + _RULE, color=HAIR, width=0.5)
    page = words(document.language).page.format(surface.page, surface.page_count)
    lines = lay(page, style, WIDTH, document.language)
    top = _FOOTER - style.leading / 2 - style.size * 0.36
    surface.lines(MARGIN, top, WIDTH, lines, style.but(align="right"))
    _left(surface, document.footer, _FOOTER, WIDTH - lines[0].width - 20, style)


def _left(surface: Surface, text: str, y: float, width: float, style: Style) -> None:
    line = shortened(text, style, width, surface.language)
    surface.lines(MARGIN, y - style.leading / 2 - style.size * 0.36, width, line, style)


def draw_marks(surface: Surface, document: Document, style: Style) -> float:
    """Draw the marks at the right of the header and return the width they take."""
    right = MARGIN + WIDTH
    for mark in reversed(document.marks):
        text = fonts.measure(mark, style.size, bold=True, language=document.language)
        width = text + 11
        top = _HEADER - style.size - 1.3
        surface.box(
            right - width, top, width, style.leading, fill=WHITE, stroke=VERMILION, line=0.8
        )
        x = right - width + 5.5
        for name, part in fonts.runs(fonts.normal(mark), bold=True, language=document.language):
            surface.text(x, _HEADER, part, font=name, size=style.size, color=_MARK_COLOR)
            x += fonts.width(part, name, style.size)
        right -= width + _MARK_GAP
    return MARGIN + WIDTH - right - (_MARK_GAP if document.marks else 0.0)
