"""Estimates with their intervals on an axis: how far it reaches, and the marks on it."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from clinval.report.pdf.charts.ticks import finite
from clinval.report.pdf.styles import NAVY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clinval.report.pdf.charts.sheet import Sheet
    from clinval.report.pdf.charts.ticks import Scale

__all__ = ["Limits", "diamond", "ends_of", "extent", "interval"]

_BEYOND = 0.6  # of the span of what matters: an interval that reaches further is clipped

Limits = tuple[float | None, float | None]


def extent(
    rows: Sequence[tuple[float | None, float | None, float | None]],
    *,
    always: Sequence[bool],
    lines: Iterable[float | None] = (),
    others: Iterable[float | None] = (),
    log: bool = False,
) -> list[float]:
    """Return the values between which the axis of estimates with their intervals runs.

    Estimates, lines and the intervals that are ``always`` shown are; another interval that would
    squeeze them together, or ``others``, is clipped instead and ends in an arrow.
    """

    def on_axis(value: float | None) -> float | None:
        value = finite(value)
        if value is None or not log:
            return value
        return math.log(value) if value > 0 else None

    core = [on_axis(value) for value in lines]
    ends = [on_axis(value) for value in others]
    for (estimate, low, high), whole in zip(rows, always, strict=True):
        core.append(on_axis(estimate))
        (core if whole else ends).extend((on_axis(low), on_axis(high)))
    known = [value for value in core if value is not None]
    reach = [value for value in ends if value is not None]
    if not known:
        return [math.exp(value) for value in reach] if log else reach
    least, most = min(known), max(known)
    typical = median(abs(value - median(known)) for value in reach) if reach else 0.0
    more = max((most - least) * _BEYOND, typical * 1.5)
    least = min([least, *(value for value in reach if value >= least - more)])
    most = max([most, *(value for value in reach if value <= most + more)])
    if any(value < least for value in reach):
        least -= more * 0.15
    if any(value > most for value in reach):
        most += more * 0.15
    return [math.exp(value) for value in (least, most)] if log else [least, most]


def ends_of(
    axis: Scale, low: float | None, high: float | None
) -> tuple[float, bool, float, bool] | None:
    """Return both ends of an interval, and whether each goes on beyond the axis."""
    low, high = finite(low), finite(high)
    if low is None and high is None:
        return None
    left_open = low is None or low < axis.low
    right_open = high is None or high > axis.high
    left = axis.start if low is None or left_open else axis.at(low)
    right = axis.end if high is None or right_open else axis.at(high)
    return left, left_open, right, right_open


def interval(sheet: Sheet, axis: Scale, low: float | None, high: float | None, y: float) -> None:
    """Draw an interval; an end beyond the axis is an arrow."""
    ends = ends_of(axis, low, high)
    if ends is None:
        return
    left, left_open, right, right_open = ends
    sheet.line(left, y, right, y, color=NAVY, width=0.9)
    for x, is_open, direction in ((left, left_open, -1), (right, right_open, 1)):
        if is_open:
            sheet.arrow(x, y, direction, color=NAVY, size=4.0)
        else:
            sheet.line(x, y - 1.8, x, y + 1.8, color=NAVY, width=0.9)


def diamond(
    sheet: Sheet, axis: Scale, estimate: float, limits: Limits, y: float, pitch: float
) -> None:
    """Draw a pooled estimate as a diamond as wide as its interval."""
    x, half = axis.at(estimate), min(4.4, pitch * 0.36)
    ends = ends_of(axis, *limits)
    if ends is None:
        left, right = x - half, x + half
    else:
        left, left_open, right, right_open = ends
        left, right = min(left, x - 1.5), max(right, x + 1.5)
        if left_open:
            sheet.arrow(left, y, -1, color=NAVY, size=4.5)
        if right_open:
            sheet.arrow(right, y, 1, color=NAVY, size=4.5)
    sheet.polygon([(left, y), (x, y - half), (right, y), (x, y + half)], fill=NAVY)
