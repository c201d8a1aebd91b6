"""Mistakes in cells that hold numbers: how they are written, and in which unit."""

from __future__ import annotations

import datetime
import math
import random
from typing import Any

from clinval.capture.corruption.mistake import CHECKS, CellMistake, Target
from clinval.capture.layout import plain_number
from clinval.protocol.base import Text

__all__ = ["NUMBERS"]

_BOTH = ("number", "integer")
_TO_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_UNUSUAL = (
    "value-out-of-range", "value-unexpected", "number-not-whole", "unit-unexpected",
    "unit-suspected", "unit-suspected-at-site", "value-far-out", "site-differs", *CHECKS,
)  # fmt: skip


def _plain(target: Target) -> str:
    return plain_number(target.value)


def _fraction(target: Target) -> bool:
    """Whether a number has decimals, which no separator of thousands could be."""
    decimals = _plain(target).partition(".")[2]
    return bool(decimals) and len(decimals) != 3


def _limits(target: Target, *, possible: bool) -> tuple[float, float]:
    """Return the limits of what is possible, or of what is expected, of a number."""
    field = target.field
    low, high = (field.range if possible else field.expected or field.range) or (None, None)
    return (
        float(low) if isinstance(low, float | int) else -math.inf,
        float(high) if isinstance(high, float | int) else math.inf,
    )


def _limited(target: Target) -> bool:
    return _limits(target, possible=True)[1] < 9_999_998


def _positive(target: Target) -> bool:
    return bool(target.value > 0 and _limits(target, possible=True)[0] >= 0)


def _seconds(target: Target) -> bool:
    """Whether a value in seconds is asked about once it is written in minutes."""
    low, _ = _limits(target, possible=False)
    return bool(target.field.unit == "s" and round(target.value / 60, 2) < low)


def _thousandfold(target: Target) -> bool:
    _, high = _limits(target, possible=False)
    return bool(target.field.unit and target.value * 1000 > high)


def _tenfold(target: Target) -> bool:
    return bool(target.value * 10 > _limits(target, possible=False)[1])


def _number(  # one line a mistake in the table below
    name: str,
    write: Any,
    says: str,
    en: str,
    zh: str,
    types: tuple[str, ...] = _BOTH,
    **more: Any,
) -> CellMistake:
    return CellMistake(
        id=name, family="number", what=Text(en=en, zh=zh), says=tuple(says.split()), types=types,
        write=write, **more,
    )  # fmt: skip


def _wide(target: Target, _: random.Random) -> str:
    return _plain(target).translate(_TO_WIDE)


def _stopwatch(target: Target, _: random.Random) -> str:
    return f"{int(target.value) // 60}:{int(target.value) % 60:02d}"


def _beyond(target: Target, draw: random.Random) -> float:
    return round(_limits(target, possible=True)[1] * draw.uniform(1.2, 4) + 1)


def _sentinel(target: Target, _: random.Random) -> float:
    nines = (999, 9999, 99_999, 999_999, 9_999_999)
    return next(value for value in nines if value > _limits(target, possible=True)[1])


def _comma_of_three(_: Target, draw: random.Random) -> str:
    return f"{draw.randint(1, 9)},{draw.randint(100, 999)}"


def _clock(_: Target, draw: random.Random) -> datetime.time:
    return datetime.time(0, draw.randint(1, 59), draw.randint(0, 59))


def _day(_: Target, draw: random.Random) -> datetime.datetime:
    return datetime.datetime(2026, draw.randint(1, 12), draw.randint(1, 28))  # noqa: DTZ001


def _thousands(target: Target, _: random.Random) -> str:
    return f"{int(target.value) // 1000 or 1}.{int(target.value) % 1000:03d},5"


def _formula_without_value(target: Target, _: random.Random) -> str:
    return f"={_plain(target)}*1"


NUMBERS: tuple[CellMistake, ...] = (
    _number("decimal-comma", lambda t, _: _plain(t).replace(".", ","), "read-decimal-comma",
            "decimal comma", "小数点写成逗号", ("number",), fits=_fraction),
    _number("comma-of-three", _comma_of_three,
            "number-ambiguous", "comma that may be a decimal or a thousand",
            "逗号含义不明（小数或千位）"),
    _number("number-as-text", lambda t, _: _plain(t), "read-number-from-text",
            "number stored as text", "数值以文本存储", number_format="@"),
    _number("full-width-digits", _wide, "read-full-width",
            "full-width digits", "全角数字"),
    _number("full-width-comparison", lambda t, _: "＜" + _wide(t, _), "number-with-comparison",
            "full-width sign and digits, as in ＜５", "全角比较符号，如“＜５”"),
    _number("below-detection", lambda t, _: f"<{_plain(t)}", "number-with-comparison",
            "limit instead of a value, as in <5", "以限值代替数值，如“<5”"),
    _number("about", lambda t, _: f"about {_plain(t)}", "number-with-comparison",
            "about so much", "写成“约……”"),
    _number("blank-behind", lambda t, _: f"{_plain(t)}\u00a0", "read-trimmed",
            "blank that cannot be seen behind a number", "数值后有不可见空格"),
    _number("thousands", _thousands,
            "read-thousands value-out-of-range",
            "separators of thousands", "使用千位分隔符", ("number",), also=_UNUSUAL),
    _number("unit-in-cell", lambda t, _: f"{_plain(t)} {t.field.unit or 'mm'}", "number-not-read",
            "unit behind the number", "数值后带单位"),
    _number("minutes-and-seconds", _stopwatch, "number-not-read",
            "minutes and seconds as text, 4:32", "写成“分:秒”文本"),
    _number("clock-for-number", _clock,
            "date-for-number", "time of day made by the spreadsheet from 4:32",
            "被表格软件转换为时刻"),
    _number("date-for-number", _day,
            "date-for-number", "date made by the spreadsheet from 4.5 or 4-5",
            "被表格软件转换为日期"),
    _number("range-of-values", lambda t, _: f"{_plain(t)}-{plain_number(t.value + 2)}",
            "number-not-read", "two numbers, from and to", "填写数值范围"),
    _number("note-in-cell", lambda t, _: f"{_plain(t)} (repeated)", "number-not-read",
            "note behind the number", "数值后带备注"),
    _number("words-for-number", lambda *_: "see report", "number-not-read",
            "words instead of a number", "以文字代替数值"),
    _number("letter-for-digit", lambda t, _: _plain(t).replace(_plain(t)[-1], "O", 1),
            "number-not-read", "letter O for a zero", "字母 O 代替数字 0"),
    _number("two-points", lambda t, _: f"{int(t.value)}..5", "number-not-read",
            "two decimal points", "两个小数点", ("number",)),
    _number("percent", lambda t, _: f"{_plain(t)} %", "number-not-read",
            "percent sign", "带百分号"),
    _number("scientific", lambda t, _: f"{t.value:.15E}", "read-number-from-text",
            "scientific notation as text", "科学计数法文本"),
    _number("truth-for-number", lambda *_: True, "truth-for-number",
            "TRUE instead of a number", "以 TRUE 代替数值"),
    _number("error-of-formula", lambda *_: "#REF!", "cell-is-error",
            "error of a broken formula", "公式错误值"),
    _number("formula-not-calculated", _formula_without_value, "formula-without-value",
            "formula that was never calculated", "未计算的公式"),
    _number("broken-whole-number", lambda t, _: t.value + 0.5, "number-not-whole",
            "decimals where a whole number is asked for", "整数项填写小数", ("integer",)),
    _number("sentinel", _sentinel, "value-out-of-range",
            "999 for a missing value", "以 999 表示缺失", fits=_limited),
    _number("negative", lambda t, _: -t.value, "value-out-of-range",
            "minus sign", "多出负号", fits=_positive),
    _number("beyond-possible", _beyond, "value-out-of-range",
            "value that is not possible", "数值超出可能范围", fits=_limited),
    _number("minutes-for-seconds", lambda t, _: round(t.value / 60, 2), " ".join(_UNUSUAL),
            "minutes where seconds are asked for", "应填秒却填分钟", fits=_seconds, also=_UNUSUAL),
    _number("thousandfold", lambda t, _: t.value * 1000, " ".join(_UNUSUAL),
            "unit a thousand times smaller, as ms for s", "单位小一千倍，如毫秒填作秒",
            fits=_thousandfold, also=_UNUSUAL),
    _number("decimal-point-lost", lambda t, _: t.value * 10, " ".join(_UNUSUAL),
            "decimal point lost: ten times too much", "漏写小数点，数值增大十倍",
            ("number",), fits=_tenfold, also=_UNUSUAL),
)  # fmt: skip
