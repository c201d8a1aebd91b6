"""What every sample size starts from: the side of the margin, the levels, whole subjects."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, NotEstimableError, Numbers, check_option, sample

__all__ = [
    "MOST",
    "ROUNDING",
    "TOO_MANY",
    "Power",
    "check_error_rates",
    "check_one_sided",
    "distance",
    "numbers_of",
    "power_result",
    "side_of",
    "smallest",
    "upper_quantile",
    "whole",
]

TOO_MANY = "more than ten million subjects are needed"
MOST = 10_000_000
_WHOLE = 1e-9  # a number of subjects this close to a whole one is that
ROUNDING = 1e-12  # relative: 0.8 - 0.9 is -0.1, though not in floating point
_ONE_SIDED = ("greater", "less")


@dataclass(frozen=True, slots=True, kw_only=True)
class Power(Result):
    """The power at each number of subjects ``n`` that was asked for."""

    n: tuple[float, ...]
    power: tuple[float, ...]


def check_one_sided(alpha: float) -> float:
    """Return a one-sided level, below 0.5."""
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must lie strictly between 0 and 0.5, not {alpha!r}")
    return float(alpha)


def check_error_rates(alpha: float, power: float) -> tuple[float, float]:
    """Return the one-sided level and the power, which is larger."""
    level = check_one_sided(alpha)
    if not level < power < 1:
        raise ValueError(f"power must lie strictly between alpha and 1, not {power!r}")
    return level, float(power)


def upper_quantile(probability: float) -> float:
    """Return the standard normal value that is exceeded with a probability."""
    return -float(special.ndtri(probability))


def side_of(difference: float, margin: float, alternative: str | None) -> float:
    """Return 1 if the effect has to be shown above the margin, -1 if below it.

    Without an alternative the sign of the margin tells: a loss is allowed down to a negative
    margin, up to a positive one, and beyond 0 the effect itself points to its side.
    """
    if alternative is not None:
        return 1.0 if check_option("alternative", alternative, _ONE_SIDED) == "greater" else -1.0
    if margin == 0:
        return -1.0 if difference < 0 else 1.0
    return 1.0 if margin < 0 else -1.0


def distance(difference: float, margin: float, alternative: str | None) -> float:
    """Return how far the expected difference lies on the side of the margin that is claimed."""
    gap = side_of(difference, margin, alternative) * (difference - margin)
    if gap <= ROUNDING * max(abs(difference), abs(margin)):
        raise ValueError(
            f"the expected difference {difference:g} lies on the wrong side of margin {margin:g}"
        )
    return gap


def whole(subjects: float) -> int:
    """Return the next whole number of subjects."""
    return math.ceil(subjects - _WHOLE * max(1.0, subjects))


def numbers_of(name: str, n: Numbers | float, least: float = 1) -> FloatArray:
    """Return numbers of subjects as a list, none below the least that the method can use."""
    numbers = sample(name, [float(n)] if isinstance(n, int | float) else n)
    if (numbers < least).any():
        raise ValueError(f"{name} must be {least:g} or more, not {numbers.min():g}")
    return numbers


def power_result(function: str, n: FloatArray, power: FloatArray) -> Power:
    """Return the power of a method of this room at each number of subjects."""
    return Power(method=f"sample_size.{function}", n=tuple(n.tolist()), power=tuple(power.tolist()))


def smallest(
    power_at: Callable[[FloatArray], FloatArray], target: float, first: int, step: int
) -> tuple[int, float]:
    """Return the first of first, first + step, ... whose power reaches a target, and its power.

    The power must not fall with the number of subjects.
    """
    low, high = -1, 0  # in steps: the power is short of the target at low, and reached at high
    while float(power_at(np.array([first + high * step], dtype=np.float64))[0]) < target:
        low, high = high, 2 * high + 1
        if first + high * step > MOST:
            raise NotEstimableError(TOO_MANY)
    while high - low > 1:
        middle = (low + high) // 2
        reached = float(power_at(np.array([first + middle * step], dtype=np.float64))[0]) >= target
        low, high = (low, middle) if reached else (middle, high)
    n = first + high * step
    return n, float(power_at(np.array([n], dtype=np.float64))[0])
