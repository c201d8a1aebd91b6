"""Bootstrap intervals of kappa coefficients: patients drawn with replacement in each center."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinval.stats._agreement_weights import Weights, weight_matrix
from clinval.stats._checks import Labels, Ratings
from clinval.stats._ratings import complete_pairs, rated_rows
from clinval.stats.agreement import _totals
from clinval.stats.agreement._bootstrap import bootstrap
from clinval.stats.agreement._cohen import cohen
from clinval.stats.agreement._conger import conger
from clinval.stats.agreement._fleiss import fleiss
from clinval.stats.agreement._gwet import brennan_prediger, gwet
from clinval.stats.agreement._krippendorff import krippendorff

if TYPE_CHECKING:
    from clinval.stats.agreement._results import BootstrapAgreement

__all__ = [
    "brennan_prediger_bootstrap",
    "cohen_bootstrap",
    "conger_bootstrap",
    "fleiss_bootstrap",
    "gwet_bootstrap",
    "krippendorff_bootstrap",
]


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


def fleiss_bootstrap(
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
    """Fleiss' kappa with a bootstrap interval: patients are drawn within each center.

    Parameters
    ----------
    ratings, weights
        As in :func:`fleiss`.
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
    >>> reads = [[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2], [1, 1, 1]] * 5
    >>> result = fleiss_bootstrap(reads, seed=1)
    >>> round(result.estimate, 4), round(result.se, 2), result.clusters
    (0.5556, 0.12, 30)
    """
    point = fleiss(ratings, weights=weights, categories=categories, level=level)
    labels, codes, used = rated_rows(ratings, categories)
    matrix = weight_matrix(weights, labels)
    return bootstrap(
        point,
        _totals.share_totals(labels, codes, matrix),
        used,
        lambda totals: _totals.fleiss_of(totals, matrix),
        rows=len(ratings),
        cluster=cluster,
        strata=strata,
        draws=draws,
        seed=seed,
        level=level,
    )


def gwet_bootstrap(
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
    """Gwet's AC with a bootstrap interval: patients are drawn within each center.

    Parameters
    ----------
    ratings, weights
        As in :func:`gwet`.
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
    >>> reads = [[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2], [1, 1, 1]] * 5
    >>> result = gwet_bootstrap(reads, seed=1)
    >>> round(result.estimate, 4), round(result.se, 2), result.clusters
    (0.5556, 0.11, 30)
    """
    point = gwet(ratings, weights=weights, categories=categories, level=level)
    labels, codes, used = rated_rows(ratings, categories)
    matrix = weight_matrix(weights, labels)
    return bootstrap(
        point,
        _totals.share_totals(labels, codes, matrix),
        used,
        lambda totals: _totals.gwet_of(totals, matrix),
        rows=len(ratings),
        cluster=cluster,
        strata=strata,
        draws=draws,
        seed=seed,
        level=level,
    )


def brennan_prediger_bootstrap(
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
    """Brennan-Prediger coefficient with a bootstrap interval: patients drawn in each center.

    Parameters
    ----------
    ratings, weights
        As in :func:`brennan_prediger`.
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
    >>> reads = [[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2], [1, 1, 1]] * 5
    >>> result = brennan_prediger_bootstrap(reads, seed=1)
    >>> round(result.estimate, 4), round(result.se, 2), result.clusters
    (0.5556, 0.11, 30)
    """
    point = brennan_prediger(ratings, weights=weights, categories=categories, level=level)
    labels, codes, used = rated_rows(ratings, categories)
    matrix = weight_matrix(weights, labels)
    return bootstrap(
        point,
        _totals.share_totals(labels, codes, matrix),
        used,
        lambda totals: _totals.brennan_prediger_of(totals, matrix),
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


def krippendorff_bootstrap(
    ratings: Ratings,
    *,
    metric: str = "nominal",
    categories: Labels | None = None,
    cluster: Labels | None = None,
    strata: Labels | None = None,
    draws: int = 2000,
    seed: int,
    level: float = 0.95,
) -> BootstrapAgreement:
    """Krippendorff's alpha with a bootstrap interval: patients are drawn within each center.

    Parameters
    ----------
    ratings, metric
        As in :func:`krippendorff`.
    categories, cluster, strata, draws, seed, level
        As in :func:`cohen_bootstrap`.

    Returns
    -------
    BootstrapAgreement
        As :func:`cohen_bootstrap`.

    Raises
    ------
    ValueError
        As :func:`cohen_bootstrap` and :func:`krippendorff`.

    Notes
    -----
    As :func:`cohen_bootstrap`. The ordinal metric goes by the ratings of each draw.

    References
    ----------
    .. [1] Davison & Hinkley 1997, Bootstrap Methods and their Application.

    Examples
    --------
    >>> reads = [[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2], [1, 1, 1]] * 5
    >>> result = krippendorff_bootstrap(reads, seed=1)
    >>> round(result.estimate, 4), round(result.se, 2), result.clusters
    (0.5333, 0.12, 30)
    """
    point = krippendorff(ratings, metric=metric, categories=categories, level=level)
    labels, codes, used = rated_rows(ratings, categories)
    return bootstrap(
        point,
        _totals.coincidence_totals(labels, codes),
        used,
        lambda totals: _totals.krippendorff_of(totals, metric, labels),
        rows=len(ratings),
        cluster=cluster,
        strata=strata,
        draws=draws,
        seed=seed,
        level=level,
    )
