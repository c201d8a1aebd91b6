"""Mistakes in cells that hold codes, missing values and free text."""

from __future__ import annotations

import datetime
import random
from typing import Any

from clinval.capture.corruption.mistake import CHECKS, CellMistake, Target
from clinval.protocol.base import Text

__all__ = ["CODES", "MISSING", "TEXTS"]

_CONSEQUENCES = {
    "missing": CHECKS,  # one limit without the other
    "text": ("file-identifies", "version-changed", "version-not-of-protocol"),
}
_CODED = ("choice", "scale")
_NUMERIC = ("number", "integer")


def _cell(family: str, types: tuple[str, ...]) -> Any:
    """Return a maker of the mistakes of a family, one line a mistake in the tables below."""

    def made(
        name: str, write: Any, says: str, en: str, zh: str, of: tuple[str, ...] = types, **more: Any
    ) -> CellMistake:
        return CellMistake(
            id=name, family=family, what=Text(en=en, zh=zh), says=tuple(says.split()), types=of,
            write=write, **{"also": _CONSEQUENCES.get(family, ()), **more},
        )  # fmt: skip

    return made


def _label(language: str) -> Any:
    """Return a writer of the label of the code, without the code."""

    def write(target: Target, _: random.Random) -> str:
        return target.field.codelist[target.value].in_(language)

    return write


def _labelled(language: str) -> Any:
    """Return a test for codes whose label is that of no other, and no code itself."""

    def fits(target: Target) -> bool:
        codelist = target.field.codelist
        labels = [label.in_(language).casefold() for label in codelist.values()]
        own = codelist[target.value].in_(language).casefold()
        return labels.count(own) == 1 and own not in {code.casefold() for code in codelist}

    return fits


def _truth(target: Target) -> bool:
    return set(target.field.codelist) == {"yes", "no"}


def _required(target: Target) -> bool:
    return target.field.required


def _free(target: Target) -> bool:
    return target.field.pattern is None


def _two(target: Target, _: random.Random) -> str:
    return f"{target.value}, {next(code for code in target.field.codelist if code != target.value)}"


_code, _missing, _text = _cell("code", _CODED), _cell("missing", _NUMERIC), _cell("text", ("text",))

CODES: tuple[CellMistake, ...] = (
    _code("label-for-code", _label("en"), "read-label",
          "label without its code", "只填标签未填编码", ("choice",), fits=_labelled("en")),
    _code("chinese-label", _label("zh"), "read-label",
          "label in Chinese without its code", "只填中文标签", ("choice",), fits=_labelled("zh")),
    _code("truth-for-code", lambda t, _: t.value == "yes", "read-truth",
          "TRUE or FALSE for yes or no", "以 TRUE/FALSE 代替是否", ("choice",), fits=_truth),
    _code("letter-for-code", lambda t, _: "JN"[t.value == "no"], "code-unknown",
          "one letter for yes or no, in another language", "以其他语言单个字母表示是否",
          ("choice",), fits=_truth),
    _code("number-for-yes", lambda t, _: int(t.value == "yes"), "code-unknown",
          "1 or 0 for yes or no", "以 1/0 表示是否", ("choice",), fits=_truth),
    _code("unknown-code", lambda *_: "other, see letter", "code-unknown",
          "answer that is not on the list", "填写列表外的答案", ("choice",)),
    _code("two-codes", _two,
          "code-unknown", "two answers in one cell", "一格填写两个答案", ("choice",)),
    _code("question-mark", lambda t, _: f"{t.value}?", "code-unknown",
          "answer with a question mark", "答案后带问号", ("choice",)),
    _code("half-a-score", lambda t, _: t.value - 0.5, "code-unknown",
          "half a score", "评分填写半分", ("scale",)),
    _code("off-the-scale", lambda t, _: max(map(float, t.field.codelist)) + 1, "code-unknown",
          "score above the scale", "评分超出量表", ("scale",)),
    _code("score-of-ten", lambda t, _: f"{t.value:g}/10", "code-unknown",
          "score out of ten", "以十分制评分", ("scale",)),
    _code("score-in-words", lambda *_: "rather good", "code-unknown",
          "score in words", "以文字评分", ("scale",)),
    _code("full-width-score", lambda t, _: chr(0xFF10 + int(t.value)), "read-full-width",
          "full-width score", "全角评分", ("scale",), fits=lambda t: 0 <= t.value <= 9),
)  # fmt: skip

MISSING: tuple[CellMistake, ...] = (
    _missing("not-available", lambda *_: "N/A", "read-missing-word",
             "N/A for a missing value", "以 N/A 表示缺失"),
    _missing("none-in-chinese", lambda *_: "无", "read-missing-word",
             "none, in Chinese", "填写“无”"),
    _missing("not-done-in-chinese", lambda *_: "未做", "read-missing-word",
             "not done, in Chinese", "填写“未做”"),
    _missing("dash", lambda *_: "-", "read-missing-word",
             "dash for a missing value", "以短横表示缺失"),
    _missing("ditto", lambda *_: "〃", "number-not-read",
             "ditto mark", "同上符号"),
    _missing("pending", lambda *_: "pending", "number-not-read",
             "value that is to follow", "填写“待补”"),
    _missing("left-empty", lambda *_: None, "required-is-empty key-part-missing",
             "required value left empty", "必填项为空", (*_NUMERIC, "choice", "scale", "date"),
             fits=_required, also=("deviation-not-recorded",)),
    _missing("only-a-blank", lambda *_: "  ", "required-is-empty",
             "blank in place of a required value", "必填项只有空格", (*_NUMERIC, "choice", "scale"),
             fits=_required),
)  # fmt: skip

TEXTS: tuple[CellMistake, ...] = (
    _text("mobile-number", lambda *_: "please call 13800138000", "text-identifies",
          "phone number", "电话号码", fits=_free),
    _text("identity-number", lambda *_: "110101199003070038", "text-identifies",
          "identity number", "身份证号", fits=_free),
    _text("e-mail", lambda *_: "ask zhang@hospital.example", "text-identifies",
          "e-mail address", "电子邮箱", fits=_free),
    _text("name-of-patient", lambda *_: "姓名：王芳", "text-identifies",
          "name of the patient", "患者姓名", fits=_free),
    _text("day-of-birth", lambda *_: "DOB 3.4.1961", "text-identifies",
          "date of birth", "出生日期", fits=_free),
    _text("record-number", lambda *_: "MRN 00412345", "text-identifies",
          "number of the medical record", "病历号", fits=_free),
    _text("text-too-long", lambda *_: "copied from the report. " * 120, "text-too-long",
          "whole report pasted into a cell", "粘贴整份报告", fits=_free),
    _text("date-in-text", lambda *_: datetime.datetime(2026, 2, 10), "date-for-text",  # noqa: DTZ001
          "version 2.10 made a date by the spreadsheet", "版本号被转换为日期", fits=_free),
    _text("version-as-number", lambda *_: 2.1, "read-text-from-number",
          "version 2.10 made the number 2.1 by the spreadsheet", "版本号被转换为数值", fits=_free),
    _text("invisible-character", lambda t, _: f"{t.value[:1]}\u200b{t.value[1:]}", "read-trimmed",
          "character that cannot be seen", "不可见字符", fits=_free),
)  # fmt: skip
