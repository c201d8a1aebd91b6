"""A line between two methods of measurement: reference on the x axis, test on the y axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import Numbers, check_level, paired_samples
from clinval.stats._distributions import normal_quantile
from clinval.stats.agreement._deming import MethodLine, deming, deming_jackknife

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["MethodLine", "RankLine", "deming", "deming_jackknife", "passing_bablok"]

_EQUAL = 1e-12  # a difference that is a smaller share of its values is rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class RankLine(Result):
    """The line test = intercept + slope * reference from the slopes of all pairs."""

    slope: float | None
    slope_ci_low: float | None = None
    slope_ci_high: float | None = None
    intercept: float | None = None
    intercept_ci_low: float | None = None
    intercept_ci_high: float | None = None
    level: float = 0.95
    n: int = 0


def passing_bablok(test: Numbers, reference: Numbers, *, level: float = 0.95) -> RankLine:
    r"""Regression of Passing and Bablok for positively correlated methods.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    level
        Two-sided level of the intervals.

    Returns
    -------
    RankLine
        ``slope``, ``slope_ci_low``, ``slope_ci_high``, ``intercept``, ``intercept_ci_low``,
        ``intercept_ci_high`` and ``n``. A number is undefined with fewer than two subjects, when
        there are too few slopes for a limit, and where a slope is infinite.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, or a level outside
        (0, 1).

    Notes
    -----
    The angles atan(dy/dx) of all N pairs of subjects are sorted; pairs that are equal in both
    methods are left out, equal in the reference only have pi/2. With K the number of angles at
    most -pi/4 plus the number below it, the slope is tan of the median shifted by K/2 places, and

    .. math:: C = round(z \sqrt{n (n - 1) (2 n + 5) / 18})

    moves it by C/2 places down and up for the limits. Where a place lies between two angles, tan
    is taken of their mean. The intercept is the median of y - b x, its lower limit that with the
    upper limit of the slope and the other way round. All pairs are held in memory: 100 MB for
    5,000 subjects.

    References
    ----------
    .. [1] Passing & Bablok 1983.

    Examples
    --------
    >>> result = passing_bablok([10.2, 20.9, 30.1, 41.3, 49.8, 61], [10, 20, 30, 40, 50, 60])
    >>> round(result.slope, 4), round(result.slope_ci_low, 4), round(result.slope_ci_high, 4)
    (1.0025, 0.9633, 1.07)
    """
    y, x = paired_samples(test, reference)
    z, n = normal_quantile(check_level(level)), len(x)
    method = "method_comparison.passing_bablok"
    angles = _angles(x, y)
    if len(angles) == 0:
        return RankLine(
            method=method,
            slope=None,
            level=level,
            n=n,
            undefined=True,
            reason="no two subjects differ",
        )
    steep = int((angles <= -math.pi / 4).sum() + (angles < -math.pi / 4).sum())
    middle = len(angles) + steep
    half = round(z * math.sqrt(n * (n - 1) * (2 * n + 5) / 18))
    angles.sort()
    slope, low, high = (_slope(angles, place) for place in (middle, middle - half, middle + half))
    reason = ""
    if slope is None or low is None or high is None:
        reason = "a slope is infinite or slopes are too few"
    return RankLine(
        method=method,
        slope=slope,
        slope_ci_low=low,
        slope_ci_high=high,
        intercept=_intercept(x, y, slope),
        intercept_ci_low=_intercept(x, y, high),
        intercept_ci_high=_intercept(x, y, low),
        level=level,
        n=n,
        undefined=bool(reason),
        reason=reason,
    )


def _angles(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the angles of the lines through all pairs of subjects that differ."""
    first, second = np.triu_indices(len(x), 1)
    dx, dy = _differences(x, first, second), _differences(y, first, second)
    apart = (dx != 0) | (dy != 0)
    dx, dy = dx[apart], dy[apart]
    dy *= np.where(dx < 0, -1.0, 1.0)
    dx = np.abs(dx)
    angles: FloatArray = np.where(dx == 0, math.pi / 2, np.arctan2(dy, dx))
    return angles


def _differences(values: FloatArray, first: IntArray, second: IntArray) -> FloatArray:
    difference: FloatArray = values[first] - values[second]
    size = np.abs(values[first] + values[second]) / 2
    difference[np.abs(difference) < _EQUAL * size] = 0.0
    return difference


def _slope(angles: FloatArray, place: int) -> float | None:
    """Return tan of the angle at half a place, None beyond the first and the last."""
    below, above = (place + 1) // 2, place // 2 + 1  # the same place when it is odd
    if below < 1 or above > len(angles):
        return None
    angle = (float(angles[below - 1]) + float(angles[above - 1])) / 2
    return math.tan(angle) if abs(angle) < math.pi / 2 - _EQUAL else None


def _intercept(x: FloatArray, y: FloatArray, slope: float | None) -> float | None:
    return None if slope is None else float(np.median(y - slope * x))
