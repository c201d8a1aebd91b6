"""The page that boxes draw on: a reportlab canvas with the few strokes that clinval uses.

Coordinates are points from the page's top left corner, downwards, as a reader reads.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clinval.report.pdf import fonts
from clinval.report.pdf.engine import add_link, finish, new_canvas, write_operators
from clinval.report.pdf.styles import MARGIN, PAGE_HEIGHT
from clinval.report.pdf.tags import Tags, language_attribute, title_attribute
from clinval.report.pdf.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from clinval.report.pdf.styles import Style
    from clinval.report.pdf.text import Line, Piece

__all__ = ["Surface", "baseline"]


def baseline(style: Style) -> float:
    """Return how far below the top of a line its baseline lies."""
    return style.leading / 2 + style.size * 0.36


class Surface:
    """A document that is being drawn.

    Parameters
    ----------
    stream
        Where to write the file.
    language
        Of the document.
    pages
        The page of each anchor that the document defines; a link to any other is plain text.
    page_count
        The number of pages.
    language_tag
        The language as PDF names it, where that is another.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        language: str,
        pages: Mapping[str, int],
        page_count: int,
        language_tag: str = "",
    ) -> None:
        self.language = language
        self.pages = pages
        self.page_count = page_count
        self.page = 1
        self._canvas = new_canvas(stream, language_tag or LANGUAGES[language])
        self._tags = Tags()
        self._defined: set[str] = set()
        self._level = 0
        self._links = 0
        self._numbers = 0
        self._color = ""

    def element(
        self, tag: str, attributes: str = "", key: Hashable = None
    ) -> AbstractContextManager[None]:
        """Draw inside an element of the document's structure; see :class:`Tags`."""
        return self._tags.element(tag, attributes, key)

    def decoration(self) -> AbstractContextManager[None]:
        """Draw what stands on the page again, or is nothing to read."""
        return self._tags.decoration()

    def _mark(self, *, line: bool = False) -> None:
        write_operators(self._canvas, self._tags.mark(line=line))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        font: str,
        size: float,
        color: str,
        spread: float = 0.0,
        angle: float = 0.0,
    ) -> None:
        """Draw a run of one font with its baseline at ``y``."""
        self._mark()
        self._ink(color)
        self._canvas.setFont(font, size)
        if angle:
            self._canvas.saveState()
            self._canvas.translate(x, PAGE_HEIGHT - y)
            self._canvas.rotate(angle)
            self._canvas.drawString(0, 0, text)
            self._canvas.restoreState()
        else:
            self._canvas.drawString(x, PAGE_HEIGHT - y, text, charSpace=spread or None)

    def lines(
        self,
        x: float,
        top: float,
        width: float,
        lines: Sequence[Line],
        style: Style,
        *,
        end: str = "",
    ) -> float:
        """Draw lines of text in a column and return where the next line begins.

        ``end`` is a space that parts the text from what stands beside it, for those who copy it.
        """
        whole = self._say_language(lines)
        before = ""
        for line in lines:
            left = x + _offset(line.width, width, style)
            y = top + baseline(style)
            pieces = line.pieces
            if end and pieces:
                pieces = (*pieces[:-1], replace(pieces[-1], text=pieces[-1].text + end))
            for piece in pieces:
                self._numbers += piece.record != before
                before = piece.record
                self._piece(piece, left + piece.x, y, style, "" if whole else self._foreign(piece))
            top += style.leading
        return top

    def _foreign(self, piece: Piece) -> str:
        return fonts.foreign(piece.text, piece.font, self.language)

    def _say_language(self, lines: Sequence[Line]) -> bool:
        """Say of the element its language, if all that it says is in another than the document."""
        found = {self._foreign(piece) for line in lines for piece in line.pieces}
        if len(found) != 1 or found == {""}:
            return False
        self._tags.speak(language_attribute(found.pop()))
        return True

    def _piece(self, piece: Piece, x: float, y: float, style: Style, foreign: str) -> None:
        """Draw a piece of a line, linked to its record or to the page that it names.

        The pieces of a number are one element, which is called as its record; words in a language
        that is ``foreign`` to the document are an element, too.
        """
        anchor, says, text = f"rec:{piece.record}", piece.record, piece.text
        if piece.anchor:
            page = self.pages[piece.anchor]
            anchor, says, text = piece.anchor, str(page), str(page)

        def draw() -> None:
            self.text(
                x, y, text,
                font=piece.font, size=style.size, color=style.color, spread=piece.spread,
            )  # fmt: skip

        called = title_attribute(piece.record) if piece.record else ""
        if foreign:
            called += language_attribute(foreign)
        key = ("number", self._numbers) if piece.record else None
        if says and anchor in self.pages and not self._tags.hidden:
            with self.element("Link", called, key):
                draw()
                box = (x, y - style.size, piece.width, style.size * 1.3)
                self.link(anchor, *box, says=says)
        elif called:
            with self.element("Span", called, key):
                draw()
        else:
            draw()

    def rule(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        color: str,
        width: float,
        dash: tuple[float, ...] = (),
    ) -> None:
        """Draw a line."""
        self._mark(line=True)
        self._canvas.setStrokeColor(_color(color))
        self._canvas.setLineWidth(width)
        self._canvas.setDash(list(dash))
        self._canvas.line(x1, PAGE_HEIGHT - y1, x2, PAGE_HEIGHT - y2)

    def dots(self, x: float, end: float, y: float, *, step: float, color: str) -> None:
        """Draw a row of leader dots."""
        self._mark(line=True)
        self._canvas.setStrokeColor(_color(color))
        self._canvas.setLineWidth(0.8)
        self._canvas.setLineCap(1)
        self._canvas.setDash([0, step])
        self._canvas.line(x, PAGE_HEIGHT - y, end, PAGE_HEIGHT - y)
        self._canvas.setLineCap(0)

    def box(
        self,
        x: float,
        top: float,
        width: float,
        height: float,
        *,
        fill: str = "",
        stroke: str = "",
        line: float = 0.5,
    ) -> None:
        """Draw a rectangle."""
        self._paint(fill, stroke, line)
        self._canvas.rect(
            x, PAGE_HEIGHT - top - height, width, height, stroke=bool(stroke), fill=bool(fill)
        )

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        *,
        fill: str = "",
        stroke: str = "",
        line: float = 0.5,
    ) -> None:
        """Draw a circle."""
        self._paint(fill, stroke, line)
        self._canvas.circle(x, PAGE_HEIGHT - y, radius, stroke=bool(stroke), fill=bool(fill))

    def image(self, x: float, top: float, width: float, height: float, picture: Any) -> None:
        """Draw a picture of Pillow."""
        from reportlab.lib.utils import ImageReader

        self._mark(line=True)
        self._canvas.drawImage(ImageReader(picture), x, PAGE_HEIGHT - top - height, width, height)

    def path(
        self,
        points: Sequence[tuple[float, float]],
        *,
        fill: str = "",
        stroke: str = "",
        line: float = 0.5,
        dash: tuple[float, ...] = (),
        close: bool = False,
    ) -> None:
        """Draw a polygon or a broken line."""
        self._paint(fill, stroke, line, dash)
        path = self._canvas.beginPath()
        for index, (x, y) in enumerate(points):
            (path.lineTo if index else path.moveTo)(x, PAGE_HEIGHT - y)
        if close:
            path.close()
        self._canvas.drawPath(path, stroke=bool(stroke), fill=bool(fill))

    def _ink(self, color: str) -> None:
        """Choose the colour of text and areas, unless it is the one."""
        if color != self._color:
            self._color = color
            self._canvas.setFillColor(_color(color))

    def _paint(self, fill: str, stroke: str, line: float, dash: tuple[float, ...] = ()) -> None:
        self._mark(line=True)
        if fill:
            self._ink(fill)
        if stroke:
            self._canvas.setStrokeColor(_color(stroke))
            self._canvas.setLineWidth(line)
            self._canvas.setDash(list(dash))
            self._canvas.setLineJoin(1)

    def link(
        self, anchor: str, x: float, top: float, width: float, height: float, *, says: str
    ) -> None:
        """Make an area lead to an anchor that the document has."""
        bottom = PAGE_HEIGHT - top - height
        area = (x, bottom, x + width, bottom + height)
        name = f"link{self._links}"
        self._links += 1
        parent = self.page_count + self._tags.link(name)
        add_link(self._canvas, name, anchor, area, says=says, parent=parent)

    def anchor(self, name: str, top: float) -> None:
        """Define an anchor here; the first definition of a name counts."""
        if name not in self._defined:
            self._defined.add(name)
            self._canvas.bookmarkPage(name, fit="XYZ", left=MARGIN, top=PAGE_HEIGHT - top + 12)

    def heading(self, text: str, anchor: str, level: int) -> AbstractContextManager[None]:
        """Add a line to the outline and draw inside the heading; no level is ever left out."""
        self._level = min(level, self._level + 1)
        self._canvas.addOutlineEntry(text, anchor, self._level - 1, closed=self._level > 1)
        return self.element(f"H{self._level}")

    def next_page(self) -> None:
        """Finish the page."""
        write_operators(self._canvas, self._tags.end())
        self._canvas.showPage()
        self._tags.next_page()
        self._color = ""
        self.page += 1

    def save(self) -> None:
        """Finish the document."""
        finish(self._canvas, self._tags)


def _offset(natural: float, width: float, style: Style) -> float:
    match style.align:
        case "right":
            return width - natural
        case "center":
            return (width - natural) / 2
        case _:
            return 0.0


@functools.cache
def _color(color: str) -> Any:
    from reportlab.lib.colors import HexColor

    return HexColor(color)
