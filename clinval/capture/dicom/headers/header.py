"""What is read from the header of one file: values as texts, by the names of their attributes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Element", "Header"]


class Element(NamedTuple):
    """One element, at the top or in a sequence.

    ``path`` joins keywords with dots (`gggg,eeee` where there is no keyword), ``values`` are its
    texts without padding; none for an empty element, one empty text for content that is no text.
    """

    path: str
    vr: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Header:
    r"""Values of attributes, as texts.

    ``values`` has the attributes that are there: each its values in order, none where it is empty.
    An attribute inside a sequence (``UDISequence.UniqueDeviceIdentifier``) has one value an item,
    which is empty where the item does not have it and joined by ``\\`` where it has several.
    """

    values: Mapping[str, tuple[str, ...]]

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return all values of an attribute; none where it is missing or empty."""
        return self.values.get(name, ())

    def text(self, name: str) -> str:
        """Return the first value of an attribute, an empty text where there is none."""
        found = self.values.get(name, ())
        return found[0] if found else ""

    def number(self, name: str) -> float | None:
        """Return the first value as a number, ``None`` where it is missing or none."""
        try:
            number = float(self.text(name))
        except ValueError:
            return None
        return number if math.isfinite(number) else None
