"""Sample size and power for means: two arms, and pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import Numbers, finite
from clinval.stats._roots import bracketed_roots
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
from clinval.stats.planning._proportion_sizes import PairedSize
from clinval.stats.planning._student import one_sided_power

__all__ = [
    "MeanSize",
    "mean_difference_normal",
    "mean_difference_t",
    "mean_difference_t_power",
    "paired_mean_difference_t",
    "paired_mean_difference_t_power",
]

_LEAST_DF = 1.0  # below it no number of subjects is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSize(Result):
    """Subjects of two equal groups: as the formula gives them, and whole in total."""

    n_per_group: float
    n_total: float
    sample_size: int


def mean_difference_normal(
    sd: float,
    *,
    margin: float,
    difference: float = 0,
    alpha: float = 0.025,
    power: float = 0.9,
    alternative: str | None = None,
) -> MeanSize:
    r"""Sample size of a difference of means, normal approximation, equal groups.

    Parameters
    ----------
    sd
        Standard deviation in each group, in the unit of the values (above 0).
    margin
        The difference under the null hypothesis, signed, same unit.
    difference
        Expected difference, same unit.
    alpha
        One-sided level.
    power
        Power at the expected difference.
    alternative
        "greater" (the difference has to be shown above the margin) or "less"; without it the
        sign of the margin tells: above a negative one, below a positive one.

    Returns
    -------
    MeanSize
        ``n_per_group`` and ``n_total`` as the formula gives them; ``sample_size``, the total of
        two whole groups.

    Raises
    ------
    ValueError
        For a standard deviation that is not positive, a margin on the wrong side of the
        expected difference or levels out of range.

    Notes
    -----
    .. math:: n = 2 \sigma^2 (z_\alpha + z_\beta)^2 / (\mathrm{difference} - \delta)^2

    References
    ----------
    .. [1] Julious 2004.

    Examples
    --------
    >>> round(mean_difference_normal(10, margin=-3).n_per_group, 3)
    233.498
    """
    level, target = check_error_rates(alpha, power)
    effect = _effect(
        sd, distance(finite("difference", difference), finite("margin", margin), alternative)
    )
    return _groups("mean_difference_normal", _normal_total(effect, level, target))


def mean_difference_t(
    sd: float,
    *,
    margin: float,
    difference: float = 0,
    alpha: float = 0.025,
    power: float = 0.9,
    alternative: str | None = None,
) -> MeanSize:
    """Sample size of a difference of means by Student's test, equal groups.

    Parameters
    ----------
    sd
        Standard deviation in each group, in the unit of the values (above 0).
    margin
        The difference under the null hypothesis, signed, same unit.
    difference
        Expected difference, same unit.
    alpha
        One-sided level.
    power
        Power at the expected difference.
    alternative
        "greater" or "less", as in :func:`mean_difference_normal`.

    Returns
    -------
    MeanSize
        ``n_total``, the real number from 3 on at which the power is met, ``n_per_group`` half
        of it; ``sample_size``, the total of two whole groups.

    Raises
    ------
    ValueError
        As :func:`mean_difference_normal`.

    Notes
    -----
    Solves P(T > t(1 - alpha; n - 2)) = power, T noncentral t with n - 2 degrees of freedom and
    the noncentrality (difference - margin) sqrt(n)/(2 sd).

    References
    ----------
    .. [1] Julious 2004.

    Examples
    --------
    >>> result = mean_difference_t(10, margin=-3)
    >>> round(result.n_total, 3), result.sample_size
    (468.926, 470)
    """
    level, target = check_error_rates(alpha, power)
    effect = _effect(
        sd, distance(finite("difference", difference), finite("margin", margin), alternative)
    )
    n = _solved(effect / 2, level, target, lost=2)
    return _groups("mean_difference_t", n)


def mean_difference_t_power(
    n_total: Numbers | float,
    sd: float,
    *,
    margin: float,
    difference: float = 0,
    alpha: float = 0.025,
    alternative: str | None = None,
) -> Power:
    """Power of Student's test of a margin at one or many total numbers of subjects.

    Parameters
    ----------
    n_total
        Subjects of both equal groups together (a number or a list, 3 or more).
    sd
        Standard deviation in each group, in the unit of the values (above 0).
    margin
        The difference under the null hypothesis, signed, same unit.
    difference
        Expected difference, same unit.
    alpha
        One-sided level.
    alternative
        "greater" or "less", as in :func:`mean_difference_normal`.

    Returns
    -------
    Power
        ``power`` at each of ``n``.

    Raises
    ------
    ValueError
        For numbers below 3, a standard deviation that is not positive or a level out of
        range.

    Notes
    -----
    As :func:`mean_difference_t`; Welch's test has nearly this power in equal groups.

    References
    ----------
    .. [1] Julious 2004.

    Examples
    --------
    >>> result = mean_difference_t_power([300, 470], 10, margin=-3)
    >>> [round(value, 4) for value in result.power]
    [0.7356, 0.9007]
    """
    n, level = numbers_of("n_total", n_total, least=3), check_one_sided(alpha)
    gap = _signed_effect(sd, margin, difference, alternative)
    power = one_sided_power(gap * np.sqrt(n) / 2, n - 2, level)
    return power_result("mean_difference_t_power", n, power)


def paired_mean_difference_t(
    sd: float,
    *,
    margin: float,
    difference: float = 0,
    alpha: float = 0.025,
    power: float = 0.9,
    alternative: str | None = None,
) -> PairedSize:
    """Sample size of a mean difference within pairs by the paired t test.

    Parameters
    ----------
    sd
        Standard deviation of the differences within pairs, in their unit (above 0).
    margin
        The mean difference under the null hypothesis, signed, same unit.
    difference
        Expected mean difference, same unit.
    alpha
        One-sided level.
    power
        Power at the expected difference.
    alternative
        "greater" or "less", as in :func:`mean_difference_normal`.

    Returns
    -------
    PairedSize
        ``n_pairs``, the real number from 2 on at which the power is met, and ``sample_size``,
        whole.

    Raises
    ------
    ValueError
        As :func:`mean_difference_normal`.

    Notes
    -----
    Solves P(T > t(1 - alpha; n - 1)) = power, T noncentral t with n - 1 degrees of freedom and
    the noncentrality (difference - margin) sqrt(n)/sd.

    References
    ----------
    .. [1] Julious 2004.

    Examples
    --------
    >>> result = paired_mean_difference_t(10, margin=-3)
    >>> round(result.n_pairs, 3), result.sample_size
    (118.687, 119)
    """
    level, target = check_error_rates(alpha, power)
    effect = _effect(
        sd, distance(finite("difference", difference), finite("margin", margin), alternative)
    )
    n = _solved(effect, level, target, lost=1)
    return PairedSize(
        method="sample_size.paired_mean_difference_t", n_pairs=n, sample_size=max(whole(n), 2)
    )


def paired_mean_difference_t_power(
    n_pairs: Numbers | float,
    sd: float,
    *,
    margin: float,
    difference: float = 0,
    alpha: float = 0.025,
    alternative: str | None = None,
) -> Power:
    """Power of the paired t test of a margin at one or many numbers of pairs.

    Parameters
    ----------
    n_pairs
        Pairs with both values (a number or a list, 2 or more).
    sd
        Standard deviation of the differences within pairs, in their unit (above 0).
    margin
        The mean difference under the null hypothesis, signed, same unit.
    difference
        Expected mean difference, same unit.
    alpha
        One-sided level.
    alternative
        "greater" or "less", as in :func:`mean_difference_normal`.

    Returns
    -------
    Power
        ``power`` at each of ``n``.

    Raises
    ------
    ValueError
        For numbers below 2, a standard deviation that is not positive or a level out of
        range.

    Notes
    -----
    As :func:`paired_mean_difference_t`.

    References
    ----------
    .. [1] Julious 2004.

    Examples
    --------
    >>> result = paired_mean_difference_t_power([80, 119], 10, margin=-3)
    >>> [round(value, 4) for value in result.power]
    [0.7551, 0.9008]
    """
    n, level = numbers_of("n_pairs", n_pairs, least=2), check_one_sided(alpha)
    gap = _signed_effect(sd, margin, difference, alternative)
    power = one_sided_power(gap * np.sqrt(n), n - 1, level)
    return power_result("paired_mean_difference_t_power", n, power)


def _effect(sd: float, gap: float) -> float:
    """Return a gap in standard deviations."""
    if not finite("sd", sd) > 0:
        raise ValueError(f"sd must be above 0, not {sd:g}")
    return gap / sd


def _signed_effect(sd: float, margin: float, difference: float, alternative: str | None) -> float:
    expected, bound = finite("difference", difference), finite("margin", margin)
    return _effect(sd, side_of(expected, bound, alternative) * (expected - bound))


def _normal_total(effect: float, alpha: float, power: float) -> float:
    """Return the subjects of two equal groups by the normal approximation."""
    return (2 * (upper_quantile(alpha) + upper_quantile(1 - power)) / effect) ** 2


def _solved(effect: float, alpha: float, power: float, *, lost: int) -> float:
    """Return the real n whose t test, of noncentrality effect sqrt(n), has a power."""
    start = ((upper_quantile(alpha) + upper_quantile(1 - power)) / effect) ** 2
    n = bracketed_roots(
        lambda n: one_sided_power(effect * np.sqrt(n), n - lost, alpha) - power,
        np.array([2 * start + 100]),
        np.array([lost + _LEAST_DF]),
    )
    return float(n[0])


def _groups(function: str, total: float) -> MeanSize:
    each = total / 2
    return MeanSize(
        method=f"sample_size.{function}",
        n_per_group=each,
        n_total=total,
        sample_size=2 * max(whole(each), 2),
    )
