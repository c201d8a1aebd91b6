"""Score intervals and score tests of many simulated tables in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.stats._checks import (
    Counts,
    check_level,
    check_option,
    check_same_length,
    counts,
    margin_in,
)
from clinval.stats._distributions import ALTERNATIVES, normal_quantile
from clinval.stats._score import (
    TwoArms,
    difference_limits,
    difference_variance,
    small_sample_factor,
)

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["miettinen_nurminen_draws", "miettinen_nurminen_test_draws"]

_MOST_TABLES = 16  # possible tables a draw, up to which it pays to look for equal draws


def miettinen_nurminen_draws(
    x1: Counts, n1: Counts | int, x2: Counts, n2: Counts | int, *, level: float = 0.95
) -> FloatArray:
    """Score intervals of Miettinen and Nurminen for many simulated trials in one call.

    Parameters
    ----------
    x1, x2
        Successes in the test arm and in the reference arm of each trial, shape (draws,).
    n1, n2
        Subjects in the arms: one count for all trials or one a trial, shape (draws,).
    level
        Two-sided level of the intervals.

    Returns
    -------
    numpy.ndarray
        Lower and upper limits, shape (2, draws); NaN where an arm is empty.

    Raises
    ------
    ValueError
        As :func:`risk_difference.miettinen_nurminen`, or when the lengths differ.

    Notes
    -----
    As :func:`risk_difference.miettinen_nurminen`. All limits are sought at once; trials that
    ended alike are counted once.

    Examples
    --------
    >>> miettinen_nurminen_draws([56, 40], 70, [48, 60], 80).round(4).tolist()
    [[0.0528, -0.325], [0.3382, -0.0269]]
    """
    arms, place = _distinct(*_arms(x1, n1, x2, n2))
    z = normal_quantile(check_level(level))
    limits = np.full((2, len(arms.n1)), np.nan)
    used = (arms.n1 > 0) & (arms.n2 > 0)
    arms = TwoArms(arms.x1[used], arms.n1[used], arms.x2[used], arms.n2[used])
    limits[:, used] = difference_limits(arms, small_sample_factor(arms), z)
    return limits[:, place]


def miettinen_nurminen_test_draws(
    x1: Counts,
    n1: Counts | int,
    x2: Counts,
    n2: Counts | int,
    *,
    margin: float = 0.0,
    alternative: str = "greater",
) -> FloatArray:
    """P values of Miettinen and Nurminen's score test for many simulated trials in one call.

    Parameters
    ----------
    x1, x2
        Successes in the test arm and in the reference arm of each trial, shape (draws,).
    n1, n2
        Subjects in the arms: one count for all trials or one a trial, shape (draws,).
    margin, alternative
        As in :func:`risk_difference.miettinen_nurminen_test`.

    Returns
    -------
    numpy.ndarray
        The p value of each trial, shape (draws,); NaN where an arm is empty or the variance
        under the null hypothesis is 0.

    Raises
    ------
    ValueError
        As :func:`risk_difference.miettinen_nurminen_test`, or when the lengths differ.

    Notes
    -----
    As :func:`risk_difference.miettinen_nurminen_test`.

    Examples
    --------
    >>> x1, x2 = [85, 90, 80], [88, 88, 88]
    >>> miettinen_nurminen_test_draws(x1, 100, x2, 100, margin=-0.1).round(4).tolist()
    [0.0784, 0.0055, 0.3498]
    """
    arms, place = _distinct(*_arms(x1, n1, x2, n2))
    check_option("alternative", alternative, ALTERNATIVES)
    d = np.array(margin_in(-1, 1, margin))
    # an arm without subjects counts as one that gives no variance
    used = (arms.n1 > 0) & (arms.n2 > 0)
    filled = TwoArms(arms.x1, np.where(used, arms.n1, 1.0), arms.x2, np.where(used, arms.n2, 1.0))
    variance = small_sample_factor(filled) * difference_variance(filled, d)
    defined = used & (variance > 0)
    error = np.sqrt(np.where(defined, variance, 1.0))
    statistic = np.where(defined, (filled.difference - d) / error, np.nan)
    if alternative == "two-sided":
        p_values = 2 * special.ndtr(-np.abs(statistic))
    else:
        p_values = special.ndtr(-statistic if alternative == "greater" else statistic)
    of_draws: FloatArray = p_values[place]
    return of_draws


def _arms(
    x1: Counts, n1: Counts | int, x2: Counts, n2: Counts | int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the checked counts; the sizes of the arms as lists of one, or one a draw."""
    a, b = counts("x1", x1), counts("x2", x2)
    m, k = (counts(name, np.atleast_1d(size)) for name, size in (("n1", n1), ("n2", n2)))
    check_same_length(x1=a, x2=b)
    for name, sizes in (("n1", m), ("n2", k)):
        if len(sizes) != 1:
            check_same_length(**{"x1": a, name: sizes})
    if (a > m).any() or (b > k).any():
        raise ValueError("a draw has more successes than subjects in an arm")
    return a, m, b, k


def _distinct(
    x1: FloatArray, n1: FloatArray, x2: FloatArray, n2: FloatArray
) -> tuple[TwoArms, IntArray]:
    """Return the tables that were drawn, once each if that is cheap, and where each draw is."""
    draws = len(x1)
    if len(n1) == len(n2) == 1 and (n1[0] + 1) * (n2[0] + 1) <= _MOST_TABLES * draws:
        row = int(n2[0]) + 1
        code = (x1 * row + x2).astype(np.intp)
        drawn = np.zeros((int(n1[0]) + 1) * row, dtype=bool)
        drawn[code] = True
        place = (np.cumsum(drawn) - 1)[code]
        codes = np.flatnonzero(drawn)
        x1, x2 = (codes // row).astype(np.float64), (codes % row).astype(np.float64)
    else:
        place = np.arange(draws)
    return TwoArms(x1, np.broadcast_to(n1, x1.shape), x2, np.broadcast_to(n2, x1.shape)), place
