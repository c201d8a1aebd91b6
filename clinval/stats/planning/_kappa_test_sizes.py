"""Subjects for a test of Cohen's kappa of two raters."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import Numbers, check_level, check_option, finite, sample
from clinval.stats.planning._agreement_size import AgreementSize, agreement_size
from clinval.stats.planning._claims import check_error_rates, upper_quantile

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["cantor", "flack"]

_SIDES = {"greater": 1, "two-sided": 2}
_ROUNDING = 1e-12
_NO_TABLE = "no table of two raters has these margins and a kappa of {:g}"


def cantor(
    rate1: float,
    rate2: float,
    kappa1: float,
    kappa0: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    alternative: str = "greater",
) -> AgreementSize:
    r"""Subjects for a test of Cohen's kappa of two raters and two categories.

    Parameters
    ----------
    rate1, rate2
        Shares of subjects that the first and the second rater call positive, in (0, 1).
    kappa1
        The kappa that is expected.
    kappa0
        The kappa of the null hypothesis.
    alpha
        Level of the test, of both sides together if it is two-sided.
    power
        Probability that the test shows the difference, in (0, 1).
    alternative
        "greater" (one-sided, toward kappa1) or "two-sided".

    Returns
    -------
    AgreementSize
        ``sample_size`` and ``sample_size_exact``.

    Raises
    ------
    ValueError
        For equal kappas, a kappa that no table with these rates has, or levels out of range.

    Notes
    -----
    With pe the chance agreement of the rates, po = kappa (1 - pe) + pe, the cells p_ij that
    follow, and r1, r2 the rates:

    .. math:: N = \left[\frac{z_\alpha \sqrt{Q(\kappa_0)} + z_\beta \sqrt{Q(\kappa_1)}}
              {\kappa_1 - \kappa_0}\right]^2

    .. math:: Q = (1 - p_e)^{-4} \{p_{11} [1 - p_e - (r_1 + r_2)(1 - p_o)]^2
              + p_{22} [1 - p_e - (2 - r_1 - r_2)(1 - p_o)]^2
              + (1 - p_o)^2 [p_{12} (r_2 + 1 - r_1)^2 + p_{21} (1 - r_2 + r_1)^2]
              - (p_o p_e - 2 p_e + p_o)^2\}

    which is n times the variance of Fleiss, Cohen and Everitt.

    References
    ----------
    .. [1] Cantor 1996.

    Examples
    --------
    >>> cantor(0.3, 0.4, 0.7, 0.4, alternative="two-sided").sample_size
    67
    """
    first, second = check_level(rate1, "rate1"), check_level(rate2, "rate2")
    rows, columns = np.array([first, 1 - first]), np.array([second, 1 - second])

    def spread(kappa: float) -> float:
        expected = float(rows @ columns)
        observed = kappa * (1 - expected) + expected
        both = (observed + first + second - 1) / 2
        table = np.array([[both, first - both], [second - both, 1 - first - second + both]])
        if float(table.min()) < -_ROUNDING:
            raise ValueError(_NO_TABLE.format(kappa))
        return _spread_of_kappa(table, rows, columns)

    return _two_kappas("cantor", spread, kappa1, kappa0, alpha, power, alternative)


def flack(
    marginals: Numbers,
    kappa1: float,
    kappa0: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    alternative: str = "greater",
) -> AgreementSize:
    r"""Subjects for a test of Cohen's kappa of two raters, any number of categories.

    Parameters
    ----------
    marginals
        Shares of the categories, the same for both raters (two or more that sum to 1).
    kappa1, kappa0, alpha, power, alternative
        As in :func:`cantor`.

    Returns
    -------
    AgreementSize
        ``sample_size`` and ``sample_size_exact``.

    Raises
    ------
    ValueError
        For shares that are negative or do not sum to 1, and as :func:`cantor`.

    Notes
    -----
    .. math:: N = \left[\frac{z_\alpha \tau_0 + z_\beta \tau_1}{\kappa_1 - \kappa_0}\right]^2

    tau is the largest standard error of Fleiss, Cohen and Everitt (times sqrt n) of all tables
    with these margins and this kappa, found by linear programming: given the margins and kappa
    the variance is linear in the cells. With two categories there is one such table, and the
    size is that of :func:`cantor`.

    References
    ----------
    .. [1] Flack, Afifi, Lachenbruch & Schouten 1988.

    Examples
    --------
    >>> flack([0.5, 0.5], 0.85, 0.6).sample_size
    50
    >>> flack([0.5, 0.3, 0.2], 0.85, 0.6).sample_size
    41
    """
    shares = sample("marginals", marginals)
    if len(shares) < 2 or (shares < 0).any() or abs(float(shares.sum()) - 1) > 1e-9:
        raise ValueError("marginals must be two or more shares that sum to 1")
    if float(shares.max()) > 1 - 1e-9:
        raise ValueError("marginals must have two categories that are used")
    return _two_kappas(
        "flack",
        lambda kappa: _largest_spread(shares, kappa),
        kappa1,
        kappa0,
        alpha,
        power,
        alternative,
    )


def _two_kappas(
    function: str,
    spread: Callable[[float], float],
    kappa1: float,
    kappa0: float,
    alpha: float,
    power: float,
    alternative: str,
) -> AgreementSize:
    """Return the size of a test of kappa whose variance times n is a function of kappa."""
    sides = _SIDES[check_option("alternative", alternative, tuple(_SIDES))]
    level, wanted = check_error_rates(
        check_level(alpha, "alpha") / sides, check_level(power, "power")
    )
    expected, null = finite("kappa1", kappa1), finite("kappa0", kappa0)
    if expected == null:
        raise ValueError("kappa1 and kappa0 are the same; there is no difference to show")
    numerator = upper_quantile(level) * math.sqrt(spread(null))
    numerator -= upper_quantile(wanted) * math.sqrt(spread(expected))
    return agreement_size(function, (numerator / (expected - null)) ** 2)


def _spread_of_kappa(table: FloatArray, rows: FloatArray, columns: FloatArray) -> float:
    """Return n times the variance of Fleiss, Cohen and Everitt of a table of shares."""
    gains, constant = _linear_spread(rows, columns, float(np.trace(table)))
    return max(float((gains * table).sum()) - constant, 0.0)


def _linear_spread(
    rows: FloatArray, columns: FloatArray, observed: float
) -> tuple[FloatArray, float]:
    """Return what each cell adds to n times the variance of kappa, and what is taken off."""
    expected = float(rows @ columns)
    apart = (1 - observed) * (columns[:, None] + rows)  # the other rater's shares
    gains = (np.eye(len(rows)) * (1 - expected) - apart) ** 2 / (1 - expected) ** 4
    constant = (observed * expected - 2 * expected + observed) ** 2 / (1 - expected) ** 4
    return gains, constant


def _largest_spread(shares: FloatArray, kappa: float) -> float:
    """Return the largest of n times the variance of kappa among tables with these margins."""
    from scipy.optimize import linprog

    q, expected = len(shares), float(shares @ shares)
    observed = kappa * (1 - expected) + expected
    gains, constant = _linear_spread(shares, shares, observed)
    unit = np.eye(q)
    demands = np.vstack(
        [np.kron(unit, np.ones(q)), np.kron(np.ones(q), unit), np.eye(q).reshape(1, -1)]
    )
    found = linprog(-gains.ravel(), A_eq=demands, b_eq=[*shares, *shares, observed])
    if found.fun is None or not found.success:
        raise ValueError(_NO_TABLE.format(kappa))
    return max(-found.fun - constant, 0.0)
