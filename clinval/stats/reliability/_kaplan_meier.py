"""The product-limit curve, its limits, and where it crosses one half."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray
    from clinval.stats.reliability._lives import Lives

__all__ = [
    "TRANSFORMS",
    "Curve",
    "at_times",
    "crossing",
    "numbers_at_risk",
    "pointwise_limits",
    "product_limit",
]

TRANSFORMS = ("plain", "log", "log-log")
_SAME = 1e-9  # two probabilities nearer than this are one


@dataclass(frozen=True, slots=True)
class Curve:
    """Steps of a product-limit curve: one entry a distinct failure time, ascending.

    ``end`` is the last time at which anybody was observed.
    """

    time: FloatArray
    at_risk: FloatArray
    failed: FloatArray
    survival: FloatArray
    se: FloatArray
    end: float


def product_limit(lives: Lives) -> Curve:
    """Return the curve; a unit is at risk at t where its entry < t <= its time."""
    at, failed = np.unique(lives.failures, return_counts=True)
    at_risk = numbers_at_risk(lives, at)
    survival = np.asarray(np.cumprod(1 - failed / at_risk), dtype=np.float64)
    left = at_risk - failed
    # Greenwood's sum is infinite where the curve has reached 0
    terms = np.divide(failed, at_risk * left, out=np.full(len(at), np.inf), where=left > 0)
    spread: FloatArray = np.sqrt(np.cumsum(terms))
    se = np.multiply(survival, spread, out=np.full(len(at), np.nan), where=survival > 0)
    end = float(lives.time.max()) if len(lives.time) else 0.0
    return Curve(at, at_risk, failed.astype(np.float64), survival, se, end)


def numbers_at_risk(lives: Lives, at: FloatArray) -> FloatArray:
    """Return how many units are at risk at each time."""
    left = np.searchsorted(np.sort(lives.time), at, "left")
    if lives.entry is None:
        return np.asarray(len(lives.time) - left, dtype=np.float64)
    # an entry of 0 is no late one: its unit is at risk at 0 too
    entry = np.sort(np.where(lives.entry > 0, lives.entry, -1))
    return np.asarray(np.searchsorted(entry, at, "left") - left, dtype=np.float64)


def pointwise_limits(
    survival: FloatArray, se: FloatArray, z: float, transform: str
) -> tuple[FloatArray, FloatArray]:
    """Return lower and upper limits within [0, 1], NaN where the transform has none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if transform == "plain":
            low, high = survival - z * se, survival + z * se
        elif transform == "log":
            low, high = (survival * np.exp(sign * z * se / survival) for sign in (-1, 1))
        else:
            theta = z * se / (survival * np.log(survival))
            # theta is below 0: exp(-theta) is the larger exponent
            low, high = survival ** np.exp(-theta), survival ** np.exp(theta)
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def crossing(time: FloatArray, survival: FloatArray, end: float) -> float | None:
    """Return where a step curve crosses one half, None where it does not.

    Where it equals one half on an interval, that is the middle of the interval; the last
    interval reaches to the end of observation.
    """
    below = np.flatnonzero(survival < 0.5 - _SAME)
    even = np.flatnonzero(np.abs(survival - 0.5) <= _SAME)
    if len(even):
        until = float(time[below[0]]) if len(below) else end
        return (float(time[even[0]]) + until) / 2
    return float(time[below[0]]) if len(below) else None


def at_times(curve: Curve, at: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return survival and its error at given times, NaN beyond the end of observation.

    A curve that has reached 0 stays there.
    """
    step = np.searchsorted(curve.time, at, "right")
    survival = np.concatenate(([1.0], curve.survival))[step]
    se = np.concatenate(([0.0], curve.se))[step]
    unknown = (at > curve.end) & (survival > 0)
    return np.where(unknown, np.nan, survival), np.where(unknown, np.nan, se)
