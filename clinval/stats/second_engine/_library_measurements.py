"""Means and ranks, recomputed with SciPy and statsmodels where these are right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.stats.second_engine._answer import EMPTY_ARM, NO_PAIR, Answer, without_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from clinval.stats._checks import FloatArray, Labels, Numbers

__all__ = [
    "ancova",
    "brunner_munzel",
    "fieller",
    "fieller_paired",
    "geometric_paired",
    "geometric_welch",
    "paired_clustered",
    "paired_t",
    "student",
    "welch",
]

_ROUNDING = 1e-15  # share of the largest value by which values that are the same may differ
_FARTHEST = 2.0**200  # of a ratio from its estimate, in errors


def welch(test: Numbers, reference: Numbers, *, level: float) -> Answer:
    """Recompute with SciPy's t test of unequal variances."""
    from scipy.stats import ttest_ind

    x, y = _array(test), _array(reference)
    n = len(x) + len(y)
    estimate = float(x.mean() - y.mean()) if len(x) and len(y) else None
    reason = ""
    if min(len(x), len(y)) < 2:
        reason = "an arm has fewer than two subjects"
    elif np.ptp(x) == np.ptp(y) == 0:
        reason = "the values do not vary in either arm"
    if reason:
        return without_limits(reason, n, estimate=estimate)
    low, high = ttest_ind(x, y, equal_var=False).confidence_interval(level)
    return Answer(estimate=estimate, low=float(low), high=float(high), n=n)


def student(test: Numbers, reference: Numbers, *, level: float) -> Answer:
    """Recompute as a regression on the arm."""
    x, y = _array(test), _array(reference)
    n = len(x) + len(y)
    estimate = float(x.mean() - y.mean()) if len(x) and len(y) else None
    if min(len(x), len(y)) == 0 or n < 3:
        reason = "too few subjects for a pooled variance"
        return without_limits(reason, n, estimate=estimate)
    arm = np.repeat([1.0, 0.0], [len(x), len(y)])
    return _regression(np.concatenate([x, y]), np.column_stack([arm, np.ones(n)]), level)


def paired_t(test: Numbers, reference: Numbers, *, level: float) -> Answer:
    """Recompute as a regression of the differences on a constant."""
    return _one_sample(_steady(_array(test), _array(reference)), level)


def geometric_welch(test: Numbers, reference: Numbers, *, level: float) -> Answer:
    """Recompute on logarithms."""
    return _exponential(welch(np.log(test), np.log(reference), level=level))


def geometric_paired(test: Numbers, reference: Numbers, *, level: float) -> Answer:
    """Recompute on logarithms."""
    x, y = np.log(test), np.log(reference)
    return _exponential(_one_sample(_steady(x, y, least=1.0), level))


def ancova(score: Numbers, arm: Numbers, baseline: Numbers, *, level: float) -> Answer:
    """Recompute as a regression on arm and baseline."""
    y, arms, x = _array(score), _array(arm), _array(baseline)
    n = len(y)
    reason = ""
    if n == 0 or np.ptp(arms) == 0:
        reason = EMPTY_ARM
    elif n < 4:
        reason = "no degrees of freedom for the error"
    elif all(np.ptp(x[arms == a]) <= 4 * _ROUNDING * np.abs(x).max() for a in (0, 1)):
        reason = "the baseline does not vary within the arms"
    if reason:
        return without_limits(reason, n)
    # the coefficient of the arm does not mind where baseline and score have their zero
    return _regression(y - y.mean(), np.column_stack([arms, np.ones(n), x - x.mean()]), level)


def fieller(test: Numbers, reference: Numbers, *, level: float) -> Answer:
    """Recompute by inverting Student's t test of test - ratio x reference."""
    from scipy.stats import t as student_law

    x, y = _array(test), _array(reference)
    m, n = len(x), len(y)
    if min(m, n) == 0:
        return without_limits(EMPTY_ARM, m + n)
    if m + n < 3 and not _is_zero(y):
        reason = "too few subjects for a pooled variance"
        ratio = float(x.mean() / y.mean())
        return without_limits(reason, m + n, estimate=ratio)
    pooled = ((x - x.mean()) ** 2).sum() + ((y - y.mean()) ** 2).sum()
    pooled = float(pooled) / max(m + n - 2, 1)
    quantile = float(student_law.ppf((1 + level) / 2, m + n - 2))

    def excess(ratio: float) -> float:
        error = math.sqrt(pooled / m + ratio**2 * pooled / n)
        return abs(float(x.mean()) - ratio * float(y.mean())) - quantile * error

    return _fieller(x, y, excess, quantile * math.sqrt(pooled / n), m + n)


def fieller_paired(test: Numbers, reference: Numbers, *, level: float) -> Answer:
    """Recompute by inverting the paired t test of test - ratio x reference."""
    from scipy.stats import t as student_law

    x, y = _array(test), _array(reference)
    n = len(x)
    if n == 0:
        return without_limits(EMPTY_ARM, 0)
    if n == 1 and not _is_zero(y):
        reason = "fewer than two pairs"
        return without_limits(reason, 1, estimate=float(x[0] / y[0]))
    quantile = float(student_law.ppf((1 + level) / 2, n - 1))

    def excess(ratio: float) -> float:
        beside = _steady(x, ratio * y)
        return abs(float(beside.mean())) - quantile * _error(beside)

    return _fieller(x, y, excess, quantile * _error(y), n)


def brunner_munzel(test: Numbers, reference: Numbers, *, level: float) -> Answer:
    """Recompute with statsmodels' comparison of two samples by ranks."""
    from statsmodels.stats.nonparametric import rank_compare_2indep

    x, y = _array(test), _array(reference)
    n = len(x) + len(y)
    if min(len(x), len(y)) == 0:
        return without_limits(EMPTY_ARM, n)
    wins = np.sign(np.subtract.outer(x, y)) if min(len(x), len(y)) == 1 else None
    if wins is not None:
        estimate = float((wins.mean() + 1) / 2)
        reason = "an arm has fewer than two subjects"
        return without_limits(reason, n, estimate=estimate)
    result = rank_compare_2indep(x, y)
    estimate = float(result.prob1)
    if x.min() > y.max() or x.max() < y.min() or np.ptp(np.concatenate([x, y])) == 0:
        reason = "the ranks do not vary within the arms"
        return without_limits(reason, n, estimate=estimate)
    low, high = result.conf_int(alpha=1 - level)
    return Answer(estimate=estimate, low=float(low), high=float(high), n=n)


def paired_clustered(test: Numbers, reference: Numbers, cluster: Labels, *, level: float) -> Answer:
    """Recompute as a one-sample t interval of the clusters' shares of wins."""
    x, y = _array(test), _array(reference)
    n = len(x)
    if n == 0:
        return without_limits(NO_PAIR, 0)
    wins = np.where(x > y, 1.0, np.where(x == y, 0.5, 0.0))
    _, codes = np.unique(np.asarray(cluster), return_inverse=True)
    sizes = np.bincount(codes)
    shares = np.bincount(codes, weights=wins) / sizes
    if len(shares) == 1 or np.ptp(shares) == 0:
        reason = "fewer than two clusters" if len(shares) == 1 else "the clusters do not differ"
        return without_limits(reason, n, estimate=float(shares.mean()))
    answer = _one_sample(shares, level)
    return Answer(estimate=answer.estimate, low=answer.low, high=answer.high, n=n)


def _array(values: Numbers) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def _steady(x: FloatArray, y: FloatArray, least: float = 0.0) -> FloatArray:
    """Return x - y, all the same where only rounding tells the differences apart."""
    d = x - y
    if len(d) == 0:
        return d
    largest = max(float(np.abs(x).max()), float(np.abs(y).max()), least)
    return np.full_like(d, d[0]) if float(np.ptp(d)) <= _ROUNDING * largest else d


def _error(values: FloatArray) -> float:
    """Return the standard error of a mean."""
    spread = 0.0 if np.ptp(values) == 0 else float(np.std(values, ddof=1))
    return spread / math.sqrt(len(values))


def _one_sample(d: FloatArray, level: float) -> Answer:
    from scipy.stats import ttest_1samp

    n = len(d)
    if n == 0:
        return without_limits(NO_PAIR, 0)
    estimate = float(d.mean())
    if n == 1:
        reason = "fewer than two pairs"
        return without_limits(reason, n, estimate=estimate)
    if np.ptp(d) == 0:
        return Answer(estimate=estimate, low=estimate, high=estimate, n=n)
    low, high = ttest_1samp(d, 0.0).confidence_interval(level)
    return Answer(estimate=estimate, low=float(low), high=float(high), n=n)


def _regression(y: FloatArray, design: FloatArray, level: float) -> Answer:
    """Return the first coefficient of ordinary least squares."""
    from statsmodels.regression.linear_model import OLS

    fit: Any = OLS(y, design).fit(method="qr")
    low, high = fit.conf_int(alpha=1 - level)[0]
    return Answer(estimate=float(fit.params[0]), low=float(low), high=float(high), n=len(y))


def _exponential(answer: Answer) -> Answer:
    estimate, low, high = (
        None if log is None else float(np.exp(log))
        for log in (answer.estimate, answer.low, answer.high)
    )
    return Answer(estimate=estimate, low=low, high=high, n=answer.n, reason=answer.reason)


def _is_zero(y: FloatArray) -> bool:
    return abs(float(y.mean())) <= 4 * _ROUNDING * float(np.abs(y).max())


def _fieller(
    x: FloatArray, y: FloatArray, excess: Callable[[float], float], reach: float, n: int
) -> Answer:
    """Return the ratios at which a test begins to reject.

    It rejects ratios that are far away only if the reference mean differs from 0, that is if it
    lies beyond the reach of its error.
    """
    from scipy.optimize import brentq

    if _is_zero(y):
        return without_limits("the reference mean is 0", n)
    ratio = float(x.mean() / y.mean())
    if abs(float(y.mean())) <= reach:
        reason = "the reference mean does not differ from 0"
        return without_limits(reason, n, estimate=ratio)
    step = -excess(ratio) / abs(float(y.mean()))
    if step <= 0:  # the test rejects every other ratio
        return Answer(estimate=ratio, low=ratio, high=ratio, n=n)
    limits = []
    for side in (-1.0, 1.0):
        far = step
        while excess(ratio + side * far) < 0 and far < step * _FARTHEST:
            far *= 2
        limits.append(float(brentq(excess, ratio, ratio + side * far, xtol=1e-300, rtol=1e-15)))
    return Answer(estimate=ratio, low=limits[0], high=limits[1], n=n)
