"""The members of a zip archive that may be read, looked at before anything is unpacked.

Nothing is ever written to the disk, and of a member only its header is unpacked. What remains to
be feared of an archive is checked by what it declares: a directory that fills the memory, contents
that unpack into more than images do, names that stand for other files, archives in archives.
"""

from __future__ import annotations

import struct
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from clinval.capture.dicom.files import media_directory
from clinval.capture.reading.package import MOST_RATIO, is_trick
from clinval.core.archives import DAMAGED

__all__ = ["OTHER_ARCHIVES", "Members", "is_zip", "members_of"]

OTHER_ARCHIVES = (".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
"""What archives are called that are not looked into."""

_MOST_DIRECTORY = 1 << 26  # bytes; that of 100,000 members has some 15 million
_SMALL = 100_000_000  # bytes unpacked; below, a high ratio harms nobody
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_IN_64 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Members:
    """What an archive holds.

    Attributes
    ----------
    files
        Name and unpacked size of each member that may be read.
    directories
        Folder inside the archive and content of each directory of media (DICOMDIR).
    left_out
        How many members are left out, by reason; the whole archive counts as one.
    """

    files: tuple[tuple[str, int], ...] = ()
    directories: tuple[tuple[str, bytes], ...] = ()
    left_out: Counter[str] = field(default_factory=Counter)


def is_zip(path: Path) -> bool:
    """Return whether a file begins as a zip archive does; an empty one begins with its end."""
    try:
        with path.open("rb") as stream:
            return stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False


def members_of(path: Path) -> Members:
    """Return what may be read of an archive, and why the rest may not."""
    try:
        if _directory_bytes(path) > _MOST_DIRECTORY:
            return _nothing("archive_too_large")
        with zipfile.ZipFile(path) as archive:
            return _sorted_out(archive, path.stat().st_size)
    except PermissionError:
        return _nothing("unreadable")
    except DAMAGED:
        return _nothing("archive_damaged")


def _nothing(reason: str) -> Members:
    return Members(left_out=Counter({reason: 1}))


def _directory_bytes(path: Path) -> int:
    """Return how long the directory of an archive says it is; ``zipfile`` reads all of it."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _END.size - _END_64.size - 20 - 0xFFFF))
        tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        raise zipfile.BadZipFile
    declared: int = _END.unpack_from(tail, at)[5]
    at = tail.rfind(b"PK\x06\x06", 0, at)
    if at >= 0 and at + _END_64.size <= len(tail):  # archives of more than 4 GB
        declared = max(declared % _IN_64, _END_64.unpack_from(tail, at)[8])
    return min(declared, size)


def _sorted_out(archive: zipfile.ZipFile, packed: int) -> Members:
    parts = [part for part in archive.infolist() if not part.is_dir()]
    names = {part.filename for part in parts}
    if any(is_trick(part) for part in parts) or len(names) < len(parts):
        return _nothing("archive_names")
    unpacked = sum(part.file_size for part in parts)
    if unpacked > max(_SMALL, MOST_RATIO * packed):
        return _nothing("archive_too_large")
    left_out: Counter[str] = Counter()
    files, directories = [], []
    for part in parts:
        folder, slash, name = part.filename.rpartition("/")
        reason = _reason(part, name.lower())
        if reason:
            left_out[reason] += 1
        elif name.lower() == media_directory.NAME:
            left_out["media_directory"] += 1
            directories.append((folder + slash, _content(archive, part)))
        else:
            files.append((part.filename, part.file_size))
    return Members(tuple(files), tuple(directories), left_out)


def _reason(part: zipfile.ZipInfo, name: str) -> str:
    """Return why a member is left out, nothing for one that is read."""
    if part.flag_bits & 0x1:
        return "archive_encrypted"
    if not part.file_size:
        return "empty"
    return "archive_in_archive" if name.endswith((".zip", *OTHER_ARCHIVES)) else ""


def _content(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """Return a directory of media as far as it is read; nothing where it is damaged."""
    try:
        with archive.open(part) as stream:
            return stream.read(media_directory.MOST_BYTES)
    except DAMAGED:
        return b""
