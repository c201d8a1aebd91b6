"""Ratio of means, test over reference (time, dose)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import (
    Labels,
    NotEstimableError,
    Numbers,
    check_level,
    check_same_length,
    paired_samples,
    positive_sample,
)
from clinval.stats._distributions import student_p, student_quantile
from clinval.stats._labels import group_codes
from clinval.stats._moments import (
    TOO_LARGE,
    MeanContrast,
    log_ratios,
    one_sample,
    ratio_of,
    unpooled,
)
from clinval.stats._pooling import pool, reml_tau2
from clinval.stats._random_intercept import random_intercept
from clinval.stats.comparison._fieller import FiellerRatio, fieller, fieller_paired

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = [
    "FiellerRatio",
    "GeometricMeanRatio",
    "PairedGeometricMeanRatio",
    "RandomSiteRatio",
    "TwoStageRatio",
    "fieller",
    "fieller_paired",
    "geometric_paired",
    "geometric_random_site",
    "geometric_two_stage",
    "geometric_welch",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomSiteRatio(Estimate):
    """A ratio from a model with random sites; all but the estimate and its limits are logs."""

    log_estimate: float | None = None
    se: float | None = None
    df: float | None = None
    sd_between: float | None = None
    sd_within: float | None = None
    sites: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStageRatio(Estimate):
    """A ratio pooled over sites; ``se``, ``tau2`` and ``q`` are on the log scale."""

    prediction_low: float | None = None
    prediction_high: float | None = None
    tau2: float | None = None
    q: float | None = None
    se: float | None = None
    sites: int = 0


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
    low, high, p_value = _limits(contrast, level)
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
    low, high, p_value = _limits(contrast, level)
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
        reason=_why_none(estimate, low, high),
    )


def geometric_random_site(
    test: Numbers, reference: Numbers, site: Labels, *, level: float = 0.95
) -> RandomSiteRatio:
    """Paired geometric mean ratio that varies at random from site to site.

    Parameters
    ----------
    test, reference
        Positive values of the same subjects (lists of equal length, one pair an entry).
    site
        Label of the site of each subject (list).
    level
        Two-sided level of the interval.

    Returns
    -------
    RandomSiteRatio
        ``estimate``, ``ci_low``, ``ci_high``; on the log scale ``log_estimate``, ``se``,
        ``df``, ``sd_between``, ``sd_within``; ``n`` pairs and ``sites``. Undefined with one
        site, when no site has two pairs, or without variation within the sites.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or not positive, sites without a
        label or a level outside (0, 1).

    Notes
    -----
    ln(test/reference) = mean + site + error by restricted maximum likelihood, degrees of
    freedom by Satterthwaite, exp(mean -/+ t se). A site variance of 0 leaves the ordinary
    t(n - 1) interval.

    References
    ----------
    .. [1] Laird & Ware 1982.
    .. [2] Kuznetsova 2017 (lmerTest).

    Examples
    --------
    >>> test, reference = [50, 61, 42, 55, 70, 66], [100, 110, 90, 101, 120, 118]
    >>> result = geometric_random_site(test, reference, ["A", "A", "B", "B", "C", "C"])
    >>> round(result.estimate, 4), round(result.df, 2)
    (0.5332, 2.0)
    """
    test_, reference_, sites = _paired_at_sites(test, reference, site)
    check_level(level)
    method, n, number = "mean_ratio.geometric_random_site", len(test_), len(np.unique(sites))
    try:
        fit = random_intercept(log_ratios(test_, reference_), np.ones((n, 1)), sites)
    except NotEstimableError as problem:
        return RandomSiteRatio(
            method=method,
            estimate=None,
            level=level,
            n=n,
            sites=number,
            undefined=True,
            reason=problem.reason,
        )
    contrast = MeanContrast(
        float(fit.coefficients[0]), math.sqrt(float(fit.covariance[0, 0])), float(fit.df[0])
    )
    low, high, _ = _limits(contrast, level)
    estimate = ratio_of(contrast.estimate)
    return RandomSiteRatio(
        method=method,
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        level=level,
        n=n,
        log_estimate=contrast.estimate,
        se=contrast.se,
        df=contrast.df,
        sd_between=math.sqrt(fit.variance_group),
        sd_within=math.sqrt(fit.variance_residual),
        sites=number,
        undefined=None in (estimate, low, high),
        reason=_why_none(estimate, low, high),
    )


def geometric_two_stage(
    test: Numbers, reference: Numbers, site: Labels, *, level: float = 0.95
) -> TwoStageRatio:
    r"""Paired geometric mean ratio of each site, pooled by REML with Knapp-Hartung's error.

    Parameters
    ----------
    test, reference
        Positive values of the same subjects (lists of equal length, one pair an entry).
    site
        Label of the site of each subject (list).
    level
        Two-sided level of both intervals.

    Returns
    -------
    TwoStageRatio
        ``estimate``, ``ci_low``, ``ci_high``, ``prediction_low``, ``prediction_high`` (of a
        further site), ``se``, ``tau2``, ``q`` (log scale), ``n`` pairs and ``sites``. Undefined
        with fewer than two sites, or when a site has a single pair or a ratio that does not
        vary.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or not positive, sites without a
        label or a level outside (0, 1).

    Notes
    -----
    Site means y_k of ln(test/reference) with v_k = s_k^2/n_k; tau2 by restricted maximum
    likelihood; w = 1/(v + tau2), mu = sum w y/sum w,

    .. math:: se^2 = \frac{\sum w (y - \mu)^2}{(k - 1) \sum w}

    not raised to the error of the fixed effect, t(k - 1); prediction mu -/+ t(k - 1)
    sqrt(se^2 + tau2); q is Cochran's Q with w = 1/v.

    References
    ----------
    .. [1] Hartung & Knapp 2001.
    .. [2] Viechtbauer 2010.
    .. [3] Higgins 2009 (prediction, here with k - 1 degrees of freedom).

    Examples
    --------
    >>> test, reference = [50, 61, 42, 55, 70, 66], [100, 110, 90, 101, 120, 118]
    >>> result = geometric_two_stage(test, reference, ["A", "A", "B", "B", "C", "C"])
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.5454, 0.4671, 0.6368)
    """
    test_, reference_, sites = _paired_at_sites(test, reference, site)
    check_level(level)
    method, n, number = "mean_ratio.geometric_two_stage", len(test_), len(np.unique(sites))
    try:
        y, v = _site_means(log_ratios(test_, reference_), sites)
    except NotEstimableError as problem:
        return TwoStageRatio(
            method=method,
            estimate=None,
            level=level,
            n=n,
            sites=number,
            undefined=True,
            reason=problem.reason,
        )
    tau2 = reml_tau2(y, v)
    weight = 1 / (v + tau2)
    pooled = pool(y, weight)
    mean, degrees = float(pooled.estimate), number - 1
    se = math.sqrt(float(pooled.q) / (degrees * float(weight.sum())))
    t = student_quantile(level, degrees)
    reach = t * math.sqrt(se**2 + tau2)
    logs = (mean, mean - t * se, mean + t * se, mean - reach, mean + reach)
    estimate, low, high, prediction_low, prediction_high = map(ratio_of, logs)
    return TwoStageRatio(
        method=method,
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        prediction_low=prediction_low,
        prediction_high=prediction_high,
        tau2=tau2,
        q=float(pool(y, 1 / v).q),
        se=se,
        level=level,
        n=n,
        sites=number,
        undefined=None in (estimate, low, high, prediction_low, prediction_high),
        reason=_why_none(estimate, low, high, prediction_low, prediction_high),
    )


def _why_none(*ratios: float | None) -> str:
    return TOO_LARGE if None in ratios else ""


def _limits(
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


def _paired_at_sites(
    test: Numbers, reference: Numbers, site: Labels
) -> tuple[FloatArray, FloatArray, IntArray]:
    test_, reference_ = paired_samples(test, reference, positive=True)
    _, sites = group_codes("site", site)
    check_same_length(test=test_, site=sites)
    return test_, reference_, sites


def _site_means(logs: FloatArray, sites: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean of each site and the squared error of that mean."""
    n = np.bincount(sites).astype(np.float64)
    if len(n) < 2:
        raise NotEstimableError("fewer than two centers")
    if (n < 2).any():
        raise NotEstimableError("a center has fewer than two pairs")
    mean = np.bincount(sites, logs) / n
    variance = np.bincount(sites, (logs - mean[sites]) ** 2) / (n - 1)
    if (variance <= (1e-14 * np.abs(logs).max()) ** 2).any():
        raise NotEstimableError("the ratio does not vary within a center")
    return mean, variance / n
