"""Whether failures become rarer or more frequent with time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.core.results import Result, TestResult
from clinval.stats._checks import check_level, positive, positive_sample
from clinval.stats._distributions import normal_p

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, Numbers

__all__ = ["PowerLaw", "crow_amsaa", "laplace_trend"]

_LARGEST = 700.0  # whose exponential is a number


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerLaw(Result):
    """Power-law process of failures: cumulative failures scale x t^shape."""

    shape: float | None
    scale: float | None = None
    shape_modified: float | None = None
    mtbf_end: float | None = None
    mtbf_end_modified: float | None = None
    shape_ci_low: float | None = None
    shape_ci_high: float | None = None
    level: float = 0.95
    n: int = 0


def crow_amsaa(times: Numbers, *, end_time: float | None = None, level: float = 0.95) -> PowerLaw:
    r"""Power-law process: does the rate of failures fall or rise with time.

    Parameters
    ----------
    times
        Times of the failures since the beginning of observation (list), above 0, any unit.
    end_time
        End of observation, fixed beforehand; omitted, it ended with the last failure.
    level
        Two-sided level of the interval of the shape.

    Returns
    -------
    PowerLaw
        ``shape`` (below 1: failures become rarer) with its interval, ``scale``, ``mtbf_end`` at
        the end of observation, and both without the bias of few failures (``shape_modified``,
        ``mtbf_end_modified``). Undefined where no failure comes before the end, and where too few
        are left for the modified numbers.

    Raises
    ------
    ValueError
        For times that are not above 0 or lie beyond ``end_time``.

    Notes
    -----
    Cumulative failures are scale t^shape. With n failures and the end T,

    .. math:: shape = n/\sum \ln(T/t_i), \quad scale = n/T^{shape}

    modified: x (n - 1)/n under time, x (n - 2)/n under failure termination; MTBF = T/(n shape);
    interval: shape x chi2/(2n) with 2n, or 2(n - 1), degrees of freedom.

    References
    ----------
    .. [1] Crow 1974.
    .. [2] MIL-HDBK-189.
    .. [3] NIST/SEMATECH e-Handbook of Statistical Methods, 8.4.5.2.

    Examples
    --------
    >>> result = crow_amsaa([33, 76, 145, 347, 555, 811, 1212, 1499], end_time=1500)
    >>> round(result.shape, 4), round(result.mtbf_end, 1)
    (0.644, 291.2)
    """
    tail = (1 - check_level(level)) / 2
    at, end = _until(times, end_time)
    n, spare = len(at), 1 if end_time is not None else 2
    logs = float(np.log(end / at).sum()) if n else 0.0
    if logs == 0:
        return PowerLaw(
            method="failure_rate.crow_amsaa",
            shape=None,
            level=level,
            n=n,
            undefined=True,
            reason="no failure before the end of observation" if n else "no failure",
        )
    shape, half_df = n / logs, n + 1 - spare
    enough = n > spare
    modified = shape * (n - spare) / n
    log_scale = math.log(n) - shape * math.log(end)
    reason = "" if enough else "too few failures to correct the bias of the shape"
    if log_scale >= _LARGEST:
        reason = "the scale is too large for a number"
    return PowerLaw(
        method="failure_rate.crow_amsaa",
        shape=shape,
        scale=math.exp(log_scale) if log_scale < _LARGEST else None,
        shape_modified=modified if enough else None,
        mtbf_end=end / (n * shape),
        mtbf_end_modified=end / (n * modified) if enough else None,
        shape_ci_low=shape * float(special.gammaincinv(half_df, tail)) / n,
        shape_ci_high=shape * float(special.gammainccinv(half_df, tail)) / n,
        level=level,
        n=n,
        undefined=bool(reason),
        reason=reason,
    )


def laplace_trend(times: Numbers, *, end_time: float | None = None) -> TestResult:
    """Laplace's test of a trend in the times of failures.

    Parameters
    ----------
    times
        Times of the failures since the beginning of observation (list), above 0, any unit.
    end_time
        End of observation, fixed beforehand; omitted, it ended with the last failure.

    Returns
    -------
    TestResult
        ``statistic`` (below 0: failures become rarer) and ``p_value``, two-sided. Undefined
        without a failure, or with one that ended the observation.

    Raises
    ------
    ValueError
        For times that are not above 0 or lie beyond ``end_time``.

    Notes
    -----
    (mean time - T/2)/(T sqrt(1/(12 n))); a failure that ended the observation is left out.

    References
    ----------
    .. [1] Cox & Lewis 1966.

    Examples
    --------
    >>> result = laplace_trend([33, 76, 145, 347, 555, 811, 1212, 1499], end_time=1500)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (-1.0794, 0.2804)
    """
    at, end = _until(times, end_time)
    if end_time is None:
        at = np.sort(at)[:-1]
    method = "failure_rate.laplace_trend"
    if len(at) == 0:
        return TestResult(
            method=method,
            p_value=None,
            undefined=True,
            reason="no failure before the end of observation",
        )
    statistic = (float(at.mean()) / end - 0.5) * math.sqrt(12 * len(at))
    return TestResult(method=method, statistic=statistic, p_value=normal_p(statistic, "two-sided"))


def _until(times: Numbers, end_time: float | None) -> tuple[FloatArray, float]:
    """Return times of failures and the end of their observation."""
    at = positive_sample("times", times)
    if end_time is None:
        return at, float(at.max()) if len(at) else 1.0
    end = positive("end_time", end_time)
    if (at > end).any():
        raise ValueError(f"times holds {at.max():g}, which lies beyond end_time {end:g}")
    return at, end
