"""Headers read without pydicom: the same values, where nothing is out of the ordinary."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from clinval.capture.dicom.headers.dictionary import name_of_tag, private_vr, vr_of_tag
from clinval.capture.dicom.headers.header import Element, Header
from clinval.capture.dicom.headers.paths import Step, steps_of
from clinval.capture.dicom.headers.scanning import Place, Scan, Table
from clinval.capture.dicom.headers.values import ENCODINGS, OddError, encodings_of, texts_of

__all__ = ["DataSet"]

_CHARACTER_SET = 0x00080005
_PIXEL_REPRESENTATION = 0x00280103
_SIGNED_BY_PIXELS = frozenset(
    (0x00280104, 0x00280105, 0x00280106, 0x00280107, 0x00280108, 0x00280109, 0x00280110,
     0x00280111, 0x00280120, 0x00280121)
)  # fmt: skip
"""Numbers whose sign, without a VR, is that of the pixels."""
_DESCRIPTORS = frozenset((0x00281101, 0x00281102, 0x00281103, 0x00283002))
"""Descriptors of look-up tables: pydicom takes the sign off the first number of some."""

_LONG = 0xFFFF
"""Bytes of a value from which on pydicom leaves a public element of unknown VR as it is."""


class DataSet:
    """A data set: that of the file, or an item of a sequence.

    Parameters
    ----------
    scan
        The look through the file.
    table
        Where its elements stand.
    encodings
        What texts are decoded by where it does not say so itself: those of what it is in.
    depth
        How many sequences it is in.

    Raises
    ------
    OddError
        Here and in its methods, where it is to be read by pydicom.
    """

    __slots__ = ("_depth", "_encodings", "_items", "_scan", "_table")

    def __init__(
        self, scan: Scan, table: Table, encodings: tuple[str, ...] = ENCODINGS, depth: int = 0
    ) -> None:
        self._scan, self._table, self._depth = scan, table, depth
        self._items: dict[int, list[DataSet]] = {}
        named = table.get(_CHARACTER_SET)
        if named is not None:
            encodings = encodings_of(texts_of("CS", scan.data[named[1] : named[2]], encodings))
        self._encodings = encodings

    def header(self, names: Sequence[str]) -> Header:
        """Return the values of attributes that are there."""
        values = {}
        table = self._table
        for name, steps in _ways(tuple(names)):
            step = steps[0]
            if not (step.creator or step.tag in table):
                continue
            tag = self.tag_of(step)
            if tag is None:
                continue
            found = self.texts(tag) if len(steps) == 1 else self._inside(tag, steps[1:])
            if found is not None:
                values[name] = found
        return Header(values)

    def elements(self) -> list[Element]:
        """Return every element, and those of its sequences after them, by tag."""
        found: list[Element] = []
        self.add_elements(found, "")
        return found

    def add_elements(self, found: list[Element], above: str) -> None:
        """Add the elements of this data set to those of the ones that it is in."""
        for tag in sorted(self._table):
            vr, place = self._vr_and_place(tag)
            path = above + name_of_tag(tag)
            if vr == "SQ":
                items = self._items_of(tag)
                found.append(Element(path, vr, ("",) if items else ()))
                for item in items:
                    item.add_elements(found, path + ".")
            else:
                found.append(Element(path, vr, self._decoded(tag, vr, place)))

    def texts(self, tag: int) -> tuple[str, ...]:
        """Return the values of an element that is there."""
        vr, place = self._vr_and_place(tag)
        if vr == "SQ":
            return ("",) if self._items_of(tag) else ()
        return self._decoded(tag, vr, place)

    def _decoded(self, tag: int, vr: str, place: Place) -> tuple[str, ...]:
        if vr == "SS" and tag in _DESCRIPTORS:
            raise OddError
        return texts_of(vr, self._scan.data[place[1] : place[2]], self._encodings)

    def _inside(self, tag: int, steps: tuple[Step, ...]) -> tuple[str, ...] | None:
        found = self.in_items(tag, steps)
        return None if all(one is None for one in found) else tuple(one or "" for one in found)

    def in_items(self, tag: int, steps: tuple[Step, ...]) -> list[str | None]:
        """Return a text for each item of the innermost sequence, ``None`` where it has no such one.

        An item in which the way breaks off counts as one.
        """
        if self._vr_and_place(tag)[0] != "SQ":
            return []
        found: list[str | None] = []
        for item in self._items_of(tag):
            inner = item.tag_of(steps[0])
            if inner is None:
                found.append(None)
            elif len(steps) == 1:
                found.append("\\".join(item.texts(inner)))
            else:
                found.extend(item.in_items(inner, steps[1:]) or [None])
        return found

    def _items_of(self, tag: int) -> list[DataSet]:
        """Return the items of a sequence, taken apart once: several attributes may be in them."""
        if tag not in self._items:
            _, begins, ends = self._table[tag]
            depth = self._depth + 1
            self._items[tag] = [
                DataSet(self._scan, table, self._encodings, depth)
                for table in self._scan.items(begins, ends, depth)
            ]
        return self._items[tag]

    def tag_of(self, step: Step) -> int | None:
        """Return the tag of a step where it is there; a private one depends on its block."""
        tag = step.tag
        if step.creator:
            group = tag >> 16 << 16
            for block in range(0x10, 0x100):
                if group | block in self._table and self._creator(group | block) == step.creator:
                    tag |= block << 8
                    break
            else:
                return None
        return tag if tag in self._table else None

    def _creator(self, tag: int) -> str:
        """Return the name of a private creator."""
        _, begins, ends = self._table[tag]
        texts = texts_of("LO", self._scan.data[begins:ends], self._encodings)
        if len(texts) > 1:
            raise OddError
        return texts[0] if texts else ""

    def _vr_and_place(self, tag: int) -> tuple[str, Place]:
        place = self._table[tag]
        vr = place[0]
        return (vr if vr and vr != "UN" else self._vr(tag, vr)), place

    def _vr(self, tag: int, said: str) -> str:
        """Return the VR of an element that does not say it, or says that it is unknown."""
        group, element = tag >> 16, tag & 0xFFFF
        if not group & 1:
            vr = vr_of_tag(tag)
            if said and vr == "SQ":
                raise OddError
            if said and self._length(tag) >= _LONG:
                return said
            if " " in vr:
                return self._ambiguous(tag)
            return vr or said or ("UN" if element else "UL")
        if 0x10 <= element < 0x100:
            return "LO"
        vr = "UN"
        block = group << 16 | element >> 8
        if element >= 0x100 and block in self._table and (creator := self._creator(block)):
            vr = private_vr(tag, creator)
        if said and vr == "SQ":
            raise OddError
        return vr

    def _length(self, tag: int) -> int:
        _, begins, ends = self._table[tag]
        return ends - begins

    def _ambiguous(self, tag: int) -> str:
        place = self._table.get(_PIXEL_REPRESENTATION)
        if tag not in _SIGNED_BY_PIXELS or place is None:
            raise OddError
        pixels = texts_of("US", self._scan.data[place[1] : place[2]], self._encodings)
        if len(pixels) != 1:
            raise OddError
        return "US" if pixels[0] == "0" else "SS"


@functools.lru_cache(maxsize=16)
def _ways(names: tuple[str, ...]) -> tuple[tuple[str, tuple[Step, ...]], ...]:
    """Return the names with the ways to them: they are the same for all files of a folder."""
    return tuple((name, steps_of(name)) for name in names)
