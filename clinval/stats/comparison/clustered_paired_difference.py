"""Difference of two paired proportions when pairs come in clusters (lesions in a patient).

Every argument is a list with one entry a cluster: pairs positive with both (n11), with the test
only (n10), with the reference only (n01), with neither (n00). Clusters without pairs are
dropped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from clinval.core.results import Estimate
from clinval.stats._checks import Counts, check_level, check_same_length, counts
from clinval.stats._distributions import normal_quantile

__all__ = ["ClusteredPairedDifference", "cluster_robust"]


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
    both, test_only = counts("n11", n11), counts("n10", n10)
    reference_only, neither = counts("n01", n01), counts("n00", n00)
    check_same_length(n11=both, n10=test_only, n01=reference_only, n00=neither)
    z = normal_quantile(check_level(level))
    method = "clustered_paired_difference.cluster_robust"
    size = both + test_only + reference_only + neither
    total, clusters = float(size.sum()), int((size > 0).sum())
    if total == 0:
        return ClusteredPairedDifference(
            method=method,
            estimate=None,
            level=level,
            n=0,
            undefined=True,
            reason="no pair",
        )
    p1 = float((both + test_only).sum()) / total
    p2 = float((both + reference_only).sum()) / total
    gained = test_only - reference_only
    estimate = float(gained.sum()) / total
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
            reason="fewer than two clusters",
        )
    # (gained - size d) times the total is a whole number, so equal clusters give exactly 0
    squares = float(((gained * total - size * gained.sum()) ** 2).sum()) / total**2
    se = math.sqrt(clusters / (clusters - 1) * squares) / total
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
