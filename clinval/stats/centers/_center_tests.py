"""Tests of differences between centers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.core.results import TestResult
from clinval.stats._checks import (
    Labels,
    NotEstimableError,
    Numbers,
    arm_indicator,
    check_same_length,
    paired_samples,
    sample,
)
from clinval.stats._distributions import f_p
from clinval.stats._labels import group_codes
from clinval.stats._moments import differences
from clinval.stats._pooling import centers

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = [
    "FTest",
    "QualitativeInteraction",
    "gail_simon_test",
    "paired_site_test",
    "treatment_by_site_test",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitativeInteraction(TestResult):
    """Gail and Simon's test with its two sums."""

    q_positive: float | None = None
    q_negative: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FTest(TestResult):
    """An F test; ``df2`` are the degrees of freedom of the denominator."""

    df2: float | None = None


def gail_simon_test(estimates: Numbers, standard_errors: Numbers) -> QualitativeInteraction:
    r"""Gail and Simon's test for a qualitative interaction: effects of opposite sign.

    Parameters
    ----------
    estimates, standard_errors
        One estimate and its standard error a center (lists of equal length).

    Returns
    -------
    QualitativeInteraction
        ``q_positive``, ``q_negative``, ``statistic`` (the smaller) and ``p_value``. The p value
        is undefined with fewer than two centers.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or standard errors that are not
        positive.

    Notes
    -----
    Q+ and Q- are the sums of y^2/s^2 over positive and negative estimates,

    .. math:: p = \sum_{h=1}^{k-1} \mathrm{Bin}(h; k - 1, 1/2)\,
              P(\chi^2_h > \min(Q_+, Q_-))

    References
    ----------
    .. [1] Gail & Simon 1985.

    Examples
    --------
    >>> result = gail_simon_test([0.01, -0.02], [0.05, 0.06])
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (0.04, 0.4207)
    """
    y, s = centers(estimates, standard_errors)
    method, k = "heterogeneity.gail_simon_test", len(y)
    squares = (y / s) ** 2
    positive, negative = float(squares[y > 0].sum()), float(squares[y < 0].sum())
    statistic = min(positive, negative)
    if k < 2:
        return QualitativeInteraction(
            method=method,
            q_positive=positive,
            q_negative=negative,
            statistic=statistic,
            p_value=None,
            undefined=True,
            reason="fewer than two centers",
        )
    h = np.arange(1, k)
    log_choose = special.gammaln(k) - special.gammaln(h + 1) - special.gammaln(k - h)
    probabilities = np.exp(log_choose - (k - 1) * math.log(2))
    return QualitativeInteraction(
        method=method,
        q_positive=positive,
        q_negative=negative,
        statistic=statistic,
        p_value=float((probabilities * special.chdtrc(h, statistic)).sum()),
    )


def treatment_by_site_test(score: Numbers, arm: Numbers, site: Labels) -> FTest:
    """F test of the interaction of arm and site, ordinary least squares.

    Parameters
    ----------
    score
        One value a subject (list).
    arm
        1 (test) or 0 (reference) for each subject (list).
    site
        Label of the site of each subject (list).

    Returns
    -------
    FTest
        ``statistic``, ``df``, ``df2`` and ``p_value``. Undefined when fewer than two sites
        have both arms, without a degree of freedom, or without variation within the cells.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing, arms other than 0 and 1 or
        sites without a label.

    Notes
    -----
    The model arm x site against arm + site, sites as fixed effects. Sites with one arm only
    take a degree of freedom for their mean and say nothing about the interaction.

    Examples
    --------
    >>> score = [5.1, 6.0, 4.2, 5.2, 7.1, 7.7, 6.4, 7.5, 3.0, 4.1, 3.3, 4.6]
    >>> arm = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    >>> site = ["A"] * 4 + ["B"] * 4 + ["C"] * 4
    >>> result = treatment_by_site_test(score, arm, site)
    >>> round(result.statistic, 4), result.df, result.df2
    (0.1681, 2, 6)
    """
    values, arms = sample("score", score), arm_indicator(arm)
    _, sites = group_codes("site", site)
    check_same_length(score=values, arm=arms, site=sites)
    method = "heterogeneity.treatment_by_site_test"
    try:
        cells = np.unique(2 * sites + arms.astype(np.intp), return_inverse=True)[1]
        within_cells = _within(values, cells)
        # arm + site: the regression on the arm after both are centered at the sites
        centered, centered_arm = _centered(values, sites), _centered(arms, sites)
        arm_squares = float(centered_arm @ centered_arm)
        explained = float(centered_arm @ centered) ** 2 / arm_squares if arm_squares > 0 else 0.0
        additive = float(centered @ centered) - explained
        rank = int(sites.max(initial=-1)) + 1 + (1 if arm_squares > 0 else 0)
        number_of_cells = int(cells.max(initial=-1)) + 1
        return _f_test(
            method,
            (additive - within_cells, number_of_cells - rank),
            (within_cells, len(values) - number_of_cells),
            float(values @ values),
        )
    except NotEstimableError as problem:
        return FTest(method=method, p_value=None, undefined=True, reason=problem.reason)


def paired_site_test(test: Numbers, reference: Numbers, site: Labels) -> FTest:
    """F test that the paired difference is the same at all sites, one-way analysis of variance.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    site
        Label of the site of each subject (list).

    Returns
    -------
    FTest
        ``statistic``, ``df`` sites - 1, ``df2`` n - sites and ``p_value``. Undefined with one
        site, without a degree of freedom, or without variation within the sites.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or sites without a label.

    Notes
    -----
    Mean square between sites over mean square within sites of test - reference.

    Examples
    --------
    >>> test, reference = [5.1, 6.0, 4.2, 5.0, 7.1, 7.7], [4.0, 5.1, 3.6, 4.1, 5.2, 6.1]
    >>> result = paired_site_test(test, reference, ["A", "A", "B", "B", "C", "C"])
    >>> round(result.statistic, 4), result.df, result.df2
    (14.7727, 2, 3)
    """
    test_, reference_ = paired_samples(test, reference)
    _, sites = group_codes("site", site)
    check_same_length(test=test_, site=sites)
    method, difference = "heterogeneity.paired_site_test", differences(test_, reference_)
    number = int(sites.max(initial=-1)) + 1
    try:
        within = _within(difference, sites)
        total = float(((difference - difference.mean()) ** 2).sum()) if len(sites) else 0.0
        return _f_test(
            method,
            (total - within, number - 1),
            (within, len(sites) - number),
            float(test_ @ test_ + reference_ @ reference_),
        )
    except NotEstimableError as problem:
        return FTest(method=method, p_value=None, undefined=True, reason=problem.reason)


def _centered(values: FloatArray, groups: IntArray) -> FloatArray:
    means = np.bincount(groups, values) / np.maximum(np.bincount(groups), 1)
    centered: FloatArray = values - means[groups]
    return centered


def _within(values: FloatArray, groups: IntArray) -> float:
    centered = _centered(values, groups)
    return float(centered @ centered)


def _f_test(
    method: str,
    effect: tuple[float, int],
    error: tuple[float, int],
    size: float,
) -> FTest:
    """Return the F test of two sums of squares with their degrees of freedom.

    ``size`` is the sum of squares of the data; what is a rounding share of it counts as 0.
    """
    (squares, df), (error_squares, df2) = effect, error
    if df < 1:
        raise NotEstimableError("too few centers for a test")
    if df2 < 1:
        raise NotEstimableError("no degrees of freedom for the error")
    if error_squares <= 1e-24 * size:
        raise NotEstimableError("no variation within centers")
    statistic = max(squares, 0.0) / df / (error_squares / df2)
    return FTest(
        method=method, statistic=statistic, df=df, df2=df2, p_value=f_p(statistic, df, df2)
    )
