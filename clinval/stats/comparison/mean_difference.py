"""Difference of means, test minus reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import (
    NotEstimableError,
    Numbers,
    check_level,
    check_option,
    finite,
    paired_samples,
    sample,
)
from clinval.stats._distributions import ALTERNATIVES, student_p
from clinval.stats._moments import MeanContrast, differences, one_sample, pooled, unpooled
from clinval.stats.comparison._ancova import AdjustedMeanDifference, ancova
from clinval.stats.comparison._cluster_bootstrap import BootstrapDifference, cluster_bootstrap
from clinval.stats.comparison._random_site import (
    RandomSiteDifference,
    paired_random_site,
    paired_random_site_test,
    random_site_kenward_roger,
    random_site_kenward_roger_test,
    random_site_satterthwaite,
    random_site_satterthwaite_test,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from clinval.stats._checks import FloatArray

__all__ = [
    "AdjustedMeanDifference",
    "BootstrapDifference",
    "MeanDifference",
    "RandomSiteDifference",
    "TwoOneSidedTests",
    "ancova",
    "cluster_bootstrap",
    "paired_random_site",
    "paired_random_site_test",
    "paired_t",
    "paired_t_test",
    "random_site_kenward_roger",
    "random_site_kenward_roger_test",
    "random_site_satterthwaite",
    "random_site_satterthwaite_test",
    "student",
    "student_test",
    "welch",
    "welch_test",
    "welch_tost",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanDifference(Estimate):
    """A difference of means with its standard error, degrees of freedom and t statistic."""

    se: float | None = None
    df: float | None = None
    statistic: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoOneSidedTests(TestResult):
    """Two one-sided tests against two margins; ``p_value`` is the larger p value."""

    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    level: float = 0.9
    p_low: float | None = None
    p_high: float | None = None


def welch(test: Numbers, reference: Numbers, *, level: float = 0.95) -> MeanDifference:
    r"""Welch's interval for independent samples with unequal variances.

    Parameters
    ----------
    test, reference
        The values of each arm (lists, any lengths).
    level
        Two-sided level of the interval.

    Returns
    -------
    MeanDifference
        ``estimate``, ``se``, ``df``, ``ci_low``, ``ci_high`` and ``statistic`` for a difference
        of 0. All but the estimate are undefined when an arm has fewer than two values or when
        no value varies in either arm.

    Raises
    ------
    ValueError
        For values that are missing or infinite, or a level outside (0, 1).

    Notes
    -----
    se^2 = s1^2/n1 + s2^2/n2, t quantile with the degrees of freedom

    .. math:: \frac{(s_1^2/n_1 + s_2^2/n_2)^2}
              {(s_1^2/n_1)^2/(n_1 - 1) + (s_2^2/n_2)^2/(n_2 - 1)}

    References
    ----------
    .. [1] Welch 1947.

    Examples
    --------
    >>> result = welch([3.1, 4.2, 5.5, 6.1, 2.2], [2.9, 4.8, 5.1, 7.7, 3.3])
    >>> round(result.estimate, 2), round(result.df, 3)
    (-0.54, 7.813)
    """
    samples = sample("test", test), sample("reference", reference)
    return _interval("welch", unpooled, samples, level)


def student(test: Numbers, reference: Numbers, *, level: float = 0.95) -> MeanDifference:
    """Student's interval for independent samples with a common variance.

    Parameters
    ----------
    test, reference
        The values of each arm (lists, any lengths).
    level
        Two-sided level of the interval.

    Returns
    -------
    MeanDifference
        ``estimate``, ``se``, ``df`` n1 + n2 - 2, ``ci_low``, ``ci_high`` and ``statistic`` for
        a difference of 0. Without a degree of freedom all but the estimate is undefined;
        without variation the interval has no width and the statistic is undefined.

    Raises
    ------
    ValueError
        For values that are missing or infinite, or a level outside (0, 1).

    Notes
    -----
    se^2 = s^2 (1/n1 + 1/n2), s^2 the pooled variance.

    References
    ----------
    .. [1] Student 1908.

    Examples
    --------
    >>> result = student([3.1, 4.2, 5.5, 6.1, 2.2], [2.9, 4.8, 5.1, 7.7, 3.3])
    >>> round(result.ci_low, 3), round(result.ci_high, 3), result.df
    (-3.111, 2.031, 8)
    """
    samples = sample("test", test), sample("reference", reference)
    return _interval("student", pooled, samples, level)


def paired_t(test: Numbers, reference: Numbers, *, level: float = 0.95) -> MeanDifference:
    """Paired t interval: the one-sample t interval of test - reference.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    level
        Two-sided level of the interval.

    Returns
    -------
    MeanDifference
        ``estimate``, ``se``, ``df`` n - 1, ``ci_low``, ``ci_high`` and ``statistic`` for a
        difference of 0; ``n`` pairs. With fewer than two pairs all but the estimate is
        undefined; when the difference is always the same the interval has no width and the
        statistic is undefined.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, or a level outside
        (0, 1).

    Notes
    -----
    mean d -/+ t(n - 1) s/sqrt(n), d = test - reference.

    References
    ----------
    .. [1] Student 1908.

    Examples
    --------
    >>> result = paired_t([12.1, 14.3, 11.2, 15.8], [13.4, 15.1, 11.9, 16.2])
    >>> round(result.estimate, 2), round(result.statistic, 3), result.df
    (-0.8, -4.276, 3)
    """
    return _interval("paired_t", _paired, paired_samples(test, reference), level, pairs=True)


def welch_test(
    test: Numbers,
    reference: Numbers,
    *,
    margin: float = 0.0,
    alternative: str = "two-sided",
) -> TestResult:
    """Welch's t test of a margin for independent samples with unequal variances.

    Parameters
    ----------
    test, reference
        The values of each arm (lists, any lengths).
    margin
        The difference under the null hypothesis, signed, in the unit of the values.
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin) or
        "two-sided".

    Returns
    -------
    TestResult
        ``statistic``, ``df`` and ``p_value``, one-sided unless "two-sided". Undefined when an
        arm has fewer than two values or no value varies in either arm.

    Raises
    ------
    ValueError
        For values that are missing or infinite, or an unknown alternative.

    Notes
    -----
    (mean difference - margin)/se with se and df of :func:`welch`.

    References
    ----------
    .. [1] Welch 1947.

    Examples
    --------
    >>> result = welch_test([3.1, 4.2, 5.5, 6.1], [2.9, 4.8, 5.1, 7.7], margin=-2)
    >>> round(result.statistic, 3), round(result.df, 3), round(result.p_value, 3)
    (1.341, 5.287, 0.235)
    """
    samples = sample("test", test), sample("reference", reference)
    return _test("welch_test", unpooled, samples, margin, alternative)


def student_test(
    test: Numbers,
    reference: Numbers,
    *,
    margin: float = 0.0,
    alternative: str = "two-sided",
) -> TestResult:
    """Student's t test of a margin for independent samples with a common variance.

    Parameters
    ----------
    test, reference
        The values of each arm (lists, any lengths).
    margin
        The difference under the null hypothesis, signed, in the unit of the values.
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin) or
        "two-sided".

    Returns
    -------
    TestResult
        ``statistic``, ``df`` and ``p_value``, one-sided unless "two-sided". Undefined without a
        degree of freedom or without variation.

    Raises
    ------
    ValueError
        For values that are missing or infinite, or an unknown alternative.

    Notes
    -----
    (mean difference - margin)/se with se and df of :func:`student`.

    References
    ----------
    .. [1] Student 1908.

    Examples
    --------
    >>> result = student_test([3.1, 4.2, 5.5, 6.1], [2.9, 4.8, 5.1, 7.7], margin=-2)
    >>> round(result.statistic, 3), result.df, round(result.p_value, 3)
    (1.341, 6, 0.229)
    """
    samples = sample("test", test), sample("reference", reference)
    return _test("student_test", pooled, samples, margin, alternative)


def paired_t_test(
    test: Numbers,
    reference: Numbers,
    *,
    margin: float = 0.0,
    alternative: str = "two-sided",
) -> TestResult:
    """Paired t test of a margin.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    margin
        The mean difference under the null hypothesis, signed, in the unit of the values.
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin) or
        "two-sided".

    Returns
    -------
    TestResult
        ``statistic``, ``df`` and ``p_value``, one-sided unless "two-sided". Undefined with
        fewer than two pairs or when the difference is always the same.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, or an unknown
        alternative.

    Notes
    -----
    (mean difference - margin)/se with se and df of :func:`paired_t`.

    References
    ----------
    .. [1] Student 1908.

    Examples
    --------
    >>> result = paired_t_test([12.1, 14.3, 11.2], [13.4, 15.1, 11.9], margin=0.5)
    >>> round(result.statistic, 3), result.df, round(result.p_value, 3)
    (-7.723, 2, 0.016)
    """
    return _test("paired_t_test", _paired, paired_samples(test, reference), margin, alternative)


def welch_tost(
    test: Numbers,
    reference: Numbers,
    *,
    margin_low: float,
    margin_high: float,
    alpha: float = 0.05,
) -> TwoOneSidedTests:
    """Equivalence by two one-sided Welch tests, with the interval at level 1 - 2 alpha.

    Parameters
    ----------
    test, reference
        The values of each arm (lists, any lengths).
    margin_low, margin_high
        The limits of equivalence, signed, in the unit of the values.
    alpha
        One-sided level of each test, below 0.5.

    Returns
    -------
    TwoOneSidedTests
        ``p_low`` (null: difference <= margin_low), ``p_high`` (null: difference >=
        margin_high), ``p_value`` the larger of the two, ``ci_low`` and ``ci_high``,
        ``estimate``, ``df``. Undefined when an arm has fewer than two values or no value
        varies in either arm.

    Raises
    ------
    ValueError
        For values that are missing or infinite, margins in the wrong order or an alpha
        outside (0, 0.5).

    Notes
    -----
    Equivalence is shown at alpha exactly when the interval lies between the margins.

    References
    ----------
    .. [1] Schuirmann 1987.

    Examples
    --------
    >>> result = welch_tost(
    ...     [3.1, 4.2, 5.5, 6.1, 2.2], [2.9, 4.8, 5.1, 7.7, 3.3], margin_low=-3, margin_high=3
    ... )
    >>> round(result.p_low, 4), round(result.p_high, 4)
    (0.0296, 0.0067)
    """
    method = "mean_difference.welch_tost"
    samples = sample("test", test), sample("reference", reference)
    low, high = finite("margin_low", margin_low), finite("margin_high", margin_high)
    if low >= high:
        raise ValueError(f"margin_low {low:g} must be below margin_high {high:g}")
    level = check_level(1 - 2 * check_level(alpha, "alpha"), "1 - 2 alpha")
    try:
        contrast = unpooled(*samples)
    except NotEstimableError as problem:
        return TwoOneSidedTests(
            method=method,
            estimate=_mean_difference(*samples),
            level=level,
            p_value=None,
            undefined=True,
            reason=problem.reason,
        )
    p_low = student_p(contrast.statistic(low), contrast.df, "greater")
    p_high = student_p(contrast.statistic(high), contrast.df, "less")
    ci_low, ci_high = contrast.interval(level)
    return TwoOneSidedTests(
        method=method,
        estimate=contrast.estimate,
        df=contrast.df,
        ci_low=ci_low,
        ci_high=ci_high,
        level=level,
        p_low=p_low,
        p_high=p_high,
        p_value=max(p_low, p_high),
    )


def _paired(test: FloatArray, reference: FloatArray) -> MeanContrast:
    return one_sample(differences(test, reference))


def _mean_difference(test: FloatArray, reference: FloatArray) -> float | None:
    if len(test) == 0 or len(reference) == 0:
        return None
    return float(test.mean() - reference.mean())


def _interval(
    function: str,
    contrast_of: Callable[[FloatArray, FloatArray], MeanContrast],
    samples: tuple[FloatArray, FloatArray],
    level: float,
    *,
    pairs: bool = False,
) -> MeanDifference:
    method = f"mean_difference.{function}"
    check_level(level)
    n = len(samples[0]) if pairs else len(samples[0]) + len(samples[1])
    try:
        contrast = contrast_of(*samples)
    except NotEstimableError as problem:
        return MeanDifference(
            method=method,
            estimate=_mean_difference(*samples),
            level=level,
            n=n,
            undefined=True,
            reason=problem.reason,
        )
    low, high = contrast.interval(level)
    statistic, reason = None, ""
    try:
        statistic = contrast.statistic()
    except NotEstimableError as problem:
        reason = problem.reason
    return MeanDifference(
        method=method,
        estimate=contrast.estimate,
        se=contrast.se,
        df=contrast.df,
        statistic=statistic,
        ci_low=low,
        ci_high=high,
        level=level,
        n=n,
        undefined=bool(reason),
        reason=reason,
    )


def _test(
    function: str,
    contrast_of: Callable[[FloatArray, FloatArray], MeanContrast],
    samples: tuple[FloatArray, FloatArray],
    margin: float,
    alternative: str,
) -> TestResult:
    method = f"mean_difference.{function}"
    margin = finite("margin", margin)
    check_option("alternative", alternative, ALTERNATIVES)
    try:
        contrast = contrast_of(*samples)
        statistic = contrast.statistic(margin)
    except NotEstimableError as problem:
        return TestResult(method=method, p_value=None, undefined=True, reason=problem.reason)
    return TestResult(
        method=method,
        statistic=statistic,
        df=contrast.df,
        p_value=student_p(statistic, contrast.df, alternative),
    )
