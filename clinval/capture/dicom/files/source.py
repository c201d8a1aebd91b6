"""Where the bytes of one DICOM file are: a file in a folder, or a member of an archive."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """One file.

    Attributes
    ----------
    number
        Its place in the order of the folder, from 1.
    name
        Its path inside the folder, with ``/``; that of a member of an archive begins with the
        archive's. Never shown, because names of people stand in names of files.
    path
        The file, or the archive that it is in.
    member
        Its name in the archive; empty for a file.
    size, changed
        Bytes, and time of the last change in nanoseconds: the same ones mean the same content.
    """

    number: int
    name: str
    path: Path
    member: str = ""
    size: int = 0
    changed: int = 0
