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
)
from clinval.stats._labels import group_codes
from clinval.stats._moments import TOO_LARGE, MeanContrast, log_ratios, ratio_of
from clinval.stats._pooling import two_stage
from clinval.stats._random_intercept import random_intercept
from clinval.stats.comparison._fieller import FiellerRatio, fieller, fieller_paired
from clinval.stats.comparison._geometric_means import (
    GeometricMeanRatio,
    PairedGeometricMeanRatio,
    geometric_paired,
    geometric_paired_test,
    geometric_welch,
    geometric_welch_test,
    ratio_limits,
)

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
    "geometric_paired_test",
    "geometric_random_site",
    "geometric_two_stage",
    "geometric_welch",
    "geometric_welch_test",
]


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
    low, high, _ = ratio_limits(contrast, level)
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
        reason=TOO_LARGE if None in (estimate, low, high) else "",
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
    pooled = two_stage(y, v, level)
    logs = (pooled.estimate, *pooled.interval, *pooled.prediction)
    estimate, low, high, prediction_low, prediction_high = ratios = [*map(ratio_of, logs)]
    return TwoStageRatio(
        method=method,
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        prediction_low=prediction_low,
        prediction_high=prediction_high,
        tau2=pooled.tau2,
        q=pooled.q,
        se=pooled.se,
        level=level,
        n=n,
        sites=number,
        undefined=None in ratios,
        reason=TOO_LARGE if None in ratios else "",
    )


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
