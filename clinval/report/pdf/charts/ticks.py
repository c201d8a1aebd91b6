"""Scales and their ticks: round numbers, no more than there is room for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Scale", "Tick", "finite", "scale", "spread"]

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_DIGITS = ((1, 1.5, 2, 3, 5, 7.5), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,))
_THOUSAND = 1000
_HUGE, _TINY = 1e100, 1e-100
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A tick: where it stands on the page and its number."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Values from ``low`` to ``high`` stand on the page from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    factor: float = 1.0

    def at(self, value: float) -> float:
        """Return where a value stands; what lies outside stands at the edge."""
        value = min(self.high, max(self.low, value))
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.start + (self.end - self.start) * ((value - low) / (high - low))

    def covers(self, value: float) -> bool:
        """Whether a value lies within the scale."""
        return self.low <= value <= self.high

    def ticks(self, room: Callable[[str], float], most: int = 7) -> list[Tick]:
        """Return the ticks; ``room`` says how much of the axis a label takes."""
        found: list[Tick] = []
        for count in range(most, 0, -1):
            values = self._values(count)
            labels = _labels([value * self.factor for value in values])
            found = [
                Tick(at=self.at(value), label=label)
                for value, label in zip(values, labels, strict=True)
            ]
            if _apart(found, room):
                return found
        return found[:1]

    def _values(self, count: int) -> list[float]:
        if self.log and self.high / self.low > 2.5:
            shown = _logarithmic(self.low * self.factor, self.high * self.factor, count)
            return [value / self.factor for value in shown]
        low, high = sorted((self.low * self.factor, self.high * self.factor))
        return [value / self.factor for value in _linear(low, high, count)]


def finite(value: float | None) -> float | None:
    """Return a number that can be drawn, or ``None``: infinite and missing bounds have no place.

    Examples
    --------
    >>> finite(0.5), finite(float("inf")), finite(None), finite(1e300)
    (0.5, None, None, 1e+100)
    """
    if value is None or not math.isfinite(value):
        return None
    return 0.0 if abs(value) < _TINY else min(max(value, -_HUGE), _HUGE)


def scale(
    values: Iterable[float | None],
    start: float,
    end: float,
    *,
    log: bool = False,
    factor: float = 1.0,
    pad: float = 0.05,
) -> Scale:
    """Return a scale that shows all values with a little room at both ends."""
    known = [value for value in map(finite, values) if value is not None and (value > 0 or not log)]
    if log:
        low, high = math.log(min(known, default=0.5)), math.log(max(known, default=2.0))
        least = math.log(1.2)
    else:
        low, high = min(known, default=0.0), max(known, default=1.0)
        least = max(abs(low), abs(high)) * 1e-6
    if high - low <= least:
        around = least if log else max(abs(low), abs(high)) * 0.1 or 1.0 / abs(factor or 1.0)
        low, high = low - around, high + around
    room = (high - low) * pad
    low, high = low - room, high + room
    if log:
        low, high = math.exp(low), math.exp(high)
    return Scale(low=low, high=high, start=start, end=end, log=log, factor=factor or 1.0)


def _linear(low: float, high: float, count: int) -> list[float]:
    """Return multiples of a round step between two values.

    Examples
    --------
    >>> _linear(-0.3, 9.7, 5)
    [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    raw = (high - low) / count
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(part * magnitude for part in _STEPS if part * magnitude >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # Dividing by the inverse keeps 0.3 from becoming 0.30000000000000004.
    return [
        round(index * step, max(0, 2 - math.floor(math.log10(step)))) if step < 1 else index * step
        for index in range(first, last + 1)
    ]


def _logarithmic(low: float, high: float, count: int) -> list[float]:
    """Return round parts of each decade, or powers of ten where those are too many.

    Examples
    --------
    >>> _logarithmic(0.38, 1.6, 7)
    [0.5, 0.75, 1.0, 1.5]
    >>> _logarithmic(0.18, 6, 5)
    [0.2, 0.5, 1.0, 2.0, 5.0]
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for digits in _DIGITS:
        if len(digits) * (last - first) > 10 * count:
            continue  # a thousand decades need not be tried
        fine = [
            float(f"{digit}e{power}")
            for power in range(first, last + 1)
            for digit in digits
            if low <= float(f"{digit}e{power}") <= high
        ]
        if 2 <= len(fine) <= count:
            return fine
    powers = [power for power in range(first, last + 1) if low <= float(f"1e{power}") <= high]
    every = max(1, math.ceil(len(powers) / count))
    return [float(f"1e{power}") for power in powers if power % every == 0]


def _labels(values: Sequence[float]) -> list[str]:
    """Print numbers with the decimals that tell them apart.

    Examples
    --------
    >>> _labels([-0.5, 0.0, 0.5])
    ['−0.5', '0.0', '0.5']
    >>> _labels([0.2, 1, 5])
    ['0.2', '1', '5']
    >>> _labels([0, 50000, 100000])
    ['0', '50,000', '100,000']
    >>> _labels([500, 2000, 1000000])
    ['500', '2,000', '1,000,000']
    >>> _labels([0, 2e12])
    ['0', '2×10¹²']
    """
    largest = max(map(abs, values), default=0.0)
    steps = [abs(b - a) for a, b in pairwise(values)]
    even = not steps or max(steps) - min(steps) <= 1e-6 * max(steps)
    if largest >= 1e12 or 0 < largest < 1e-5:
        return _scientific(values)
    if not even:
        return [
            _signed(f"{value:,.0f}" if abs(value) >= _THOUSAND else f"{value:.6g}")
            for value in values
        ]
    step = steps[0] if steps else largest or 1.0
    decimals = next((d for d in range(18) if abs(step - round(step, d)) < step * 1e-6), 18)
    return [_signed(f"{value:,.{decimals}f}") for value in values]


def _signed(text: str) -> str:
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", "−")


def _scientific(values: Sequence[float]) -> list[str]:
    """Print very large and very small numbers with powers of ten, and as few digits as do."""
    labels: list[str] = []
    for digits in range(3, 17):
        labels = [_power(value, digits) for value in values]
        if len(set(labels)) == len(labels):
            break
    return labels


def _power(value: float, digits: int) -> str:
    if not value:
        return "0"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{_signed(mantissa)}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def _apart(ticks: Sequence[Tick], room: Callable[[str], float]) -> bool:
    return all(abs(b.at - a.at) >= (room(a.label) + room(b.label)) / 2 for a, b in pairwise(ticks))


def spread(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> list[float]:
    """Place blocks near where they are wanted, without overlap, between two limits.

    Examples
    --------
    >>> spread([10, 12, 50], [10, 10, 10], 0, 100)
    [6.0, 16.0, 50.0]
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    groups: list[tuple[list[int], float, float]] = []  # members, middle, size
    for index in order:
        members, middle, size = [index], wanted[index], sizes[index]
        while True:
            middle = min(max(middle, low + size / 2), high - size / 2)
            if not groups or groups[-1][1] + groups[-1][2] / 2 <= middle - size / 2 + 1e-9:
                break
            before, middle_before, size_before = groups.pop()
            weight = len(before) + len(members)
            middle = (middle_before * len(before) + middle * len(members)) / weight
            members, size = [*before, *members], size_before + size
        groups.append((members, middle, size))
    placed = [0.0] * len(wanted)
    for members, middle, size in groups:
        top = middle - size / 2
        for index in members:
            placed[index] = top + sizes[index] / 2
            top += sizes[index]
    return placed
