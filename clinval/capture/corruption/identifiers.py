"""Mistakes in cells that say which row it is: subjects, arms, readers."""

from __future__ import annotations

import datetime
import random
import re
from typing import Any

from clinval.capture.corruption.mistake import CellMistake, Target
from clinval.protocol.base import Text

__all__ = ["IDENTIFIERS"]

_TO_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_LOOKALIKES = str.maketrans("SABCEHKMOPTX", "ЅАВСЕНКМОРТХ")  # Cyrillic


def _key(
    name: str,
    write: Any,
    says: str,
    en: str,
    zh: str,
    types: tuple[str, ...] = ("subject",),
    **more: Any,
) -> CellMistake:
    return CellMistake(
        id=name, family="key", what=Text(en=en, zh=zh), says=tuple(says.split()), types=types,
        write=write, keys=True, **more,
    )  # fmt: skip


def _without_zeros(target: Target, _: random.Random) -> str:
    return re.sub(r"(\D)0+(\d+)$", r"\1\2", target.value)


def _has_zeros(target: Target) -> bool:
    return re.search(r"\D0\d+$", target.value) is not None


def _as_number(target: Target, _: random.Random) -> int:
    return int(re.findall(r"\d+", target.value)[-1])


def _other_site(target: Target, draw: random.Random) -> str:
    others = [site.id for site in target.protocol.sites if site.id != target.site]
    return draw.choice(target.protocol.subjects_of(draw.choice(others)))


def _beyond(target: Target, _: random.Random) -> str:
    last = target.protocol.subjects_of(target.site)[-1]
    number = re.findall(r"\d+", last)[-1]
    return last[: last.rindex(number)] + str(int(number) + 500)


def _other_site_id(target: Target, draw: random.Random) -> None:
    others = [site.id for site in target.protocol.sites if site.id != target.site]
    target.beside("site_id").value = draw.choice(others)


IDENTIFIERS: tuple[CellMistake, ...] = (
    _key("zeros-lost", _without_zeros, "key-unknown",
         "leading zeros lost", "丢失前导零", fits=_has_zeros),
    _key("number-for-subject", _as_number, "key-unknown",
         "number alone, without the site", "只有流水号没有中心号"),
    _key("letter-o", lambda t, _: t.value.replace("0", "O"), "key-unknown",
         "letter O for zeros", "字母 O 代替数字 0", fits=lambda t: "0" in t.value),
    _key("look-alike-letters", lambda t, _: t.value.translate(_LOOKALIKES), "key-unknown",
         "letters of another alphabet that look the same", "外形相同的其他字母",
         fits=lambda t: t.value != t.value.translate(_LOOKALIKES)),
    _key("small-letters", lambda t, _: t.value.lower(), "identifier-adjusted",
         "small letters", "小写字母", ("subject", "arm"),
         fits=lambda t: t.value != t.value.lower()),
    _key("long-dash", lambda t, _: t.value.replace("-", "–"), "identifier-adjusted",
         "long dash", "长破折号", fits=lambda t: "-" in t.value),
    _key("underscore", lambda t, _: t.value.replace("-", "_"), "identifier-adjusted",
         "underscore for a dash", "以下划线代替短横", fits=lambda t: "-" in t.value),
    _key("blank-behind-subject", lambda t, _: f"{t.value} ", "read-trimmed",
         "blank behind the identifier", "标识后有空格", ("subject", "arm", "reader")),
    _key("full-width-subject", lambda t, _: t.value.translate(_TO_WIDE), "read-full-width",
         "full-width identifier", "全角标识"),
    _key("subject-of-other-site", _other_site, "subject-of-other-site",
         "subject of another hospital", "其他中心的受试者"),
    _key("subject-not-planned", _beyond, "key-unknown",
         "subject number beyond those planned", "超出计划的受试者编号"),
    _key("subject-left-empty", lambda *_: None, "key-part-missing",
         "no subject in a filled row", "已填行缺少受试者编号"),
    _key("subject-made-a-date", lambda *_: datetime.datetime(2026, 1, 1), "key-unknown",  # noqa: DTZ001
         "identifier made a date by the spreadsheet", "标识被转换为日期"),
    _key("initials-for-subject", lambda t, _: f"{t.value} W.F.", "key-unknown",
         "initials behind the identifier", "标识后带姓名缩写"),
    _key("unknown-arm", lambda *_: "new protocol", "key-unknown",
         "arm by a name of the site's own", "组别用自拟名称", ("arm",)),
    _key("unknown-reader", lambda *_: "Reader 99", "key-unknown",
         "reader who is not in the protocol", "方案外的阅片者", ("reader",)),
    _key("other-site-in-row", _other_site_id, "row-of-other-site",
         "another site's code in the row", "行内填写其他中心编号", at="row"),
)  # fmt: skip
