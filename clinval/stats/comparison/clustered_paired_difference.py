"""Difference of two paired proportions when pairs come in clusters (lesions in a patient).

Every argument is a list with one entry a cluster: pairs positive with both (n11), with the test
only (n10), with the reference only (n01), with neither (n00). Clusters without pairs are
dropped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import (
    Counts,
    FloatArray,
    NotEstimableError,
    check_level,
    check_same_length,
    counts,
)
from clinval.stats._distributions import chi_square_p, normal_quantile
from clinval.stats._score import NO_VARIANCE

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ClusteredPairedDifference",
    "ClusteredPairedTest",
    "cluster_robust",
    "durkalski_test",
    "eliasziw_test",
    "obuchowski_test",
    "yang_test",
]

_NO_PAIRS = "no pair"
_ONE_CLUSTER = "fewer than two clusters"
_NO_CORRELATION = "the correlation within clusters has no value"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredPairedDifference(Estimate):
    """A paired difference with the proportions of both arms and a cluster-robust error."""

    p1: float | None = None
    p2: float | None = None
    se: float | None = None
    clusters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredPairedTest(TestResult):
    """A test on ``n`` pairs in ``clusters``."""

    n: int
    clusters: int


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
    cells = _cells(n11, n10, n01, n00)
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
            reason=_NO_PAIRS,
        )
    both, test_only, reference_only, _ = cells
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
            reason=_ONE_CLUSTER,
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


def obuchowski_test(n11: Counts, n10: Counts, n01: Counts, n00: Counts) -> ClusteredPairedTest:
    r"""Test of no paired difference by Obuchowski, the gains of clusters squared.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs of each cluster positive with both, with the test only, with the reference only,
        with neither (lists of counts).

    Returns
    -------
    ClusteredPairedTest
        ``statistic`` (chi-square), ``df`` 1, ``p_value``, two-sided, ``n`` pairs and
        ``clusters``. Undefined without pairs, with fewer than two clusters and
        when as many pairs gain as lose in every cluster.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or lists of different length.

    Notes
    -----
    With b = n10 and c = n01 of each of K clusters (in Yang's notation),

    .. math:: \frac{K - 1}{K} \frac{(\sum (b - c))^2}{\sum (b - c)^2}

    References
    ----------
    .. [1] Obuchowski 1998, Stat Med 17:1495.
    .. [2] Yang, Sun & Hardin 2010.

    Examples
    --------
    >>> n11, n10 = [2, 1, 3, 1, 0, 4], [0, 1, 0, 1, 2, 0]
    >>> n01, n00 = [1, 0, 1, 0, 0, 0], [0, 1, 1, 2, 1, 3]
    >>> result = obuchowski_test(n11, n10, n01, n00)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (0.4167, 0.5186)
    """
    cells = _cells(n11, n10, n01, n00)
    clusters = cells.shape[1]

    def statistic() -> float:
        gained = cells[1] - cells[2]
        return _ratio((clusters - 1) / clusters * gained.sum() ** 2, (gained**2).sum())

    return _test("obuchowski_test", cells, statistic)


def durkalski_test(n11: Counts, n10: Counts, n01: Counts, n00: Counts) -> ClusteredPairedTest:
    r"""Test of no paired difference by Durkalski and others, each cluster of equal weight.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs of each cluster positive with both, with the test only, with the reference only,
        with neither (lists of counts).

    Returns
    -------
    ClusteredPairedTest
        ``statistic`` (chi-square), ``df`` 1, ``p_value``, two-sided, ``n`` pairs and
        ``clusters``. Undefined without pairs, with fewer than two clusters and
        when as many pairs gain as lose in every cluster.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or lists of different length.

    Notes
    -----
    With b = n10, c = n01 and n pairs in each cluster,

    .. math:: \frac{(\sum (b - c)/n)^2}{\sum ((b - c)/n)^2}

    References
    ----------
    .. [1] Durkalski et al. 2003, Stat Med 22:2417.

    Examples
    --------
    >>> n11, n10 = [2, 1, 3, 1, 0, 4], [0, 1, 0, 1, 2, 0]
    >>> n01, n00 = [1, 0, 1, 0, 0, 0], [0, 1, 1, 2, 1, 3]
    >>> result = durkalski_test(n11, n10, n01, n00)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (0.6678, 0.4138)
    """
    cells = _cells(n11, n10, n01, n00)

    def statistic() -> float:
        rate = (cells[1] - cells[2]) / cells.sum(axis=0)
        return _ratio(rate.sum() ** 2, (rate**2).sum())

    return _test("durkalski_test", cells, statistic)


def yang_test(n11: Counts, n10: Counts, n01: Counts, n00: Counts) -> ClusteredPairedTest:
    r"""Test of no paired difference by Yang, Sun and Hardin, two variances averaged.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs of each cluster positive with both, with the test only, with the reference only,
        with neither (lists of counts).

    Returns
    -------
    ClusteredPairedTest
        ``statistic`` (chi-square), ``df`` 1, ``p_value``, two-sided, ``n`` pairs and
        ``clusters``. Undefined without pairs, with fewer than two clusters and
        when as many pairs gain as lose in every cluster.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or lists of different length.

    Notes
    -----
    With b = n10, c = n01 and n pairs in each of K clusters, and the difference d of all pairs,

    .. math:: \frac{K - 1}{K} \frac{(\sum (b - c))^2}
              {\frac{1}{2} \sum \left[((b - c) - n d)^2 + (b - c)^2\right]}

    References
    ----------
    .. [1] Yang, Sun & Hardin 2010.

    Examples
    --------
    >>> n11, n10 = [2, 1, 3, 1, 0, 4], [0, 1, 0, 1, 2, 0]
    >>> n01, n00 = [1, 0, 1, 0, 0, 0], [0, 1, 1, 2, 1, 3]
    >>> result = yang_test(n11, n10, n01, n00)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (0.418, 0.5179)
    """
    cells = _cells(n11, n10, n01, n00)
    size = cells.sum(axis=0)
    clusters = len(size)

    def statistic() -> float:
        gained = cells[1] - cells[2]
        scatter = (gained - size * gained.sum() / size.sum()) ** 2 + gained**2
        return _ratio((clusters - 1) / clusters * gained.sum() ** 2, scatter.sum() / 2)

    return _test("yang_test", cells, statistic)


def eliasziw_test(n11: Counts, n10: Counts, n01: Counts, n00: Counts) -> ClusteredPairedTest:
    r"""McNemar's test with Eliasziw and Donner's inflation for pairs of a cluster that are alike.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs of each cluster positive with both, with the test only, with the reference only,
        with neither (lists of counts).

    Returns
    -------
    ClusteredPairedTest
        ``statistic`` (chi-square), ``df`` 1, ``p_value``, two-sided, ``n`` pairs and
        ``clusters``. Undefined without pairs or a discordant one, with fewer than
        two clusters or fewer than two that have a discordant pair, and where the correlation
        or the inflation that follows from it has no positive value.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or lists of different length.

    Notes
    -----
    The statistic is (b - c)^2/(b + c)/(1 + (n_c - 1) rho) with b and c over all pairs. With the
    four cells a of each of K clusters of n pairs, their shares P in all N pairs, and

    .. math:: \bar n = N/K, \quad
              n_0 = \bar n - \frac{\sum (n - \bar n)^2}{K (K - 1) \bar n}, \quad
              BMS = \frac{1}{K} \sum \sum \frac{(a - n P)^2}{n}, \quad
              WMS = \frac{1}{K (\bar n - 1)} \sum \sum \frac{a (n - a)}{n}

    the correlation is rho* = (BMS - WMS)/(BMS + (n_0 - 1) WMS) of all pairs, and
    rho = rho*/(rho* + D (1 - rho*)) of discordant ones, D their share. With S discordant pairs in
    a cluster, K_d clusters that have one, and the mean and the n_0 of S over these,
    n_c = S_0 + K_d (mean - S_0). Where no cluster has two discordant pairs, n_c is 1.

    References
    ----------
    .. [1] Eliasziw & Donner 1991, Stat Med 10:1981.

    Examples
    --------
    >>> n11, n10 = [2, 1, 3, 1, 0, 4], [0, 1, 0, 1, 2, 0]
    >>> n01, n00 = [1, 0, 1, 0, 0, 0], [0, 1, 1, 2, 1, 3]
    >>> result = eliasziw_test(n11, n10, n01, n00)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (0.7273, 0.3938)
    """
    cells = _cells(n11, n10, n01, n00)

    def statistic() -> float:
        discordant = cells[1] + cells[2]
        total = float(discordant.sum())
        if total == 0:
            raise NotEstimableError("no discordant pair")
        inflation = _inflation(cells, discordant[discordant > 0])
        return float((cells[1] - cells[2]).sum()) ** 2 / total / inflation

    return _test("eliasziw_test", cells, statistic)


def _cells(n11: Counts, n10: Counts, n01: Counts, n00: Counts) -> FloatArray:
    """Return the four counts, in rows, of the clusters that have pairs."""
    both, test_only = counts("n11", n11), counts("n10", n10)
    reference_only, neither = counts("n01", n01), counts("n00", n00)
    check_same_length(n11=both, n10=test_only, n01=reference_only, n00=neither)
    cells = np.array([both, test_only, reference_only, neither])
    return cells[:, cells.sum(axis=0) > 0]


def _ratio(numerator: float, variance: float) -> float:
    if variance == 0:
        raise NotEstimableError(NO_VARIANCE)
    return float(numerator / variance)


def _test(function: str, cells: FloatArray, statistic: Callable[[], float]) -> ClusteredPairedTest:
    method, clusters = f"clustered_paired_difference.{function}", cells.shape[1]
    value, p_value, reason = None, None, ""
    if clusters < 2:
        reason = _ONE_CLUSTER if clusters else _NO_PAIRS
    else:
        try:
            value = statistic()
            p_value = chi_square_p(value, 1)
        except NotEstimableError as problem:
            reason = problem.reason
    return ClusteredPairedTest(
        method=method,
        statistic=value,
        df=1,
        p_value=p_value,
        n=int(cells.sum()),
        clusters=clusters,
        undefined=bool(reason),
        reason=reason,
    )


def _inflation(cells: FloatArray, discordant: FloatArray) -> float:
    """Return 1 + (n_c - 1) rho for the discordant pairs of the clusters that have some."""
    if len(discordant) < 2:
        raise NotEstimableError("fewer than two clusters have a discordant pair")
    if discordant.max() == 1:
        return 1.0
    size = cells.sum(axis=0)
    clusters, total = len(size), float(size.sum())
    mean, adjusted = total / clusters, _adjusted_mean(size)
    shares = cells.sum(axis=1) / total
    between = float(((cells - np.outer(shares, size)) ** 2 / size).sum()) / clusters
    within = float((cells * (size - cells) / size).sum()) / (clusters * (mean - 1))
    scale = between + (adjusted - 1) * within
    if scale <= 0:
        raise NotEstimableError(_NO_CORRELATION)
    alike = (between - within) / scale
    of_discordant = alike + float(shares[1] + shares[2]) * (1 - alike)
    if of_discordant == 0:
        raise NotEstimableError(_NO_CORRELATION)
    typical = _adjusted_mean(discordant)
    typical += len(discordant) * (float(discordant.mean()) - typical)
    inflation = 1 + (typical - 1) * alike / of_discordant
    if inflation <= 0:
        raise NotEstimableError("the inflation of the variance is not positive")
    return inflation


def _adjusted_mean(sizes: FloatArray) -> float:
    """Return Donner's adjusted mean size of clusters."""
    mean, number = float(sizes.mean()), len(sizes)
    return mean - float(((sizes - mean) ** 2).sum()) / (number * (number - 1) * mean)
