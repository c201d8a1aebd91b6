"""Differences of means from models with random sites."""

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
    arm_indicator,
    check_level,
    check_same_length,
    paired_samples,
    sample,
)
from clinval.stats._labels import group_codes
from clinval.stats._moments import TOO_LARGE, MeanContrast, differences
from clinval.stats._random_intercept import kenward_roger, random_intercept

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = [
    "RandomSiteDifference",
    "paired_random_site",
    "random_site_kenward_roger",
    "random_site_satterthwaite",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomSiteDifference(Estimate):
    """A difference of means from a model with random sites."""

    se: float | None = None
    df: float | None = None
    variance_site: float | None = None
    variance_residual: float | None = None
    sites: int = 0


def random_site_satterthwaite(
    score: Numbers, arm: Numbers, site: Labels, *, level: float = 0.95
) -> RandomSiteDifference:
    r"""Difference of arms with random sites: REML, Satterthwaite's degrees of freedom.

    Parameters
    ----------
    score
        One value a subject (list).
    arm
        1 (test) or 0 (reference) for each subject (list).
    site
        Label of the site of each subject (list).
    level
        Two-sided level of the interval.

    Returns
    -------
    RandomSiteDifference
        ``estimate``, ``se``, ``df``, ``ci_low``, ``ci_high``, ``variance_site``,
        ``variance_residual``, ``sites`` and ``n``. Undefined with one arm or one site, when no
        site has two subjects, when the design does not tell arms from sites or one variance
        from the other, and without variation within the sites; the limits alone where there
        are so few degrees of freedom that no number holds them.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, arms other than 0
        and 1, sites without a label or a level outside (0, 1).

    Notes
    -----
    score = intercept + arm + site + error, with independent normal sites and errors and a site
    variance of 0 or more, by restricted maximum likelihood; generalised least squares for the
    arms. With v the variance of the estimate, g its gradient by the two variances and C their
    covariance (inverse of the observed information), df = 2 v^2/(g' C g). A site variance of 0
    leaves ordinary least squares with n - 2 degrees of freedom.

    References
    ----------
    .. [1] Fai & Cornelius 1996 (lmerTest).

    Examples
    --------
    >>> score = [5.1, 6.0, 4.2, 5.0, 7.1, 7.7, 6.4, 7.5, 3.0, 4.1, 3.3, 4.6]
    >>> arm = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    >>> site = ["A"] * 4 + ["B"] * 4 + ["C"] * 4
    >>> result = random_site_satterthwaite(score, arm, site)
    >>> round(result.estimate, 3), round(result.se, 3), round(result.df, 3)
    (0.967, 0.243, 8.0)
    """
    return _arms_at_sites("random_site_satterthwaite", score, arm, site, level)


def random_site_kenward_roger(
    score: Numbers, arm: Numbers, site: Labels, *, level: float = 0.95
) -> RandomSiteDifference:
    r"""Difference of arms with random sites: REML, Kenward and Roger's error and degrees.

    Parameters
    ----------
    score
        One value a subject (list).
    arm
        1 (test) or 0 (reference) for each subject (list).
    site
        Label of the site of each subject (list).
    level
        Two-sided level of the interval.

    Returns
    -------
    RandomSiteDifference
        As :func:`random_site_satterthwaite`; ``se`` is Kenward and Roger's adjusted error.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, arms other than 0
        and 1, sites without a label or a level outside (0, 1).

    Notes
    -----
    The model of :func:`random_site_satterthwaite`. The covariance of the coefficients is
    raised by what the estimation of the two variances adds, to first order; with v the
    variance of the estimate before that, g its gradient by the two variances and W their
    covariance (inverse of the expected information), df = 2 v^2/(g' W g). A site variance of 0
    stays a parameter of the model, so that error and degrees of freedom allow for it.

    References
    ----------
    .. [1] Kenward & Roger 1997.
    .. [2] Halekoh & Hojsgaard 2014 (pbkrtest).

    Examples
    --------
    >>> score = [5.1, 6.0, 4.2, 5.0, 7.1, 7.7, 6.4, 7.5, 3.0, 4.1, 3.3]
    >>> arm = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]
    >>> site = ["A"] * 4 + ["B"] * 4 + ["C"] * 3
    >>> result = random_site_kenward_roger(score, arm, site)
    >>> round(result.estimate, 3), round(result.se, 3), round(result.df, 3)
    (0.881, 0.256, 7.005)
    """
    return _arms_at_sites("random_site_kenward_roger", score, arm, site, level)


def paired_random_site(
    test: Numbers, reference: Numbers, site: Labels, *, level: float = 0.95
) -> RandomSiteDifference:
    """Paired difference that varies at random from site to site: REML, Satterthwaite.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    site
        Label of the site of each subject (list).
    level
        Two-sided level of the interval.

    Returns
    -------
    RandomSiteDifference
        As :func:`random_site_satterthwaite`; ``variance_site`` is that of the difference. With
        one site, or when no site has two pairs, there is no result.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, sites without a
        label or a level outside (0, 1).

    Notes
    -----
    test - reference = mean + site + error, by restricted maximum likelihood. A site variance of
    0 leaves the paired t interval with n - 1 degrees of freedom.

    References
    ----------
    .. [1] Fai & Cornelius 1996 (lmerTest).

    Examples
    --------
    >>> test, reference = [5.1, 6.0, 4.2, 5.0, 7.1, 7.7], [4.0, 5.1, 3.6, 4.1, 5.2, 6.1]
    >>> result = paired_random_site(test, reference, ["A", "A", "B", "B", "C", "C"])
    >>> round(result.estimate, 3), round(result.se, 3), round(result.df, 3)
    (1.167, 0.3, 2.0)
    """
    test_, reference_ = paired_samples(test, reference)
    _, sites = group_codes("site", site)
    check_same_length(test=test_, site=sites)
    check_level(level)
    method = "mean_difference.paired_random_site"
    design = np.ones((len(test_), 1))
    return _random_site(method, differences(test_, reference_), design, sites, level)


def _arms_at_sites(
    function: str, score: Numbers, arm: Numbers, site: Labels, level: float
) -> RandomSiteDifference:
    values, arms = sample("score", score), arm_indicator(arm)
    _, sites = group_codes("site", site)
    check_same_length(score=values, arm=arms, site=sites)
    check_level(level)
    method = f"mean_difference.{function}"
    if len(values) == 0 or arms.min() == arms.max():
        return RandomSiteDifference(
            method=method,
            estimate=None,
            level=level,
            n=len(values),
            sites=len(np.unique(sites)),
            undefined=True,
            reason="an arm has no subject",
        )
    design = np.column_stack([np.ones(len(values)), arms])
    adjusted = function == "random_site_kenward_roger"
    return _random_site(method, values, design, sites, level, adjusted=adjusted)


def _random_site(
    method: str,
    values: FloatArray,
    design: FloatArray,
    sites: IntArray,
    level: float,
    *,
    adjusted: bool = False,
) -> RandomSiteDifference:
    """Return the last coefficient of the design with its interval.

    ``adjusted`` takes Kenward and Roger's error and degrees of freedom for Satterthwaite's.
    """
    n, number_of_sites = len(values), len(np.unique(sites))
    try:
        fit = random_intercept(values, design, sites)
    except NotEstimableError as problem:
        return RandomSiteDifference(
            method=method,
            estimate=None,
            level=level,
            n=n,
            sites=number_of_sites,
            undefined=True,
            reason=problem.reason,
        )
    covariance, df = fit.covariance, fit.df
    if adjusted:
        covariance, df = kenward_roger(design, sites, fit)
    contrast = MeanContrast(
        float(fit.coefficients[-1]), math.sqrt(float(covariance[-1, -1])), float(df[-1])
    )
    low, high = contrast.interval(level)
    too_wide = not math.isfinite(high - low)  # with next to no degrees of freedom
    return RandomSiteDifference(
        method=method,
        estimate=contrast.estimate,
        se=contrast.se,
        df=contrast.df,
        variance_site=fit.variance_group,
        variance_residual=fit.variance_residual,
        ci_low=None if too_wide else low,
        ci_high=None if too_wide else high,
        level=level,
        n=n,
        sites=number_of_sites,
        undefined=too_wide,
        reason=TOO_LARGE if too_wide else "",
    )
