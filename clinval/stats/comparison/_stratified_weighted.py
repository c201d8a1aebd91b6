"""Weighted means of the differences of strata, with the errors that have closed forms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import Counts, check_level
from clinval.stats._distributions import normal_quantile, student_quantile
from clinval.stats._moments import TOO_LARGE
from clinval.stats._score import (
    TwoArms,
    difference_limits,
    small_sample_factor,
    wilson_limits,
)
from clinval.stats.comparison._strata import (
    NO_STRATA,
    ONE_STRATUM,
    StandardErrorEstimate,
    mantel_haenszel_weights,
    strata_of,
    subjects,
)

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = [
    "mantel_haenszel_sato",
    "mantel_haenszel_wald",
    "newcombe_effective_n",
    "newcombe_yan_su",
    "summary_score",
    "tdas",
]


def mantel_haenszel_sato(
    x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float = 0.95
) -> StandardErrorEstimate:
    r"""Mantel-Haenszel difference with Sato's variance, valid for many small strata.

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
    StandardErrorEstimate
        ``estimate``, ``se`` and normal limits that are not cut at -1 and 1; ``n`` counts the
        subjects of the strata that are used. Undefined when no stratum has subjects in both
        arms.

    Raises
    ------
    ValueError
        For invalid counts, lists of different length or a level outside (0, 1).

    Notes
    -----
    With w = n1 n2/N and d the weighted mean of the differences,

    .. math:: se^2 = (d P + Q) / (\sum w)^2, \quad
              P = \sum \frac{n_1^2 x_2 - n_2^2 x_1 + n_1 n_2 (n_2 - n_1)/2}{N^2}, \quad
              Q = \sum \frac{x_1 (n_2 - x_2) + x_2 (n_1 - x_1)}{2 N}

    References
    ----------
    .. [1] Sato 1989.
    .. [2] Greenland & Robins 1985.

    Examples
    --------
    >>> x1, n1, x2, n2 = [4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33]
    >>> result = mantel_haenszel_sato(x1, n1, x2, n2)
    >>> round(result.estimate, 4), round(result.se, 4)
    (-0.0929, 0.0585)
    """
    strata = strata_of(x1, n1, x2, n2)
    check_level(level)
    if subjects(strata) == 0:
        return _no_strata("mantel_haenszel_sato", level)
    total, product = strata.n1 + strata.n2, strata.n1 * strata.n2
    estimate = _weighted_mean(strata)
    unequal = strata.n1**2 * strata.x2 - strata.n2**2 * strata.x1
    unequal = unequal + product * (strata.n2 - strata.n1) / 2
    crossed = strata.x1 * (strata.n2 - strata.x2) + strata.x2 * (strata.n1 - strata.x1)
    slope, constant = np.sum(unequal / total**2), np.sum(crossed / (2 * total))
    variance = float((estimate * slope + constant) / np.sum(product / total) ** 2)
    se = math.sqrt(max(variance, 0.0))  # below 0 only by rounding
    return _normal("mantel_haenszel_sato", strata, estimate, se, level)


def mantel_haenszel_wald(
    x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float = 0.95
) -> StandardErrorEstimate:
    r"""Mantel-Haenszel difference with the unpooled variance of every stratum.

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
    StandardErrorEstimate
        ``estimate``, ``se`` and normal limits that are not cut at -1 and 1; ``n`` counts the
        subjects of the strata that are used. Undefined when no stratum has subjects in both
        arms.

    Raises
    ------
    ValueError
        For invalid counts, lists of different length or a level outside (0, 1).

    Notes
    -----
    With w = n1 n2/N and d the weighted mean of the differences,

    .. math:: se^2 = \sum w^2 \left(\hat p_1 \hat q_1 / n_1 + \hat p_2 \hat q_2 / n_2\right)
              / (\sum w)^2

    The error is 0 when no arm varies within a stratum: small strata need
    :func:`mantel_haenszel_sato` or :func:`miettinen_nurminen`.

    References
    ----------
    .. [1] Cochran 1954, Biometrics 10:417.

    Examples
    --------
    >>> x1, n1, x2, n2 = [4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33]
    >>> result = mantel_haenszel_wald(x1, n1, x2, n2)
    >>> round(result.estimate, 4), round(result.se, 4)
    (-0.0929, 0.0582)
    """
    strata = strata_of(x1, n1, x2, n2)
    check_level(level)
    if subjects(strata) == 0:
        return _no_strata("mantel_haenszel_wald", level)
    variance = strata.x1 * (strata.n1 - strata.x1) / strata.n1**3
    variance = variance + strata.x2 * (strata.n2 - strata.x2) / strata.n2**3
    se = math.sqrt(float(np.sum(_shares(strata) ** 2 * variance)))
    return _normal("mantel_haenszel_wald", strata, _weighted_mean(strata), se, level)


def newcombe_effective_n(
    x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float = 0.95
) -> Estimate:
    r"""Stratified hybrid score interval on the effective size of each arm.

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
        ``estimate``, ``ci_low`` and ``ci_high``; ``n`` counts the subjects of the strata that
        are used. Undefined when no stratum has subjects in both arms.

    Raises
    ------
    ValueError
        For invalid counts, lists of different length or a level outside (0, 1).

    Notes
    -----
    With weights w = n1 n2/N scaled to the sum 1, arm i has the proportion P_i = sum w x/n and
    the effective size 1/lambda_i, lambda_i = sum w^2/n. Wilson's limits (l_i, u_i) of P_i/lambda_i
    successes in 1/lambda_i subjects give

    .. math:: d - z \sqrt{\lambda_1 l_1 (1 - l_1) + \lambda_2 u_2 (1 - u_2)}, \quad
              d + z \sqrt{\lambda_1 u_1 (1 - u_1) + \lambda_2 l_2 (1 - l_2)}

    One stratum gives :func:`risk_difference.newcombe`. This is not the interval of Yan and Su
    (:func:`newcombe_yan_su`).

    References
    ----------
    .. [1] Newcombe 1998, Stat Med 17:873, method 10, on effective sizes.

    Examples
    --------
    >>> x1, n1, x2, n2 = [4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33]
    >>> result = newcombe_effective_n(x1, n1, x2, n2)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (-0.0929, -0.2117, 0.029)
    """
    strata = strata_of(x1, n1, x2, n2)
    z = normal_quantile(check_level(level))
    if subjects(strata) == 0:
        return _no_strata("newcombe_effective_n", level)
    limits = []
    for x, n in ((strata.x1, strata.n1), (strata.x2, strata.n2)):
        effective = 1 / _inverse_size(strata, n)
        # the mean of proportions, which rounding must not take above 1
        p = np.minimum(np.sum(_shares(strata) * x / n), 1.0)
        limits.append(wilson_limits(p * effective, effective, z))
    return _hybrid("newcombe_effective_n", strata, limits, level)


def newcombe_yan_su(
    x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float = 0.95
) -> Estimate:
    r"""Stratified hybrid score interval of Yan and Su, from Wilson's limits of every stratum.

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
        ``estimate``, ``ci_low`` and ``ci_high``; ``n`` counts the subjects of the strata that
        are used. The limits are undefined when an arm varies in no stratum, everything when no
        stratum has subjects in both arms.

    Raises
    ------
    ValueError
        For invalid counts, lists of different length or a level outside (0, 1).

    Notes
    -----
    With weights w = n1 n2/N scaled to the sum 1 and v = p (1 - p)/n, the limits l_i and u_i of
    arm i are the weighted means of Wilson's limits of its strata, taken at

    .. math:: z_i = z \sqrt{\sum w^2 v} / \sum w \sqrt{v}

    and the interval follows from them as in :func:`newcombe_effective_n`.

    References
    ----------
    .. [1] Yan & Su 2010, Stat Biopharm Res 2:131.

    Examples
    --------
    >>> x1, n1, x2, n2 = [4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33]
    >>> result = newcombe_yan_su(x1, n1, x2, n2)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (-0.0929, -0.2119, 0.0291)
    """
    strata = strata_of(x1, n1, x2, n2)
    z = normal_quantile(check_level(level))
    method, n_all = "stratified_difference.newcombe_yan_su", subjects(strata)
    if n_all == 0:
        return _no_strata("newcombe_yan_su", level)
    w, limits = _shares(strata), []
    for x, n in ((strata.x1, strata.n1), (strata.x2, strata.n2)):
        variance = x * (n - x) / n**3
        if not variance.any():
            return Estimate(
                method=method,
                estimate=_weighted_mean(strata),
                level=level,
                n=n_all,
                undefined=True,
                reason="an arm varies in no stratum",
            )
        narrower = np.sqrt(np.sum(w**2 * variance)) / np.sum(w * np.sqrt(variance))
        low, high = wilson_limits(x, n, z * float(narrower))
        limits.append((np.array(np.sum(w * low)), np.array(np.sum(w * high))))
    return _hybrid("newcombe_yan_su", strata, limits, level)


def tdas(x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float = 0.95) -> Estimate:
    r"""Random-effects t interval of the difference (t distribution, asymptotic score weights).

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
        ``estimate`` and limits that are not cut at -1 and 1; ``n`` counts the subjects of the
        strata that are used. The limits are undefined with a single stratum, everything when no
        stratum has subjects in both arms.

    Raises
    ------
    ValueError
        For invalid counts, lists of different length or a level outside (0, 1).

    Notes
    -----
    With k strata, weights w = n1 n2/N and d the weighted mean of the differences d_j,

    .. math:: d \mp t_{k-1} \sqrt{\frac{\sum w (d_j - d)^2}{(k - 1) \sum w}}

    The strata count as a sample; their own errors enter only through what they scatter.

    References
    ----------
    .. [1] Laud 2017, Pharm Stat.

    Examples
    --------
    >>> x1, n1, x2, n2 = [4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33]
    >>> result = tdas(x1, n1, x2, n2)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (-0.0929, -0.2001, 0.0143)
    """
    strata = strata_of(x1, n1, x2, n2)
    check_level(level)
    method, n, k = "stratified_difference.tdas", subjects(strata), len(strata.n1)
    if n == 0:
        return _no_strata("tdas", level)
    estimate = _weighted_mean(strata)
    if k == 1:
        return Estimate(
            method=method,
            estimate=estimate,
            level=level,
            n=n,
            undefined=True,
            reason=ONE_STRATUM,
        )
    scatter = float(np.sum(_shares(strata) * (strata.difference - estimate) ** 2))
    half = student_quantile(level, k - 1) * math.sqrt(scatter / (k - 1))
    return Estimate(
        method=method,
        estimate=estimate,
        ci_low=estimate - half,
        ci_high=estimate + half,
        level=level,
        n=n,
    )


def summary_score(
    x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float = 0.95
) -> StandardErrorEstimate:
    r"""Summary score interval of SAS (COMMONRISKDIFF CL=SCORE): strata pooled by their limits.

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
    StandardErrorEstimate
        ``estimate``, ``se`` and normal limits that are not cut at -1 and 1; ``n`` counts the
        subjects of the strata that are used. Undefined when no stratum has subjects in both
        arms.

    Raises
    ------
    ValueError
        For invalid counts, lists of different length or a level outside (0, 1).

    Notes
    -----
    With the limits (l_j, u_j) of :func:`risk_difference.miettinen_nurminen` in each stratum,

    .. math:: d = \frac{\sum m_j / s_j^2}{\sum 1 / s_j^2}, \quad se^2 = 1 / \sum 1 / s_j^2,
              \quad m_j = (l_j + u_j)/2, \quad s_j = (u_j - l_j)/(2 z)

    The estimate moves with the level. This is not the stratified score interval
    (:func:`miettinen_nurminen`).

    References
    ----------
    .. [1] Agresti 2013, Categorical Data Analysis.
    .. [2] SAS/STAT, PROC FREQ.

    Examples
    --------
    >>> x1, n1, x2, n2 = [4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33]
    >>> result = summary_score(x1, n1, x2, n2)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (-0.0941, -0.202, 0.0138)
    """
    strata = strata_of(x1, n1, x2, n2)
    z = normal_quantile(check_level(level))
    if subjects(strata) == 0:
        return _no_strata("summary_score", level)
    low, high = difference_limits(strata, small_sample_factor(strata), z)
    if bool((high <= low).any()):  # next to no level, and counts next to the largest
        return StandardErrorEstimate(
            method="stratified_difference.summary_score",
            estimate=None,
            level=level,
            n=subjects(strata),
            undefined=True,
            reason=TOO_LARGE,
        )
    precision = (2 * z / (high - low)) ** 2
    estimate = float(np.sum(precision * (low + high) / 2) / precision.sum())
    return _normal("summary_score", strata, estimate, 1 / math.sqrt(precision.sum()), level)


def _shares(strata: TwoArms) -> FloatArray:
    """Return the weights n1 n2/N, scaled to the sum 1."""
    w = mantel_haenszel_weights(strata)
    shares: FloatArray = w / w.sum()
    return shares


def _weighted_mean(strata: TwoArms) -> float:
    w = mantel_haenszel_weights(strata)
    return float((w * strata.difference).sum() / w.sum())


def _inverse_size(strata: TwoArms, n: FloatArray) -> FloatArray:
    """Return 1 over the effective size of an arm that has n subjects in each stratum."""
    return np.array(np.sum(_shares(strata) ** 2 / n))


def _no_strata(function: str, level: float) -> StandardErrorEstimate:
    return StandardErrorEstimate(
        method=f"stratified_difference.{function}",
        estimate=None,
        level=level,
        n=0,
        undefined=True,
        reason=NO_STRATA,
    )


def _normal(
    function: str, strata: TwoArms, estimate: float, se: float, level: float
) -> StandardErrorEstimate:
    z = normal_quantile(level)
    return StandardErrorEstimate(
        method=f"stratified_difference.{function}",
        estimate=estimate,
        se=se,
        ci_low=estimate - z * se,
        ci_high=estimate + z * se,
        level=level,
        n=subjects(strata),
    )


def _hybrid(
    function: str,
    strata: TwoArms,
    limits: list[tuple[FloatArray, FloatArray]],
    level: float,
) -> Estimate:
    """Return the hybrid score interval that follows from the limits of both arms."""
    z, estimate = normal_quantile(level), _weighted_mean(strata)
    (low1, high1), (low2, high2) = (
        # rounding takes a limit out of [0, 1] where it does not differ from 0 or 1
        tuple(_inverse_size(strata, n) * np.maximum(limit * (1 - limit), 0.0) for limit in of_arm)
        for n, of_arm in zip((strata.n1, strata.n2), limits, strict=True)
    )
    return Estimate(
        method=f"stratified_difference.{function}",
        estimate=estimate,
        ci_low=estimate - z * math.sqrt(low1 + high2),
        ci_high=estimate + z * math.sqrt(high1 + low2),
        level=level,
        n=subjects(strata),
    )
