"""Times to events, recomputed with statsmodels' Cox regression and Kaplan-Meier curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import NotEstimableError
from clinval.stats.second_engine._answer import EMPTY_ARM, TOO_MANY_SUBJECTS, Answer, without_limits
from clinval.stats.second_engine._bisection import normal_quantile

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, Numbers

__all__ = ["cox_breslow", "cox_efron", "rmst_difference", "rmst_ratio"]

_MOST_SUBJECTS = 20_000
_MOST_EVENT_TIMES = 3_000  # of which every pair is looked at


def cox_efron(time: Numbers, status: Numbers, arm: Numbers, *, level: float) -> Answer:
    """Recompute with Efron's likelihood."""
    return _cox(time, status, arm, level, ties="efron")


def cox_breslow(time: Numbers, status: Numbers, arm: Numbers, *, level: float) -> Answer:
    """Recompute with Breslow's likelihood."""
    return _cox(time, status, arm, level, ties="breslow")


def rmst_difference(
    time: Numbers, status: Numbers, arm: Numbers, tau: float, *, level: float
) -> Answer:
    """Recompute the difference of areas under the Kaplan-Meier curves."""
    (mean1, variance1), (mean2, variance2), n = _areas(time, status, arm, tau)
    return _normal(mean1 - mean2, variance1 + variance2, level, n, ratio=False)


def rmst_ratio(time: Numbers, status: Numbers, arm: Numbers, tau: float, *, level: float) -> Answer:
    """Recompute the ratio of areas under the Kaplan-Meier curves."""
    (mean1, variance1), (mean2, variance2), n = _areas(time, status, arm, tau)
    if 0 in {mean1, mean2}:
        raise NotEstimableError("the restricted mean of an arm is 0")
    variance = variance1 / mean1**2 + variance2 / mean2**2
    return _normal(math.log(mean1) - math.log(mean2), variance, level, n, ratio=True)


def _normal(estimate: float, variance: float, level: float, n: int, *, ratio: bool) -> Answer:
    half = normal_quantile(level) * math.sqrt(variance)
    points = [
        float(np.exp(point)) if ratio else point
        for point in (estimate, estimate - half, estimate + half)
    ]
    if half == 0:
        reason = "no variation before tau"
        return without_limits(reason, n, estimate=points[0])
    return Answer(estimate=points[0], low=points[1], high=points[2], n=n)


def _cox(time: Numbers, status: Numbers, arm: Numbers, level: float, *, ties: str) -> Answer:
    from statsmodels.duration.hazard_regression import PHReg

    times, events, arms = (np.asarray(values, dtype=np.float64) for values in (time, status, arm))
    n = len(times)
    if n == 0 or np.ptp(arms) == 0:
        return without_limits(EMPTY_ARM, n)
    if n > _MOST_SUBJECTS:
        raise NotEstimableError(TOO_MANY_SUBJECTS)
    _check_maximum(times, events, arms, efron=ties == "efron")
    fit = PHReg(times, arms[:, None], status=events, ties=ties).fit(disp=0)
    low, high = fit.conf_int(alpha=1 - level)[0]
    estimate, low, high = (float(np.exp(log)) for log in (fit.params[0], low, high))
    return Answer(estimate=estimate, low=low, high=high, n=n)


def _check_maximum(times: FloatArray, events: FloatArray, arms: FloatArray, *, efron: bool) -> None:
    """Raise where the partial likelihood has its maximum at no finite hazard ratio.

    Its slope, at hazard ratios that stand for 0 and infinity, is the number of events of the test
    arm less those that are certain to be of that arm.
    """
    if not events.any():
        raise NotEstimableError("no event")
    of_test = certain = possible = 0.0
    for at in np.unique(times[events == 1]):
        at_risk, now = times >= at, (times == at) & (events == 1)
        died = [float(np.sum(now & (arms == a))) for a in (0, 1)]
        risk = [float(np.sum(at_risk & (arms == a))) for a in (0, 1)]
        for turn in range(int(sum(died))):
            gone = turn / sum(died) if efron else 0.0
            left = [r - gone * d for r, d in zip(risk, died, strict=True)]
            if min(left) > 0:
                possible += 1
            elif left[0] <= 0:
                certain += 1
        of_test += died[1]
    if possible == 0:
        raise NotEstimableError("the arms are not at risk together")
    if not 0 < of_test - certain < possible:
        raise NotEstimableError("the hazard ratio is 0 or infinite")


def _areas(
    time: Numbers, status: Numbers, arm: Numbers, tau: float
) -> tuple[tuple[float, float], tuple[float, float], int]:
    times, events, arms = (np.asarray(values, dtype=np.float64) for values in (time, status, arm))
    areas = [_area(times[arms == a], events[arms == a], float(tau)) for a in (1, 0)]
    return areas[0], areas[1], len(times)


def _area(times: FloatArray, events: FloatArray, tau: float) -> tuple[float, float]:
    """Return the area under the curve up to tau, and its variance.

    The variance is that of a sum: of the curve's heights between event times, every pair of which
    has a covariance.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    if len(times) == 0:
        raise NotEstimableError(EMPTY_ARM)
    last = times.max()
    if last < tau and (events[times == last] == 0).any():
        raise NotEstimableError("the follow-up of an arm ends before tau")
    if not (events[times < tau] == 1).any():
        return tau, 0.0
    curve = SurvfuncRight(times, events)
    counted = curve.surv_times < tau
    at, height = curve.surv_times[counted], curve.surv_prob[counted]
    if len(at) > _MOST_EVENT_TIMES:
        raise NotEstimableError(TOO_MANY_SUBJECTS)
    widths = np.diff(np.append(at, tau))
    died, risk = curve.n_events[counted], curve.n_risk[counted]
    left = risk - died
    relative = np.cumsum(np.where(left > 0, died / (risk * np.where(left > 0, left, 1)), 0.0))
    shared = np.minimum.outer(np.arange(len(at)), np.arange(len(at)))
    parts = widths * height
    return float(at[0] + parts.sum()), float(parts @ relative[shared] @ parts)
