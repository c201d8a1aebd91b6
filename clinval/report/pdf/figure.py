"""Figures: a caption, a drawing and its notes, always together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.report.pdf import charts
from clinval.report.pdf.boxes import Box
from clinval.report.pdf.drawing import render, smallest_text
from clinval.report.pdf.styles import HEIGHT, WIDTH, Style, Styles
from clinval.report.pdf.table_plan import captions
from clinval.report.pdf.tags import figure_attributes
from clinval.report.pdf.text import Line, lay, records
from clinval.report.pdf.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clinval.report.blocks import Figure
    from clinval.report.figures import Chart
    from clinval.report.pdf.surface import Surface

__all__ = ["FigureBox", "figure"]

_GAP = 7.0
_TRIES = 4
_HEADING = 44.0  # room for a heading above a figure as high as the page


class FigureBox(Box):
    """A drawing under its caption."""

    before = 12.0
    after = 14.0

    def __init__(
        self,
        anchor: str,
        drawn: tuple[str, ...],
        alternative: str,
        caption: tuple[Line, ...],
        drawing: Any,
        scale: float,
        notes: tuple[tuple[Line, ...], ...],
        styles: Styles,
    ) -> None:
        self._anchor, self._records, self._alternative = anchor, drawn, alternative
        self._caption, self._drawing, self._notes = caption, drawing, notes
        self._scale = scale
        self._size = (drawing.width * scale, drawing.height * scale)
        self._caption_style: Style = styles.caption
        self._note_style: Style = styles.note
        self._above = len(caption) * styles.caption.leading + _GAP
        below = sum(map(len, notes)) * styles.note.leading
        self.height = self._above + self._size[1] + (below + _GAP if notes else 0.0)

    def anchors(self) -> Iterable[str]:
        """Return the figure's anchor."""
        return (self._anchor,) if self._anchor else ()

    def records(self) -> Iterable[str]:
        """Return the records that the chart draws, and those of the numbers in its notes."""
        return (*self._records, *records(*self._notes))

    def draw(self, surface: Surface, x: float, top: float) -> None:
        """Draw the figure."""
        if self._anchor:
            surface.anchor(self._anchor, top)
        with surface.element("P"):
            surface.lines(x, top, WIDTH, self._caption, self._caption_style)
        left = x + (WIDTH - self._size[0]) / 2
        place = (left, top + self._above)
        with surface.element("Figure", figure_attributes(self._alternative, *place, *self._size)):
            render(self._drawing, surface, *place, self._scale)
        y = top + self._above + self._size[1] + _GAP
        for note in self._notes:
            with surface.element("P"):
                y = surface.lines(x, y, WIDTH, note, self._note_style)


def figure(block: Figure, number: int, styles: Styles, language: str) -> list[Box]:
    """Return the boxes of a figure: one, or several where its rows need more than a page."""
    notes = tuple(lay(note, styles.note, WIDTH, language) for note in block.notes)
    lines = captions(words(language).figure, number, block.caption, styles, language)
    fixed = len(lines[1]) * styles.caption.leading + 2 * _GAP
    fixed += sum(map(len, notes)) * styles.note.leading
    scale, drawings = _drawings(block.chart, HEIGHT - fixed - _HEADING, styles.least, language)
    return [
        FigureBox(
            "" if index else block.anchor,
            block.records,
            block.alternative or block.caption,
            lines[bool(index)],
            drawing,
            scale,
            notes,
            styles,
        )
        for index, drawing in enumerate(drawings)
    ]


def _drawings(
    chart: Chart, height: float, least: float, language: str
) -> tuple[float, tuple[Any, ...]]:
    """Return a chart as drawings, and how much they are enlarged.

    No text comes out smaller than ``least``: where one would, the chart is drawn for a narrower
    page and enlarged to the width of this one.
    """
    scale = 1.0
    for _ in range(_TRIES):  # what is narrower may be set smaller again
        drawings = charts.pages(chart, WIDTH / scale, height / scale, language)
        smallest = min(map(smallest_text, drawings))
        if smallest * scale >= least - 1e-6:
            break
        scale = least / smallest
    return scale, drawings
