"""Learning curves of times by the number of cases done before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import (
    FloatArray,
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
from clinval.stats.throughput._day_model import factor, fit_days, ratio_with_limits

__all__ = ["LearningCurve", "learning_curve"]

_SPREAD = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningCurve(Estimate):
    """Ratio of times each time the number of cases doubles.

    ``first`` is the geometric mean expected of case 1, ``last`` that of the highest case number,
    of the mix and centers as they are; ``excess`` is what the cases took beyond the last, as a
    share of the time.
    """

    se: float | None = None
    df: float | None = None
    p_value: float | None = None
    first: float | None = None
    last: float | None = None
    excess: float | None = None
    cases: int | None = None


def learning_curve(
    duration: Numbers,
    case_number: Numbers,
    *,
    case_mix: Labels | None = None,
    center: Labels | None = None,
    level: float = 0.95,
) -> LearningCurve:
    r"""Power law of learning: the time falls by the same ratio each time experience doubles.

    Parameters
    ----------
    duration
        Times, above 0 (list, one an examination).
    case_number
        1 for the first examination of a center (or operator) with the product, 2 for the next
        (list, 1 or more).
    case_mix
        Kind of examination (list of labels), adjusted for.
    center
        Center or operator (list of labels): each has its own level; the curve is the same in all.
    level
        Two-sided level of the interval.

    Returns
    -------
    LearningCurve
        ``estimate`` (ratio a doubling, below 1 where times fall), ``ci_low``, ``ci_high``,
        ``p_value`` (ratio 1), ``se`` (log scale), ``df``, ``first``, ``last`` (unit of the
        times), ``excess``, ``cases`` (highest number) and ``n``. Undefined when all case numbers
        are the same or without a degree of freedom.

    Raises
    ------
    ValueError
        For lists of different length, times that are not positive, case numbers below 1 or a
        level outside (0, 1).

    Notes
    -----
    ln time = center + kind + b log2(case number) + error, ordinary least squares; the ratio is
    exp(b) with n - columns degrees of freedom.

    References
    ----------
    .. [1] Wright 1936.

    Examples
    --------
    >>> time = [30 * 0.9 ** k * (1.02 if k % 2 else 1) for k in (0, 1, 2, 3, 4, 5)]
    >>> result = learning_curve(time, [1, 2, 4, 8, 16, 32])
    >>> round(result.estimate, 2), result.cases
    (0.9, 32)
    """
    check_level(level)
    times, number = positive_sample("duration", duration), sample("case_number", case_number)
    check_same_length(duration=times, case_number=number)
    if (number < 1).any():
        raise ValueError("case_number must be 1 or more")
    n = len(times)
    mix, place = factor("case_mix", case_mix, n), factor("center", center, n)
    doublings, y = np.log2(number), np.log(times)
    try:
        _check_spread(doublings)
        fit = fit_days(
            y,
            doublings[:, None],
            np.column_stack([mix, place]),
            np.arange(n),
            "the case number cannot be told from the centers",
        )
    except NotEstimableError as error:
        return LearningCurve(
            method="time_trend.learning_curve",
            estimate=None,
            level=level,
            n=n,
            undefined=True,
            reason=error.reason,
        )
    slope = fit.contrasts[0]
    estimate, low, high = ratio_with_limits(slope, level)
    most = float(doublings.max())
    first = float(y.mean() - slope.estimate * doublings.mean())
    beyond = np.exp(slope.estimate * (doublings - most))
    return LearningCurve(
        method="time_trend.learning_curve",
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        level=level,
        n=n,
        se=slope.se,
        df=slope.df,
        p_value=student_p(slope.statistic(), slope.df, "two-sided"),
        first=ratio_of(first),
        last=ratio_of(first + slope.estimate * most),
        excess=float(1 - 1 / beyond.mean()),
        cases=int(number.max()),
    )


def _check_spread(doublings: FloatArray) -> None:
    if len(doublings) == 0 or float(np.ptp(doublings)) <= _SPREAD:
        raise NotEstimableError("the case numbers do not vary")
