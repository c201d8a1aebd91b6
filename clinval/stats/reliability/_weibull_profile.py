"""Profile-likelihood limits of a Weibull distribution.

At a given shape the log-likelihood falls from its maximum over the scale by
r (x + e^-x - 1), x = shape x ln(scale/best scale). The contour on which it lies a given amount
below the overall maximum is therefore known in closed form (Lambert's W), one lower and one upper
scale a shape, and a limit of a quantile is its extreme along the contour.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy import special

from clinval.stats._checks import NotEstimableError, check_level
from clinval.stats._distributions import normal_quantile
from clinval.stats._roots import bracketed_roots
from clinval.stats.reliability._lives import positive_lives
from clinval.stats.reliability._weibull import undefined_fit, wald_fit
from clinval.stats.reliability._weibull_fit import (
    TENTH,
    TOO_LARGE,
    PowerSums,
    exponential,
    fit_groups,
    two_failures,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from clinval.stats._checks import FloatArray, Numbers
    from clinval.stats.reliability._weibull import WeibullFit
    from clinval.stats.reliability._weibull_fit import Fit

__all__ = ["NO_LIMIT", "profile_limits", "weibull_profile"]

NO_LIMIT = "the likelihood does not fall enough to give a limit"
_Pair: TypeAlias = tuple[float | None, float | None]

_FARTHEST = 20.0  # logarithms of the shape from its estimate
_POINTS = 65
_ZOOMS = 8
_CLOSED = 1e-10
_AT_SCALE = -math.expm1(-1)  # the share of units that has failed at the scale


def weibull_profile(
    time: Numbers, event: Numbers, *, entry: Numbers | None = None, level: float = 0.95
) -> WeibullFit:
    """Weibull distribution of lives with profile-likelihood intervals, for few failures.

    Parameters
    ----------
    time
        Time at which each unit failed or was last seen in service (list), above 0, any unit.
    event
        1 (failure) or 0 (censored) for each unit (list).
    entry
        Time in service at which the observation of each unit began (list), before its end.
    level
        Two-sided level of the intervals.

    Returns
    -------
    WeibullFit
        As :func:`weibull`, but for the limits. Undefined too where the likelihood does not fall
        enough on one side, as it may with late entries only; then it gives no limits.

    Raises
    ------
    ValueError
        As :func:`weibull`.

    Notes
    -----
    The limits of scale, shape and B10 are their extremes where twice the log-likelihood lies no
    more than chi2(level; 1) below its maximum.

    References
    ----------
    .. [1] Meeker & Escobar 1998, chapter 8.
    .. [2] Venzon & Moolgavkar 1988.

    Examples
    --------
    >>> result = weibull_profile([1500, 2700, 3100, 4000, 4000, 4000], [1, 1, 1, 1, 0, 0])
    >>> round(result.shape_ci_low, 3), round(result.shape_ci_high, 3), round(result.b10_ci_low, 1)
    (1.049, 6.435, 478.1)
    """
    z = normal_quantile(check_level(level))
    lives = positive_lives(time, event, entry)
    method, drop = "survival.weibull_profile", z**2 / 2
    try:
        two_failures(lives)
        sums = PowerSums(lives)
        fit = fit_groups([sums], delayed=lives.entry is not None)
    except NotEstimableError as problem:
        return undefined_fit(method, lives, level, problem.reason)
    found = wald_fit(method, lives, fit, z, level)
    limits = profile_limits(sums, fit, drop)
    (shape_low, shape_high), scale, b10 = limits["shape"], limits["scale"], limits["b10"]
    reason = ""
    if None in (shape_low, shape_high):
        reason = NO_LIMIT
    elif None in (*scale, *b10, found.mean_time_to_failure):
        reason = TOO_LARGE
    return replace(
        found,
        scale_ci_low=scale[0],
        scale_ci_high=scale[1],
        shape_ci_low=shape_low,
        shape_ci_high=shape_high,
        b10_ci_low=b10[0],
        b10_ci_high=b10[1],
        undefined=bool(reason),
        reason=reason,
    )


def profile_limits(sums: PowerSums, fit: Fit, drop: float) -> dict[str, _Pair]:
    """Return the limits of scale, shape and B10 at which the log-likelihood has dropped so far."""
    shape_low, shape_high = _shape_limits(sums, fit, drop)
    scale: _Pair = (None, None)
    b10 = scale
    if shape_low is not None and shape_high is not None:
        shapes = shape_low, shape_high
        scale = _quantile_limits(sums, fit, drop, shapes, _AT_SCALE)
        b10 = _quantile_limits(sums, fit, drop, shapes, TENTH)
    return {"scale": scale, "shape": (shape_low, shape_high), "b10": b10}


def _shape_limits(sums: PowerSums, fit: Fit, drop: float) -> tuple[float | None, float | None]:
    """Return the shapes at which the profile has dropped so far, None where it never does."""
    centre, floor = math.log(fit.shape), fit.log_likelihood - drop

    def above(log_shape: FloatArray) -> FloatArray:
        return sums.log_likelihood(np.exp(log_shape)) - floor

    far = np.array([centre - _FARTHEST, centre + _FARTHEST])
    ends = bracketed_roots(above, np.full(2, centre), far)
    low, high = np.where(np.abs(ends - far) < 1e-9, np.nan, np.exp(ends)).tolist()
    return (None if math.isnan(low) else low), (None if math.isnan(high) else high)


def _quantile_limits(
    sums: PowerSums, fit: Fit, drop: float, shapes: tuple[float, float], probability: float
) -> tuple[float | None, float | None]:
    """Return the limits of the time at which a share of the units has failed."""
    r = sums.failures
    share = math.log(-math.log1p(-probability))

    def contour(log_shapes: FloatArray, branch: int) -> FloatArray:
        k = np.exp(log_shapes)
        depth = np.maximum(drop - (fit.log_likelihood - sums.log_likelihood(k)), 0) / r
        exact = 1 + depth + special.lambertw(-np.exp(-1 - depth), branch).real
        # where the contour closes, the two branches meet and W is not computed
        x = np.where(depth < _CLOSED, (2 * branch + 1) * np.sqrt(2 * depth), exact)
        best = np.log(sums.totals(k) / r) / k + sums.log_unit
        return np.asarray(best + (x + share) / k, dtype=np.float64)

    low = -_highest(lambda points: -contour(points, -1), shapes)
    high = _highest(lambda points: contour(points, 0), shapes)
    return exponential(low), exponential(high)


def _highest(function: Callable[[FloatArray], FloatArray], shapes: tuple[float, float]) -> float:
    """Return the highest value between two shapes, closing in on the best point of a grid."""
    low, high = map(math.log, shapes)
    best = -math.inf
    for _ in range(_ZOOMS):
        points = np.linspace(low, high, _POINTS)
        values = function(points)
        top = int(np.argmax(values))
        best = max(best, float(values[top]))
        low, high = float(points[max(top - 1, 0)]), float(points[min(top + 1, _POINTS - 1)])
    return best
