"""Put a reportlab drawing on a page.

reportlab's own renderer names Helvetica on every page that has a drawing, and that font is never
embedded; this one knows the shapes that the charts use and no font of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinval.report.pdf.surface import Surface

__all__ = ["render"]


def render(drawing: Any, surface: Surface, x: float, top: float) -> None:
    """Draw every shape of a drawing whose upper left corner is at a point."""
    bottom = top + drawing.height
    for shape in drawing.contents:
        _SHAPES[type(shape).__name__](shape, surface, x, bottom)


def _string(shape: Any, surface: Surface, x: float, bottom: float) -> None:
    surface.text(
        x + shape.x, bottom - shape.y, shape.text,
        font=shape.fontName, size=shape.fontSize, color=_hex(shape.fillColor),
    )  # fmt: skip


def _group(shape: Any, surface: Surface, x: float, bottom: float) -> None:
    """Draw a group: shapes that are moved, or text turned by a right angle."""
    across, _, _, _, dx, dy = shape.transform
    if across:
        for part in shape.contents:
            _SHAPES[type(part).__name__](part, surface, x + dx, bottom - dy)
        return
    for text in shape.contents:
        surface.text(
            x + dx - text.y, bottom - dy - text.x, text.text, font=text.fontName,
            size=text.fontSize, color=_hex(text.fillColor), angle=90,
        )  # fmt: skip


def _line(shape: Any, surface: Surface, x: float, bottom: float) -> None:
    surface.rule(
        x + shape.x1, bottom - shape.y1, x + shape.x2, bottom - shape.y2,
        color=_hex(shape.strokeColor), width=shape.strokeWidth,
        dash=tuple(shape.strokeDashArray or ()),
    )  # fmt: skip


def _rect(shape: Any, surface: Surface, x: float, bottom: float) -> None:
    surface.box(
        x + shape.x, bottom - shape.y - shape.height, shape.width, shape.height,
        fill=_hex(shape.fillColor), stroke=_hex(shape.strokeColor), line=shape.strokeWidth,
    )  # fmt: skip


def _circle(shape: Any, surface: Surface, x: float, bottom: float) -> None:
    surface.circle(
        x + shape.cx, bottom - shape.cy, shape.r,
        fill=_hex(shape.fillColor), stroke=_hex(shape.strokeColor), line=shape.strokeWidth,
    )  # fmt: skip


def _path(shape: Any, surface: Surface, x: float, bottom: float) -> None:
    closed = type(shape).__name__ == "Polygon"
    flat = shape.points
    surface.path(
        [(x + flat[at], bottom - flat[at + 1]) for at in range(0, len(flat), 2)],
        fill=_hex(shape.fillColor) if closed else "", stroke=_hex(shape.strokeColor),
        line=shape.strokeWidth, dash=tuple(shape.strokeDashArray or ()), close=closed,
    )  # fmt: skip


def _hex(color: Any) -> str:
    return "" if color is None else f"#{color.hexval()[2:]}"


_SHAPES = {
    "Circle": _circle,
    "Group": _group,
    "Line": _line,
    "PolyLine": _path,
    "Polygon": _path,
    "Rect": _rect,
    "String": _string,
}
