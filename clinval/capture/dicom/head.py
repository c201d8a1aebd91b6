"""The beginning of a file: as many bytes as its header needs, and never more than a limit."""

from __future__ import annotations

import functools
import os
import zipfile

from clinval.capture.dicom.source import Source
from clinval.capture.dicom.unreadable import UnreadableError
from clinval.core.archives import DAMAGED

__all__ = ["FIRST", "LIMIT", "first_bytes"]

FIRST = 1 << 15
"""Bytes that are read at first: the header of most images is in them."""

LIMIT = 1 << 26
"""Bytes that a header may have, as they stand in the file and inflated: 64 MiB."""


def first_bytes(source: Source, count: int) -> bytes:
    """Return the first bytes of a file, fewer only where it has no more.

    Raises
    ------
    UnreadableError
        ``unreadable`` where the machine does not give them or the archive is damaged, ``encrypted``
        for a member of an archive that asks for a password.
    """
    if source.member:
        return _of_member(source, count)
    try:
        file = os.open(source.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
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
        with archive.open(info) as member:
            return member.read(count)
    except (*DAMAGED, KeyError):
        raise UnreadableError("unreadable") from None


@functools.lru_cache(maxsize=1)
def _archive(path: str, changed: int) -> zipfile.ZipFile:
    """Return an archive that stays open: its members are read one after the other."""
    del changed  # another time of change is another archive
    return zipfile.ZipFile(path)
