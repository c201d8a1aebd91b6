"""Partial areas under the ROC curve, their errors from the weight of each subject."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import NotEstimableError
from clinval.stats.second_engine._answer import TOO_MANY_SUBJECTS, Answer, without_limits
from clinval.stats.second_engine._bisection import normal_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, Numbers

__all__ = ["partial", "partial_difference"]

_MOST_SUBJECTS = 1_000
_CHANGE = 1e-6  # of a weight of 1, up and down
_ONE_CLASS = "no diseased or no non-diseased subject"
_ONE_OF_A_CLASS = "fewer than two diseased or two non-diseased subjects"
_NO_VARIANCE = "the placement values do not vary"
_NOTHING = 1e-8  # an error that is nothing but rounding


def partial(
    truth: Numbers,
    score: Numbers,
    *,
    level: float,
    focus: str = "specificity",
    low: float = 0.9,
    high: float = 1.0,
    corrected: bool = False,
) -> Answer:
    """Recompute a partial area and its error, limits cut to the range of the area."""
    area, least = high - low, ((1 - low) ** 2 - (1 - high) ** 2) / 2
    ends = (0.0, area)
    if corrected:
        ends = ((area - 2 * least) / (area - least) / 2, 1.0)
    return _answer(truth, [score], level, (focus, low, high, corrected), ends)


def partial_difference(
    truth: Numbers,
    test: Numbers,
    reference: Numbers,
    *,
    level: float,
    focus: str = "specificity",
    low: float = 0.9,
    high: float = 1.0,
    corrected: bool = False,
) -> Answer:
    """Recompute the difference of two partial areas and its error."""
    part = (focus, low, high, corrected)
    return _answer(truth, [test, reference], level, part, (-math.inf, math.inf))


def _answer(
    truth: Numbers,
    scores: list[Numbers],
    level: float,
    part: tuple[str, float, float, bool],
    ends: tuple[float, float],
) -> Answer:
    values = np.array([np.asarray(score, dtype=np.float64) for score in scores])
    kept = ~np.isnan(values).any(axis=0)
    diseased, values = np.asarray(truth, dtype=np.float64)[kept] == 1, values[:, kept]
    n = len(diseased)
    classes = int(diseased.sum()), int((~diseased).sum())
    if n > _MOST_SUBJECTS:
        raise NotEstimableError(TOO_MANY_SUBJECTS)
    if 0 in classes:
        raise NotEstimableError(_ONE_CLASS)
    # one row for the sample, then one a subject with more weight, then one with less
    change = _CHANGE * np.eye(n)
    weights = 1 + np.vstack((np.zeros((1, n)), change, -change))
    areas = _areas(diseased, values[0], weights, part)
    if len(scores) > 1:
        areas = areas - _areas(diseased, values[1], weights, part)
    estimate = float(areas[0])
    if min(classes) < 2:
        return without_limits(_ONE_OF_A_CLASS, n, estimate=estimate)
    slopes = (areas[1 : n + 1] - areas[n + 1 :]) / (2 * _CHANGE)
    variance = sum(
        size / (size - 1) * float(np.sum(slopes[chosen] ** 2))
        for chosen, size in zip((diseased, ~diseased), classes, strict=True)
    )
    if variance < _NOTHING**2:
        return without_limits(_NO_VARIANCE, n, estimate=estimate)
    half = normal_quantile(level) * math.sqrt(variance)
    return Answer(
        estimate=estimate,
        low=max(estimate - half, ends[0]),
        high=min(estimate + half, ends[1]),
        n=n,
    )


def _areas(
    diseased: NDArray[np.bool_],
    score: FloatArray,
    weights: FloatArray,
    part: tuple[str, float, float, bool],
) -> FloatArray:
    """Return the area of each row of weights: what each distinct score of a case adds."""
    focus, low, high, corrected = part
    if focus == "sensitivity":
        diseased, score = ~diseased, -score
    distinct = np.unique(score)[::-1]
    member = (distinct[:, None] == score).astype(np.float64)
    cases = weights @ (member * diseased).T
    others = weights @ (member * ~diseased).T
    cases /= cases.sum(axis=1, keepdims=True)
    others /= others.sum(axis=1, keepdims=True)
    end = np.cumsum(others, axis=1)
    start = end - others

    def reached(rate: float) -> FloatArray:
        """Return the integral up to a rate of the share of each score that is positive."""
        inside = np.clip(rate - start, 0, others)
        ramp: FloatArray = np.where(others > 0, inside**2 / np.where(others > 0, others, 1) / 2, 0)
        return ramp + np.maximum(rate - end, 0)

    area: FloatArray = np.sum(cases * (reached(1 - low) - reached(1 - high)), axis=1)
    if corrected:
        least = ((1 - low) ** 2 - (1 - high) ** 2) / 2
        area = (1 + (area - least) / (high - low - least)) / 2
    return area
