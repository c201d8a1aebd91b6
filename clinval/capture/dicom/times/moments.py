"""Dates and times as headers write them, and how far apart they are.

What is read becomes whole microseconds, so that a difference of two times is exact. Spellings are
those of PS3.5 (DA, TM and DT, from the hour alone to six digits of a second), those of ACR-NEMA
(``1997.04.24``, ``14:04:38``), and offsets as they are found (``-0500``, ``UTC-04:00``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

__all__ = ["DAY", "SECOND", "Moment", "on_one_axis", "read_moment", "read_offset", "read_seconds"]

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
"""A second and a day, in microseconds."""

_DATE = re.compile(r"(\d{4})([.-]?)(\d{2})\2(\d{2})", re.ASCII)
_TIME = re.compile(r"(\d{2})(?:(:?)(\d{2})(?:\2(\d{2})(?:[.](\d{1,6})\d*)?)?)?", re.ASCII)
_OFFSET = re.compile(r"(?:UTC|GMT)? ?([+-])(\d{2}):?(\d{2})", re.ASCII | re.IGNORECASE)
_DATETIME = re.compile(r"(\d{8})(\d{2,6}(?:[.]\d+)?)([+-]\d{4})?", re.ASCII)


class Moment(NamedTuple):
    """When something was.

    Attributes
    ----------
    clock
        Microseconds since midnight.
    day
        Number of the day (`datetime.date.toordinal`), ``None`` where only the time is known.
    offset
        Minutes by which its clock is ahead of UTC, ``None`` where it is not said.
    step
        How finely it is written, in microseconds: a minute where seconds are not given.
    """

    clock: int
    day: int | None = None
    offset: int | None = None
    step: int = 1


def read_moment(day: str, time: str, offset: int | None = None) -> Moment | None:
    """Return the moment that a date (DA) and a time (TM), or one DT in ``time``, mean.

    Parameters
    ----------
    day
        The date; empty where there is none, or where ``time`` is a DT.
    time
        The time, or date and time in one.
    offset
        Minutes ahead of UTC by TimezoneOffsetFromUTC; the offset of a DT of its own goes first.

    Returns
    -------
    Moment or None
        ``None`` where there is no time, or one that does not exist (``250000``). A date that does
        not exist is none: the time still says how far apart two images are.

    Examples
    --------
    >>> read_moment("20010101", "000017.5").clock
    17500000
    >>> read_moment("", "20120820120804.06+0200").offset
    120
    >>> read_moment("20010101", "250000") is None
    True
    """
    written = time.strip()
    whole = _DATETIME.fullmatch(written)
    if whole is not None:
        day, written = whole[1], whole[2]
        offset = offset if whole[3] is None else read_offset(whole[3])
    parts = _TIME.fullmatch(written)
    if parts is None:
        return None
    hours, minutes, seconds = (int(parts[k] or 0) for k in (1, 3, 4))
    if hours > 23 or minutes > 59 or seconds > 60:  # 60 is a leap second
        return None
    fraction = int((parts[5] or "").ljust(6, "0"))
    step = 1 if parts[5] else SECOND if parts[4] else MINUTE if parts[3] else 60 * MINUTE
    clock = ((hours * 60 + minutes) * 60 + seconds) * SECOND + fraction
    return Moment(clock, _day(day), offset, step)


def _day(text: str) -> int | None:
    parts = _DATE.fullmatch(text.strip())
    if parts is None:
        return None
    try:
        return date(int(parts[1]), int(parts[3]), int(parts[4])).toordinal()
    except ValueError:
        return None


def read_offset(text: str) -> int | None:
    """Return by how many minutes a clock is ahead of UTC.

    Examples
    --------
    >>> read_offset("-0500"), read_offset("UTC-04:00"), read_offset("+0000"), read_offset("Z")
    (-300, -240, 0, None)
    """
    parts = _OFFSET.fullmatch(text.strip())
    if parts is None:
        return None
    minutes = int(parts[1] + "1") * (int(parts[2]) * 60 + int(parts[3]))
    # clocks of the earth run from twelve hours behind to fourteen ahead (PS3.5, DT)
    return minutes if -12 * 60 <= minutes <= 14 * 60 else None


def read_seconds(text: str) -> float | None:
    """Return the seconds of a duration written as ``m:ss`` or ``h:mm:ss``.

    Examples
    --------
    >>> read_seconds("05:01"), read_seconds("1:02:03"), read_seconds("301")
    (301.0, 3723.0, None)
    """
    parts = re.fullmatch(r"(?:(\d{1,3}):)?(\d{1,5}):(\d{2}(?:[.]\d{1,6})?)", text.strip(), re.ASCII)
    if parts is None:
        return None
    return int(parts[1] or 0) * 3600 + int(parts[2]) * 60 + float(parts[3])


def on_one_axis(
    moments: Sequence[Moment], *, dates_may_lag: bool = True
) -> tuple[list[int], tuple[str, ...]]:
    """Put moments on one axis, so that their differences are the times between them.

    Parameters
    ----------
    moments
        Of one series or one examination.
    dates_may_lag
        Whether moments that are all of one date may run past midnight: scanners write the date on
        which a series began into all of its images. Not so for an examination, whose delayed images
        may well be taken more than twelve hours later.

    Returns
    -------
    positions
        Microseconds, in the order of the moments; only their differences mean something.
    flags
        ``midnight`` where times that begin again at zero were taken as those of the next day,
        ``clock_offset`` where clocks of different offsets were brought to UTC, or where some say
        their offset and some do not, which leaves all as they are written.

    Notes
    -----
    Times without dates are hours on a dial. The longest stretch of the dial on which nothing
    happened is taken as the time outside; what is left is the shortest time that holds all moments.
    The answer does not depend on where on the dial midnight is, and it is that of the usual rule (a
    span of more than twelve hours ran past midnight) wherever that rule gives a shorter span.
    """
    offsets = {moment.offset for moment in moments}
    flags = ["clock_offset"] if len(offsets) > 1 else []
    to_utc = len(offsets) > 1 and None not in offsets
    positions = [
        (moment.day or 0) * DAY + moment.clock - (moment.offset or 0) * to_utc * MINUTE
        for moment in moments
    ]
    days = {moment.day for moment in moments}
    if None not in days:
        span = max(positions, default=0) - min(positions, default=0)
        if len(days) > 1 or not dates_may_lag or span <= DAY // 2:
            return positions, tuple(flags)
    dial = [position % DAY for position in positions]
    start = _after_the_longest_gap(dial)
    if any(hour < start for hour in dial):
        flags.append("midnight")
    return [(hour - start) % DAY for hour in dial], tuple(flags)


def _after_the_longest_gap(dial: Sequence[int]) -> int:
    """Return the moment on a dial of 24 hours before which nothing happened for longest."""
    hours = sorted(set(dial))
    if not hours:
        return 0
    # of equal gaps that over midnight, so that nothing is unwrapped without need
    gaps = [(hours[0] + DAY - hours[-1], 1, hours[0])]
    gaps += [(later - sooner, 0, later) for sooner, later in pairwise(hours)]
    return max(gaps)[2]
