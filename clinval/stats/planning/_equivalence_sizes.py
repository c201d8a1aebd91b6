"""Sample size and power to show that a ratio lies between two limits, on the log scale."""

from __future__ import annotations

import math

from clinval.stats._checks import FloatArray, Numbers
from clinval.stats.planning._claims import (
    Power,
    check_error_rates,
    check_one_sided,
    numbers_of,
    power_result,
)
from clinval.stats.planning._ratio_designs import (
    CROSSOVER,
    PAIRED,
    RatioDesign,
    RatioSize,
    log_errors,
    positive_ratio,
    ratio_size,
)
from clinval.stats.planning._student import two_one_sided_power

__all__ = [
    "tost_ratio_crossover",
    "tost_ratio_crossover_power",
    "tost_ratio_paired",
    "tost_ratio_paired_power",
]


def tost_ratio_crossover(
    cv: float,
    *,
    theta0: float = 0.95,
    theta_low: float = 0.8,
    theta_high: float = 1.25,
    power: float = 0.8,
    alpha: float = 0.05,
) -> RatioSize:
    r"""Sample size of two one-sided tests of a ratio in a two-period crossover.

    Parameters
    ----------
    cv
        Coefficient of variation within subjects (0.3 is 30 percent).
    theta0
        Expected ratio of test over reference.
    theta_low, theta_high
        Limits of equivalence; theta0 lies between them.
    power
        Power at the expected ratio.
    alpha
        Level of each one-sided test.

    Returns
    -------
    RatioSize
        ``sample_size``, the smallest even total that has the power, and ``achieved_power``.
        Undefined beyond ten million subjects.

    Raises
    ------
    ValueError
        For numbers that are not positive, limits that do not enclose theta0 or levels out of
        range.

    Notes
    -----
    .. math:: \sigma^2 = \ln(1 + cv^2), \quad se = \sigma \sqrt{2/n}, \quad df = n - 2

    Both tests reject when the estimate lies t se inside both limits: exact, by integration over
    the estimated standard deviation (Owen's Q).

    References
    ----------
    .. [1] Phillips 1990, J Pharmacokinet Biopharm 18:137.
    .. [2] Owen 1965, Biometrika 52:437.

    Examples
    --------
    >>> result = tost_ratio_crossover(0.3)
    >>> result.sample_size, round(result.achieved_power, 4)
    (40, 0.8158)
    """
    limits = _limits(theta0, theta_low, theta_high)
    return _tost_size("tost_ratio_crossover", CROSSOVER, cv, limits, power, alpha)


def tost_ratio_crossover_power(
    n: Numbers | float,
    cv: float,
    *,
    theta0: float = 0.95,
    theta_low: float = 0.8,
    theta_high: float = 1.25,
    alpha: float = 0.05,
) -> Power:
    """Power of two one-sided tests of a ratio in a crossover at one or many totals.

    Parameters
    ----------
    n
        Subjects in total (a number or a list, 3 or more).
    cv
        Coefficient of variation within subjects (0.3 is 30 percent).
    theta0
        Expected ratio of test over reference; outside the limits the power is the type I error.
    theta_low, theta_high
        Limits of equivalence.
    alpha
        Level of each one-sided test.

    Returns
    -------
    Power
        ``power`` at each of ``n``.

    Raises
    ------
    ValueError
        For numbers that are not positive or too small, limits in the wrong order or a level out
        of range.

    Notes
    -----
    As :func:`tost_ratio_crossover`.

    References
    ----------
    .. [1] Phillips 1990, J Pharmacokinet Biopharm 18:137.

    Examples
    --------
    >>> result = tost_ratio_crossover_power([24, 40], 0.3)
    >>> [round(value, 4) for value in result.power]
    [0.5577, 0.8158]
    """
    limits = _limits(theta0, theta_low, theta_high, inside=False)
    return _tost_powers("tost_ratio_crossover_power", CROSSOVER, n, cv, limits, alpha)


def tost_ratio_paired(
    cv: float,
    *,
    theta0: float = 0.95,
    theta_low: float = 0.8,
    theta_high: float = 1.25,
    power: float = 0.8,
    alpha: float = 0.05,
) -> RatioSize:
    r"""Sample size of two one-sided tests of a ratio in pairs.

    Parameters
    ----------
    cv
        Coefficient of variation within subjects, of one measurement (0.3 is 30 percent).
    theta0
        Expected ratio of test over reference.
    theta_low, theta_high
        Limits of equivalence; theta0 lies between them.
    power
        Power at the expected ratio.
    alpha
        Level of each one-sided test.

    Returns
    -------
    RatioSize
        ``sample_size``, the smallest number of pairs that has the power, and
        ``achieved_power``. Undefined beyond ten million pairs.

    Raises
    ------
    ValueError
        As :func:`tost_ratio_crossover`.

    Notes
    -----
    .. math:: \sigma^2 = \ln(1 + cv^2), \quad se = \sigma \sqrt{2/n}, \quad df = n - 1

    References
    ----------
    .. [1] Phillips 1990, J Pharmacokinet Biopharm 18:137.

    Examples
    --------
    >>> result = tost_ratio_paired(0.25, theta0=1, power=0.9)
    >>> result.sample_size, round(result.achieved_power, 4)
    (28, 0.9029)
    """
    limits = _limits(theta0, theta_low, theta_high)
    return _tost_size("tost_ratio_paired", PAIRED, cv, limits, power, alpha)


def tost_ratio_paired_power(
    n: Numbers | float,
    cv: float,
    *,
    theta0: float = 0.95,
    theta_low: float = 0.8,
    theta_high: float = 1.25,
    alpha: float = 0.05,
) -> Power:
    """Power of two one-sided tests of a ratio in pairs at one or many numbers of pairs.

    Parameters
    ----------
    n
        Pairs (a number or a list, 2 or more).
    cv
        Coefficient of variation within subjects, of one measurement (0.3 is 30 percent).
    theta0
        Expected ratio of test over reference; outside the limits the power is the type I error.
    theta_low, theta_high
        Limits of equivalence.
    alpha
        Level of each one-sided test.

    Returns
    -------
    Power
        ``power`` at each of ``n``.

    Raises
    ------
    ValueError
        As :func:`tost_ratio_crossover_power`.

    Notes
    -----
    As :func:`tost_ratio_paired`.

    References
    ----------
    .. [1] Phillips 1990, J Pharmacokinet Biopharm 18:137.

    Examples
    --------
    >>> result = tost_ratio_paired_power([20, 28], 0.25, theta0=1)
    >>> [round(value, 4) for value in result.power]
    [0.7359, 0.9029]
    """
    limits = _limits(theta0, theta_low, theta_high, inside=False)
    return _tost_powers("tost_ratio_paired_power", PAIRED, n, cv, limits, alpha)


def _limits(
    theta0: float, theta_low: float, theta_high: float, *, inside: bool = True
) -> tuple[float, float]:
    """Return how far the logarithm of the expected ratio lies above and below its limits."""
    expected = positive_ratio("theta0", theta0)
    low, high = positive_ratio("theta_low", theta_low), positive_ratio("theta_high", theta_high)
    if low >= high:
        raise ValueError(f"theta_low {low:g} must be below theta_high {high:g}")
    if inside and not low < expected < high:
        raise ValueError(f"theta0 {expected:g} must lie between {low:g} and {high:g}")
    return math.log(expected / low), math.log(high / expected)


def _tost_power(
    design: RatioDesign, n: FloatArray, cv: float, limits: tuple[float, float], alpha: float
) -> FloatArray:
    se = log_errors(design, n, cv)
    return two_one_sided_power(limits[0] / se, limits[1] / se, n - design.lost, alpha)


def _tost_size(
    function: str,
    design: RatioDesign,
    cv: float,
    limits: tuple[float, float],
    power: float,
    alpha: float,
) -> RatioSize:
    level, target = check_error_rates(alpha, power)
    return ratio_size(function, design, lambda n: _tost_power(design, n, cv, limits, level), target)


def _tost_powers(
    function: str,
    design: RatioDesign,
    n: Numbers | float,
    cv: float,
    limits: tuple[float, float],
    alpha: float,
) -> Power:
    level, numbers = check_one_sided(alpha), numbers_of("n", n, least=design.lost + 1)
    return power_result(function, numbers, _tost_power(design, numbers, cv, limits, level))
