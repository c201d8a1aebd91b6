"""The two languages of conditions that forms of other programs are written in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from clinval.capture.rule_text import SHAPE, Dialect, Untranslatable
from clinval.capture.said import limit_text

if TYPE_CHECKING:
    from clinval.capture.instrument import Instrument, Item

__all__ = ["RECORD_ID", "RedcapLogic", "XPath", "is_record"]

RECORD_ID = "record_id"


def is_record(item: Item) -> bool:
    """Whether an item is the identifier of the record."""
    return item.key and item.type == "subject"


class RedcapLogic(Dialect):
    """The logic of REDCap; codes for missing values stand in the field itself."""

    unequal = "<>"
    divided = "/"

    def __init__(self, missing: Iterable[str]) -> None:
        self._missing = tuple(missing)

    def name(self, item: Item) -> str:
        """Return how an item is named."""
        return f"[{RECORD_ID if is_record(item) else item.variable}]"

    def known(self, item: Item) -> str:
        """Return the condition that an item has a value."""
        tests = [f"{self.name(item)} <> '{code}'" for code in ("", *self._codes(item))]
        return tests[0] if len(tests) == 1 else f"({' and '.join(tests)})"

    def unknown(self, item: Item) -> str:
        """Return the condition that an item has no value."""
        tests = [f"{self.name(item)} = '{code}'" for code in ("", *self._codes(item))]
        return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"

    def _codes(self, item: Item) -> tuple[str, ...]:
        return () if item.key else self._missing

    def constant(self, value: float | str, item: Item | None) -> str:
        """Return a constant as it is compared with an item."""
        if isinstance(value, str):
            if "'" in value:
                raise Untranslatable(SHAPE)
            return f"'{value}'"
        return f"'{limit_text(value)}'" if item and item.codelist else limit_text(value)

    def elapsed(self, unit: str, first: Item, last: Item) -> str:
        """Return the time between two moments."""
        letter = {"minutes": "m", "days": "d"}[unit]
        return f"datediff({self.name(first)}, {self.name(last)}, '{letter}', true)"

    def moments(self, left: str, sign: str, right: str) -> str:
        """Return the comparison of two moments."""
        # the days from the right to the left one, with their sign
        return f"datediff({right}, {left}, 'd', true) {sign} 0"


class XPath(Dialect):
    """The XPath of XForms; codes for missing values are choices of lists."""

    unequal = "!="
    divided = "div"

    def __init__(self, made: Instrument) -> None:
        self._made = made

    def name(self, item: Item) -> str:
        """Return how an item is named."""
        return f"${{{item.variable}}}"

    def known(self, item: Item) -> str:
        """Return the condition that an item has a value."""
        there = f"{self.name(item)} != ''"
        if item.codelist and not item.key:
            return f"({there} and not({self._no_value(item)}))"
        return there

    def unknown(self, item: Item) -> str:
        """Return the condition that an item has no value."""
        absent = f"{self.name(item)} = ''"
        if item.codelist and not item.key:
            return f"({absent} or {self._no_value(item)})"
        return absent

    def _no_value(self, item: Item) -> str:
        return f"selected('{' '.join(self._made.missing)}', {self.name(item)})"

    def constant(self, value: float | str, item: Item | None) -> str:
        """Return a constant as it is compared with an item."""
        if isinstance(value, float):
            return limit_text(value)
        if "'" in value:
            raise Untranslatable(SHAPE)
        return f"date('{value}')" if item and item.type in ("date", "datetime") else f"'{value}'"

    def elapsed(self, unit: str, first: Item, last: Item) -> str:
        """Return the time between two moments."""
        first_day, last_day = (f"decimal-date-time({self.name(i)})" for i in (first, last))
        days = f"({last_day} - {first_day})"
        return days if unit == "days" else f"({days} * 1440)"

    def moments(self, left: str, sign: str, right: str) -> str:
        """Return the comparison of two moments."""
        return f"decimal-date-time({left}) {sign} decimal-date-time({right})"
