"""Ratio of two failure rates: test over reference."""

from __future__ import annotations

from dataclasses import dataclass

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import check_level, check_option, count, finite, positive
from clinval.stats._distributions import ALTERNATIVES
from clinval.stats.accuracy.proportion import binomial_test, clopper_pearson

__all__ = ["RateRatio", "exact_conditional", "exact_conditional_test"]

_NO_FAILURE = "no failure"
_NO_TIME = "no time in service"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRatio(Estimate):
    """Ratio of two rates with the p value of a ratio of 1; ``n`` failures of both together."""

    p_value: float | None = None


def exact_conditional(
    x1: int, time1: float, x2: int, time2: float, *, level: float = 0.95
) -> RateRatio:
    """Ratio of two failure rates with its exact interval, given the failures of both together.

    Parameters
    ----------
    x1, x2
        Failures of the test and of the reference (counts).
    time1, time2
        Their time in service, same unit.
    level
        Two-sided level of the interval.

    Returns
    -------
    RateRatio
        ``estimate`` (x1/time1)/(x2/time2), ``ci_low``, ``ci_high`` and the two-sided ``p_value``
        of a ratio of 1. Without a failure of the reference the estimate is undefined and
        ``ci_high`` does not exist; without any failure, or without time in service, nothing is
        defined.

    Raises
    ------
    ValueError
        For failures that are no counts, negative times, or failures without time.

    Notes
    -----
    Given x1 + x2, x1 is binomial with p = ratio x time1/(ratio x time1 + time2). With Clopper and
    Pearson's limits p of x1 of x1 + x2, the limits are p/(1 - p) x time2/time1; the p value is
    that of :func:`exact_conditional_test`.

    References
    ----------
    .. [1] Przyborowski & Wilenski 1940.

    Examples
    --------
    >>> result = exact_conditional(11, 42_000, 19, 39_000)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.5376, 0.2311, 1.1887)
    """
    check_level(level)
    failures, times = _groups(x1, time1, x2, time2)
    method, total = "rate_ratio.exact_conditional", int(sum(failures))
    reason = _NO_TIME if 0 in times else "" if total else _NO_FAILURE
    if reason:
        return RateRatio(
            method=method, estimate=None, level=level, n=total, undefined=True, reason=reason
        )
    share = clopper_pearson(int(failures[0]), total, level=level)
    low, high = (_odds(limit) for limit in (share.ci_low, share.ci_high))
    longer = times[1] / times[0]
    lacking = failures[1] == 0
    return RateRatio(
        method=method,
        estimate=None if lacking else failures[0] / failures[1] * longer,
        ci_low=None if low is None else low * longer,
        ci_high=None if high is None else high * longer,
        level=level,
        n=total,
        p_value=exact_conditional_test(x1, time1, x2, time2).p_value,
        undefined=lacking,
        reason="no failure of the reference" if lacking else "",
    )


def exact_conditional_test(
    x1: int,
    time1: float,
    x2: int,
    time2: float,
    *,
    margin: float = 1.0,
    alternative: str = "two-sided",
) -> TestResult:
    """Exact test of a ratio of two failure rates, given the failures of both together.

    Parameters
    ----------
    x1, x2
        Failures of the test and of the reference (counts).
    time1, time2
        Their time in service, same unit.
    margin
        Ratio under the null hypothesis, above 0.
    alternative
        "less" (the ratio lies below the margin: non-inferiority of a rate of failures),
        "greater" or "two-sided".

    Returns
    -------
    TestResult
        ``p_value``. Undefined without a failure or without time in service.

    Raises
    ------
    ValueError
        For failures that are no counts, negative times, failures without time, a margin that is
        not above 0 or an unknown alternative.

    Notes
    -----
    The binomial test of x1 of x1 + x2 at margin x time1/(margin x time1 + time2); two-sided, the
    sum of the probabilities that are not above that observed.

    References
    ----------
    .. [1] Przyborowski & Wilenski 1940.

    Examples
    --------
    >>> result = exact_conditional_test(11, 42_000, 19, 39_000, margin=1.5, alternative="less")
    >>> round(result.p_value, 5)
    0.00468
    """
    ratio = positive("margin", margin)
    check_option("alternative", alternative, ALTERNATIVES)
    (first, second), times = _groups(x1, time1, x2, time2)
    method = "rate_ratio.exact_conditional_test"
    reason = _NO_TIME if 0 in times else "" if first + second else _NO_FAILURE
    if reason:
        return TestResult(method=method, p_value=None, undefined=True, reason=reason)
    null = ratio * times[0] / (ratio * times[0] + times[1])
    test = binomial_test(int(first), int(first + second), null=null, alternative=alternative)
    return TestResult(method=method, p_value=test.p_value)


def _groups(
    x1: int, time1: float, x2: int, time2: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return failures and times of test and reference; no failure comes in no time."""
    failures = count("x1", x1), count("x2", x2)
    times = finite("time1", time1), finite("time2", time2)
    for number, (x, time) in enumerate(zip(failures, times, strict=True), start=1):
        if time < 0:
            raise ValueError(f"time{number} must not be negative, it is {time:g}")
        if time == 0 and x:
            raise ValueError(f"x{number} is {x:g}, but time{number} is 0")
    return failures, times


def _odds(share: float | None) -> float | None:
    return None if share is None or share == 1 else share / (1 - share)
