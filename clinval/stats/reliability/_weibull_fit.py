"""Maximum likelihood of the Weibull distribution under censoring and delayed entry.

For a given shape the scale that maximises the likelihood is known in closed form, so that one
equation in the shape is left. With groups, all have one shape and each its own scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import NotEstimableError

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray
    from clinval.stats.reliability._lives import Lives

__all__ = [
    "TENTH",
    "TOO_LARGE",
    "Fit",
    "PowerSums",
    "exponential",
    "fit_groups",
    "log_quantile",
    "log_quantile_variance",
    "two_failures",
]

TENTH = 0.1  # the share of units that B10 is named after
TOO_LARGE = "a number is too large to be given"

_LARGEST = 700.0  # whose exponential is a number
_MOST_STEPS = 100
_CLOSE = 1e-13  # of the logarithm of the shape
_LONGEST_STEP = 1.0  # of the logarithm of the shape
_LOG_SHAPES = np.linspace(-6, 7, 105)  # where a maximum is looked for when entries are delayed


@dataclass(frozen=True, slots=True)
class Fit:
    """Shape, scales and log-likelihood at the maximum.

    ``covariance`` is that of (ln scale of each group, ln shape), from the observed information.
    """

    shape: float
    scales: tuple[float, ...]
    log_likelihood: float
    covariance: FloatArray


class PowerSums:
    """Sums over units of t^k, t^k ln t and t^k (ln t)^2, less the same at entry, of one group.

    Times are divided by the longest, so that no power overflows; ``log_unit`` is its logarithm.
    """

    def __init__(self, lives: Lives) -> None:
        self.log_unit = math.log(float(lives.time.max()))
        logs = np.log(lives.time) - self.log_unit
        self._failed = logs[lives.event == 1]
        self.failures = len(self._failed)
        self.sum_of_logs = float(self._failed.sum())
        if lives.entry is not None:
            late = lives.entry > 0
            logs = np.concatenate((logs, np.log(lives.entry[late]) - self.log_unit))
        self._logs = logs
        self._sign = np.ones(len(logs))
        self._sign[len(lives.time) :] = -1
        self._powers = np.stack((self._sign, self._sign * logs, self._sign * logs**2))

    def at(self, shape: float) -> FloatArray:
        """Return the three sums at one shape."""
        sums: FloatArray = self._powers @ np.exp(shape * self._logs)
        return sums

    def totals(self, shapes: FloatArray) -> FloatArray:
        """Return the first sum at each of several shapes."""
        sums: FloatArray = np.exp(np.multiply.outer(shapes, self._logs)) @ self._sign
        return sums

    def log_likelihood(self, shapes: FloatArray) -> FloatArray:
        """Return the log-likelihood at each shape with the scale that suits it best."""
        r = self.failures
        return (
            r * (np.log(shapes) - np.log(self.totals(shapes) / r) - 1 - self.log_unit)
            + (shapes - 1) * self.sum_of_logs
        )


def two_failures(lives: Lives) -> None:
    """Refuse lives with fewer than two distinct failure times, which fix no shape."""
    failures = lives.failures
    if len(failures) == 0:
        raise NotEstimableError("no failure")
    if failures.min() == failures.max():
        raise NotEstimableError("fewer than two distinct failure times")


def fit_groups(groups: list[PowerSums], *, delayed: bool) -> Fit:
    """Return the maximum for groups that share a shape; each has a failure, all together two.

    ``delayed`` tells that some unit entered late: the likelihood then need not have one maximum
    only, and may have none, so that it is first looked over.
    """
    failures = sum(group.failures for group in groups)
    log_shape = _maximum(groups, failures, *_start(groups, delayed=delayed))
    shape = math.exp(log_shape)
    sums = [group.at(shape) for group in groups]
    # of z = shape (ln t - ln scale), weighted with (t/scale)^shape, which adds up to the failures
    information = np.zeros((len(groups) + 1, len(groups) + 1))
    information[-1, -1] = failures
    scales, likelihood = [], 0.0
    for i, (group, (s0, s1, s2)) in enumerate(zip(groups, sums, strict=True)):
        r = group.failures
        log_scale = math.log(s0 / r) / shape
        scale = exponential(log_scale + group.log_unit)
        if not scale:
            raise NotEstimableError("the scale is too large or too small for a number")
        scales.append(scale)
        first = shape * r * (s1 / s0 - log_scale)
        second = shape**2 * r * (s2 / s0 - 2 * log_scale * s1 / s0 + log_scale**2)
        information[i, i] = shape**2 * r
        information[i, -1] = information[-1, i] = -shape * first
        information[-1, -1] += second
        likelihood += float(group.log_likelihood(np.array([shape]))[0])
    try:
        covariance: FloatArray = np.asarray(np.linalg.inv(information), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise NotEstimableError("the likelihood has no maximum") from error
    if not (np.isfinite(covariance).all() and (np.diag(covariance) > 0).all()):
        raise NotEstimableError("the likelihood has no maximum")
    return Fit(shape, tuple(scales), likelihood, covariance)


def exponential(log: float) -> float | None:
    """Return the number with a logarithm, None where it is too large for one."""
    return math.exp(log) if log < _LARGEST else None


def log_quantile(shape: float, scale: float, probability: float) -> float:
    """Return the logarithm of the time at which a share of the units has failed."""
    return math.log(scale) + math.log(-math.log1p(-probability)) / shape


def log_quantile_variance(shape: float, covariance: FloatArray, probability: float) -> float:
    """Return the variance of that logarithm from the covariance of (ln scale, ln shape)."""
    gradient = np.array([1.0, -math.log(-math.log1p(-probability)) / shape])
    return float(gradient @ covariance @ gradient)


def _start(groups: list[PowerSums], *, delayed: bool) -> tuple[float, float, float]:
    """Return where to begin in the logarithm of the shape, and the ends of the search."""
    if not delayed:
        return 0.0, -math.inf, math.inf
    likelihood = sum(group.log_likelihood(np.exp(_LOG_SHAPES)) for group in groups)
    best = int(np.argmax(likelihood))
    if best == 0:
        raise NotEstimableError("the likelihood has no maximum")
    above = _LOG_SHAPES[best + 1] if best + 1 < len(_LOG_SHAPES) else math.inf
    return float(_LOG_SHAPES[best]), float(_LOG_SHAPES[best - 1]), float(above)


def _maximum(
    groups: list[PowerSums], failures: int, start: float, low: float, high: float
) -> float:
    """Return the logarithm of the shape at the maximum: Newton's steps, kept between bounds.

    The slope of the log-likelihood in ln shape is r + k (sum of ln t - sum of r S1/S0).
    """
    of_logs = sum(group.sum_of_logs for group in groups)
    point = start
    for _ in range(_MOST_STEPS):
        shape = math.exp(point)
        slope, bend = failures + shape * of_logs, shape * of_logs
        for group in groups:
            s0, s1, s2 = group.at(shape)
            mean = s1 / s0
            slope -= shape * group.failures * mean
            bend -= shape * group.failures * (mean + shape * (s2 / s0 - mean**2))
        low, high = (point, high) if slope > 0 else (low, point)
        step = -slope / bend if bend < 0 else math.copysign(_LONGEST_STEP, slope)
        new = point + max(-_LONGEST_STEP, min(_LONGEST_STEP, step))
        if abs(step) <= _CLOSE * max(1.0, abs(point)):
            return new
        point = new if low < new < high else (low + high) / 2
    raise NotEstimableError("the likelihood has no maximum")
