"""Time course: mean times over weeks or cases, with the lines of a model and what it expects."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import (
    NUMBERS,
    bottom,
    levels,
    ticks_down,
    title_left,
)
from clinval.report.pdf.charts.rows import NULL_TEXT, words_above, words_height
from clinval.report.pdf.charts.series import key, look, mark
from clinval.report.pdf.charts.sheet import Sheet
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import FAINT, MUTED

if TYPE_CHECKING:
    from clinval.report.figures import TimeCourse, TimeLine

__all__ = ["draw"]

_HEIGHT, _SHAPE = 170.0, 0.6  # of the plot: the greatest, and its part of the width
_EXPECTED = (1.5, 2.0)
_LEAST, _LARGEST = 1.5, 3.2  # half of a mark: of the fewest, and of the most examinations


def draw(chart: TimeCourse, width: float, language: str) -> Any:
    """Draw the means, the lines and where the product came."""
    sheet = Sheet(width, language)
    top = _key(chart, sheet) + 6.0
    change = finite(chart.change)
    reach = [*(at for points in chart.points for at in points.at), *_ends(chart), change]
    values = [value for points in chart.points for value in points.value]
    values += [value for line in chart.lines for value in line.value]
    height = min(_HEIGHT, _SHAPE * width)
    probe = scale(values, height, 0.0)
    numbers = max(sheet.measure(tick.label, NUMBERS) for tick in ticks_down(probe)) + 22.0
    across = scale(reach, numbers, max(width - 8.0, numbers + 1.0), log=chart.log, pad=0.03)
    marked = change is not None and across.covers(change)
    if marked:
        top += words_height(sheet, across, chart.change_label, NULL_TEXT)
    foot = top + height
    down = scale(values, foot, top)
    levels(sheet, ticks_down(down), across.start, across.end)
    if change is not None and marked:
        x = across.at(change)
        sheet.line(x, top, x, foot, color=FAINT, width=0.9, dash=(4.0, 2.5))
        words_above(sheet, across, change, chart.change_label, top - 1.0, NULL_TEXT)
    for line in chart.lines:
        _line(sheet, across, down, line)
    _points(chart, sheet, across, down)
    sheet.line(across.start, top, across.start, foot, color=MUTED, width=0.6)
    title_left(sheet, top, foot, chart.y_axis)
    return sheet.drawing(bottom(sheet, across, foot, chart.x_axis) + 2.0)


def _ends(chart: TimeCourse) -> list[float]:
    return [at for line in chart.lines for at in line.at]


def _points(chart: TimeCourse, sheet: Sheet, across: Scale, down: Scale) -> None:
    """Draw the means; the area of a mark grows with the examinations behind it."""
    most = max((n for points in chart.points for n in points.n), default=1) or 1
    for number, points in enumerate(chart.points):
        kind = look(number)
        for at, value, n in zip(points.at, points.value, points.n, strict=True):
            x, y = finite(at), finite(value)
            if x is not None and y is not None and (x > 0 or not chart.log):
                half = _LEAST + (_LARGEST - _LEAST) * (max(n, 0) / most) ** 0.5
                mark(sheet, kind, across.at(x), down.at(y), half)


def _line(sheet: Sheet, across: Scale, down: Scale, line: TimeLine) -> None:
    """Draw a line of the model in the look of its points, one that is expected dotted."""
    kind = look(line.of)
    pairs = zip(map(finite, line.at), map(finite, line.value), strict=True)
    points = [
        (across.at(x), down.at(y))
        for x, y in pairs
        if x is not None and y is not None and (x > 0 or not across.log)
    ]
    if line.expected:
        sheet.polyline(points, color=MUTED, width=1.0, dash=_EXPECTED)
    else:
        sheet.polyline(points, color=kind.color, width=1.5, dash=kind.dash)


def _key(chart: TimeCourse, sheet: Sheet) -> float:
    """Name the points and the lines that have a name."""

    def point(number: int, x: float, y: float, width: float) -> None:
        mark(sheet, look(number), x + width / 2, y, 2.6)

    def line(of: int, x: float, y: float, width: float, *, expected: bool) -> None:
        kind = look(of)
        color, dash = (MUTED, _EXPECTED) if expected else (kind.color, kind.dash)
        sheet.line(x, y, x + width, y, color=color, width=1.4, dash=dash)

    entries = [
        (points.label, partial(point, number))
        for number, points in enumerate(chart.points)
        if points.label
    ]
    named = [shown for shown in chart.lines if shown.label]
    entries += [(shown.label, partial(line, shown.of, expected=shown.expected)) for shown in named]
    return key(sheet, entries, 0.0, 0.0) if entries else 0.0
