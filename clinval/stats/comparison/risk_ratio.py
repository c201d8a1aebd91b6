"""Ratio of two independent proportions, test over reference.

Arm 1 is the test arm, arm 2 the reference arm. An arm without subjects leaves everything
undefined. Without a success in the reference arm the ratio is infinite, or 0/0, and undefined;
so is an upper limit that is infinite.
"""

from __future__ import annotations

import math

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import FloatArray, check_level, check_option, successes
from clinval.stats._distributions import ALTERNATIVES, normal_quantile
from clinval.stats._score import EMPTY_ARM
from clinval.stats.comparison._ratio_limits import (
    LOG_ZERO,
    RATIO_INFINITE,
    RATIO_UNDEFINED,
    GapAndVariance,
    ratio_interval,
    ratio_margin,
    ratio_test,
)

__all__ = ["katz", "koopman", "koopman_test", "miettinen_nurminen", "miettinen_nurminen_test"]


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
        ``estimate`` (x1/n1)/(x2/n2) with ``ci_low``, 0 at x1 = 0, and ``ci_high``; ``n`` is
        n1 + n2. At x2 = 0 the estimate and ``ci_high`` are undefined, with an empty arm
        everything.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, or a level outside
        (0, 1).

    Notes
    -----
    The limits are the roots r of

    .. math:: (\hat p_1 - r \hat p_2) / \sqrt{V(r)} = \pm z, \quad
              V(r) = \left(\tilde p_1 \tilde q_1 / n_1
              + r^2 \tilde p_2 \tilde q_2 / n_2\right) N / (N - 1)

    where the tilde marks the maximum likelihood estimates under p1 = r p2.

    References
    ----------
    .. [1] Miettinen & Nurminen 1985, Stat Med 4:213.

    Examples
    --------
    >>> result = miettinen_nurminen(56, 70, 48, 80)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (1.3333, 1.079, 1.6721)
    """
    return _score_interval("miettinen_nurminen", x1, n1, x2, n2, level, corrected=True)


def koopman(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    """Score interval of Koopman, without the factor N/(N-1).

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
    .. [1] Koopman 1984, Biometrics 40:513.

    Examples
    --------
    >>> result = koopman(56, 70, 48, 80)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (1.3333, 1.0798, 1.6708)
    """
    return _score_interval("koopman", x1, n1, x2, n2, level, corrected=False)


def katz(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    r"""Wald interval of the logarithm of the ratio, nothing added to the cells.

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
        ``estimate`` (x1/n1)/(x2/n2) with ``ci_low`` and ``ci_high``; ``n`` is n1 + n2. The
        limits are undefined without a success in an arm, the estimate without one in the
        reference arm, everything with an empty arm.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, or a level outside
        (0, 1).

    Notes
    -----
    .. math:: \hat r \exp(\mp z s), \quad s^2 = 1/x_1 - 1/n_1 + 1/x_2 - 1/n_2

    The interval has no width when all subjects of both arms succeed: never the one to decide on.

    References
    ----------
    .. [1] Katz et al. 1978, Biometrics 34:469.

    Examples
    --------
    >>> result = katz(56, 70, 48, 80)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (1.3333, 1.0766, 1.6512)
    """
    a, m, b, k = _counts(x1, n1, x2, n2)
    z = normal_quantile(check_level(level))
    method, n = "risk_ratio.katz", int(m + k)
    if 0 in {m, k}:
        return _empty_arm(method, level, n)
    if 0 in {a, b}:
        reason = LOG_ZERO
        if b == 0:
            reason = RATIO_INFINITE if a > 0 else RATIO_UNDEFINED
        return Estimate(
            method=method,
            estimate=0.0 if b > 0 else None,
            level=level,
            n=n,
            undefined=True,
            reason=reason,
        )
    estimate = (a * k) / (m * b)
    # failures over successes and subjects: 1/x - 1/n without cancellation
    half = z * math.sqrt((m - a) / (a * m) + (k - b) / (b * k))
    return Estimate(
        method=method,
        estimate=estimate,
        ci_low=estimate * math.exp(-half),
        ci_high=estimate * math.exp(half),
        level=level,
        n=n,
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
    """Score test of a ratio by Miettinen and Nurminen, with the factor N/(N-1).

    Parameters
    ----------
    x1, n1
        Successes and subjects in the test arm (counts).
    x2, n2
        Successes and subjects in the reference arm (counts).
    margin
        The ratio under the null hypothesis, above 0 (0.9 for non-inferiority when higher is
        better, 1.1 with "less" when lower is).
    alternative
        "greater" (null: ratio <= margin), "less" (null: ratio >= margin) or "two-sided".

    Returns
    -------
    TestResult
        ``statistic`` (standard normal) and ``p_value``, one-sided unless "two-sided".
        Undefined when an arm is empty or the variance under the null hypothesis is 0 (no
        success in either arm; all succeed, and the margin is 1).

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, a margin that is not
        above 0 or an unknown alternative.

    Notes
    -----
    (p1 - r p2)/sqrt(V(r)) at r = margin, V as in :func:`miettinen_nurminen`: the test rejects
    exactly when that interval, at level 1 - 2 alpha for a one-sided alpha, excludes the margin.

    References
    ----------
    .. [1] Miettinen & Nurminen 1985, Stat Med 4:213.

    Examples
    --------
    >>> result = miettinen_nurminen_test(85, 100, 88, 100, margin=0.9)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (1.217, 0.1118)
    """
    return _score_test(
        "miettinen_nurminen_test", x1, n1, x2, n2, margin, alternative, corrected=True
    )


def koopman_test(
    x1: int,
    n1: int,
    x2: int,
    n2: int,
    *,
    margin: float = 1.0,
    alternative: str = "greater",
) -> TestResult:
    """Score test of a ratio by Koopman, without the factor N/(N-1).

    Parameters
    ----------
    x1, n1
        Successes and subjects in the test arm (counts).
    x2, n2
        Successes and subjects in the reference arm (counts).
    margin
        The ratio under the null hypothesis, above 0.
    alternative
        "greater" (null: ratio <= margin), "less" (null: ratio >= margin) or "two-sided".

    Returns
    -------
    TestResult
        As :func:`miettinen_nurminen_test`.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, a margin that is not
        above 0 or an unknown alternative.

    Notes
    -----
    As :func:`miettinen_nurminen_test`, with the variance of :func:`koopman`. Its square is the
    Pearson chi-square of the restricted estimates.

    References
    ----------
    .. [1] Koopman 1984, Biometrics 40:513.
    .. [2] Farrington & Manning 1990, Stat Med 9:1447.

    Examples
    --------
    >>> result = koopman_test(85, 100, 88, 100, margin=0.9)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (1.22, 0.1112)
    """
    return _score_test("koopman_test", x1, n1, x2, n2, margin, alternative, corrected=False)


def _counts(x1: int, n1: int, x2: int, n2: int) -> tuple[float, float, float, float]:
    return (*successes("x1", x1, "n1", n1), *successes("x2", x2, "n2", n2))


def _empty_arm(method: str, level: float, n: int) -> Estimate:
    return Estimate(
        method=method, estimate=None, level=level, n=n, undefined=True, reason=EMPTY_ARM
    )


def _score_interval(
    function: str, x1: int, n1: int, x2: int, n2: int, level: float, *, corrected: bool
) -> Estimate:
    a, m, b, k = cells = _counts(x1, n1, x2, n2)
    z = normal_quantile(check_level(level))
    method, n = f"risk_ratio.{function}", int(m + k)
    if 0 in {m, k}:
        return _empty_arm(method, level, n)
    score = _score(*cells, corrected=corrected)
    return ratio_interval(method, a * k, m * b, score, z, level=level, n=n)


def _score_test(
    function: str,
    x1: int,
    n1: int,
    x2: int,
    n2: int,
    margin: float,
    alternative: str,
    *,
    corrected: bool,
) -> TestResult:
    _, m, _, k = cells = _counts(x1, n1, x2, n2)
    method, margin = f"risk_ratio.{function}", ratio_margin(margin)
    check_option("alternative", alternative, ALTERNATIVES)
    if 0 in {m, k}:
        return TestResult(method=method, p_value=None, undefined=True, reason=EMPTY_ARM)
    return ratio_test(method, _score(*cells, corrected=corrected), margin, alternative)


def _score(a: float, m: float, b: float, k: float, *, corrected: bool) -> GapAndVariance:
    """Return the score of a successes of m and b of k, and its variance, at a ratio w/v."""
    factor = (m + k) / (m + k - 1) if corrected else 1.0

    def gap_and_variance(w: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        # under p1/p2 = w/v: twice the successes over b + root solves the quadratic of p2; the
        # root is written as a sum of what is not negative
        root = np.sqrt((w * (m + b) - v * (a + k)) ** 2 + 4 * w * v * (m - a) * (k - b))
        share = 2 * (a + b) / (w * (m + b) + v * (a + k) + root)
        p1, p2 = np.minimum(w * share, 1.0), np.minimum(v * share, 1.0)
        variance = v**2 * p1 * (1 - p1) / m + w**2 * p2 * (1 - p2) / k
        return v * a / m - w * b / k, factor * variance

    return gap_and_variance
