"""Gwet's AC1 and AC2 and the coefficient of Brennan and Prediger: chance by categories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._agreement_weights import Weights, weight_matrix
from clinval.stats._chance_corrected import (
    brennan_prediger_chance,
    category_shares,
    gwet_chance,
)
from clinval.stats._checks import Labels, NotEstimableError, Ratings, check_level
from clinval.stats._ratings import counts_of_codes, rating_counts
from clinval.stats.agreement._linearised import chance_corrected, per_rating
from clinval.stats.agreement._strata import by_stratum

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray
    from clinval.stats._ratings import RatingCounts
    from clinval.stats.agreement._results import ChanceCorrected, StratifiedAgreement

__all__ = ["brennan_prediger", "brennan_prediger_stratified", "gwet", "gwet_stratified"]


def gwet(
    ratings: Ratings | None = None,
    *,
    table: Ratings | None = None,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> ChanceCorrected:
    r"""Gwet's AC1 (unweighted) or AC2 (weighted), missing ratings allowed.

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
    ChanceCorrected
        ``estimate``, ``se``, ``ci_low`` (not cut), ``ci_high`` (cut at 1),
        ``observed_agreement``, ``expected_agreement`` and ``n``. Undefined when only one
        category is observed and no other is declared; the error with one subject.

    Raises
    ------
    ValueError
        As :func:`cohen`.

    Notes
    -----
    As :func:`fleiss`, with T = sum(w)/(q (q - 1)), :math:`p_e = T \sum_k \pi_k (1 - \pi_k)`
    and :math:`p_{e,i} = T \sum_k r_{ik} (1 - \pi_k) / r_i`.

    References
    ----------
    .. [1] Gwet 2008, 2014.

    Examples
    --------
    >>> result = gwet([[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2]])
    >>> round(result.estimate, 4), round(result.se, 4), result.n
    (0.4872, 0.3385, 5)
    """
    subjects = rating_counts(ratings, table, categories)
    return _gwet(subjects, weights, check_level(level))


def brennan_prediger(
    ratings: Ratings | None = None,
    *,
    table: Ratings | None = None,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> ChanceCorrected:
    r"""Brennan-Prediger coefficient: chance puts a rating into each category alike.

    Parameters
    ----------
    ratings, table, weights, categories, level
        As in :func:`gwet`.

    Returns
    -------
    ChanceCorrected
        As :func:`gwet`.

    Raises
    ------
    ValueError
        As :func:`cohen`.

    Notes
    -----
    As :func:`fleiss`, with the constant p_e = sum(w)/q^2, so that the variance is that of
    :math:`(n / n_2) (p_{a,i} - p_e [r_i \ge 2]) / (1 - p_e)`. With two categories it is 2 p_a - 1.

    References
    ----------
    .. [1] Brennan & Prediger 1981.
    .. [2] Gwet 2014.

    Examples
    --------
    >>> result = brennan_prediger([[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2]])
    >>> round(result.estimate, 4), round(result.se, 4), result.n
    (0.4667, 0.3266, 5)
    """
    subjects = rating_counts(ratings, table, categories)
    return _brennan_prediger(subjects, weights, check_level(level))


def gwet_stratified(
    ratings: Ratings,
    *,
    strata: Labels,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> StratifiedAgreement:
    """Gwet's AC of each stratum, pooled by inverse variance, with a test of homogeneity.

    Parameters
    ----------
    ratings, weights
        As in :func:`gwet`.
    strata, categories, level
        As in :func:`cohen_stratified`.

    Returns
    -------
    StratifiedAgreement
        As :func:`cohen_stratified`; the intervals by stratum are those of :func:`gwet`.

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
    >>> result = gwet_stratified(site + site[1:], strata=["A"] * 6 + ["B"] * 5)
    >>> [round(value, 3) for value in result.estimate_by_stratum], result.df
    ([0.556, 0.487], 1)
    """
    check_level(level)
    return by_stratum(
        "kappa.gwet_stratified",
        ratings,
        strata,
        categories,
        level,
        lambda labels, codes: _gwet(counts_of_codes(labels, codes), weights, level),
    )


def brennan_prediger_stratified(
    ratings: Ratings,
    *,
    strata: Labels,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> StratifiedAgreement:
    """Brennan-Prediger coefficient of each stratum, pooled, with a test of homogeneity.

    Parameters
    ----------
    ratings, weights
        As in :func:`brennan_prediger`.
    strata, categories, level
        As in :func:`cohen_stratified`.

    Returns
    -------
    StratifiedAgreement
        As :func:`cohen_stratified`; the intervals by stratum are those of
        :func:`brennan_prediger`.

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
    >>> result = brennan_prediger_stratified(site + site[1:], strata=["A"] * 6 + ["B"] * 5)
    >>> [round(value, 3) for value in result.estimate_by_stratum], result.df
    ([0.556, 0.467], 1)
    """
    check_level(level)
    return by_stratum(
        "kappa.brennan_prediger_stratified",
        ratings,
        strata,
        categories,
        level,
        lambda labels, codes: _brennan_prediger(counts_of_codes(labels, codes), weights, level),
    )


def _gwet(subjects: RatingCounts, weights: Weights, level: float) -> ChanceCorrected:
    def chance() -> tuple[float, FloatArray]:
        q, shares = _at_least_two(subjects), category_shares(subjects)
        scale = float(matrix.sum()) / (q * (q - 1))
        return float(gwet_chance(shares, matrix)), per_rating(subjects, scale * (1 - shares))

    matrix = weight_matrix(weights, subjects.categories)
    return chance_corrected("kappa.gwet", subjects, matrix, level, chance)


def _brennan_prediger(subjects: RatingCounts, weights: Weights, level: float) -> ChanceCorrected:
    def chance() -> tuple[float, FloatArray]:
        _at_least_two(subjects)
        expected = brennan_prediger_chance(matrix)
        return expected, np.full(len(subjects.counts), expected)

    matrix = weight_matrix(weights, subjects.categories)
    return chance_corrected("kappa.brennan_prediger", subjects, matrix, level, chance)


def _at_least_two(subjects: RatingCounts) -> int:
    """Return the number of categories, of which chance needs two."""
    q = len(subjects.categories)
    if q < 2:
        raise NotEstimableError("a single category, and no other is declared")
    return q
