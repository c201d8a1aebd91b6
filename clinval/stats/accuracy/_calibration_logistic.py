"""Calibration-in-the-large and calibration slope: logistic regressions of two numbers at most."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import NotEstimableError, Numbers, check_level
from clinval.stats._distributions import normal_quantile
from clinval.stats.accuracy._probabilities import Probabilities, read_probabilities

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["LogisticCalibration", "logistic"]

_INFINITE_LOGIT = "a probability is 0 or 1: its logit is infinite"
_ONE_CLASS = "no diseased or no non-diseased subject"
_CONSTANT = "the predicted probabilities do not vary"
_SEPARATED = "a probability separates the classes: the slope is infinite"
_MOST_STEPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticCalibration(Result):
    """Calibration-in-the-large and slope, with Wald limits; ``dropped`` had no probability."""

    calibration_in_the_large: float | None
    calibration_in_the_large_se: float | None
    calibration_in_the_large_ci_low: float | None
    calibration_in_the_large_ci_high: float | None
    slope: float | None
    slope_se: float | None
    slope_ci_low: float | None
    slope_ci_high: float | None
    level: float = 0.95
    n: int = 0
    dropped: int = 0


def logistic(truth: Numbers, probability: Numbers, *, level: float = 0.95) -> LogisticCalibration:
    r"""Calibration-in-the-large and calibration slope by maximum likelihood.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    probability
        The predicted probability of disease of each subject, in [0, 1]; ``None`` drops the row.
    level
        Two-sided level of the intervals.

    Returns
    -------
    LogisticCalibration
        ``calibration_in_the_large`` (0 is ideal) and ``slope`` (1 is ideal), each with its model
        based ``se`` and Wald limits; ``n`` subjects. Undefined with a probability of 0 or 1 and
        without both classes; the slope where the probabilities do not vary or separate the
        classes.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, probabilities outside [0, 1], lists of different length
        or a level outside (0, 1).

    Notes
    -----
    Two logistic regressions: an intercept with the offset logit(p), and an intercept with the
    slope of logit(p); errors from the observed information.

    References
    ----------
    .. [1] Cox 1958.
    .. [2] Steyerberg 2009.

    Examples
    --------
    >>> result = logistic([0, 0, 1, 0, 1, 1], [0.1, 0.3, 0.3, 0.6, 0.6, 0.8])
    >>> round(result.calibration_in_the_large, 3), round(result.slope, 3)
    (0.26, 1.12)
    """
    z = normal_quantile(check_level(level))
    data = read_probabilities(truth, probability)
    found: dict[str, tuple[float, float]] = {}
    reason = ""
    try:
        logits, diseased = _logits(data), data.diseased.astype(np.float64)
        ones = np.ones((len(logits), 1))
        found["calibration_in_the_large"] = _coefficient(ones, logits, diseased)
        _check_slope(data)
        both = np.column_stack((ones, logits))
        found["slope"] = _coefficient(both, np.zeros(len(logits)), diseased)
    except NotEstimableError as problem:
        reason = problem.reason
    numbers: dict[str, float | None] = {}
    for name in ("calibration_in_the_large", "slope"):
        value, se = found.get(name, (None, None))
        numbers[name], numbers[f"{name}_se"] = value, se
        limits = (None, None) if value is None or se is None else (value - z * se, value + z * se)
        numbers[f"{name}_ci_low"], numbers[f"{name}_ci_high"] = limits
    return LogisticCalibration(
        method="calibration.logistic",
        level=level,
        n=len(data.diseased),
        dropped=data.dropped,
        undefined=bool(reason),
        reason=reason,
        **numbers,
    )


def _logits(data: Probabilities) -> FloatArray:
    if not (data.diseased.any() and (~data.diseased).any()):
        raise NotEstimableError(_ONE_CLASS)
    if ((data.probability == 0) | (data.probability == 1)).any():
        raise NotEstimableError(_INFINITE_LOGIT)
    logits: FloatArray = special.logit(data.probability)
    return logits


def _check_slope(data: Probabilities) -> None:
    """Raise where no slope has the greatest likelihood."""
    of_diseased, of_others = data.probability[data.diseased], data.probability[~data.diseased]
    if np.ptp(data.probability) == 0:
        raise NotEstimableError(_CONSTANT)
    if of_diseased.min() >= of_others.max() or of_diseased.max() <= of_others.min():
        raise NotEstimableError(_SEPARATED)


def _coefficient(
    columns: FloatArray, offset: FloatArray, outcome: FloatArray
) -> tuple[float, float]:
    """Return the last coefficient of a logistic regression and its error (Newton's method)."""
    beta: FloatArray = np.zeros(columns.shape[1])
    step: FloatArray = beta
    value = -np.inf
    for _ in range(_MOST_STEPS):
        linear = offset + columns @ beta
        new = float(outcome @ linear - np.sum(np.logaddexp(0, linear)))
        if new < value - 1e-12 * abs(value):  # too far: half the way
            step = step / 2
            beta = beta - step
            continue
        value = new
        p = special.expit(linear)
        information = columns.T @ (columns * (p * (1 - p))[:, None])
        step = np.asarray(np.linalg.solve(information, columns.T @ (outcome - p)), np.float64)
        beta = beta + step
        if np.abs(step).max() <= 1e-12 * max(1.0, np.abs(beta).max()):
            break
    return float(beta[-1]), math.sqrt(float(np.linalg.inv(information)[-1, -1]))
