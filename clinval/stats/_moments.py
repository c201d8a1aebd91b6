"""Means, variances and the standard errors that t intervals are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import NotEstimableError
from clinval.stats._distributions import student_quantile

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = [
    "TOO_LARGE",
    "MeanContrast",
    "differences",
    "log_ratios",
    "one_sample",
    "pooled",
    "ratio_of",
    "rounding_of",
    "unpooled",
    "variance_of",
]

TOO_LARGE = "not a finite number"
_ROUNDING = 4 * float(np.finfo(float).eps)


@dataclass(frozen=True, slots=True)
class MeanContrast:
    """A difference of means with its standard error and degrees of freedom."""

    estimate: float
    se: float
    df: float

    def interval(self, level: float) -> tuple[float, float]:
        """Return the two-sided t interval."""
        half = student_quantile(level, self.df) * self.se
        return self.estimate - half, self.estimate + half

    def statistic(self, margin: float = 0.0) -> float:
        """Return (estimate - margin) / se."""
        if self.se == 0:
            raise NotEstimableError("the values do not vary")
        return (self.estimate - margin) / self.se


def variance_of(values: FloatArray) -> float:
    """Return the variance with divisor n - 1, exactly 0 when all values are the same."""
    return 0.0 if float(np.ptp(values)) == 0 else float(values.var(ddof=1))


def differences(test: FloatArray, reference: FloatArray) -> FloatArray:
    """Return test - reference, exactly constant where only rounding tells values apart."""
    return _snapped(test - reference, test, reference)


def log_ratios(test: FloatArray, reference: FloatArray) -> FloatArray:
    """Return ln(test / reference), exactly constant where only rounding tells values apart."""
    logs, log_reference = np.log(test), np.log(reference)
    return _snapped(logs - log_reference, logs, log_reference, np.ones(1))


def rounding_of(*sources: FloatArray) -> float:
    """Return how far apart rounding alone can bring differences of values that are not empty."""
    return _ROUNDING * max(float(np.abs(source).max()) for source in sources)


def _snapped(values: FloatArray, *sources: FloatArray) -> FloatArray:
    if len(values) == 0:
        return values
    if float(np.ptp(values)) <= rounding_of(*sources):
        return np.full_like(values, values[0])
    return values


def ratio_of(log: float | None) -> float | None:
    """Return the ratio of a logarithm, None where it is too large for a number."""
    if log is None or not math.isfinite(log):
        return None
    try:
        return math.exp(log)
    except OverflowError:
        return None


def one_sample(values: FloatArray) -> MeanContrast:
    """Return the contrast of the one-sample t method on differences of pairs."""
    n = len(values)
    if n < 2:
        raise NotEstimableError("fewer than two pairs")
    return MeanContrast(float(values.mean()), math.sqrt(variance_of(values) / n), n - 1)


def unpooled(test: FloatArray, reference: FloatArray) -> MeanContrast:
    """Return Welch's contrast with Satterthwaite's degrees of freedom."""
    n1, n2 = len(test), len(reference)
    if min(n1, n2) < 2:
        raise NotEstimableError("an arm has fewer than two subjects")
    share1, share2 = variance_of(test) / n1, variance_of(reference) / n2
    if share1 + share2 == 0:
        raise NotEstimableError("the values do not vary in either arm")
    df = (share1 + share2) ** 2 / (share1**2 / (n1 - 1) + share2**2 / (n2 - 1))
    return MeanContrast(float(test.mean() - reference.mean()), math.sqrt(share1 + share2), df)


def pooled(test: FloatArray, reference: FloatArray) -> MeanContrast:
    """Return Student's contrast with the pooled variance."""
    n1, n2 = len(test), len(reference)
    if min(n1, n2) < 1 or n1 + n2 < 3:
        raise NotEstimableError("too few subjects for a pooled variance")
    squares = sum(variance_of(arm) * (len(arm) - 1) for arm in (test, reference) if len(arm) > 1)
    variance = squares / (n1 + n2 - 2)
    return MeanContrast(
        float(test.mean() - reference.mean()),
        math.sqrt(variance * (1 / n1 + 1 / n2)),
        n1 + n2 - 2,
    )
