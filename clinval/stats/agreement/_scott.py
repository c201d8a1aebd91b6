"""Scott's pi: Fleiss' kappa of two raters."""

from __future__ import annotations

import dataclasses

from clinval.stats._agreement_weights import Weights
from clinval.stats._checks import Labels, Ratings, check_level
from clinval.stats._ratings import rated_codes, rating_counts
from clinval.stats.agreement._fleiss import fleiss_of_counts, fleiss_stratified
from clinval.stats.agreement._pooled_bootstraps import fleiss_bootstrap
from clinval.stats.agreement._results import BootstrapAgreement, FleissKappa, StratifiedAgreement

__all__ = ["scott", "scott_bootstrap", "scott_stratified"]


def scott(
    ratings: Ratings | None = None,
    *,
    table: Ratings | None = None,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> FleissKappa:
    r"""Scott's pi of two raters, linearised variance.

    Parameters
    ----------
    ratings
        Subjects in rows, the two raters in columns, ``None`` or NaN where missing.
    table, weights, categories, level
        As in :func:`fleiss`.

    Returns
    -------
    FleissKappa
        As :func:`fleiss`.

    Raises
    ------
    ValueError
        As :func:`cohen`, also for more than two raters.

    Notes
    -----
    Fleiss' kappa of two raters: chance agreement is that of two raters who both use the
    categories as often as the two do on average.

    References
    ----------
    .. [1] Scott 1955.

    Examples
    --------
    >>> result = scott(table=[[88, 14, 18], [10, 40, 10], [2, 6, 12]])
    >>> round(result.estimate, 4), round(result.expected_agreement, 4)
    (0.4872, 0.415)
    """
    subjects = rating_counts(ratings, table, categories)
    _check_two_raters(subjects.raters)
    return fleiss_of_counts("kappa.scott", subjects, weights, check_level(level))


def scott_stratified(
    ratings: Ratings,
    *,
    strata: Labels,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> StratifiedAgreement:
    """Scott's pi of each stratum, pooled by inverse variance, with a test of homogeneity.

    Parameters
    ----------
    ratings, weights
        As in :func:`scott`.
    strata, categories, level
        As in :func:`cohen_stratified`.

    Returns
    -------
    StratifiedAgreement
        As :func:`cohen_stratified`; the intervals by stratum are those of :func:`scott`.

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
    >>> site = [[1, 1], [1, 2], [2, 2], [2, 2], [1, 2], [1, 1]]
    >>> result = scott_stratified(site + site[1:], strata=["A"] * 6 + ["B"] * 5)
    >>> [round(value, 3) for value in result.estimate_by_stratum], result.df
    ([0.333, 0.167], 1)
    """
    check_level(level)
    _check_two_raters(rated_codes(ratings, categories)[1].shape[1])
    result = fleiss_stratified(
        ratings, strata=strata, weights=weights, categories=categories, level=level
    )
    return dataclasses.replace(result, method="kappa.scott_stratified")


def scott_bootstrap(
    ratings: Ratings,
    *,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    cluster: Labels | None = None,
    strata: Labels | None = None,
    draws: int = 2000,
    seed: int,
    level: float = 0.95,
) -> BootstrapAgreement:
    """Scott's pi with a bootstrap interval: patients are drawn within each center.

    Parameters
    ----------
    ratings, weights
        As in :func:`scott`.
    categories, cluster, strata, draws, seed, level
        As in :func:`cohen_bootstrap`.

    Returns
    -------
    BootstrapAgreement
        As :func:`cohen_bootstrap`.

    Raises
    ------
    ValueError
        As :func:`cohen_bootstrap`.

    Notes
    -----
    As :func:`cohen_bootstrap`.

    References
    ----------
    .. [1] Davison & Hinkley 1997, Bootstrap Methods and their Application.

    Examples
    --------
    >>> reads = [[1, 1], [1, 2], [2, 2], [2, 2], [1, 1], [2, 1], [2, 2], [1, 1], [2, 2], [1, 1]] * 5
    >>> result = scott_bootstrap(reads, seed=1)
    >>> round(result.estimate, 4), round(result.se, 2), result.clusters
    (0.6, 0.11, 50)
    """
    _check_two_raters(rated_codes(ratings, categories)[1].shape[1])
    result = fleiss_bootstrap(
        ratings,
        weights=weights,
        categories=categories,
        cluster=cluster,
        strata=strata,
        draws=draws,
        seed=seed,
        level=level,
    )
    return dataclasses.replace(result, method="kappa.scott_bootstrap")


def _check_two_raters(raters: int) -> None:
    """Raise where there are more raters than two."""
    if raters > 2:
        raise ValueError(f"ratings must have two raters (columns), not {raters}")
