"""What a demonstration test has to be so that passing it shows that components fail rarely."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import check_level, count, positive

__all__ = [
    "DemonstrationSize",
    "DemonstrationTestTime",
    "DemonstrationTotalTime",
    "demonstration_binomial",
    "demonstration_exponential",
    "demonstration_weibull",
]

_LARGEST_SAMPLE = 2**40


@dataclass(frozen=True, slots=True, kw_only=True)
class DemonstrationSize(Result):
    """Units of a demonstration test."""

    sample_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DemonstrationTestTime(Result):
    """Time that each unit of a demonstration test has to run."""

    test_time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DemonstrationTotalTime(Result):
    """Time that all units of a demonstration test have to run together."""

    total_time: float


def demonstration_binomial(
    reliability: float, *, failures: int = 0, level: float = 0.95
) -> DemonstrationSize:
    """Units that have to be tested to show a reliability, so many failures being allowed.

    Parameters
    ----------
    reliability
        Share of units that survive the mission, to be shown; between 0 and 1.
    failures
        Failures at which the test is still passed (count).
    level
        One-sided level.

    Returns
    -------
    DemonstrationSize
        ``sample_size``.

    Raises
    ------
    ValueError
        For a reliability or a level outside (0, 1), failures that are no count, or a size
        beyond reason.

    Notes
    -----
    The smallest n with P(Binomial(n, 1 - reliability) <= failures) <= 1 - level.

    References
    ----------
    .. [1] Success-run theorem.

    Examples
    --------
    >>> demonstration_binomial(0.9).sample_size, demonstration_binomial(0.9, failures=2).sample_size
    (29, 61)
    """
    tail = 1 - check_level(level)
    survival, allowed = check_level(reliability, "reliability"), count("failures", failures)

    def passed(n: int) -> bool:
        # P(X <= c) of n trials; at n = c it is 1
        return float(special.betainc(n - allowed, allowed + 1, survival)) <= tail

    low, high = int(allowed), int(allowed) + 1
    while not passed(high):
        low, high = high, 2 * high
        if high > _LARGEST_SAMPLE:
            raise ValueError(f"no test of ordinary size shows a reliability of {survival!r}")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passed(middle) else (middle, high)
    return DemonstrationSize(method="failure_rate.demonstration_binomial", sample_size=high)


def demonstration_weibull(
    reliability: float,
    shape: float,
    sample_size: int,
    mission_time: float,
    *,
    level: float = 0.95,
) -> DemonstrationTestTime:
    """Time that each unit has to run without failure, the Weibull shape being known.

    Parameters
    ----------
    reliability
        Share of units that survive the mission, to be shown; between 0 and 1.
    shape
        Weibull shape, above 0.
    sample_size
        Units in the test (count), at least 1.
    mission_time
        Length of the mission, above 0, any unit.
    level
        One-sided level.

    Returns
    -------
    DemonstrationTestTime
        ``test_time`` of each unit, in the unit of the mission.

    Raises
    ------
    ValueError
        For a reliability or a level outside (0, 1), no unit, or a shape or mission not above 0.

    Notes
    -----
    mission_time x (ln(1 - level)/(n ln reliability))^(1/shape), no failure allowed.

    References
    ----------
    .. [1] Lipson & Sheth 1973.

    Examples
    --------
    >>> round(demonstration_weibull(0.9, 2, 10, 5000, level=0.9).test_time, 1)
    7391.6
    """
    tail = 1 - check_level(level)
    survival, units = check_level(reliability, "reliability"), count("sample_size", sample_size)
    k, mission = positive("shape", shape), positive("mission_time", mission_time)
    if units == 0:
        raise ValueError("sample_size must be at least 1")
    longer = math.log(math.log(tail) / (units * math.log(survival))) / k
    return DemonstrationTestTime(
        method="failure_rate.demonstration_weibull", test_time=_scaled(mission, longer)
    )


def demonstration_exponential(
    mtbf: float, *, failures: int = 0, level: float = 0.95
) -> DemonstrationTotalTime:
    """Time that all units have to run together to show an MTBF, failures at a constant rate.

    Parameters
    ----------
    mtbf
        Mean time between failures to be shown, above 0, any unit.
    failures
        Failures at which the test is still passed (count).
    level
        One-sided level.

    Returns
    -------
    DemonstrationTotalTime
        ``total_time``, in the unit of the MTBF.

    Raises
    ------
    ValueError
        For an MTBF that is not above 0, failures that are no count or a level outside (0, 1).

    Notes
    -----
    mtbf x chi2(level; 2 failures + 2)/2.

    References
    ----------
    .. [1] Epstein 1954.

    Examples
    --------
    >>> round(demonstration_exponential(2000, failures=3, level=0.9).total_time, 1)
    13361.6
    """
    tail = 1 - check_level(level)
    mean, allowed = positive("mtbf", mtbf), count("failures", failures)
    return DemonstrationTotalTime(
        method="failure_rate.demonstration_exponential",
        total_time=mean * float(special.gammainccinv(allowed + 1, tail)),
    )


def _scaled(value: float, log_factor: float) -> float:
    """Return value x exp(log_factor), where that is a number."""
    try:
        scaled = value * math.exp(log_factor)
    except OverflowError as error:
        raise ValueError("shape is too small: no test of ordinary length shows this") from error
    if not math.isfinite(scaled):
        raise ValueError("shape is too small: no test of ordinary length shows this")
    return scaled
