"""Exact methods by enumeration: every table, every pair of values, every sum of ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.stats._checks import NotEstimableError
from clinval.stats.second_engine._answer import (
    EMPTY_ARM,
    NO_PAIR,
    TOO_MANY_SUBJECTS,
    Answer,
    without_limits,
)
from clinval.stats.second_engine._likelihood_of_arms import likeliest_under_difference

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, Numbers

__all__ = ["chan_zhang", "hodges_lehmann", "hodges_lehmann_paired", "hodges_lehmann_ratio"]

_MOST_DIFFERENCES = 40_000  # of two samples: 200 values each
_MOST_PAIRS = 500
_SLACK = 1e-12  # of a probability that is compared with a level

_MOST_TABLES = 2_000
_TIE = 1e-9  # relative: statistics that differ by less are equal
_GRID = 192  # of the nuisance proportion
_ROUNDS = 3  # of ever finer grids
_HOPELESS = 0.9  # a share of a tail that no finer grid makes up for
_WIDTH = 1e-9  # of differences that are one


def hodges_lehmann(test: Numbers, reference: Numbers, *, level: float) -> Answer:
    """Recompute the median of all differences, and the exact limits among them."""
    x, y = np.asarray(test, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    m, n = len(x), len(y)
    if 0 in {m, n}:
        return without_limits(EMPTY_ARM, m + n)
    if m * n > _MOST_DIFFERENCES:
        raise NotEstimableError(TOO_MANY_SUBJECTS)
    all_differences = np.sort(np.subtract.outer(x, y), axis=None)
    return _median_and_limits(all_differences, _ways_of_two_samples(m, n), level, m + n)


def hodges_lehmann_paired(test: Numbers, reference: Numbers, *, level: float) -> Answer:
    """Recompute the median of all averages of two differences, and the limits among them."""
    d = np.asarray(test, dtype=np.float64) - np.asarray(reference, dtype=np.float64)
    n = len(d)
    if n == 0:
        return without_limits(NO_PAIR, 0)
    if n > _MOST_PAIRS:
        raise NotEstimableError(TOO_MANY_SUBJECTS)
    first, second = np.triu_indices(n)
    averages = np.sort((d[first] + d[second]) / 2)
    return _median_and_limits(averages, _chances_of_signs(n), level, n)


def hodges_lehmann_ratio(test: Numbers, reference: Numbers, *, level: float) -> Answer:
    """Recompute the paired median of ratios on logarithms."""
    logs = hodges_lehmann_paired(np.log(test), np.log(reference), level=level)
    estimate, low, high = (
        None if log is None else float(np.exp(log)) for log in (logs.estimate, logs.low, logs.high)
    )
    return Answer(estimate=estimate, low=low, high=high, n=logs.n, reason=logs.reason)


def chan_zhang(x1: int, n1: int, x2: int, n2: int, *, level: float) -> Answer:
    """Recompute the exact unconditional limits from the statistics of all tables."""
    a, m, b, k = int(x1), int(n1), int(x2), int(n2)
    if 0 in {m, k}:
        return without_limits(EMPTY_ARM, m + k)
    if (m + 1) * (k + 1) > _MOST_TABLES:
        raise NotEstimableError(TOO_MANY_SUBJECTS)
    tail = (1 - level) / 2
    return Answer(
        estimate=a / m - b / k,
        low=_lower_limit(a, m, b, k, tail),
        high=-_lower_limit(b, k, a, m, tail),
        n=m + k,
    )


def _median_and_limits(values: FloatArray, chances: FloatArray, level: float, n: int) -> Answer:
    """Return the median of sorted values, and those as far from the ends as chances allow."""
    below, place = 0.0, 0
    for place, chance in enumerate(chances.tolist()):  # noqa: B007
        below += chance
        if below >= (1 - level) / 2 * (1 - _SLACK):
            break
    place = max(place, 1)
    return Answer(
        estimate=float(np.median(values)),
        low=float(values[place - 1]),
        high=float(values[len(values) - place]),
        n=n,
    )


def _ways_of_two_samples(m: int, n: int) -> FloatArray:
    """Return the chance of every number of wins, the largest value being of either sample."""
    row = [np.ones(1) for _ in range(n + 1)]
    for i in range(1, m + 1):
        new = [np.ones(1)]
        for j in range(1, n + 1):
            # the largest of i + j values is of the test arm and wins j times, or it is not
            counts = np.zeros(i * j + 1)
            counts[j:] += row[j] * (i / (i + j))
            counts[: len(new[-1])] += new[-1] * (j / (i + j))
            new.append(counts)
        row = new
    return row[n]


def _chances_of_signs(n: int) -> FloatArray:
    """Return the chance of every sum of ranks of fair signs, from its characteristic function."""
    size = n * (n + 1) // 2 + 1
    half = np.pi / size * np.arange(size // 2 + 1)
    turned = np.ones(len(half))
    for rank in range(1, n + 1):
        turned *= np.cos(rank * half)
    spectrum = turned * np.exp(-1j * (size - 1) * half)
    chances: FloatArray = np.maximum(np.fft.irfft(spectrum, size), 0.0)
    return chances


def _lower_limit(a: int, m: int, b: int, k: int, tail: float) -> float:
    """Return the smallest difference that the one-sided exact test does not reject.

    Every statistic falls as the difference grows. Of the differences between two, the test then
    counts no table but those whose statistic at the lower one reaches what the observed table has
    at the higher one; where these are improbable at the higher one, all between are rejected. What
    is left is halved, the lower half first, until nothing of a width is left.
    """
    estimate = a / m - b / k
    if estimate <= -1 + _WIDTH:
        return -1.0
    start = -1 + _WIDTH
    pieces = [(start, _statistics(m, k, start), estimate, _statistics(m, k, estimate))]
    while pieces:
        low, at_low, high, at_high = pieces.pop()
        reached = float(at_high[a, b])
        counted = at_low >= reached - _TIE * max(abs(reached), 1.0)
        if not _exceeds(counted.astype(np.float64), high, tail):
            continue
        if high - low <= _WIDTH:
            return low
        middle = (low + high) / 2
        at_middle = _statistics(m, k, middle)
        pieces += [(middle, at_middle, high, at_high), (low, at_low, middle, at_middle)]
    return estimate


def _statistics(m: int, k: int, d: float) -> FloatArray:
    """Return the score statistic of every table at a difference, a row for each x1."""
    x1, x2 = np.arange(m + 1.0)[:, None], np.arange(k + 1.0)
    sizes = np.array(float(m)), np.array(float(k))
    p1, q1, p2, q2 = likeliest_under_difference(x1, sizes[0], x2, sizes[1], np.array(d))
    error = np.sqrt(p1 * q1 / m + p2 * q2 / k)
    gap = x1 / m - x2 / k - d
    statistics: FloatArray = np.where(error > 0, gap / np.where(error > 0, error, 1.0), 0.0)
    return statistics


def _exceeds(counted: FloatArray, d: float, tail: float) -> bool:
    """Return whether tables are more probable than a tail for some value of the nuisance."""
    m, k = counted.shape[0] - 1, counted.shape[1] - 1
    share = np.sin(np.linspace(0, np.pi / 2, _GRID)) ** 2
    for _ in range(_ROUNDS):
        low, high = max(0.0, -d) + share * (1 - abs(d)), max(0.0, d) + share * (1 - abs(d))
        chances = np.sum((_binomial(m, high) @ counted) * _binomial(k, low), axis=1)
        best = int(np.argmax(chances))
        if chances[best] > tail or chances[best] < _HOPELESS * tail:
            return bool(chances[best] > tail)
        share = np.linspace(share[max(best - 1, 0)], share[min(best + 1, len(share) - 1)], 33)
    return False


def _binomial(n: int, p: FloatArray) -> FloatArray:
    """Return the chances of 0 to n successes, a row for each p."""
    x = np.arange(n + 1.0)
    logs = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    chances: FloatArray = np.exp(
        logs + special.xlogy(x, p[:, None]) + special.xlog1py(n - x, -p[:, None])
    )
    return chances
