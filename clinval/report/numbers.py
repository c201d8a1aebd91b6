"""How numbers are printed: one rule a unit, the same in every table, figure and sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clinval.core.records import Value

__all__ = ["Style", "factor", "interval", "power_of_ten", "printed", "style_of", "unit_key"]

_MINUS = "\N{MINUS SIGN}"
_TINY = 1e-6  # smaller pure numbers are 0, but for rounding
_SMALL, _FULL = 1e-4, 1000.0  # between them four digits need no power of ten
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Style:
    """How values of a unit are printed: scaled, with so many decimals, and a sign behind."""

    decimals: int
    scale: float = 1.0
    suffix: str = ""


_STYLES = {
    "proportion": Style(1, 100.0, "%"),
    "proportion_difference": Style(1, 100.0),
    "percent": Style(1, 1.0, "%"),
    "ratio": Style(3),
    "risk_ratio": Style(3),
    "odds_ratio": Style(3),
    "hazard_ratio": Style(3),
    "time_ratio": Style(3),
    "life_ratio": Style(3),
    "rate_ratio": Style(3),
    "probability": Style(3),
    "points": Style(2),
    "1/mm": Style(3),
    "s": Style(0),
    "min": Style(1),
    "years": Style(1),
    "days": Style(0),
    "rate": Style(4),
    "subjects": Style(0),
    "rows": Style(0),
    "images": Style(0),
    "centers": Style(0),
    "sites": Style(0),
    "queries": Style(0),
    "events": Style(0),
    "components": Style(0),
    "people": Style(0),
    "scanners": Style(0),
    "settings": Style(0),
    "measurements": Style(0),
    "h": Style(0),
    "exposures": Style(0),
    "exams": Style(0),
    "exams/day": Style(0),
    "exams/year": Style(0),
    "": Style(3),
}
_MEASURED = Style(2)  # other physical units
_MONEY = Style(0)
_HALF = Style(1)
_COUNTS = (
    "subjects", "rows", "images", "events", "queries", "components", "exams/day",
)  # fmt: skip


def style_of(unit: str) -> Style:
    """Return how a unit is printed; three capitals are a currency."""
    if len(unit) == 3 and unit.isupper():
        return _MONEY
    return _STYLES.get(unit, _MEASURED)


def factor(unit: str) -> float:
    """Return what axis numbers of a unit are multiplied by."""
    return style_of(unit).scale


def printed(value: Value, unit: str = "", *, suffix: bool = True) -> str:
    """Return a value as it is printed, with a real minus sign and thousands set apart.

    Components of variance differ by orders of magnitude: they have four digits each.

    Examples
    --------
    >>> printed(0.000346613709441, "variance"), printed(-3.16e-05, "variance")
    ('0.0003466', '−3.160×10⁻⁵')
    >>> printed(-0.0123, "proportion_difference"), printed(0.925, "proportion")
    ('−1.2', '92.5%')
    >>> printed(1234567.0, "EUR"), printed(0.00002, "p"), printed(0.0371, "p")
    ('1,234,567', '<0.0001', '0.0371')
    >>> printed(41.5, "subjects"), printed(41.0, "subjects")
    ('41.5', '41')
    >>> printed(0.00012), printed(-1e-17), printed(0.4463)
    ('0.0001', '0.000', '0.446')
    """
    if value is None:
        return "n/a"
    if isinstance(value, str | bool):
        return str(value)
    if unit == "variance":
        return _four_digits(value)
    if unit == "p":
        return "<0.0001" if value < 0.0001 else f"{value:.4f}"
    if isinstance(value, int) and unit in ("", "subjects", "rows", "images"):
        return f"{value:,}"
    style = style_of(unit)
    if unit in _COUNTS and value % 1:
        style = _HALF  # the middle of two counts, or a mean day
    if not unit and _TINY <= abs(value) < 0.0005:
        style = Style(-math.floor(math.log10(abs(value))))  # the first digit that is not 0
    text = f"{value * style.scale:,.{style.decimals}f}"
    if math.isclose(float(text.replace(",", "")), 0.0):
        text = text.lstrip("-")
    return text.replace("-", _MINUS) + (style.suffix if suffix else "")


def power_of_ten(value: float) -> str:
    """Return a number that is nearly 0, such as a difference by rounding, with its power of ten.

    Examples
    --------
    >>> power_of_ten(3.24e-10), power_of_ten(0.0), power_of_ten(0.02)
    ('3.2×10⁻¹⁰', '0', '2.0×10⁻²')
    """
    if not value:
        return "0"
    digits, _, power = f"{value:.1e}".partition("e")
    return f"{digits.replace('-', _MINUS)}×10{str(int(power)).translate(_SUPERSCRIPT)}"


def _four_digits(value: float) -> str:
    """Return a number with four digits, one that is nearly 0 with its power of ten."""
    if abs(value) < _TINY**2:
        return "0"
    if abs(value) < _SMALL:
        digits, _, power = f"{value:.3e}".partition("e")
        text = f"{digits}×10{str(int(power)).translate(_SUPERSCRIPT)}"
    else:
        text = f"{value:#.4g}" if abs(value) < _FULL else f"{value:,.0f}"
    return text.replace("-", _MINUS)


def interval(low: str, high: str, language: str) -> str:
    """Return two printed limits as an interval."""
    return f"{low}～{high}" if language == "zh" else f"{low} to {high}"


def unit_key(unit: str) -> str:
    """Return the key of a unit's name in the text catalogues; currencies name themselves."""
    return f"unit.{unit or 'none'}"
