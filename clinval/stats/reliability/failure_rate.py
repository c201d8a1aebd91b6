"""How often repairable or replaced components fail, and what shows that they fail rarely."""

from __future__ import annotations

import math

from scipy import special

from clinval.core.results import Estimate
from clinval.stats._checks import check_level, check_option, count, finite
from clinval.stats.reliability._demonstration import (
    DemonstrationSize,
    DemonstrationTestTime,
    DemonstrationTotalTime,
    demonstration_binomial,
    demonstration_exponential,
    demonstration_weibull,
)
from clinval.stats.reliability._failure_trend import PowerLaw, crow_amsaa, laplace_trend

__all__ = [
    "DemonstrationSize",
    "DemonstrationTestTime",
    "DemonstrationTotalTime",
    "PowerLaw",
    "crow_amsaa",
    "demonstration_binomial",
    "demonstration_exponential",
    "demonstration_weibull",
    "exact_poisson",
    "laplace_trend",
    "mtbf_chi_square",
    "mtbf_lower_bound",
]

_TERMINATIONS = ("time", "failure")
_NO_FAILURE = "no failure"
_NO_TIME = "no time in service"


def exact_poisson(failures: int, total_time: float, *, level: float = 0.95) -> Estimate:
    """Failures a unit of time in service, with the exact Poisson interval.

    Parameters
    ----------
    failures
        Failures that were seen (count).
    total_time
        Time in service of all units together, any unit.
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` failures/total_time, ``ci_low`` (0 without a failure) and ``ci_high``; ``n``
        failures. Undefined without time in service.

    Raises
    ------
    ValueError
        For failures that are no count, a negative time, or failures without time.

    Notes
    -----
    [chi2(a/2; 2r)/2T, chi2(1 - a/2; 2r + 2)/2T], a = 1 - level: the reciprocals of the limits of
    :func:`mtbf_chi_square` with time termination.

    References
    ----------
    .. [1] Garwood 1936.

    Examples
    --------
    >>> result = exact_poisson(5, 50_000)
    >>> round(result.ci_low * 1e4, 4), round(result.ci_high * 1e4, 4)
    (0.3247, 2.3337)
    """
    tail = (1 - check_level(level)) / 2
    r, total = _exposure(failures, total_time)
    if total == 0:
        return _rate("exact_poisson", None, None, None, level, r, _NO_TIME)
    low = float(special.gammaincinv(r, tail)) if r else 0.0
    high = float(special.gammainccinv(r + 1, tail))
    return _rate("exact_poisson", r / total, low / total, high / total, level, r, "")


def mtbf_chi_square(
    total_time: float, failures: int, *, termination: str = "time", level: float = 0.95
) -> Estimate:
    """Mean time between failures with its two-sided interval, failures at a constant rate.

    Parameters
    ----------
    total_time
        Time in service of all units together, any unit.
    failures
        Failures that were seen (count).
    termination
        "time" where observation ended at a time fixed beforehand, "failure" where it ended with
        the last failure.
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate`` total_time/failures with ``ci_low`` and ``ci_high``; ``n`` failures. Without
        a failure the estimate is undefined and ``ci_high`` does not exist.

    Raises
    ------
    ValueError
        For failures that are no count, a negative time, failures without time, an unknown
        termination, or termination by a failure without any.

    Notes
    -----
    [2T/chi2(1 - a/2; v), 2T/chi2(a/2; 2r)], v = 2r + 2 for time and 2r for failure termination.

    References
    ----------
    .. [1] Epstein 1954.
    .. [2] NIST/SEMATECH e-Handbook of Statistical Methods, 8.4.5.1.

    Examples
    --------
    >>> result = mtbf_chi_square(50_000, 5, level=0.9)
    >>> result.estimate, round(result.ci_low), round(result.ci_high)
    (10000.0, 4756, 25379)
    """
    tail = (1 - check_level(level)) / 2
    r, total, half_df = _terminated(failures, total_time, termination)
    if total == 0:
        return _rate("mtbf_chi_square", None, None, None, level, r, _NO_TIME)
    low = total / float(special.gammainccinv(half_df, tail))
    if r == 0:
        return _rate("mtbf_chi_square", None, low, None, level, r, _NO_FAILURE)
    high = _finite(total / float(special.gammaincinv(r, tail)))
    return _rate("mtbf_chi_square", total / r, low, high, level, r, "")


def mtbf_lower_bound(
    total_time: float, failures: int, *, termination: str = "time", level: float = 0.95
) -> Estimate:
    """Mean time between failures with a one-sided lower bound, failures at a constant rate.

    Parameters
    ----------
    total_time
        Time in service of all units together, any unit.
    failures
        Failures that were seen (count).
    termination
        "time" or "failure", as in :func:`mtbf_chi_square`.
    level
        One-sided level of the bound.

    Returns
    -------
    Estimate
        ``estimate`` and ``ci_low``; ``ci_high`` never exists. Without a failure the estimate is
        undefined and the bound is total_time/-ln(1 - level).

    Raises
    ------
    ValueError
        As :func:`mtbf_chi_square`.

    Notes
    -----
    2T/chi2(level; v), v = 2r + 2 for time and 2r for failure termination.

    References
    ----------
    .. [1] Epstein 1954.
    .. [2] NIST/SEMATECH e-Handbook of Statistical Methods, 8.4.5.1.

    Examples
    --------
    >>> round(mtbf_lower_bound(120_000, 0).ci_low)
    40057
    """
    tail = 1 - check_level(level)
    r, total, half_df = _terminated(failures, total_time, termination)
    if total == 0:
        return _rate("mtbf_lower_bound", None, None, None, level, r, _NO_TIME)
    low = total / float(special.gammainccinv(half_df, tail))
    estimate = total / r if r else None
    reason = "" if r else _NO_FAILURE
    return _rate("mtbf_lower_bound", estimate, low, None, level, r, reason)


def _rate(
    function: str,
    estimate: float | None,
    low: float | None,
    high: float | None,
    level: float,
    failures: float,
    reason: str,
) -> Estimate:
    return Estimate(
        method=f"failure_rate.{function}",
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        level=level,
        n=int(failures),
        undefined=bool(reason),
        reason=reason,
    )


def _exposure(failures: int, total_time: float) -> tuple[float, float]:
    """Return failures and time; no failure comes in no time."""
    r, total = count("failures", failures), finite("total_time", total_time)
    if total < 0:
        raise ValueError(f"total_time must not be negative, it is {total:g}")
    if total == 0 and r:
        raise ValueError(f"failures is {r:g}, but total_time is 0")
    return r, total


def _terminated(failures: int, total_time: float, termination: str) -> tuple[float, float, float]:
    """Return failures, time, and half the degrees of freedom of the lower limit."""
    r, total = _exposure(failures, total_time)
    check_option("termination", termination, _TERMINATIONS)
    if termination == "time":
        return r, total, r + 1
    if r == 0:
        raise ValueError("an observation that ends with a failure has at least one")
    return r, total, r


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
