"""The content of a structured report as a small tree of texts, whatever its maker made of it.

A report is a file of somebody else: it may be nested without end, have a million items, refer to
itself or hold values that cannot be decoded. It is read down to a depth and up to a number of items
that no dose report comes near; items by reference (PS3.3 C.17.3.2.5) are never followed, so there
is nothing that could go round in circles.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Code", "Item", "Number", "Tree", "read_tree"]

_DEEPEST = 24
_MOST = 100_000
_LONGEST = 1024
_VALUES = {
    "UIDREF": "UID",
    "DATETIME": "DateTime",
    "DATE": "Date",
    "TIME": "Time",
    "TEXT": "TextValue",
}
"""Where the value of an item stands, by its type."""
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
"""What pydicom raises when it decodes a value that is not what its header says."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code and what it is called."""

    value: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its unit, as written."""

    text: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Item:
    """One content item.

    Attributes
    ----------
    concept
        The code of what it is about. A private scheme stands before it; public ones are left out,
        because the same concept is written in several of them, and by some makers in the wrong one.
    text
        Its value where that is a text, an identifier or a time.
    code
        Its value where that is a code.
    numbers
        Its measured values; none where it is empty or no number.
    is_number
        Whether it should hold one.
    items
        What is below it.
    """

    concept: str = ""
    text: str = ""
    code: Code = Code()
    numbers: tuple[Number, ...] = ()
    is_number: bool = False
    items: tuple[Item, ...] = ()

    def below(self, *concepts: str) -> Iterator[Item]:
        """Yield the items of these concepts anywhere below, in the order of the report."""
        for item in self.items:
            if item.concept in concepts:
                yield item
            yield from item.below(*concepts)

    def first(self, *concepts: str) -> Item | None:
        """Return the first item of these concepts anywhere below."""
        return next(self.below(*concepts), None)


@dataclass(slots=True)
class Tree:
    """The whole, and what is to be said of it.

    ``flags`` are ``report_damaged`` where items could not be decoded, ``report_cut`` where there
    are more of them, or deeper ones, than are read.
    """

    root: Item = Item()
    flags: set[str] = field(default_factory=set)
    items: int = 0


def read_tree(dataset: Dataset, wanted: Collection[str]) -> Tree:
    """Return the content of a report; never raises for what is in it.

    Parameters
    ----------
    dataset
        The report.
    wanted
        The concepts whose values are read; of the others there is only what stands below them.
    """
    import warnings

    tree = Tree()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydicom, on values that are not as they should be
        tree.root = _item(dataset, wanted, tree, 0)
    return tree


def _item(dataset: Dataset, wanted: Collection[str], tree: Tree, depth: int) -> Item:
    tree.items += 1
    below: list[Item] = []
    children = _sequence(dataset, "ContentSequence", tree)
    if children and depth >= _DEEPEST:
        tree.flags.add("report_cut")
        children = []
    for child in children:
        if tree.items >= _MOST:
            tree.flags.add("report_cut")
            break
        below.append(_item(child, wanted, tree, depth + 1))
    concept = _coded(dataset, "ConceptNameCodeSequence", tree)
    if concept not in wanted:
        return Item(concept, items=tuple(below))
    kind = _text(dataset, "ValueType", tree)
    numbers = _sequence(dataset, "MeasuredValueSequence", tree) if kind == "NUM" else []
    return Item(
        concept,
        text=_text(dataset, _VALUES[kind], tree) if kind in _VALUES else "",
        code=_code(dataset, "ConceptCodeSequence", tree) if kind == "CODE" else Code(),
        numbers=tuple(_number(one, tree) for one in numbers),
        is_number=kind == "NUM",
        items=tuple(below),
    )


def _number(dataset: Dataset, tree: Tree) -> Number:
    unit = _code(dataset, "MeasurementUnitsCodeSequence", tree)
    return Number(_text(dataset, "NumericValue", tree), unit.value, unit.meaning)


def _code(dataset: Dataset, keyword: str, tree: Tree) -> Code:
    found = _sequence(dataset, keyword, tree)
    return Code(
        _coded(dataset, keyword, tree), _text(found[0], "CodeMeaning", tree) if found else ""
    )


def _coded(dataset: Dataset, keyword: str, tree: Tree) -> str:
    """Return the value of a code, its scheme before it where that is private."""
    found = _sequence(dataset, keyword, tree)
    if not found:
        return ""
    names = ("CodeValue", "LongCodeValue", "URNCodeValue")
    value = next((text for name in names if (text := _text(found[0], name, tree))), "")
    scheme = _text(found[0], "CodingSchemeDesignator", tree)
    return f"{scheme}:{value}" if scheme.startswith("99") else value


def _sequence(dataset: Dataset, keyword: str, tree: Tree) -> list[Dataset]:
    try:
        return list(dataset.get(keyword) or ())
    except _DAMAGE:
        tree.flags.add("report_damaged")
        return []


def _text(dataset: Dataset, keyword: str, tree: Tree) -> str:
    r"""Return a value as a text, several of them joined by ``\``."""
    try:
        value = dataset.get(keyword)
        if value is None:
            return ""
        several = not isinstance(value, (str, bytes)) and hasattr(value, "__iter__")
        text = "\\".join(map(str, value)) if several else str(value)
    except _DAMAGE:
        tree.flags.add("report_damaged")
        return ""
    return text[:_LONGEST].strip(" \0")
