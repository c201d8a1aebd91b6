"""Difference of two proportions in the same subjects, test minus reference.

The four counts are pairs: n11 positive with both, n10 with the test only, n01 with the
reference only, n00 with neither.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import check_level, check_option, count, margin_in
from clinval.stats._distributions import ALTERNATIVES, chi_square_p, normal_p, normal_quantile
from clinval.stats._score import (
    NO_VARIANCE,
    PairedTables,
    paired_variance,
    score_limits,
    wilson_limits,
)

__all__ = [
    "McNemar",
    "PairedTest",
    "bonett_price",
    "mcnemar_exact_test",
    "mcnemar_midp_test",
    "mcnemar_test",
    "nam_test",
    "newcombe",
    "tango",
]

_NO_PAIRS = "no pair"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTest(TestResult):
    """A test on ``n`` pairs."""

    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class McNemar(PairedTest):
    """McNemar's test with the difference that it tests, (n10 - n01) / n."""

    estimate: float | None


def tango(n11: int, n10: int, n01: int, n00: int, *, level: float = 0.95) -> Estimate:
    r"""Score interval of Tango, without the factor N/(N-1).

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs positive with both, with the test only, with the reference only, with neither.
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` (n10 - n01)/n with limits inside [-1, 1]; ``n`` pairs. Undefined without
        pairs.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or a level outside (0, 1).

    Notes
    -----
    With b = n10, c = n01 the limits are the roots d of

    .. math:: (b - c - n d) / \sqrt{n (2 \tilde q + d (1 - d))} = \pm z

    where q is the restricted maximum likelihood estimate of the probability of "reference
    only", the larger root of 2n q^2 + (-b - c + (2n - b + c) d) q - c d (1 - d). A limit that
    is not reached is -1 or 1. The interval has a width even without any discordant pair.

    References
    ----------
    .. [1] Tango 1998, Stat Med 17:891.

    Examples
    --------
    >>> result = tango(43, 0, 1, 0)
    >>> round(result.ci_low, 4), round(result.ci_high, 4)
    (-0.1181, 0.0594)
    """
    tables = _tables(n11, n10, n01, n00)
    z = normal_quantile(check_level(level))
    if tables.n == 0:
        return _estimate("tango", tables, level, None)
    low, high = score_limits(
        lambda d: (tables.difference - d, paired_variance(tables, d)),
        tables.difference,
        z,
    )
    return _estimate("tango", tables, level, (float(low), float(high)))


def newcombe(n11: int, n10: int, n01: int, n00: int, *, level: float = 0.95) -> Estimate:
    r"""Paired hybrid score interval of Newcombe (his method 10).

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs positive with both, with the test only, with the reference only, with neither.
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` (n10 - n01)/n with its limits; ``n`` pairs. Undefined without pairs.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or a level outside (0, 1).

    Notes
    -----
    Wilson's limits (l1, u1), (l2, u2) of the two marginal proportions without continuity
    correction, with dl = p - l and du = u - p:

    .. math:: D - \sqrt{dl_1^2 - 2 \phi\, dl_1 du_2 + du_2^2}, \quad
              D + \sqrt{du_1^2 - 2 \phi\, du_1 dl_2 + dl_2^2}

    phi = A / sqrt(product of the four margins), 0 if that product is 0, with the continuity
    correction of A = n11 n00 - n10 n01: A - n/2 if A > n/2, 0 if 0 <= A <= n/2, A if A < 0.

    References
    ----------
    .. [1] Newcombe 1998, Stat Med 17:2635, method 10.

    Examples
    --------
    >>> result = newcombe(20, 12, 2, 16)
    >>> round(result.ci_low, 4), round(result.ci_high, 4)
    (0.0562, 0.3292)
    """
    tables = _tables(n11, n10, n01, n00)
    z = normal_quantile(check_level(level))
    if tables.n == 0:
        return _estimate("newcombe", tables, level, None)
    # whole numbers as floats: sums of narrow integers, or of text, are not those of the counts
    both, neither, n = count("n11", n11), count("n00", n00), float(tables.n)
    positive1, positive2 = both + float(tables.n10), both + float(tables.n01)
    margins = positive1 * (n - positive1) * positive2 * (n - positive2)
    association = both * neither - float(tables.n10) * float(tables.n01)
    if association > 0:
        association = max(association - n / 2, 0.0)
    phi = association / math.sqrt(margins) if margins > 0 else 0.0
    p1, p2 = positive1 / n, positive2 / n
    low1, high1 = wilson_limits(np.array(positive1), tables.n, z)
    low2, high2 = wilson_limits(np.array(positive2), tables.n, z)
    below1, above1 = p1 - float(low1), float(high1) - p1
    below2, above2 = p2 - float(low2), float(high2) - p2
    down = below1**2 - 2 * phi * below1 * above2 + above2**2
    up = above1**2 - 2 * phi * above1 * below2 + below2**2
    difference = float(tables.difference)
    # the squares are those of a triangle's third side: below 0 only by rounding
    low, high = difference - math.sqrt(max(down, 0)), difference + math.sqrt(max(up, 0))
    return _estimate("newcombe", tables, level, (low, high))


def bonett_price(n11: int, n10: int, n01: int, n00: int, *, level: float = 0.95) -> Estimate:
    """Interval of Bonett and Price: Wald after one pair is added to each discordant cell.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs positive with both, with the test only, with the reference only, with neither.
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` is the unadjusted (n10 - n01)/n; the limits are not cut at -1 and 1.
        Undefined without pairs.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or a level outside (0, 1).

    Notes
    -----
    p = (n10 + 1)/(n + 2), q = (n01 + 1)/(n + 2): p - q -/+ z sqrt((p + q - (p - q)^2)/(n + 2)).

    References
    ----------
    .. [1] Bonett & Price 2012.

    Examples
    --------
    >>> result = bonett_price(20, 12, 2, 16)
    >>> round(result.ci_low, 4), round(result.ci_high, 4)
    (0.0509, 0.3337)
    """
    tables = _tables(n11, n10, n01, n00)
    z = normal_quantile(check_level(level))
    if tables.n == 0:
        return _estimate("bonett_price", tables, level, None)
    total = float(tables.n) + 2
    p, q = (float(tables.n10) + 1) / total, (float(tables.n01) + 1) / total
    half = z * math.sqrt((p + q - (p - q) ** 2) / total)
    return _estimate("bonett_price", tables, level, (p - q - half, p - q + half))


def nam_test(
    n11: int,
    n10: int,
    n01: int,
    n00: int,
    *,
    margin: float = 0.0,
    alternative: str = "greater",
) -> PairedTest:
    """Score test of a margin by Nam: Tango's statistic at the margin.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs positive with both, with the test only, with the reference only, with neither.
    margin
        The difference under the null hypothesis, signed (-0.1 for non-inferiority when higher
        is better).
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin) or
        "two-sided".

    Returns
    -------
    PairedTest
        ``statistic`` (standard normal) and ``p_value``, one-sided unless "two-sided".
        Undefined without pairs or when the variance under the null hypothesis is 0.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, a margin outside [-1, 1] or an unknown
        alternative.

    Notes
    -----
    (b - c - n d)/sqrt(n (2 q + d (1 - d))) at d = margin, q as in :func:`tango`: the test
    rejects exactly when that interval, at level 1 - 2 alpha for a one-sided alpha, excludes the
    margin.

    References
    ----------
    .. [1] Nam 1997, Biometrics 53:1422.
    .. [2] Tango 1998, Stat Med 17:891.

    Examples
    --------
    >>> result = nam_test(43, 0, 1, 0, margin=-0.1)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (1.7086, 0.0438)
    """
    tables = _tables(n11, n10, n01, n00)
    margin = margin_in(-1, 1, margin)
    check_option("alternative", alternative, ALTERNATIVES)
    method, n = "paired_difference.nam_test", int(tables.n)
    if n == 0:
        return PairedTest(method=method, p_value=None, n=0, undefined=True, reason=_NO_PAIRS)
    variance = float(paired_variance(tables, np.array(margin)))
    if variance == 0:
        return PairedTest(method=method, p_value=None, n=n, undefined=True, reason=NO_VARIANCE)
    statistic = (float(tables.difference) - margin) / math.sqrt(variance)
    return PairedTest(
        method=method, statistic=statistic, p_value=normal_p(statistic, alternative), n=n
    )


def mcnemar_exact_test(n11: int, n10: int, n01: int, n00: int) -> PairedTest:
    """McNemar's exact test, two-sided: twice the smaller binomial tail.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs positive with both, with the test only, with the reference only, with neither.

    Returns
    -------
    PairedTest
        ``p_value``, 1 without any discordant pair, and ``n`` pairs.

    Raises
    ------
    ValueError
        For counts that are negative or not whole.

    Notes
    -----
    min(1, 2 P(X <= min(n10, n01))), X binomial with n10 + n01 trials of probability 1/2.

    References
    ----------
    .. [1] McNemar 1947.

    Examples
    --------
    >>> mcnemar_exact_test(30, 0, 6, 50).p_value
    0.03125
    """
    tables = _tables(n11, n10, n01, n00)
    below, at = _smaller_tail(tables)
    return PairedTest(
        method="paired_difference.mcnemar_exact_test",
        p_value=min(1.0, 2 * (below + at)),
        n=int(tables.n),
    )


def mcnemar_midp_test(n11: int, n10: int, n01: int, n00: int) -> PairedTest:
    """McNemar's mid-p test, two-sided: the observed table counts half.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs positive with both, with the test only, with the reference only, with neither.

    Returns
    -------
    PairedTest
        ``p_value``, 1 without any discordant pair and when n10 = n01, and ``n`` pairs.

    Raises
    ------
    ValueError
        For counts that are negative or not whole.

    Notes
    -----
    min(1, 2 [P(X < m) + P(X = m)/2]), m = min(n10, n01), X binomial with n10 + n01 trials of
    probability 1/2.

    References
    ----------
    .. [1] Fagerland, Lydersen & Laake 2013.

    Examples
    --------
    >>> mcnemar_midp_test(30, 0, 6, 50).p_value
    0.015625
    """
    tables = _tables(n11, n10, n01, n00)
    below, at = _smaller_tail(tables)
    return PairedTest(
        method="paired_difference.mcnemar_midp_test",
        p_value=min(1.0, 2 * below + at),
        n=int(tables.n),
    )


def mcnemar_test(n11: int, n10: int, n01: int, n00: int, *, continuity: bool = False) -> McNemar:
    """McNemar's asymptotic test, by default without continuity correction.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs positive with both, with the test only, with the reference only, with neither.
        For a difference of specificities count correct negatives as positive.
    continuity
        True subtracts 1 from abs(n10 - n01).

    Returns
    -------
    McNemar
        ``estimate`` (n10 - n01)/n, ``statistic`` (chi-square), ``df`` 1, ``p_value`` and ``n``.
        The test is undefined without any discordant pair, everything without any pair.

    Raises
    ------
    ValueError
        For counts that are negative or not whole.

    Notes
    -----
    (b - c)^2/(b + c), or (abs(b - c) - 1)^2/(b + c), with b = n10 and c = n01.

    References
    ----------
    .. [1] McNemar 1947.

    Examples
    --------
    >>> result = mcnemar_test(30, 5, 15, 50)
    >>> result.estimate, result.statistic, round(result.p_value, 4)
    (-0.1, 5.0, 0.0253)
    """
    tables = _tables(n11, n10, n01, n00)
    method, n = "paired_difference.mcnemar_test", int(tables.n)
    discordant = float(tables.n10 + tables.n01)
    if discordant == 0:
        return McNemar(
            method=method,
            estimate=0.0 if n else None,
            df=1,
            p_value=None,
            n=n,
            undefined=True,
            reason="no discordant pair" if n else _NO_PAIRS,
        )
    gap = abs(float(tables.n10 - tables.n01)) - (1 if continuity else 0)
    statistic = gap**2 / discordant
    return McNemar(
        method=method,
        estimate=float(tables.difference),
        statistic=statistic,
        df=1,
        p_value=chi_square_p(statistic, 1),
        n=n,
    )


def _tables(n11: int, n10: int, n01: int, n00: int) -> PairedTables:
    cells = (count("n11", n11), count("n10", n10), count("n01", n01), count("n00", n00))
    return PairedTables(np.array(cells[1]), np.array(cells[2]), np.array(sum(cells)))


def _estimate(
    function: str, tables: PairedTables, level: float, limits: tuple[float, float] | None
) -> Estimate:
    method, n = f"paired_difference.{function}", int(tables.n)
    if limits is None:
        return Estimate(
            method=method, estimate=None, level=level, n=n, undefined=True, reason=_NO_PAIRS
        )
    return Estimate(
        method=method,
        estimate=float(tables.difference),
        ci_low=limits[0],
        ci_high=limits[1],
        level=level,
        n=n,
    )


def _smaller_tail(tables: PairedTables) -> tuple[float, float]:
    """Return P(X < m) and P(X = m), m the smaller discordant count."""
    smaller = float(np.minimum(tables.n10, tables.n01))
    trials = float(tables.n10 + tables.n01)
    if trials == 0:
        return 0.0, 1.0
    below = float(special.bdtr(smaller - 1, int(trials), 0.5)) if smaller > 0 else 0.0
    return below, float(special.bdtr(smaller, int(trials), 0.5)) - below
