"""Score limits and score tests of ratios, on the logarithmic scale, 0 and infinity included.

A ratio r enters the formulas as the two shares w = r/(1 + r) and v = 1/(1 + r), so that it may
be as small or as large as a number can be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy import special

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import finite
from clinval.stats._score import score_limits, score_test

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = [
    "LOG_ZERO",
    "RATIO_INFINITE",
    "RATIO_UNDEFINED",
    "WIDEST_LOG",
    "GapAndVariance",
    "ratio_interval",
    "ratio_margin",
    "ratio_test",
]

LOG_ZERO = "the logarithm of 0 is infinite"
RATIO_INFINITE = "the ratio is infinite"
RATIO_UNDEFINED = "the ratio is 0/0"
WIDEST_LOG = 700.0  # logarithm of the largest ratio that is looked at

GapAndVariance: TypeAlias = "Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]"
"""Takes the shares w and v of ratios, and returns the gap, which falls through 0 at the estimate,
and its variance under the ratio."""


def ratio_interval(
    method: str,
    numerator: float,
    denominator: float,
    gap_and_variance: GapAndVariance,
    z: float,
    *,
    level: float,
    n: int,
) -> Estimate:
    """Return a ratio with its score interval; what is infinite is undefined.

    Parameters
    ----------
    numerator, denominator
        The ratio; it is 0 or infinite exactly when nothing speaks against 0 or infinity.
    """
    low: float | None = 0.0
    high: float | None = None
    with np.errstate(divide="ignore"):
        logs = np.log([numerator, denominator])
    if numerator > 0 or denominator > 0:
        estimate = np.clip(logs[0] - logs[1], -WIDEST_LOG, WIDEST_LOG)
        limits = score_limits(
            lambda log: gap_and_variance(special.expit(log), special.expit(-log)),
            np.array(estimate),
            z,
            bounds=(-WIDEST_LOG, WIDEST_LOG),
        )
        low = float(np.exp(limits[0])) if numerator > 0 else 0.0
        high = float(np.exp(limits[1])) if denominator > 0 else None
    reason = ""
    if denominator == 0:
        reason = RATIO_INFINITE if numerator > 0 else RATIO_UNDEFINED
    return Estimate(
        method=method,
        estimate=numerator / denominator if denominator > 0 else None,
        ci_low=low,
        ci_high=high,
        level=level,
        n=n,
        undefined=bool(reason),
        reason=reason,
    )


def ratio_margin(margin: float) -> float:
    """Return a ratio above 0 whose logarithm is not beyond those that are looked at."""
    number = finite("margin", margin)
    if number <= 0 or abs(np.log(number)) > WIDEST_LOG:
        raise ValueError(f"margin must be a ratio above 0 of ordinary size, not {margin!r}")
    return number


def ratio_test(
    method: str, gap_and_variance: GapAndVariance, margin: float, alternative: str
) -> TestResult:
    """Return the score test of a ratio that agrees with :func:`ratio_interval`."""
    log = np.log(np.array(margin))
    gap, variance = gap_and_variance(special.expit(log), special.expit(-log))
    return score_test(method, float(gap), float(variance), alternative)
