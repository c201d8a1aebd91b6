"""Bootstrap intervals of coefficients that go by all raters' use of the categories together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinval.stats._agreement_weights import Weights, weight_matrix
from clinval.stats._checks import Labels, Ratings
from clinval.stats._ratings import rated_rows
from clinval.stats.agreement import _totals
from clinval.stats.agreement._bootstrap import bootstrap
from clinval.stats.agreement._fleiss import fleiss
from clinval.stats.agreement._gwet import brennan_prediger, gwet
from clinval.stats.agreement._krippendorff import krippendorff

if TYPE_CHECKING:
    from clinval.stats.agreement._results import BootstrapAgreement

__all__ = [
    "brennan_prediger_bootstrap",
    "fleiss_bootstrap",
    "gwet_bootstrap",
    "krippendorff_bootstrap",
]


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
        _totals.coincidence_totals(labels, codes, metric),
        used,
        lambda totals: _totals.krippendorff_of(totals, metric, labels),
        rows=len(ratings),
        cluster=cluster,
        strata=strata,
        draws=draws,
        seed=seed,
        level=level,
    )
