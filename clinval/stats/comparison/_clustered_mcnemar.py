"""McNemar's test for pairs that come in clusters, by the four variances of the literature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import TestResult
from clinval.stats._checks import (
    Counts,
    FloatArray,
    NotEstimableError,
    check_same_length,
    counts,
)
from clinval.stats._distributions import chi_square_p, normal_p
from clinval.stats._score import NO_VARIANCE

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "NO_PAIRS",
    "ONE_CLUSTER",
    "ClusteredPairedTest",
    "cells_of",
    "clustered_test",
    "durkalski_test",
    "eliasziw_test",
    "obuchowski_test",
    "yang_test",
]

NO_PAIRS = "no pair"
ONE_CLUSTER = "fewer than two clusters"
_NO_CORRELATION = "the correlation within clusters has no value"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredPairedTest(TestResult):
    """A test on ``n`` pairs in ``clusters``."""

    n: int
    clusters: int


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
    cells = cells_of(n11, n10, n01, n00)
    clusters = cells.shape[1]

    def statistic() -> float:
        gained = cells[1] - cells[2]
        return _ratio((clusters - 1) / clusters * gained.sum() ** 2, (gained**2).sum())

    return clustered_test("obuchowski_test", cells, statistic)


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
    cells = cells_of(n11, n10, n01, n00)

    def statistic() -> float:
        rate = (cells[1] - cells[2]) / cells.sum(axis=0)
        return _ratio(rate.sum() ** 2, (rate**2).sum())

    return clustered_test("durkalski_test", cells, statistic)


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
    cells = cells_of(n11, n10, n01, n00)
    size = cells.sum(axis=0)
    clusters = len(size)

    def statistic() -> float:
        gained = cells[1] - cells[2]
        scatter = (gained - size * gained.sum() / size.sum()) ** 2 + gained**2
        return _ratio((clusters - 1) / clusters * gained.sum() ** 2, scatter.sum() / 2)

    return clustered_test("yang_test", cells, statistic)


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
    cells = cells_of(n11, n10, n01, n00)

    def statistic() -> float:
        discordant = cells[1] + cells[2]
        total = float(discordant.sum())
        if total == 0:
            raise NotEstimableError("no discordant pair")
        inflation = _inflation(cells, discordant[discordant > 0])
        return float((cells[1] - cells[2]).sum()) ** 2 / total / inflation

    return clustered_test("eliasziw_test", cells, statistic)


def cells_of(n11: Counts, n10: Counts, n01: Counts, n00: Counts) -> FloatArray:
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


def clustered_test(
    function: str,
    cells: FloatArray,
    statistic: Callable[[], float],
    alternative: str | None = None,
) -> ClusteredPairedTest:
    """Return a test by a standard normal statistic, or, without an alternative, a chi-square."""
    method, clusters = f"clustered_paired_difference.{function}", cells.shape[1]
    value, p_value, reason = None, None, ""
    if clusters < 2:
        reason = ONE_CLUSTER if clusters else NO_PAIRS
    else:
        try:
            value = statistic()
            p_value = normal_p(value, alternative) if alternative else chi_square_p(value, 1)
        except NotEstimableError as problem:
            reason = problem.reason
    return ClusteredPairedTest(
        method=method,
        statistic=value,
        df=None if alternative else 1,
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
