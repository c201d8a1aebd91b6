"""Panels: small charts side by side, each under its title."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.sheet import BOLD, Sheet, block_height
from clinval.report.pdf.text import shortened

if TYPE_CHECKING:
    from clinval.report.figures import Chart, Panels
    from clinval.report.pdf.charts.rows import Cut

__all__ = ["draw", "rows"]

_GAP = 18.0  # points between columns
_BELOW = 12.0  # points between rows
_LINES = 3  # of a title


def rows(chart: Panels) -> int:
    """Return how many rows the panels take."""
    return -(-len(chart.panels) // chart.columns)


def draw(
    chart: Panels,
    width: float,
    language: str,
    cut: Cut,
    draw_one: Callable[[Chart, float, str], Any],
) -> Any:
    """Draw some rows of panels, each by ``draw_one``."""
    sheet = Sheet(width, language)
    column = (width - _GAP * (chart.columns - 1)) / chart.columns
    top = 0.0
    for row in range(*cut):
        shown = chart.panels[row * chart.columns : (row + 1) * chart.columns]
        drawings = [draw_one(panel.chart, column, language) for panel in shown]
        titles = [shortened(panel.title, BOLD, column, language, _LINES) for panel in shown]
        head = max(block_height(lines, BOLD) for lines in titles) + 2.0
        for index, (lines, drawing) in enumerate(zip(titles, drawings, strict=True)):
            left = index * (column + _GAP)
            sheet.block(left, top, column, lines, BOLD)
            sheet.place(left, top + head, drawing)
        top += head + max(drawing.height for drawing in drawings) + _BELOW
    return sheet.drawing(max(top - _BELOW, 1.0))
