"""Power of t tests: one-sided, and of two one-sided tests at once, for arrays of subjects.

Given the estimated standard deviation s (over the true one: chi over sqrt(df)), a t test
rejects when the estimate lies t s standard errors beyond its margin. That normal probability is
integrated over s. SciPy's noncentral t distribution does the same for one test, but has no value
at some ordinary arguments.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from clinval.stats._checks import FloatArray

__all__ = ["one_sided_power", "two_one_sided_power", "two_sided_power"]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_PANELS = 8
_NODES = (np.arange(_PANELS)[:, None] + (_POINTS + 1) / 2).ravel() / _PANELS  # in [0, 1]
_MASS = np.tile(_WEIGHTS / 2, _PANELS) / _PANELS
_TAIL = 1e-18  # of the distribution of s that is left out on either side
_LARGE = 100.0  # from which on Stirling's series is exact to the last digit
_CERTAIN = 9.0  # standard errors beyond which a normal probability is 0 or 1


def one_sided_power(noncentrality: FloatArray, df: FloatArray, alpha: float) -> FloatArray:
    """Return the probability that a noncentral t exceeds its one-sided critical value.

    Parameters
    ----------
    noncentrality
        The distance of the expected effect from the margin, in standard errors.
    df
        Degrees of freedom, 1 or more. Both of shape (n,).
    """
    return two_one_sided_power(noncentrality, np.full_like(noncentrality, np.inf), df, alpha)


def two_sided_power(noncentrality: FloatArray, df: FloatArray, alpha: float) -> FloatArray:
    """Return the power of a two-sided t test, at level alpha of both sides together.

    Parameters
    ----------
    noncentrality, df
        As in :func:`one_sided_power`.
    """
    far = np.abs(noncentrality)
    wrong = np.maximum(-far, 1 - _CERTAIN)  # beyond which the other side is never reached
    return one_sided_power(far, df, alpha / 2) + one_sided_power(wrong, df, alpha / 2)


def two_one_sided_power(
    above_low: FloatArray, below_high: FloatArray, df: FloatArray, alpha: float
) -> FloatArray:
    """Return the exact power of two one-sided t tests at level alpha each (Owen's Q).

    Parameters
    ----------
    above_low, below_high
        The distance of the expected effect from each margin, in standard errors.
    df
        Degrees of freedom, 1 or more. All of shape (n,).
    """
    critical = -special.stdtrit(df, alpha)
    nearer = np.minimum(above_low, below_high)
    # both tests reject for certain below, hardly ever above; never where their limits cross
    low = np.maximum(nearer - _CERTAIN, 0) / critical
    high = np.minimum(nearer + _CERTAIN, (above_low + below_high) / 2) / critical
    least, most = _range_of_s(df)
    low = np.clip(low, least, most)
    high = np.clip(high, low, most)
    certain = special.gammainc(df / 2, df * low**2 / 2)
    # in the root of s, whose density is flat at 0 for fractional degrees of freedom too
    begin, width = np.sqrt(low)[:, None], (np.sqrt(high) - np.sqrt(low))[:, None]
    root = begin + width * _NODES
    s, mass = root**2, 2 * root * width * _MASS
    limit = critical[:, None] * s
    between = special.ndtr(below_high[:, None] - limit) - special.ndtr(limit - above_low[:, None])
    uncertain = np.sum(np.maximum(between, 0) * mass * _density(s, df[:, None]), axis=1)
    power: FloatArray = np.clip(certain + uncertain, 0, 1)
    return power


def _range_of_s(df: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the values that chi over sqrt(df) does not fall below, or exceed."""
    least: FloatArray = np.sqrt(2 * special.gammaincinv(df / 2, _TAIL) / df)
    most: FloatArray = np.sqrt(2 * special.gammainccinv(df / 2, _TAIL) / df)
    return least, most


def _density(s: FloatArray, df: FloatArray) -> FloatArray:
    """Return the density of chi over sqrt(df), for s above 0."""
    half, beyond = df / 2, s - 1
    # ln s - (s^2 - 1)/2 and ln of half^half exp(-half)/Gamma(half), without cancellation
    shape = df * (np.log1p(beyond) - beyond - beyond**2 / 2)
    series = np.log(half / (2 * np.pi)) / 2 - 1 / (12 * half) + 1 / (360 * half**3)
    exact = half * np.log(half) - half - special.gammaln(half)
    constant = np.where(half > _LARGE, series, exact)
    density: FloatArray = 2 * np.exp(shape + constant) / s
    return density
