"""Ratio of two proportions in the same subjects, test over reference.

The four counts are pairs: n11 positive with both, n10 with the test only, n01 with the
reference only, n00 with neither. Without a positive of the reference the ratio is infinite, or
0/0, and undefined; so is an upper limit that is infinite.
"""

from __future__ import annotations

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import FloatArray, check_level, count
from clinval.stats._distributions import normal_quantile
from clinval.stats.comparison._ratio_limits import ratio_interval

__all__ = ["tang"]


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
    both, test_only = count("n11", n11), count("n10", n10)
    reference_only, neither = count("n01", n01), count("n00", n00)
    z = normal_quantile(check_level(level))
    method, positives = "paired_ratio.tang", both + test_only + reference_only
    n = int(positives + neither)
    if n == 0:
        return Estimate(
            method=method, estimate=None, level=level, n=0, undefined=True, reason="no pair"
        )

    def gap_and_variance(w: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        # below a ratio of 1 with the arms exchanged, so that no term of the variance is negative
        up = w >= v
        larger, smaller = np.where(up, w, v), np.where(up, v, w)
        gained, lost = (
            np.where(up, test_only, reference_only),
            np.where(up, reference_only, test_only),
        )
        excess = (larger - smaller) * positives
        b = larger**2 * (both + lost) - smaller**2 * (both + gained + 2 * lost)
        constant = lost * smaller * excess
        root = np.sqrt(b**2 + 4 * smaller * constant)
        # of the two forms of the larger root take the one without cancellation
        if_positive = 2 * constant / np.where(b + root > 0, b + root, 1.0)
        if_negative = (root - b) / (2 * np.where(b < 0, smaller, 1.0))
        q = np.where(b < 0, if_negative, if_positive)
        gap = v * (both + test_only) - w * (both + reference_only)
        return gap, smaller * (q + excess)

    return ratio_interval(
        method, both + test_only, both + reference_only, gap_and_variance, z, level=level, n=n
    )
