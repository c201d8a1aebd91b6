"""The lines of a file of values from headers, as they come from outside.

A line that has another key, another type or another count than clinval writes is broken as a whole:
whatever made it, it was not clinval.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from clinval.capture.dicom.measured import UNITS
from clinval.capture.dicom.study.harvest_file import HASH, KIND, hash_over
from clinval.capture.dicom.study.rows import FIELDS
from clinval.capture.layout import LONGEST_TEXT

__all__ = ["BrokenError", "head_of", "is_founded", "row_of"]

_WORD = re.compile(r"[A-Za-z0-9_.+-]{1,60}", re.ASCII)
_VERSION = re.compile(r"\d{1,9}(?:\.\d{1,9}){0,9}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ROUNDING = 1e-5  # of a sum whose parts and whose value are rounded to six places

_Test = Callable[[Any], bool]


class BrokenError(Exception):
    """A line is none of ours; ``detail`` names what of it, never a value."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def head_of(line: str) -> dict[str, Any]:
    """Return the first line of a file.

    Raises
    ------
    BrokenError
        When it is not one of ours.
    """
    head = _parsed(line)
    _held(head, _HEAD, "")
    return head


def row_of(line: str) -> dict[str, Any]:
    """Return a line with values; values have no key but ``value`` where they say nothing else.

    Raises
    ------
    BrokenError
        When it is not one of ours, or the hash over its files is that of others.
    """
    row = _parsed(line)
    _held(row, _ROW, "")
    files = row["instances"]
    if not files or files != sorted(set(files)) or not all(map(HASH.fullmatch, files)):
        raise BrokenError("instances")
    if hash_over(files) != row["instances_sha256"]:
        raise BrokenError("instances_sha256")
    for name, value in row["values"].items():
        if not _is_word(name):
            raise BrokenError("values")
        _held(value, _VALUE, name, needed=("value",))
        for part in value.get("parts", ()):
            _held(part, _PART, f"{name}.parts", needed=_OF_PART)
            if part.get("unit") != UNITS[part["quantity"]]:
                raise BrokenError(f"{name}.parts.unit")
            if not all(0 <= at < len(files) for at in part.get("instances", ())):
                raise BrokenError(f"{name}.parts.instances")
    return row


def is_founded(field: str, value: Mapping[str, Any]) -> bool:
    """Return whether a measured value is one of its parts, or all of them together.

    Parameters
    ----------
    field
        Name of the field; only those of `FIELDS` are measured.
    value
        What a line says of it.
    """
    number = value["value"]
    if number is None or field not in FIELDS.values():
        return True
    if isinstance(number, str):
        return False
    found = [part["value"] for part in value.get("parts", ()) if FIELDS[part["quantity"]] == field]
    known = [part for part in found if part is not None]
    bound = _ROUNDING * max(1.0, abs(number))
    whole = bool(known) and len(known) == len(found)
    if whole and abs(math.fsum(known) - number) <= bound:
        return True
    return any(abs(part - number) <= bound for part in known)


def _parsed(line: str) -> dict[str, Any]:
    try:
        content = json.loads(line, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BrokenError("JSON") from error
    if not isinstance(content, dict):
        raise BrokenError("JSON")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key stands there twice")
    return content


def _no_number(constant: str) -> NoReturn:
    raise ValueError(constant)


def _held(
    content: Any, tests: Mapping[str, _Test], where: str, needed: tuple[str, ...] = ()
) -> None:
    """Hold an object against what its keys may be; by default all of them have to be there."""
    if not isinstance(content, dict):
        raise BrokenError(where)
    for name in needed or tests:
        if name not in content:
            raise BrokenError(f"{where}.{name}".lstrip("."))
    for name, said in content.items():
        if name not in tests:
            raise BrokenError(where or "keys")
        if not tests[name](said):
            raise BrokenError(f"{where}.{name}".lstrip("."))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12


def _is_number(value: Any) -> bool:
    # a whole number of many digits is no float at all
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and -1e15 < value < 1e15  # not of NaN, which no comparison is true of
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and HASH.fullmatch(value) is not None


def _is_other(value: Any) -> bool:
    """Whether it is what another source says: its name, and a number."""
    return (
        isinstance(value, list) and len(value) == 2 and _is_word(value[0]) and _is_number(value[1])
    )


def _list_of(test: _Test) -> _Test:
    return lambda value: isinstance(value, list) and all(map(test, value))


def _matches(pattern: re.Pattern[str]) -> _Test:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_one_of(*words: str) -> _Test:
    return lambda value: isinstance(value, str) and value in words


_HEAD: Mapping[str, _Test] = {
    "kind": _is_one_of(KIND),
    "format": _is_count,
    "clinval": _is_word,
    "study": _is_word,
    "protocol_version": _matches(_VERSION),
    "protocol_sha256": _matches(_SHA256),
    "site": _is_word,
    "rows": _is_count,
    "counts": lambda value: (
        isinstance(value, dict)
        and all(map(_is_word, value))
        and all(map(_is_count, value.values()))
    ),
}
_ROW: Mapping[str, _Test] = {
    "subject_id": _is_text,
    "arm": _is_text,
    "values": lambda value: isinstance(value, dict),
    "instances": _list_of(_is_text),
    "instances_sha256": _is_text,
}
_VALUE: Mapping[str, _Test] = {
    "value": lambda value: value is None or _is_number(value) or _is_text(value),
    "unit": _is_text,
    "source": _is_text,
    "confidence": _is_word,
    "flags": _list_of(_is_word),
    "parts": lambda value: isinstance(value, list),
}
_PART: Mapping[str, _Test] = {
    "quantity": _is_one_of(*UNITS),
    "value": lambda value: value is None or _is_number(value),
    "unit": _is_text,
    "source": _is_word,
    "confidence": _is_word,
    "scope": _is_one_of("event", "series", "examination"),
    "original": _is_text,
    "flags": _list_of(_is_word),
    "others": _list_of(_is_other),
    "study": _is_hash,
    "series": _is_hash,
    "event": _is_hash,
    "instances": _list_of(_is_count),
}
_OF_PART = ("quantity", "value", "unit", "scope")
