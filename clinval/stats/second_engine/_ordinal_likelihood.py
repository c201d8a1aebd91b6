"""Proportional odds: the likelihood is climbed with its slope alone, its curvature is numerical."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from clinval.stats._checks import NotEstimableError
from clinval.stats.second_engine._answer import (
    EMPTY_ARM,
    TOO_MANY_CATEGORIES,
    Answer,
    without_limits,
)
from clinval.stats.second_engine._bisection import normal_quantile

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, Numbers

__all__ = ["proportional_odds"]

_MOST_CATEGORIES = 50
_STEP = 1e-4  # of finite differences, on the logistic scale
_POLISHES = 3


def proportional_odds(test: Numbers, reference: Numbers, *, level: float) -> Answer:
    """Recompute the common odds ratio."""
    x, y = np.asarray(test, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    n = len(x) + len(y)
    if 0 in {len(x), len(y)}:
        return without_limits(EMPTY_ARM, n)
    if min(x.min(), y.min()) == max(x.max(), y.max()):
        return without_limits("the values do not vary", n)
    if x.max() <= y.min() or x.min() >= y.max():
        reason = "the odds ratio is 0 or infinite"
        return without_limits(reason, n)
    scale = np.unique(np.concatenate([x, y]))
    if len(scale) > _MOST_CATEGORIES:
        raise NotEstimableError(TOO_MANY_CATEGORIES)
    counts = np.array([np.sum(values[:, None] == scale, axis=0) for values in (x, y)], dtype=float)
    beta, error = _climb(counts)
    half = normal_quantile(level) * error
    points = [float(np.exp(log)) for log in (beta, beta - half, beta + half)]
    return Answer(estimate=points[0], low=points[1], high=points[2], n=n)


def _climb(counts: FloatArray) -> tuple[float, float]:
    """Return the log odds ratio and its error; the last parameter is the log odds ratio."""
    from scipy.optimize import minimize

    total = counts.sum(axis=0)
    start = np.append(special.logit(np.cumsum(total)[:-1] / total.sum()), 0.0)
    climb: Any = minimize  # whose declared types know vectors of one shape only
    point = climb(
        lambda point: -_likelihood(point, counts)[0],
        start,
        jac=lambda point: -_likelihood(point, counts)[1],
        hess=lambda point: -_curvature(point, counts),
        method="trust-exact",
        tol=1e-4,
    ).x
    for _ in range(_POLISHES):
        point = point - np.linalg.solve(_curvature(point, counts), _likelihood(point, counts)[1])
    return float(point[-1]), math.sqrt(-np.linalg.inv(_curvature(point, counts))[-1, -1])


def _likelihood(point: FloatArray, counts: FloatArray) -> tuple[float, FloatArray]:
    """Return the log likelihood and its slope; probabilities are differences of logistic values.

    Thresholds out of order have no likelihood.
    """
    thresholds, beta = point[:-1], point[-1]
    if (np.diff(thresholds) <= 0).any():
        return -math.inf, np.zeros_like(point)
    value, slope = 0.0, np.zeros_like(point)
    for arm, (own, shift) in enumerate(zip(counts, (beta, 0.0), strict=True)):
        below = np.concatenate([[0.0], special.expit(thresholds - shift), [1.0]])
        density = below * (1 - below)
        chances = np.diff(below)
        value += float(special.xlogy(own, chances).sum())
        ratio = np.where(own > 0, own / chances, 0.0)
        by_threshold = density[1:-1] * (ratio[:-1] - ratio[1:])
        slope[:-1] += by_threshold
        if arm == 0:
            slope[-1] -= float(by_threshold.sum())
    return value, slope


def _curvature(point: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the second derivatives as differences of the slope, of two widths."""

    def differences(width: float) -> FloatArray:
        steps = np.eye(len(point)) * width
        rows = [
            _likelihood(point + step, counts)[1] - _likelihood(point - step, counts)[1]
            for step in steps
        ]
        return np.array(rows) / (2 * width)

    found = (4 * differences(_STEP / 2) - differences(_STEP)) / 3
    symmetric: FloatArray = (found + found.T) / 2
    return symmetric
