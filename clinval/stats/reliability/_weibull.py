"""The Weibull distribution of lives with Wald limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import NotEstimableError, check_level
from clinval.stats._distributions import normal_quantile
from clinval.stats.reliability._lives import positive_lives
from clinval.stats.reliability._weibull_fit import (
    TENTH,
    TOO_LARGE,
    PowerSums,
    exponential,
    fit_groups,
    log_quantile,
    log_quantile_variance,
    two_failures,
)

if TYPE_CHECKING:
    from clinval.stats._checks import Numbers
    from clinval.stats.reliability._lives import Lives
    from clinval.stats.reliability._weibull_fit import Fit

__all__ = ["WeibullFit", "log_parameters", "undefined_fit", "wald_fit", "weibull"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeibullFit(Result):
    """A Weibull distribution of lives, with intervals.

    ``log_scale_se``, ``log_shape_se`` and ``log_covariance`` are the errors of ln scale and
    ln shape and their covariance, for whoever carries the uncertainty on.
    """

    scale: float | None
    shape: float | None
    scale_ci_low: float | None = None
    scale_ci_high: float | None = None
    shape_ci_low: float | None = None
    shape_ci_high: float | None = None
    log_likelihood: float | None = None
    b10: float | None = None
    b10_ci_low: float | None = None
    b10_ci_high: float | None = None
    mean_time_to_failure: float | None = None
    log_scale_se: float | None = None
    log_shape_se: float | None = None
    log_covariance: float | None = None
    level: float = 0.95
    n: int = 0
    failures: int = 0


def weibull(
    time: Numbers, event: Numbers, *, entry: Numbers | None = None, level: float = 0.95
) -> WeibullFit:
    r"""Weibull distribution of lives by maximum likelihood, with delayed entry.

    Parameters
    ----------
    time
        Time at which each unit failed or was last seen in service (list), above 0, any unit.
    event
        1 (failure) or 0 (censored) for each unit (list).
    entry
        Time in service at which the observation of each unit began (list), before its end.
    level
        Two-sided level of the intervals.

    Returns
    -------
    WeibullFit
        ``scale``, ``shape``, ``b10`` (time at which a tenth has failed) with intervals,
        ``log_likelihood`` and ``mean_time_to_failure``. Undefined with fewer than two distinct
        failure times, and where the likelihood has no maximum.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing, times that are not above 0, an
        event other than 0 and 1 or an entry that is not before its time.

    Notes
    -----
    S(t) = exp(-(t/scale)^shape), divided by S(entry) for a unit that entered late. The intervals
    are Wald's, from the observed information, of ln scale, ln shape and
    ln B10 = ln scale + ln(-ln 0.9)/shape; with few failures they are too narrow:
    :func:`weibull_profile`.

    .. math:: scale^{shape} = \sum (t^{shape} - entry^{shape})/r

    References
    ----------
    .. [1] Kalbfleisch & Prentice 2002.
    .. [2] Meeker & Escobar 1998, chapter 8.

    Examples
    --------
    >>> result = weibull([1500, 2700, 3100, 4000, 4000, 4000], [1, 1, 1, 1, 0, 0])
    >>> round(result.scale, 1), round(result.shape, 3), round(result.b10, 1)
    (3939.7, 3.016, 1868.4)
    """
    z = normal_quantile(check_level(level))
    lives = positive_lives(time, event, entry)
    try:
        two_failures(lives)
        fit = fit_groups([PowerSums(lives)], delayed=lives.entry is not None)
    except NotEstimableError as problem:
        return undefined_fit("survival.weibull", lives, level, problem.reason)
    return wald_fit("survival.weibull", lives, fit, z, level)


def undefined_fit(method: str, lives: Lives, level: float, reason: str) -> WeibullFit:
    """Return a fit without numbers."""
    return WeibullFit(
        method=method,
        scale=None,
        shape=None,
        level=level,
        n=len(lives.time),
        failures=int(lives.event.sum()),
        undefined=True,
        reason=reason,
    )


def wald_fit(method: str, lives: Lives, fit: Fit, z: float, level: float) -> WeibullFit:
    """Return a fit with the limits that z errors on the log scale give."""
    shape, v = fit.shape, fit.covariance
    names, logs = ("scale", "shape", "b10"), log_parameters(fit)
    errors = np.sqrt([v[0, 0], v[1, 1], log_quantile_variance(shape, v, TENTH)]).tolist()
    numbers: dict[str, float | None] = {}
    for name, log, error in zip(names, logs, errors, strict=True):
        for end, shift in (("", 0.0), ("_ci_low", -z * error), ("_ci_high", z * error)):
            numbers[f"{name}{end}"] = exponential(log + shift)
    mean = exponential(logs[0] + float(special.gammaln(1 + 1 / shape)))
    unwritten = None in (mean, *numbers.values())
    return WeibullFit(
        method=method,
        **numbers,
        log_likelihood=fit.log_likelihood,
        mean_time_to_failure=mean,
        log_scale_se=errors[0],
        log_shape_se=errors[1],
        log_covariance=float(v[0, 1]),
        level=level,
        n=len(lives.time),
        failures=int(lives.event.sum()),
        undefined=unwritten,
        reason=TOO_LARGE if unwritten else "",
    )


def log_parameters(fit: Fit) -> tuple[float, float, float]:
    """Return ln scale, ln shape and ln B10."""
    log_scale = math.log(fit.scales[0])
    return log_scale, math.log(fit.shape), log_quantile(fit.shape, fit.scales[0], TENTH)
