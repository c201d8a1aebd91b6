"""Durations from clocks: readings without a date, and local times with their time zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clinval.core.results import Result
from clinval.stats.throughput._clocks import (
    check_lengths,
    elapsed_seconds,
    local,
    seconds_of_day,
    zone_of,
)
from clinval.stats.throughput._screened import ScreenedDurations, screened

__all__ = [
    "ClockDurations",
    "Durations",
    "ScreenedDurations",
    "clock_time",
    "local_time",
    "screened",
]

_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations(Result):
    """Durations in seconds, one a row."""

    durations: tuple[float, ...]
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDurations(Durations):
    """Durations from clock readings, and how many of them run past midnight."""

    midnight_crossings: int


def clock_time(start: Sequence[str], end: Sequence[str]) -> ClockDurations:
    """Durations from clock readings without a date; an end before its start is the next day.

    Parameters
    ----------
    start, end
        Readings HH:MM:SS (lists of equal length), fractions of a second allowed.

    Returns
    -------
    ClockDurations
        ``durations`` (seconds), ``midnight_crossings`` and ``n``.

    Raises
    ------
    ValueError
        For lists of different length or a reading that is not HH:MM:SS.

    Notes
    -----
    A duration of a day or more cannot be told from its remainder.

    Examples
    --------
    >>> result = clock_time(["23:50:10", "08:00:00"], ["00:14:55", "08:20:00"])
    >>> result.durations, result.midnight_crossings
    ((1485.0, 1200.0), 1)
    """
    check_lengths(start, end)
    elapsed = [seconds_of_day(b) - seconds_of_day(a) for a, b in zip(start, end, strict=True)]
    return ClockDurations(
        method="duration.clock_time",
        durations=tuple(seconds % _DAY for seconds in elapsed),
        midnight_crossings=sum(seconds < 0 for seconds in elapsed),
        n=len(elapsed),
    )


def local_time(start: Sequence[str], end: Sequence[str], timezone: str) -> Durations:
    """Elapsed time between local times, through changes of the clock.

    Parameters
    ----------
    start, end
        Local times in ISO 8601 without an offset (lists of equal length).
    timezone
        Name of the zone in the IANA data base, such as "Europe/Berlin".

    Returns
    -------
    Durations
        ``durations`` (elapsed seconds; negative when an end lies before its start) and ``n``.

    Raises
    ------
    ValueError
        For lists of different length, an unknown zone, a time that is not ISO 8601, that has an
        offset, or that the clocks of the zone skipped.

    Notes
    -----
    Both times are turned into UTC. A local time that occurred twice is the first; an end that
    would then lie before its start is the second.

    Examples
    --------
    >>> local_time(["2024-03-31T01:50:00"], ["2024-03-31T03:10:00"], "Europe/Berlin").durations
    (1200.0,)
    """
    check_lengths(start, end)
    zone = zone_of(timezone)
    durations = [
        elapsed_seconds(local(first, zone), local(last, zone))
        for first, last in zip(start, end, strict=True)
    ]
    return Durations(method="duration.local_time", durations=tuple(durations), n=len(durations))
