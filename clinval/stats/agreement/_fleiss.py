"""Fleiss' kappa of any number of raters, and the test that it is 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._agreement_weights import Weights, weight_matrix
from clinval.stats._chance_corrected import category_shares, fleiss_chance
from clinval.stats._checks import Labels, Ratings, check_level, check_option
from clinval.stats._distributions import ALTERNATIVES, normal_p
from clinval.stats._ratings import counts_of_codes, rating_counts
from clinval.stats.agreement._linearised import chance_corrected, per_rating
from clinval.stats.agreement._results import FleissKappa, KappaTest, StratifiedAgreement
from clinval.stats.agreement._strata import by_stratum

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray
    from clinval.stats._ratings import RatingCounts

__all__ = ["fleiss", "fleiss_of_counts", "fleiss_stratified", "fleiss_test"]


def fleiss(
    ratings: Ratings | None = None,
    *,
    table: Ratings | None = None,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> FleissKappa:
    r"""Fleiss' kappa of any number of raters, missing ratings allowed, linearised variance.

    Parameters
    ----------
    ratings
        Subjects in rows, raters in columns, ``None`` or NaN where missing.
    table
        Instead of ratings: the q x q counts of two raters.
    weights, categories
        As in :func:`cohen`.
    level
        Two-sided level of the t interval with n - 1 degrees of freedom.

    Returns
    -------
    FleissKappa
        ``estimate``, ``se``, ``ci_low`` (not cut), ``ci_high`` (cut at 1),
        ``observed_agreement``, ``expected_agreement``, ``n`` and ``estimate_by_category``. The
        last exists for unweighted ratings without a missing one, and is undefined for a
        category that nobody or everybody used. The coefficient is undefined when expected
        agreement is 1, its error with one subject.

    Raises
    ------
    ValueError
        As :func:`cohen`.

    Notes
    -----
    With r_ik ratings of subject i in category k, r_i in all and n2 subjects rated at least
    twice: p_a is the mean over these of
    :math:`\sum_k r_{ik} ((W r_i)_k - 1) / (r_i (r_i - 1))`, pi the mean over all n subjects
    of r_ik/r_i, and p_e = pi' W pi. The variance is

    .. math:: \frac{\sum_i (\kappa^*_i - \kappa)^2}{n (n - 1)}, \quad
              \kappa^*_i = \frac{n}{n_2} \frac{p_{a,i} - p_e [r_i \ge 2]}{1 - p_e}
              - 2 (1 - \kappa) \frac{p_{e,i} - p_e}{1 - p_e}

    with :math:`p_{e,i} = \sum_k r_{ik} ((W \pi)_k + (W' \pi)_k) / (2 r_i)`. For category k and m
    raters: 1 - sum_i r_ik (m - r_ik)/(n m (m - 1) pi_k (1 - pi_k)).

    References
    ----------
    .. [1] Fleiss 1971.
    .. [2] Gwet 2008, 2014.

    Examples
    --------
    >>> result = fleiss([[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2]])
    >>> round(result.estimate, 4), round(result.se, 4), result.n
    (0.4444, 0.3331, 5)
    """
    subjects = rating_counts(ratings, table, categories)
    return fleiss_of_counts("kappa.fleiss", subjects, weights, check_level(level))


def fleiss_stratified(
    ratings: Ratings,
    *,
    strata: Labels,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> StratifiedAgreement:
    """Fleiss' kappa of each stratum, pooled by inverse variance, with a test of homogeneity.

    Parameters
    ----------
    ratings, weights
        As in :func:`fleiss`.
    strata, categories, level
        As in :func:`cohen_stratified`.

    Returns
    -------
    StratifiedAgreement
        As :func:`cohen_stratified`; the intervals by stratum are those of :func:`fleiss`.

    Raises
    ------
    ValueError
        As :func:`cohen_stratified`.

    Notes
    -----
    As :func:`cohen_stratified`.

    References
    ----------
    .. [1] Fleiss 1981.
    .. [2] Gwet 2014.

    Examples
    --------
    >>> site = [[1, 1, 1], [1, 1, 2], [2, 2, 2], [2, 2, 2], [1, 2, 2], [1, 1, 1]]
    >>> result = fleiss_stratified(site + site[1:], strata=["A"] * 6 + ["B"] * 5)
    >>> [round(value, 3) for value in result.estimate_by_stratum], result.df
    ([0.556, 0.444], 1)
    """
    check_level(level)
    return by_stratum(
        "kappa.fleiss_stratified",
        ratings,
        strata,
        categories,
        level,
        lambda labels, codes: fleiss_of_counts(
            "kappa.fleiss", counts_of_codes(labels, codes), weights, level
        ),
    )


def fleiss_test(
    ratings: Ratings, *, categories: Labels | None = None, alternative: str = "two-sided"
) -> KappaTest:
    r"""Test that Fleiss' kappa is 0, with the error under ratings at random.

    Parameters
    ----------
    ratings
        Subjects in rows, raters in columns, none missing.
    categories
        As in :func:`cohen`.
    alternative
        "greater", "less" or "two-sided".

    Returns
    -------
    KappaTest
        ``estimate``, ``se_null``, ``statistic`` (standard normal), ``p_value`` and ``n``.
        Undefined with a single category or a single rater.

    Raises
    ------
    ValueError
        As :func:`cohen`, when a rating is missing or for an unknown alternative.

    Notes
    -----
    With m raters, p_k the share of category k, q_k = 1 - p_k and S = sum p_k q_k:

    .. math:: se_0 = \frac{\sqrt 2}{S \sqrt{n m (m - 1)}} \sqrt{S^2 - \sum p_k q_k (q_k - p_k)}

    This error belongs to the test and never to an interval.

    References
    ----------
    .. [1] Fleiss, Nee & Landis 1979.

    Examples
    --------
    >>> result = fleiss_test([[1, 1, 1], [1, 1, 2], [2, 2, 2], [2, 2, 2], [1, 2, 2]])
    >>> round(result.estimate, 4), round(result.se_null, 4), round(result.p_value, 4)
    (0.4444, 0.2582, 0.0852)
    """
    subjects = rating_counts(ratings, None, categories)
    check_option("alternative", alternative, ALTERNATIVES)
    size = subjects.counts.sum(axis=1)
    if len(size) and float(np.ptp(size)) > 0:
        raise ValueError("ratings has a missing rating; the test needs every rater on each subject")
    found = fleiss_of_counts("kappa.fleiss", subjects, "unweighted", 0.95)
    if found.estimate is None:
        return KappaTest(
            method="kappa.fleiss_test",
            estimate=None,
            p_value=None,
            n=subjects.n,
            undefined=True,
            reason=found.reason,
        )
    p, m = category_shares(subjects), float(size[0])
    spread = float(p @ (1 - p))
    root = math.sqrt(spread**2 - float((p * (1 - p)) @ (1 - 2 * p)))
    se_null = math.sqrt(2 / (subjects.n * m * (m - 1))) * root / spread
    statistic = found.estimate / se_null
    return KappaTest(
        method="kappa.fleiss_test",
        estimate=found.estimate,
        se_null=se_null,
        statistic=statistic,
        p_value=normal_p(statistic, alternative),
        n=subjects.n,
    )


def fleiss_of_counts(
    method: str, subjects: RatingCounts, weights: Weights, level: float
) -> FleissKappa:
    """Return Fleiss' kappa, or Scott's pi, of counts."""
    matrix = weight_matrix(weights, subjects.categories)
    result = chance_corrected(method, subjects, matrix, level, lambda: _chance(subjects, matrix))
    by_category = None
    if (
        isinstance(weights, str)
        and weights == "unweighted"
        and result.observed_agreement is not None
    ):
        by_category = _by_category(subjects)
    reason = result.reason
    if not reason and by_category is not None and None in by_category:
        reason = "a category was used in no rating or in all"
    return FleissKappa(
        method=method,
        estimate=result.estimate,
        se=result.se,
        ci_low=result.ci_low,
        ci_high=result.ci_high,
        observed_agreement=result.observed_agreement,
        expected_agreement=result.expected_agreement,
        level=level,
        n=subjects.n,
        estimate_by_category=by_category,
        undefined=bool(reason),
        reason=reason,
    )


def _chance(subjects: RatingCounts, weights: FloatArray) -> tuple[float, FloatArray]:
    shares = category_shares(subjects)
    own = (weights @ shares + weights.T @ shares) / 2
    return float(fleiss_chance(shares, weights)), per_rating(subjects, own)


def _by_category(subjects: RatingCounts) -> tuple[float | None, ...] | None:
    """Return Fleiss' kappa of each category against all others; None with missing ratings."""
    shares, sizes = category_shares(subjects), subjects.counts.sum(axis=1)
    raters = float(sizes.max())
    if float(sizes.min()) < raters or raters < 2:
        return None
    split = subjects.frequency @ (subjects.counts * (raters - subjects.counts))
    chance = subjects.n * raters * (raters - 1) * shares * (1 - shares)
    unused = np.isin(shares, (0.0, 1.0)) | (chance <= 0)
    kappa = 1 - split / np.where(unused, 1.0, chance)
    return tuple(
        None if skip else value for skip, value in zip(unused, kappa.tolist(), strict=True)
    )
