"""What a cell says when it is entered, and what it lets in."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from clinval.capture.layout import LONGEST_TEXT, limits_text
from clinval.capture.writing.words import cut, lines, word
from clinval.protocol.base import Text

if TYPE_CHECKING:
    from clinval.protocol.forms import Field

__all__ = ["validation_of"]

_TITLE, _MESSAGE = 32, 255  # characters; Excel drops a validation with more
_LARGEST = 1e15
_DATES = (datetime.date(1900, 1, 1), datetime.date(2099, 12, 31))


def validation_of(field: Field, list_name: str | None, language: str) -> dict[str, Any]:
    """Return the validation of a field's cells, as xlsxwriter takes it.

    Numbers and dates only warn, because ND, NA and UNK must pass; lists stop, because those three
    are among their entries.
    """
    rule, accepted, refused = _rule(field, list_name)
    title = word("refusals.title")
    return {
        **rule,
        "input_title": cut(_in(field.label, language), _TITLE),
        "input_message": _message(field, accepted),
        "error_title": cut(_in(title, language), _TITLE),
        "error_message": lines(refused.en, refused.zh or refused.en, _MESSAGE),
        "error_type": "stop" if list_name or field.type == "text" else "warning",
    }


def _rule(field: Field, list_name: str | None) -> tuple[dict[str, Any], Text, Text]:
    """Return the rule, what the cell asks for, and what it says to a value it does not like."""
    if list_name:
        rule: dict[str, Any] = {"validate": "list", "source": f"={list_name}"}
        return rule, word("prompts.choose"), word("refusals.list")
    if field.numeric:
        low, high = field.range or (None, None)
        rule = {
            "validate": "whole" if field.type == "integer" else "decimal",
            "criteria": "between",
            "minimum": -_LARGEST if low is None else _number(low),
            "maximum": _LARGEST if high is None else _number(high),
        }
        if field.range is None:
            asked = word(f"prompts.free_{field.type}")
        else:
            limits = limits_text(field.range) + (f" {field.unit}" if field.unit else "")
            asked = word(f"prompts.{field.type}", limits=limits)
        return rule, asked, _refusal(asked)
    if field.temporal:
        low_date, high_date = _date_limits(field)
        rule = {
            "validate": "date",
            "criteria": "between",
            "minimum": low_date,
            # a time on the last day is still within it
            "maximum": high_date + datetime.timedelta(days=field.type == "datetime"),
        }
        asked = word(f"prompts.{field.type}")
        return rule, asked, _refusal(asked)
    if field.type == "time":
        rule = {
            "validate": "time",
            "criteria": "between",
            "minimum": datetime.time(0, 0),
            "maximum": datetime.time(23, 59, 59),
        }
        return rule, word("prompts.time"), _refusal(word("prompts.time"))
    rule = {"validate": "length", "criteria": "<=", "value": LONGEST_TEXT}
    return rule, word("prompts.text"), word("refusals.text", limit=LONGEST_TEXT)


def _number(limit: float | datetime.date) -> float | datetime.date:
    """Return a limit as a person would enter it: 1, not 1.0."""
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def _refusal(asked: Text) -> Text:
    english = asked.en.rstrip(".")
    chinese = (asked.zh or "").rstrip("。.")
    texts = word("refusals.value", limits="{limits}")
    return Text(
        en=texts.en.format(limits=english), zh=texts.zh.format(limits=chinese) if texts.zh else None
    )


def _date_limits(field: Field) -> tuple[datetime.datetime, datetime.datetime]:
    low, high = field.range or (None, None)
    days = (
        limit if isinstance(limit, datetime.date) else default
        for limit, default in zip((low, high), _DATES, strict=True)
    )
    first, last = (datetime.datetime.combine(day, datetime.time()) for day in days)
    return first, last


def _message(field: Field, asked: Text) -> str:
    texts = []
    for language in ("en", "zh"):
        parts = [_in(asked, language)]
        if field.help is not None:
            parts.append(_in(field.help, language))
        texts.append((" " if language == "en" else "").join(parts))
    return lines(texts[0], texts[1], _MESSAGE)


def _in(text: Text, language: str) -> str:
    return text.in_(language)
