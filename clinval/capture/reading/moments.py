"""Dates and times as people write them into cells."""

from __future__ import annotations

import datetime
import re

from clinval.capture.echo import Echo
from clinval.capture.reading.reading import Reading

__all__ = ["read_date", "read_datetime", "read_time"]

_TIME = (
    r"(?P<hour>\d{1,2})[:：时点](?P<minute>\d{1,2})(?:[:：分](?P<second>\d{1,2})(?:\.\d+)?)?[分秒]?"
)
_HALF = r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
_CLOCK = re.compile(_TIME + _HALF, re.ASCII)
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})(?:[-/.]|年)\s?(?P<month>\d{1,2})(?:[-/.]|月)\s?(?P<day>\d{1,2})[日号]?",
    re.ASCII,
)
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{4})", re.ASCII)
_NAMED = re.compile(
    r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?[-. ]{1,2}(?P<name>[A-Za-z]{3,9})"
    r"|(?P<name2>[A-Za-z]{3,9})[-. ]{1,2}(?P<day2>\d{1,2})(?:st|nd|rd|th)?)"
    r"[-., ]{1,2}(?P<year>\d{4})",
    re.ASCII,
)
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_SPLIT = re.compile(r"(?<=[\d日号])(?:T|\s+)(?=\d)")
_DAY = datetime.timedelta(days=1)
_LAST = datetime.datetime(9999, 12, 31)  # noqa: DTZ001 - sites write local times
_SERIALS = (20_000, 80_000)  # 1954 to 2119: a number that lost the format of a date


def read_date(value: object, echo: Echo, epoch: datetime.datetime) -> Reading:
    """Return what a cell of a date field holds; texts have been tidied and narrowed."""
    reading = read_datetime(value, echo, epoch)
    remarks = tuple(remark for remark in reading.remarks if remark != "time-missing")
    if not isinstance(reading.value, datetime.datetime):
        return reading
    day = datetime.datetime.combine(reading.value.date(), datetime.time())
    if day != reading.value:
        remarks = (*remarks, "time-dropped")
    return Reading(value=day, remarks=remarks, parameters=reading.parameters)


def read_datetime(value: object, echo: Echo, epoch: datetime.datetime) -> Reading:
    """Return what a cell of a date-and-time field holds."""
    if isinstance(value, datetime.datetime):
        return _dated(value, ())
    if isinstance(value, datetime.date):
        return _dated(datetime.datetime.combine(value, datetime.time()), ())
    if isinstance(value, str):
        return _of_text(value, echo)
    if isinstance(value, int | float) and not isinstance(value, bool):
        compact = _COMPACT.fullmatch(str(int(value))) if value == value // 1 else None
        if compact:
            return _of_text(compact[0], echo)
        if _SERIALS[0] <= value <= _SERIALS[1]:
            span = datetime.timedelta(seconds=round(value * 86_400))
            moment = epoch + span
            return _dated(moment, ("date-from-number",), {"value": f"{value:g}"})
    return _unread(echo, value)


def _of_text(text: str, echo: Echo) -> Reading:
    date_text, *rest = _SPLIT.split(text, maxsplit=1)
    clock = datetime.time()
    if rest:
        found = _clock(rest[0])
        if found is None:
            return _unread(echo, text)
        clock = found
    day = _day(date_text)
    if day == "ambiguous":
        shown = echo(text)
        return Reading(
            problem="date-ambiguous", parameters={"value": shown.en, "value_zh": shown.zh}
        )
    if not isinstance(day, datetime.date):
        return _unread(echo, text)
    return _dated(datetime.datetime.combine(day, clock), ("read-date-from-text",))


def _day(text: str) -> datetime.date | str | None:
    """Return the day a text names, ``ambiguous`` where it names two, ``None`` where none."""
    found = _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text)
    if found:
        return _valid(int(found["year"]), int(found["month"]), int(found["day"]))
    last = _YEAR_LAST.fullmatch(text)
    if last:
        first, second, year = int(last[1]), int(last[3]), int(last[4])
        if first > 12:
            return _valid(year, second, first)
        if second > 12 or first == second:
            return _valid(year, first, second)
        return "ambiguous" if _valid(year, first, second) else None
    named = _NAMED.fullmatch(text)
    if named:
        name = (named["name"] or named["name2"]).casefold()
        months = [
            month for month in _MONTHS if month.startswith(name) or name == "sept" == month[:4]
        ]
        if len(months) == 1:
            day = int(named["day"] or named["day2"])
            return _valid(int(named["year"]), _MONTHS.index(months[0]) + 1, day)
    return None


def _valid(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def read_time(value: object, echo: Echo) -> Reading:
    """Return the time of day in a cell of a time field, as ``hh:mm`` or ``hh:mm:ss``."""
    remarks: tuple[str, ...] = ()
    moment: datetime.time | None = None
    if isinstance(value, datetime.datetime):
        moment = value.time()
    elif isinstance(value, datetime.time):
        moment = value
    elif isinstance(value, datetime.timedelta) and datetime.timedelta() <= value < _DAY:
        moment = (datetime.datetime(2000, 1, 1) + value).time()  # noqa: DTZ001 - a time of day only
    elif isinstance(value, str):
        moment = _clock(value)
        remarks = ("read-date-from-text",)
    elif isinstance(value, float) and 0 <= value < 1:
        moment = (datetime.datetime(2000, 1, 1) + datetime.timedelta(days=value)).time()  # noqa: DTZ001
        remarks = ("date-from-number",)
    if moment is None:
        return _unread(echo, value)
    whole = datetime.datetime.combine(datetime.date(2000, 1, 1), moment)
    whole = (whole + datetime.timedelta(milliseconds=500)).replace(microsecond=0)
    text = whole.strftime("%H:%M:%S" if whole.second else "%H:%M")
    parameters = {"value": f"{value:g}", "read": text} if isinstance(value, float) else {}
    return Reading(value=text, remarks=remarks, parameters=parameters)


def _clock(text: str) -> datetime.time | None:
    found = _CLOCK.fullmatch(text)
    if not found:
        return None
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    try:
        return datetime.time(hour, int(found["minute"]), int(found["second"] or 0))
    except ValueError:
        return None


def _dated(
    moment: datetime.datetime, remarks: tuple[str, ...], parameters: dict[str, object] | None = None
) -> Reading:
    moment = moment.replace(tzinfo=None)
    if moment.microsecond:  # a spreadsheet counts days, and seconds are fractions of them
        moment = min(moment, _LAST) + datetime.timedelta(milliseconds=500)
    moment = moment.replace(microsecond=0)
    parameters = {**(parameters or {}), "read": moment.date().isoformat()}
    if moment.time() == datetime.time():
        remarks = (*remarks, "time-missing")
    return Reading(value=moment, remarks=remarks, parameters=parameters)


def _unread(echo: Echo, value: object) -> Reading:
    shown = echo(value)
    return Reading(problem="date-not-read", parameters={"value": shown.en, "value_zh": shown.zh})
