"""The beginning of a file: as many bytes as its header needs, and never more than a limit."""

from __future__ import annotations

import functools
import os
import zipfile
import zlib

from clinval.capture.dicom.files.source import Source
from clinval.capture.dicom.headers.unreadable import UnreadableError
from clinval.core.archives import DAMAGED

__all__ = ["DEFLATED", "LIMIT", "Head"]

_FIRST = 1 << 15
"""Bytes that are read at first: the header of most images is in them."""

LIMIT = 1 << 26
"""Bytes that a header may have, as they stand in the file and inflated: 64 MiB."""

_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Ways to pack a member of which no more is unpacked than is asked for."""

DEFLATED = b"1.2.840.10008.1.2.1.99"
"""The transfer syntax whose data sets are deflated."""
_EXPLICIT = b"1.2.840.10008.1.2.1\0\0\0"


class Head:
    """The beginning of a file, read on as it is needed.

    Parameters
    ----------
    source
        Where the file is, or its bytes.

    Attributes
    ----------
    data
        The bytes that are at hand.
    whole
        Whether there are no more.

    Raises
    ------
    UnreadableError
        ``unreadable`` where the machine does not give the bytes or the archive is damaged,
        ``encrypted`` for a member of an archive that asks for a password.
    """

    __slots__ = ("_deflated_from", "_source", "data", "whole")

    def __init__(self, source: Source | bytes) -> None:
        self._source = source
        self._deflated_from = 0
        self._fetch(_FIRST)

    def inflate(self, start: int) -> None:
        """Take what comes after ``start`` as deflated, once.

        From now on `data` is the same file with another transfer syntax, explicit VR little
        endian; it has as many bytes and the same place.

        Raises
        ------
        UnreadableError
            ``damaged`` where it is not, or is deflated again.
        """
        if self._deflated_from:
            raise UnreadableError("damaged")
        self._deflated_from = start
        self._fetch(_FIRST)

    def grow(self, needed: int) -> None:
        """Have ``needed`` bytes at hand, and more.

        Raises
        ------
        UnreadableError
            ``truncated`` where there are no more, ``unreadable`` where the header is larger than
            any that is read.
        """
        if self.whole:
            raise UnreadableError("truncated")
        if len(self.data) >= LIMIT:
            raise UnreadableError("unreadable")
        self._fetch(min(max(needed + _FIRST, 4 * len(self.data)), LIMIT))

    def have(self, count: int) -> None:
        """Have as many bytes at hand as there are, up to a number."""
        if not self.whole and len(self.data) < count:
            self._fetch(count)

    def _fetch(self, count: int) -> None:
        data = self._first(LIMIT if self._deflated_from else count)
        if self._deflated_from:
            data = _inflated(data, self._deflated_from, count)
        self.data = data
        self.whole = len(data) < count

    def _first(self, count: int) -> bytes:
        """Return the first bytes of the file, fewer only where it has no more."""
        source = self._source
        if isinstance(source, bytes):
            return source[:count]
        return _of_member(source, count) if source.member else _of_file(source, count)


def _of_file(source: Source, count: int) -> bytes:
    try:
        # a pipe would let us wait for ever; of a file the flag says nothing
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
        file = os.open(source.path, flags)
        try:
            data = os.read(file, count)
            while len(data) < count and (more := os.read(file, count - len(data))):
                data += more
        finally:
            os.close(file)
    except OSError:
        raise UnreadableError("unreadable") from None
    return data


def _of_member(source: Source, count: int) -> bytes:
    try:
        archive = _archive(str(source.path), source.changed)
        info = archive.getinfo(source.member)
        if info.flag_bits & 1:
            raise UnreadableError("encrypted")
        if info.compress_type not in _BOUNDED:
            raise UnreadableError("unreadable")
        with archive.open(info) as member:
            return member.read(count)
    except (*DAMAGED, KeyError):
        raise UnreadableError("unreadable") from None


@functools.lru_cache(maxsize=1)
def _archive(path: str, changed: int) -> zipfile.ZipFile:
    """Return an archive that stays open: its members are read one after the other."""
    del changed  # another time of change is another archive
    return zipfile.ZipFile(path)


def _inflated(data: bytes, start: int, count: int) -> bytes:
    """Return the file with what comes after ``start`` inflated, as far as ``count`` bytes."""
    try:
        rest = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data[start:], count - start)
    except zlib.error:
        raise UnreadableError("damaged") from None
    return data[:start].replace(DEFLATED, _EXPLICIT) + rest
