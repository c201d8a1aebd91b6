"""Bootstrap intervals of coefficients that go by each rater's own use of the categories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinval.stats._agreement_weights import Weights, weight_matrix
from clinval.stats._checks import Labels, Ratings
from clinval.stats._ratings import complete_pairs, rated_rows
from clinval.stats.agreement import _totals
from clinval.stats.agreement._bootstrap import bootstrap
from clinval.stats.agreement._cohen import cohen
from clinval.stats.agreement._conger import conger, light

if TYPE_CHECKING:
    from clinval.stats.agreement._results import BootstrapAgreement

__all__ = ["cohen_bootstrap", "conger_bootstrap", "light_bootstrap"]


def cohen_bootstrap(
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
    """Cohen's kappa with a bootstrap interval: patients are drawn within each center.

    Parameters
    ----------
    ratings
        Subjects in rows, the two raters in columns; subjects with a missing rating are dropped.
    weights, categories
        As in :func:`cohen`; the categories are those of all subjects in every draw.
    cluster
        Label of the cluster (patient) of each subject, drawn as a whole; by default each subject
        is one.
    strata
        Label of the stratum (center) of each subject; a draw has as many clusters of each
        stratum as there are. By default all are of one.
    draws
        Number of draws, at least 100.
    seed
        Start of the random numbers; the same seed gives the same limits.
    level
        Two-sided level of the percentile interval.

    Returns
    -------
    BootstrapAgreement
        ``estimate`` of all subjects, ``se`` (standard deviation of the draws), ``ci_low``,
        ``ci_high`` (percentiles), ``n``, ``clusters`` that are used, ``draws`` and
        ``undefined_draws``, in which the coefficient is 0/0. Error and interval are undefined
        when no stratum has two clusters, or more than a share 1 - level of the draws are
        undefined; everything where the coefficient is.

    Raises
    ------
    ValueError
        As :func:`cohen`, or when labels and ratings differ in length, a label is missing, a
        cluster lies in two strata, or for fewer than 100 draws.

    Notes
    -----
    The limits are the quantiles (1 -/+ level)/2 of the draws that have a value. Strata with one
    cluster add no variation; with few clusters the interval is too narrow.

    References
    ----------
    .. [1] Davison & Hinkley 1997, Bootstrap Methods and their Application.

    Examples
    --------
    >>> reads = [[1, 1], [1, 2], [2, 2], [2, 2], [1, 1], [2, 1], [2, 2], [1, 1], [2, 2], [1, 1]] * 5
    >>> result = cohen_bootstrap(reads, seed=1)
    >>> round(result.estimate, 4), round(result.se, 2), result.clusters
    (0.6, 0.11, 50)
    """
    point = cohen(ratings, weights=weights, categories=categories, level=level)
    labels, pairs, used = complete_pairs(ratings, categories)
    matrix = weight_matrix(weights, labels)
    return bootstrap(
        point,
        _totals.pair_totals(pairs, matrix),
        used,
        lambda totals: _totals.cohen_of(totals, matrix),
        rows=len(ratings),
        cluster=cluster,
        strata=strata,
        draws=draws,
        seed=seed,
        level=level,
    )


def conger_bootstrap(
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
    """Conger's kappa with a bootstrap interval: patients are drawn within each center.

    Parameters
    ----------
    ratings, weights
        As in :func:`conger`.
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
    As :func:`cohen_bootstrap`. A rater without a rating in a draw takes no part in it.

    References
    ----------
    .. [1] Davison & Hinkley 1997, Bootstrap Methods and their Application.

    Examples
    --------
    >>> reads = [[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2], [1, 1, 1]] * 5
    >>> result = conger_bootstrap(reads, seed=1)
    >>> round(result.estimate, 4), round(result.se, 2), result.clusters
    (0.5652, 0.11, 30)
    """
    point = conger(ratings, weights=weights, categories=categories, level=level)
    labels, codes, used = rated_rows(ratings, categories)
    matrix = weight_matrix(weights, labels)
    return bootstrap(
        point,
        _totals.rater_totals(labels, codes, matrix),
        used,
        lambda totals: _totals.conger_of(totals, matrix),
        rows=len(ratings),
        cluster=cluster,
        strata=strata,
        draws=draws,
        seed=seed,
        level=level,
    )


def light_bootstrap(
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
    """Light's kappa with a bootstrap interval: patients are drawn within each center.

    Parameters
    ----------
    ratings, weights
        As in :func:`light`.
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
    As :func:`cohen_bootstrap`. A draw in which a pair of raters has no kappa is undefined.

    References
    ----------
    .. [1] Davison & Hinkley 1997, Bootstrap Methods and their Application.

    Examples
    --------
    >>> reads = [[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2], [1, 1, 1]] * 5
    >>> result = light_bootstrap(reads, seed=1)
    >>> round(result.estimate, 4), round(result.se, 2), result.clusters
    (0.5226, 0.1, 30)
    """
    point = light(ratings, weights=weights, categories=categories)
    labels, codes, used = rated_rows(ratings, categories)
    matrix = weight_matrix(weights, labels)
    return bootstrap(
        point,
        _totals.all_pair_totals(codes, matrix),
        used,
        lambda totals: _totals.light_of(totals, matrix),
        rows=len(ratings),
        cluster=cluster,
        strata=strata,
        draws=draws,
        seed=seed,
        level=level,
    )
