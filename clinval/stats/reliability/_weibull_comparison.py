"""Two Weibull distributions of lives side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.core.results import Estimate
from clinval.stats._checks import (
    NotEstimableError,
    arm_indicator,
    check_level,
    check_same_length,
)
from clinval.stats._distributions import chi_square_p, normal_p, normal_quantile
from clinval.stats.reliability._lives import positive_lives
from clinval.stats.reliability._weibull_fit import (
    TENTH,
    TOO_LARGE,
    PowerSums,
    exponential,
    fit_groups,
    log_quantile,
    log_quantile_variance,
    two_failures,
)

if TYPE_CHECKING:
    from clinval.stats._checks import Numbers
    from clinval.stats.reliability._lives import Lives
    from clinval.stats.reliability._weibull_fit import Fit

__all__ = ["WeibullComparison", "weibull_comparison"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeibullComparison(Estimate):
    """Ratio of lives, test over reference, under a common shape, and what does not need one.

    ``estimate`` is the ratio of the scales, and so of every quantile and of the means;
    ``shape_statistic`` and ``shape_p_value`` are of the likelihood-ratio test of a common shape,
    ``b10_ratio`` is from two separate fits.
    """

    p_value: float | None = None
    common_shape: float | None = None
    shape_statistic: float | None = None
    shape_p_value: float | None = None
    b10_ratio: float | None = None
    b10_ratio_ci_low: float | None = None
    b10_ratio_ci_high: float | None = None
    failures: int = 0


def weibull_comparison(
    time: Numbers,
    event: Numbers,
    arm: Numbers,
    *,
    entry: Numbers | None = None,
    level: float = 0.95,
) -> WeibullComparison:
    """Ratio of the lives of two groups of components, Weibull distributions.

    Parameters
    ----------
    time
        Time at which each unit failed or was last seen in service (list), above 0, any unit.
    event
        1 (failure) or 0 (censored) for each unit (list).
    arm
        1 (test) or 0 (reference) for each unit (list).
    entry
        Time in service at which the observation of each unit began (list), before its end.
    level
        Two-sided level of the intervals.

    Returns
    -------
    WeibullComparison
        ``estimate`` (ratio of the scales under a common shape) with its interval and
        ``p_value`` of a ratio of 1, ``common_shape``, the test of it, and ``b10_ratio`` with its
        interval. Undefined where an arm has no failure or all failures come at one time; where
        an arm has fewer than two distinct failure times, only what needs a shape of each arm.

    Raises
    ------
    ValueError
        As :func:`weibull`, and for an arm other than 0 and 1.

    Notes
    -----
    Intervals and ``p_value`` are Wald's on the log scale, from the observed information. The
    likelihood-ratio statistic, twice the gain of a shape of each arm's own over a common one, is
    held against chi2 with 1 degree of freedom. Where the shapes differ, a ratio of lives depends
    on the quantile: then ``b10_ratio`` counts.

    References
    ----------
    .. [1] Lawless 2003.
    .. [2] Meeker & Escobar 1998, chapter 17.

    Examples
    --------
    >>> time = [150, 270, 310, 400, 400, 80, 130, 210, 260, 400]
    >>> arm = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    >>> result = weibull_comparison(time, [1, 1, 1, 0, 0, 1, 1, 1, 1, 0], arm)
    >>> round(result.estimate, 3), round(result.shape_p_value, 3)
    (1.547, 0.58)
    """
    z = normal_quantile(check_level(level))
    lives, arms = positive_lives(time, event, entry), arm_indicator(arm)
    check_same_length(time=lives.time, arm=arms)
    both = [lives.of(arms == 1), lives.of(arms == 0)]
    failures = int(lives.event.sum())
    method = "survival.weibull_comparison"
    try:
        common = _common(lives, both)
    except NotEstimableError as problem:
        return WeibullComparison(
            method=method,
            estimate=None,
            level=level,
            n=len(arms),
            failures=failures,
            undefined=True,
            reason=problem.reason,
        )
    log_ratio = math.log(common.scales[0] / common.scales[1])
    v = common.covariance
    se = math.sqrt(v[0, 0] + v[1, 1] - 2 * v[0, 1])
    shape_statistic = shape_p = b10_ratio = b10_low = b10_high = None
    reason = ""
    try:
        each = [_single(group) for group in both]
    except NotEstimableError:
        reason = "an arm has fewer than two distinct failure times"
    else:
        gain = sum(fit.log_likelihood for fit in each) - common.log_likelihood
        shape_statistic = max(2 * gain, 0.0)
        shape_p = chi_square_p(shape_statistic, 1)
        logs = [log_quantile(fit.shape, fit.scales[0], TENTH) for fit in each]
        variances = [log_quantile_variance(fit.shape, fit.covariance, TENTH) for fit in each]
        b10_ratio, b10_low, b10_high = _ratio(logs[0] - logs[1], math.sqrt(sum(variances)), z)
    estimate, low, high = _ratio(log_ratio, se, z)
    if not reason and None in (estimate, low, high, b10_ratio, b10_low, b10_high):
        reason = TOO_LARGE
    return WeibullComparison(
        method=method,
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        level=level,
        n=len(arms),
        p_value=normal_p(log_ratio / se, "two-sided"),
        common_shape=common.shape,
        shape_statistic=shape_statistic,
        shape_p_value=shape_p,
        b10_ratio=b10_ratio,
        b10_ratio_ci_low=b10_low,
        b10_ratio_ci_high=b10_high,
        failures=failures,
        undefined=bool(reason),
        reason=reason,
    )


def _common(lives: Lives, both: list[Lives]) -> Fit:
    """Return the fit under a common shape; each arm needs a failure."""
    if any(len(group.time) == 0 for group in both):
        raise NotEstimableError("an arm has no unit")
    if any(len(group.failures) == 0 for group in both):
        raise NotEstimableError("an arm has no failure")
    if all(group.failures.min() == group.time.max() for group in both):
        # every failure comes at the end of its arm: the larger the shape, the likelier
        raise NotEstimableError("the likelihood has no maximum")
    two_failures(lives)
    return fit_groups([PowerSums(group) for group in both], delayed=lives.entry is not None)


def _single(lives: Lives) -> Fit:
    two_failures(lives)
    return fit_groups([PowerSums(lives)], delayed=lives.entry is not None)


def _ratio(
    log_ratio: float, se: float, z: float
) -> tuple[float | None, float | None, float | None]:
    """Return a ratio and its limits."""
    return exponential(log_ratio), exponential(log_ratio - z * se), exponential(log_ratio + z * se)
