"""Score intervals of pairs: the multinomial likelihood is maximised, not solved.

Under a given difference or ratio one probability is free, and the log likelihood is concave in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import NotEstimableError
from clinval.stats.second_engine._answer import (
    MOST_CENTERS,
    NO_PAIR,
    TOO_MANY_CENTERS,
    Answer,
    without_limits,
)
from clinval.stats.second_engine._bisection import normal_quantile, score_limits, turning_point
from clinval.stats.second_engine._likelihood_of_arms import ratio_answer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import Counts, FloatArray

__all__ = ["stratified_tango", "tang", "tango"]


def tango(n11: int, n10: int, n01: int, n00: int, *, level: float) -> Answer:
    """Recompute Tango's interval: one stratum."""
    return stratified_tango([n10], [n01], [int(n11) + int(n10) + int(n01) + int(n00)], level=level)


def stratified_tango(n10: Counts, n01: Counts, n: Counts, *, level: float) -> Answer:
    """Recompute the stratified score interval of pairs."""
    cells = np.array([n10, n01, n], dtype=np.float64)
    gained, lost, size = cells[:, cells[2] > 0]
    pairs = float(size.sum())
    if pairs == 0:
        return without_limits(NO_PAIR, 0)
    if len(size) > MOST_CENTERS:
        raise NotEstimableError(TOO_MANY_CENTERS)
    estimate = float((gained.sum() - lost.sum()) / pairs)

    def gap_and_variance(d: FloatArray) -> tuple[FloatArray, FloatArray]:
        of_gap: FloatArray = np.sum(
            size * _pair_variance(gained, lost, size, d[..., None]), axis=-1
        )
        return pairs * (estimate - d), of_gap

    limits = score_limits(gap_and_variance, np.array(estimate), normal_quantile(level), (-1.0, 1.0))
    low, high = map(float, limits)
    return Answer(estimate=estimate, low=low, high=high, n=int(pairs))


def tang(n11: int, n10: int, n01: int, n00: int, *, level: float) -> Answer:
    """Recompute Tang's interval of the ratio.

    The restriction p11 + p10 = ratio (p11 + p01) ties the shares of the three kinds of pairs with a
    positive result; how many pairs have one is free, and as likely as observed.
    """
    both, gained, lost, neither = (float(count) for count in (n11, n10, n01, n00))
    pairs, positives = both + gained + lost + neither, both + gained + lost
    if pairs == 0:
        return without_limits(NO_PAIR, 0)

    def gap_and_variance(log: FloatArray) -> tuple[FloatArray, FloatArray]:
        # the arm with the smaller proportion first
        ratio, up = np.exp(-np.abs(log)), log > 0
        fewer, more = np.where(up, lost, gained), np.where(up, gained, lost)

        def shares(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
            slope = t * ratio / (1 + ratio)
            return ratio * (1 - t), slope, (1 - ratio) + slope * ratio

        def rises(t: FloatArray) -> NDArray[np.bool_]:
            _, _, only_larger = shares(t)
            gain = fewer / t + more * ratio**2 / (1 + ratio) / only_larger
            up_hill: NDArray[np.bool_] = gain > both / (1 - t)
            return up_hill

        t = turning_point(rises, np.zeros_like(log), np.ones_like(log))
        of_both, only_smaller, only_larger = shares(t)
        variance = only_smaller + ratio**2 * only_larger + (1 - ratio) ** 2 * of_both
        gap = np.where(
            up,
            ratio * (both + gained) - (both + lost),
            (both + gained) - ratio * (both + lost),
        )
        return gap, positives * variance

    return ratio_answer((both + gained, both + lost), gap_and_variance, level, int(pairs))


def _pair_variance(
    gained: FloatArray, lost: FloatArray, size: FloatArray, d: FloatArray
) -> FloatArray:
    """Return p10 + p01 - d^2 of the highest likelihood under p10 - p01 = d."""
    room, up, down = 1 - np.abs(d), np.maximum(d, 0), np.maximum(-d, 0)
    concordant = size - gained - lost

    def rises(t: FloatArray) -> NDArray[np.bool_]:
        half = t * room / 2
        fall = concordant / ((1 - t) * room)
        up_hill: NDArray[np.bool_] = gained / (up + half) + lost / (down + half) > 2 * fall
        return up_hill

    shape = np.broadcast_shapes(gained.shape, d.shape)
    t = turning_point(rises, np.zeros(shape), np.ones(shape))
    # |d| (1 - |d|) + t (1 - |d|), which is never negative
    spread: FloatArray = room * (np.abs(d) + t)
    return spread
