"""Common odds ratio of two independent proportions over strata such as sites.

Every argument is a list with one entry a stratum. Strata in which an arm is empty say nothing
about a ratio and are dropped.
"""

from __future__ import annotations

import math

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import Counts, check_level
from clinval.stats._distributions import chi_square_p, normal_quantile
from clinval.stats._score import NO_VARIANCE
from clinval.stats.comparison._ratio_limits import LOG_ZERO, RATIO_INFINITE, RATIO_UNDEFINED
from clinval.stats.comparison._strata import NO_STRATA, strata_of, subjects

__all__ = ["cochran_mantel_haenszel_test", "mantel_haenszel"]


def mantel_haenszel(
    x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float = 0.95
) -> Estimate:
    r"""Mantel-Haenszel odds ratio with the variance of Robins, Breslow and Greenland.

    Parameters
    ----------
    x1, n1
        Successes and subjects of the test arm in each stratum (lists of counts).
    x2, n2
        Successes and subjects of the reference arm in each stratum (lists of counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` with ``ci_low`` and ``ci_high``; ``n`` counts the subjects of the strata
        that are used. The limits are undefined where the estimate is 0, everything where it is
        infinite or 0/0 and when no stratum has subjects in both arms.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, lists of different
        length or a level outside (0, 1).

    Notes
    -----
    With R = x1 (n2 - x2)/N, S = x2 (n1 - x1)/N, P = (x1 + n2 - x2)/N and Q = 1 - P in each
    stratum,

    .. math:: \hat\theta = \frac{\sum R}{\sum S}, \quad
              \mathrm{var}(\ln \hat\theta) = \frac{\sum P R}{2 (\sum R)^2}
              + \frac{\sum (P S + Q R)}{2 \sum R \sum S} + \frac{\sum Q S}{2 (\sum S)^2}

    and the limits are those of a normal interval of the logarithm.

    References
    ----------
    .. [1] Mantel & Haenszel 1959, J Natl Cancer Inst 22:719.
    .. [2] Robins, Breslow & Greenland 1986, Biometrics 42:311.

    Examples
    --------
    >>> x1, n1, x2, n2 = [4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33]
    >>> result = mantel_haenszel(x1, n1, x2, n2)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.5774, 0.291, 1.1453)
    """
    strata = strata_of(x1, n1, x2, n2)
    z = normal_quantile(check_level(level))
    method, n = "stratified_odds_ratio.mantel_haenszel", subjects(strata)
    total = strata.n1 + strata.n2
    failures1, failures2 = strata.n1 - strata.x1, strata.n2 - strata.x2
    r, s = strata.x1 * failures2 / total, strata.x2 * failures1 / total
    p, q = (strata.x1 + failures2) / total, (strata.x2 + failures1) / total
    above, below = float(r.sum()), float(s.sum())
    reason = ""
    if n == 0:
        reason = NO_STRATA
    elif below == 0:
        reason = RATIO_INFINITE if above > 0 else RATIO_UNDEFINED
    elif above == 0:
        reason = LOG_ZERO
    if reason:
        return Estimate(
            method=method,
            estimate=0.0 if below > 0 else None,
            level=level,
            n=n,
            undefined=True,
            reason=reason,
        )
    estimate = above / below
    variance = float(np.sum(p * r)) / (2 * above**2) + float(np.sum(q * s)) / (2 * below**2)
    variance += float(np.sum(p * s + q * r)) / (2 * above * below)
    half = z * math.sqrt(variance)
    return Estimate(
        method=method,
        estimate=estimate,
        ci_low=estimate * math.exp(-half),
        ci_high=estimate * math.exp(half),
        level=level,
        n=n,
    )


def cochran_mantel_haenszel_test(
    x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, continuity: bool = False
) -> TestResult:
    r"""Cochran-Mantel-Haenszel test that the common odds ratio is 1.

    Parameters
    ----------
    x1, n1
        Successes and subjects of the test arm in each stratum (lists of counts).
    x2, n2
        Successes and subjects of the reference arm in each stratum (lists of counts).
    continuity
        Whether the difference is brought nearer to 0 by 1/2, where it is at least 1/2.

    Returns
    -------
    TestResult
        ``statistic`` (chi-square), ``df`` 1 and ``p_value``, two-sided. Undefined when no
        stratum has subjects in both arms or all succeed, or none, in every stratum.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, or lists of different
        length.

    Notes
    -----
    With M = x1 + x2 in each stratum, E = M n1/N and the hypergeometric variance,

    .. math:: \frac{(|\sum (x_1 - E)| - c)^2}{\sum V}, \quad
              V = \frac{n_1 n_2 M (N - M)}{N^2 (N - 1)}

    c is 1/2 with the continuity correction, 0 without, and 0 where the difference is less than
    1/2 (as in R).

    References
    ----------
    .. [1] Mantel & Haenszel 1959, J Natl Cancer Inst 22:719.

    Examples
    --------
    >>> x1, n1, x2, n2 = [4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33]
    >>> result = cochran_mantel_haenszel_test(x1, n1, x2, n2)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (2.456, 0.1171)
    """
    strata = strata_of(x1, n1, x2, n2)
    method = "stratified_odds_ratio.cochran_mantel_haenszel_test"
    if subjects(strata) == 0:
        return TestResult(method=method, p_value=None, df=1, undefined=True, reason=NO_STRATA)
    total, hits = strata.n1 + strata.n2, strata.x1 + strata.x2
    variance = strata.n1 * strata.n2 * hits * (total - hits) / (total**2 * (total - 1))
    if not variance.any():
        return TestResult(method=method, p_value=None, df=1, undefined=True, reason=NO_VARIANCE)
    gap = abs(float(np.sum((strata.x1 * strata.n2 - strata.x2 * strata.n1) / total)))
    if continuity and gap >= 0.5:
        gap -= 0.5
    statistic = gap**2 / float(variance.sum())
    return TestResult(method=method, statistic=statistic, df=1, p_value=chi_square_p(statistic, 1))
