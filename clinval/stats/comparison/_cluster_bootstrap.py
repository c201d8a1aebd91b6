"""Bootstrap of a paired difference of means, whole clusters drawn at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.core.results import Estimate
from clinval.stats._checks import (
    Labels,
    NotEstimableError,
    Numbers,
    check_level,
    check_same_length,
    count,
    paired_samples,
)
from clinval.stats._labels import group_codes
from clinval.stats._moments import differences, rounding_of

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["BootstrapDifference", "cluster_bootstrap"]

_LEAST_DRAWS = 100
_AT_ONCE = 2**18  # clusters drawn in one array


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapDifference(Estimate):
    """A paired difference with bootstrap limits: BCa, and percentiles of the same draws."""

    percentile_low: float | None = None
    percentile_high: float | None = None
    se: float | None = None
    bias_correction: float | None = None
    acceleration: float | None = None
    clusters: int = 0
    draws: int = 0


def cluster_bootstrap(
    test: Numbers,
    reference: Numbers,
    cluster: Labels,
    *,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 20260101,
) -> BootstrapDifference:
    r"""Paired difference of means, bootstrap over clusters: BCa and percentile limits.

    Parameters
    ----------
    test, reference
        The values of the same subjects or readings (lists of equal length, one pair an entry).
    cluster
        Label of the cluster of each pair (list).
    level
        Two-sided level of the intervals.
    draws
        How many times as many clusters as there are are drawn, at least 100.
    seed
        Start of the random numbers; the same seed gives the same limits.

    Returns
    -------
    BootstrapDifference
        ``estimate``, ``ci_low``, ``ci_high`` (BCa), ``percentile_low``, ``percentile_high``,
        ``se`` (standard deviation of the draws), ``bias_correction``, ``acceleration``, ``n``
        pairs, ``clusters`` and ``draws``. All but the estimate is undefined with a single
        cluster or clusters that do not differ; the BCa limits also where the clusters are too
        skewed for them; everything without pairs.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, clusters without a
        label, a level outside (0, 1) or fewer than 100 draws.

    Notes
    -----
    The estimate is the mean over all pairs. A draw takes K of the K clusters with replacement,
    each with all its pairs, and takes the mean again; the percentile limits are the quantiles of
    the draws at (1 -/+ level)/2. BCa takes them instead at

    .. math:: \Phi\left(z_0 + \frac{z_0 + z}{1 - a (z_0 + z)}\right)

    with z the normal quantile of (1 -/+ level)/2, z_0 that of the share of draws below the
    estimate (equal ones count half), and a = sum u^3/(6 (sum u^2)^1.5) from the jackknife over
    clusters, u the mean of the estimates that leave one cluster out less each of them. With
    few clusters either interval is too narrow.

    References
    ----------
    .. [1] Efron 1987.
    .. [2] Davison & Hinkley 1997, Bootstrap Methods and their Application, 5.3.

    Examples
    --------
    >>> test = [5.1, 6.0, 4.2, 5.0, 7.1, 7.7, 6.4, 7.5, 3.0, 4.1]
    >>> reference = [4.0, 5.6, 3.6, 4.4, 5.2, 6.9, 6.0, 6.1, 3.2, 4.0]
    >>> case = ["a", "a", "b", "c", "c", "d", "e", "f", "f", "g"]
    >>> result = cluster_bootstrap(test, reference, case)
    >>> round(result.estimate, 2), round(result.ci_low, 1), round(result.ci_high, 1)
    (0.71, 0.5, 1.0)
    """
    test_, reference_ = paired_samples(test, reference)
    _, clusters = group_codes("cluster", cluster)
    check_same_length(test=test_, cluster=clusters)
    check_level(level)
    number = int(count("draws", draws))
    if number < _LEAST_DRAWS:
        raise ValueError(f"draws must be at least {_LEAST_DRAWS}, not {number}")
    method, n = "mean_difference.cluster_bootstrap", len(test_)
    if n == 0:
        return BootstrapDifference(
            method=method, estimate=None, level=level, n=0, undefined=True, reason="no pair"
        )
    values = differences(test_, reference_)
    estimate = float(values.mean())
    size = np.bincount(clusters).astype(np.float64)
    # a cluster's total, beside what it would be at the estimate
    excess = np.bincount(clusters, values - estimate).astype(np.float64)
    rounding = rounding_of(test_, reference_)
    reason = ""
    if len(size) < 2:
        reason = "fewer than two clusters"
    elif (np.abs(excess) <= rounding * size).all():
        reason = "the clusters do not differ"
    if reason:
        return BootstrapDifference(
            method=method,
            estimate=estimate,
            level=level,
            n=n,
            clusters=len(size),
            undefined=True,
            reason=reason,
        )
    drawn = _draws(excess, size, number, seed)
    quantiles = np.array([(1 - level) / 2, (1 + level) / 2])
    percentile_low, percentile_high = (estimate + np.quantile(drawn, quantiles)).tolist()
    below = ((drawn < -rounding).mean() + (drawn <= rounding).mean()) / 2
    bias, acceleration = float(special.ndtri(below)), _acceleration(excess, size)
    limits: list[float | None] = [None, None]
    try:
        corrected = _corrected(quantiles, bias, acceleration)
        limits = (estimate + np.quantile(drawn, corrected)).tolist()
    except NotEstimableError as problem:
        reason = problem.reason
    return BootstrapDifference(
        method=method,
        estimate=estimate,
        ci_low=limits[0],
        ci_high=limits[1],
        level=level,
        n=n,
        percentile_low=percentile_low,
        percentile_high=percentile_high,
        se=float(drawn.std(ddof=1)),
        bias_correction=bias,
        acceleration=acceleration,
        clusters=len(size),
        draws=number,
        undefined=bool(reason),
        reason=reason,
    )


def _draws(excess: FloatArray, size: FloatArray, number: int, seed: int) -> FloatArray:
    """Return the mean of each draw, less the estimate."""
    random, k = np.random.default_rng(seed), len(size)
    drawn = np.empty(number)
    step = max(1, _AT_ONCE // k)
    for start in range(0, number, step):
        part = drawn[start : start + step]
        chosen = random.integers(0, k, (len(part), k))
        part[:] = excess.take(chosen).sum(axis=1) / size.take(chosen).sum(axis=1)
    return drawn


def _acceleration(excess: FloatArray, size: FloatArray) -> float:
    left_out = -excess / (size.sum() - size)
    u = left_out.mean() - left_out
    return float((u**3).sum() / (6 * (u**2).sum() ** 1.5))


def _corrected(quantiles: FloatArray, bias: float, acceleration: float) -> FloatArray:
    """Return the shares of the draws at which BCa takes its limits."""
    moved = bias + special.ndtri(quantiles)
    stretch = 1 - acceleration * moved
    if not np.isfinite(bias) or (stretch <= 0).any():
        raise NotEstimableError("the clusters are too skewed for the correction")
    shares: FloatArray = special.ndtr(bias + moved / stretch)
    return shares
