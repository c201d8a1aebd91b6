"""The sheet that charts are drawn on: shapes of a reportlab drawing, text in the report's fonts.

Coordinates are points from the top left corner, downwards; the height is known at the end.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Literal

from clinval.report.pdf.styles import INK, Style
from clinval.report.pdf.surface import baseline
from clinval.report.pdf.text import lay, natural_width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from clinval.report.pdf.text import Line

__all__ = ["BOLD", "LABEL", "SMALL", "Points", "Sheet", "block_height"]

LABEL = Style(size=8.5, leading=10.6)
BOLD = LABEL.but(bold=True)
SMALL = Style(size=7.5, leading=9.4)

_ENDLESS = 1e6  # points
Points = list[tuple[float, float]]
Anchor = Literal["start", "middle", "end"]


def block_height(lines: Sequence[Line], style: Style) -> float:
    """Return the height of lines of text."""
    return len(lines) * style.leading


class Sheet:
    """A drawing that grows downwards."""

    def __init__(self, width: float, language: str) -> None:
        self.width = width
        self.language = language
        self._shapes: list[Callable[[float], Any]] = []

    def drawing(self, height: float) -> Any:
        """Return the drawing, cut to a height."""
        from reportlab.graphics.shapes import Drawing

        return Drawing(self.width, height, *(shape(height) for shape in self._shapes))

    def measure(self, text: str, style: Style) -> float:
        """Return the width of a text on one line."""
        return natural_width(text, style, self.language)

    def text(
        self, x: float, y: float, text: str, style: Style = SMALL, *, anchor: Anchor = "start"
    ) -> None:
        """Draw a line of text with its baseline at ``y``."""
        line = lay(text, style, _ENDLESS, self.language)[:1]
        shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * line[0].width
        self.block(x - shift, y - baseline(style), line[0].width, line, style)

    def upright(self, x: float, y: float, text: str, style: Style) -> None:
        """Draw a line of text that reads upwards, its baseline at ``x``, its middle at ``y``."""
        from reportlab.graphics.shapes import Group, String

        line = lay(text, style, _ENDLESS, self.language)[0]
        color = _color(style.color)
        for piece in line.pieces:

            def shape(
                height: float,
                along: float = piece.x - line.width / 2,
                font: str = piece.font,
                words: str = piece.text,
            ) -> Any:
                string = String(
                    along, 0.0, words, fontName=font, fontSize=style.size, fillColor=color
                )
                return Group(string, transform=(0, 1, -1, 0, x, height - y))

            self._shapes.append(shape)

    def block(
        self, x: float, top: float, width: float, lines: Sequence[Line], style: Style
    ) -> None:
        """Draw lines of text in a column, aligned as the style says."""
        from reportlab.graphics.shapes import String

        color = _color(style.color)
        share = {"left": 0.0, "center": 0.5, "right": 1.0}[style.align]
        for index, line in enumerate(lines):
            left = x + (width - line.width) * share
            y = top + index * style.leading + baseline(style)
            for piece in line.pieces:

                def shape(
                    height: float,
                    at: float = left + piece.x,
                    below: float = y,
                    font: str = piece.font,
                    words: str = piece.text,
                ) -> Any:
                    return String(
                        at, height - below, words,
                        fontName=font, fontSize=style.size, fillColor=color,
                    )  # fmt: skip

                self._shapes.append(shape)

    def place(self, x: float, top: float, drawing: Any) -> None:
        """Place a drawing by its top left corner."""
        from reportlab.graphics.shapes import Group

        def shape(height: float) -> Any:
            below = height - top - drawing.height
            return Group(*drawing.contents, transform=(1, 0, 0, 1, x, below))

        self._shapes.append(shape)

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        color: str = INK,
        width: float = 0.5,
        dash: tuple[float, ...] = (),
    ) -> None:
        """Draw a line."""
        from reportlab.graphics.shapes import Line as Stroke

        def shape(height: float) -> Any:
            return Stroke(
                x1, height - y1, x2, height - y2,
                strokeColor=_color(color), strokeWidth=width, strokeDashArray=dash or None,
            )  # fmt: skip

        self._shapes.append(shape)

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
        width, height = max(width, 0.0), max(height, 0.0)  # rounding may leave less than nothing
        from reportlab.graphics.shapes import Rect

        def shape(total: float) -> Any:
            return Rect(
                x, total - top - height, width, height,
                fillColor=_color(fill), strokeColor=_color(stroke), strokeWidth=line,
            )  # fmt: skip

        self._shapes.append(shape)

    def image(self, x: float, top: float, width: float, height: float, picture: Any) -> None:
        """Draw a picture of Pillow."""
        from reportlab.graphics.shapes import Image

        def shape(total: float) -> Any:
            return Image(x, total - top - height, width, height, picture)

        self._shapes.append(shape)

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        *,
        fill: str = "",
        stroke: str = "",
        line: float = 0.6,
    ) -> None:
        """Draw a circle."""
        from reportlab.graphics.shapes import Circle

        def shape(height: float) -> Any:
            return Circle(
                x, height - y, radius,
                fillColor=_color(fill), strokeColor=_color(stroke), strokeWidth=line,
            )  # fmt: skip

        self._shapes.append(shape)

    def polygon(
        self, points: Points, *, fill: str = "", stroke: str = "", line: float = 0.5
    ) -> None:
        """Draw a closed area."""
        from reportlab.graphics.shapes import Polygon

        def shape(height: float) -> Any:
            return Polygon(
                _flat(points, height),
                fillColor=_color(fill), strokeColor=_color(stroke), strokeWidth=line,
            )  # fmt: skip

        self._shapes.append(shape)

    def polyline(
        self, points: Points, *, color: str = INK, width: float = 0.8, dash: tuple[float, ...] = ()
    ) -> None:
        """Draw a broken line."""
        from reportlab.graphics.shapes import PolyLine

        if len(points) < 2:
            return

        def shape(height: float) -> Any:
            return PolyLine(
                _flat(points, height),
                strokeColor=_color(color), strokeWidth=width, strokeDashArray=dash or None,
            )  # fmt: skip

        self._shapes.append(shape)

    def arrow(self, x: float, y: float, direction: int, *, color: str, size: float = 3.2) -> None:
        """Draw an arrow head whose tip is at a point, to the left (-1) or the right (1)."""
        back = x - direction * size
        half = size * 0.62
        self.polygon([(x, y), (back, y - half), (back, y + half)], fill=color)


def _flat(points: Points, height: float) -> list[float]:
    return [value for x, y in points for value in (x, height - y)]


@functools.cache
def _color(color: str) -> Any:
    from reportlab.lib.colors import HexColor

    return HexColor(color) if color else None
