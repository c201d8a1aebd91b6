"""Replacements within a horizon: how many to expect, and how many to hold in reserve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import check_level, count, finite, positive, positive_sample, sample
from clinval.stats.reliability import _renewal_counts as renewals
from clinval.stats.reliability._renewal_simulation import SimulatedRenewals, simulation

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray, Numbers

__all__ = [
    "ExpectedRenewals",
    "Reserve",
    "SimulatedRenewals",
    "simulation",
    "weibull",
    "weibull_draws",
    "weibull_reserve",
]

_LEAST_SHAPE = 0.01
_LONG, _DAMPED = 30.0, 2.0  # mean lives after which the renewal function is a line
_SHOWN = 1e-12  # a probability below is not listed


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRenewals(Result):
    """Expected replacements, with two approximations beside them."""

    estimate: float
    asymptotic: float
    naive: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve(Result):
    """Replacements of a fleet: the expected number, and the one that is enough at ``level``.

    ``probability`` is that of 0, 1, 2, ... replacements, up to the last that is not negligible.
    """

    estimate: float
    reserve: int
    probability: tuple[float, ...]
    level: float
    n: int


def weibull(shape: float, scale: float, horizon: float) -> ExpectedRenewals:
    r"""Expect so many replacements within a horizon, the first unit being new.

    Parameters
    ----------
    shape
        Weibull shape of the lives, at least 0.01.
    scale
        Weibull scale of the lives, above 0, any unit.
    horizon
        Length of the horizon, 0 or more, same unit.

    Returns
    -------
    ExpectedRenewals
        ``estimate``, ``asymptotic`` (for a long horizon) and ``naive`` horizon/mean, which
        forgets that the first unit is new.

    Raises
    ------
    ValueError
        For a shape below 0.01, a scale that is not above 0, a negative horizon, or one of more
        mean lives than can be computed (100, fewer of a shape above 20).

    Notes
    -----
    A unit that fails is replaced at once. With the distribution F of lives, mean mu and standard
    deviation sigma, the renewal function is

    .. math:: M = F + F * M, \quad M(t) \approx t/\mu + (\sigma^2/\mu^2 - 1)/2

    The convolutions F, F*F, ... are summed on three grids, each twice as fine, and extrapolated; a
    long horizon of a shape of at least 1 is on the line.

    References
    ----------
    .. [1] Smith 1954.
    .. [2] Xie 1989.

    Examples
    --------
    >>> result = weibull(2, 3, 8)
    >>> round(result.estimate, 4), round(result.asymptotic, 4), round(result.naive, 4)
    (2.6455, 2.6456, 3.009)
    """
    k, eta, end = _shape(shape), positive("scale", scale), _horizon(horizon)
    mean, variation = _moments(k)
    naive = end / (eta * mean)
    asymptotic = naive + (variation - 1) / 2
    estimate = 0.0
    if k >= 1 and naive >= _LONG and naive * variation >= _DAMPED:
        estimate = asymptotic  # what is left out is less than rounding
    elif end > 0:
        steps = renewals.steps_for(naive, variation)
        estimate = renewals.extrapolated(
            *(
                float(renewals.count_tails(k, eta, end, 0.0, steps * finer).sum())
                for finer in (1, 2, 4)
            )
        )
    return ExpectedRenewals(
        method="expected_renewals.weibull",
        estimate=estimate,
        asymptotic=asymptotic,
        naive=naive,
    )


def weibull_reserve(
    shape: float,
    scale: float,
    horizon: float,
    *,
    ages: Numbers = (0.0,),
    level: float = 0.95,
) -> Reserve:
    """Reserve replacements for a fleet, enough within a horizon with a given probability.

    Parameters
    ----------
    shape
        Weibull shape of the lives, at least 0.01.
    scale
        Weibull scale of the lives, above 0, any unit.
    horizon
        Length of the horizon, above 0, same unit.
    ages
        Age of each unit of the fleet at the start (list), 0 for a new one, same unit.
    level
        Probability that the reserve is enough.

    Returns
    -------
    Reserve
        ``estimate`` (expected replacements), ``reserve`` (the smallest number that is enough at
        ``level``), ``probability`` of each number and ``n`` units.

    Raises
    ------
    ValueError
        For a shape below 0.01, a scale or horizon that is not above 0, a negative age, no unit, a
        fleet that is too large or a horizon of more mean lives than can be computed (100).

    Notes
    -----
    A unit that fails is replaced at once by a new one; units fail independently. The distribution
    of the number is convolved, not simulated. It takes shape and scale as known: what their
    uncertainty adds is simulated from draws of them.

    References
    ----------
    .. [1] Cox 1962.

    Examples
    --------
    >>> result = weibull_reserve(2, 3, 8, ages=[0, 0, 1.5])
    >>> round(result.estimate, 2), result.reserve
    (8.32, 11)
    """
    check_level(level)
    k, eta = _shape(shape), positive("scale", scale)
    end = positive("horizon", horizon)
    mean, variation = _moments(k)
    steps = 2 * renewals.steps_for(end / (eta * mean), variation)
    each, numbers = np.unique(_ages(ages), return_counts=True)
    tails = [renewals.count_tails(k, eta, end, age, steps) for age in each.tolist()]
    probability = renewals.fleet_probabilities(tails, numbers)
    enough = np.cumsum(probability) >= level
    last = int(np.flatnonzero(probability > _SHOWN)[-1])
    return Reserve(
        method="expected_renewals.weibull_reserve",
        estimate=float(sum(n * tail.sum() for n, tail in zip(numbers, tails, strict=True))),
        reserve=int(np.argmax(enough)) if enough.any() else len(probability) - 1,
        probability=tuple(probability[: last + 1].tolist()),
        level=level,
        n=int(numbers.sum()),
    )


def weibull_draws(
    shape: Numbers,
    scale: Numbers,
    horizon: float,
    *,
    seed: int | np.random.SeedSequence,
    ages: Numbers = (0.0,),
    periods: int = 1,
) -> IntArray:
    """Return simulated replacements of a fleet, one row a draw of shape and scale.

    Parameters
    ----------
    shape, scale
        Draws of the Weibull shape and scale of the lives (lists of equal length), above 0.
    horizon
        Length of the horizon, above 0, in the unit of the scale.
    seed
        Of the simulation.
    ages
        Age of each unit of the fleet at the start (list), same unit.
    periods
        Equal parts of the horizon (count), at least 1.

    Returns
    -------
    numpy.ndarray
        Replacements, shape (draws, periods).

    Raises
    ------
    ValueError
        For draws of different length or not above 0, a horizon that is not above 0, a negative
        age, no unit or no period.
    """
    k, eta = positive_sample("shape", shape), positive_sample("scale", scale)
    if len(k) != len(eta):
        raise ValueError(f"lengths differ: shape {len(k)}, scale {len(eta)}")
    end, parts = positive("horizon", horizon), int(count("periods", periods))
    if parts == 0:
        raise ValueError("periods must be at least 1")
    rng = np.random.default_rng(seed)
    return renewals.drawn_counts(k, eta, end, _ages(ages), parts, rng)


def _shape(shape: float) -> float:
    """Return a shape of which the moments of the life are numbers."""
    number = positive("shape", shape)
    if number < _LEAST_SHAPE:
        raise ValueError(f"shape must be at least {_LEAST_SHAPE:g}, it is {number:g}")
    return number


def _ages(ages: Numbers) -> FloatArray:
    array = sample("ages", ages)
    if len(array) == 0:
        raise ValueError("ages is empty; a fleet has at least one unit")
    if (array < 0).any():
        raise ValueError(f"ages holds {array.min():g}; an age must not be below 0")
    return array


def _horizon(horizon: float) -> float:
    end = finite("horizon", horizon)
    if end < 0:
        raise ValueError(f"horizon must not be negative, it is {end:g}")
    return end


def _moments(shape: float) -> tuple[float, float]:
    """Return the mean life over the scale and the squared coefficient of variation."""
    mean = float(special.gamma(1 + 1 / shape))
    variation = math.expm1(
        float(special.gammaln(1 + 2 / shape) - 2 * special.gammaln(1 + 1 / shape))
    )
    return mean, variation
