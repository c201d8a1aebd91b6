"""How often a component is replaced within a horizon: distribution of the count, and draws."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["count_tails", "drawn_counts", "extrapolated", "fleet_probabilities", "steps_for"]

_NEGLIGIBLE = 1e-13  # a probability that no sum of them shows
_MOST_LIVES = 100.0
_MOST_STEPS = 8192
_LONGEST = 2**24


def steps_for(lives: float, variation: float) -> int:
    """Return how many steps a horizon of so many mean lives is cut into.

    A step is short beside the standard deviation of a life, ``variation`` being its squared ratio
    to the mean.
    """
    steps = max(256.0, 16 * lives * max(1.0, 0.25 / math.sqrt(variation)))
    if lives > _MOST_LIVES or steps > _MOST_STEPS:
        raise ValueError(f"the horizon holds {lives:.3g} mean lives, too many for this shape")
    return int(steps)


def count_tails(shape: float, scale: float, horizon: float, age: float, steps: int) -> FloatArray:
    """Return P(at least 1, 2, ... replacements) of one unit of a given age at the start.

    The time of the k-th replacement is a sum of lives, the first of them what is left of one;
    their distributions are convolved on a grid of ``steps``, a life being rounded to its nearest
    point.
    """
    edges = (np.arange(steps + 2) - 0.5) * (horizon / steps)
    edges[0] = 0.0
    used = (age / scale) ** shape
    first = np.diff(-np.expm1(used - ((age + edges) / scale) ** shape))
    life = np.diff(-np.expm1(-((edges / scale) ** shape)))
    spectrum = np.fft.rfft(life, 2 * len(life))
    arrivals = first
    tails: list[float] = []
    while True:
        # the last point stands for half a step within the horizon and half a step beyond
        tail = float(arrivals.sum() - arrivals[-1] / 2)
        if tail <= _NEGLIGIBLE:
            return np.array(tails)
        tails.append(tail)
        arrivals = np.fft.irfft(np.fft.rfft(arrivals, 2 * len(life)) * spectrum, 2 * len(life))
        arrivals = arrivals[: len(life)]


def fleet_probabilities(tails: list[FloatArray], numbers: IntArray) -> FloatArray:
    """Return P(0, 1, 2, ... replacements) of a fleet: so many units of each distribution."""
    length = 1 + sum(len(tail) * int(number) for tail, number in zip(tails, numbers, strict=True))
    if length > _LONGEST:
        raise ValueError("the fleet is too large")
    spectrum = np.ones(length // 2 + 1, dtype=np.complex128)
    for tail, number in zip(tails, numbers, strict=True):
        single = -np.diff(np.concatenate(([1.0], tail, [0.0])))
        spectrum *= np.fft.rfft(single, length) ** int(number)
    return np.clip(np.fft.irfft(spectrum, length), 0, 1)


def drawn_counts(
    shape: FloatArray,
    scale: FloatArray,
    horizon: float,
    ages: FloatArray,
    periods: int,
    rng: np.random.Generator,
) -> IntArray:
    """Return simulated replacements of a fleet, shape (draws, periods)."""
    draws, units = len(shape), len(ages)
    k, eta = np.repeat(shape, units), np.repeat(scale, units)
    age = np.tile(ages, draws)
    counts = np.zeros(draws * periods, dtype=np.intp)
    row = np.repeat(np.arange(draws), units)
    # what is left of a life that has reached its age: S(age + t)/S(age) is uniform
    used = (age / eta) ** k
    time = eta * (used + rng.standard_exponential(len(k))) ** (1 / k) - age
    while True:
        within = time <= horizon
        if not within.any():
            return counts.reshape(draws, periods)
        row, k, eta, time = row[within], k[within], eta[within], time[within]
        period = np.minimum((time * (periods / horizon)).astype(np.intp), periods - 1)
        counts += np.bincount(row * periods + period, minlength=len(counts))
        time = time + eta * rng.standard_exponential(len(k)) ** (1 / k)


def extrapolated(coarse: float, middle: float, fine: float) -> float:
    """Return the limit of three values on grids each twice as fine (Aitken)."""
    first, second = middle - coarse, fine - middle
    if abs(second) >= abs(first) or math.isclose(first, second):
        return fine
    return fine + second**2 / (first - second)
