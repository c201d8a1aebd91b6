"""Where the elements of a data set stand: little endian, explicit or implicit VR.

Nothing is decoded here. Whatever is not as the standard has it raises `OddError`: it is left to
pydicom. Nothing is believed of a length before as many bytes are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from clinval.capture.dicom.headers.dictionary import vr_of_tag
from clinval.capture.dicom.headers.unreadable import UnreadableError
from clinval.capture.dicom.headers.values import OddError

__all__ = ["Place", "Scan", "ShortError", "Table"]

Place = tuple[str, int, int]
"""VR, empty where the data set does not say it; where the value begins; where it ends."""

Table = dict[int, Place]
"""A data set: its elements by tag. Of two with one tag the last counts, as it does for pydicom."""

_EXPLICIT = Struct("<HH2sH").unpack_from
_IMPLICIT = Struct("<HHL").unpack_from
_LENGTH = Struct("<L").unpack_from
_UNDEFINED = 0xFFFFFFFF
_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_ITEM, _ITEM_ENDS = 0xFFFEE000, 0xFFFEE00D
_SEQUENCE_ENDS = (0xFFFE, 0xE0DD, 0)
_VRS = {
    vr.encode(): (vr, size)
    for size, vrs in (
        (8, "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US"),
        (12, "OB OD OF OL OV OW SQ SV UC UN UR UT UV"),
    )
    for vr in vrs.split()
}
"""By the letters of the VR: its name, and the bytes from an element to its value."""

_NO_VR = ("", 8)
"""Of a delimiter, or of something odd."""

_MOST = 1 << 21
"""Elements and items that are looked at in one file."""

_DEEPEST = 32
"""Sequences inside of each other; real ones have seven levels or eight."""


class ShortError(Exception):
    """Bytes that are not at hand; ``needed`` of them are, from the beginning of the data."""

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed


class Scan:
    """A look through one file.

    Parameters
    ----------
    data
        The file, or its beginning.
    implicit
        Whether its data set has implicit VRs.
    """

    __slots__ = ("_ends", "_left", "_more", "data", "implicit")

    def __init__(self, data: bytes, *, implicit: bool = False) -> None:
        self.data = data
        self.implicit = implicit
        self._left = _MOST
        self._ends: dict[int, tuple[int, int]] = {}  # of sequences, by where they begin
        self._more = True  # bytes may follow; once the top is known, none do

    @staticmethod
    def is_vr(letters: bytes) -> bool:
        """Whether two letters are a VR."""
        return letters in _VRS

    def top(self, start: int) -> Table:
        """Return the data set that begins at ``start``, up to its pixels or the end of the data.

        Raises
        ------
        ShortError
            Where the data end inside of an element.
        """
        table, _ = self._table(start, len(self.data), 0, at_top=True)
        self._more = False
        return table

    def meta(self, start: int) -> tuple[Table, int]:
        """Return the elements of group 2, and where the data set begins.

        Raises
        ------
        ShortError
            Where the data end inside of an element.
        """
        table: Table = {}
        data, at = self.data, start
        while data[at : at + 2] == b"\x02\x00":
            if at + 12 > len(data):
                raise ShortError(at + 12)
            group, element, letters, length = _EXPLICIT(data, at)
            vr, size = _VRS.get(letters, ("", 0))
            if not vr:
                raise OddError
            begins = at + size
            if size == 12:
                (length,) = _LENGTH(data, at + 8)
            at = begins + length
            if at > len(data):
                raise ShortError(at)
            table[group << 16 | element] = (vr, begins, at)
        return table, at

    def items(self, start: int, ends: int, depth: int) -> Iterator[Table]:
        """Yield the items of a sequence whose content is at hand."""
        if depth > _DEEPEST:
            raise OddError
        at = start
        while at < ends:
            length, at = self._item(at, ends)
            if length == _UNDEFINED:
                table, at = self._table(at, ends, depth, delimited=True)
            else:
                if at + length > ends:
                    raise OddError
                table, at = self._table(at, at + length, depth)
            yield table

    def _item(self, at: int, limit: int) -> tuple[int, int]:
        """Return the length of an item and where its content begins."""
        if at + 8 > limit:
            raise self._beyond(at + 8, limit)
        self._count()
        group, element, length = _IMPLICIT(self.data, at)
        if group << 16 | element != _ITEM:
            raise OddError
        return length, at + 8

    def _beyond(self, needed: int, limit: int) -> Exception:
        """Return what it is when an element goes on beyond what it is in."""
        return ShortError(needed) if self._more and limit == len(self.data) else OddError()

    def _table(
        self, at: int, limit: int, depth: int, *, at_top: bool = False, delimited: bool = False
    ) -> tuple[Table, int]:
        """Return a data set, and where what comes after it begins.

        It ends at ``limit``, at its pixels if it is the one ``at_top``, at its delimiter if it is
        ``delimited``.
        """
        table: Table = {}
        data, implicit = self.data, self.implicit
        while at + 8 <= limit:
            self._count()
            if implicit:
                group, element, length = _IMPLICIT(data, at)
                vr, begins = "", at + 8
            else:
                group, element, letters, length = _EXPLICIT(data, at)
                vr, size = _VRS.get(letters, _NO_VR)
                begins = at + size
                if size == 12:
                    if begins > limit:
                        raise self._beyond(begins, limit)
                    (length,) = _LENGTH(data, at + 8)
            tag = group << 16 | element
            if group >= 0x7FE0:
                if at_top and tag in _PIXELS:
                    return table, at
                if delimited and tag == _ITEM_ENDS:
                    return table, at + 8
                if group == 0xFFFE:
                    raise OddError
            if not (vr or implicit):
                raise OddError
            if length == _UNDEFINED:
                ends, at = self._undefined(tag, vr, begins, limit, depth)
                table[tag] = ("SQ", begins, ends)
                continue
            at = begins + length
            if at > limit:
                raise self._beyond(at, limit)
            table[tag] = (vr, begins, at)
        if delimited or at < limit:
            raise self._beyond(at + 8, limit)
        return table, at

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise UnreadableError("unreadable")

    def _implied(self, tag: int, at: int) -> str:
        """Return the VR of an element of undefined length that does not say it."""
        if tag >> 16 & 1:  # a private one is a sequence where its content begins with an item
            return "SQ" if self.data[at : at + 4] == b"\xfe\xff\x00\xe0" else ""
        return vr_of_tag(tag)

    def _undefined(self, tag: int, vr: str, at: int, limit: int, depth: int) -> tuple[int, int]:
        """Return where a sequence of undefined length ends, and where the next element begins."""
        if depth >= _DEEPEST or (vr or self._implied(tag, at)) != "SQ":
            raise OddError
        begins = at
        if begins in self._ends:
            return self._ends[begins]
        while True:
            if at + 8 > limit:
                raise self._beyond(at + 8, limit)
            if _IMPLICIT(self.data, at) == _SEQUENCE_ENDS:
                self._ends[begins] = at, at + 8
                return at, at + 8
            length, at = self._item(at, limit)
            if length == _UNDEFINED:
                at = self._table(at, limit, depth + 1, delimited=True)[1]
            elif at + length > limit:
                raise self._beyond(at + length, limit)
            else:
                at += length
