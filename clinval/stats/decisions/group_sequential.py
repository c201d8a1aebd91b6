"""Group sequential designs: looks at accumulating data that may stop the study for efficacy.

``information`` holds the share of the final information at each look, ending in 1. Levels are
one-sided; nothing stops for futility.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, Numbers, check_same_length, finite, sample
from clinval.stats._roots import bracketed_roots
from clinval.stats.decisions._interim import (
    ConditionalPower,
    RepeatedIntervals,
    conditional_power,
    conditional_power_trend,
    inverse_normal,
    repeated_interval,
)
from clinval.stats.decisions._looks import LEAST_STEP, Looks

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Boundaries",
    "ConditionalPower",
    "RepeatedIntervals",
    "conditional_power",
    "conditional_power_trend",
    "hwang_shih_decani",
    "inverse_normal",
    "lan_demets_obrien_fleming",
    "lan_demets_pocock",
    "obrien_fleming",
    "pocock",
    "repeated_interval",
]

_ROUNDING = 1e-9  # by which the last information may miss 1
_LARGEST_DRIFT = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundaries(Result):
    """Critical values of the looks of a design, and what it costs in information.

    A critical value is None at a look at which no alpha is spent that a number can hold.
    """

    critical_values: tuple[float | None, ...]
    stage_alpha: tuple[float, ...]
    cumulative_alpha: tuple[float, ...]
    inflation_factor: float
    information: tuple[float, ...]
    alpha: float = 0.025
    beta: float = 0.1


def lan_demets_obrien_fleming(
    information: Numbers,
    *,
    alpha: float = 0.025,
    beta: float = 0.1,
    spending_time: Numbers | None = None,
) -> Boundaries:
    r"""Alpha spending of Lan and DeMets that resembles O'Brien and Fleming's boundaries.

    Parameters
    ----------
    information
        Share of the final information at each look (list, increasing, ending in 1).
    alpha
        One-sided level of the whole design, below 0.5.
    beta
        1 - power, for the inflation factor; below 1 - alpha.
    spending_time
        The t at which alpha(t) is read at each look, where it is not the share of the final
        information (list, increasing, ending in 1): a last look with more or fewer subjects than
        planned changes the information of the looks before it, but not what they have spent.

    Returns
    -------
    Boundaries
        ``critical_values`` of the statistics, ``stage_alpha`` (the one-sided level of each
        critical value by itself), ``cumulative_alpha`` (spent up to each look) and
        ``inflation_factor``, the final information over that of a design without looks.
        Undefined where a look comes so early that the alpha spent is 0 in floating point: its
        critical value is None.

    Raises
    ------
    ValueError
        For information that does not increase, does not end in 1 or has two looks closer than
        a thousandth of the information so far, an alpha outside (0, 0.5), a beta outside
        (0, 1 - alpha) or spending times that do not increase from above 0 to 1, one a look.

    Notes
    -----
    .. math:: \alpha(t) = 2 - 2 \Phi(z_{1 - \alpha/2} / \sqrt t)

    The critical value of look k is the root of P(no stop before k, Z_k >= c_k) = alpha(t_k) -
    alpha(t_{k-1}), by recursive integration. The drift d at which the design has its power
    gives the inflation factor d^2/(z_alpha + z_beta)^2.

    References
    ----------
    .. [1] Lan & DeMets 1983.
    .. [2] Armitage, McPherson & Rowe 1969.

    Examples
    --------
    >>> result = lan_demets_obrien_fleming([0.5, 1])
    >>> [round(value, 4) for value in result.critical_values]
    [2.9626, 1.9686]
    >>> round(result.inflation_factor, 4)
    1.0034
    """
    looks = _design(information, alpha, beta)
    z = float(special.ndtri(alpha / 2))
    spent = 2 * special.ndtr(z / np.sqrt(_times(spending_time, looks)))
    return _spending("lan_demets_obrien_fleming", looks, spent, alpha, beta)


def lan_demets_pocock(
    information: Numbers,
    *,
    alpha: float = 0.025,
    beta: float = 0.1,
    spending_time: Numbers | None = None,
) -> Boundaries:
    r"""Alpha spending of Lan and DeMets that resembles Pocock's boundaries.

    Parameters
    ----------
    information
        Share of the final information at each look (list, increasing, ending in 1).
    alpha
        One-sided level of the whole design, below 0.5.
    beta
        1 - power, for the inflation factor; below 1 - alpha.
    spending_time
        As :func:`lan_demets_obrien_fleming`.

    Returns
    -------
    Boundaries
        As :func:`lan_demets_obrien_fleming`.

    Raises
    ------
    ValueError
        As :func:`lan_demets_obrien_fleming`.

    Notes
    -----
    .. math:: \alpha(t) = \alpha \ln(1 + (e - 1) t)

    References
    ----------
    .. [1] Lan & DeMets 1983.

    Examples
    --------
    >>> result = lan_demets_pocock([0.25, 0.5, 0.75, 1])
    >>> [round(value, 4) for value in result.critical_values]
    [2.3683, 2.3675, 2.3582, 2.35]
    """
    looks = _design(information, alpha, beta)
    spent = alpha * np.log1p((math.e - 1) * _times(spending_time, looks))
    return _spending("lan_demets_pocock", looks, spent, alpha, beta)


def hwang_shih_decani(
    information: Numbers,
    *,
    gamma: float,
    alpha: float = 0.025,
    beta: float = 0.1,
    spending_time: Numbers | None = None,
) -> Boundaries:
    r"""Alpha spending of Hwang, Shih and DeCani.

    Parameters
    ----------
    information
        Share of the final information at each look (list, increasing, ending in 1).
    gamma
        -4 resembles O'Brien and Fleming, 1 Pocock; 0 spends in proportion to the information.
    alpha
        One-sided level of the whole design, below 0.5.
    beta
        1 - power, for the inflation factor; below 1 - alpha.
    spending_time
        As :func:`lan_demets_obrien_fleming`.

    Returns
    -------
    Boundaries
        As :func:`lan_demets_obrien_fleming`.

    Raises
    ------
    ValueError
        As :func:`lan_demets_obrien_fleming`, or for a gamma beyond 500 in size.

    Notes
    -----
    .. math:: \alpha(t) = \alpha \frac{1 - e^{-\gamma t}}{1 - e^{-\gamma}}

    References
    ----------
    .. [1] Hwang, Shih & DeCani 1990.

    Examples
    --------
    >>> result = hwang_shih_decani([0.5, 1], gamma=-4)
    >>> [round(value, 4) for value in result.critical_values]
    [2.75, 1.9811]
    """
    looks = _design(information, alpha, beta)
    if not abs(finite("gamma", gamma)) <= 500:
        raise ValueError(f"gamma must lie between -500 and 500, not {gamma:g}")
    times = _times(spending_time, looks)
    share = np.expm1(-gamma * times) / math.expm1(-gamma) if gamma else times
    return _spending("hwang_shih_decani", looks, alpha * share, alpha, beta)


def obrien_fleming(information: Numbers, *, alpha: float = 0.025, beta: float = 0.1) -> Boundaries:
    """O'Brien and Fleming's boundaries: critical values that fall with the root of information.

    Parameters
    ----------
    information
        Share of the final information at each look (list, increasing, ending in 1).
    alpha
        One-sided level of the whole design, below 0.5.
    beta
        1 - power, for the inflation factor; below 1 - alpha.

    Returns
    -------
    Boundaries
        As :func:`lan_demets_obrien_fleming`; ``cumulative_alpha`` follows from the boundaries.

    Raises
    ------
    ValueError
        As :func:`lan_demets_obrien_fleming`.

    Notes
    -----
    c/sqrt(t), with the c that stops with probability alpha under the null hypothesis.

    References
    ----------
    .. [1] O'Brien & Fleming 1979.

    Examples
    --------
    >>> result = obrien_fleming([1 / 3, 2 / 3, 1])
    >>> [round(value, 4) for value in result.critical_values]
    [3.4711, 2.4544, 2.004]
    """
    looks = _design(information, alpha, beta)
    return _shaped("obrien_fleming", looks, 1 / np.sqrt(looks), alpha, beta)


def pocock(information: Numbers, *, alpha: float = 0.025, beta: float = 0.1) -> Boundaries:
    """Pocock's boundaries: the same critical value at every look.

    Parameters
    ----------
    information
        Share of the final information at each look (list, increasing, ending in 1).
    alpha
        One-sided level of the whole design, below 0.5.
    beta
        1 - power, for the inflation factor; below 1 - alpha.

    Returns
    -------
    Boundaries
        As :func:`lan_demets_obrien_fleming`; ``cumulative_alpha`` follows from the boundaries.

    Raises
    ------
    ValueError
        As :func:`lan_demets_obrien_fleming`.

    Notes
    -----
    The c that stops with probability alpha under the null hypothesis, at looks of any spacing.

    References
    ----------
    .. [1] Pocock 1977.

    Examples
    --------
    >>> result = pocock([1 / 3, 2 / 3, 1])
    >>> round(result.critical_values[0], 4), round(result.inflation_factor, 4)
    (2.2895, 1.1506)
    """
    looks = _design(information, alpha, beta)
    return _shaped("pocock", looks, np.ones(len(looks)), alpha, beta)


def _design(information: Numbers, alpha: float, beta: float) -> FloatArray:
    """Return the checked information of the looks, the last one exactly 1."""
    looks = sample("information", information)
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must lie strictly between 0 and 0.5, not {alpha!r}")
    if not 0 < beta < 1 - alpha:
        raise ValueError(f"beta must lie strictly between 0 and 1 - alpha, not {beta!r}")
    if len(looks) == 0 or abs(looks[-1] - 1) > _ROUNDING:
        raise ValueError("information must end in 1, the final analysis")
    looks = np.append(looks[:-1], 1.0)
    steps = np.diff(looks, prepend=0.0)
    if (steps <= 0).any():
        raise ValueError("information must be above 0 and increase from look to look")
    if (steps < LEAST_STEP * looks).any():
        raise ValueError("information must grow by a thousandth at least from look to look")
    return looks


def _times(spending_time: Numbers | None, looks: FloatArray) -> FloatArray:
    """Return the checked times at which the spending function is read."""
    if spending_time is None:
        return looks
    times = sample("spending_time", spending_time)
    check_same_length(information=looks, spending_time=times)
    if not (np.diff(times, prepend=0.0) > 0).all() or abs(times[-1] - 1) > _ROUNDING:
        raise ValueError("spending_time must increase from above 0 to 1")
    return times


def _spending(
    function: str, looks: FloatArray, spent: FloatArray, alpha: float, beta: float
) -> Boundaries:
    """Return the design whose looks spend alpha as told."""
    spent = np.append(spent[:-1], alpha)
    course, critical = Looks.begin(), []
    for k, (share, stage) in enumerate(zip(looks, np.diff(spent, prepend=0.0), strict=True)):
        # where nothing is spent, no critical value is too high
        value = course.critical_value(share, stage) if stage > 0 else math.inf
        critical.append(value)
        course = course.passed(share, value, looks[k + 1] if k + 1 < len(looks) else None)
    return _boundaries(function, looks, critical, spent, course, alpha, beta)


def _shaped(
    function: str, looks: FloatArray, shape: FloatArray, alpha: float, beta: float
) -> Boundaries:
    """Return the design whose critical values are a multiple of a shape that ends in 1."""

    def excess(multiple: FloatArray) -> FloatArray:
        return np.array(_crossings(looks, float(multiple) * shape)[0].sum() - alpha)

    # the last look alone would spend alpha at the one end, all looks together less at the other
    ends = (-special.ndtri(alpha), -special.ndtri(alpha / len(looks)))
    multiple = float(bracketed_roots(excess, np.array(ends[0]), np.array(ends[1])))
    crossing, course = _crossings(looks, multiple * shape)
    spent = np.append(np.cumsum(crossing)[:-1], alpha)
    return _boundaries(function, looks, (multiple * shape).tolist(), spent, course, alpha, beta)


def _crossings(looks: FloatArray, critical: FloatArray) -> tuple[FloatArray, Looks]:
    """Return the probability to stop at each look, and the courses that never stop."""
    course, crossing = Looks.begin(), np.empty(len(looks))
    for k, share in enumerate(looks):
        crossing[k] = float(course.crossing(share, critical[k]))
        following = looks[k + 1] if k + 1 < len(looks) else None
        course = course.passed(share, critical[k], following)
    return crossing, course


def _boundaries(
    function: str,
    looks: FloatArray,
    critical: Sequence[float],
    spent: FloatArray,
    course: Looks,
    alpha: float,
    beta: float,
) -> Boundaries:
    """Return what is said of a design; ``course`` are the courses that never stop."""
    fixed = -float(special.ndtri(alpha) + special.ndtri(beta))
    most = np.array(_LARGEST_DRIFT)
    drift = float(bracketed_roots(lambda d: course.remaining(d) - beta, np.array(0.0), most))
    never = [math.isinf(value) for value in critical]
    return Boundaries(
        method=f"group_sequential.{function}",
        critical_values=tuple(
            None if left_out else value for value, left_out in zip(critical, never, strict=True)
        ),
        stage_alpha=tuple(float(special.ndtr(-value)) for value in critical),
        cumulative_alpha=tuple(spent.tolist()),
        inflation_factor=(drift / fixed) ** 2,
        information=tuple(looks.tolist()),
        alpha=alpha,
        beta=beta,
        undefined=any(never),
        reason="no alpha is spent at a look" if any(never) else "",
    )
