"""Cohen's kappa of subjects in groups: strata that may differ, clusters of like subjects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._agreement_weights import Weights, weight_matrix
from clinval.stats._chance_corrected import ZERO_OVER_ZERO, cohen_influence, cohen_kappa
from clinval.stats._checks import Labels, Ratings, check_level
from clinval.stats._distributions import normal_quantile
from clinval.stats._labels import group_codes
from clinval.stats._ratings import complete_pairs, tabulate
from clinval.stats.agreement._cohen import NO_PAIRS, kappa_of_table
from clinval.stats.agreement._results import ClusteredKappa, StratifiedAgreement
from clinval.stats.agreement._strata import CLUSTER_IN_TWO_STRATA, pooled_strata

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["cohen_clustered", "cohen_clustered_stratified", "cohen_stratified"]

_ROUNDING = 1e-12


def cohen_clustered(
    ratings: Ratings,
    *,
    cluster: Labels,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> ClusteredKappa:
    r"""Cohen's kappa of subjects in clusters, such as the lesions of a patient.

    Parameters
    ----------
    ratings
        Subjects in rows, the two raters in columns; subjects with a missing rating are dropped.
    cluster
        Label of the cluster (patient) of each subject.
    weights, categories
        As in :func:`cohen`.
    level
        Two-sided level of the normal interval.

    Returns
    -------
    ClusteredKappa
        ``estimate``, ``se``, ``ci_low``, ``ci_high`` (not cut), ``clusters`` with a subject that
        is used, and ``n`` such subjects. Undefined when expected agreement is 1; the error with
        a single cluster.

    Raises
    ------
    ValueError
        As :func:`cohen`, or when cluster and ratings differ in length.

    Notes
    -----
    The linearised value of a subject rated (a, b) is

    .. math:: u_i = \frac{w_{ab} - p_o - (1 - \kappa) ((W c)_a + (W' r)_b - 2 p_e)}{1 - p_e}

    and, with S_g its sum over the N subjects of cluster g out of m clusters, the variance is
    m/(m - 1) sum S_g^2/N^2.

    References
    ----------
    .. [1] Cohen 1960, 1968; linearisation by the sums of clusters.

    Examples
    --------
    >>> lesions = [[1, 1], [1, 2], [2, 2], [2, 2], [1, 1], [2, 1], [2, 2], [1, 1]]
    >>> result = cohen_clustered(lesions, cluster=["a", "a", "b", "c", "c", "d", "e", "e"])
    >>> round(result.estimate, 4), round(result.se, 4), result.clusters
    (0.5, 0.3278, 5)
    """
    labels, pairs, kept = complete_pairs(ratings, categories)
    groups = _groups("cluster", cluster, ratings)
    return _clustered(pairs, groups[kept], weight_matrix(weights, labels), check_level(level))


def _clustered(
    pairs: IntArray, cluster: IntArray, weights: FloatArray, level: float
) -> ClusteredKappa:
    """Return kappa of the codes of pairs whose clusters are known."""
    used, group = np.unique(cluster, return_inverse=True)
    estimate = se = low = high = None
    reason = NO_PAIRS
    if len(pairs):
        table = tabulate(pairs, len(weights))
        kappa = cohen_kappa(table, weights)
        estimate, reason = kappa.estimate, ZERO_OVER_ZERO
        if estimate is not None and len(used) > 1:
            reason = ""
            value = cohen_influence(table, weights, kappa)[pairs[:, 0], pairs[:, 1]]
            sums = np.bincount(group, value)
            sums[np.abs(sums) <= _ROUNDING * np.bincount(group)] = 0.0
            factor = len(used) / (len(used) - 1)
            se = math.sqrt(factor * float(sums @ sums)) / len(pairs)
            half = normal_quantile(level) * se
            low, high = estimate - half, estimate + half
        elif estimate is not None:
            reason = "fewer than two clusters"
    return ClusteredKappa(
        method="kappa.cohen_clustered",
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        level=level,
        n=len(pairs),
        clusters=len(used),
        undefined=bool(reason),
        reason=reason,
    )


def cohen_stratified(
    ratings: Ratings,
    *,
    strata: Labels,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> StratifiedAgreement:
    r"""Cohen's kappa of each stratum, pooled by inverse variance, with a test of homogeneity.

    Parameters
    ----------
    ratings
        Subjects in rows, the two raters in columns; subjects with a missing rating are dropped.
    strata
        Label of the stratum (site) of each subject.
    weights, categories
        As in :func:`cohen`; the categories are common to all strata.
    level
        Two-sided level of all intervals.

    Returns
    -------
    StratifiedAgreement
        ``estimate``, ``se``, ``ci_low``, ``ci_high`` (normal), ``q``, ``df`` strata - 1,
        ``p_value``, and ``estimate_by_stratum``, ``se_by_stratum``, ``ci_low_by_stratum``,
        ``ci_high_by_stratum`` in the order of the sorted labels of the strata that have
        subjects. The pooled numbers are undefined when the kappa of a stratum is, or has no
        standard error above 0; the p value also with one stratum.

    Raises
    ------
    ValueError
        As :func:`cohen`, or when strata and ratings differ in length.

    Notes
    -----
    .. math:: \bar\kappa = \frac{\sum \kappa_s / se_s^2}{\sum 1 / se_s^2}, \quad
              se = (\sum 1 / se_s^2)^{-1/2}, \quad
              q = \sum (\kappa_s - \bar\kappa)^2 / se_s^2

    References
    ----------
    .. [1] Fleiss 1981.

    Examples
    --------
    >>> site_a = [[1, 1]] * 20 + [[1, 0]] * 5 + [[0, 1]] * 4 + [[0, 0]] * 21
    >>> site_b = [[1, 1]] * 15 + [[1, 0]] * 7 + [[0, 1]] * 3 + [[0, 0]] * 25
    >>> result = cohen_stratified(site_a + site_b, strata=["A"] * 50 + ["B"] * 50)
    >>> [round(value, 3) for value in result.estimate_by_stratum], round(result.estimate, 3)
    ([0.64, 0.586], 0.615)
    """
    labels, pairs, kept = complete_pairs(ratings, categories)
    groups = _groups("strata", strata, ratings)
    matrix = weight_matrix(weights, labels)
    check_level(level)
    q = len(labels)
    used, stratum = np.unique(groups[kept], return_inverse=True)
    # one code for a stratum and a pair of categories: all tables in one count
    cells = np.bincount((stratum * q + pairs[:, 0]) * q + pairs[:, 1], minlength=len(used) * q * q)
    tables = cells.reshape(len(used), q, q).astype(np.float64)
    each = [kappa_of_table(table, matrix, level) for table in tables]
    return pooled_strata("kappa.cohen_stratified", each, len(pairs), level, NO_PAIRS)


def cohen_clustered_stratified(
    ratings: Ratings,
    *,
    cluster: Labels,
    strata: Labels,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> StratifiedAgreement:
    """Cohen's kappa of subjects in clusters by stratum, pooled, with a test of homogeneity.

    Parameters
    ----------
    ratings, cluster
        As in :func:`cohen_clustered`.
    strata
        Label of the stratum (site) of each subject; a cluster lies in one.
    weights, categories, level
        As in :func:`cohen_stratified`.

    Returns
    -------
    StratifiedAgreement
        As :func:`cohen_stratified`; errors and intervals by stratum are those of
        :func:`cohen_clustered`.

    Raises
    ------
    ValueError
        As :func:`cohen_clustered` and :func:`cohen_stratified`, or when a cluster lies in two
        strata.

    Notes
    -----
    As :func:`cohen_stratified`.

    References
    ----------
    .. [1] Fleiss 1981.

    Examples
    --------
    >>> lesions = [[1, 1], [1, 2], [2, 2], [2, 2], [1, 1], [2, 1], [2, 2], [1, 1]]
    >>> patients = ["a", "a", "b", "c", "c", "d", "e", "e"]
    >>> result = cohen_clustered_stratified(
    ...     lesions * 2,
    ...     cluster=patients + [name.upper() for name in patients],
    ...     strata=["north"] * 8 + ["south"] * 8,
    ... )
    >>> round(result.estimate, 4), round(result.se, 4), result.p_value
    (0.5, 0.2318, 1.0)
    """
    labels, pairs, kept = complete_pairs(ratings, categories)
    clusters, groups = (
        _groups(name, given, ratings)[kept]
        for name, given in (("cluster", cluster), ("strata", strata))
    )
    matrix = weight_matrix(weights, labels)
    check_level(level)
    if len(np.unique(clusters)) < len(np.unique(np.column_stack([clusters, groups]), axis=0)):
        raise ValueError(CLUSTER_IN_TWO_STRATA)
    each = [
        _clustered(pairs[groups == stratum], clusters[groups == stratum], matrix, level)
        for stratum in np.unique(groups)
    ]
    return pooled_strata("kappa.cohen_clustered_stratified", each, len(pairs), level, NO_PAIRS)


def _groups(name: str, labels: Labels, ratings: Ratings) -> IntArray:
    """Return the group of each row of the ratings."""
    groups = group_codes(name, labels)[1]
    if len(groups) != len(ratings):
        raise ValueError(f"lengths differ: ratings {len(ratings)}, {name} {len(groups)}")
    return groups
