"""Ratios of geometric means, test over reference: t methods on logarithms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import (
    NotEstimableError,
    Numbers,
    check_level,
    check_option,
    paired_samples,
    positive_sample,
)
from clinval.stats._distributions import ALTERNATIVES, student_p
from clinval.stats._moments import (
    TOO_LARGE,
    MeanContrast,
    log_ratios,
    one_sample,
    ratio_of,
    unpooled,
)
from clinval.stats.comparison._ratio_limits import ratio_margin

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "GeometricMeanRatio",
    "PairedGeometricMeanRatio",
    "geometric_paired",
    "geometric_paired_test",
    "geometric_welch",
    "geometric_welch_test",
    "ratio_limits",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class GeometricMeanRatio(Estimate):
    """A ratio of geometric means; ``se`` is on the log scale, ``p_value`` for a ratio of 1."""

    se: float | None = None
    df: float | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedGeometricMeanRatio(GeometricMeanRatio):
    """A paired ratio of geometric means beside the two other ratios that people quote."""

    reduction_percent: float | None = None
    ratio_of_means: float | None = None
    mean_of_ratios: float | None = None


def geometric_paired(
    test: Numbers, reference: Numbers, *, level: float = 0.95
) -> PairedGeometricMeanRatio:
    """Paired geometric mean ratio: the paired t interval on logarithms.

    Parameters
    ----------
    test, reference
        Positive values of the same subjects (lists of equal length, one pair an entry).
    level
        Two-sided level of the interval.

    Returns
    -------
    PairedGeometricMeanRatio
        ``estimate``, ``ci_low``, ``ci_high``, ``p_value`` (two-sided, ratio 1), ``df``, ``n``,
        ``se`` (log scale), ``reduction_percent`` 100 (1 - estimate), ``ratio_of_means`` and
        ``mean_of_ratios``. With fewer than two pairs the interval and p value are undefined;
        with a ratio that is always the same only the p value.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or not positive, or a level
        outside (0, 1).

    Notes
    -----
    d = ln(test/reference): exp(mean d) and exp of the t(n - 1) interval of d. The geometric
    mean ratio, the ratio of means and the mean of ratios are three numbers.

    References
    ----------
    .. [1] Bland & Altman, BMJ 1996;312:1153.
    .. [2] Julious 2004.

    Examples
    --------
    >>> result = geometric_paired([198, 190, 260, 150], [412, 388, 530, 295])
    >>> round(result.estimate, 4), round(result.ratio_of_means, 4)
    (0.4922, 0.4911)
    """
    test_, reference_ = paired_samples(test, reference, positive=True)
    check_level(level)
    method, n = "mean_ratio.geometric_paired", len(test_)
    if n == 0:
        return PairedGeometricMeanRatio(
            method=method,
            estimate=None,
            level=level,
            n=0,
            undefined=True,
            reason="no pair",
        )
    logs = log_ratios(test_, reference_)
    mean = float(logs.mean())
    contrast, reason = None, ""
    try:
        contrast = one_sample(logs)
    except NotEstimableError as problem:
        reason = problem.reason
    low, high, p_value = ratio_limits(contrast, level)
    estimate = ratio_of(mean)
    with np.errstate(over="ignore"):
        other_ratios = test_.mean() / reference_.mean(), (test_ / reference_).mean()
    of_means, of_ratios = (float(value) if np.isfinite(value) else None for value in other_ratios)
    if contrast is not None and p_value is None:
        reason = "the ratio does not vary"
    elif contrast is not None and None in (estimate, low, high, of_means, of_ratios):
        reason = TOO_LARGE
    return PairedGeometricMeanRatio(
        method=method,
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        p_value=p_value,
        df=None if contrast is None else contrast.df,
        se=None if contrast is None else contrast.se,
        level=level,
        n=n,
        reduction_percent=None if estimate is None else 100 * -math.expm1(mean),
        ratio_of_means=of_means,
        mean_of_ratios=of_ratios,
        undefined=bool(reason),
        reason=reason,
    )


def geometric_welch(
    test: Numbers, reference: Numbers, *, level: float = 0.95
) -> GeometricMeanRatio:
    """Geometric mean ratio of independent samples: Welch's interval on logarithms.

    Parameters
    ----------
    test, reference
        Positive values of each arm (lists, any lengths).
    level
        Two-sided level of the interval.

    Returns
    -------
    GeometricMeanRatio
        ``estimate``, ``ci_low``, ``ci_high``, ``df``, ``p_value`` (two-sided, ratio 1) and
        ``se`` (log scale). All but the estimate are undefined when an arm has fewer than two
        values or no value varies in either arm.

    Raises
    ------
    ValueError
        For values that are missing or not positive, or a level outside (0, 1).

    Notes
    -----
    exp of :func:`mean_difference.welch` on the logarithms.

    References
    ----------
    .. [1] Welch 1947.

    Examples
    --------
    >>> result = geometric_welch([410, 520, 470, 600], [900, 1010, 1105])
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.4944, 0.3821, 0.6398)
    """
    test_, reference_ = positive_sample("test", test), positive_sample("reference", reference)
    check_level(level)
    method, n = "mean_ratio.geometric_welch", len(test_) + len(reference_)
    logs, log_reference = np.log(test_), np.log(reference_)
    try:
        contrast = unpooled(logs, log_reference)
    except NotEstimableError as problem:
        empty = len(logs) == 0 or len(log_reference) == 0
        return GeometricMeanRatio(
            method=method,
            estimate=None if empty else ratio_of(float(logs.mean() - log_reference.mean())),
            level=level,
            n=n,
            undefined=True,
            reason=problem.reason,
        )
    low, high, p_value = ratio_limits(contrast, level)
    estimate = ratio_of(contrast.estimate)
    return GeometricMeanRatio(
        method=method,
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        p_value=p_value,
        df=contrast.df,
        se=contrast.se,
        level=level,
        n=n,
        undefined=None in (estimate, low, high),
        reason=TOO_LARGE if None in (estimate, low, high) else "",
    )


def geometric_paired_test(
    test: Numbers,
    reference: Numbers,
    *,
    margin: float = 1.0,
    alternative: str = "two-sided",
) -> TestResult:
    """Test of a margin of the paired geometric mean ratio: the paired t test on logarithms.

    Parameters
    ----------
    test, reference
        Positive values of the same subjects (lists of equal length, one pair an entry).
    margin
        The ratio under the null hypothesis, above 0.
    alternative
        "greater" (null: ratio <= margin), "less" (null: ratio >= margin) or "two-sided".

    Returns
    -------
    TestResult
        ``statistic``, ``df`` n - 1 and ``p_value``, one-sided unless "two-sided". Undefined with
        fewer than two pairs or when the ratio is always the same.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or not positive, a margin that is
        not above 0 or an unknown alternative.

    Notes
    -----
    (mean d - ln margin)/se with d and se of :func:`geometric_paired`: the test rejects exactly
    when that interval, at level 1 - 2 alpha for a one-sided alpha, excludes the margin.

    References
    ----------
    .. [1] Bland & Altman, BMJ 1996;312:1153.

    Examples
    --------
    >>> result = geometric_paired_test([198, 190, 260, 150], [412, 388, 530, 295], margin=0.5)
    >>> round(result.statistic, 3), result.df, round(result.p_value, 3)
    (-1.33, 3, 0.276)
    """
    test_, reference_ = paired_samples(test, reference, positive=True)
    return _test(
        "geometric_paired_test",
        lambda: one_sample(log_ratios(test_, reference_)),
        margin,
        alternative,
    )


def geometric_welch_test(
    test: Numbers,
    reference: Numbers,
    *,
    margin: float = 1.0,
    alternative: str = "two-sided",
) -> TestResult:
    """Test of a margin of the ratio of geometric means: Welch's test on logarithms.

    Parameters
    ----------
    test, reference
        Positive values of each arm (lists, any lengths).
    margin
        The ratio under the null hypothesis, above 0.
    alternative
        "greater" (null: ratio <= margin), "less" (null: ratio >= margin) or "two-sided".

    Returns
    -------
    TestResult
        ``statistic``, ``df`` and ``p_value``, one-sided unless "two-sided". Undefined when an
        arm has fewer than two values or no value varies in either arm.

    Raises
    ------
    ValueError
        For values that are missing or not positive, a margin that is not above 0 or an unknown
        alternative.

    Notes
    -----
    :func:`mean_difference.welch_test` on the logarithms, the logarithm of the margin its margin.

    References
    ----------
    .. [1] Welch 1947.

    Examples
    --------
    >>> result = geometric_welch_test([410, 520, 470, 600], [900, 1010, 1105], margin=0.7)
    >>> round(result.statistic, 3), round(result.df, 3), round(result.p_value, 3)
    (-3.477, 4.954, 0.018)
    """
    test_, reference_ = positive_sample("test", test), positive_sample("reference", reference)
    return _test(
        "geometric_welch_test",
        lambda: unpooled(np.log(test_), np.log(reference_)),
        margin,
        alternative,
    )


def ratio_limits(
    contrast: MeanContrast | None, level: float
) -> tuple[float | None, float | None, float | None]:
    """Return the limits as ratios and the p value for a ratio of 1."""
    if contrast is None:
        return None, None, None
    low, high = contrast.interval(level)
    p_value = None
    if contrast.se > 0:
        p_value = student_p(contrast.statistic(), contrast.df, "two-sided")
    return ratio_of(low), ratio_of(high), p_value


def _test(
    function: str,
    contrast_of: Callable[[], MeanContrast],
    margin: float,
    alternative: str,
) -> TestResult:
    method, log_margin = f"mean_ratio.{function}", math.log(ratio_margin(margin))
    check_option("alternative", alternative, ALTERNATIVES)
    try:
        contrast = contrast_of()
    except NotEstimableError as problem:
        return TestResult(method=method, p_value=None, undefined=True, reason=problem.reason)
    if contrast.se == 0:
        reason = "the ratio does not vary"
        return TestResult(method=method, p_value=None, undefined=True, reason=reason)
    statistic = contrast.statistic(log_margin)
    return TestResult(
        method=method,
        statistic=statistic,
        df=contrast.df,
        p_value=student_p(statistic, contrast.df, alternative),
    )
