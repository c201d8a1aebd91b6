"""Difference of two independent proportions, test minus reference.

Arm 1 is the test arm, arm 2 the reference arm. An arm without subjects leaves everything
undefined.
"""

from __future__ import annotations

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import FloatArray, check_level, check_option, margin_in, successes
from clinval.stats._distributions import ALTERNATIVES, normal_quantile
from clinval.stats._score import (
    EMPTY_ARM,
    TwoArms,
    difference_variance,
    score_limits,
    score_test,
    small_sample_factor,
    wilson_limits,
)
from clinval.stats.comparison._exact_unconditional import chan_zhang, suissa_shuster_test
from clinval.stats.comparison._risk_difference_draws import (
    miettinen_nurminen_draws,
    miettinen_nurminen_test_draws,
)

__all__ = [
    "agresti_caffo",
    "chan_zhang",
    "farrington_manning",
    "farrington_manning_test",
    "miettinen_nurminen",
    "miettinen_nurminen_draws",
    "miettinen_nurminen_test",
    "miettinen_nurminen_test_draws",
    "newcombe",
    "suissa_shuster_test",
    "wald",
]


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
        ``estimate`` x1/n1 - x2/n2 with ``ci_low`` and ``ci_high`` inside [-1, 1]; ``n`` is
        n1 + n2. Undefined when an arm is empty.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, or a level outside
        (0, 1).

    Notes
    -----
    The limits are the roots d of

    .. math:: (\hat p_1 - \hat p_2 - d) / \sqrt{V(d)} = \pm z, \quad
              V(d) = \left(\tilde p_1 \tilde q_1 / n_1
              + \tilde p_2 \tilde q_2 / n_2\right) N / (N - 1)

    where the tilde marks the maximum likelihood estimates under p1 - p2 = d. A limit that is
    not reached is -1 or 1. Arms without events, or with events only, are no exception.

    References
    ----------
    .. [1] Miettinen & Nurminen 1985, Stat Med 4:213.

    Examples
    --------
    >>> result = miettinen_nurminen(56, 70, 48, 80)
    >>> round(result.ci_low, 6), round(result.ci_high, 6)
    (0.05283, 0.338173)
    """
    return _score_interval("miettinen_nurminen", _arms(x1, n1, x2, n2), level, corrected=True)


def farrington_manning(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    """Score interval of Mee, Farrington and Manning, without the factor N/(N-1).

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
        As :func:`miettinen_nurminen`.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, or a level outside
        (0, 1).

    Notes
    -----
    As :func:`miettinen_nurminen`, with the variance not multiplied by N/(N-1).

    References
    ----------
    .. [1] Mee 1984.
    .. [2] Farrington & Manning 1990, Stat Med 9:1447.

    Examples
    --------
    >>> result = farrington_manning(56, 70, 48, 80)
    >>> round(result.ci_low, 6), round(result.ci_high, 6)
    (0.053334, 0.337729)
    """
    return _score_interval("farrington_manning", _arms(x1, n1, x2, n2), level, corrected=False)


def newcombe(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    r"""Hybrid score interval of Newcombe (his method 10), without continuity correction.

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
        ``estimate``, ``ci_low`` and ``ci_high``; ``n`` is n1 + n2. Undefined when an arm is
        empty.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, or a level outside
        (0, 1).

    Notes
    -----
    With Wilson's limits (l1, u1) and (l2, u2) of the two proportions,

    .. math:: d - \sqrt{(\hat p_1 - l_1)^2 + (u_2 - \hat p_2)^2}, \quad
              d + \sqrt{(u_1 - \hat p_1)^2 + (\hat p_2 - l_2)^2}

    References
    ----------
    .. [1] Newcombe 1998, Stat Med 17:873, method 10.

    Examples
    --------
    >>> result = newcombe(56, 70, 48, 80)
    >>> round(result.ci_low, 6), round(result.ci_high, 6)
    (0.052431, 0.333873)
    """
    arms = _arms(x1, n1, x2, n2)
    z = normal_quantile(check_level(level))
    if _has_empty_arm(arms):
        return _estimate("newcombe", arms, level, None)
    low1, high1 = wilson_limits(arms.x1, arms.n1, z)
    low2, high2 = wilson_limits(arms.x2, arms.n2, z)
    p1, p2 = arms.x1 / arms.n1, arms.x2 / arms.n2
    low = float(p1 - p2 - np.hypot(p1 - low1, high2 - p2))
    high = float(p1 - p2 + np.hypot(high1 - p1, p2 - low2))
    return _estimate("newcombe", arms, level, (low, high))


def agresti_caffo(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    """Interval of Agresti and Caffo: Wald with one success and one failure added to each arm.

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
        ``estimate`` is the unadjusted x1/n1 - x2/n2; the limits are not cut at -1 and 1.
        Undefined when an arm is empty.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, or a level outside
        (0, 1).

    Notes
    -----
    With p = (x + 1)/(n + 2) in each arm: p1 - p2 -/+ z sqrt(p1 q1/(n1 + 2) + p2 q2/(n2 + 2)).

    References
    ----------
    .. [1] Agresti & Caffo 2000.

    Examples
    --------
    >>> result = agresti_caffo(56, 70, 48, 80)
    >>> round(result.ci_low, 6), round(result.ci_high, 6)
    (0.052453, 0.335758)
    """
    return _wald_interval("agresti_caffo", _arms(x1, n1, x2, n2), level, added=1)


def wald(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    """Wald interval with the unpooled variance.

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
        ``estimate`` with limits that are not cut at -1 and 1. Undefined when an arm is empty.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, or a level outside
        (0, 1).

    Notes
    -----
    d -/+ z sqrt(p1 q1/n1 + p2 q2/n2). Its width is 0 when both proportions are 0 or 1: never
    the interval to decide on.

    Examples
    --------
    >>> result = wald(56, 70, 48, 80)
    >>> round(result.ci_low, 6), round(result.ci_high, 6)
    (0.057505, 0.342495)
    """
    return _wald_interval("wald", _arms(x1, n1, x2, n2), level, added=0)


def miettinen_nurminen_test(
    x1: int,
    n1: int,
    x2: int,
    n2: int,
    *,
    margin: float = 0.0,
    alternative: str = "greater",
) -> TestResult:
    """Score test of a margin by Miettinen and Nurminen, with the factor N/(N-1).

    Parameters
    ----------
    x1, n1
        Successes and subjects in the test arm (counts).
    x2, n2
        Successes and subjects in the reference arm (counts).
    margin
        The difference under the null hypothesis, signed (-0.1 for non-inferiority when higher
        is better).
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin) or
        "two-sided".

    Returns
    -------
    TestResult
        ``statistic`` (standard normal) and ``p_value``, one-sided unless "two-sided".
        Undefined when an arm is empty or the variance under the null hypothesis is 0.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, a margin outside
        [-1, 1] or an unknown alternative.

    Notes
    -----
    (p1 - p2 - margin)/sqrt(V(margin)), V as in :func:`miettinen_nurminen`: the test rejects
    exactly when that interval, at level 1 - 2 alpha for a one-sided alpha, excludes the margin.

    References
    ----------
    .. [1] Miettinen & Nurminen 1985, Stat Med 4:213.

    Examples
    --------
    >>> result = miettinen_nurminen_test(85, 100, 88, 100, margin=-0.1)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (1.4157, 0.0784)
    """
    return _score_test(
        "miettinen_nurminen_test", _arms(x1, n1, x2, n2), margin, alternative, corrected=True
    )


def farrington_manning_test(
    x1: int,
    n1: int,
    x2: int,
    n2: int,
    *,
    margin: float = 0.0,
    alternative: str = "greater",
) -> TestResult:
    """Score test of a margin by Farrington and Manning, without the factor N/(N-1).

    Parameters
    ----------
    x1, n1
        Successes and subjects in the test arm (counts).
    x2, n2
        Successes and subjects in the reference arm (counts).
    margin
        The difference under the null hypothesis, signed.
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin) or
        "two-sided".

    Returns
    -------
    TestResult
        As :func:`miettinen_nurminen_test`.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, a margin outside
        [-1, 1] or an unknown alternative.

    Notes
    -----
    (p1 - p2 - margin)/sqrt(V(margin)), V as in :func:`farrington_manning`.

    References
    ----------
    .. [1] Farrington & Manning 1990, Stat Med 9:1447.

    Examples
    --------
    >>> result = farrington_manning_test(85, 100, 88, 100, margin=-0.1)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (1.4193, 0.0779)
    """
    return _score_test(
        "farrington_manning_test", _arms(x1, n1, x2, n2), margin, alternative, corrected=False
    )


def _arms(x1: int, n1: int, x2: int, n2: int) -> TwoArms:
    cells = (*successes("x1", x1, "n1", n1), *successes("x2", x2, "n2", n2))
    return TwoArms(*(np.array(cell) for cell in cells))


def _estimate(
    function: str, arms: TwoArms, level: float, limits: tuple[float, float] | None
) -> Estimate:
    method, n = f"risk_difference.{function}", int(arms.n1 + arms.n2)
    if limits is None:
        return Estimate(
            method=method, estimate=None, level=level, n=n, undefined=True, reason=EMPTY_ARM
        )
    return Estimate(
        method=method,
        estimate=float(arms.difference),
        ci_low=float(limits[0]),
        ci_high=float(limits[1]),
        level=level,
        n=n,
    )


def _has_empty_arm(arms: TwoArms) -> bool:
    return bool(arms.n1 == 0) or bool(arms.n2 == 0)


def _factor(arms: TwoArms, *, corrected: bool) -> FloatArray:
    return small_sample_factor(arms) if corrected else np.array(1.0)


def _score_interval(function: str, arms: TwoArms, level: float, *, corrected: bool) -> Estimate:
    z = normal_quantile(check_level(level))
    if _has_empty_arm(arms):
        return _estimate(function, arms, level, None)
    factor = _factor(arms, corrected=corrected)
    low, high = score_limits(
        lambda d: (arms.difference - d, factor * difference_variance(arms, d)),
        arms.difference,
        z,
    )
    return _estimate(function, arms, level, (float(low), float(high)))


def _wald_interval(function: str, arms: TwoArms, level: float, *, added: int) -> Estimate:
    z = normal_quantile(check_level(level))
    if _has_empty_arm(arms):
        return _estimate(function, arms, level, None)
    trials1, trials2 = arms.n1 + 2 * added, arms.n2 + 2 * added
    p1, p2 = (arms.x1 + added) / trials1, (arms.x2 + added) / trials2
    half = z * np.sqrt(p1 * (1 - p1) / trials1 + p2 * (1 - p2) / trials2)
    return _estimate(function, arms, level, (float(p1 - p2 - half), float(p1 - p2 + half)))


def _score_test(
    function: str, arms: TwoArms, margin: float, alternative: str, *, corrected: bool
) -> TestResult:
    method = f"risk_difference.{function}"
    margin = margin_in(-1, 1, margin)
    check_option("alternative", alternative, ALTERNATIVES)
    if _has_empty_arm(arms):
        return TestResult(method=method, p_value=None, undefined=True, reason=EMPTY_ARM)
    factor = _factor(arms, corrected=corrected)
    variance = float(factor * difference_variance(arms, np.array(margin)))
    return score_test(method, float(arms.difference) - margin, variance, alternative)
