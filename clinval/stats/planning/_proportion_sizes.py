"""Sample size and power for a difference of proportions: two arms, and pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, Numbers, finite, fraction, margin_in
from clinval.stats._score import PairedTables, TwoArms, difference_variance, paired_variance
from clinval.stats.planning._centers import effect_of_clusters, inflation
from clinval.stats.planning._claims import (
    Power,
    check_error_rates,
    check_one_sided,
    distance,
    numbers_of,
    power_result,
    side_of,
    upper_quantile,
    whole,
)

__all__ = [
    "ArmSizes",
    "PairedSize",
    "farrington_manning",
    "farrington_manning_power",
    "nam",
    "nam_power",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSizes(Result):
    """Subjects of both arms: as the formula gives them, whole, and inflated for enrolment."""

    n_reference: float
    n_test: float
    n_total: float
    design_effect: float
    sample_size_reference: int
    sample_size_test: int
    sample_size_reference_inflated: int
    sample_size_test_inflated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedSize(Result):
    """Pairs: as the formula gives them, and whole."""

    n_pairs: float
    sample_size: int


def farrington_manning(
    p1: float,
    p2: float,
    *,
    margin: float,
    alpha: float = 0.025,
    power: float = 0.9,
    ratio: float = 1,
    dropout: float = 0,
    icc: float = 0,
    cluster_size: float = 1,
    cluster_size_cv: float = 0,
    alternative: str | None = None,
) -> ArmSizes:
    r"""Sample size of Farrington and Manning's test of two independent proportions.

    Parameters
    ----------
    p1, p2
        Expected proportions of the test and the reference arm, in [0, 1].
    margin
        The difference p1 - p2 under the null hypothesis, signed.
    alpha
        One-sided level.
    power
        Power at p1 and p2.
    ratio
        Subjects of the test arm for each one of the reference arm.
    dropout
        Expected share of subjects without a result, in [0, 1).
    icc, cluster_size, cluster_size_cv
        Correlation within clusters, their mean size and its coefficient of variation, as in
        :func:`design_effect`.
    alternative
        "greater" (the difference has to be shown above the margin) or "less"; without it the
        sign of the margin tells: above a negative one, below a positive one.

    Returns
    -------
    ArmSizes
        ``n_reference``, ``n_test`` and ``n_total`` as the formula gives them, ``design_effect``,
        ``sample_size_reference`` and ``sample_size_test`` (whole subjects with a result), and
        both ``_inflated`` for clusters and dropout.

    Raises
    ------
    ValueError
        For proportions outside [0, 1], a margin on the wrong side of the expected difference,
        a ratio that is not positive, or levels, dropout or clusters out of range.

    Notes
    -----
    .. math:: n_2 = \left(\frac{z_\alpha s_0 + z_\beta s_1}{p_1 - p_2 - \delta}\right)^2, \quad
              s^2 = p_1 q_1 / r + p_2 q_2

    where s0 takes the maximum likelihood estimates under p1 - p2 = margin that the expected
    proportions would give, and s1 the expected proportions themselves. Inflated: the unrounded
    n x design effect/(1 - dropout).

    References
    ----------
    .. [1] Farrington & Manning 1990, Stat Med 9:1447.
    .. [2] Eldridge, Ashby & Kerry 2006.

    Examples
    --------
    >>> result = farrington_manning(0.9, 0.9, margin=-0.1)
    >>> round(result.n_reference, 3), result.sample_size_reference
    (204.307, 205)
    """
    level, target = check_error_rates(alpha, power)
    s0, s1, difference = _two_arms(p1, p2, margin, ratio)
    gap = distance(difference, margin, alternative)
    effect = effect_of_clusters(icc, cluster_size, cluster_size_cv)
    factor = inflation(effect, dropout)
    n2 = ((upper_quantile(level) * s0 + upper_quantile(1 - target) * s1) / gap) ** 2
    return ArmSizes(
        method="sample_size.farrington_manning",
        n_reference=n2,
        n_test=ratio * n2,
        n_total=(1 + ratio) * n2,
        design_effect=effect,
        sample_size_reference=whole(n2),
        sample_size_test=whole(ratio * n2),
        sample_size_reference_inflated=whole(n2 * factor),
        sample_size_test_inflated=whole(ratio * n2 * factor),
    )


def farrington_manning_power(
    n_reference: Numbers | float,
    p1: float,
    p2: float,
    *,
    margin: float,
    alpha: float = 0.025,
    ratio: float = 1,
    alternative: str | None = None,
) -> Power:
    r"""Power of Farrington and Manning's test at one or many numbers of subjects.

    Parameters
    ----------
    n_reference
        Subjects of the reference arm with a result (a number or a list, 1 or more).
    p1, p2
        Expected proportions of the test and the reference arm, in [0, 1].
    margin
        The difference p1 - p2 under the null hypothesis, signed.
    alpha
        One-sided level.
    ratio
        Subjects of the test arm for each one of the reference arm.
    alternative
        "greater" or "less", as in :func:`farrington_manning`.

    Returns
    -------
    Power
        ``power`` at each of ``n``.

    Raises
    ------
    ValueError
        For proportions outside [0, 1], or numbers, a ratio or a level out of range.

    Notes
    -----
    .. math:: \Phi\left((\sqrt{n_2}\, |p_1 - p_2 - \delta| - z_\alpha s_0) / s_1\right)

    with s0 and s1 of :func:`farrington_manning`; the sign of the difference follows the side
    that is claimed. For clustered subjects divide n by the design effect first.

    References
    ----------
    .. [1] Farrington & Manning 1990, Stat Med 9:1447.

    Examples
    --------
    >>> result = farrington_manning_power([150, 205], 0.9, 0.9, margin=-0.1)
    >>> [round(value, 4) for value in result.power]
    [0.7879, 0.901]
    """
    n, z = numbers_of("n_reference", n_reference), upper_quantile(check_one_sided(alpha))
    s0, s1, difference = _two_arms(p1, p2, margin, ratio)
    gap = side_of(difference, margin, alternative) * (difference - margin)
    return power_result("farrington_manning_power", n, _normal_power(n, gap, z * s0, s1))


def nam(
    p10: float,
    p01: float,
    *,
    margin: float,
    alpha: float = 0.025,
    power: float = 0.9,
    alternative: str | None = None,
) -> PairedSize:
    r"""Sample size of Nam's score test of a paired difference of proportions.

    Parameters
    ----------
    p10, p01
        Expected shares of pairs positive with the test only and with the reference only.
    margin
        The difference p10 - p01 under the null hypothesis, signed.
    alpha
        One-sided level.
    power
        Power at p10 and p01.
    alternative
        "greater" (the difference has to be shown above the margin) or "less"; without it the
        sign of the margin tells: above a negative one, below a positive one.

    Returns
    -------
    PairedSize
        ``n_pairs`` as the formula gives it and ``sample_size``, whole.

    Raises
    ------
    ValueError
        For shares outside [0, 1] or that sum to above 1, a margin on the wrong side of the
        expected difference or levels out of range.

    Notes
    -----
    .. math:: n = \left(\frac{z_\alpha \sqrt{v_0} + z_\beta \sqrt{v_1}}
              {p_{10} - p_{01} - \delta}\right)^2

    with v0 = 2q + d(1 - d) at d = margin, q the restricted estimate of p01 that the expected
    shares give (Tango), and v1 = p10 + p01 - (p10 - p01)^2.

    References
    ----------
    .. [1] Nam 1997, Biometrics 53:1422.

    Examples
    --------
    >>> result = nam(0.05, 0.05, margin=-0.05)
    >>> round(result.n_pairs, 3), result.sample_size
    (461.399, 462)
    """
    level, target = check_error_rates(alpha, power)
    s0, s1, difference = _pairs(p10, p01, margin)
    gap = distance(difference, margin, alternative)
    n = ((upper_quantile(level) * s0 + upper_quantile(1 - target) * s1) / gap) ** 2
    return PairedSize(method="sample_size.nam", n_pairs=n, sample_size=whole(n))


def nam_power(
    n_pairs: Numbers | float,
    p10: float,
    p01: float,
    *,
    margin: float,
    alpha: float = 0.025,
    alternative: str | None = None,
) -> Power:
    r"""Power of Nam's test at one or many numbers of pairs.

    Parameters
    ----------
    n_pairs
        Pairs with both results (a number or a list, 1 or more).
    p10, p01
        Expected shares of pairs positive with the test only and with the reference only.
    margin
        The difference p10 - p01 under the null hypothesis, signed.
    alpha
        One-sided level.
    alternative
        "greater" or "less", as in :func:`nam`.

    Returns
    -------
    Power
        ``power`` at each of ``n``.

    Raises
    ------
    ValueError
        For shares outside [0, 1] or that sum to above 1, or numbers or a level out of range.

    Notes
    -----
    .. math:: \Phi\left((\sqrt n\, |p_{10} - p_{01} - \delta| - z_\alpha \sqrt{v_0})
              / \sqrt{v_1}\right)

    with v0 and v1 of :func:`nam`; the sign of the difference follows the side that is claimed.

    References
    ----------
    .. [1] Nam 1997, Biometrics 53:1422.

    Examples
    --------
    >>> result = nam_power([300, 462], 0.05, 0.05, margin=-0.05)
    >>> [round(value, 4) for value in result.power]
    [0.7336, 0.9004]
    """
    n, z = numbers_of("n_pairs", n_pairs), upper_quantile(check_one_sided(alpha))
    s0, s1, difference = _pairs(p10, p01, margin)
    gap = side_of(difference, margin, alternative) * (difference - margin)
    return power_result("nam_power", n, _normal_power(n, gap, z * s0, s1))


def _two_arms(p1: float, p2: float, margin: float, ratio: float) -> tuple[float, float, float]:
    """Return s0, s1 and the expected difference."""
    first, second = fraction("p1", p1), fraction("p2", p2)
    delta = margin_in(-1, 1, margin)
    if not finite("ratio", ratio) > 0:
        raise ValueError(f"ratio must be above 0, not {ratio:g}")
    expected = TwoArms(*(np.array(v) for v in (ratio * first, float(ratio), second, 1.0)))
    s0 = math.sqrt(float(difference_variance(expected, np.array(delta))))
    s1 = math.sqrt(first * (1 - first) / ratio + second * (1 - second))
    return s0, s1, first - second


def _pairs(p10: float, p01: float, margin: float) -> tuple[float, float, float]:
    """Return the roots of v0 and v1, and the expected difference."""
    first, second = fraction("p10", p10), fraction("p01", p01)
    delta = margin_in(-1, 1, margin)
    if first + second > 1:
        raise ValueError(f"p10 and p01 sum to {first + second:g}, more than 1")
    expected = PairedTables(np.array(first), np.array(second), np.array(1.0))
    s0 = math.sqrt(float(paired_variance(expected, np.array(delta))))
    s1 = math.sqrt(max(first + second - (first - second) ** 2, 0.0))
    return s0, s1, first - second


def _normal_power(n: FloatArray, gap: float, needed: float, s1: float) -> FloatArray:
    """Return the probability that a normal gap of standard deviation s1/sqrt(n) is enough."""
    beyond = np.sqrt(n) * gap - needed
    if s1 == 0:
        return np.where(beyond > 0, 1.0, 0.0)
    power: FloatArray = special.ndtr(beyond / s1)
    return power
