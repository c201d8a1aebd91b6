"""Area under the ROC curve when units come in clusters (lesions or segments in a patient).

``truth`` is 1 for diseased and 0 for non-diseased units, a cluster may hold both; a higher score
is more suspicious. A unit without a score is dropped and counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import Labels, NotEstimableError, Numbers, check_level
from clinval.stats._distributions import normal_p, normal_quantile
from clinval.stats._labels import group_codes
from clinval.stats.accuracy._placements import Placements, Scores, placements, read_scores

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["ClusteredAuc", "ClusteredAucDifference", "obuchowski", "obuchowski_difference"]

_ONE_CLUSTER = "fewer than two clusters with diseased or with non-diseased units"
_NO_VARIANCE = "the sums of the clusters do not vary"
_ROUNDING = 1e-24  # a variance that is nothing but the rounding of sums that cancel


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredAuc(Estimate):
    """An area with the variance between clusters; ``n`` counts units."""

    se: float | None = None
    variance: float | None = None
    clusters: int = 0
    n_diseased: int = 0
    n_nondiseased: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredAucDifference(Estimate):
    """A difference of paired areas with the variance between clusters; ``n`` counts units."""

    se: float | None = None
    variance: float | None = None
    statistic: float | None = None
    p_value: float | None = None
    auc_test: float | None = None
    auc_reference: float | None = None
    se_test: float | None = None
    se_reference: float | None = None
    clusters: int = 0
    n_diseased: int = 0
    n_nondiseased: int = 0
    dropped: int = 0


class _Sums(NamedTuple):
    """What each cluster adds to an area, over its diseased and its non-diseased units."""

    diseased: FloatArray
    nondiseased: FloatArray


class _Clusters(NamedTuple):
    """The cluster of every unit that is kept, and how many clusters have units of a class."""

    codes: IntArray
    total: int
    with_diseased: int
    with_nondiseased: int


def obuchowski(
    truth: Numbers, score: Numbers, *, cluster: Labels, level: float = 0.95
) -> ClusteredAuc:
    r"""Area under the empirical ROC curve with Obuchowski's variance for clustered units.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased units.
    score
        The score of each unit, higher when more suspicious; ``None`` drops the row.
    cluster
        The cluster (patient) of each unit (labels).
    level
        Two-sided level of the interval.

    Returns
    -------
    ClusteredAuc
        ``estimate``, ``se``, ``variance``, Wald limits cut to [0, 1], ``clusters``, ``n`` units
        and ``dropped`` rows. The area is undefined without both classes; the rest with fewer
        than two clusters that hold a class and where the variance is not above 0.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, a missing cluster, lists of
        different length or a level outside (0, 1).

    Notes
    -----
    With m diseased and n non-diseased units, a_g and b_g the sums over the units of cluster g of
    V10 - A and of V01 - A, I10 and I01 the clusters with a diseased and with a non-diseased unit
    and I all clusters,

    .. math:: var = \frac{I_{10} \sum a_g^2}{(I_{10} - 1) m^2}
              + \frac{I_{01} \sum b_g^2}{(I_{01} - 1) n^2}
              + \frac{2 I \sum a_g b_g}{(I - 1) m n}

    References
    ----------
    .. [1] Obuchowski 1997, Biometrics 53:567.

    Examples
    --------
    >>> truth, score = [0, 0, 1, 0, 1, 1, 0, 1], [1, 2, 2, 4, 2, 3, 2, 5]
    >>> result = obuchowski(truth, score, cluster=list("AABBCCDD"))
    >>> round(result.estimate, 4), round(result.se, 4), result.clusters
    (0.6875, 0.2497, 4)
    """
    z = normal_quantile(check_level(level))
    data = read_scores(truth, score=score)
    clusters = _clusters(data, cluster)
    area = variance = low = high = None
    reason = ""
    try:
        placed = placements(data.diseased, data.scores[0])
        area = placed.auc
        sums = _sums(placed, data, clusters)
        variance = _variance(sums, data, clusters)
    except NotEstimableError as problem:
        reason = problem.reason
    se = _root(variance)
    if area is not None and se:
        low, high = max(area - z * se, 0.0), min(area + z * se, 1.0)
    elif variance is not None:
        reason = _NO_VARIANCE
    return ClusteredAuc(
        method="clustered_auc.obuchowski",
        estimate=area,
        se=se,
        variance=variance,
        ci_low=low,
        ci_high=high,
        level=level,
        clusters=clusters.total,
        n=data.n,
        n_diseased=data.n_diseased,
        n_nondiseased=data.n_nondiseased,
        dropped=data.dropped,
        undefined=bool(reason),
        reason=reason,
    )


def obuchowski_difference(
    truth: Numbers, test: Numbers, reference: Numbers, *, cluster: Labels, level: float = 0.95
) -> ClusteredAucDifference:
    r"""Difference of paired areas of clustered units with Obuchowski's covariance.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased units.
    test, reference
        The two scores of each unit, higher when more suspicious; ``None`` drops the row.
    cluster
        The cluster (patient) of each unit (labels).
    level
        Two-sided level of the interval.

    Returns
    -------
    ClusteredAucDifference
        ``estimate``, ``se``, ``variance``, limits that are not cut, ``statistic`` (standard
        normal), two-sided ``p_value``, both areas with their errors, ``clusters``, ``n`` units
        and ``dropped`` rows. Undefined as :func:`obuchowski`.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, a missing cluster, lists of
        different length or a level outside (0, 1).

    Notes
    -----
    The variance of :func:`obuchowski` with the differences of the two scores' sums: the sum of
    both variances less twice their covariance.

    References
    ----------
    .. [1] Obuchowski 1997, Biometrics 53:567.

    Examples
    --------
    >>> truth, test = [0, 0, 1, 0, 1, 1, 0, 1], [1, 2, 2, 4, 2, 3, 2, 5]
    >>> result = obuchowski_difference(truth, test, [2, 1, 3, 4, 3, 1, 4, 2], cluster="AABBCCDD")
    >>> result.estimate, round(result.se, 4)
    (0.3125, 0.2754)
    """
    z = normal_quantile(check_level(level))
    data = read_scores(truth, test=test, reference=reference)
    clusters = _clusters(data, cluster)
    area_test = area_reference = variance = low = high = statistic = None
    se_test = se_reference = None
    reason = ""
    try:
        placed = [placements(data.diseased, score) for score in data.scores]
        area_test, area_reference = placed[0].auc, placed[1].auc
        sums = [_sums(one, data, clusters) for one in placed]
        of_test = _variance(sums[0], data, clusters)
        of_reference = _variance(sums[1], data, clusters)
        se_test, se_reference = _root(of_test), _root(of_reference)
        apart = _Sums(*(one - other for one, other in zip(*sums, strict=True)))
        variance = _variance(apart, data, clusters)
    except NotEstimableError as problem:
        reason = problem.reason
    se = _root(variance)
    estimate = None
    if area_test is not None and area_reference is not None:
        estimate = area_test - area_reference
    if estimate is not None and se:
        statistic = estimate / se
        low, high = estimate - z * se, estimate + z * se
    elif variance is not None:
        reason = _NO_VARIANCE
    return ClusteredAucDifference(
        method="clustered_auc.obuchowski_difference",
        estimate=estimate,
        se=se,
        variance=variance,
        ci_low=low,
        ci_high=high,
        level=level,
        statistic=statistic,
        p_value=None if statistic is None else normal_p(statistic, "two-sided"),
        auc_test=area_test,
        auc_reference=area_reference,
        se_test=se_test,
        se_reference=se_reference,
        clusters=clusters.total,
        n=data.n,
        n_diseased=data.n_diseased,
        n_nondiseased=data.n_nondiseased,
        dropped=data.dropped,
        undefined=bool(reason),
        reason=reason,
    )


def _clusters(data: Scores, cluster: Labels) -> _Clusters:
    _, codes = group_codes("cluster", cluster)
    if len(codes) != len(data.kept):
        raise ValueError(f"lengths differ: truth {len(data.kept)}, cluster {len(codes)}")
    _, kept = np.unique(codes[data.kept], return_inverse=True)
    return _Clusters(
        kept,
        int(kept.max()) + 1 if len(kept) else 0,
        len(np.unique(kept[data.diseased])),
        len(np.unique(kept[~data.diseased])),
    )


def _sums(placed: Placements, data: Scores, clusters: _Clusters) -> _Sums:
    """Return the sums of each cluster, zero where it has no unit of a class."""
    first = np.bincount(clusters.codes[data.diseased], placed.diseased - placed.auc, clusters.total)
    second = np.bincount(
        clusters.codes[~data.diseased], placed.nondiseased - placed.auc, clusters.total
    )
    return _Sums(first.astype(np.float64), second.astype(np.float64))


def _variance(sums: _Sums, data: Scores, clusters: _Clusters) -> float:
    """Return Obuchowski's variance; it is never below 0, since no class has more clusters."""
    x, y, m, n = sums.diseased, sums.nondiseased, data.n_diseased, data.n_nondiseased
    g, g10, g01 = clusters.total, clusters.with_diseased, clusters.with_nondiseased
    if g10 < 2 or g01 < 2:
        raise NotEstimableError(_ONE_CLUSTER)
    variance = float(
        g10 / (g10 - 1) * (x @ x) / m**2
        + g01 / (g01 - 1) * (y @ y) / n**2
        + 2 * g / (g - 1) * (x @ y) / (m * n)
    )
    return variance if variance > _ROUNDING else 0.0


def _root(variance: float | None) -> float | None:
    return None if variance is None else math.sqrt(variance)
