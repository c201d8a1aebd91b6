"""Ratio of two proportions in the same subjects, test over reference.

The four counts are pairs: n11 positive with both, n10 with the test only, n01 with the
reference only, n00 with neither. Without a positive of the reference the ratio is infinite, or
0/0, and undefined; so is an upper limit that is infinite.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import FloatArray, check_level, check_option, count
from clinval.stats._distributions import ALTERNATIVES, normal_quantile
from clinval.stats.comparison._ratio_limits import ratio_interval, ratio_margin, ratio_test

__all__ = ["tang", "tang_test"]

_NO_PAIRS = "no pair"


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs positive with both, with the test only, with the reference only, and all pairs."""

    both: float
    test_only: float
    reference_only: float
    n: int

    def score(self, w: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the positives of the test above those expected at a ratio w/v, the variance."""
        # below a ratio of 1 with the arms exchanged, so that no term of the variance is negative
        positives, up = self.both + self.test_only + self.reference_only, w >= v
        larger, smaller = np.where(up, w, v), np.where(up, v, w)
        gained = np.where(up, self.test_only, self.reference_only)
        lost = np.where(up, self.reference_only, self.test_only)
        excess = (larger - smaller) * positives
        b = larger**2 * (self.both + lost) - smaller**2 * (self.both + gained + 2 * lost)
        constant = lost * smaller * excess
        root = np.sqrt(b**2 + 4 * smaller * constant)
        # of the two forms of the larger root take the one without cancellation
        if_positive = 2 * constant / np.where(b + root > 0, b + root, 1.0)
        if_negative = (root - b) / (2 * np.where(b < 0, smaller, 1.0))
        q = np.where(b < 0, if_negative, if_positive)
        gap = v * (self.both + self.test_only) - w * (self.both + self.reference_only)
        return gap, smaller * (q + excess)


def tang(n11: int, n10: int, n01: int, n00: int, *, level: float = 0.95) -> Estimate:
    r"""Score interval of Tang, Tang and Chan, without N/(N-1) and correction of skewness.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs positive with both, with the test only, with the reference only, with neither
        (counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` (n11 + n10)/(n11 + n01) with ``ci_low``, 0 where the estimate is, and
        ``ci_high``; ``n`` counts pairs. Without a positive of the reference the estimate and
        ``ci_high`` are undefined, without pairs everything.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or a level outside (0, 1).

    Notes
    -----
    The limits are the ratios t at which S(t) = -/+ z,

    .. math:: S(t) = \frac{(n_{11} + n_{10}) - t (n_{11} + n_{01})}
              {\sqrt{n (\tilde p_{10} + t^2 \tilde p_{01} + (1 - t)^2 \tilde p_{11})}}

    where the tilde marks the maximum likelihood estimates under p11 + p10 = t (p11 + p01). With
    m = n - n00 and q = n p01 the variance is (1 + t) q + (t - 1) m, and q is the larger root of

    .. math:: (1 + t) q^2 + ((n_{11} + n_{01}) t^2 - (n_{11} + n_{10} + 2 n_{01})) q
              + n_{01} (1 - t) m = 0

    References
    ----------
    .. [1] Tang, Tang & Chan 2003, Stat Med 22:1217.
    .. [2] Nam & Blackwelder 2002, Stat Med 21:689.

    Examples
    --------
    >>> result = tang(32, 3, 11, 54)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.814, 0.6527, 0.9808)
    """
    pairs = _pairs(n11, n10, n01, n00)
    z = normal_quantile(check_level(level))
    method = "paired_ratio.tang"
    if pairs.n == 0:
        return Estimate(
            method=method, estimate=None, level=level, n=0, undefined=True, reason=_NO_PAIRS
        )
    positive_test, positive_reference = (
        pairs.both + pairs.test_only,
        pairs.both + pairs.reference_only,
    )
    return ratio_interval(
        method, positive_test, positive_reference, pairs.score, z, level=level, n=pairs.n
    )


def tang_test(
    n11: int,
    n10: int,
    n01: int,
    n00: int,
    *,
    margin: float = 1.0,
    alternative: str = "greater",
) -> TestResult:
    """Score test of a paired ratio by Tang, Tang and Chan: their statistic at the margin.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs positive with both, with the test only, with the reference only, with neither
        (counts).
    margin
        The ratio under the null hypothesis, above 0 (0.9 for non-inferiority when higher is
        better).
    alternative
        "greater" (null: ratio <= margin), "less" (null: ratio >= margin) or "two-sided".

    Returns
    -------
    TestResult
        ``statistic`` (standard normal) and ``p_value``, one-sided unless "two-sided".
        Undefined without pairs or when the variance under the null hypothesis is 0 (no pair
        with a positive; no discordant pair, and the margin is 1).

    Raises
    ------
    ValueError
        For counts that are negative or not whole, a margin that is not above 0 or an unknown
        alternative.

    Notes
    -----
    S(t) of :func:`tang` at t = margin: the test rejects exactly when that interval, at level
    1 - 2 alpha for a one-sided alpha, excludes the margin. At 1 its square is McNemar's
    chi-square.

    References
    ----------
    .. [1] Nam & Blackwelder 2002, Stat Med 21:689.
    .. [2] Tang, Tang & Chan 2003, Stat Med 22:1217.

    Examples
    --------
    >>> result = tang_test(82, 3, 5, 10, margin=0.9)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (1.9911, 0.0232)
    """
    pairs = _pairs(n11, n10, n01, n00)
    margin = ratio_margin(margin)
    check_option("alternative", alternative, ALTERNATIVES)
    method = "paired_ratio.tang_test"
    if pairs.n == 0:
        return TestResult(method=method, p_value=None, undefined=True, reason=_NO_PAIRS)
    return ratio_test(method, pairs.score, margin, alternative)


def _pairs(n11: int, n10: int, n01: int, n00: int) -> _Pairs:
    both, test_only = count("n11", n11), count("n10", n10)
    reference_only, neither = count("n01", n01), count("n00", n00)
    return _Pairs(both, test_only, reference_only, int(both + test_only + reference_only + neither))
