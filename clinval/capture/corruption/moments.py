"""Mistakes in cells that hold dates and times."""

from __future__ import annotations

import datetime
import random
from typing import Any

from clinval.capture.corruption.mistake import CellMistake, Target
from clinval.protocol.base import Text

__all__ = ["MOMENTS"]


def _moment(
    name: str,
    write: Any,
    says: str,
    en: str,
    zh: str,
    types: tuple[str, ...] = ("date",),
    **more: Any,
) -> CellMistake:
    return CellMistake(
        id=name, family="date", what=Text(en=en, zh=zh), says=tuple(says.split()), types=types,
        write=write, **more,
    )  # fmt: skip


def _as(pattern: str) -> Any:
    """Return a writer of the day by a pattern of ``strftime``."""
    return lambda target, _: target.value.strftime(pattern)


def _serial(target: Target, _: random.Random) -> int:
    return int((target.value - datetime.datetime(1899, 12, 30)).days)  # noqa: DTZ001 - days since


def _no_such_day(target: Target, _: random.Random) -> str:
    return f"{target.value.year}-02-30"


def _at_noon(target: Target, _: random.Random) -> datetime.datetime:
    return datetime.datetime.combine(target.value.date(), datetime.time(11, 40))


def _at_midnight(target: Target, _: random.Random) -> datetime.datetime:
    return datetime.datetime.combine(target.value.date(), datetime.time())


def _two_days(target: Target, draw: random.Random) -> str:
    return f"0{draw.randint(1, 4)}/0{draw.randint(5, 9)}/{target.value.year}"


def _long_ago(target: Target, _: random.Random) -> datetime.datetime:
    return datetime.datetime(target.value.year - 100, target.value.month, 15)  # noqa: DTZ001


MOMENTS: tuple[CellMistake, ...] = (
    _moment("date-as-text", _as("%Y-%m-%d"), "read-date-from-text",
            "date stored as text", "日期以文本存储", number_format="@"),
    _moment("date-in-chinese", lambda t, _: f"{t.value.year}年{t.value.month}月{t.value.day}日",
            "read-date-from-text", "date in Chinese", "中文日期"),
    _moment("date-with-points", _as("%Y.%m.%d"), "read-date-from-text",
            "date with points", "以点分隔的日期"),
    _moment("day-first", _as("%d/%m/%Y"), "read-date-from-text",
            "day first, and the day above 12", "日在前且大于 12", fits=lambda t: t.value.day > 12),
    _moment("month-first", _as("%m/%d/%Y"), "read-date-from-text",
            "month first, and the day above 12",
            "月在前且日大于 12", fits=lambda t: t.value.day > 12),
    _moment("day-or-month-first", _two_days,
            "date-ambiguous", "date that may be two days", "日月次序不明"),
    _moment("two-digit-year", _as("%d.%m.%y"), "date-not-read",
            "year of two digits", "两位数年份"),
    _moment("eight-digits", lambda t, _: int(t.value.strftime("%Y%m%d")), "read-date-from-text",
            "date as a number of eight digits", "八位数字日期", number_format="0"),
    _moment("serial-number", _serial, "date-from-number",
            "date that lost its format and became a number",
            "日期失去格式变为序列号", number_format="0"),
    _moment("no-such-day", _no_such_day, "date-not-read",
            "30 February", "不存在的日期（2月30日）"),
    _moment("month-named", _as("%B %Y"), "date-not-read",
            "month without a day", "只有月份没有日"),
    _moment("time-beside-date", _at_noon, "time-dropped",
            "time of day beside the date", "日期后带时刻"),
    _moment("wrong-century", _long_ago, "value-out-of-range",
            "wrong century", "世纪错误", fits=lambda t: t.field.range is not None),
    _moment("words-for-date", lambda *_: "last week", "date-not-read",
            "words instead of a date", "以文字代替日期"),
    _moment("time-for-date", lambda *_: datetime.time(9, 30), "date-not-read",
            "time of day instead of a date", "以时刻代替日期"),
    _moment("date-without-time", _at_midnight,
            "time-missing", "date without the time of day", "缺少时刻", ("datetime",)),
)  # fmt: skip
