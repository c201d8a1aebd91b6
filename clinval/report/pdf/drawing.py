"""Put a reportlab drawing on a page.

reportlab's own renderer names Helvetica on every page that has a drawing, and that font is never
embedded; this one knows the shapes that the charts use and no font of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinval.report.pdf.surface import Surface

__all__ = ["render", "smallest_text"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a drawing stands: the page, the drawing's lower left corner and its enlargement."""

    surface: Surface
    left: float
    bottom: float
    scale: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the point of the page for one of the drawing."""
        return self.left + x * self.scale, self.bottom - y * self.scale

    def dashes(self, dashes: Any) -> tuple[float, ...]:
        return tuple(length * self.scale for length in dashes or ())


def render(drawing: Any, surface: Surface, x: float, top: float, scale: float = 1.0) -> None:
    """Draw every shape of a drawing, enlarged, whose upper left corner is at a point."""
    place = _Place(surface, x, top + drawing.height * scale, scale)
    for shape in drawing.contents:
        _SHAPES[type(shape).__name__](shape, place)


def smallest_text(drawing: Any) -> float:
    """Return the size of the smallest text of a drawing or group, infinite where it has none."""
    found = float("inf")
    for shape in drawing.contents:
        if hasattr(shape, "contents"):
            found = min(found, smallest_text(shape))
        elif hasattr(shape, "fontSize"):
            found = min(found, shape.fontSize)
    return found


def _string(shape: Any, place: _Place) -> None:
    _write(shape, place, place.at(shape.x, shape.y), angle=0.0)


def _write(text: Any, place: _Place, point: tuple[float, float], *, angle: float) -> None:
    place.surface.text(
        *point, text.text, font=text.fontName, size=text.fontSize * place.scale,
        color=_hex(text.fillColor), angle=angle,
    )  # fmt: skip


def _group(shape: Any, place: _Place) -> None:
    """Draw a group: shapes that are moved, or text turned by a right angle."""
    across, _, _, _, dx, dy = shape.transform
    left, bottom = place.at(dx, dy)
    moved = replace(place, left=left, bottom=bottom)
    for part in shape.contents:
        if across:
            _SHAPES[type(part).__name__](part, moved)
        else:
            _write(part, moved, moved.at(-part.y, part.x), angle=90.0)


def _line(shape: Any, place: _Place) -> None:
    place.surface.rule(
        *place.at(shape.x1, shape.y1), *place.at(shape.x2, shape.y2),
        color=_hex(shape.strokeColor), width=shape.strokeWidth * place.scale,
        dash=place.dashes(shape.strokeDashArray),
    )  # fmt: skip


def _rect(shape: Any, place: _Place) -> None:
    place.surface.box(
        *place.at(shape.x, shape.y + shape.height), shape.width * place.scale,
        shape.height * place.scale, fill=_hex(shape.fillColor), stroke=_hex(shape.strokeColor),
        line=shape.strokeWidth * place.scale,
    )  # fmt: skip


def _circle(shape: Any, place: _Place) -> None:
    place.surface.circle(
        *place.at(shape.cx, shape.cy), shape.r * place.scale, fill=_hex(shape.fillColor),
        stroke=_hex(shape.strokeColor), line=shape.strokeWidth * place.scale,
    )  # fmt: skip


def _image(shape: Any, place: _Place) -> None:
    place.surface.image(
        *place.at(shape.x, shape.y + shape.height), shape.width * place.scale,
        shape.height * place.scale, shape.path,
    )  # fmt: skip


def _path(shape: Any, place: _Place) -> None:
    closed = type(shape).__name__ == "Polygon"
    flat = shape.points
    place.surface.path(
        [place.at(flat[index], flat[index + 1]) for index in range(0, len(flat), 2)],
        fill=_hex(shape.fillColor) if closed else "", stroke=_hex(shape.strokeColor),
        line=shape.strokeWidth * place.scale, dash=place.dashes(shape.strokeDashArray),
        close=closed,
    )  # fmt: skip


def _hex(color: Any) -> str:
    return "" if color is None else f"#{color.hexval()[2:]}"


_SHAPES = {
    "Circle": _circle,
    "Group": _group,
    "Image": _image,
    "Line": _line,
    "PolyLine": _path,
    "Polygon": _path,
    "Rect": _rect,
    "String": _string,
}
