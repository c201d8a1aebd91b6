"""Readings of clocks and local times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = [
    "SkippedTimeError",
    "check_lengths",
    "elapsed_seconds",
    "local",
    "seconds_of_day",
    "zone_of",
]

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d):([0-5]\d(?:\.\d+)?)", re.ASCII)


class SkippedTimeError(ValueError):
    """A local time that no clock of its zone showed."""


def check_lengths(start: Sequence[str | None], end: Sequence[str | None]) -> None:
    """Raise unless both are lists of equal length."""
    for name, values in (("start", start), ("end", end)):
        if isinstance(values, str) or not hasattr(values, "__len__"):
            raise ValueError(f"{name} must be a list of times")
    if len(start) != len(end):
        raise ValueError(f"lengths differ: start {len(start)}, end {len(end)}")


def seconds_of_day(reading: str) -> float:
    """Return the seconds since midnight of a reading HH:MM:SS."""
    match = _CLOCK.fullmatch(reading) if isinstance(reading, str) else None
    if match is None:
        raise ValueError(f"{reading!r} is not a clock reading HH:MM:SS")
    hours, minutes, seconds = match.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def zone_of(timezone: str) -> ZoneInfo:
    """Return the zone of a name in the IANA data base."""
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, TypeError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {timezone!r}") from error


def elapsed_seconds(begun: datetime, ended: datetime) -> float:
    """Return the seconds between; an end that occurred twice is the first not before its start."""
    elapsed = (ended.astimezone(UTC) - begun.astimezone(UTC)).total_seconds()
    if elapsed < 0:
        again = ended.replace(fold=1)
        elapsed = (again.astimezone(UTC) - begun.astimezone(UTC)).total_seconds()
    return elapsed


def local(text: str, zone: ZoneInfo) -> datetime:
    """Return a local time in ISO 8601; raise for one that the clocks of the zone skipped."""
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
        raise SkippedTimeError(f"{text} did not occur in {zone.key}: the clocks skipped it")
    return local
