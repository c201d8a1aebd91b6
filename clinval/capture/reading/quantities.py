"""Numbers as people write them into cells."""

from __future__ import annotations

import datetime
import math
import re

from clinval.capture.echo import Echo
from clinval.capture.reading.reading import Reading

__all__ = ["number_of_text", "read_number"]

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"([+-]?\d+),(\d+)", re.ASCII)
_GROUPS = re.compile(
    r"[+-]?\d{1,3}(?:([, .'’\u00a0\u202f])\d{3})(?:\1\d{3})*(?:([.,])\d+)?", re.ASCII
)
_COMPARISON = re.compile(
    r"(?:[<>≤≥~±≈]|about\b|ca\.?\s|约|大于|小于|不足|超过).*\d.*", re.ASCII | re.DOTALL
)
_LARGEST = 1e300


def read_number(value: object, echo: Echo) -> Reading:
    """Return what a cell of a number field holds; texts have been tidied and narrowed."""
    match value:
        case bool():
            return Reading(problem="truth-for-number")
        case int() | float():
            return _finite(float(value) if abs(value) < _LARGEST else math.inf, echo, ())
        case datetime.date() | datetime.time() | datetime.timedelta():
            return Reading(problem="date-for-number")
        case str():
            return number_of_text(value, echo)
    return Reading(problem="number-not-read", parameters=_shown(echo, value))


def number_of_text(text: str, echo: Echo) -> Reading:
    """Return the number that a text stands for, where it can stand for one number only.

    Examples
    --------
    >>> [number_of_text(text, Echo()).value for text in ("45,2", "1.234,5", "1e3")]
    [45.2, 1234.5, 1000.0]
    >>> number_of_text("1,234", Echo()).problem
    'number-ambiguous'
    """
    if _PLAIN.fullmatch(text):
        return _finite(float(text), echo, ("read-number-from-text",))
    comma = _DECIMAL_COMMA.fullmatch(text)
    if comma:
        whole, decimals = comma.groups()
        digits = whole.lstrip("+-")
        # three digits after the comma are thousands or decimals, unless no thousands look like that
        if len(decimals) == 3 and len(digits) <= 3 and not digits.startswith("0"):
            return Reading(problem="number-ambiguous", parameters=_shown(echo, text))
        return _finite(float(f"{whole}.{decimals}"), echo, ("read-decimal-comma",))
    groups = _GROUPS.fullmatch(text)
    if groups and groups[1] != groups[2]:
        plain = text.replace(groups[1], "").replace(",", ".")
        return _finite(float(plain), echo, ("read-thousands",))
    if _COMPARISON.fullmatch(text):
        return Reading(problem="number-with-comparison", parameters=_shown(echo, text))
    return Reading(problem="number-not-read", parameters=_shown(echo, text))


def _finite(number: float, echo: Echo, remarks: tuple[str, ...]) -> Reading:
    if not math.isfinite(number):
        return Reading(problem="number-not-read", parameters=_shown(echo, number))
    return Reading(value=number, remarks=remarks)


def _shown(echo: Echo, value: object) -> dict[str, object]:
    shown = echo(value)
    return {"value": shown.en, "value_zh": shown.zh}
