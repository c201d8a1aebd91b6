"""A DICOM file, read as far as its pixels.

The fast road knows little endian with explicit and implicit VRs, deflated too, with a preamble or
without. Whatever it finds out of the ordinary it leaves to pydicom, file by file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from clinval.capture.dicom.files.source import Source
from clinval.capture.dicom.headers import by_pydicom
from clinval.capture.dicom.headers.attributes import ATTRIBUTES
from clinval.capture.dicom.headers.fast import DataSet
from clinval.capture.dicom.headers.head import DEFLATED, Head
from clinval.capture.dicom.headers.header import Element, Header
from clinval.capture.dicom.headers.scanning import Scan, ShortError, Table
from clinval.capture.dicom.headers.unreadable import UnreadableError
from clinval.capture.dicom.headers.values import OddError, texts_of

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Parsed", "UnreadableError", "read", "read_bytes"]

_DIRECTORY = "1.2.840.10008.1.3.10"
_IMPLICIT = "1.2.840.10008.1.2"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_CLASS, _SYNTAX = 0x00020002, 0x00020010
_LATE_GROUP = 4
"""First byte of a group that nothing begins with, unless it is the second of big endian."""
_PLAUSIBLE = 1 << 16
"""Bytes that the first element of a data set has fewer than."""
_ENVELOPE = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"
"""What begins an encrypted file (PS3.15, secure file format): enveloped data of RFC 5652."""


class Parsed:
    """What stands before the pixels of one file.

    Attributes
    ----------
    header
        The attributes that were asked for.
    """

    __slots__ = ("_dataset", "_fast", "_head", "header")

    def __init__(self, head: Head, names: Sequence[str]) -> None:
        self._head = head
        self._fast: DataSet | None = None
        self._dataset: Dataset | None = None
        try:
            self._fast = _scanned(head)
            self.header: Header = self._fast.header(names)
        except OddError:
            self._fast = None
            self.header = by_pydicom.header_of(self.dataset(), names)

    @property
    def by(self) -> Literal["fast", "pydicom"]:
        """Who reads it: ``pydicom`` once anything was out of the ordinary."""
        return "pydicom" if self._fast is None else "fast"

    def elements(self) -> Iterator[Element]:
        """Return every element at the top and in sequences, texts decoded by their character set.

        Raises
        ------
        UnreadableError
            Where that which the header does not need cannot be read.
        """
        if self._fast is not None:
            try:
                return iter(self._fast.elements())
            except OddError:
                self._fast = None  # another look will not find it less odd
        return iter(by_pydicom.elements_of(self.dataset()))

    def dataset(self) -> Dataset:
        """Return the whole header as pydicom reads it.

        Raises
        ------
        UnreadableError
            With its reason.
        """
        if self._dataset is None:
            self._dataset = by_pydicom.load(self._head)
        return self._dataset


def read(source: Source, names: Sequence[str] = ATTRIBUTES) -> Parsed:
    """Read a file of a folder, or a member of an archive.

    Parameters
    ----------
    source
        Where it is.
    names
        The attributes of the header, as `clinval.capture.dicom.headers.attributes` writes them.

    Raises
    ------
    UnreadableError
        With its reason.
    """
    return Parsed(Head(source), names)


def read_bytes(data: bytes, names: Sequence[str] = ATTRIBUTES) -> Parsed:
    """Read a file whose bytes are at hand; what comes after its header may be missing.

    Raises
    ------
    UnreadableError
        With its reason.
    """
    return Parsed(Head(data), names)


def _scanned(head: Head) -> DataSet:
    """Return the data set of a file.

    Raises
    ------
    OddError
        Where it is to be read by pydicom.
    UnreadableError
        Where nobody can read it.
    """
    while True:
        try:
            return _data_set(head)
        except ShortError as short:
            head.grow(short.needed)


def _data_set(head: Head) -> DataSet:
    data = head.data
    scan = Scan(data)
    meta: Table = {}
    if data[128:132] == b"DICM":
        meta, start = scan.meta(132)
    elif data[:2] == b"\x02\x00":  # a file whose preamble was cut away
        meta, start = scan.meta(0)
    else:
        _must_look_like_one(data)
        start = 0
    if _uid(data, meta, _CLASS) == _DIRECTORY:
        raise UnreadableError("no_objects")
    syntax = _uid(data, meta, _SYNTAX)
    if syntax == DEFLATED.decode():
        head.inflate(start)
        return _data_set(head)
    if syntax == _BIG_ENDIAN:
        raise OddError
    if start + 8 > len(data):
        raise ShortError(start + 8)
    letters = data[start + 4 : start + 6]
    scan.implicit = not scan.is_vr(letters)
    if syntax and scan.implicit != (syntax == _IMPLICIT):
        raise OddError
    if not syntax and data[start + 1] >= _LATE_GROUP:
        raise OddError
    table = scan.top(start)
    return DataSet(scan, table)


def _uid(data: bytes, meta: Table, tag: int) -> str:
    if tag not in meta:
        return ""
    _, begins, ends = meta[tag]
    return "".join(texts_of("UI", data[begins:ends], ())[:1])


def _must_look_like_one(data: bytes) -> None:
    """Take a file that has no preamble, if it begins as data sets do: with group 8.

    Raises
    ------
    UnreadableError
        ``encrypted`` or ``not_dicom``.
    """
    if _ENVELOPE in data[:64]:
        raise UnreadableError("encrypted")
    group, letters, length = data[:2], data[4:6], data[4:8]
    if (
        group == b"\x08\x00"
        and data[3:4] in (b"\0", b"\1")
        and (Scan.is_vr(letters) or int.from_bytes(length, "little") < _PLAUSIBLE)
    ):
        return
    if group == b"\x00\x08" and data[2:3] == b"\0" and Scan.is_vr(letters):
        raise OddError  # big endian
    raise UnreadableError("not_dicom")
