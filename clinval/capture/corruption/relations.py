"""Mistakes that show only when fields, forms or reads are compared."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable
from typing import Any

from clinval.capture.corruption.mistake import CHECKS, CellMistake, Target
from clinval.protocol.base import Text

__all__ = ["RELATIONS"]

_CONSEQUENCES = ("value-not-applicable", "required-is-empty", "value-unexpected", *CHECKS)


def _of(form: str, field: str, **values: object) -> Callable[[Target], bool]:
    """Return a test for cells of a field in rows that hold these values."""

    def fits(target: Target) -> bool:
        at = (target.form.id, target.field.id)
        return at == (form, field) and all(target.values.get(n) == v for n, v in values.items())

    return fits


def _relation(
    name: str, fits: Callable[[Target], bool], write: Any, en: str, zh: str, **more: Any
) -> CellMistake:
    options: dict[str, Any] = {
        "says": CHECKS, "also": _CONSEQUENCES, "at": "row",
        "types": ("choice", "scale", "number", "integer", "date"), **more,
    }  # fmt: skip
    return CellMistake(
        id=name, family="cross", what=Text(en=en, zh=zh), fits=fits, write=write, **options
    )


def _shorter_than_scan(target: Target, _: random.Random) -> float:
    return max(1.0, round(float(target.values["scan_time_s"]) / 120, 2))


def _longer_than_room(target: Target) -> bool:
    scan = target.values.get("scan_time_s")
    return _of("F05", "room_time_min")(target) and bool(scan and scan > 150)


def _noisy(target: Target) -> bool:
    good = target.values.get("image_quality")
    return _of("F07", "noise")(target) and bool(good and good >= 4)


def _before_onset(target: Target, _: random.Random) -> datetime.datetime:
    return target.values["onset_date"].to_pydatetime() - datetime.timedelta(days=9)  # type: ignore[no-any-return]


def _untested(_: Target, draw: random.Random) -> str:
    return f"9.{draw.randrange(1000)}.0-beta"


def _other_session(target: Target, _: random.Random) -> int:
    return 3 - int(target.value)


def _has_sessions(target: Target) -> bool:
    reading = target.protocol.reading
    return _of("F07", "session")(target) and reading is not None and reading.sessions == 2


RELATIONS: tuple[CellMistake, ...] = (
    _relation("no-consent", _of("F04", "consent", enrolled="yes"), lambda *_: "no",
              "enrolled without consent", "未签知情同意即入组"),
    _relation("not-eligible", _of("F04", "eligible", enrolled="yes"), lambda *_: "no",
              "enrolled although not eligible", "不符合入排标准仍入组"),
    _relation("too-old-to-be-told", _of("F04", "age_years"), lambda *_: 97,
              "age over 90 in full", "填写 90 岁以上的实际年龄"),
    _relation("room-shorter-than-scan", _longer_than_room, _shorter_than_scan,
              "room time shorter than scan time", "检查室占用时间短于扫描时间"),
    _relation("not-done-but-filled", _of("F05", "completed", completed="yes"), lambda *_: "no",
              "scan not completed, yet its times are filled in", "未完成采集却填有时间",
              says=("value-not-applicable", "required-is-empty")),
    _relation("repeat-without-reason", _of("F05", "repeated", repeated="no"), lambda *_: "yes",
              "repeated scan without its reason", "重复采集未填原因",
              says=("required-is-empty",)),
    _relation("scores-contradict", _noisy, lambda *_: 1,
              "scores of one read contradict each other", "同一阅片各评分矛盾"),
    _relation("ends-before-onset", _of("F08", "end_date"), _before_onset,
              "event ends before it began", "事件结束早于发生"),
    _relation("version-not-tested", _of("F05", "software_version", arm="TEST"), _untested,
              "version of the product that the study does not test", "非本试验验证的产品版本",
              says=("version-changed", "version-not-of-protocol"), types=("text",)),
    _relation("read-in-other-session", _has_sessions, _other_session,
              "read in another session than listed", "阅片轮次与清单不符",
              says=("read-in-other-session",),
              also=("sessions-reversed", "washout-cut-short"), at="form"),
)  # fmt: skip
