"""How long components last: the product-limit curve and the Weibull distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import check_level, check_option, sample
from clinval.stats._distributions import normal_quantile
from clinval.stats.reliability import _kaplan_meier as km
from clinval.stats.reliability._lives import read_lives
from clinval.stats.reliability._weibull import WeibullFit, weibull
from clinval.stats.reliability._weibull_bootstrap import WeibullBootstrap, weibull_bootstrap
from clinval.stats.reliability._weibull_comparison import WeibullComparison, weibull_comparison
from clinval.stats.reliability._weibull_draws import weibull_draws
from clinval.stats.reliability._weibull_profile import weibull_profile

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, Numbers

__all__ = [
    "SurvivalCurve",
    "WeibullBootstrap",
    "WeibullComparison",
    "WeibullFit",
    "kaplan_meier",
    "weibull",
    "weibull_bootstrap",
    "weibull_comparison",
    "weibull_draws",
    "weibull_profile",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalCurve(Estimate):
    """Median survival with its interval, and the curve at the times asked for.

    ``at_risk`` and ``failed`` are the units at risk just before each of these times and the
    failures up to it, the time itself included.
    """

    failures: int = 0
    at: tuple[float, ...] = ()
    survival: tuple[float | None, ...] = ()
    survival_se: tuple[float | None, ...] = ()
    survival_ci_low: tuple[float | None, ...] = ()
    survival_ci_high: tuple[float | None, ...] = ()
    at_risk: tuple[int, ...] = ()
    failed: tuple[int, ...] = ()


def kaplan_meier(
    time: Numbers,
    event: Numbers,
    *,
    entry: Numbers | None = None,
    at: Numbers | None = None,
    transform: str = "log-log",
    level: float = 0.95,
) -> SurvivalCurve:
    r"""Kaplan and Meier's product-limit curve and its median, with delayed entry.

    Parameters
    ----------
    time
        Time at which each unit failed or was last seen in service (list), 0 or more, any unit.
    event
        1 (failure) or 0 (censored) for each unit (list).
    entry
        Time in service at which the observation of each unit began (list), before its end;
        omitted, every unit was observed from the beginning.
    at
        Times at which the curve is wanted (list).
    transform
        Scale of the limits: "plain", "log" or "log-log".
    level
        Two-sided level of the pointwise intervals and of that of the median.

    Returns
    -------
    SurvivalCurve
        ``estimate`` (median) with ``ci_low`` and ``ci_high``, None where not reached; ``survival``
        at ``at`` with ``survival_se`` (Greenwood), limits, ``at_risk`` and ``failed``. Undefined
        where the median or a limit of it is not reached, or a time asked for lies beyond the last
        that was seen.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing, times below 0, an event other
        than 0 and 1, an entry that is not before its time or an unknown transform.

    Notes
    -----
    At risk at t: entry < t <= time. With d failures among n at risk,

    .. math:: S(t) = \prod_{t_i \le t} (1 - d_i/n_i), \quad
        se = S \sqrt{\sum d_i/(n_i (n_i - d_i))}

    The median is the first time with S < 1/2, or the middle of the interval on which S is 1/2;
    its limits are those of the curves of the limits (Brookmeyer and Crowley). Limits do not exist
    where the curve has reached 0.

    References
    ----------
    .. [1] Kaplan & Meier 1958.
    .. [2] Brookmeyer & Crowley 1982.

    Examples
    --------
    >>> result = kaplan_meier([9, 13, 13, 18, 23, 28], [1, 1, 0, 1, 1, 0], at=[12, 20])
    >>> result.estimate, [round(value, 4) for value in result.survival], result.at_risk
    (18.0, [0.8333, 0.4444], (5, 2))
    """
    z = normal_quantile(check_level(level))
    check_option("transform", transform, km.TRANSFORMS)
    lives = read_lives(time, event, entry)
    times = sample("at", [] if at is None else at)
    curve = km.product_limit(lives)
    low, high = km.pointwise_limits(curve.survival, curve.se, z, transform)
    survival, se = km.at_times(curve, times)
    limits = km.pointwise_limits(survival, se, z, transform)
    median = km.crossing(curve.time, curve.survival, curve.end)
    ends = [km.crossing(curve.time, limit, curve.end) for limit in (low, high)]
    reason = ""
    if len(lives.time) == 0:
        reason = "no unit was observed"
    elif median is None:
        reason = "the median is not reached"
    elif None in ends:
        reason = "a limit of the median is not reached"
    elif np.isnan(survival).any():
        reason = "a time lies beyond the last observation"
    failed = np.searchsorted(np.sort(lives.failures), times, "right")
    return SurvivalCurve(
        method="survival.kaplan_meier",
        estimate=median,
        ci_low=None if median is None else ends[0],
        ci_high=None if median is None else ends[1],
        level=level,
        n=len(lives.time),
        failures=int(lives.event.sum()),
        at=tuple(times.tolist()),
        survival=_numbers(survival),
        survival_se=_numbers(se),
        survival_ci_low=_numbers(limits[0]),
        survival_ci_high=_numbers(limits[1]),
        at_risk=tuple(map(int, km.numbers_at_risk(lives, times))),
        failed=tuple(map(int, failed)),
        undefined=bool(reason),
        reason=reason,
    )


def _numbers(values: FloatArray) -> tuple[float | None, ...]:
    return tuple(None if math.isnan(value) else value for value in values.tolist())
