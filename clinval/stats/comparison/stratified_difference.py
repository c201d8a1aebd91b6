"""Common difference of two independent proportions over strata such as sites.

Every argument is a list with one entry a stratum. Strata in which an arm is empty say nothing
about a difference and are dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import Counts, check_level, check_option, margin_in
from clinval.stats._distributions import ALTERNATIVES, chi_square_p, normal_quantile
from clinval.stats._roots import bracketed_roots
from clinval.stats._score import (
    NO_VARIANCE,
    TwoArms,
    difference_variance,
    restricted_difference,
    score_limits,
    score_test,
    small_sample_factor,
)
from clinval.stats.comparison._strata import (
    NO_STRATA,
    ONE_STRATUM,
    StandardErrorEstimate,
    mantel_haenszel_weights,
    strata_of,
    subjects,
)
from clinval.stats.comparison._stratified_weighted import (
    mantel_haenszel_sato,
    mantel_haenszel_wald,
    newcombe_effective_n,
    newcombe_yan_su,
    summary_score,
    tdas,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray

__all__ = [
    "StandardErrorEstimate",
    "mantel_haenszel_sato",
    "mantel_haenszel_wald",
    "miettinen_nurminen",
    "miettinen_nurminen_test",
    "newcombe_effective_n",
    "newcombe_yan_su",
    "score_heterogeneity_test",
    "summary_score",
    "tdas",
]

_WEIGHTS = ("mantel_haenszel", "miettinen_nurminen", "inverse_variance")
_TINY = 1e-200  # stands for a variance of 0 where a weight is its inverse
_WEIGHT_ITERATIONS = 200
_CUTS = 200  # cells in which a root is looked for when there may be several
_PARTS = 8  # of a cell that may hold a root
_NARROW = 1e-10  # a cell that holds a root or none: T is steep or even over it
_SETTLED = 1e-14  # change of a weight, of which the sum is 1


def miettinen_nurminen(
    x1: Counts,
    n1: Counts,
    x2: Counts,
    n2: Counts,
    *,
    weights: str = "mantel_haenszel",
    level: float = 0.95,
) -> Estimate:
    r"""Stratified score interval of Miettinen and Nurminen, with N/(N-1) in every stratum.

    Parameters
    ----------
    x1, n1
        Successes and subjects of the test arm in each stratum (lists of counts).
    x2, n2
        Successes and subjects of the reference arm in each stratum (lists of counts).
    weights
        "mantel_haenszel": n1 n2/N. "miettinen_nurminen": their weights, iterated at each
        difference. "inverse_variance": the inverse of the restricted variance at each
        difference.
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate``, ``ci_low`` and ``ci_high``; ``n`` counts the subjects of the strata that
        are used. Undefined when no stratum has subjects in both arms.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, lists of different
        length, unknown weights or a level outside (0, 1).

    Notes
    -----
    The limits are the roots d of T(d) = -/+ z,

    .. math:: T(d) = \frac{\sum_j w_j (d_j - d)}{\sqrt{\sum_j w_j^2 V_j(d)}}

    with the restricted variance V_j(d) of :func:`risk_difference.miettinen_nurminen` in each
    stratum; the estimate is the root of the numerator. The weights of Miettinen and Nurminen
    are 1/([P1(1-P1)/(P2(1-P2))]/n1 + 1/n2) with the weighted means P of the restricted
    proportions; the inverse variance leaves the factor N/(N-1) out of the weight only. With the
    inverse variance T need not be monotone (a stratum without variation has an infinite weight
    at d = 0): the outermost roots are the limits, the root next to the Mantel-Haenszel
    difference is the estimate.

    References
    ----------
    .. [1] Miettinen & Nurminen 1985, Stat Med 4:213.
    .. [2] Laud 2017, Pharm Stat.

    Examples
    --------
    >>> x1, n1, x2, n2 = [4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33]
    >>> result = miettinen_nurminen(x1, n1, x2, n2)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (-0.0929, -0.2111, 0.024)
    """
    strata = strata_of(x1, n1, x2, n2)
    check_option("weights", weights, _WEIGHTS)
    z = normal_quantile(check_level(level))
    method, n = "stratified_difference.miettinen_nurminen", subjects(strata)
    if n == 0:
        return Estimate(
            method=method, estimate=None, level=level, n=n, undefined=True, reason=NO_STRATA
        )
    estimate = _common_difference(strata, weights)
    if weights == "inverse_variance":
        limits = _outermost_limits(strata, estimate, z)
    else:
        limits = score_limits(lambda d: _gap_and_variance(strata, weights, d), estimate, z)
    return Estimate(
        method=method,
        estimate=float(estimate),
        ci_low=float(limits[0]),
        ci_high=float(limits[1]),
        level=level,
        n=n,
    )


def miettinen_nurminen_test(
    x1: Counts,
    n1: Counts,
    x2: Counts,
    n2: Counts,
    *,
    margin: float = 0.0,
    weights: str = "mantel_haenszel",
    alternative: str = "greater",
) -> TestResult:
    """Stratified score test of a margin by Miettinen and Nurminen, with N/(N-1).

    Parameters
    ----------
    x1, n1
        Successes and subjects of the test arm in each stratum (lists of counts).
    x2, n2
        Successes and subjects of the reference arm in each stratum (lists of counts).
    margin
        The common difference under the null hypothesis, signed.
    weights
        As in :func:`miettinen_nurminen`.
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin) or
        "two-sided".

    Returns
    -------
    TestResult
        ``statistic`` T(margin) (standard normal) and ``p_value``, one-sided unless
        "two-sided". Undefined when no stratum has subjects in both arms or the variance under
        the null hypothesis is 0.

    Raises
    ------
    ValueError
        For invalid counts, lists of different length, a margin outside [-1, 1] or an unknown
        option.

    Notes
    -----
    T(d) of :func:`miettinen_nurminen` at d = margin.

    References
    ----------
    .. [1] Miettinen & Nurminen 1985, Stat Med 4:213.
    .. [2] Laud 2017, Pharm Stat.

    Examples
    --------
    >>> x1, n1, x2, n2 = [18, 20, 3], [20, 22, 4], [17, 19, 2], [20, 20, 5]
    >>> result = miettinen_nurminen_test(x1, n1, x2, n2, margin=-0.1)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (1.9108, 0.028)
    """
    strata = strata_of(x1, n1, x2, n2)
    check_option("weights", weights, _WEIGHTS)
    check_option("alternative", alternative, ALTERNATIVES)
    margin = margin_in(-1, 1, margin)
    method = "stratified_difference.miettinen_nurminen_test"
    if subjects(strata) == 0:
        return TestResult(method=method, p_value=None, undefined=True, reason=NO_STRATA)
    if not difference_variance(strata, np.array(margin)).any():
        return TestResult(method=method, p_value=None, undefined=True, reason=NO_VARIANCE)
    gap, variance = _gap_and_variance(strata, weights, np.array(margin))
    return score_test(method, float(gap), float(variance), alternative)


def score_heterogeneity_test(x1: Counts, n1: Counts, x2: Counts, n2: Counts) -> TestResult:
    r"""Score test that the difference is the same in all strata, with N/(N-1).

    Parameters
    ----------
    x1, n1
        Successes and subjects of the test arm in each stratum (lists of counts).
    x2, n2
        Successes and subjects of the reference arm in each stratum (lists of counts).

    Returns
    -------
    TestResult
        ``statistic`` Q (chi-square), ``df`` strata - 1 and ``p_value``. Undefined with fewer
        than two strata or when no stratum varies at the common difference.

    Raises
    ------
    ValueError
        For invalid counts or lists of different length.

    Notes
    -----
    .. math:: Q = \sum_j (d_j - \hat d)^2 / V_j(\hat d)

    with the restricted variance V_j, N/(N-1) included, at the estimate with weights n1 n2/N.
    A stratum with V_j = 0 has d_j equal to the estimate and adds nothing.

    References
    ----------
    .. [1] Laud 2017, Pharm Stat, eq. S3.

    Examples
    --------
    >>> x1, n1, x2, n2 = [4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33]
    >>> result = score_heterogeneity_test(x1, n1, x2, n2)
    >>> result.df, round(result.p_value, 4)
    (3, 0.8748)
    """
    strata = strata_of(x1, n1, x2, n2)
    method, df = "stratified_difference.score_heterogeneity_test", max(len(strata.n1) - 1, 0)
    if df == 0:
        return TestResult(
            method=method,
            p_value=None,
            df=0,
            undefined=True,
            reason=ONE_STRATUM,
        )
    estimate = _common_difference(strata, "mantel_haenszel")
    variance = small_sample_factor(strata) * difference_variance(strata, estimate)
    varies = variance > 0
    if not varies.any():
        return TestResult(
            method=method,
            p_value=None,
            df=df,
            undefined=True,
            reason="no stratum varies at the common difference",
        )
    terms = (strata.difference - estimate)[varies] ** 2 / variance[varies]
    statistic = float(terms.sum())
    return TestResult(
        method=method, statistic=statistic, df=df, p_value=chi_square_p(statistic, df)
    )


def _common_difference(strata: TwoArms, weights: str) -> FloatArray:
    """Return the root of the numerator of T."""
    differences = strata.difference
    if weights == "mantel_haenszel":
        w = mantel_haenszel_weights(strata)
        return np.array((w * differences).sum() / w.sum())
    # the weighted mean moves with d, but stays between the smallest and the largest difference;
    # it can meet d more than once, and then the root next to the plain mean is taken
    points = _grid(float(differences.min()), float(differences.max()))
    gaps = _gap_and_variance(strata, weights, points)[0]
    falls = np.flatnonzero((gaps[:-1] > 0) & (gaps[1:] <= 0))
    if len(falls) == 0:  # all differences that have weight are the smallest
        return np.array(float(points[0]))
    roots = bracketed_roots(
        lambda d: _gap_and_variance(strata, weights, d)[0], points[falls], points[falls + 1]
    )
    plain = _common_difference(strata, "mantel_haenszel")
    return np.array(roots[np.argmin(np.abs(roots - plain))])


def _grid(start: float, end: float) -> FloatArray:
    """Return points from start to end, 0 among them if it lies between.

    At 0 the weight of a stratum without variation is infinite, and T is 0.
    """
    points = np.linspace(start, end, _CUTS + 1)
    if start * end < 0:
        points = np.insert(points, np.flatnonzero(np.sign(points) != np.sign(start))[0], 0.0)
    return points


def _outermost_limits(
    strata: TwoArms, estimate: FloatArray, z: float
) -> tuple[FloatArray, FloatArray]:
    """Return the limits with the weights by inverse variance, T(d) not being monotone.

    A cell is left out only where bounds on the variances show that the test rejects all of it;
    those that may hold a root are cut until they are too small to hold one unseen.
    """
    limits = []
    for side, end in ((1.0, -1.0), (-1.0, 1.0)):

        def beyond(d: FloatArray, side: float = side) -> FloatArray:
            gap, variance = _gap_and_variance(strata, "inverse_variance", d)
            return side * gap - z * np.sqrt(variance)

        points = _grid(end, float(estimate))
        starts, ends = points[:-1], points[1:]
        while len(starts):
            # the first end that is not rejected closes the search
            last = int(np.argmax(np.append(beyond(ends) <= 0, True)))
            starts, ends = starts[: last + 1], ends[: last + 1]
            open_ = ~_rejected_throughout(strata, side, z, starts, ends)
            starts, ends = starts[open_], ends[open_]
            if not len(starts) or abs(ends[-1] - starts[-1]) <= _NARROW:
                break
            cuts = np.linspace(starts, ends, _PARTS + 1, axis=1)
            starts, ends = cuts[:, :-1].ravel(), cuts[:, 1:].ravel()
        bracket = (starts[-1], ends[-1]) if len(starts) else (points[-1], points[-1])
        limits.append(bracketed_roots(beyond, *map(np.array, bracket)))
    return limits[0], limits[1]


def _rejected_throughout(
    strata: TwoArms, side: float, z: float, starts: FloatArray, ends: FloatArray
) -> NDArray[np.bool_]:
    """Return for which cells bounds show that the statistic exceeds its quantile all over them.

    With d the restricted p1 grows and p2 falls, each from its value at one end of the cell to
    that at the other: p (1 - p) lies between its values there, or reaches 1/4 between.
    """
    at_start, at_end = (restricted_difference(strata, d[:, None]) for d in (starts, ends))
    least, most = np.zeros(at_start.p1.shape), np.zeros(at_start.p1.shape)
    for p, q, s, t, n in (
        (at_start.p1, at_end.p1, at_start.spread1, at_end.spread1, strata.n1),
        (at_start.p2, at_end.p2, at_start.spread2, at_end.spread2, strata.n2),
    ):
        least += np.minimum(s, t) / n
        most += np.where((p - 0.5) * (q - 0.5) <= 0, 0.25, np.maximum(s, t)) / n
    least, most = np.maximum(least, _TINY), np.maximum(most, _TINY)
    gaps = side * (strata.difference - ends[:, None])
    gap = np.sum(gaps / np.where(gaps >= 0, most, least), axis=1)
    variance = np.sum(small_sample_factor(strata) / least, axis=1)
    rejected: NDArray[np.bool_] = gap > z * np.sqrt(variance)
    return rejected


def _gap_and_variance(
    strata: TwoArms, weights: str, difference: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return sum w (d_j - d) and sum w^2 V_j(d) for an array of differences d."""
    d = difference[..., None]
    restricted = restricted_difference(strata, d)
    plain = restricted.spread1 / strata.n1 + restricted.spread2 / strata.n2
    if weights == "inverse_variance":
        plain = np.maximum(plain, _TINY)
        w = 1 / plain
        # scaled to a largest weight of 1, the squares cannot overflow
        w = w / w.max(axis=-1, keepdims=True)
    elif weights == "miettinen_nurminen":
        w = _iterated_weights(strata, restricted.p1, restricted.p2)
    else:
        w = mantel_haenszel_weights(strata)
    gap: FloatArray = np.sum(w * (strata.difference - d), axis=-1)
    variance: FloatArray = np.sum(w**2 * small_sample_factor(strata) * plain, axis=-1)
    return gap, variance


def _iterated_weights(strata: TwoArms, p1: FloatArray, p2: FloatArray) -> FloatArray:
    """Return Miettinen & Nurminen's weights, scaled to sum to 1.

    Multiplied by P2 (1 - P2), which is the same in all strata, the weight is
    1/(P1 (1 - P1)/n1 + P2 (1 - P2)/n2): it exists when P2 is 0 or 1. When P1 is so too, the
    variances count as equal, which is the Mantel-Haenszel weight.
    """
    w: FloatArray = np.broadcast_to(mantel_haenszel_weights(strata), p1.shape)
    w = w / w.sum(axis=-1, keepdims=True)
    for _ in range(_WEIGHT_ITERATIONS):
        mean1 = (w * p1).sum(axis=-1, keepdims=True)
        mean2 = (w * p2).sum(axis=-1, keepdims=True)
        spread1, spread2 = mean1 * (1 - mean1), mean2 * (1 - mean2)
        none = spread1 + spread2 <= _TINY
        spread1, spread2 = np.where(none, 1.0, spread1), np.where(none, 1.0, spread2)
        updated = 1 / (spread1 / strata.n1 + spread2 / strata.n2)
        updated = updated / updated.sum(axis=-1, keepdims=True)
        change = np.abs(updated - w).max()
        w = updated
        if change <= _SETTLED:
            break
    return w
