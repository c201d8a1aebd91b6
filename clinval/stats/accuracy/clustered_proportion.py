"""One proportion when trials come in clusters (lesions in a patient, exams at a site).

``x`` and ``n`` are lists with one entry a cluster. Clusters without trials are dropped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Estimate, Result
from clinval.stats._checks import (
    Counts,
    FloatArray,
    NotEstimableError,
    check_level,
    check_same_length,
    counts,
)
from clinval.stats._distributions import normal_quantile

__all__ = ["ClusteredProportion", "EffectiveCounts", "rao_scott", "ratio_estimator"]

_ALL_OR_NONE = "all trials succeed, or none"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveCounts(Result):
    """Counts shrunk to the information that they hold; not whole numbers."""

    estimate: float | None
    design_effect: float | None = None
    effective_x: float | None = None
    effective_n: float | None = None
    n: int = 0
    clusters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredProportion(Estimate):
    """A proportion with the variance between clusters."""

    se: float | None = None
    clusters: int = 0
    design_effect: float | None = None


def rao_scott(x: Counts, n: Counts) -> EffectiveCounts:
    r"""Rao and Scott's effective counts, the design effect not raised to 1.

    Parameters
    ----------
    x, n
        Successes and trials of each cluster (lists of counts).

    Returns
    -------
    EffectiveCounts
        ``estimate``, ``design_effect``, ``effective_x`` and ``effective_n`` (counts over the
        design effect), ``clusters`` and ``n`` trials. All but the estimate are undefined with a
        single cluster and when all trials or none succeed; the effective counts when the design
        effect is 0.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, more successes than trials or lists of
        different length.

    Notes
    -----
    With m clusters, p = sum x/sum n and N = sum n,

    .. math:: v = \frac{m}{m - 1} \sum (x - n p)^2 / N^2, \quad
              D = v / (p (1 - p) / N)

    References
    ----------
    .. [1] Rao & Scott 1992, Biometrics 48:577.

    Examples
    --------
    >>> result = rao_scott([1, 2, 2, 2, 0, 3], [1, 2, 3, 2, 1, 4])
    >>> round(result.estimate, 4), round(result.design_effect, 4)
    (0.7692, 0.6092)
    """
    x_, n_ = _clusters(x, n)
    method, total, clusters = "clustered_proportion.rao_scott", float(n_.sum()), len(n_)
    estimate = float(x_.sum()) / total if total else None
    design_effect, reason = None, ""
    try:
        _, design_effect = _variance(x_, n_)
    except NotEstimableError as problem:
        reason = problem.reason
    else:
        if design_effect is None:
            reason = _ALL_OR_NONE
        elif design_effect == 0:
            reason = "the clusters do not differ"
    return EffectiveCounts(
        method=method,
        estimate=estimate,
        design_effect=design_effect,
        effective_x=float(x_.sum()) / design_effect if design_effect else None,
        effective_n=total / design_effect if design_effect else None,
        n=int(total),
        clusters=clusters,
        undefined=bool(reason),
        reason=reason,
    )


def ratio_estimator(x: Counts, n: Counts, *, level: float = 0.95) -> ClusteredProportion:
    r"""Ratio estimator of a proportion with the variance between clusters, normal interval.

    Parameters
    ----------
    x, n
        Successes and trials of each cluster (lists of counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    ClusteredProportion
        ``estimate``, ``se``, limits that are not cut at 0 and 1, ``clusters``,
        ``design_effect`` and ``n`` trials. With a single cluster all but the estimate are
        undefined; when all trials or none succeed, the design effect.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, more successes than trials, lists of
        different length or a level outside (0, 1).

    Notes
    -----
    With m clusters, p = sum x/sum n and N = sum n,

    .. math:: se^2 = \frac{m}{m - 1} \sum (x - p n)^2 / N^2

    and the design effect is se^2/(p (1 - p)/N).

    References
    ----------
    .. [1] Rao & Scott 1992, Biometrics 48:577.

    Examples
    --------
    >>> result = ratio_estimator([1, 2, 2, 2, 0, 3], [1, 2, 3, 2, 1, 4])
    >>> round(result.estimate, 4), round(result.se, 4), result.clusters
    (0.7692, 0.0912, 6)
    """
    x_, n_ = _clusters(x, n)
    z = normal_quantile(check_level(level))
    method, total, clusters = "clustered_proportion.ratio_estimator", float(n_.sum()), len(n_)
    estimate = float(x_.sum()) / total if total else None
    try:
        variance, design_effect = _variance(x_, n_)
    except NotEstimableError as problem:
        return ClusteredProportion(
            method=method,
            estimate=estimate,
            level=level,
            n=int(total),
            clusters=clusters,
            undefined=True,
            reason=problem.reason,
        )
    se, center = math.sqrt(variance), float(x_.sum()) / total
    return ClusteredProportion(
        method=method,
        estimate=center,
        se=se,
        ci_low=center - z * se,
        ci_high=center + z * se,
        level=level,
        n=int(total),
        clusters=clusters,
        design_effect=design_effect,
        undefined=design_effect is None,
        reason="" if design_effect is not None else _ALL_OR_NONE,
    )


def _clusters(x: Counts, n: Counts) -> tuple[FloatArray, FloatArray]:
    x_, n_ = counts("x", x), counts("n", n)
    check_same_length(x=x_, n=n_)
    if (x_ > n_).any():
        raise ValueError("a cluster has more successes than trials")
    return x_[n_ > 0], n_[n_ > 0]


def _variance(x: FloatArray, n: FloatArray) -> tuple[float, float | None]:
    """Return the variance of the ratio and the design effect, None if that is 0/0."""
    clusters, total = len(n), float(n.sum())
    if clusters == 0:
        raise NotEstimableError("no trial")
    if clusters == 1:
        raise NotEstimableError("fewer than two clusters")
    p = float(x.sum()) / total
    # (x - n p) times the total is a whole number: clusters that do not differ give exactly 0
    squares = float(np.sum((x * total - n * x.sum()) ** 2)) / total**2
    variance = clusters / (clusters - 1) * squares / total**2
    binomial = p * (1 - p) / total
    return variance, variance / binomial if binomial > 0 else None
