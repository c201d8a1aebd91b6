"""Differences of means from models with random sites."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import (
    Labels,
    NotEstimableError,
    Numbers,
    arm_indicator,
    check_level,
    check_option,
    check_same_length,
    finite,
    paired_samples,
    sample,
)
from clinval.stats._distributions import ALTERNATIVES, student_p
from clinval.stats._labels import group_codes
from clinval.stats._moments import TOO_LARGE, MeanContrast, differences
from clinval.stats._random_intercept import RandomInterceptFit, kenward_roger, random_intercept

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = [
    "RandomSiteDifference",
    "paired_random_site",
    "paired_random_site_test",
    "random_site_kenward_roger",
    "random_site_kenward_roger_test",
    "random_site_satterthwaite",
    "random_site_satterthwaite_test",
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
    model = _arms_at_sites(score, arm, site)
    return _interval("random_site_satterthwaite", model, level)


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
    model = _arms_at_sites(score, arm, site)
    return _interval("random_site_kenward_roger", model, level, adjusted=True)


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
    model = _paired_at_sites(test, reference, site)
    return _interval("paired_random_site", model, level)


def random_site_satterthwaite_test(
    score: Numbers,
    arm: Numbers,
    site: Labels,
    *,
    margin: float = 0.0,
    alternative: str = "two-sided",
) -> TestResult:
    """Test of a margin with random sites: REML, Satterthwaite's degrees of freedom.

    Parameters
    ----------
    score
        One value a subject (list).
    arm
        1 (test) or 0 (reference) for each subject (list).
    site
        Label of the site of each subject (list).
    margin
        The difference under the null hypothesis, signed, in the unit of the score.
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin) or
        "two-sided".

    Returns
    -------
    TestResult
        ``statistic``, ``df`` and ``p_value``, one-sided unless "two-sided". Undefined where the
        estimate of :func:`random_site_satterthwaite` is.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, arms other than 0
        and 1, sites without a label or an unknown alternative.

    Notes
    -----
    (estimate - margin)/se with se and df of :func:`random_site_satterthwaite`: the test rejects
    exactly when that interval, at level 1 - 2 alpha for a one-sided alpha, excludes the margin.

    References
    ----------
    .. [1] Fai & Cornelius 1996 (lmerTest).

    Examples
    --------
    >>> score = [5.1, 6.0, 4.2, 5.0, 7.1, 7.7, 6.4, 7.5, 3.0, 4.1, 3.3, 4.6]
    >>> arm, site = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1], ["A"] * 4 + ["B"] * 4 + ["C"] * 4
    >>> result = random_site_satterthwaite_test(score, arm, site, margin=0.5)
    >>> round(result.statistic, 3), round(result.df, 3), round(result.p_value, 3)
    (1.917, 8.0, 0.091)
    """
    model = _arms_at_sites(score, arm, site)
    return _test("random_site_satterthwaite_test", model, margin, alternative)


def random_site_kenward_roger_test(
    score: Numbers,
    arm: Numbers,
    site: Labels,
    *,
    margin: float = 0.0,
    alternative: str = "two-sided",
) -> TestResult:
    """Test of a margin with random sites: REML, Kenward and Roger's error and degrees.

    Parameters
    ----------
    score
        One value a subject (list).
    arm
        1 (test) or 0 (reference) for each subject (list).
    site
        Label of the site of each subject (list).
    margin
        The difference under the null hypothesis, signed, in the unit of the score.
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin) or
        "two-sided".

    Returns
    -------
    TestResult
        As :func:`random_site_satterthwaite_test`.

    Raises
    ------
    ValueError
        As :func:`random_site_satterthwaite_test`.

    Notes
    -----
    (estimate - margin)/se with se and df of :func:`random_site_kenward_roger`.

    References
    ----------
    .. [1] Kenward & Roger 1997.
    .. [2] Halekoh & Hojsgaard 2014 (pbkrtest).

    Examples
    --------
    >>> score = [5.1, 6.0, 4.2, 5.0, 7.1, 7.7, 6.4, 7.5, 3.0, 4.1, 3.3]
    >>> arm, site = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0], ["A"] * 4 + ["B"] * 4 + ["C"] * 3
    >>> result = random_site_kenward_roger_test(score, arm, site, margin=0.5)
    >>> round(result.statistic, 3), round(result.df, 3), round(result.p_value, 3)
    (1.489, 7.005, 0.18)
    """
    model = _arms_at_sites(score, arm, site)
    return _test("random_site_kenward_roger_test", model, margin, alternative, adjusted=True)


def paired_random_site_test(
    test: Numbers,
    reference: Numbers,
    site: Labels,
    *,
    margin: float = 0.0,
    alternative: str = "two-sided",
) -> TestResult:
    """Test of a margin of a paired difference that varies at random from site to site.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    site
        Label of the site of each subject (list).
    margin
        The mean difference under the null hypothesis, signed, in the unit of the values.
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin) or
        "two-sided".

    Returns
    -------
    TestResult
        ``statistic``, ``df`` and ``p_value``, one-sided unless "two-sided". Undefined where the
        estimate of :func:`paired_random_site` is.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, sites without a
        label or an unknown alternative.

    Notes
    -----
    (estimate - margin)/se with se and df of :func:`paired_random_site`.

    References
    ----------
    .. [1] Fai & Cornelius 1996 (lmerTest).

    Examples
    --------
    >>> test, reference = [5.1, 6.0, 4.2, 5.0, 7.1, 7.7], [4.0, 5.1, 3.6, 4.1, 5.2, 6.1]
    >>> site = ["A", "A", "B", "B", "C", "C"]
    >>> result = paired_random_site_test(test, reference, site, margin=0.5)
    >>> round(result.statistic, 3), round(result.df, 3), round(result.p_value, 3)
    (2.219, 2.0, 0.157)
    """
    model = _paired_at_sites(test, reference, site)
    return _test("paired_random_site_test", model, margin, alternative)


@dataclass(frozen=True, slots=True)
class _Model:
    """Values, the design of which the last coefficient is wanted, and codes of the sites."""

    values: FloatArray
    design: FloatArray
    sites: IntArray

    @property
    def number_of_sites(self) -> int:
        return len(np.unique(self.sites))

    @property
    def lacks_an_arm(self) -> bool:
        if self.design.shape[1] == 1:  # differences of pairs, in which both arms are
            return False
        return len(self.values) == 0 or float(np.ptp(self.design[:, -1])) == 0

    def fitted(self, *, adjusted: bool) -> tuple[RandomInterceptFit, MeanContrast]:
        """Return the fit and the last coefficient with its error and degrees of freedom.

        ``adjusted`` takes Kenward and Roger's for Satterthwaite's.
        """
        if self.lacks_an_arm:
            raise NotEstimableError("an arm has no subject")
        fit = random_intercept(self.values, self.design, self.sites)
        covariance, df = fit.covariance, fit.df
        if adjusted:
            covariance, df = kenward_roger(self.design, self.sites, fit)
        error = math.sqrt(float(covariance[-1, -1]))
        return fit, MeanContrast(float(fit.coefficients[-1]), error, float(df[-1]))


def _arms_at_sites(score: Numbers, arm: Numbers, site: Labels) -> _Model:
    values, arms = sample("score", score), arm_indicator(arm)
    _, sites = group_codes("site", site)
    check_same_length(score=values, arm=arms, site=sites)
    return _Model(values, np.column_stack([np.ones(len(values)), arms]), sites)


def _paired_at_sites(test: Numbers, reference: Numbers, site: Labels) -> _Model:
    test_, reference_ = paired_samples(test, reference)
    _, sites = group_codes("site", site)
    check_same_length(test=test_, site=sites)
    return _Model(differences(test_, reference_), np.ones((len(test_), 1)), sites)


def _interval(
    function: str, model: _Model, level: float, *, adjusted: bool = False
) -> RandomSiteDifference:
    check_level(level)
    method, n = f"mean_difference.{function}", len(model.values)
    try:
        fit, contrast = model.fitted(adjusted=adjusted)
    except NotEstimableError as problem:
        return RandomSiteDifference(
            method=method,
            estimate=None,
            level=level,
            n=n,
            sites=model.number_of_sites,
            undefined=True,
            reason=problem.reason,
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
        sites=model.number_of_sites,
        undefined=too_wide,
        reason=TOO_LARGE if too_wide else "",
    )


def _test(
    function: str, model: _Model, margin: float, alternative: str, *, adjusted: bool = False
) -> TestResult:
    method, margin = f"mean_difference.{function}", finite("margin", margin)
    check_option("alternative", alternative, ALTERNATIVES)
    try:
        _, contrast = model.fitted(adjusted=adjusted)
    except NotEstimableError as problem:
        return TestResult(method=method, p_value=None, undefined=True, reason=problem.reason)
    statistic = contrast.statistic(margin)
    return TestResult(
        method=method,
        statistic=statistic,
        df=contrast.df,
        p_value=student_p(statistic, contrast.df, alternative),
    )
