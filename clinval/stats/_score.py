"""Score statistics of a difference of proportions: restricted estimates, variances, limits.

Everything works on arrays of tables: one call serves one trial, all strata of a trial, a grid
of imputed tables or the replicates of a simulation. Counts need not be whole numbers, so that
effective counts of clustered data pass through the same code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import TestResult
from clinval.stats._distributions import normal_p
from clinval.stats._roots import bracketed_roots, bracketed_roots_by_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from clinval.stats._checks import FloatArray, IntArray

__all__ = [
    "EMPTY_ARM",
    "NO_VARIANCE",
    "PairedTables",
    "RestrictedProportions",
    "TwoArms",
    "difference_limits",
    "difference_variance",
    "paired_variance",
    "restricted_difference",
    "restricted_reference_only",
    "score_limits",
    "score_test",
    "small_sample_factor",
    "wilson_limits",
]

EMPTY_ARM = "an arm has no subject"
NO_VARIANCE = "the variance under the null hypothesis is 0"
_NEWTON_STEPS = 4


@dataclass(frozen=True, slots=True)
class TwoArms:
    """Successes and subjects of the test arm (1) and the reference arm (2)."""

    x1: FloatArray
    n1: FloatArray
    x2: FloatArray
    n2: FloatArray

    @property
    def difference(self) -> FloatArray:
        """The observed difference, test minus reference."""
        return self.x1 / self.n1 - self.x2 / self.n2


@dataclass(frozen=True, slots=True)
class PairedTables:
    """Pairs positive with the test only (n10), with the reference only (n01), and all pairs."""

    n10: FloatArray
    n01: FloatArray
    n: FloatArray

    @property
    def difference(self) -> FloatArray:
        """The observed difference, test minus reference."""
        return (self.n10 - self.n01) / self.n


def wilson_limits(x: FloatArray, n: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's limits of x / n without continuity correction.

    The limits are the roots of (n + z^2) p^2 - (2 x + z^2) p + x^2 / n; the smaller root comes
    from the product of the roots, which is exactly 0 at x = 0 and never above x / n.
    """
    root = z * np.sqrt(x * (n - x) / n + z**2 / 4)
    low = x**2 / (n * (x + z**2 / 2 + root))
    failures = n - x
    high = 1 - failures**2 / (n * (failures + z**2 / 2 + root))
    return low, high


@dataclass(frozen=True, slots=True)
class RestrictedProportions:
    """The proportions of both arms that are likeliest at a difference, and p (1 - p) of each."""

    p1: FloatArray
    p2: FloatArray
    spread1: FloatArray
    spread2: FloatArray


def restricted_difference(arms: TwoArms, difference: FloatArray) -> RestrictedProportions:
    """Return the maximum likelihood estimates of p1 and p2 under p1 - p2 = difference.

    The closed form (Farrington & Manning 1990) loses half of its digits where roots of the
    cubic come together; Newton steps on the score, which has a single zero in the open range,
    bring them back.
    """
    d = difference
    theta = arms.n2 / arms.n1
    rate1, rate2 = arms.x1 / arms.n1, arms.x2 / arms.n2
    a = 1 + theta
    b = -(1 + theta + rate1 + theta * rate2 + d * (theta + 2))
    c = d**2 + d * (2 * rate1 + theta + 1) + rate1 + theta * rate2
    e = -rate1 * d * (1 + d)
    third = b / (3 * a)
    v = third * third * third - third * c / (2 * a) + e / (2 * a)
    u = np.copysign(np.sqrt(np.maximum(third * third - c / (3 * a), 0)), v)
    cube = u * u * u
    ratio = np.where(cube == 0, 0.0, v / np.where(cube == 0, 1.0, cube))
    angle = (np.pi + np.arccos(np.clip(ratio, -1, 1))) / 3
    low, high = np.maximum(0, -d), np.minimum(1, 1 - d)
    p2 = np.clip(2 * u * np.cos(angle) - third - d, low, high)
    p2 = _polished(arms, d, p2)
    # where an end of the range is a root, the maximum is there if the score falls through it
    low_is_root = np.where(d < 0, arms.x1 == 0, arms.x2 == 0)
    high_is_root = np.where(d < 0, arms.x2 == arms.n2, arms.x1 == arms.n1)
    if not (low_is_root.any() or high_is_root.any()):
        p1 = np.clip(p2 + d, 0, 1)
        return RestrictedProportions(p1, p2, p1 * (1 - p1), p2 * (1 - p2))
    at_low = low_is_root & (_score_and_slope(arms, d, low)[1] <= 0)
    at_high = high_is_root & (_score_and_slope(arms, d, high)[1] <= 0)
    p2 = np.where(at_high, high, np.where(at_low, low, p2))
    p1 = np.clip(p2 + d, 0, 1)
    # at an end one proportion is 0 or 1 and the other as far away as the difference says, which
    # 1 - p cannot tell once the difference is below the precision of 1
    apart = np.abs(d) * (1 - np.abs(d))
    at_end, first_varies = at_low | at_high, at_low == (d >= 0)
    spread1 = np.where(at_end, np.where(first_varies, apart, 0.0), p1 * (1 - p1))
    spread2 = np.where(at_end, np.where(first_varies, 0.0, apart), p2 * (1 - p2))
    return RestrictedProportions(p1, p2, spread1, spread2)


def _score_and_slope(arms: TwoArms, d: FloatArray, p2: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return p2 q2 (x1 - n1 p1) + p1 q1 (x2 - n2 p2), p1 = p2 + d, and its derivative."""
    p1 = p2 + d
    spread1, spread2 = p1 * (1 - p1), p2 * (1 - p2)
    excess1, excess2 = arms.x1 - arms.n1 * p1, arms.x2 - arms.n2 * p2
    slope = (1 - 2 * p2) * excess1 - arms.n1 * spread2
    slope = slope + (1 - 2 * p1) * excess2 - arms.n2 * spread1
    return spread2 * excess1 + spread1 * excess2, slope


def _polished(arms: TwoArms, d: FloatArray, p2: FloatArray) -> FloatArray:
    """Take Newton steps on the score, as long as they bring it nearer to 0."""
    low, high = np.maximum(0, -d), np.minimum(1, 1 - d)
    score, slope = _score_and_slope(arms, d, p2)
    for _ in range(_NEWTON_STEPS):
        step = np.where(slope == 0, 0.0, score / np.where(slope == 0, 1.0, slope))
        trial = np.clip(p2 - step, low, high)
        trial_score, trial_slope = _score_and_slope(arms, d, trial)
        better = np.abs(trial_score) < np.abs(score)
        if not better.any():
            break
        p2 = np.where(better, trial, p2)
        score = np.where(better, trial_score, score)
        slope = np.where(better, trial_slope, slope)
    return p2


def small_sample_factor(arms: TwoArms) -> FloatArray:
    """Return N / (N - 1), the factor of Miettinen & Nurminen's variance."""
    total = arms.n1 + arms.n2
    return total / (total - 1)


def difference_variance(arms: TwoArms, difference: FloatArray) -> FloatArray:
    """Return the restricted variance of p1 - p2 at a difference, without N / (N - 1)."""
    restricted = restricted_difference(arms, difference)
    return restricted.spread1 / arms.n1 + restricted.spread2 / arms.n2


def restricted_reference_only(tables: PairedTables, difference: FloatArray) -> FloatArray:
    """Return Tango's restricted estimate of p01, the probability of "reference only"."""
    d = difference
    b = -tables.n10 - tables.n01 + (2 * tables.n - tables.n10 + tables.n01) * d
    c = -tables.n01 * d * (1 - d)
    root = np.sqrt(np.maximum(b**2 - 8 * tables.n * c, 0))
    # of the two forms of the larger root, take the one without cancellation
    sum_ = -b - np.copysign(root, b)
    if_b_positive = np.where(sum_ == 0, 0.0, 2 * c / np.where(sum_ == 0, 1.0, sum_))
    p01 = np.where(b > 0, if_b_positive, (root - b) / (4 * tables.n))
    return np.clip(p01, np.maximum(0, -d), (1 - d) / 2)


def paired_variance(tables: PairedTables, difference: FloatArray) -> FloatArray:
    """Return Tango's restricted variance of (n10 - n01) / n at a difference."""
    p01 = restricted_reference_only(tables, difference)
    return np.maximum(2 * p01 + difference * (1 - difference), 0) / tables.n


def score_limits(
    gap_and_variance: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    estimate: FloatArray,
    z: float,
    bounds: tuple[float, float] = (-1.0, 1.0),
) -> tuple[FloatArray, FloatArray]:
    """Return where gap(d) / sqrt(variance(d)) is z and -z: the limits of a score interval.

    The gap falls through 0 at the estimate. Both limits are sought in one call, the lower one
    between the lower bound and the estimate, the upper one between the estimate and the upper
    bound; a limit that is not reached is the bound.

    Parameters
    ----------
    gap_and_variance
        Takes an array of differences with a leading axis of 2 (the two limits) over the axes of
        ``estimate`` and returns two arrays of that shape.
    """
    side = np.array([1.0, -1.0]).reshape((2,) + (1,) * estimate.ndim)
    ends = np.array(bounds).reshape(side.shape)

    def beyond(difference: FloatArray) -> FloatArray:
        gap, variance = gap_and_variance(difference)
        return side * gap - z * np.sqrt(variance)

    limits = bracketed_roots(beyond, np.broadcast_to(ends, (2, *estimate.shape)), estimate[None])
    return limits[0], limits[1]


def score_test(method: str, gap: float, variance: float, alternative: str) -> TestResult:
    """Return the test whose standard normal statistic is gap / sqrt(variance).

    Taken at a margin, the gap and the variance of :func:`score_limits` give the test that rejects
    exactly when the interval excludes the margin.
    """
    if variance == 0:
        return TestResult(method=method, p_value=None, undefined=True, reason=NO_VARIANCE)
    statistic = gap / math.sqrt(variance)
    return TestResult(method=method, statistic=statistic, p_value=normal_p(statistic, alternative))


def difference_limits(arms: TwoArms, factor: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    """Return the score limits of the differences of many tables, shape (tables,).

    As :func:`score_limits` with a variance of ``factor`` times :func:`difference_variance`, but
    tables whose limits are found cost nothing more.
    """
    tables = len(arms.n1)
    side = np.repeat([1.0, -1.0], tables)

    def beyond(difference: FloatArray, rows: IntArray) -> FloatArray:
        of = rows % tables
        own = TwoArms(arms.x1[of], arms.n1[of], arms.x2[of], arms.n2[of])
        gap, variance = (
            own.difference - difference,
            factor[of] * difference_variance(own, difference),
        )
        return side[rows] * gap - z * np.sqrt(variance)

    limits = bracketed_roots_by_row(beyond, -side, np.tile(arms.difference, 2))
    return limits[:tables], limits[tables:]
