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


def turning_point(
    holds: Callable[[FloatArray], NDArray[np.bool_]], start: FloatArray, end: FloatArray
) -> FloatArray:
    """Return, elementwise, where a statement that holds at the start ceases to hold.

    Nothing but the truth of the statement is used. Where it holds throughout the answer is the
    end, where it never holds the start.
    """
    point, step = np.broadcast_arrays(start, end - start)
    for _ in range(_STEPS):
        step = step / 2
        further = point + step
        point = np.where(holds(further), further, point)
    between = np.where(point == start, start, point + step / 2)
    return np.where(point + step == end, end, between)


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
