"""One cell, read: its value, or why there is none, and what was done to get it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["EMPTY", "ERROR_VALUES", "Reading", "narrow", "tidy"]

Value = str | float | datetime.datetime | None

# what a spreadsheet shows where a formula failed
ERROR_VALUES = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!",
     "#FIELD!", "#GETTING_DATA", "#BLOCKED!", "#UNKNOWN!")
)  # fmt: skip

_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad]")
_ESCAPED_RETURN = re.compile(r"_x000[dD]_")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FULL_WIDTH = {
    **{0xFF01 + index: 0x21 + index for index in range(94)},
    0x3000: 0x20,
    0x3002: 0x2E,  # the Chinese full stop, typed for a decimal point
    0x2212: 0x2D,  # the minus sign of typographers
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of reading a cell.

    Attributes
    ----------
    value
        The value, ``None`` where there is none.
    missing
        ``ND``, ``NA`` or ``UNK`` where the cell says why there is none.
    problem
        Kind of the problem for which the content is not accepted.
    remarks
        Kinds of what is said or asked about an accepted value.
    parameters
        Of the problem and the remarks.
    """

    value: Value = None
    missing: str = ""
    problem: str = ""
    remarks: tuple[str, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)

    @property
    def given(self) -> bool:
        """Whether the cell holds anything."""
        return self.value is not None or bool(self.missing or self.problem)


EMPTY = Reading()


def tidy(text: str) -> tuple[str, tuple[str, ...]]:
    r"""Return a text without what cannot be seen, and the remark that this was done.

    Examples
    --------
    >>> tidy("S01-001\u00a0")
    ('S01-001', ('read-trimmed',))
    """
    clean = _ESCAPED_RETURN.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    clean = _CONTROL.sub("", _INVISIBLE.sub("", clean)).strip()
    return clean, (() if clean == text else ("read-trimmed",))


def narrow(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text with full-width characters made narrow, and the remark that this was done.

    Only those: other compatible characters, such as a superscript two, are not the same.

    Examples
    --------
    >>> narrow("４５．２")
    ('45.2', ('read-full-width',))
    """
    if text.isascii():
        return text, ()
    changed = text.translate(_FULL_WIDTH)
    return changed, (() if changed == text else ("read-full-width",))
