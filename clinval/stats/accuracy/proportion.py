"""One proportion, or the same proportion in several groups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from scipy import special

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import (
    Counts,
    check_level,
    check_option,
    check_same_length,
    counts,
    fraction,
    successes,
)
from clinval.stats._distributions import ALTERNATIVES, chi_square_p, normal_quantile
from clinval.stats._score import wilson_limits

__all__ = [
    "ProportionTest",
    "agresti_coull",
    "binomial_test",
    "clopper_pearson",
    "homogeneity_test",
    "jeffreys",
    "logit",
    "wilson",
]

_NO_TRIALS = "no trial"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionTest(TestResult):
    """A test of a proportion, with the observed one over ``n`` trials."""

    estimate: float | None = None
    n: int = 0


def wilson(x: int, n: int, *, level: float = 0.95) -> Estimate:
    """Wilson's score interval, without continuity correction.

    Parameters
    ----------
    x, n
        Successes and trials (counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` x/n with ``ci_low`` and ``ci_high``. Undefined without trials.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, more successes than trials or a level outside
        (0, 1).

    Notes
    -----
    The limits are the roots p of (x/n - p)^2 = z^2 p (1 - p)/n.

    References
    ----------
    .. [1] Wilson 1927.
    .. [2] Newcombe 1998.

    Examples
    --------
    >>> result = wilson(81, 263)
    >>> round(result.ci_low, 4), round(result.ci_high, 4)
    (0.2553, 0.3662)
    """
    x_, n_ = successes("x", x, "n", n)
    z = normal_quantile(check_level(level))
    if n_ == 0:
        return _estimate("wilson", x_, n_, level, None)
    low, high = wilson_limits(np.array(x_), np.array(n_), z)
    return _estimate("wilson", x_, n_, level, (float(low), float(high)))


def clopper_pearson(x: int, n: int, *, level: float = 0.95) -> Estimate:
    """Clopper and Pearson's exact interval.

    Parameters
    ----------
    x, n
        Successes and trials (counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` x/n with ``ci_low``, exactly 0 at x = 0, and ``ci_high``, exactly 1 at
        x = n. Undefined without trials.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, more successes than trials or a level outside
        (0, 1).

    Notes
    -----
    Beta quantiles: B(a/2; x, n - x + 1) and B(1 - a/2; x + 1, n - x), a = 1 - level.

    References
    ----------
    .. [1] Clopper & Pearson 1934.

    Examples
    --------
    >>> result = clopper_pearson(81, 263)
    >>> round(result.ci_low, 4), round(result.ci_high, 4)
    (0.2527, 0.3676)
    """
    x_, n_ = successes("x", x, "n", n)
    check_level(level)
    if n_ == 0:
        return _estimate("clopper_pearson", x_, n_, level, None)
    tail = (1 - level) / 2
    low = float(special.betaincinv(x_, n_ - x_ + 1, tail)) if x_ > 0 else 0.0
    high = float(special.betainccinv(x_ + 1, n_ - x_, tail)) if x_ < n_ else 1.0
    return _estimate("clopper_pearson", x_, n_, level, (low, high))


def jeffreys(x: int, n: int, *, level: float = 0.95) -> Estimate:
    """Jeffreys' interval: quantiles of Beta(x + 1/2, n - x + 1/2).

    Parameters
    ----------
    x, n
        Successes and trials (counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` x/n with ``ci_low``, 0 at x = 0, and ``ci_high``, 1 at x = n. Undefined
        without trials.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, more successes than trials or a level outside
        (0, 1).

    Notes
    -----
    Quantiles a/2 and 1 - a/2 of Beta(x + 1/2, n - x + 1/2), a = 1 - level.

    References
    ----------
    .. [1] Brown, Cai & DasGupta 2001.

    Examples
    --------
    >>> result = jeffreys(81, 263)
    >>> round(result.ci_low, 4), round(result.ci_high, 4)
    (0.2545, 0.3656)
    """
    x_, n_ = successes("x", x, "n", n)
    check_level(level)
    if n_ == 0:
        return _estimate("jeffreys", x_, n_, level, None)
    tail, a, b = (1 - level) / 2, x_ + 0.5, n_ - x_ + 0.5
    low = float(special.betaincinv(a, b, tail)) if x_ > 0 else 0.0
    high = float(special.betainccinv(a, b, tail)) if x_ < n_ else 1.0
    return _estimate("jeffreys", x_, n_, level, (low, high))


def logit(x: int, n: int, *, level: float = 0.95) -> Estimate:
    """Wald interval on the logit scale.

    Parameters
    ----------
    x, n
        Successes and trials (counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` x/n with ``ci_low`` and ``ci_high``. At x = 0 and x = n the limits are
        undefined and the estimate is kept; without trials everything is undefined.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, more successes than trials or a level outside
        (0, 1).

    Notes
    -----
    logit(x/n) -/+ z sqrt(1/x + 1/(n - x)), transformed back.

    References
    ----------
    .. [1] Brown, Cai & DasGupta 2001.

    Examples
    --------
    >>> result = logit(81, 263)
    >>> round(result.ci_low, 4), round(result.ci_high, 4)
    (0.2551, 0.3664)
    """
    x_, n_ = successes("x", x, "n", n)
    z = normal_quantile(check_level(level))
    if n_ == 0:
        return _estimate("logit", x_, n_, level, None)
    if x_ in {0, n_}:
        return Estimate(
            method="proportion.logit",
            estimate=x_ / n_,
            level=level,
            n=int(n_),
            undefined=True,
            reason="the logit of 0 or 1 is infinite",
        )
    center, half = math.log(x_ / (n_ - x_)), z * math.sqrt(1 / x_ + 1 / (n_ - x_))
    limits = (float(special.expit(center - half)), float(special.expit(center + half)))
    return _estimate("logit", x_, n_, level, limits)


def agresti_coull(x: int, n: int, *, level: float = 0.95) -> Estimate:
    """Agresti and Coull's interval: Wald after z^2/2 successes and failures are added.

    Parameters
    ----------
    x, n
        Successes and trials (counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` is the unadjusted x/n; limits cut to [0, 1]. Undefined without trials.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, more successes than trials or a level outside
        (0, 1).

    Notes
    -----
    n' = n + z^2, p' = (x + z^2/2)/n': p' -/+ z sqrt(p' (1 - p')/n').

    References
    ----------
    .. [1] Agresti & Coull 1998.

    Examples
    --------
    >>> result = agresti_coull(81, 263)
    >>> round(result.ci_low, 4), round(result.ci_high, 4)
    (0.2552, 0.3663)
    """
    x_, n_ = successes("x", x, "n", n)
    z = normal_quantile(check_level(level))
    if n_ == 0:
        return _estimate("agresti_coull", x_, n_, level, None)
    total = n_ + z**2
    p = (x_ + z**2 / 2) / total
    half = z * math.sqrt(p * (1 - p) / total)
    return _estimate("agresti_coull", x_, n_, level, (max(p - half, 0.0), min(p + half, 1.0)))


def binomial_test(
    x: int, n: int, *, null: float = 0.5, alternative: str = "two-sided"
) -> ProportionTest:
    """Exact binomial test; two-sided, the outcomes not more probable than the observed one.

    Parameters
    ----------
    x, n
        Successes and trials (counts).
    null
        The proportion under the null hypothesis, in [0, 1].
    alternative
        "greater", "less" or "two-sided".

    Returns
    -------
    ProportionTest
        ``estimate`` x/n, ``p_value`` and ``n``. Undefined without trials.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, more successes than trials, a null outside
        [0, 1] or an unknown alternative.

    Notes
    -----
    One-sided: P(X >= x) or P(X <= x). Two-sided: the sum of P(X = k) over all k with
    P(X = k) <= P(X = x), with a relative slack of 1e-7 for rounding.

    References
    ----------
    .. [1] Exact binomial test.

    Examples
    --------
    >>> round(binomial_test(7, 10).p_value, 6)
    0.34375
    """
    from scipy.stats import binomtest

    x_, n_ = successes("x", x, "n", n)
    fraction("null", null)
    check_option("alternative", alternative, ALTERNATIVES)
    method = "proportion.binomial_test"
    if n_ == 0:
        return ProportionTest(method=method, p_value=None, undefined=True, reason=_NO_TRIALS)
    side = cast('Literal["greater", "less", "two-sided"]', alternative)
    test = binomtest(int(x_), int(n_), float(null), alternative=side)
    return ProportionTest(method=method, estimate=x_ / n_, p_value=float(test.pvalue), n=int(n_))


def homogeneity_test(x: Counts, n: Counts) -> ProportionTest:
    r"""Pearson's chi-square test that groups share one proportion.

    Parameters
    ----------
    x, n
        Successes and trials of each group (lists of counts). Groups without trials are dropped.

    Returns
    -------
    ProportionTest
        ``estimate`` (the pooled proportion), ``statistic``, ``df`` groups - 1, ``p_value`` and
        ``n`` trials. The test is undefined with fewer than two groups and when all trials or
        none succeed.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, more successes than trials or lists of
        different length.

    Notes
    -----
    With the pooled proportion p,

    .. math:: \chi^2 = \sum_g \frac{(x_g - n_g p)^2}{n_g p (1 - p)}

    which is Pearson's statistic of the table of successes and failures by group, without
    continuity correction.

    Examples
    --------
    >>> result = homogeneity_test([83, 90, 129, 70], [86, 93, 136, 82])
    >>> round(result.statistic, 3), result.df, round(result.p_value, 4)
    (12.6, 3, 0.0056)
    """
    x_, n_ = counts("x", x), counts("n", n)
    check_same_length(x=x_, n=n_)
    if (x_ > n_).any():
        raise ValueError("a group has more successes than trials")
    x_, n_ = x_[n_ > 0], n_[n_ > 0]
    method, df = "proportion.homogeneity_test", max(len(n_) - 1, 0)
    if len(n_) == 0:
        return ProportionTest(method=method, p_value=None, df=0, undefined=True, reason=_NO_TRIALS)
    pooled = float(x_.sum() / n_.sum())
    reason = ""
    if df == 0:
        reason = "fewer than two groups"
    elif pooled in {0.0, 1.0}:
        reason = "all trials succeed, or none"
    if reason:
        return ProportionTest(
            method=method,
            estimate=pooled,
            p_value=None,
            df=df,
            n=int(n_.sum()),
            undefined=True,
            reason=reason,
        )
    statistic = float(np.sum((x_ - n_ * pooled) ** 2 / n_) / (pooled * (1 - pooled)))
    return ProportionTest(
        method=method,
        estimate=pooled,
        statistic=statistic,
        df=df,
        p_value=chi_square_p(statistic, df),
        n=int(n_.sum()),
    )


def _estimate(
    function: str, x: float, n: float, level: float, limits: tuple[float, float] | None
) -> Estimate:
    method = f"proportion.{function}"
    if limits is None:
        return Estimate(
            method=method, estimate=None, level=level, n=0, undefined=True, reason=_NO_TRIALS
        )
    return Estimate(
        method=method,
        estimate=x / n,
        ci_low=limits[0],
        ci_high=limits[1],
        level=level,
        n=int(n),
    )
