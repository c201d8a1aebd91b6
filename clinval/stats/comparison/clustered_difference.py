"""Difference of two proportions when subjects come in clusters, each cluster in one arm.

``x1`` and ``n1`` have one entry a cluster of the test arm, ``x2`` and ``n2`` one a cluster of the
reference arm. Clusters without subjects are dropped. An arm without subjects leaves everything
undefined, an arm with a single cluster all but the estimate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Estimate, Result, TestResult
from clinval.stats._checks import (
    Counts,
    FloatArray,
    NotEstimableError,
    check_level,
    check_option,
    check_same_length,
    counts,
    margin_in,
)
from clinval.stats._distributions import ALTERNATIVES, normal_quantile
from clinval.stats._score import (
    EMPTY_ARM,
    TwoArms,
    difference_variance,
    score_limits,
    score_test,
    small_sample_factor,
)
from clinval.stats.accuracy.clustered_proportion import rao_scott

__all__ = [
    "GeeDifference",
    "gee_exchangeable",
    "gee_independence",
    "rao_scott_miettinen_nurminen",
    "rao_scott_miettinen_nurminen_test",
]

_STEPS = 1000  # of the fit with a working correlation
_SETTLED = 1e-13  # change of the correlation


@dataclass(frozen=True, slots=True, kw_only=True)
class GeeDifference(Result):
    """A difference by estimating equations, with its robust error and working correlation."""

    estimate: float | None
    se: float | None = None
    correlation: float | None = None
    n: int = 0
    clusters: int = 0


@dataclass(frozen=True, slots=True)
class _Arm:
    """Successes and subjects of the clusters of an arm."""

    x: FloatArray
    n: FloatArray


def rao_scott_miettinen_nurminen(
    x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float = 0.95
) -> Estimate:
    """Miettinen and Nurminen's score interval on Rao and Scott's effective counts of each arm.

    Parameters
    ----------
    x1, n1
        Successes and subjects of each cluster of the test arm (lists of counts).
    x2, n2
        Successes and subjects of each cluster of the reference arm (lists of counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` sum x1/sum n1 - sum x2/sum n2 with ``ci_low`` and ``ci_high`` inside
        [-1, 1]; ``n`` counts subjects. The limits are undefined where an arm has no effective
        counts (a single cluster, all or none succeed, clusters that do not differ) and where
        those of both arms together are not above 1; everything with an empty arm.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their cluster, lists of different
        length in an arm or a level outside (0, 1).

    Notes
    -----
    :func:`risk_difference.miettinen_nurminen` on the effective counts of
    :func:`clustered_proportion.rao_scott`, which need not be whole; the factor N/(N-1) is that of
    the effective N.

    References
    ----------
    .. [1] Rao & Scott 1992, Biometrics 48:577.
    .. [2] Miettinen & Nurminen 1985, Stat Med 4:213.

    Examples
    --------
    >>> x1, n1 = [1, 2, 2, 2, 0, 3, 2, 3, 4, 1], [1, 2, 3, 2, 1, 4, 2, 3, 5, 2]
    >>> x2, n2 = [1, 2, 0, 3, 3, 1, 1, 2], [2, 2, 1, 3, 4, 2, 1, 2]
    >>> result = rao_scott_miettinen_nurminen(x1, n1, x2, n2)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.0353, -0.1637, 0.273)
    """
    arms = _arm("1", x1, n1), _arm("2", x2, n2)
    z = normal_quantile(check_level(level))
    method, n = "clustered_difference.rao_scott_miettinen_nurminen", _subjects(arms)
    estimate = None
    if all(len(arm.n) for arm in arms):
        estimate = _mean(arms[0]) - _mean(arms[1])
    try:
        table = _effective(arms)
    except NotEstimableError as problem:
        return Estimate(
            method=method,
            estimate=estimate,
            level=level,
            n=n,
            undefined=True,
            reason=problem.reason,
        )
    factor = small_sample_factor(table)
    low, high = score_limits(
        lambda d: (table.difference - d, factor * difference_variance(table, d)),
        table.difference,
        z,
    )
    return Estimate(
        method=method,
        estimate=estimate,
        ci_low=float(low),
        ci_high=float(high),
        level=level,
        n=n,
    )


def rao_scott_miettinen_nurminen_test(
    x1: Counts,
    n1: Counts,
    x2: Counts,
    n2: Counts,
    *,
    margin: float = 0.0,
    alternative: str = "greater",
) -> TestResult:
    """Miettinen and Nurminen's score test on Rao and Scott's effective counts of each arm.

    Parameters
    ----------
    x1, n1
        Successes and subjects of each cluster of the test arm (lists of counts).
    x2, n2
        Successes and subjects of each cluster of the reference arm (lists of counts).
    margin
        The difference under the null hypothesis, signed.
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin) or
        "two-sided".

    Returns
    -------
    TestResult
        ``statistic`` (standard normal) and ``p_value``, one-sided unless "two-sided".
        Undefined where the limits of :func:`rao_scott_miettinen_nurminen` are, and when the
        variance under the null hypothesis is 0.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their cluster, lists of different
        length in an arm, a margin outside [-1, 1] or an unknown alternative.

    Notes
    -----
    :func:`risk_difference.miettinen_nurminen_test` on the effective counts: the test rejects
    exactly when the interval, at level 1 - 2 alpha for a one-sided alpha, excludes the margin.

    References
    ----------
    .. [1] Rao & Scott 1992, Biometrics 48:577.
    .. [2] Miettinen & Nurminen 1985, Stat Med 4:213.

    Examples
    --------
    >>> x1, n1 = [1, 2, 2, 2, 0, 3, 2, 3, 4, 1], [1, 2, 3, 2, 1, 4, 2, 3, 5, 2]
    >>> x2, n2 = [1, 2, 0, 3, 3, 1, 1, 2], [2, 2, 1, 3, 4, 2, 1, 2]
    >>> result = rao_scott_miettinen_nurminen_test(x1, n1, x2, n2, margin=-0.2)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (2.3406, 0.0096)
    """
    arms = _arm("1", x1, n1), _arm("2", x2, n2)
    margin = margin_in(-1, 1, margin)
    check_option("alternative", alternative, ALTERNATIVES)
    method = "clustered_difference.rao_scott_miettinen_nurminen_test"
    try:
        table = _effective(arms)
    except NotEstimableError as problem:
        return TestResult(method=method, p_value=None, undefined=True, reason=problem.reason)
    variance = small_sample_factor(table) * difference_variance(table, np.array(margin))
    return score_test(method, float(table.difference) - margin, float(variance), alternative)


def gee_independence(x1: Counts, n1: Counts, x2: Counts, n2: Counts) -> GeeDifference:
    r"""Difference by estimating equations with working independence and the robust error.

    Parameters
    ----------
    x1, n1
        Successes and subjects of each cluster of the test arm (lists of counts).
    x2, n2
        Successes and subjects of each cluster of the reference arm (lists of counts).

    Returns
    -------
    GeeDifference
        ``estimate``, ``se``, ``correlation`` 0, ``n`` subjects and ``clusters`` of both arms.
        The error is undefined where an arm has a single cluster, everything with an empty arm.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their cluster, or lists of
        different length in an arm.

    Notes
    -----
    Binomial variance, identity link, no small-sample correction. With p the proportion of each
    arm,

    .. math:: se^2 = \sum_{arms} \sum_k (x_k - n_k p)^2 / N_{arm}^2

    References
    ----------
    .. [1] Liang & Zeger 1986, Biometrika 73:13.

    Examples
    --------
    >>> x1, n1 = [1, 2, 2, 2, 0, 3, 2, 3, 4, 1], [1, 2, 3, 2, 1, 4, 2, 3, 5, 2]
    >>> x2, n2 = [1, 2, 0, 3, 3, 1, 1, 2], [2, 2, 1, 3, 4, 2, 1, 2]
    >>> result = gee_independence(x1, n1, x2, n2)
    >>> round(result.estimate, 4), round(result.se, 4)
    (0.0353, 0.1037)
    """
    return _gee("gee_independence", (_arm("1", x1, n1), _arm("2", x2, n2)), exchangeable=False)


def gee_exchangeable(x1: Counts, n1: Counts, x2: Counts, n2: Counts) -> GeeDifference:
    r"""Difference by estimating equations with an exchangeable correlation and the robust error.

    Parameters
    ----------
    x1, n1
        Successes and subjects of each cluster of the test arm (lists of counts).
    x2, n2
        Successes and subjects of each cluster of the reference arm (lists of counts).

    Returns
    -------
    GeeDifference
        ``estimate``, ``se``, ``correlation`` of two subjects of a cluster, ``n`` subjects and
        ``clusters`` of both arms. All but ``n`` and ``clusters`` is undefined with an empty arm
        or an arm with a single cluster, where all subjects of an arm succeed, or none, and where
        the correlation does not settle or leaves a cluster without a positive variance.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their cluster, or lists of
        different length in an arm.

    Notes
    -----
    Binomial variance, identity link, no small-sample correction. With the correlation a, clusters
    have the weights w = 1/(1 + (n_k - 1) a), and in each arm

    .. math:: p = \frac{\sum w x}{\sum w n}, \quad
              se^2 = \sum_{arms} \frac{\sum w^2 (x - n p)^2}{(\sum w n)^2}

    a is the mean product of the Pearson residuals of two subjects of a cluster, over all such
    pairs of both arms, divided by the mean square of the residuals; no degrees of freedom are
    taken off (as in geepack; other programs take them off). Without such a pair it is 0.

    References
    ----------
    .. [1] Liang & Zeger 1986, Biometrika 73:13.

    Examples
    --------
    >>> x1, n1 = [1, 2, 2, 2, 0, 3, 2, 3, 4, 1], [1, 2, 3, 2, 1, 4, 2, 3, 5, 2]
    >>> x2, n2 = [1, 2, 0, 3, 3, 1, 1, 2], [2, 2, 1, 3, 4, 2, 1, 2]
    >>> result = gee_exchangeable(x1, n1, x2, n2)
    >>> round(result.estimate, 4), round(result.se, 4), round(result.correlation, 4)
    (0.0206, 0.0719, -0.2196)
    """
    return _gee("gee_exchangeable", (_arm("1", x1, n1), _arm("2", x2, n2)), exchangeable=True)


def _arm(number: str, x: Counts, n: Counts) -> _Arm:
    names = f"x{number}", f"n{number}"
    x_, n_ = counts(names[0], x), counts(names[1], n)
    check_same_length(**{names[0]: x_, names[1]: n_})
    if (x_ > n_).any():
        raise ValueError(f"a cluster has more successes in {names[0]} than subjects in {names[1]}")
    return _Arm(x_[n_ > 0], n_[n_ > 0])


def _subjects(arms: tuple[_Arm, _Arm]) -> int:
    return int(sum(arm.n.sum() for arm in arms))


def _mean(arm: _Arm) -> float:
    return float(arm.x.sum() / arm.n.sum())


def _effective(arms: tuple[_Arm, _Arm]) -> TwoArms:
    """Return the effective counts of both arms, which need not be whole."""
    if not all(len(arm.n) for arm in arms):
        raise NotEstimableError(EMPTY_ARM)
    sizes = []
    for arm in arms:
        result = rao_scott(arm.x, arm.n)
        if result.effective_x is None or result.effective_n is None:
            raise NotEstimableError(result.reason)
        sizes += [np.array(result.effective_x), np.array(result.effective_n)]
    table = TwoArms(*sizes)
    if float(table.n1 + table.n2) <= 1:
        raise NotEstimableError("the effective sample size is not above 1")
    return table


def _gee(function: str, arms: tuple[_Arm, _Arm], *, exchangeable: bool) -> GeeDifference:
    method, n = f"clustered_difference.{function}", _subjects(arms)
    clusters = sum(len(arm.n) for arm in arms)
    correlation, reason = 0.0, ""
    if not all(len(arm.n) for arm in arms):
        reason = EMPTY_ARM
    elif any(len(arm.n) == 1 for arm in arms):
        reason = "an arm has a single cluster"
    elif exchangeable:
        try:
            correlation = _settled_correlation(arms)
        except NotEstimableError as problem:
            reason = problem.reason
    if reason:
        crude = not exchangeable and reason != EMPTY_ARM
        return GeeDifference(
            method=method,
            estimate=_mean(arms[0]) - _mean(arms[1]) if crude else None,
            n=n,
            clusters=clusters,
            undefined=True,
            reason=reason,
        )
    (p1, variance1), (p2, variance2) = (_fitted(arm, correlation) for arm in arms)
    return GeeDifference(
        method=method,
        estimate=p1 - p2,
        se=math.sqrt(variance1 + variance2),
        correlation=correlation,
        n=n,
        clusters=clusters,
    )


def _fitted(arm: _Arm, correlation: float) -> tuple[float, float]:
    """Return the proportion of an arm and its robust variance."""
    weight = 1 / (1 + (arm.n - 1) * correlation)
    total, successes = float((weight * arm.n).sum()), float((weight * arm.x).sum())
    # (x - n p) times the total: clusters that do not differ give exactly 0 without a weight
    excess = arm.x * total - arm.n * successes
    return successes / total, float(((weight * excess) ** 2).sum()) / total**4


def _settled_correlation(arms: tuple[_Arm, _Arm]) -> float:
    """Return the correlation that its own fit gives back."""
    if any(arm.x.sum() in {0, arm.n.sum()} for arm in arms):
        raise NotEstimableError("all subjects of an arm succeed, or none")
    pairs = sum(float((arm.n * (arm.n - 1)).sum()) / 2 for arm in arms)
    if pairs == 0:
        return 0.0
    largest = max(float(arm.n.max()) for arm in arms)
    correlation = 0.0
    for _ in range(_STEPS):
        squares = products = 0.0
        for arm in arms:
            p, _ = _fitted(arm, correlation)
            variance = p * (1 - p)
            own = (arm.x * (1 - p) ** 2 + (arm.n - arm.x) * p**2) / variance
            squares += float(own.sum())
            products += float(((arm.x - arm.n * p) ** 2 / variance - own).sum()) / 2
        updated = products / pairs / (squares / _subjects(arms))
        if 1 + (largest - 1) * updated <= 0:
            raise NotEstimableError("the working correlation leaves no positive variance")
        if abs(updated - correlation) <= _SETTLED:
            return updated
        correlation = updated
    raise NotEstimableError("the working correlation does not settle")
