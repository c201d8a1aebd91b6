"""Difference in differences of log times: a change beside rooms that did not change."""

from __future__ import annotations

from dataclasses import dataclass

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
from clinval.stats.throughput._day_model import (
    DayFit,
    Ratio,
    factor,
    fit_days,
    groups_of,
    ratio_with_limits,
    zero_or_one,
)
from clinval.stats.throughput._interrupted import MONTH

__all__ = ["DifferenceInDifferences", "difference_in_differences"]

_NOT_APART = "the change cannot be told from the centers"


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceInDifferences(Estimate):
    """Ratio of the change where there was one over the change where there was none.

    ``control_change`` is the ratio after over before of the controls; ``earlier_trend`` how the
    two moved apart before the change, a ratio a month of 30 days: 1 where they were parallel.
    """

    se: float | None = None
    df: float | None = None
    p_value: float | None = None
    control_change: float | None = None
    control_change_ci_low: float | None = None
    control_change_ci_high: float | None = None
    earlier_trend: float | None = None
    earlier_trend_ci_low: float | None = None
    earlier_trend_ci_high: float | None = None
    sd_day: float | None = None
    sd_within: float | None = None
    days: int


def difference_in_differences(
    duration: Numbers,
    day: Numbers,
    after: Numbers,
    changed: Numbers,
    *,
    case_mix: Labels | None = None,
    center: Labels | None = None,
    level: float = 0.95,
) -> DifferenceInDifferences:
    """Ratio of times after over before a change, over the same ratio of rooms without it.

    Parameters
    ----------
    duration
        Times, above 0 (list, one an examination).
    day
        Day of the examination, counted from any day (list; parts of a day are cut off).
    after
        1 after the change, 0 before, for the rooms without the change too (list).
    changed
        1 in a room that changes, 0 in one that does not (list).
    case_mix
        Kind of examination (list of labels), adjusted for.
    center
        Center (list of labels): each has its own level.
    level
        Two-sided level of the intervals.

    Returns
    -------
    DifferenceInDifferences
        ``estimate``, ``ci_low``, ``ci_high``, ``p_value`` (ratio 1), ``se`` (log scale), ``df``,
        ``control_change`` and ``earlier_trend`` with limits (the latter None where too little
        lies before the change), ``sd_day``, ``sd_within`` (log scale), ``n`` and ``days`` (of a
        room). Undefined when one of the four groups is empty or with too few days.

    Raises
    ------
    ValueError
        For lists of different length, times that are not positive, ``after`` or ``changed`` other
        than 0 and 1 or a level outside (0, 1).

    Notes
    -----
    ln time = center + kind + changed + after + ratio x changed x after + day + error, the day of
    a center and group being random: REML, Kenward and Roger. Without the change both groups
    would have moved alike; ``earlier_trend`` is what the data say of that.

    References
    ----------
    .. [1] Dimick & Ryan 2014.
    .. [2] Kenward & Roger 1997.

    Examples
    --------
    >>> day = [k // 4 for k in range(160)]
    >>> room = [k % 2 for k in range(160)]
    >>> time = [20 * (0.9 if d >= 20 else 1) * (0.8 if d >= 20 and r else 1) * (1 + 0.02 * (k % 3))
    ...         for k, (d, r) in enumerate(zip(day, room))]
    >>> result = difference_in_differences(time, day, [int(d >= 20) for d in day], room)
    >>> round(result.estimate, 2), round(result.control_change, 2)
    (0.8, 0.9)
    """
    check_level(level)
    times, days = positive_sample("duration", duration), np.floor(sample("day", day))
    later, switched = zero_or_one("after", after), zero_or_one("changed", changed)
    check_same_length(duration=times, day=days, after=later, changed=switched)
    y, n = np.log(times), len(times)
    mix, place = factor("case_mix", case_mix, n), factor("center", center, n)
    groups = groups_of(place @ np.arange(1, place.shape[1] + 1), switched, days)
    size = len(np.unique(groups)) if n else 0
    nuisance = np.column_stack([mix, place, switched])
    try:
        _check_groups(later, switched)
        fit = fit_days(
            y,
            np.column_stack([later * switched, later]),
            nuisance,
            groups,
            _NOT_APART,
        )
    except NotEstimableError as error:
        return DifferenceInDifferences(
            method="time_trend.difference_in_differences",
            estimate=None,
            level=level,
            n=n,
            days=size,
            undefined=True,
            reason=error.reason,
        )
    before = later == 0
    month = (days - days[before].mean()) / MONTH
    apart = _earlier(
        y[before],
        np.column_stack([month * switched, month])[before],
        nuisance[before],
        groups_of(groups[before].astype(np.float64)),
        level,
    )
    ratio = fit.contrasts[0]
    estimate, low, high = ratio_with_limits(ratio, level)
    control = ratio_with_limits(fit.contrasts[1], level)
    return DifferenceInDifferences(
        method="time_trend.difference_in_differences",
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        level=level,
        n=n,
        se=ratio.se,
        df=ratio.df,
        p_value=student_p(ratio.statistic(), ratio.df, "two-sided"),
        control_change=control[0],
        control_change_ci_low=control[1],
        control_change_ci_high=control[2],
        earlier_trend=apart[0],
        earlier_trend_ci_low=apart[1],
        earlier_trend_ci_high=apart[2],
        sd_day=fit.sd_day,
        sd_within=fit.sd_within,
        days=size,
    )


def _check_groups(later: FloatArray, switched: FloatArray) -> None:
    """Raise when one of the four groups has no time."""
    if np.bincount((2 * later + switched).astype(np.intp), minlength=4).min() == 0:
        raise NotEstimableError("no time before the change, or none after it")


def _earlier(
    y: FloatArray, interest: FloatArray, nuisance: FloatArray, groups: IntArray, level: float
) -> Ratio:
    """Return how the two groups moved apart before the change; nothing where that is not seen."""
    try:
        fit: DayFit = fit_days(y, interest, nuisance, groups, _NOT_APART)
    except NotEstimableError:
        return None, None, None
    return ratio_with_limits(fit.contrasts[0], level)
