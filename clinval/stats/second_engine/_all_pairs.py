"""Areas under the ROC curve from all pairs of a diseased and a non-diseased subject."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clinval.stats._checks import NotEstimableError
from clinval.stats.second_engine._answer import TOO_MANY_SUBJECTS, Answer, without_limits
from clinval.stats.second_engine._bisection import normal_quantile, score_limits

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, Labels, Numbers

__all__ = [
    "clustered",
    "clustered_difference",
    "delong",
    "delong_difference",
    "delong_logit",
    "newcombe",
]

_MOST_PAIRS = 4_000_000
_ONE_CLASS = "no diseased or no non-diseased subject"
_ONE_OF_A_CLASS = "fewer than two diseased or two non-diseased subjects"
_NO_VARIANCE = "the placement values do not vary"
_INFINITE_LOGIT = "the area is 0 or 1: its logit is infinite"
_ONE_CLUSTER = "fewer than two clusters with diseased or with non-diseased units"
_ROUNDING = 1e-15  # a variance that is nothing but the rounding of equal numbers


class _Pairs(NamedTuple):
    """For each score whether the diseased one of a pair is above, and the clusters of both."""

    above: list[FloatArray]
    clusters: tuple[FloatArray, FloatArray]
    n: int


def delong(truth: Numbers, score: Numbers, *, level: float) -> Answer:
    """Recompute the area as a share of pairs, its error by leaving out each subject."""
    pairs = _pairs(truth, [score])
    return _between(pairs, _jackknife(pairs, pairs.above[0]), level, cut=True)


def delong_logit(truth: Numbers, score: Numbers, *, level: float) -> Answer:
    """Recompute on log odds."""
    pairs = _pairs(truth, [score])
    area = _area(pairs)
    if area in {0.0, 1.0}:
        return without_limits(_INFINITE_LOGIT, pairs.n, estimate=area)
    se = _jackknife(pairs, pairs.above[0])
    if not se:
        reason = _NO_VARIANCE if se == 0 else _ONE_OF_A_CLASS
        return without_limits(reason, pairs.n, estimate=area)
    odds = area / (1 - area)
    factor = math.exp(normal_quantile(level) * se / (area * (1 - area)))
    low, high = odds / factor, odds * factor
    return Answer(estimate=area, low=low / (1 + low), high=high / (1 + high), n=pairs.n)


def newcombe(truth: Numbers, score: Numbers, *, level: float) -> Answer:
    """Recompute the limits by bisection of the definition."""
    pairs = _pairs(truth, [score])
    area, (m, n) = _area(pairs), pairs.above[0].shape

    def gap_and_variance(t: FloatArray) -> tuple[FloatArray, FloatArray]:
        spread = 1 / (m * n) + ((m + n) / 2 - 1) / (m * n) * ((1 - t) / (2 - t) + t / (1 + t))
        return area - t, t * (1 - t) * spread

    low, high = score_limits(gap_and_variance, np.array(area), normal_quantile(level), (0.0, 1.0))
    return Answer(estimate=area, low=float(low), high=float(high), n=pairs.n)


def delong_difference(truth: Numbers, test: Numbers, reference: Numbers, *, level: float) -> Answer:
    """Recompute the difference, its error by leaving out each subject from both areas."""
    pairs = _pairs(truth, [test, reference])
    difference = pairs.above[0] - pairs.above[1]
    return _between(pairs, _jackknife(pairs, difference), level, cut=False)


def clustered(truth: Numbers, score: Numbers, *, cluster: Labels, level: float) -> Answer:
    """Recompute the area with the sums of each cluster."""
    pairs = _pairs(truth, [score], cluster)
    return _between(pairs, _clustered_error(pairs, pairs.above[0]), level, cut=True)


def clustered_difference(
    truth: Numbers, test: Numbers, reference: Numbers, *, cluster: Labels, level: float
) -> Answer:
    """Recompute the difference as one area of the difference in order."""
    pairs = _pairs(truth, [test, reference], cluster)
    difference = pairs.above[0] - pairs.above[1]
    return _between(pairs, _clustered_error(pairs, difference), level, cut=False)


def _pairs(truth: Numbers, scores: list[Numbers], cluster: Labels | None = None) -> _Pairs:
    values = np.array([np.asarray(score, dtype=np.float64) for score in scores])
    kept = ~np.isnan(values).any(axis=0)
    diseased, values = np.asarray(truth, dtype=np.float64)[kept] == 1, values[:, kept]
    m, n = int(diseased.sum()), int((~diseased).sum())
    if m * n > _MOST_PAIRS:
        raise NotEstimableError(TOO_MANY_SUBJECTS)
    above = [
        (np.sign(np.subtract.outer(score[diseased], score[~diseased])) + 1) / 2 for score in values
    ]
    labels = np.arange(len(diseased)) if cluster is None else np.asarray(cluster)[kept]
    member = (np.unique(labels)[:, None] == labels).astype(np.float64)
    return _Pairs(above, (member[:, diseased], member[:, ~diseased]), m + n)


def _area(pairs: _Pairs) -> float:
    if pairs.above[0].size == 0:
        raise NotEstimableError(_ONE_CLASS)
    return float(pairs.above[0].mean())


def _estimate(pairs: _Pairs) -> float:
    areas = [float(above.mean()) for above in pairs.above]
    return areas[0] - areas[1] if len(areas) > 1 else areas[0]


def _jackknife(pairs: _Pairs, above: FloatArray) -> float | None:
    """Return the error from areas without each subject, None with one subject in a class."""
    _area(pairs)
    m, n = above.shape
    if m < 2 or n < 2:
        return None
    without_rows = (above.sum() - above.sum(axis=1)) / ((m - 1) * n)
    without_columns = (above.sum() - above.sum(axis=0)) / (m * (n - 1))
    squares = sum(
        (len(areas) - 1) / len(areas) * float(np.sum((areas - areas.mean()) ** 2))
        for areas in (without_rows, without_columns)
    )
    return math.sqrt(squares) if squares > _ROUNDING**2 else 0.0


def _clustered_error(pairs: _Pairs, above: FloatArray) -> float | None:
    _area(pairs)
    first, second = pairs.clusters
    with_first, with_second = (int((part.sum(axis=1) > 0).sum()) for part in (first, second))
    if with_first < 2 or with_second < 2:
        return None
    (m, n), clusters = above.shape, len(first)
    x = first @ (above.mean(axis=1) - above.mean()) / m
    y = second @ (above.mean(axis=0) - above.mean()) / n
    variance = with_first / (with_first - 1) * float(np.sum(x * x))
    variance += with_second / (with_second - 1) * float(np.sum(y * y))
    variance += 2 * clusters / (clusters - 1) * float(np.sum(x * y))
    return math.sqrt(variance) if variance > _ROUNDING**2 else 0.0


def _between(pairs: _Pairs, se: float | None, level: float, *, cut: bool) -> Answer:
    """Return Wald limits, none where there is no error or it is 0."""
    estimate = _estimate(pairs)
    if not se:
        reason = _NO_VARIANCE if se == 0 else _ONE_OF_A_CLASS
        if pairs.clusters[0].shape[0] < pairs.n and se is None:
            reason = _ONE_CLUSTER
        return without_limits(reason, pairs.n, estimate=estimate)
    half = normal_quantile(level) * se
    low, high = estimate - half, estimate + half
    if cut:
        low, high = max(low, 0.0), min(high, 1.0)
    return Answer(estimate=estimate, low=low, high=high, n=pairs.n)
