"""Pooling of estimates with known standard errors: fixed effect and random effects.

The last axis of every array is the centers; leading axes are sets of centers that are pooled at
once (all, or all but one). A center with weight 0 takes no part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import check_same_length, sample
from clinval.stats._distributions import student_quantile
from clinval.stats._roots import bracketed_roots

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, Numbers

__all__ = [
    "Pooled",
    "TwoStage",
    "centers",
    "dersimonian_laird_tau2",
    "generalised_q",
    "i2_percent",
    "paule_mandel_tau2",
    "pool",
    "q_profile_tau2",
    "reml_tau2",
    "two_stage",
]

# the variances between centers among which the maxima of the likelihood are looked for, in
# units of the larger of the spread of the estimates and the error variance
_GRID = np.concatenate([[0.0], np.logspace(-12, 2, 421)])


@dataclass(frozen=True, slots=True)
class Pooled:
    """Weighted mean, its standard error and the weighted sum of squares about it."""

    estimate: FloatArray
    se: FloatArray
    q: FloatArray


def pool(y: FloatArray, weight: FloatArray) -> Pooled:
    """Return the weighted mean over the last axis."""
    total = np.sum(weight, axis=-1)
    estimate = np.sum(weight * y, axis=-1) / total
    q = np.sum(weight * (y - estimate[..., None]) ** 2, axis=-1)
    return Pooled(estimate, 1 / np.sqrt(total), q)


def _spread_of_weights(weight: FloatArray) -> FloatArray:
    """Return sum w - sum w^2 / sum w, which is 0 for a single center."""
    total = np.sum(weight, axis=-1)
    spread: FloatArray = total - np.sum(weight**2, axis=-1) / total
    return np.where(np.sum(weight > 0, axis=-1) > 1, spread, 0.0)


def dersimonian_laird_tau2(y: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the moment estimate, truncated at 0; a single center shows no variance."""
    spread = _spread_of_weights(weight)
    degrees = np.sum(weight > 0, axis=-1) - 1
    excess = np.maximum(pool(y, weight).q - degrees, 0)
    return np.where(spread > 0, excess / np.where(spread > 0, spread, 1.0), 0.0)


def i2_percent(tau2: FloatArray, weight: FloatArray) -> FloatArray:
    """Return 100 tau2 / (tau2 + typical error variance); ``weight`` is that without tau2."""
    degrees = np.sum(weight > 0, axis=-1) - 1
    ratio = tau2 * _spread_of_weights(weight)
    share: FloatArray = 100 * ratio / np.where(ratio > 0, ratio + degrees, 1.0)
    return share


def generalised_q(y: FloatArray, variance: FloatArray, tau2: FloatArray) -> FloatArray:
    """Return Q with the weights 1 / (variance + tau2), for an array of tau2."""
    return pool(y, 1 / (variance + tau2[..., None])).q


def _solve_q(y: FloatArray, variance: FloatArray, target: float) -> float:
    """Return the tau2 at which Q, which falls with tau2, is the target; 0 if it starts below."""
    if float(generalised_q(y, variance, np.array(0.0))) <= target:
        return 0.0
    # Q is at most the sum of squares about the mean over tau2
    upper = np.array(float(((y - y.mean()) ** 2).sum()) / target)
    return float(
        bracketed_roots(lambda t: generalised_q(y, variance, t) - target, np.array(0.0), upper)
    )


def paule_mandel_tau2(y: FloatArray, variance: FloatArray) -> float:
    """Return the tau2 at which Q equals its degrees of freedom, truncated at 0."""
    return _solve_q(y, variance, len(y) - 1.0) if len(y) > 1 else 0.0


def q_profile_tau2(
    y: FloatArray, variance: FloatArray, quantiles: tuple[float, float]
) -> tuple[float, float]:
    """Return the limits of tau2 for the lower and upper chi-square quantile of Q."""
    low, high = quantiles
    return _solve_q(y, variance, high), _solve_q(y, variance, low)


def reml_tau2(y: FloatArray, variance: FloatArray) -> float:
    """Return the tau2 of the highest restricted likelihood, 0 or more."""
    if len(y) < 2:
        return 0.0
    scale = max(float(np.ptp(y)) ** 2, float(variance.max()))
    grid = _GRID * scale
    slopes = _likelihood_slope(y, variance, grid)
    rising_then_falling = np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0))
    low, high = grid[rising_then_falling], grid[rising_then_falling + 1]
    maxima = bracketed_roots(lambda t: _likelihood_slope(y, variance, t), low, high)
    candidates = np.append(0.0, maxima)
    return float(candidates[np.argmax(_likelihood(y, variance, candidates))])


def _likelihood(y: FloatArray, variance: FloatArray, tau2: FloatArray) -> FloatArray:
    weight = 1 / (variance + tau2[..., None])
    logs = np.sum(np.log(weight), axis=-1) - np.log(np.sum(weight, axis=-1))
    likelihood: FloatArray = (logs - pool(y, weight).q) / 2
    return likelihood


def _likelihood_slope(y: FloatArray, variance: FloatArray, tau2: FloatArray) -> FloatArray:
    weight = 1 / (variance + tau2[..., None])
    deviation = y - pool(y, weight).estimate[..., None]
    squares = np.sum((weight * deviation) ** 2, axis=-1)
    total, total_squared = np.sum(weight, axis=-1), np.sum(weight**2, axis=-1)
    slope: FloatArray = (squares - total + total_squared / total) / 2
    return slope


@dataclass(frozen=True, slots=True)
class TwoStage:
    """Mean of centers by REML with Knapp and Hartung's error, and Student's limits."""

    estimate: float
    se: float
    df: int
    tau2: float
    q: float
    interval: tuple[float, float]
    prediction: tuple[float, float]


def two_stage(y: FloatArray, variance: FloatArray, level: float) -> TwoStage:
    """Return the pooled estimates of at least two centers, with k - 1 degrees of freedom.

    se^2 = sum w (y - mean)^2/((k - 1) sum w), w = 1/(variance + tau2), not truncated; the
    prediction is that of another center, mean -/+ t sqrt(se^2 + tau2).
    """
    tau2 = reml_tau2(y, variance)
    weight = 1 / (variance + tau2)
    pooled = pool(y, weight)
    mean, degrees = float(pooled.estimate), len(y) - 1
    se = math.sqrt(float(pooled.q) / (degrees * float(weight.sum())))
    t = student_quantile(level, degrees)
    reach = t * math.sqrt(se**2 + tau2)
    return TwoStage(
        estimate=mean,
        se=se,
        df=degrees,
        tau2=tau2,
        q=float(pool(y, 1 / variance).q),
        interval=(mean - t * se, mean + t * se),
        prediction=(mean - reach, mean + reach),
    )


def centers(estimates: Numbers, standard_errors: Numbers) -> tuple[FloatArray, FloatArray]:
    """Return the checked estimates and standard errors of centers."""
    y = sample("estimates", estimates)
    s = sample("standard_errors", standard_errors)
    check_same_length(estimates=y, standard_errors=s)
    if (s <= 0).any():
        raise ValueError("standard_errors must be positive; a center has one that is not")
    return y, s
