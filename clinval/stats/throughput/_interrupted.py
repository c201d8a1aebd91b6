"""Interrupted time series of log times: of one center or several alike, and pooled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import (
    FloatArray,
    IntArray,
    Labels,
    NotEstimableError,
    Numbers,
    check_level,
    check_same_length,
    positive_sample,
    sample,
)
from clinval.stats._distributions import student_p
from clinval.stats._moments import ratio_of
from clinval.stats.throughput._day_model import (
    DayFit,
    Ratio,
    factor,
    fit_days,
    groups_of,
    ratio_with_limits,
    zero_or_one,
)

__all__ = [
    "MONTH",
    "InterruptedSeries",
    "interrupted_series",
]

MONTH = 30.0  # days
_NOT_APART = "the change cannot be told from the trend"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptedSeries(Estimate):
    """Ratio of geometric means at the change, beside the trend that would have gone on.

    ``trend`` and ``slope_change`` are ratios a month of 30 days; ``unadjusted`` is the ratio
    after over before that forgets trend, case mix and centers.
    """

    se: float | None = None
    df: float | None = None
    p_value: float | None = None
    trend: float | None = None
    trend_ci_low: float | None = None
    trend_ci_high: float | None = None
    slope_change: float | None = None
    slope_change_ci_low: float | None = None
    slope_change_ci_high: float | None = None
    unadjusted: float | None = None
    sd_day: float | None = None
    sd_within: float | None = None
    n_before: int
    n_after: int
    days: int


def interrupted_series(
    duration: Numbers,
    day: Numbers,
    after: Numbers,
    *,
    case_mix: Labels | None = None,
    center: Labels | None = None,
    slope: bool = False,
    level: float = 0.95,
) -> InterruptedSeries:
    r"""Ratio of times after over before a change, under a trend that goes on through it.

    Parameters
    ----------
    duration
        Times, above 0 (list, one an examination).
    day
        Day of the examination, counted from any day (list; parts of a day are cut off).
    after
        1 after the change, 0 before (list).
    case_mix
        Kind of examination (list of labels), adjusted for.
    center
        Center (list of labels): each has its own level; change and trend are the same in all.
    slope
        Whether the trend may change too; the ratio is then that on the first day after.
    level
        Two-sided level of the intervals.

    Returns
    -------
    InterruptedSeries
        ``estimate``, ``ci_low``, ``ci_high``, ``p_value`` (ratio 1), ``se`` (log scale), ``df``,
        ``trend`` and ``slope_change`` with limits, ``unadjusted``, ``sd_day``, ``sd_within`` (log
        scale), ``n``, ``n_before``, ``n_after``, ``days``. Undefined when the change cannot be
        told from the trend, or with too few days.

    Raises
    ------
    ValueError
        For lists of different length, times that are not positive, ``after`` other than 0 and 1
        or a level outside (0, 1).

    Notes
    -----
    ln time = center + kind + trend x month + change x after (+ slope x months after) + day +
    error. Days (of a center) are random: REML, Kenward and Roger. With one examination a day it
    is ordinary least squares.

    References
    ----------
    .. [1] Wagner et al. 2002.
    .. [2] Kenward & Roger 1997.

    Examples
    --------
    >>> day = [k // 2 for k in range(80)]
    >>> time = [20 * 1.002 ** d * (0.7 if d >= 20 else 1) * (1 + 0.03 * (k % 3))
    ...         for k, d in enumerate(day)]
    >>> result = interrupted_series(time, day, [int(d >= 20) for d in day])
    >>> round(result.estimate, 2), round(result.unadjusted, 2)
    (0.7, 0.73)
    """
    check_level(level)
    y, days, later = _series(duration, day, after)
    mix, place = factor("case_mix", case_mix, len(y)), factor("center", center, len(y))
    code = place @ np.arange(1, place.shape[1] + 1)
    series = partial(
        InterruptedSeries,
        method="time_trend.interrupted_series",
        level=level,
        n=len(y),
        n_before=int((later == 0).sum()),
        n_after=int(later.sum()),
        days=len(np.unique(groups_of(code, days))) if len(y) else 0,
    )
    try:
        fit = _fit(y, days, later, mix, place, slope=slope)
    except NotEstimableError as error:
        return series(estimate=None, undefined=True, reason=error.reason)
    change, trend = fit.contrasts[:2]
    estimate, low, high = ratio_with_limits(change, level)
    trend_ratio, trend_low, trend_high = ratio_with_limits(trend, level)
    bend: Ratio = ratio_with_limits(fit.contrasts[2], level) if slope else (None, None, None)
    return series(
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        se=change.se,
        df=change.df,
        p_value=student_p(change.statistic(), change.df, "two-sided"),
        trend=trend_ratio,
        trend_ci_low=trend_low,
        trend_ci_high=trend_high,
        slope_change=bend[0],
        slope_change_ci_low=bend[1],
        slope_change_ci_high=bend[2],
        unadjusted=ratio_of(float(y[later == 1].mean() - y[later == 0].mean())),
        sd_day=fit.sd_day,
        sd_within=fit.sd_within,
    )


def _series(
    duration: Numbers, day: Numbers, after: Numbers
) -> tuple[FloatArray, FloatArray, FloatArray]:
    times, days = positive_sample("duration", duration), np.floor(sample("day", day))
    later = zero_or_one("after", after)
    check_same_length(duration=times, day=days, after=later)
    return np.log(times), days, later


def _fit(
    y: FloatArray,
    days: FloatArray,
    later: FloatArray,
    mix: FloatArray,
    place: FloatArray,
    *,
    slope: bool,
) -> DayFit:
    if len(y) == 0 or later.min() == later.max():
        raise NotEstimableError("no time before the change, or none after it")
    center = place @ np.arange(1, place.shape[1] + 1)
    columns = [later, (days - days.mean()) / MONTH]
    if slope:
        code = center.astype(np.intp)
        columns.append(later * (days - _first_day_after(days, later, code)[code]) / MONTH)
    nuisance = np.column_stack([mix, place])
    return fit_days(y, np.column_stack(columns), nuisance, groups_of(center, days), _NOT_APART)


def _first_day_after(days: FloatArray, later: FloatArray, code: IntArray) -> FloatArray:
    """Return the first day after the change of each center."""
    first = np.full(int(code.max()) + 1, np.inf)
    np.minimum.at(first, code[later == 1], days[later == 1])
    return np.where(np.isfinite(first), first, 0.0)
