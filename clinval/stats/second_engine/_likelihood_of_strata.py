"""Score intervals over strata: the likelihood of every stratum is maximised for itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import NotEstimableError
from clinval.stats.second_engine._answer import (
    MOST_CENTERS,
    NO_STRATA,
    TOO_MANY_CENTERS,
    Answer,
    without_limits,
)
from clinval.stats.second_engine._bisection import normal_quantile, score_limits, turning_point
from clinval.stats.second_engine._likelihood_of_arms import (
    difference_limits,
    likeliest_under_difference,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import Counts, FloatArray

__all__ = ["miettinen_nurminen", "summary_score"]

_CELLS = (400, 2_000)  # in which several roots are told apart, fewer with many strata
_WORK = 40_000  # cells times strata
_ROUNDS = 500  # of weights that depend on themselves
_SETTLED = 1e-14  # change of a weight; they sum to 1
_LEAST = 1e-200  # a variance of 0, of which there is an inverse


def miettinen_nurminen(
    x1: Counts,
    n1: Counts,
    x2: Counts,
    n2: Counts,
    *,
    weights: str = "mantel_haenszel",
    level: float,
) -> Answer:
    """Recompute Miettinen and Nurminen's stratified interval, by any of its weights."""
    strata = _Strata(x1, n1, x2, n2)
    if strata.n == 0:
        return without_limits(NO_STRATA, 0)
    z = normal_quantile(level)
    if weights == "mantel_haenszel":
        estimate = strata.plain_mean()
    else:
        estimate = strata.meeting_point(weights)
    statistic = partial(strata.gap_and_variance, weights)
    if weights == "inverse_variance":
        low, high = strata.outermost(estimate, z)
    else:
        low, high = map(float, score_limits(statistic, np.array(estimate), z, (-1.0, 1.0)))
    return Answer(estimate=estimate, low=low, high=high, n=strata.n)


def summary_score(x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float) -> Answer:
    """Recompute the summary score interval from the limits of every stratum."""
    strata = _Strata(x1, n1, x2, n2)
    if strata.n == 0:
        return without_limits(NO_STRATA, 0)
    z = normal_quantile(level)
    low, high = difference_limits(strata.x1, strata.n1, strata.x2, strata.n2, z)
    errors = (high - low) / 2 / z
    estimate = float(np.average((low + high) / 2, weights=errors**-2.0))
    half = z * float(np.sum(errors**-2.0)) ** -0.5
    return Answer(estimate=estimate, low=estimate - half, high=estimate + half, n=strata.n)


class _Strata:
    """The strata that have subjects in both arms."""

    def __init__(self, x1: Counts, n1: Counts, x2: Counts, n2: Counts) -> None:
        table = np.array([x1, n1, x2, n2], dtype=np.float64)
        table = table[:, (table[1] > 0) & (table[3] > 0)]
        self.x1, self.n1, self.x2, self.n2 = table
        if len(self.n1) > MOST_CENTERS:
            raise NotEstimableError(TOO_MANY_CENTERS)
        self.n = int(self.n1.sum() + self.n2.sum())
        self.observed: FloatArray = self.x1 / self.n1 - self.x2 / self.n2

    def plain_mean(self) -> float:
        """Return the mean with the weights n1 n2/N."""
        return float(np.average(self.observed, weights=self._plain_weights()))

    def gap_and_variance(self, weights: str, d: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return numerator and squared denominator of the statistic at differences d."""
        own = d[..., None]
        p1, q1, p2, q2 = likeliest_under_difference(self.x1, self.n1, self.x2, self.n2, own)
        variance = p1 * q1 / self.n1 + p2 * q2 / self.n2
        if weights == "mantel_haenszel":
            w = self._plain_weights()
        elif weights == "inverse_variance":
            variance = np.maximum(variance, _LEAST)
            w = variance.min(axis=-1, keepdims=True) / variance
        else:
            w = self._settled_weights(p1, p2)
        total = self.n1 + self.n2
        gap: FloatArray = np.sum(w * (self.observed - own), axis=-1)
        spread: FloatArray = np.sum(w**2 * variance * total / (total - 1), axis=-1)
        return gap, spread

    def meeting_point(self, weights: str) -> float:
        """Return the difference that is its own weighted mean, the one next to the plain mean."""
        edges = self._edges(float(self.observed.min()), float(self.observed.max()))
        above = self.gap_and_variance(weights, edges)[0] > 0
        falls = np.flatnonzero(above[:-1] & ~above[1:])
        if len(falls) == 0:
            return float(edges[0])
        points = turning_point(
            lambda d: self.gap_and_variance(weights, d)[0] > 0, edges[falls], edges[falls + 1]
        )
        return float(points[np.argmin(np.abs(points - self.plain_mean()))])

    def outermost(self, estimate: float, z: float) -> tuple[float, float]:
        """Return the limits with inverse variances: the first from outside that are not rejected.

        The statistic of these weights may cross its quantile more than once.
        """
        found = []
        for side, far in ((1.0, -1.0), (-1.0, 1.0)):

            def rejects(d: FloatArray, side: float = side) -> NDArray[np.bool_]:
                gap, variance = self.gap_and_variance("inverse_variance", d)
                rejected: NDArray[np.bool_] = side * gap > z * np.sqrt(variance)
                return rejected

            edges = self._edges(far, estimate)
            first = int(np.argmin(rejects(edges)))
            start, end = edges[max(first - 1, 0)], edges[first]
            found.append(float(turning_point(rejects, np.array(start), np.array(end))))
        return found[0], found[1]

    def _plain_weights(self) -> FloatArray:
        weights: FloatArray = self.n1 * self.n2 / (self.n1 + self.n2)
        return weights

    def _settled_weights(self, p1: FloatArray, p2: FloatArray) -> FloatArray:
        """Return the weights that follow from the means that they give."""
        w: FloatArray = np.broadcast_to(self._plain_weights(), p1.shape)
        w = w / w.sum(axis=-1, keepdims=True)
        for _ in range(_ROUNDS):
            spreads = []
            for p in (p1, p2):
                mean = np.sum(w * p, axis=-1, keepdims=True)
                spreads.append(mean * (1 - mean))
            flat = spreads[0] + spreads[1] < _LEAST
            of_test, of_reference = (np.where(flat, 1.0, spread) for spread in spreads)
            new = 1 / (of_test / self.n1 + of_reference / self.n2)
            new = new / new.sum(axis=-1, keepdims=True)
            change, w = float(np.max(np.abs(new - w))), new
            if change < _SETTLED:
                break
        return w

    def _edges(self, start: float, end: float) -> FloatArray:
        """Return the edges of cells from start to end, 0 among them if it lies between.

        At 0 the variance of a stratum in which nothing varies is 0, and its weight infinite.
        """
        cells = min(max(_WORK // len(self.n1), _CELLS[0]), _CELLS[1])
        edges = np.linspace(start, end, cells + 1)
        if start < 0 < end or end < 0 < start:
            edges = np.sort(np.append(edges, 0.0))
            return edges if start < end else edges[::-1]
        return edges
