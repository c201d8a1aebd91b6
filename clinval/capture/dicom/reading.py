"""A DICOM file, read as far as its pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from clinval.capture.dicom import by_pydicom
from clinval.capture.dicom.attributes import ATTRIBUTES
from clinval.capture.dicom.head import LIMIT, first_bytes
from clinval.capture.dicom.header import Element, Header
from clinval.capture.dicom.source import Source
from clinval.capture.dicom.unreadable import UnreadableError

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Parsed", "UnreadableError", "read", "read_bytes"]

_DIRECTORY = "1.2.840.10008.1.3.10"
_ENVELOPE = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"
"""What begins an encrypted file (PS3.15, secure file format): enveloped data of RFC 5652."""


class Parsed:
    """What stands before the pixels of one file.

    Attributes
    ----------
    header
        The attributes that were asked for.
    by
        Who read it: ``fast``, or ``pydicom`` where anything was out of the ordinary.
    """

    def __init__(self, dataset: Dataset, names: Sequence[str]) -> None:
        self._dataset = dataset
        self.header: Header = by_pydicom.header_of(dataset, names)
        self.by: Literal["fast", "pydicom"] = "pydicom"

    def elements(self) -> Iterator[Element]:
        """Yield every element at the top and in sequences, texts decoded by their character set.

        Raises
        ------
        UnreadableError
            ``damaged`` where a sequence that the header does not need cannot be taken apart.
        """
        return iter(by_pydicom.elements_of(self._dataset))

    def dataset(self) -> Dataset:
        """Return the whole header as pydicom reads it."""
        return self._dataset


def read(source: Source, names: Sequence[str] = ATTRIBUTES) -> Parsed:
    """Read a file of a folder, or a member of an archive.

    Raises
    ------
    UnreadableError
        With its reason.
    """
    return read_bytes(first_bytes(source, LIMIT), names)


def read_bytes(data: bytes, names: Sequence[str] = ATTRIBUTES) -> Parsed:
    """Read a file whose bytes are at hand; its pixels may be missing.

    Raises
    ------
    UnreadableError
        With its reason.
    """
    if data[128:132] != b"DICM":
        if _ENVELOPE in data[:64]:
            raise UnreadableError("encrypted")
        if data[:2] not in (b"\x02\x00", b"\x08\x00", b"\x00\x08"):
            raise UnreadableError("not_dicom")
    dataset = by_pydicom.load(data)
    meta = getattr(dataset, "file_meta", {})
    if meta.get("MediaStorageSOPClassUID") == _DIRECTORY:
        raise UnreadableError("no_objects")
    if not len(dataset):
        raise UnreadableError("truncated" if meta else "not_dicom")
    return Parsed(dataset, names)
