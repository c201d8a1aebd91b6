"""How the pages look: sizes, colours, spaces. One place, so that all documents agree."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from clinval.report.blocks import Tone, TypeSizes

__all__ = ["Style", "Styles", "styles"]

MM = 72 / 25.4

# The page: A4, 20 mm margins. The running lines stand far enough inside to survive being printed
# on US Letter without scaling, which takes 9 mm from the top and the bottom, and to stay 3/8 inch
# away from its edges when they are fitted to it, which makes all 6% smaller.
PAGE_WIDTH, PAGE_HEIGHT = 210 * MM, 297 * MM
MARGIN = 20 * MM
WIDTH = PAGE_WIDTH - 2 * MARGIN
HEIGHT = PAGE_HEIGHT - 2 * MARGIN

# Ink and greys.
INK = "#1B2127"
MUTED = "#56616B"
FAINT = "#87919A"
RULE = "#2A3138"
HAIR = "#CCD2D8"
TINT = "#F4F6F8"
WHITE = "#FFFFFF"

# Okabe and Ito's colours, which the colour-blind tell apart.
BLUE = "#0072B2"
VERMILION = "#D55E00"
GREEN = "#009E73"
PINK = "#CC79A7"
ORANGE = "#E69F00"
SKY = "#56B4E9"
NAVY = "#123A57"  # headings: the blue, dark enough for text
BLUE_TINT = "#DCEAF4"
VERMILION_TINT = "#FBEADF"

TONE_BAR: dict[Tone, str] = {"good": GREEN, "bad": VERMILION, "neutral": "#7C8891"}
TONE_TEXT: dict[Tone, str] = {"good": "#00664B", "bad": "#A34100", "neutral": "#414C55"}
TONE_TINT: dict[Tone, str] = {"good": "#EDF6F3", "bad": "#FCF1EA", "neutral": "#F3F5F7"}

# A colour for chart marks by tone; the shape of the mark differs too.
TONE_MARK: dict[Tone, str] = {"good": "#00805E", "bad": VERMILION, "neutral": "#56616B"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a text is set."""

    size: float
    leading: float
    bold: bool = False
    color: str = INK
    align: Literal["left", "right", "center"] = "left"
    justify: bool = False

    def but(self, **changes: object) -> Style:
        """Return the style with something changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Styles:
    """The styles of a document; no text is smaller than ``least`` points, not even in charts."""

    body: Style
    lead: Style
    note: Style
    detail: Style
    headings: tuple[Style, Style, Style]
    caption: Style
    cell: Style
    dense: Style
    running: Style
    mark: Style
    least: float


@functools.cache
def styles(language: str, sizes: TypeSizes = "ordinary") -> Styles:
    """Return the styles of a language: Chinese lines stand wider apart and fill the measure.

    Regulatory sizes are those that authorities ask for: nothing below 9 points.
    """
    chinese = language == "zh"
    open_up = 1.12 if chinese else 1.0

    def style(size: float, leading: float, **more: object) -> Style:
        return Style(size=size, leading=round(leading * open_up, 1)).but(**more)

    headings = (
        style(16, 20, bold=True, color=NAVY),
        style(12.5, 16, bold=True, color=NAVY),
        style(11, 14.5, bold=True, color=NAVY),
    )
    if sizes == "regulatory":
        return Styles(
            body=style(10.5, 15, justify=chinese),
            lead=style(11.5, 16.5, color=NAVY, justify=chinese),
            note=style(9, 12, color=MUTED),
            detail=style(9, 11.5, color=MUTED),
            headings=headings,
            caption=style(10, 13.5),
            cell=style(9, 11.5),
            dense=style(9, 11),
            running=style(9, 11, color=MUTED),
            mark=Style(size=9, leading=13.8, bold=True),
            least=9,
        )
    return Styles(
        body=style(10, 14, justify=chinese),
        lead=style(11.5, 16.5, color=NAVY, justify=chinese),
        note=style(8.5, 11.5, color=MUTED),
        detail=style(8, 11, color=MUTED),
        headings=headings,
        caption=style(9.5, 13),
        cell=style(9, 11.5),
        dense=style(8, 10),
        running=style(8, 10, color=MUTED),
        mark=Style(size=7.6, leading=12.4, bold=True),
        least=0,
    )
