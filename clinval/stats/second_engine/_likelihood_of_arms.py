"""Score intervals of two arms: the restricted likelihood is maximised, not solved.

Under a given difference, ratio or odds ratio one proportion is free, and the log likelihood is
concave in it: its maximum is where the slope turns from positive to negative, which bisection finds
wherever it lies. No cubic, no quadratic, no special case of an empty cell.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.stats.second_engine._answer import (
    EMPTY_ARM,
    RATIO_INFINITE,
    RATIO_UNDEFINED,
    Answer,
    without_limits,
)
from clinval.stats.second_engine._bisection import normal_quantile, score_limits, turning_point

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from clinval.stats._checks import Counts, FloatArray

__all__ = [
    "clustered_miettinen_nurminen",
    "difference_limits",
    "farrington_manning",
    "koopman",
    "likeliest_under_difference",
    "miettinen_nurminen",
    "odds_ratio",
    "ratio_answer",
    "risk_ratio",
]

_WIDEST = 650.0  # logarithm of a ratio: its square root of a product still is a number


def miettinen_nurminen(x1: int, n1: int, x2: int, n2: int, *, level: float) -> Answer:
    """Recompute the risk difference with N/(N-1)."""
    return _difference(x1, n1, x2, n2, level, corrected=True)


def farrington_manning(x1: int, n1: int, x2: int, n2: int, *, level: float) -> Answer:
    """Recompute the risk difference without N/(N-1)."""
    return _difference(x1, n1, x2, n2, level, corrected=False)


def risk_ratio(x1: int, n1: int, x2: int, n2: int, *, level: float) -> Answer:
    """Recompute Miettinen and Nurminen's risk ratio."""
    return _risk_ratio(x1, n1, x2, n2, level, corrected=True)


def koopman(x1: int, n1: int, x2: int, n2: int, *, level: float) -> Answer:
    """Recompute Koopman's risk ratio."""
    return _risk_ratio(x1, n1, x2, n2, level, corrected=False)


def odds_ratio(x1: int, n1: int, x2: int, n2: int, *, level: float) -> Answer:
    """Recompute Miettinen and Nurminen's odds ratio, the statistic as they write it."""
    a, m, b, k = (float(count) for count in (x1, n1, x2, n2))

    def gap_and_variance(log: FloatArray) -> tuple[FloatArray, FloatArray]:
        # the logit of the reference arm is free
        logit = turning_point(
            lambda eta: a + b > m * special.expit(eta + log) + k * special.expit(eta),
            np.full_like(log, -2 * _WIDEST),
            np.full_like(log, 2 * _WIDEST),
        )
        p1, q1 = special.expit(logit + log), special.expit(-logit - log)
        p2, q2 = special.expit(logit), special.expit(-logit)
        spread1, spread2 = p1 * q1, p2 * q2
        # the smaller of p and 1 - p keeps its digits in the difference
        gap1 = np.where(p1 < q1, a / m - p1, q1 - (m - a) / m)
        gap2 = np.where(p2 < q2, b / k - p2, q2 - (k - b) / k)
        gap = gap1 / spread1 - gap2 / spread2
        variance = (1 / (m * spread1) + 1 / (k * spread2)) * (m + k) / (m + k - 1)
        return gap, variance

    return _ratio((x1, n1, x2, n2), (a * (k - b), (m - a) * b), gap_and_variance, level)


def clustered_miettinen_nurminen(
    x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float
) -> Answer:
    """Recompute the risk difference on effective counts, the design effects in exact fractions."""
    arms = _clusters(x1, n1), _clusters(x2, n2)
    n = sum(size for arm in arms for _, size in arm)
    if not all(arms):
        return without_limits(EMPTY_ARM, n)
    proportions = [Fraction(sum(x for x, _ in arm), sum(size for _, size in arm)) for arm in arms]
    estimate = float(proportions[0] - proportions[1])
    effects = [_design_effect(arm) for arm in arms]
    reason = ""
    if any(len(arm) == 1 for arm in arms):
        reason = "fewer than two clusters"
    elif None in effects:
        reason = "all trials succeed, or none"
    elif 0 in effects:
        reason = "the clusters do not differ"
    cells = [
        np.array([float(total / effect)])
        for arm, effect in zip(arms, effects, strict=True)
        for total in (sum(x for x, _ in arm), sum(size for _, size in arm))
        if effect
    ]
    if not reason and cells[1][0] + cells[3][0] <= 1:
        reason = "the effective sample size is not above 1"
    if reason:
        return without_limits(reason, n, estimate=estimate)
    low, high = difference_limits(cells[0], cells[1], cells[2], cells[3], normal_quantile(level))
    return Answer(estimate=estimate, low=float(low[0]), high=float(high[0]), n=n)


def difference_limits(
    x1: FloatArray, n1: FloatArray, x2: FloatArray, n2: FloatArray, z: float
) -> tuple[FloatArray, FloatArray]:
    """Return Miettinen and Nurminen's limits of many tables, shape (tables,)."""
    return _difference_limits(x1, n1, x2, n2, z, (n1 + n2) / (n1 + n2 - 1))


def likeliest_under_difference(
    x1: FloatArray, n1: FloatArray, x2: FloatArray, n2: FloatArray, d: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return p1, 1 - p1, p2 and 1 - p2 of the highest likelihood under p1 - p2 = d.

    The arrays broadcast. A share t of the way from the lowest to the highest pair of proportions
    is what is free.
    """
    room, up, down = 1 - np.abs(d), np.maximum(d, 0), np.maximum(-d, 0)

    def proportions(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        rise, fall = t * room, (1 - t) * room
        return up + rise, down + fall, down + rise, up + fall

    def rises(t: FloatArray) -> NDArray[np.bool_]:
        p1, q1, p2, q2 = proportions(t)
        up_hill: NDArray[np.bool_] = x1 / p1 + x2 / p2 > (n1 - x1) / q1 + (n2 - x2) / q2
        return up_hill

    shape = np.broadcast_shapes(x1.shape, n1.shape, x2.shape, n2.shape, d.shape)
    return proportions(turning_point(rises, np.zeros(shape), np.ones(shape)))


def _difference(x1: int, n1: int, x2: int, n2: int, level: float, *, corrected: bool) -> Answer:
    n = int(n1) + int(n2)
    if 0 in {n1, n2}:
        return without_limits(EMPTY_ARM, n)
    cells = [np.array(float(count)) for count in (x1, n1, x2, n2)]
    factor = np.array(n / (n - 1) if corrected else 1.0)
    z = normal_quantile(level)
    low, high = _difference_limits(cells[0], cells[1], cells[2], cells[3], z, factor)
    estimate = float(Fraction(int(x1), int(n1)) - Fraction(int(x2), int(n2)))
    return Answer(estimate=estimate, low=float(low), high=float(high), n=n)


def _difference_limits(
    x1: FloatArray, n1: FloatArray, x2: FloatArray, n2: FloatArray, z: float, factor: FloatArray
) -> tuple[FloatArray, FloatArray]:
    observed = x1 / n1 - x2 / n2

    def gap_and_variance(d: FloatArray) -> tuple[FloatArray, FloatArray]:
        p1, q1, p2, q2 = likeliest_under_difference(x1, n1, x2, n2, d)
        return observed - d, factor * (p1 * q1 / n1 + p2 * q2 / n2)

    return score_limits(gap_and_variance, observed, z, (-1.0, 1.0))


def _risk_ratio(x1: int, n1: int, x2: int, n2: int, level: float, *, corrected: bool) -> Answer:
    a, m, b, k = (float(count) for count in (x1, n1, x2, n2))
    factor = (m + k) / (m + k - 1) if corrected else 1.0

    def gap_and_variance(log: FloatArray) -> tuple[FloatArray, FloatArray]:
        # the larger of the two proportions is free, the other one is a share of it
        share1, share2 = np.exp(np.minimum(log, 0)), np.exp(np.minimum(-log, 0))

        def rises(p: FloatArray) -> NDArray[np.bool_]:
            fall = (m - a) * share1 / (1 - p * share1) + (k - b) * share2 / (1 - p * share2)
            up_hill: NDArray[np.bool_] = (a + b) / p > fall
            return up_hill

        p = turning_point(rises, np.zeros_like(log), np.ones_like(log))
        p1, p2 = p * share1, p * share2
        # p1 - ratio p2, over the ratio where that is above 1
        variance = share2**2 * p1 * (1 - p1) / m + share1**2 * p2 * (1 - p2) / k
        return share2 * a / m - share1 * b / k, factor * variance

    return _ratio((x1, n1, x2, n2), (a * k, m * b), gap_and_variance, level)


def _ratio(
    table: tuple[int, int, int, int],
    parts: tuple[float, float],
    gap_and_variance: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    level: float,
) -> Answer:
    """Return a ratio, given by its numerator and denominator, with its score limits."""
    n = int(table[1]) + int(table[3])
    if 0 in {table[1], table[3]}:
        return without_limits(EMPTY_ARM, n)
    return ratio_answer(parts, gap_and_variance, level, n)


def ratio_answer(
    parts: tuple[float, float],
    gap_and_variance: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    level: float,
    n: int,
) -> Answer:
    """Return a ratio, given by its numerator and denominator, with its score limits."""
    numerator, denominator = parts
    if numerator == denominator == 0:
        return Answer(estimate=None, low=0.0, high=None, n=n, reason=RATIO_UNDEFINED)
    start = -_WIDEST if numerator == 0 else _WIDEST
    if numerator > 0 and denominator > 0:
        start = math.log(numerator) - math.log(denominator)
    low, high = score_limits(
        gap_and_variance, np.array(start), normal_quantile(level), (-_WIDEST, _WIDEST)
    )
    return Answer(
        estimate=numerator / denominator if denominator > 0 else None,
        low=float(np.exp(low)) if numerator > 0 else 0.0,
        high=float(np.exp(high)) if denominator > 0 else None,
        n=n,
        reason="" if denominator > 0 else RATIO_INFINITE,
    )


def _clusters(x: Counts, n: Counts) -> list[tuple[int, int]]:
    return [(int(own), int(size)) for own, size in zip(x, n, strict=True) if size > 0]


def _design_effect(arm: list[tuple[int, int]]) -> Fraction | None:
    """Return how much more the clusters of an arm vary than trials, None where trials do not."""
    clusters, total = len(arm), sum(size for _, size in arm)
    p = Fraction(sum(x for x, _ in arm), total)
    if clusters == 1 or p in {0, 1}:
        return None
    squares = sum(((x - size * p) ** 2 for x, size in arm), Fraction(0))
    return Fraction(clusters, clusters - 1) * squares / total / (p * (1 - p))
