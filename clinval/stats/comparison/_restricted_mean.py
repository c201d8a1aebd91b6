"""Restricted mean survival times of two arms, compared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import (
    NotEstimableError,
    Numbers,
    arm_indicator,
    check_level,
    check_same_length,
    finite,
)
from clinval.stats._distributions import normal_quantile
from clinval.stats._event_times import events_and_risk, subjects

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["RestrictedMean", "rmst_difference", "rmst_ratio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedMean(Estimate):
    """A comparison of restricted mean survival times, with that of each arm (1 is the test).

    ``se`` is on the log scale for a ratio.
    """

    se: float | None = None
    rmst1: float | None = None
    rmst2: float | None = None


@dataclass(frozen=True, slots=True)
class _Area:
    """The restricted mean of one arm and its variance."""

    mean: float
    variance: float


def rmst_difference(
    time: Numbers, status: Numbers, arm: Numbers, tau: float, *, level: float = 0.95
) -> RestrictedMean:
    r"""Difference of restricted mean survival times.

    Parameters
    ----------
    time
        Time to the event or to the last observation of each subject (list), 0 or more.
    status
        1 (event) or 0 (censored) for each subject (list).
    arm
        1 (test) or 0 (reference) for each subject (list).
    tau
        The time up to which survival counts, above 0.
    level
        Two-sided level of the interval.

    Returns
    -------
    RestrictedMean
        ``estimate``, ``ci_low``, ``ci_high``, ``se``, ``rmst1`` (test), ``rmst2`` (reference)
        and ``n``. Undefined with an empty arm, or when the last time of an arm is censored and
        before tau; the limits also when the standard error is 0, as without events before tau.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing, times below 0, a status or an
        arm other than 0 and 1, a tau that is not above 0 or a level outside (0, 1).

    Notes
    -----
    The restricted mean is the area under the Kaplan-Meier curve from 0 to tau. With d_i events
    among Y_i at risk at t_i, and A_i the area from t_i to tau, its variance is Greenwood's

    .. math:: \sum_i A_i^2 \frac{d_i}{Y_i (Y_i - d_i)}

    without a small-sample factor; normal interval.

    References
    ----------
    .. [1] Uno et al. 2014.

    Examples
    --------
    >>> time, status = [6, 6, 7, 10, 13, 1, 2, 2, 4, 8], [1, 0, 1, 0, 1, 1, 1, 1, 1, 1]
    >>> result = rmst_difference(time, status, [1] * 5 + [0] * 5, 10)
    >>> round(result.rmst1, 4), round(result.rmst2, 4), round(result.se, 4)
    (8.4, 3.4, 1.401)
    """
    return _compared("rmst_difference", time, status, arm, tau, level)


def rmst_ratio(
    time: Numbers, status: Numbers, arm: Numbers, tau: float, *, level: float = 0.95
) -> RestrictedMean:
    """Ratio of restricted mean survival times.

    Parameters
    ----------
    time
        Time to the event or to the last observation of each subject (list), 0 or more.
    status
        1 (event) or 0 (censored) for each subject (list).
    arm
        1 (test) or 0 (reference) for each subject (list).
    tau
        The time up to which survival counts, above 0.
    level
        Two-sided level of the interval.

    Returns
    -------
    RestrictedMean
        As :func:`rmst_difference`, with ``se`` on the log scale; also undefined when the
        restricted mean of an arm is 0.

    Raises
    ------
    ValueError
        As :func:`rmst_difference`.

    Notes
    -----
    The log ratio has the variance v1/m1^2 + v2/m2^2 (delta method), m and v those of
    :func:`rmst_difference`; normal interval, exponentiated.

    References
    ----------
    .. [1] Uno et al. 2014.

    Examples
    --------
    >>> time, status = [6, 6, 7, 10, 13, 1, 2, 2, 4, 8], [1, 0, 1, 0, 1, 1, 1, 1, 1, 1]
    >>> result = rmst_ratio(time, status, [1] * 5 + [0] * 5, 10)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (2.4706, 1.2598, 4.8451)
    """
    return _compared("rmst_ratio", time, status, arm, tau, level)


def _compared(
    function: str, time: Numbers, status: Numbers, arm: Numbers, tau: float, level: float
) -> RestrictedMean:
    times, events = subjects(time, status)
    arms = arm_indicator(arm)
    check_same_length(time=times, arm=arms)
    z = normal_quantile(check_level(level))
    tau = finite("tau", tau)
    if tau <= 0:
        raise ValueError(f"tau must be above 0, not {tau:g}")
    method, ratio = f"time_to_event.{function}", function == "rmst_ratio"
    try:
        arm1, arm2 = (_restricted_mean(times[arms == a], events[arms == a], tau) for a in (1, 0))
        estimate, se = (_log_ratio if ratio else _difference)(arm1, arm2)
    except NotEstimableError as problem:
        return RestrictedMean(
            method=method,
            estimate=None,
            level=level,
            n=len(times),
            undefined=True,
            reason=problem.reason,
        )
    back = math.exp if ratio else float
    return RestrictedMean(
        method=method,
        estimate=back(estimate),
        ci_low=back(estimate - z * se) if se > 0 else None,
        ci_high=back(estimate + z * se) if se > 0 else None,
        level=level,
        n=len(times),
        se=se,
        rmst1=arm1.mean,
        rmst2=arm2.mean,
        undefined=se == 0,
        reason="" if se > 0 else "no variation before tau",
    )


def _difference(test: _Area, reference: _Area) -> tuple[float, float]:
    return test.mean - reference.mean, math.sqrt(test.variance + reference.variance)


def _log_ratio(test: _Area, reference: _Area) -> tuple[float, float]:
    if min(test.mean, reference.mean) == 0:
        raise NotEstimableError("the restricted mean of an arm is 0")
    variance = test.variance / test.mean**2 + reference.variance / reference.mean**2
    return math.log(test.mean / reference.mean), math.sqrt(variance)


def _restricted_mean(times: FloatArray, events: FloatArray, tau: float) -> _Area:
    """Return the area under the Kaplan-Meier curve of one arm."""
    if len(times) == 0:
        raise NotEstimableError("an arm has no subject")
    at_end = times == times.max()
    if times.max() < tau and (events[at_end] == 0).any():
        raise NotEstimableError("the follow-up of an arm ends before tau")
    counted = events * (times < tau)
    if not counted.any():
        return _Area(tau, 0.0)
    at = np.unique(times[counted == 1])
    died, at_risk = (
        column[:, 0]
        for column in events_and_risk(times, counted, np.zeros(len(times), dtype=np.intp), 1)
    )
    left = at_risk - died
    survival = np.cumprod(left / at_risk)
    areas = survival * np.diff(at, append=tau)
    after = areas[::-1].cumsum()[::-1]
    # where nobody is left the area after is 0, and so is the term
    terms = after**2 * died / (at_risk * np.where(left > 0, left, 1.0))
    return _Area(float(at[0] + after[0]), float(terms.sum()))
