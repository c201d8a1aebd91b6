"""Win probability: that a value of the test arm is higher than one of the reference arm.

Ties count as half a win, so 0.5 says that neither arm tends to be higher.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import (
    Labels,
    NotEstimableError,
    Numbers,
    check_level,
    check_option,
    check_same_length,
    margin_in,
    paired_samples,
    sample,
)
from clinval.stats._distributions import ALTERNATIVES, student_p
from clinval.stats._labels import group_codes
from clinval.stats._moments import MeanContrast, variance_of

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = [
    "ClusteredWinProbability",
    "WinProbability",
    "brunner_munzel",
    "brunner_munzel_test",
    "paired_clustered",
    "paired_clustered_test",
]


_ONE_CLUSTER = "fewer than two clusters"
_NO_DIFFERENCE = "the clusters do not differ"


@dataclass(frozen=True, slots=True, kw_only=True)
class WinProbability(Estimate):
    """A win probability with its standard error and degrees of freedom."""

    se: float | None = None
    df: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredWinProbability(WinProbability):
    """A win probability averaged over clusters; ``n`` counts pairs."""

    clusters: int = 0


def brunner_munzel(test: Numbers, reference: Numbers, *, level: float = 0.95) -> WinProbability:
    r"""Win probability of independent samples with Brunner and Munzel's variance.

    Parameters
    ----------
    test, reference
        The values of each arm (lists, any lengths), of any scale that has an order.
    level
        Two-sided level of the interval.

    Returns
    -------
    WinProbability
        ``estimate``, ``se``, ``df``, limits that are not cut at 0 and 1, and ``n``. Degrees of
        freedom and limits are undefined where the standard error is 0 (all values equal, or
        every value of one arm above all of the other) or an arm has a single value, everything
        with an empty arm.

    Raises
    ------
    ValueError
        For values that are missing or infinite, or a level outside (0, 1).

    Notes
    -----
    P(T > R) + P(T = R)/2. With S1^2 the variance of the test values' placements (the share of
    reference values below, ties half) and S2^2 that of the reference values,

    .. math:: se^2 = S_1^2/n_1 + S_2^2/n_2

    and a t quantile with Satterthwaite's degrees of freedom; no logit.

    References
    ----------
    .. [1] Brunner & Munzel 2000.

    Examples
    --------
    >>> result = brunner_munzel([5, 4, 4, 3, 5, 4, 5, 3], [4, 4, 3, 3, 5, 4, 4, 2])
    >>> round(result.estimate, 4), round(result.se, 4), round(result.df, 2)
    (0.6484, 0.1362, 13.87)
    """
    test_, reference_ = sample("test", test), sample("reference", reference)
    check_level(level)
    method, n = "win_probability.brunner_munzel", len(test_) + len(reference_)
    smaller = min(len(test_), len(reference_))
    try:
        contrast = _contrast(test_, reference_)
    except NotEstimableError as problem:
        return WinProbability(
            method=method,
            estimate=float(_share_below(test_, reference_).mean()) if smaller else None,
            se=0.0 if smaller > 1 else None,
            level=level,
            n=n,
            undefined=True,
            reason=problem.reason,
        )
    low, high = contrast.interval(level)
    return WinProbability(
        method=method,
        estimate=contrast.estimate,
        se=contrast.se,
        df=contrast.df,
        ci_low=low,
        ci_high=high,
        level=level,
        n=n,
    )


def brunner_munzel_test(
    test: Numbers,
    reference: Numbers,
    *,
    margin: float = 0.0,
    alternative: str = "greater",
) -> TestResult:
    """Brunner and Munzel's test of a margin of the win probability.

    Parameters
    ----------
    test, reference
        The values of each arm (lists, any lengths), of any scale that has an order.
    margin
        The win probability less 0.5 under the null hypothesis, between -0.5 and 0.5.
    alternative
        "greater" (null: win probability <= 0.5 + margin), "less" (null: >= 0.5 + margin) or
        "two-sided".

    Returns
    -------
    TestResult
        ``statistic``, ``df`` and ``p_value``, one-sided unless "two-sided". Undefined where the
        standard error is 0 or an arm has fewer than two values.

    Raises
    ------
    ValueError
        For values that are missing or infinite, a margin out of range or an unknown
        alternative.

    Notes
    -----
    (estimate - (0.5 + margin))/se with se and df of :func:`brunner_munzel`.

    References
    ----------
    .. [1] Brunner & Munzel 2000.

    Examples
    --------
    >>> result = brunner_munzel_test([5, 4, 4, 3, 5], [4, 4, 3, 3, 5, 2], margin=-0.1)
    >>> round(result.statistic, 3), round(result.df, 3), round(result.p_value, 3)
    (1.854, 8.999, 0.048)
    """
    test_, reference_ = sample("test", test), sample("reference", reference)
    margin = margin_in(-0.5, 0.5, margin)
    check_option("alternative", alternative, ALTERNATIVES)
    method = "win_probability.brunner_munzel_test"
    try:
        contrast = _contrast(test_, reference_)
    except NotEstimableError as problem:
        return TestResult(method=method, p_value=None, undefined=True, reason=problem.reason)
    statistic = contrast.statistic(0.5 + margin)
    return TestResult(
        method=method,
        statistic=statistic,
        df=contrast.df,
        p_value=student_p(statistic, contrast.df, alternative),
    )


def paired_clustered(
    test: Numbers, reference: Numbers, cluster: Labels, *, level: float = 0.95
) -> ClusteredWinProbability:
    """Win probability of pairs in clusters (readings of a case): t interval over clusters.

    Parameters
    ----------
    test, reference
        The values of the same readings (lists of equal length, one pair an entry), of any
        scale that has an order.
    cluster
        Label of the cluster of each pair (list).
    level
        Two-sided level of the interval.

    Returns
    -------
    ClusteredWinProbability
        ``estimate``, ``se``, ``df`` clusters - 1, limits that are not cut at 0 and 1, ``n``
        pairs and ``clusters``. The limits are undefined with a single cluster or where all
        clusters have the same share of wins, everything without pairs.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, clusters without a
        label or a level outside (0, 1).

    Notes
    -----
    Each cluster gives the mean of 1 (test above reference), 0.5 (tie) and 0; the estimate is
    the unweighted mean of the clusters, with a t interval over them.

    References
    ----------
    .. [1] One-sample t on the clusters' means; Student 1908.

    Examples
    --------
    >>> case = ["a", "a", "b", "b", "c", "c"]
    >>> result = paired_clustered([3, 4, 4, 3, 2, 5], [2, 3, 4, 3, 3, 5], case)
    >>> round(result.estimate, 4), round(result.se, 4), result.df
    (0.5833, 0.2205, 2)
    """
    means, n = _wins_by_cluster(test, reference, cluster)
    check_level(level)
    method, k = "win_probability.paired_clustered", len(means)
    if n == 0:
        return ClusteredWinProbability(
            method=method, estimate=None, level=level, n=0, undefined=True, reason="no pair"
        )
    if k == 1:
        return ClusteredWinProbability(
            method=method,
            estimate=float(means[0]),
            level=level,
            n=n,
            clusters=1,
            undefined=True,
            reason=_ONE_CLUSTER,
        )
    contrast = _over_clusters(means)
    same = contrast.se == 0
    low, high = (None, None) if same else contrast.interval(level)
    return ClusteredWinProbability(
        method=method,
        estimate=contrast.estimate,
        se=contrast.se,
        df=contrast.df,
        ci_low=low,
        ci_high=high,
        level=level,
        n=n,
        clusters=k,
        undefined=same,
        reason=_NO_DIFFERENCE if same else "",
    )


def paired_clustered_test(
    test: Numbers,
    reference: Numbers,
    cluster: Labels,
    *,
    margin: float = 0.0,
    alternative: str = "greater",
) -> TestResult:
    """Test of a margin of the win probability of pairs in clusters: t test over clusters.

    Parameters
    ----------
    test, reference
        The values of the same readings (lists of equal length, one pair an entry), of any
        scale that has an order.
    cluster
        Label of the cluster of each pair (list).
    margin
        The win probability less 0.5 under the null hypothesis, between -0.5 and 0.5.
    alternative
        "greater" (null: win probability <= 0.5 + margin), "less" (null: >= 0.5 + margin) or
        "two-sided".

    Returns
    -------
    TestResult
        ``statistic``, ``df`` clusters - 1 and ``p_value``, one-sided unless "two-sided".
        Undefined where the limits of :func:`paired_clustered` are.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, clusters without a
        label, a margin out of range or an unknown alternative.

    Notes
    -----
    (estimate - (0.5 + margin))/se with se and df of :func:`paired_clustered`: the test rejects
    exactly when that interval, at level 1 - 2 alpha for a one-sided alpha, excludes the margin.

    References
    ----------
    .. [1] One-sample t on the clusters' means; Student 1908.

    Examples
    --------
    >>> case = ["a", "a", "b", "b", "c", "c"]
    >>> result = paired_clustered_test(
    ...     [3, 4, 4, 3, 2, 5], [2, 3, 4, 3, 3, 5], case, margin=-0.2
    ... )
    >>> round(result.statistic, 4), result.df, round(result.p_value, 4)
    (1.2851, 2, 0.1637)
    """
    means, n = _wins_by_cluster(test, reference, cluster)
    margin = margin_in(-0.5, 0.5, margin)
    check_option("alternative", alternative, ALTERNATIVES)
    reason = ""
    if len(means) < 2:
        reason = _ONE_CLUSTER if n else "no pair"
    elif np.ptp(means) == 0:
        reason = _NO_DIFFERENCE
    method = "win_probability.paired_clustered_test"
    if reason:
        return TestResult(method=method, p_value=None, undefined=True, reason=reason)
    contrast = _over_clusters(means)
    statistic = contrast.statistic(0.5 + margin)
    return TestResult(
        method=method,
        statistic=statistic,
        df=contrast.df,
        p_value=student_p(statistic, contrast.df, alternative),
    )


def _wins_by_cluster(test: Numbers, reference: Numbers, cluster: Labels) -> tuple[FloatArray, int]:
    """Return the mean of win (1), tie (0.5) and loss (0) in each cluster, and how many pairs."""
    test_, reference_ = paired_samples(test, reference)
    _, clusters = group_codes("cluster", cluster)
    check_same_length(test=test_, cluster=clusters)
    wins = (np.sign(test_ - reference_) + 1) / 2
    means: FloatArray = np.bincount(clusters, wins) / np.bincount(clusters)
    return means, len(test_)


def _over_clusters(means: FloatArray) -> MeanContrast:
    """Return the unweighted mean of the clusters, of which there are two, and its error."""
    k = len(means)
    return MeanContrast(float(means.mean()), math.sqrt(variance_of(means) / k), k - 1)


def _contrast(test: FloatArray, reference: FloatArray) -> MeanContrast:
    """Return the win probability with Brunner and Munzel's error and Satterthwaite's df."""
    n1, n2 = len(test), len(reference)
    if min(n1, n2) == 0:
        raise NotEstimableError("an arm has no subject")
    if min(n1, n2) == 1:
        raise NotEstimableError("an arm has fewer than two subjects")
    won, lost = _share_below(test, reference), _share_below(reference, test)
    share1, share2 = variance_of(won) / n1, variance_of(lost) / n2
    variance = share1 + share2
    if variance == 0:
        raise NotEstimableError("the ranks do not vary within the arms")
    df = variance**2 / (share1**2 / (n1 - 1) + share2**2 / (n2 - 1))
    return MeanContrast(float(won.mean()), math.sqrt(variance), df)


def _share_below(values: FloatArray, others: FloatArray) -> FloatArray:
    """Return the share of the others below each value, ties counting half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    share: FloatArray = below / (2 * len(others))
    return share
