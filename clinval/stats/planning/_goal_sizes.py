"""Sample size and power for one proportion against a goal, exact."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, Numbers, fraction
from clinval.stats.planning._claims import (
    MOST,
    TOO_MANY,
    Power,
    check_error_rates,
    check_one_sided,
    numbers_of,
    power_result,
    upper_quantile,
)

__all__ = ["ExactSize", "exact_binomial", "exact_binomial_power"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactSize(Result):
    """Subjects of one arm for an exact test against a goal.

    ``sample_size`` is the smallest number that has the power, ``sample_size_stable`` the
    smallest from which on every number has it; the power of an exact test goes up and down.
    ``critical_x`` is the number of successes that decides at ``sample_size``.
    """

    sample_size: int | None
    achieved_power: float | None = None
    critical_x: int | None = None
    sample_size_stable: int | None = None


def exact_binomial(p: float, *, goal: float, alpha: float = 0.025, power: float = 0.9) -> ExactSize:
    """Sample size of the exact binomial test of one proportion against a goal.

    Parameters
    ----------
    p
        Expected proportion, in [0, 1]: above the goal where more is better, else below it.
    goal
        The proportion that has to be excluded, strictly between 0 and 1.
    alpha
        One-sided level.
    power
        Power at p.

    Returns
    -------
    ExactSize
        ``sample_size``, its ``achieved_power`` and ``critical_x`` (at least so many successes,
        or at most if p is below the goal), and ``sample_size_stable``. Undefined beyond ten
        million subjects.

    Raises
    ------
    ValueError
        For a proportion outside [0, 1], one that is the goal itself, or a goal or levels out of
        range.

    Notes
    -----
    The goal is reached when the limit of Clopper and Pearson at level 1 - 2 alpha excludes it:
    P(X >= x) < alpha at the goal, or P(X <= x) < alpha below it. All sizes around that of the
    normal approximation are tried; their power rises in a sawtooth.

    References
    ----------
    .. [1] Chernick & Liu 2002, Am Stat 56:149.

    Examples
    --------
    >>> result = exact_binomial(0.95, goal=0.9, power=0.8)
    >>> result.sample_size, result.critical_x, result.sample_size_stable
    (231, 217, 255)
    """
    level, target = check_error_rates(alpha, power)
    expected, bound = _toward_goal(p, goal)
    gap = expected - bound
    if gap == 0:
        raise ValueError(f"p must not be the goal itself, {goal:g}")
    z = upper_quantile(level) * math.sqrt(bound * (1 - bound))
    z += upper_quantile(1 - target) * math.sqrt(expected * (1 - expected))
    about = (z / gap) ** 2
    if about > MOST:
        return ExactSize(
            method="sample_size.exact_binomial", sample_size=None, undefined=True, reason=TOO_MANY
        )
    # a tooth of the saw is about 1 / gap wide
    n = np.arange(max(1, math.floor(about - 10 / gap - 200)), math.ceil(about + 10 / gap + 200))
    critical, achieved = _exact(n.astype(np.float64), expected, bound, level)
    first, short = int((achieved >= target).argmax()), np.flatnonzero(achieved < target)
    stable = int(short[-1]) + 1 if len(short) else 0
    size, x = int(n[first]), int(critical[first])
    return ExactSize(
        method="sample_size.exact_binomial",
        sample_size=size,
        achieved_power=float(achieved[first]),
        critical_x=x if p > goal else size - x,
        sample_size_stable=int(n[stable]),
    )


def exact_binomial_power(
    n: Numbers | float, p: float, *, goal: float, alpha: float = 0.025
) -> Power:
    """Power of the exact binomial test against a goal at one or many numbers of subjects.

    Parameters
    ----------
    n
        Subjects with a result (a number or a list, whole, 1 or more).
    p
        Expected proportion, in [0, 1]: above the goal where more is better, else below it.
    goal
        The proportion that has to be excluded, strictly between 0 and 1.
    alpha
        One-sided level.

    Returns
    -------
    Power
        ``power`` at each of ``n``.

    Raises
    ------
    ValueError
        For numbers that are not whole, a proportion outside [0, 1], or a goal or level out of
        range.

    Notes
    -----
    The probability that the exact test of :func:`exact_binomial` reaches the goal.

    References
    ----------
    .. [1] Chernick & Liu 2002, Am Stat 56:149.

    Examples
    --------
    >>> result = exact_binomial_power([230, 231, 254], 0.95, goal=0.9)
    >>> [round(value, 4) for value in result.power]
    [0.737, 0.8164, 0.7945]
    """
    numbers, level = numbers_of("n", n), check_one_sided(alpha)
    if (numbers != np.floor(numbers)).any():
        raise ValueError("n must hold whole numbers of subjects")
    expected, bound = _toward_goal(p, goal)
    return power_result("exact_binomial_power", numbers, _exact(numbers, expected, bound, level)[1])


def _toward_goal(p: float, goal: float) -> tuple[float, float]:
    """Return p and the goal, counted so that more is better."""
    expected, bound = fraction("p", p), float(goal)
    if not 0 < bound < 1:
        raise ValueError(f"goal must lie strictly between 0 and 1, not {goal!r}")
    return (expected, bound) if expected >= bound else (1 - expected, 1 - bound)


def _exact(n: FloatArray, p: float, goal: float, alpha: float) -> tuple[FloatArray, FloatArray]:
    """Return, for each n, the least x with P(X >= x) < alpha at the goal, and P(X >= x) at p."""
    low, high = np.zeros_like(n), n + 1  # not few enough at low, few enough at high
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        rare = _at_least(middle, n, goal) < alpha
        low, high = np.where(rare, low, middle), np.where(rare, middle, high)
    return high, _at_least(high, n, p)


def _at_least(x: FloatArray, n: FloatArray, p: float) -> FloatArray:
    """Return P(X >= x) of a binomial count, x = 0 ... n + 1."""
    inside = (x > 0) & (x <= n)
    tail = special.betainc(np.where(inside, x, 1.0), np.where(inside, n - x + 1, 1.0), p)
    return np.where(x <= 0, 1.0, np.where(x > n, 0.0, tail))
