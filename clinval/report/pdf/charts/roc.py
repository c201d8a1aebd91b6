"""ROC and FROC curves: chance as a light diagonal, operating points with their intervals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import (
    GRID,
    NUMBERS,
    bottom,
    ticks_across,
    ticks_down,
    title_left,
)
from clinval.report.pdf.charts.series import WORDS, Look, look, mark, sample
from clinval.report.pdf.charts.sheet import BOLD, SMALL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite
from clinval.report.pdf.styles import FAINT, MUTED
from clinval.report.pdf.text import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.report.figures import Roc, RocCurve, RocPoint
    from clinval.report.pdf.charts.sheet import Points

__all__ = ["draw"]

_SIDE = 230.0  # of the square, at most
_SHARE = 0.56  # of the width
_TOP = 8.0
_GAP = 18.0
_SAMPLE = 22.0
_READER = 0.6  # width of the curve of a reader
_LIGHT = "#B4BCC4"
_STRENGTH = 0.42  # of a reader's hue
_DOT = 1.8  # half of a reader's operating point


def draw(chart: Roc, width: float, language: str) -> Any:
    """Draw the curves and beside them what each is, with its area."""
    sheet = Sheet(width, language)
    left = 42.0
    side = max(min(_SIDE, width * _SHARE - left), 1.0)
    foot = _TOP + side
    most = finite(chart.end) if chart.end else None
    across = Scale(
        low=0.0, high=most or 1.0, start=left, end=left + side, factor=1.0 if most else 100.0
    )
    down = Scale(low=0.0, high=1.0, start=foot, end=_TOP, factor=100.0)
    for tick in ticks_down(down, 6):
        sheet.line(left, tick.at, across.end, tick.at, color=GRID, width=0.5)
        y = tick.at + SMALL.size * 0.36
        sheet.text(left - 4, y, tick.label, NUMBERS, anchor="end")
        x = left + foot - tick.at  # the axes are alike
        if not most:
            sheet.line(x, _TOP, x, foot, color=GRID, width=0.5)
    for tick in ticks_across(sheet, across) if most else ():
        sheet.line(tick.at, _TOP, tick.at, foot, color=GRID, width=0.5)
    if chart.chance_label and not most:
        sheet.line(left, foot, across.end, _TOP, color=FAINT, width=0.6, dash=(1.0, 2.0))
    looks = [look(index) for index in range(len(chart.curves))]
    for reader in chart.readers:
        _reader(sheet, across, down, reader, _pale(reader, looks), closed=not most)
    for kind, curve in zip(looks, chart.curves, strict=True):
        points = _points(across, down, curve, closed=not most)
        sheet.polyline(points, color=kind.color, width=1.6, dash=kind.dash)
    for kind, curve in zip(looks, chart.curves, strict=True):
        for point in _operating(curve):
            _cross(sheet, across, down, kind, point)
    sheet.line(left, _TOP, left, foot, color=MUTED, width=0.6)
    title_left(sheet, _TOP, foot, chart.y_axis)
    end = _words(chart, sheet, across.end + _GAP, looks)
    return sheet.drawing(max(bottom(sheet, across, foot, chart.x_axis), end) + 2.0)


def _points(across: Scale, down: Scale, curve: RocCurve, *, closed: bool) -> Points:
    """Return a curve from the corner of both zeros, where it is closed to the opposite one."""
    pairs = zip(curve.false_positive, curve.true_positive, strict=True)
    known = [(finite(x), finite(y)) for x, y in pairs]
    inner = [(across.at(x), down.at(y)) for x, y in known if x is not None and y is not None]
    if not inner:
        return []
    return [(across.start, down.start), *inner, *([(across.end, down.end)] if closed else [])]


def _pale(reader: RocCurve, looks: Sequence[Look]) -> Look:
    """Return how the curve of a reader is drawn: light, in the look of the curve it belongs to."""
    if reader.of is None or not looks:
        return Look(color=_LIGHT, words=MUTED, dash=(), mark="disc")
    kind = looks[reader.of % len(looks)]
    return replace(kind, color=_paler(kind.color))


def _paler(color: str) -> str:
    """Return a colour mixed with so much white that it lies behind the others."""
    parts = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * _STRENGTH):02X}" for part in parts)


def _reader(
    sheet: Sheet, across: Scale, down: Scale, reader: RocCurve, kind: Look, *, closed: bool
) -> None:
    """Draw the curve of a reader, and its operating point as a small mark."""
    points = _points(across, down, reader, closed=closed)
    sheet.polyline(points, color=kind.color, width=_READER, dash=kind.dash)
    for point in _operating(reader):
        x, y = finite(point.false_positive), finite(point.true_positive)
        if x is not None and y is not None:
            mark(sheet, kind, across.at(x), down.at(y), _DOT)


def _operating(curve: RocCurve) -> tuple[RocPoint, ...]:
    """Return the operating points of a curve."""
    return (*((curve.point,) if curve.point else ()), *curve.points)


def _cross(sheet: Sheet, across: Scale, down: Scale, kind: Look, point: RocPoint) -> None:
    """Draw an operating point with the intervals of both its rates."""
    x, y = finite(point.false_positive), finite(point.true_positive)
    if x is None or y is None:
        return
    at = across.at(x), down.at(y)
    low, high = (finite(value) for value in point.false_positive_limits)
    if low is not None and high is not None:
        start, end = across.at(low), across.at(high)
        sheet.line(start, at[1], end, at[1], color=kind.color, width=1.0)
        for edge in (start, end):
            sheet.line(edge, at[1] - 2, edge, at[1] + 2, color=kind.color, width=1.0)
    low, high = (finite(value) for value in point.true_positive_limits)
    if low is not None and high is not None:
        start, end = down.at(low), down.at(high)
        sheet.line(at[0], start, at[0], end, color=kind.color, width=1.0)
        for edge in (start, end):
            sheet.line(at[0] - 2, edge, at[0] + 2, edge, color=kind.color, width=1.0)
    mark(sheet, kind, *at, 3.4)


def _words(chart: Roc, sheet: Sheet, left: float, looks: Sequence[Look]) -> float:
    """Say what each curve is, its area and its operating point; return where the words end."""
    x = left + _SAMPLE + 6.0
    room = max(sheet.width - x, 1.0)
    y = _TOP + 2.0
    for kind, curve in zip(looks, chart.curves, strict=True):
        sample(sheet, kind, left, y + WORDS.leading / 2, _SAMPLE)
        y = _said(sheet, x, y, room, curve, kind) + 9.0
    others: list[tuple[str, str, float, tuple[float, ...]]] = [
        ("" if chart.end else chart.chance_label, FAINT, 0.6, (1.0, 2.0))
    ]
    if chart.readers:
        others.insert(0, (chart.readers_label, _LIGHT, _READER * 2, ()))
    for label, color, thick, dash in others:
        if label:
            middle = y + WORDS.leading / 2
            sheet.line(left, middle, left + _SAMPLE, middle, color=color, width=thick, dash=dash)
            lines = shortened(label, WORDS, room, sheet.language, 2)
            sheet.block(x, y, room, lines, WORDS.but(color=MUTED))
            y += block_height(lines, WORDS) + 5.0
    return y


def _said(sheet: Sheet, x: float, y: float, room: float, curve: RocCurve, kind: Look) -> float:
    texts = (
        (curve.label, BOLD.but(size=8, leading=9.8, color=kind.words)),
        (curve.area, WORDS),
        *((point.label, WORDS.but(color=MUTED)) for point in _operating(curve)),
    )
    for text, style in texts:
        if text:
            lines = shortened(text, style, room, sheet.language, 3)
            sheet.block(x, y, room, lines, style)
            y += block_height(lines, style)
    return y
