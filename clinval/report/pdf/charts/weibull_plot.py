"""Weibull plot: failures on Weibull paper, the fitted distributions, limits of the times."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import (
    GRID,
    NUMBERS,
    bottom,
    levels,
    ticks_across,
    title_left,
)
from clinval.report.pdf.charts.estimates import ends_of
from clinval.report.pdf.charts.series import Look, key, look, mark, sample
from clinval.report.pdf.charts.sheet import Sheet
from clinval.report.pdf.charts.ticks import Scale, Tick, finite, scale
from clinval.report.pdf.styles import MUTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clinval.report.figures import WeibullFit, WeibullPlot

__all__ = ["draw"]

_HEIGHT, _SHAPE = 186.0, 0.72  # of the plot: the greatest, and its part of the width
_LEAST, _MOST = 1e-6, 1 - 1e-6  # shares that paper has a place for
_SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999)
_ROOM = 11.0  # points between two numbers
_SPAN = (0.08, 0.75)  # shares that are always shown
_FAR = 4.0  # of the times of failures: a limit beyond is an arrow at the edge
_BAR = 2.2  # half the height of the end of a limit


def draw(chart: WeibullPlot, width: float, language: str) -> Any:
    """Draw points, lines and limits of all groups under their key."""
    sheet = Sheet(width, language)
    looks = [look(index) for index in range(len(chart.fits))]
    entries = [
        (f"{fit.label}{fit.said}", partial(sample, sheet, kind))
        for kind, fit in zip(looks, chart.fits, strict=True)
    ]
    top = key(sheet, entries, 0.0, 0.0) + 6.0
    foot = top + min(_HEIGHT, _SHAPE * width)
    down = _paper([share for fit in chart.fits for share in _shares(fit)], foot, top)
    ticks = _ticks(down)
    left = 22.0 + max((sheet.measure(tick.label, NUMBERS) for tick in ticks), default=0.0)
    across = scale(
        list(_times(chart.fits)), left, max(width - 10.0, left + 1.0), log=True, pad=0.06
    )
    levels(sheet, ticks, across.start, across.end)
    for tick in ticks_across(sheet, across):
        sheet.line(tick.at, top, tick.at, foot, color=GRID, width=0.5)
    for number, (kind, fit) in enumerate(zip(looks, chart.fits, strict=True)):
        _line(sheet, across, down, fit, kind)
        _limits(sheet, across, down, fit, kind, 3.0 * number)
    for kind, fit in zip(looks, chart.fits, strict=True):
        for time, share in _points(fit):
            mark(sheet, kind, across.at(time), down.at(_height(share)), 2.3)
    sheet.line(across.start, top, across.start, foot, color=MUTED, width=0.6)
    title_left(sheet, top, foot, chart.y_axis)
    return sheet.drawing(bottom(sheet, across, foot, chart.x_axis) + 2.0)


def _height(share: float) -> float:
    """Return where a share stands on Weibull paper, ln(-ln(1 - share)).

    Examples
    --------
    >>> round(_height(0.1), 3), round(_height(1.0), 1)
    (-2.25, 2.6)
    """
    return math.log(-math.log1p(-min(max(share, _LEAST), _MOST)))


def _paper(shares: Sequence[float], foot: float, top: float) -> Scale:
    """Return the vertical scale, which shows all shares and those always shown."""
    return scale([_height(share) for share in (*_SPAN, *shares)], foot, top, pad=0.03)


def _ticks(down: Scale) -> list[Tick]:
    """Return ticks at round shares, no closer than numbers can stand; 10% comes first."""
    found: list[Tick] = []
    for share in sorted(_SHARES, key=lambda share: abs(_height(share) - _height(0.1))):
        at = down.at(_height(share))
        if down.covers(_height(share)) and all(abs(at - tick.at) >= _ROOM for tick in found):
            found.append(Tick(at=at, label=f"{100 * share:g}"))
    return sorted(found, key=lambda tick: -tick.at)


def _points(fit: WeibullFit) -> Iterator[tuple[float, float]]:
    """Yield the failures that have a place on the paper."""
    for time, share in zip(map(finite, fit.time), map(finite, fit.failed), strict=True):
        if time is not None and time > 0 and share is not None and 0 < share < 1:
            yield time, share


def _shares(fit: WeibullFit) -> list[float]:
    return [share for _, share in _points(fit)]


def _distribution(fit: WeibullFit) -> tuple[float, float] | None:
    """Return shape and scale where there are both."""
    shape, size = (finite(value) for value in (fit.shape, fit.scale))
    return None if not shape or not size or min(shape, size) <= 0 else (shape, size)


def _times(fits: Sequence[WeibullFit]) -> Iterator[float]:
    """Yield the times between which the axis runs: of failures, of lines, of limits nearby."""
    seen = [time for fit in fits for time, _ in _points(fit)]
    for fit in fits:
        found = _distribution(fit)
        if found is not None:
            seen += [found[1] * math.exp(_height(share) / found[0]) for share in (0.1, 0.632)]
    seen = [time for time in map(finite, seen) if time]
    yield from seen
    for limit in (limit for fit in fits for _, *ends in fit.limits for limit in ends):
        time = finite(limit)
        if time and seen and min(seen) / _FAR <= time <= max(seen) * _FAR:
            yield time


def _line(sheet: Sheet, across: Scale, down: Scale, fit: WeibullFit, kind: Look) -> None:
    """Draw a distribution as the straight line that it is, as far as the paper reaches."""
    found = _distribution(fit)
    if found is None:
        return
    shape, size = found
    enters, leaves = (math.log(size) + height / shape for height in (down.low, down.high))
    start, end = max(math.log(across.low), enters), min(math.log(across.high), leaves)
    if start < end:
        points = [
            (across.at(math.exp(at)), down.at(shape * (at - math.log(size)))) for at in (start, end)
        ]
        sheet.polyline(points, color=kind.color, width=1.4, dash=kind.dash)


def _limits(
    sheet: Sheet, across: Scale, down: Scale, fit: WeibullFit, kind: Look, aside: float
) -> None:
    """Draw the limits of times as bars, those of a further group a little lower."""
    for share, low, high in fit.limits:
        ends = ends_of(across, low, high)
        if ends is None or not 0 < share < 1:
            continue
        left, left_open, right, right_open = ends
        y = down.at(_height(share)) + aside
        sheet.line(left, y, right, y, color=kind.color, width=0.9)
        for x, is_open, direction in ((left, left_open, -1), (right, right_open, 1)):
            if is_open:
                sheet.arrow(x, y, direction, color=kind.color, size=4.0)
            else:
                sheet.line(x, y - _BAR, x, y + _BAR, color=kind.color, width=0.9)
