"""Bisection of many brackets at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray

__all__ = ["normal_quantile", "score_limits", "turning_point"]

_STEPS = 54  # halve a bracket to the last digit of its width
_AT_ONCE = 3  # steps, whose points are asked for in one go
_FEW = 500  # brackets, for which a question costs the same however many points it is about


def turning_point(
    holds: Callable[[FloatArray], NDArray[np.bool_]], start: FloatArray, end: FloatArray
) -> FloatArray:
    """Return, elementwise, where a statement that holds at the start ceases to hold.

    Nothing but the truth of the statement is used. Where it holds throughout the answer is the
    end, where it never holds the start. It is asked of points with more leading axes.
    """
    point, step = np.broadcast_arrays(start, end - start)
    at_once = _AT_ONCE if point.size <= _FEW else 1
    for _ in range(_STEPS // at_once):
        points: list[FloatArray] = [point]
        for _ in range(at_once):
            step = step / 2
            points = [reached for one in points for reached in (one, one + step)]
        point = _last(points, holds(np.stack(points[1:])))
    between = np.where(point == start, start, point + step / 2)
    return np.where(point + step == end, end, between)


def _last(points: list[FloatArray], held: NDArray[np.bool_]) -> FloatArray:
    """Return the point that halving comes to, of all in order; ``held`` is of all but the first."""
    if len(points) == 1:
        return points[0]
    half = len(points) // 2
    lower, upper = _last(points[:half], held[: half - 1]), _last(points[half:], held[half:])
    return np.where(held[half - 1], upper, lower)


def score_limits(
    gap_and_variance: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    estimate: FloatArray,
    z: float,
    ends: tuple[float, float],
) -> tuple[FloatArray, FloatArray]:
    """Return the points below and above the estimate beyond which a statistic exceeds z.

    Parameters
    ----------
    gap_and_variance
        Takes points, shape (2, ...), and returns what is to be compared and its variance.
    estimate
        Where the gap is 0, any shape.
    z
        The normal quantile.
    ends
        The range of the parameter.
    """
    side = np.array([1.0, -1.0]).reshape((2,) + (1,) * estimate.ndim)
    far = np.array(ends).reshape(side.shape)

    def beyond(point: FloatArray) -> NDArray[np.bool_]:
        gap, variance = gap_and_variance(point)
        rejected: NDArray[np.bool_] = side * gap > z * np.sqrt(variance)
        return rejected

    low, high = turning_point(beyond, np.broadcast_to(far, (2, *estimate.shape)), estimate)
    return low, high


def normal_quantile(level: float) -> float:
    """Return z of a two-sided level, from the inverse of the error function."""
    return math.sqrt(2) * float(special.erfinv(level))
