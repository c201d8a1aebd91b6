"""Difference of two paired proportions when pairs come in clusters (lesions in a patient).

Every argument is a list with one entry a cluster: pairs positive with both (n11), with the test
only (n10), with the reference only (n01), with neither (n00). Clusters without pairs are
dropped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from clinval.core.results import Estimate
from clinval.stats._checks import (
    Counts,
    FloatArray,
    NotEstimableError,
    check_level,
    check_option,
    margin_in,
)
from clinval.stats._distributions import ALTERNATIVES, normal_quantile
from clinval.stats.comparison._clustered_mcnemar import (
    NO_PAIRS,
    ONE_CLUSTER,
    ClusteredPairedTest,
    cells_of,
    clustered_test,
    durkalski_test,
    eliasziw_test,
    obuchowski_test,
    yang_test,
)

__all__ = [
    "ClusteredPairedDifference",
    "ClusteredPairedTest",
    "cluster_robust",
    "cluster_robust_test",
    "durkalski_test",
    "eliasziw_test",
    "obuchowski_test",
    "yang_test",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredPairedDifference(Estimate):
    """A paired difference with the proportions of both arms and a cluster-robust error."""

    p1: float | None = None
    p2: float | None = None
    se: float | None = None
    clusters: int = 0


def cluster_robust(
    n11: Counts, n10: Counts, n01: Counts, n00: Counts, *, level: float = 0.95
) -> ClusteredPairedDifference:
    r"""Paired difference with the variance between clusters, normal interval.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs of each cluster positive with both, with the test only, with the reference only,
        with neither (lists of counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    ClusteredPairedDifference
        ``estimate``, ``p1`` (test), ``p2`` (reference), ``se``, limits that are not cut at -1
        and 1, ``n`` pairs and ``clusters``. ``se`` and the limits are undefined with a single
        cluster, everything without pairs.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, lists of different length or a level outside
        (0, 1).

    Notes
    -----
    With K clusters of n_k pairs, N pairs in all,

    .. math:: d = \sum_k (n_{10} - n_{01}) / N, \quad
              se^2 = \frac{K}{K - 1} \sum_k (n_{10} - n_{01} - n_k d)^2 / N^2

    Without any discordant pair the error is 0 and the interval has no width; a score interval
    (:func:`stratified_paired_difference.tango`) then says more.

    References
    ----------
    .. [1] Linearisation, of the type of Obuchowski 1998, Stat Med 17:1495.

    Examples
    --------
    >>> result = cluster_robust([2, 1, 3, 1], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 1, 2])
    >>> result.estimate, round(result.se, 4), result.clusters
    (0.0, 0.154, 4)
    """
    cells = cells_of(n11, n10, n01, n00)
    z = normal_quantile(check_level(level))
    method = "clustered_paired_difference.cluster_robust"
    size = cells.sum(axis=0)
    total, clusters = float(size.sum()), len(size)
    if total == 0:
        return ClusteredPairedDifference(
            method=method,
            estimate=None,
            level=level,
            n=0,
            undefined=True,
            reason=NO_PAIRS,
        )
    both, test_only, reference_only, _ = cells
    p1 = float((both + test_only).sum()) / total
    p2 = float((both + reference_only).sum()) / total
    estimate = float((test_only - reference_only).sum()) / total
    if clusters == 1:
        return ClusteredPairedDifference(
            method=method,
            estimate=estimate,
            p1=p1,
            p2=p2,
            level=level,
            n=int(total),
            clusters=clusters,
            undefined=True,
            reason=ONE_CLUSTER,
        )
    se = _robust_error(cells)
    return ClusteredPairedDifference(
        method=method,
        estimate=estimate,
        p1=p1,
        p2=p2,
        se=se,
        ci_low=estimate - z * se,
        ci_high=estimate + z * se,
        level=level,
        n=int(total),
        clusters=clusters,
    )


def cluster_robust_test(
    n11: Counts,
    n10: Counts,
    n01: Counts,
    n00: Counts,
    *,
    margin: float = 0.0,
    alternative: str = "greater",
) -> ClusteredPairedTest:
    """Test of a margin of the paired difference with the variance between clusters.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs of each cluster positive with both, with the test only, with the reference only,
        with neither (lists of counts).
    margin
        The difference under the null hypothesis, signed (-0.1 for non-inferiority when higher
        is better).
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin) or
        "two-sided".

    Returns
    -------
    ClusteredPairedTest
        ``statistic`` (standard normal), ``p_value``, one-sided unless "two-sided", ``n`` pairs
        and ``clusters``. Undefined without pairs, with fewer than two clusters and where the
        error is 0 (all clusters have the same difference).

    Raises
    ------
    ValueError
        For counts that are negative or not whole, lists of different length, a margin outside
        [-1, 1] or an unknown alternative.

    Notes
    -----
    (d - margin)/se with d and se of :func:`cluster_robust`: the test rejects exactly when that
    interval, at level 1 - 2 alpha for a one-sided alpha, excludes the margin. The error is not
    restricted to the margin, as that of :func:`obuchowski_test` is to 0: with K clusters of
    equal size the squared statistic s is the larger of the two, 1/o = 1/s + 1/(K - 1).

    References
    ----------
    .. [1] Linearisation, of the type of Obuchowski 1998, Stat Med 17:1495.

    Examples
    --------
    >>> n11, n10 = [2, 1, 3, 1, 0, 4], [0, 1, 0, 1, 2, 0]
    >>> n01, n00 = [1, 0, 1, 0, 0, 0], [0, 1, 1, 2, 1, 3]
    >>> result = cluster_robust_test(n11, n10, n01, n00, margin=-0.1)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (1.457, 0.0726)
    """
    cells = cells_of(n11, n10, n01, n00)
    margin = margin_in(-1, 1, margin)
    check_option("alternative", alternative, ALTERNATIVES)

    def statistic() -> float:
        se = _robust_error(cells)
        if se == 0:
            raise NotEstimableError("the clusters do not differ")
        return (float((cells[1] - cells[2]).sum()) / float(cells.sum()) - margin) / se

    return clustered_test("cluster_robust_test", cells, statistic, alternative)


def _robust_error(cells: FloatArray) -> float:
    """Return the standard error of the difference between clusters, of which there are two."""
    gained, size = cells[1] - cells[2], cells.sum(axis=0)
    total, clusters = float(size.sum()), len(size)
    # (gained - size d) times the total is a whole number, so equal clusters give exactly 0
    squares = float(((gained * total - size * gained.sum()) ** 2).sum()) / total**2
    return math.sqrt(clusters / (clusters - 1) * squares) / total
