"""Durations from clocks: readings without a date, and local times with their time zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clinval.core.results import Result

__all__ = ["ClockDurations", "Durations", "clock_time", "local_time"]

_DAY = 86_400
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d):([0-5]\d(?:\.\d+)?)", re.ASCII)


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
    _check_lengths(start, end)
    elapsed = [_seconds(b) - _seconds(a) for a, b in zip(start, end, strict=True)]
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
    _check_lengths(start, end)
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, TypeError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {timezone!r}") from error
    durations = []
    for first, last in zip(start, end, strict=True):
        begun, ended = _local(first, zone), _local(last, zone)
        elapsed = (ended.astimezone(UTC) - begun.astimezone(UTC)).total_seconds()
        if elapsed < 0:
            again = ended.replace(fold=1)
            elapsed = (again.astimezone(UTC) - begun.astimezone(UTC)).total_seconds()
        durations.append(elapsed)
    return Durations(method="duration.local_time", durations=tuple(durations), n=len(durations))


def _check_lengths(start: Sequence[str], end: Sequence[str]) -> None:
    for name, values in (("start", start), ("end", end)):
        if isinstance(values, str) or not hasattr(values, "__len__"):
            raise ValueError(f"{name} must be a list of times")
    if len(start) != len(end):
        raise ValueError(f"lengths differ: start {len(start)}, end {len(end)}")


def _seconds(reading: str) -> float:
    match = _CLOCK.fullmatch(reading) if isinstance(reading, str) else None
    if match is None:
        raise ValueError(f"{reading!r} is not a clock reading HH:MM:SS")
    hours, minutes, seconds = match.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _local(text: str, zone: ZoneInfo) -> datetime:
    try:
        naive = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{text!r} is not a time in ISO 8601") from error
    if naive.tzinfo is not None:
        raise ValueError(f"{text!r} has an offset; local times have none")
    local = naive.replace(tzinfo=zone)
    try:
        back = local.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    except OverflowError as error:
        raise ValueError(f"{text} lies outside the years 1 to 9999 in UTC") from error
    if back != naive:
        raise ValueError(f"{text} did not occur in {zone.key}: the clocks skipped it")
    return local
