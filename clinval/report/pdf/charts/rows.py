"""What charts of many rows share: columns beside the plot, and how close the rows stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.report.pdf.charts.sheet import BOLD, LABEL, Sheet, block_height
from clinval.report.pdf.styles import VERMILION, Style
from clinval.report.pdf.text import Line, balanced, natural_width, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.report.pdf.charts.ticks import Scale

__all__ = ["Cut", "Density", "column", "density", "reference", "row_label"]

Cut = tuple[int, int]  # the rows to draw, from and up to

GUTTER = 10.0
MARGIN_TEXT = LABEL.but(size=7.5, leading=9.2, bold=True, color="#A34100", align="center")
NULL_TEXT = MARGIN_TEXT.but(bold=False, color="#56616B")


@dataclass(frozen=True, slots=True, kw_only=True)
class Density:
    """How close rows stand: the style of their text, their height, the lines a label may take."""

    style: Style
    pitch: float
    lines: int


def density(count: int) -> Density:
    """Return the density for so many rows: sixty fit on a page."""
    if count <= 26:
        return Density(style=LABEL, pitch=15.5, lines=2)
    if count <= 42:
        return Density(style=LABEL.but(size=8, leading=9.6), pitch=12.4, lines=1)
    return Density(style=LABEL.but(size=7.2, leading=8.6), pitch=9.0, lines=1)


def column(
    texts: Sequence[str],
    style: Style,
    language: str,
    *,
    least: float,
    most: float,
    header: str = "",
) -> float:
    """Return the width of a column of texts under a header, within limits."""
    widest = max(
        (natural_width(text, style, language) for text in texts),
        default=0.0,
    )
    widest = max(widest, natural_width(header, BOLD, language))
    return min(max(widest + 1.0, least), most)


def row_label(text: str, style: Style, width: float, language: str, most: int) -> tuple[Line, ...]:
    """Return the lines of a row's label."""
    return balanced(text, style, width, language, most)


def reference(
    sheet: Sheet, scale: Scale, value: float, top: float, bottom: float, *, margin: bool
) -> None:
    """Draw the line of the margin (dashed) or of no difference (solid, thin)."""
    if scale.covers(value):
        x = scale.at(value)
        if margin:
            sheet.line(x, top, x, bottom, color=VERMILION, width=1.0, dash=(3.5, 2.2))
        else:
            sheet.line(x, top, x, bottom, color="#7C8891", width=0.6)


def above(
    sheet: Sheet, scale: Scale, value: float, text: str, style: Style
) -> tuple[float, float, tuple[Line, ...]]:
    """Return where the words above a line stand: left edge, width and lines."""
    most = max((scale.end - scale.start) * 0.9, 60.0)
    lines = shortened(text, style, most, sheet.language, 2)
    width = max((line.width for line in lines), default=0.0)
    left = min(max(scale.at(value) - width / 2, scale.start - 4.0), scale.end + GUTTER - width)
    return min(max(left, 0.0), max(sheet.width - width, 0.0)), width, lines


def words_above(
    sheet: Sheet, scale: Scale, value: float, text: str, bottom: float, style: Style
) -> None:
    """Draw the words above a line so that they end at ``bottom``."""
    left, width, lines = above(sheet, scale, value, text, style)
    sheet.block(left, bottom - block_height(lines, style), width, lines, style)


def words_height(sheet: Sheet, scale: Scale, text: str, style: Style) -> float:
    """Return the height of the words above a line."""
    return block_height(above(sheet, scale, scale.low, text, style)[2], style) if text else 0.0
