"""Ratio of the odds of two independent proportions, test over reference.

Arm 1 is the test arm, arm 2 the reference arm. An arm without subjects leaves everything
undefined. Without a success in the reference arm, or without a failure in the test arm, the
ratio is infinite, or 0/0, and undefined; so is an upper limit that is infinite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import (
    FloatArray,
    NotEstimableError,
    check_level,
    check_option,
    successes,
)
from clinval.stats._distributions import ALTERNATIVES, normal_quantile
from clinval.stats._roots import bracketed_roots
from clinval.stats._score import EMPTY_ARM
from clinval.stats.comparison._ratio_limits import (
    LOG_ZERO,
    RATIO_INFINITE,
    RATIO_UNDEFINED,
    WIDEST_LOG,
    GapAndVariance,
    ratio_interval,
    ratio_margin,
    ratio_test,
)

__all__ = [
    "conditional_exact",
    "fisher_exact_test",
    "miettinen_nurminen",
    "miettinen_nurminen_test",
    "woolf",
]

_TINY = float(np.finfo(np.float64).tiny)
_SLACK = 1e-7  # relative: probabilities that differ by less are equal
# tables that are looked at: so many standard deviations, and at least so many, to either side;
# what is left out has a probability below e^-700
_DEVIATIONS, _FEWEST, _MOST = 40, 400, 2_000_000


@dataclass(frozen=True, slots=True)
class _Cells:
    """The four cells: successes and failures of the test arm (a, b) and the reference (c, d)."""

    a: float
    b: float
    c: float
    d: float

    @property
    def n(self) -> int:
        return int(self.a + self.b + self.c + self.d)

    @property
    def fewest(self) -> float:
        """The fewest successes that the test arm can have, given those of both arms."""
        return self.a - min(self.a, self.d)

    @property
    def most(self) -> float:
        """The most successes that the test arm can have, given those of both arms."""
        return self.a + min(self.b, self.c)

    @property
    def has_empty_arm(self) -> bool:
        return 0 in {self.a + self.b, self.c + self.d}


def miettinen_nurminen(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    r"""Score interval of Miettinen and Nurminen, with the factor N/(N-1) in the variance.

    Parameters
    ----------
    x1, n1
        Successes and subjects in the test arm (counts).
    x2, n2
        Successes and subjects in the reference arm (counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` (the odds ratio of the sample) with ``ci_low``, 0 where the estimate is,
        and ``ci_high``; ``n`` is n1 + n2. Where the ratio is infinite or 0/0 the estimate and
        ``ci_high`` are undefined, with an empty arm everything.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, or a level outside
        (0, 1).

    Notes
    -----
    The limits are the odds ratios at which S/sqrt(V) = -/+ z,

    .. math:: S = \frac{\hat p_1 - \tilde p_1}{\tilde p_1 \tilde q_1}
              - \frac{\hat p_2 - \tilde p_2}{\tilde p_2 \tilde q_2}, \quad
              V = \left(\frac{1}{n_1 \tilde p_1 \tilde q_1}
              + \frac{1}{n_2 \tilde p_2 \tilde q_2}\right) \frac{N}{N - 1}

    where the tilde marks the maximum likelihood estimates at the odds ratio. They keep the
    number of successes, so that S/sqrt(V) is (x1 - n1 p1)/sqrt(H N/(N-1)) with
    1/H = 1/(n1 p1 q1) + 1/(n2 p2 q2). No correction of bias or skewness.

    References
    ----------
    .. [1] Miettinen & Nurminen 1985, Stat Med 4:213.

    Examples
    --------
    >>> result = miettinen_nurminen(56, 70, 48, 80)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (2.6667, 1.2816, 5.5402)
    """
    cells = _cells(x1, n1, x2, n2)
    z = normal_quantile(check_level(level))
    method = "odds_ratio.miettinen_nurminen"
    if cells.has_empty_arm:
        return _without_limits(method, cells, level)
    return ratio_interval(
        method,
        cells.a * cells.d,
        cells.b * cells.c,
        _score(cells),
        z,
        level=level,
        n=cells.n,
    )


def miettinen_nurminen_test(
    x1: int,
    n1: int,
    x2: int,
    n2: int,
    *,
    margin: float = 1.0,
    alternative: str = "greater",
) -> TestResult:
    """Score test of an odds ratio by Miettinen and Nurminen, with the factor N/(N-1).

    Parameters
    ----------
    x1, n1
        Successes and subjects in the test arm (counts).
    x2, n2
        Successes and subjects in the reference arm (counts).
    margin
        The odds ratio under the null hypothesis, above 0.
    alternative
        "greater" (null: odds ratio <= margin), "less" (null: odds ratio >= margin) or
        "two-sided".

    Returns
    -------
    TestResult
        ``statistic`` (standard normal) and ``p_value``, one-sided unless "two-sided".
        Undefined when an arm is empty and when all subjects of both arms succeed, or none.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, a margin that is not
        above 0 or an unknown alternative.

    Notes
    -----
    S/sqrt(V) of :func:`miettinen_nurminen` at the margin: the test rejects exactly when that
    interval, at level 1 - 2 alpha for a one-sided alpha, excludes the margin. At 1 its square is
    :func:`stratified_odds_ratio.cochran_mantel_haenszel_test` of a single stratum.

    References
    ----------
    .. [1] Miettinen & Nurminen 1985, Stat Med 4:213.

    Examples
    --------
    >>> result = miettinen_nurminen_test(85, 100, 88, 100, margin=0.5)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (1.0491, 0.1471)
    """
    cells = _cells(x1, n1, x2, n2)
    margin = ratio_margin(margin)
    check_option("alternative", alternative, ALTERNATIVES)
    method = "odds_ratio.miettinen_nurminen_test"
    if cells.has_empty_arm:
        return TestResult(method=method, p_value=None, undefined=True, reason=EMPTY_ARM)
    return ratio_test(method, _score(cells), margin, alternative)


def woolf(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    r"""Wald interval of the logarithm of the odds ratio, nothing added to the cells.

    Parameters
    ----------
    x1, n1
        Successes and subjects in the test arm (counts).
    x2, n2
        Successes and subjects in the reference arm (counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` (the odds ratio of the sample) with ``ci_low`` and ``ci_high``; ``n`` is
        n1 + n2. The limits are undefined with an empty cell, the estimate where it is infinite
        or 0/0, everything with an empty arm.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, or a level outside
        (0, 1).

    Notes
    -----
    .. math:: \hat\theta \exp(\mp z s), \quad
              s^2 = \frac{1}{x_1} + \frac{1}{n_1 - x_1} + \frac{1}{x_2} + \frac{1}{n_2 - x_2}

    References
    ----------
    .. [1] Woolf 1955, Ann Hum Genet 19:251.

    Examples
    --------
    >>> result = woolf(56, 70, 48, 80)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (2.6667, 1.2762, 5.572)
    """
    cells = _cells(x1, n1, x2, n2)
    z = normal_quantile(check_level(level))
    method = "odds_ratio.woolf"
    if cells.has_empty_arm or 0 in {cells.a, cells.b, cells.c, cells.d}:
        return _without_limits(method, cells, level)
    estimate = cells.a * cells.d / (cells.b * cells.c)
    half = z * math.sqrt(1 / cells.a + 1 / cells.b + 1 / cells.c + 1 / cells.d)
    return Estimate(
        method=method,
        estimate=estimate,
        ci_low=estimate * math.exp(-half),
        ci_high=estimate * math.exp(half),
        level=level,
        n=cells.n,
    )


def conditional_exact(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    r"""Exact interval of Cornfield, and the estimate, from the noncentral hypergeometric law.

    Parameters
    ----------
    x1, n1
        Successes and subjects in the test arm (counts).
    x2, n2
        Successes and subjects in the reference arm (counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` (conditional maximum likelihood) with ``ci_low``, 0 where the estimate is,
        and ``ci_high``; ``n`` is n1 + n2. Where the ratio is infinite or 0/0 the estimate and
        ``ci_high`` are undefined, with an empty arm or all cells above some 10^9 everything.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, or a level outside
        (0, 1).

    Notes
    -----
    Given the number of successes x1 + x2 of both arms, X has probabilities proportional to

    .. math:: \binom{n_1}{k} \binom{n_2}{x_1 + x_2 - k} \theta^k

    The estimate makes the mean of X equal to x1; the limits make P(X >= x1) and P(X <= x1)
    equal to (1 - level)/2.

    References
    ----------
    .. [1] Fisher 1935, J R Stat Soc 98:39.
    .. [2] Cornfield 1956.

    Examples
    --------
    >>> result = conditional_exact(56, 70, 48, 80)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (2.6492, 1.2091, 6.0399)
    """
    cells = _cells(x1, n1, x2, n2)
    tail = (1 - check_level(level)) / 2
    method = "odds_ratio.conditional_exact"
    if cells.has_empty_arm:
        return _without_limits(method, cells, level)
    try:
        # at any ratio the variance is at most the smallest cell that is expected
        smallest = min(cells.a, cells.b, cells.c, cells.d)
        support, log_weights = _given_successes(cells, cells.a, smallest)
    except NotEstimableError as problem:
        return Estimate(
            method=method,
            estimate=None,
            level=level,
            n=cells.n,
            undefined=True,
            reason=problem.reason,
        )
    beyond = support - cells.a  # of large counts the powers of a ratio would lose all digits
    below, above = beyond <= 0, beyond >= 0

    def falling(log_ratios: FloatArray) -> FloatArray:
        terms = log_weights + log_ratios[:, None] * beyond
        shares = np.exp(terms - terms.max(axis=1, keepdims=True))
        shares = shares / shares.sum(axis=1, keepdims=True)
        tails = np.maximum([shares[1, above].sum(), shares[2, below].sum()], _TINY)
        excess = np.log(tails / tail)
        return np.array([-shares[0] @ beyond, -excess[0], excess[1]])

    ends = np.full(3, WIDEST_LOG)
    estimate, low, high = np.exp(bracketed_roots(falling, -ends, ends))
    at_start, at_end = cells.a == cells.fewest, cells.a == cells.most
    reason = RATIO_INFINITE if at_end else ""
    if at_start and at_end:
        reason = RATIO_UNDEFINED
    return Estimate(
        method=method,
        estimate=None if at_end else 0.0 if at_start else float(estimate),
        ci_low=0.0 if at_start else float(low),
        ci_high=None if at_end else float(high),
        level=level,
        n=cells.n,
        undefined=bool(reason),
        reason=reason,
    )


def fisher_exact_test(
    x1: int, n1: int, x2: int, n2: int, *, alternative: str = "two-sided"
) -> TestResult:
    """Fisher's exact test of an odds ratio of 1.

    Parameters
    ----------
    x1, n1
        Successes and subjects in the test arm (counts).
    x2, n2
        Successes and subjects in the reference arm (counts).
    alternative
        "greater" (null: odds ratio <= 1), "less" (null: odds ratio >= 1) or "two-sided".

    Returns
    -------
    TestResult
        ``p_value``, 1 when all subjects succeed, or none. Undefined when an arm is empty or all
        cells are above some 10^9.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, or an unknown
        alternative.

    Notes
    -----
    One-sided: P(X >= x1) or P(X <= x1) of the hypergeometric law given the successes of both
    arms. Two-sided: the sum of P(X = k) over all k with P(X = k) <= P(X = x1), with a relative
    slack of 1e-7 for rounding.

    References
    ----------
    .. [1] Fisher 1935, J R Stat Soc 98:39.

    Examples
    --------
    >>> round(fisher_exact_test(56, 70, 48, 80).p_value, 6)
    0.012521
    """
    cells = _cells(x1, n1, x2, n2)
    check_option("alternative", alternative, ALTERNATIVES)
    method = "odds_ratio.fisher_exact_test"
    if cells.has_empty_arm:
        return TestResult(method=method, p_value=None, undefined=True, reason=EMPTY_ARM)
    m, k, hits, misses = (
        first + second
        for first, second in (
            (cells.a, cells.b),
            (cells.c, cells.d),
            (cells.a, cells.c),
            (cells.b, cells.d),
        )
    )
    total = m + k
    variance = (m / total) * (k / total) * (hits / (total - 1)) * misses
    try:
        support, log_weights = _given_successes(cells, round(m / total * hits), variance)
    except NotEstimableError as problem:
        return TestResult(method=method, p_value=None, undefined=True, reason=problem.reason)
    shares = np.exp(log_weights - log_weights.max())
    if alternative == "greater":
        counted = support >= cells.a
    elif alternative == "less":
        counted = support <= cells.a
    else:
        # a table beyond those that are looked at has no probability that a number holds
        counted = shares <= float(shares[support == cells.a].sum()) * (1 + _SLACK)
    # what is counted over it and the rest, so that all tables together give 1
    part = float(shares[counted].sum())
    return TestResult(method=method, p_value=part / (part + float(shares[~counted].sum())))


def _cells(x1: int, n1: int, x2: int, n2: int) -> _Cells:
    a, m = successes("x1", x1, "n1", n1)
    c, k = successes("x2", x2, "n2", n2)
    return _Cells(a, m - a, c, k - c)


def _without_limits(method: str, cells: _Cells, level: float) -> Estimate:
    """Return the ratio, where it has a value, and why there is no interval."""
    numerator, denominator = cells.a * cells.d, cells.b * cells.c
    reason = LOG_ZERO
    if cells.has_empty_arm:
        reason = EMPTY_ARM
    elif denominator == 0:
        reason = RATIO_INFINITE if numerator > 0 else RATIO_UNDEFINED
    return Estimate(
        method=method,
        estimate=0.0 if denominator > 0 else None,
        level=level,
        n=cells.n,
        undefined=True,
        reason=reason,
    )


def _score(cells: _Cells) -> GapAndVariance:
    """Return the successes of the test arm above those expected at an odds ratio w/v."""
    m, k = cells.a + cells.b, cells.c + cells.d
    hits, misses = cells.a + cells.c, cells.b + cells.d
    factor = cells.n / (cells.n - 1)
    observed = np.array([cells.a, cells.b, cells.c, cells.d])
    smallest = int(np.argmin(observed))
    sign = 1 if smallest in {0, 3} else -1

    def gap_and_variance(w: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        # the quadratics of p1, q1, p2 and q2 have one discriminant, a sum of what is not negative
        root = (w * (m - hits)) ** 2 + (v * (k - hits)) ** 2
        root = np.sqrt(root + 2 * w * v * (m * k + hits * misses))
        p1 = _share(w * hits, w * (m + hits) + v * (k - hits), root, m * (v - w))
        q1 = _share(v * misses, v * (m + misses) + w * (k - misses), root, m * (w - v))
        p2 = _share(v * hits, v * (k + hits) + w * (m - hits), root, k * (w - v))
        q2 = _share(w * misses, w * (k + misses) + v * (m - misses), root, k * (v - w))
        spread1, spread2 = m * p1 * q1, k * p2 * q2
        total = spread1 + spread2
        variance = spread1 * spread2 / np.where(total == 0, 1.0, total)
        # all cells are off by the same: from the smallest, where least cancels
        expected = (m * p1, m * q1, k * p2, k * q2)[smallest]
        return sign * (observed[smallest] - expected), factor * variance

    return gap_and_variance


def _share(
    constant: float | FloatArray, b: FloatArray, root: FloatArray, a: FloatArray
) -> FloatArray:
    """Return the root in [0, 1] of a x^2 + b x = constant, root^2 = b^2 + 4 a constant."""
    # of the two forms take the one without cancellation; a is positive where b is negative
    sum_ = b + root
    if_positive = 2 * constant / np.where(sum_ > 0, sum_, 1.0)
    if_negative = (root - b) / (2 * np.where(b < 0, a, 1.0))
    return np.clip(np.where(b < 0, if_negative, if_positive), 0, 1)


def _given_successes(
    cells: _Cells, center: float, variance: float
) -> tuple[FloatArray, FloatArray]:
    """Return the possible successes of the test arm given all, and their log weights.

    Of many, those around a center; for a sum of Bernoulli variables, which this is at every odds
    ratio, Bernstein's inequality bounds what is left out.
    """
    reach = _DEVIATIONS * math.sqrt(variance + 1) + _FEWEST
    low, high = max(cells.fewest, center - reach), min(cells.most, center + reach)
    if high - low > _MOST:
        raise NotEstimableError("the counts are too large for an exact method")
    support = np.arange(math.ceil(low), math.floor(high) + 1, dtype=np.float64)
    x = support[:-1]
    a, b, c, d = cells.a, cells.b, cells.c, cells.d
    steps = np.log((a + b - x) * (a + c - x) / ((x + 1) * (d - a + x + 1)))
    return support, np.concatenate([[0.0], np.cumsum(steps)])
