"""Durations of pairs of times as they were entered: what cannot be used is left out and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from clinval.core.results import Result
from clinval.stats._checks import positive
from clinval.stats.throughput._clocks import (
    SkippedTimeError,
    check_lengths,
    elapsed_seconds,
    local,
    seconds_of_day,
    zone_of,
)

__all__ = ["ScreenedDurations", "screened"]

_DAY = 86_400
_COUNTED = ("missing", "unreadable", "skipped", "negative", "too_long")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenedDurations(Result):
    """Durations in seconds, None where a pair is left out, and why how many were.

    ``missing``, ``unreadable``, ``skipped`` (a time that the clocks skipped), ``negative`` and
    ``too_long`` add up to ``n`` less ``n_used``; ``midnight_crossings`` and ``clock_changes`` are
    of pairs that are used.
    """

    durations: tuple[float | None, ...]
    n: int
    n_used: int
    missing: int
    unreadable: int
    skipped: int
    negative: int
    too_long: int
    midnight_crossings: int
    clock_changes: int


def screened(
    start: Sequence[str | None],
    end: Sequence[str | None],
    *,
    timezone: str | None = None,
    longest: float = _DAY,
) -> ScreenedDurations:
    """Durations of the pairs of times that can be used, with a count of each kind that cannot.

    Parameters
    ----------
    start, end
        Lists of equal length, empty or None where missing. Readings HH:MM:SS without a date, or,
        with a time zone, local times in ISO 8601 without an offset.
    timezone
        Name of the zone in the IANA data base, such as "Europe/Berlin"; left out for readings
        without a date.
    longest
        Longest duration that can be right (seconds, at most a day for readings without a date).

    Returns
    -------
    ScreenedDurations
        ``durations`` (seconds, None where left out), ``n``, ``n_used``, the counts of what was
        left out, and ``midnight_crossings`` and ``clock_changes`` of what was used.

    Raises
    ------
    ValueError
        For lists of different length, an unknown zone or a longest duration that is not positive.

    Notes
    -----
    :func:`clock_time` and :func:`local_time` pair by pair. A reading without a date whose end lies
    before its start ran past midnight, unless it would then be too long.

    Examples
    --------
    >>> result = screened(["23:50:00", "09:00:00", ""], ["00:10:00", "08:59:00", "10:00:00"],
    ...                   longest=7200)
    >>> result.durations, result.too_long, result.missing, result.midnight_crossings
    ((1200.0, None, None), 1, 1, 1)
    """
    check_lengths(start, end)
    most = positive("longest", longest)
    zone = None if timezone is None else zone_of(timezone)
    durations: list[float | None] = []
    counts = dict.fromkeys((*_COUNTED, "midnight_crossings", "clock_changes"), 0)
    for first, last in zip(start, end, strict=True):
        kind, seconds, past_midnight, changed = _pair(first, last, zone, most)
        durations.append(seconds)
        if kind:
            counts[kind] += 1
        counts["midnight_crossings"] += past_midnight
        counts["clock_changes"] += changed
    return ScreenedDurations(
        method="duration.screened",
        durations=tuple(durations),
        n=len(durations),
        n_used=sum(seconds is not None for seconds in durations),
        missing=counts["missing"],
        unreadable=counts["unreadable"],
        skipped=counts["skipped"],
        negative=counts["negative"],
        too_long=counts["too_long"],
        midnight_crossings=counts["midnight_crossings"],
        clock_changes=counts["clock_changes"],
    )


def _pair(
    first: str | None, last: str | None, zone: ZoneInfo | None, most: float
) -> tuple[str, float | None, bool, bool]:
    """Return why a pair is left out, or its seconds and whether midnight or a change is inside."""
    if not first or not last:
        return "missing", None, False, False
    try:
        if zone is None:
            seconds = seconds_of_day(last) - seconds_of_day(first)
            past_midnight, changed = seconds < 0, False
            seconds %= _DAY
        else:
            begun, ended = local(first, zone), local(last, zone)
            seconds = elapsed_seconds(begun, ended)
            past_midnight = begun.date() != ended.date()
            changed = _naive(ended) - _naive(begun) != seconds
    except SkippedTimeError:
        return "skipped", None, False, False
    except ValueError:
        return "unreadable", None, False, False
    if seconds < 0:
        return "negative", None, False, False
    if seconds > most:
        return "too_long", None, False, False
    return "", seconds, past_midnight, changed


def _naive(moment: datetime) -> float:
    """Return the seconds that the clock on the wall shows, since any day."""
    return moment.replace(tzinfo=UTC).timestamp()
