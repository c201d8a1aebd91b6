"""Conditional odds ratio of two proportions in the same subjects, test over reference.

The four counts are pairs: n11 positive with both, n10 with the test only, n01 with the
reference only, n00 with neither. Only discordant pairs say something; without one that is
positive with the reference the ratio is infinite, or 0/0, and undefined.
"""

from __future__ import annotations

from scipy import special

from clinval.core.results import Estimate
from clinval.stats._checks import check_level, count
from clinval.stats.comparison._ratio_limits import RATIO_INFINITE

__all__ = ["conditional_exact"]


def conditional_exact(n11: int, n10: int, n01: int, n00: int, *, level: float = 0.95) -> Estimate:
    r"""Exact interval of the conditional odds ratio, from the binomial law of discordant pairs.

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
        ``estimate`` n10/n01 with ``ci_low``, 0 at n10 = 0, and ``ci_high``; ``n`` counts pairs.
        At n01 = 0 the estimate and ``ci_high`` are undefined, without pairs everything.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or a level outside (0, 1).

    Notes
    -----
    With Clopper and Pearson's limits a of n10 in n10 + n01 trials, the limits are a/(1 - a).
    The interval excludes 1 exactly when :func:`paired_difference.mcnemar_exact_test` rejects.

    References
    ----------
    .. [1] Breslow & Day 1980, Statistical Methods in Cancer Research, vol. 1.

    Examples
    --------
    >>> result = conditional_exact(32, 3, 11, 54)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.2727, 0.0489, 1.0324)
    """
    pairs = count("n11", n11) + count("n00", n00)
    b, c = count("n10", n10), count("n01", n01)
    tail = (1 - check_level(level)) / 2
    method, n = "paired_odds_ratio.conditional_exact", int(pairs + b + c)
    if n == 0:
        return Estimate(
            method=method, estimate=None, level=level, n=0, undefined=True, reason="no pair"
        )
    low, high = 0.0, None
    # a and 1 - a each from its own beta quantile, so that neither loses digits
    if b > 0:
        low = float(special.betaincinv(b, c + 1, tail) / special.betainccinv(c + 1, b, tail))
    if c > 0:
        high = float(special.betainccinv(b + 1, c, tail) / special.betaincinv(c, b + 1, tail))
    reason = ""
    if c == 0:
        reason = RATIO_INFINITE if b > 0 else "no discordant pair"
    return Estimate(
        method=method,
        estimate=b / c if c > 0 else None,
        ci_low=low,
        ci_high=high,
        level=level,
        n=n,
        undefined=bool(reason),
        reason=reason,
    )
