"""What sizes of ratios of geometric means share: designs, errors on the log scale, the search.

A coefficient of variation of log-normal values is sqrt(exp(variance of the logs) - 1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, NotEstimableError, finite
from clinval.stats.planning._claims import smallest

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CROSSOVER",
    "PAIRED",
    "PARALLEL",
    "RatioDesign",
    "RatioSize",
    "log_errors",
    "positive_ratio",
    "ratio_size",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioSize(Result):
    """The smallest number of subjects, in total, that has the power, and that power."""

    sample_size: int | None
    achieved_power: float | None = None


@dataclass(frozen=True, slots=True)
class RatioDesign:
    """A design: se = sd of the logs x sqrt(factor/n), n - lost degrees of freedom."""

    factor: float
    lost: int
    first: int
    step: int


CROSSOVER = RatioDesign(factor=2, lost=2, first=4, step=2)
PAIRED = RatioDesign(factor=2, lost=1, first=2, step=1)
PARALLEL = RatioDesign(factor=4, lost=2, first=4, step=2)


def positive_ratio(name: str, value: float) -> float:
    """Return a number above 0."""
    number = finite(name, value)
    if number <= 0:
        raise ValueError(f"{name} must be above 0, not {number:g}")
    return number


def log_errors(design: RatioDesign, n: FloatArray, cv: float) -> FloatArray:
    """Return the standard error of the log ratio."""
    sd = math.sqrt(math.log1p(positive_ratio("cv", cv) ** 2))
    return sd * np.sqrt(design.factor / n)


def ratio_size(
    function: str, design: RatioDesign, power_at: Callable[[FloatArray], FloatArray], target: float
) -> RatioSize:
    """Return the smallest size of a design that has the power."""
    method = f"sample_size.{function}"
    try:
        n, achieved = smallest(power_at, target, design.first, design.step)
    except NotEstimableError as problem:
        return RatioSize(method=method, sample_size=None, undefined=True, reason=problem.reason)
    return RatioSize(method=method, sample_size=n, achieved_power=achieved)
