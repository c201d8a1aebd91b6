"""Codes as people choose, type and paste them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from clinval.capture.echo import Echo
from clinval.capture.layout import SEPARATOR
from clinval.capture.reading.missing import missing_code
from clinval.capture.reading.reading import Reading, narrow, tidy

if TYPE_CHECKING:
    from clinval.protocol.base import Text
    from clinval.protocol.forms import Field

__all__ = ["Choices"]

_TRUTH = {True: "yes", False: "no"}


class Choices:
    """The codes of one field, and the ways to write them."""

    def __init__(self, field: Field, options: Mapping[str, Text], echo: Echo) -> None:
        self._codes = {code: self._value(field, code) for code in options}
        self._labels: dict[str, str | None] = {}
        for code, label in options.items():
            for text in {_folded(code), _folded(label.en), _folded(label.zh or label.en)}:
                # a label that two codes share stands for neither
                known = self._labels.get(text, code)
                self._labels[text] = code if known == code else None
        self._echo = echo

    @staticmethod
    def _value(field: Field, code: str) -> str | float:
        return float(code) if field.type == "scale" else code

    def read(self, value: object) -> Reading:
        """Return the code that a cell stands for."""
        if isinstance(value, bool):
            code = _TRUTH[value]
            if code in self._codes:
                return Reading(value=self._codes[code], remarks=("read-truth",))
            return self._unknown(value)
        if isinstance(value, int | float):
            text = str(int(value)) if value == value // 1 else repr(value)
            return Reading(value=self._codes[text]) if text in self._codes else self._unknown(value)
        if not isinstance(value, str):
            return self._unknown(value)
        if value in self._codes:
            return Reading(value=self._codes[value])
        return self._of_text(value)

    def _of_text(self, text: str) -> Reading:
        whole, remarks = tidy(text)
        if not whole:
            return Reading()
        # a label may be full of wide characters: it is the template's
        code, widths = narrow(whole.partition(SEPARATOR.strip())[0].strip())
        if code in self._codes:
            return Reading(value=self._codes[code], remarks=remarks + widths)
        clean, widths = narrow(whole)
        remarks += widths
        missing = missing_code(clean)
        if missing and missing[1]:
            return Reading(missing=missing[0], remarks=remarks)
        meant = self._labels.get(_folded(clean)) or self._labels.get(_folded(code))
        if meant is not None:
            return Reading(value=self._codes[meant], remarks=(*remarks, "read-label"))
        if missing:
            return Reading(missing=missing[0], remarks=(*remarks, "read-missing-word"))
        number = _whole(clean.partition(SEPARATOR.strip())[0].strip())
        if number in self._codes:
            return Reading(value=self._codes[number], remarks=remarks)
        return self._unknown(clean)

    def _unknown(self, value: object) -> Reading:
        shown = self._echo(value)
        codes = ", ".join(list(self._codes)[:12])
        return Reading(
            problem="code-unknown",
            parameters={"value": shown.en, "value_zh": shown.zh, "codes": codes},
        )


def _folded(text: str) -> str:
    return "".join(narrow(text)[0].casefold().split())


def _whole(text: str) -> str:
    """Return ``3`` for ``3.0`` and ``03``."""
    whole, _, decimals = text.partition(".")
    return str(int(whole)) if whole.isdecimal() and not decimals.strip("0") else text
