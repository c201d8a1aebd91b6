"""Units of dose, length, time and activity as scanners write them, and numbers in ours.

A unit is taken apart into its atoms, so that `mGy.cm`, `mGycm`, `mGy*cm` and `cm.mGy` are one unit
and no list of spellings has to be complete. Only what can be read in one way is read: `MGy` is a
megagray to UCUM and a milligray to a scanner in capitals, so it is neither here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from clinval.capture.dicom.dose.report import Quantity

__all__ = ["converted", "exact_sum", "quantum", "same_unit", "summed"]


class _Unit(NamedTuple):
    """What one of it is in Gy, m, s and Bq, and the powers of these."""

    factor: Fraction
    powers: tuple[int, int, int, int]


_PREFIXES = {
    "": Fraction(1),
    "d": Fraction(1, 10),
    "c": Fraction(1, 100),
    "m": Fraction(1, 1000),
    "u": Fraction(1, 10**6),
    "\N{MICRO SIGN}": Fraction(1, 10**6),
    "\N{GREEK SMALL LETTER MU}": Fraction(1, 10**6),
    "n": Fraction(1, 10**9),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
}
_MICRO = ("u", "\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}")
# The spellings of a base, what one of it is, which power it is, and the prefixes it comes with.
_BASES: tuple[tuple[tuple[str, ...], Fraction, int, tuple[str, ...]], ...] = (
    (("Gy", "gy", "GY"), Fraction(1), 0, ("", "d", "c", "m", *_MICRO, "n")),
    (("gray", "grays", "Gray", "Grays"), Fraction(1), 0, ("",)),
    (("m",), Fraction(1), 1, ("", "d", "c", "m")),
    (("s",), Fraction(1), 2, ("", "m", *_MICRO)),
    (("sec", "secs", "second", "seconds"), Fraction(1), 2, ("",)),
    (("msec",), Fraction(1, 1000), 2, ("",)),
    (("min", "minute", "minutes"), Fraction(60), 2, ("",)),
    (("h", "hour", "hours"), Fraction(3600), 2, ("",)),
    (("Bq",), Fraction(1), 3, ("", "k", "M", "G")),
    (("Ci",), Fraction(37 * 10**9), 3, ("", "m", *_MICRO, "n")),
)


def _atoms() -> Iterator[tuple[str, _Unit]]:
    for spellings, factor, place, prefixes in _BASES:
        powers = [0, 0, 0, 0]
        powers[place] = 1
        unit = tuple(powers)
        for spelling in spellings:
            for prefix in prefixes:
                made = _Unit(factor * _PREFIXES[prefix], (unit[0], unit[1], unit[2], unit[3]))
                yield prefix + spelling, made


_ATOMS = dict(_atoms())
# The longest first: `mGycm` is mGy and cm, and `ms` a millisecond.
_ATOM = re.compile(
    "(" + "|".join(sorted(map(re.escape, _ATOMS), key=len, reverse=True)) + ")"
    "(?:(?:\\^|\\*\\*)?([1-3])|([\N{SUPERSCRIPT TWO}\N{SUPERSCRIPT THREE}]))?"
)
_BETWEEN = re.compile(r"[.*\s·⋅-]?")
_REMARK = re.compile(r"\{[^{}]*\}")
_SUPERSCRIPTS = {"\N{SUPERSCRIPT TWO}": 2, "\N{SUPERSCRIPT THREE}": 3}
# DS has at most 16 characters; an exponent of two digits is more than any dose needs, and longer
# ones would be numbers that take for ever to compute.
_NUMBER = re.compile(
    r"[+-]?(?:\d{1,32}(?:\.\d{0,32})?|\.\d{1,32})(?:[eE][+-]?0{0,8}\d{1,2})?", re.ASCII
)
_LONGEST_UNIT = 40


@lru_cache(maxsize=256)
def _unit(text: str) -> _Unit | None:
    """Take a unit apart; ``None`` where it cannot be read."""
    rest = _REMARK.sub("", text).strip()
    if not rest or len(rest) > _LONGEST_UNIT:
        return None
    factor, powers, at = Fraction(1), [0, 0, 0, 0], 0
    while at < len(rest):
        found = _ATOM.match(rest, at)
        if found is None:
            return None
        atom = _ATOMS[found[1]]
        power = _SUPERSCRIPTS[found[3]] if found[3] else int(found[2] or 1)
        factor *= atom.factor**power
        powers = [before + power * one for before, one in zip(powers, atom.powers, strict=True)]
        at = found.end()
        between = _BETWEEN.match(rest, at)
        at = between.end() if between and between.end() < len(rest) else at
    return _Unit(factor, (powers[0], powers[1], powers[2], powers[3]))


def same_unit(unit: str, other: str) -> bool:
    """Whether both texts can be read and are the same unit, however they are spelled.

    Examples
    --------
    >>> same_unit("Gym2", "Gy.m2"), same_unit("dGy.cm2", "Gy.m2")
    (True, False)
    """
    one = _unit(unit)
    return one is not None and one == _unit(other)


def converted(number: str, unit: str, to: str, *, meaning: str = "") -> Quantity:
    """Return a number in the unit that is asked for, with what was written beside it.

    Parameters
    ----------
    number
        As it stands in the header, such as ``1.07E-05``.
    unit
        Its unit as it is coded, such as ``Gy.m2`` or ``Gym2``.
    to
        Ours, one of `clinval.capture.dicom.measured.UNITS`.
    meaning
        What the unit is called beside its code; it helps where the code cannot be read.

    Returns
    -------
    Quantity
        Exact but for the last rounding to a float. Its value is ``None``, and its flags say why,
        where there is no number (``empty``, ``not_a_number``, ``several_values``), no unit
        (``unit_missing``), a unit that cannot be read (``unit_unknown``) or that is of another
        kind (``unit_of_another_kind``), or a negative one (``negative``): there are no negative
        doses, times or activities.

    Examples
    --------
    >>> converted("1.07E-05", "Gy.m2", "Gy*cm2")
    Quantity(value=0.107, original='1.07E-05 Gy.m2', flags=())
    >>> converted("7.46", "mGycm", "mGy*cm").value
    7.46
    >>> converted("7.46", "furlong", "mGy*cm").flags
    ('unit_unknown',)
    """
    number, unit = number.strip(), unit.strip()
    original = f"{number} {unit or meaning.strip()}".strip()[: _LONGEST_UNIT * 2]
    if not number:
        return Quantity(value=None, original=original, flags=("empty",))
    if "\\" in number:
        return Quantity(value=None, original=original, flags=("several_values",))
    if not _NUMBER.fullmatch(number):
        return Quantity(value=None, original=original, flags=("not_a_number",))
    if not unit and not meaning.strip():
        return Quantity(value=None, original=original, flags=("unit_missing",))
    flags: tuple[str, ...] = ()
    by_code, by_meaning, ours = _unit(unit), _unit(meaning), _unit(to)
    if ours is None:
        raise ValueError(f"{to} is no unit of ours")
    given = by_code or by_meaning
    if given is None:
        return Quantity(value=None, original=original, flags=("unit_unknown",))
    if by_code is None:
        flags = ("unit_by_its_name",)
    elif by_meaning not in {None, by_code}:
        flags = ("unit_contradicts_its_name",)
    if given.powers != ours.powers:
        return Quantity(value=None, original=original, flags=("unit_of_another_kind",))
    value = Fraction(number) * given.factor / ours.factor
    if value < 0:
        return Quantity(value=None, original=original, flags=("negative",))
    return Quantity(value=float(value), original=original, flags=flags)


def quantum(original: str, to: str) -> float:
    """Return one unit of the last digit of a number as it was written, in our unit.

    A sum of rounded numbers differs from a rounded sum by as much as half of it for each of them.

    Examples
    --------
    >>> quantum("7.46 mGy.cm", "mGy*cm")
    0.01
    >>> quantum("1.6e-005 Gym2", "Gy*cm2")
    0.01
    """
    number, _, unit = original.partition(" ")
    given, ours = _unit(unit), _unit(to)
    if given is None or ours is None or not _NUMBER.fullmatch(number):
        return 0.0
    digits, _, exponent = number.lower().partition("e")
    decimals = len(digits.partition(".")[2])
    step = Fraction(10) ** (int(exponent or 0) - decimals)
    return float(step * given.factor / ours.factor)


def exact_sum(values: Iterable[float]) -> float:
    """Return the sum of decimal numbers as on paper, whatever their order.

    Examples
    --------
    >>> exact_sum([7.46, 69.81, 158.82])
    236.09
    """
    return float(sum((Fraction(repr(value)) for value in values), start=Fraction()))


def summed(quantities: Sequence[Quantity]) -> Quantity:
    """Return quantities as one: the sum of those that have a value, and what is said of any.

    Examples
    --------
    >>> summed([converted("1", "Gy", "mGy"), converted("2", "mGy", "mGy")])
    Quantity(value=1002.0, original='1 Gy + 2 mGy', flags=())
    """
    values = [quantity.value for quantity in quantities if quantity.value is not None]
    flags = {flag for quantity in quantities for flag in quantity.flags}
    return Quantity(
        value=exact_sum(values) if values else None,
        original=" + ".join(quantity.original for quantity in quantities if quantity.original),
        flags=tuple(sorted(flags)),
    )
