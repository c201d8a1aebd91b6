"""The gate: what a file is, before anything opens it.

A return comes from outside. Before a library parses a byte of it, the archive is looked through
once: that it is a workbook at all, that it does not unpack into gigabytes, that no part of it
defines entities or carries macros. The same pass notes of every sheet what the library does not
tell (see `sheet_scan`).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clinval.capture.phi_file_name import without_people
from clinval.capture.reading.sheet_scan import SheetFacts, SheetScan
from clinval.core.archives import DAMAGED

__all__ = [
    "MOST_BYTES",
    "MOST_PARTS",
    "MOST_RATIO",
    "MOST_UNPACKED",
    "Package",
    "RefusedError",
    "check_archive",
    "check_xml_head",
    "defines_entities",
    "is_trick",
    "look_through",
    "read_bytes",
    "shown_file_name",
]

MOST_BYTES = 100_000_000  # of the file
MOST_UNPACKED = 500_000_000  # of all its parts
MOST_PARTS = 2_000
MOST_RATIO = 200  # unpacked to packed; spreadsheets reach 30, bombs 1,000
_SMALL = 20_000_000  # bytes; below, a high ratio harms nobody
_CHUNK = 1 << 20
_HEAD = 4096  # bytes within which a part says what it is

_OLE2 = bytes.fromhex("D0CF11E0A1B11AE1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ENTITIES = (b"<!DOCTYPE", b"<!ENTITY")
_LONGEST_NEEDLE = max(map(len, _ENTITIES))
_MACROS = re.compile(r"vbaproject\.bin$|^xl/(macrosheets|intlmacrosheets)/", re.IGNORECASE)
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)["']""")
_PLAIN_ENCODINGS = (b"utf-8", b"utf8", b"us-ascii", b"ascii")
_STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"


class RefusedError(Exception):
    """The file cannot be used; ``kind`` and ``parameters`` are those of the catalogue."""

    def __init__(self, kind: str, *, sheet: str = "", **parameters: object) -> None:
        super().__init__(kind)
        self.kind = kind
        self.sheet = sheet
        self.parameters = parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A file that may be opened.

    ``sheets`` are the facts of every part that is a sheet, by the name of the part.
    """

    content: bytes
    sheets: Mapping[str, SheetFacts] = field(default_factory=dict)
    comments: bool = False
    links: bool = False


def shown_file_name(path: Path) -> str:
    r"""Return the name of a file as messages and the store may have it, on one line.

    A name may hold bytes of another encoding, as archives from China do, line breaks, characters
    that steer a terminal, or somebody's name; the working folder has none and is ``.``.

    Examples
    --------
    >>> shown_file_name(Path("inbox/S01 中心\x1b[2J.xlsx")), shown_file_name(Path("\udcd6.xlsx"))
    ('S01 中心?[2J.xlsx', '?.xlsx')
    >>> shown_file_name(Path("S01_王芳.xlsx"))
    'S01_*.xlsx'
    >>> shown_file_name(Path())
    '.'
    """
    plain = (" " if character.isspace() else character for character in path.name or str(path))
    return without_people("".join(c if c.isprintable() else "?" for c in plain))


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    Raises
    ------
    RefusedError
        When it cannot be read, is empty or too large.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise RefusedError("file-unreadable", detail="not a file")
        if size > MOST_BYTES:
            raise RefusedError(
                "file-too-large", megabytes=size // 1_000_000, most=MOST_BYTES // 1_000_000
            )
        content = path.read_bytes()
    except OSError as error:
        raise RefusedError(
            "file-unreadable", detail=error.strerror or type(error).__name__
        ) from error
    if not content:
        raise RefusedError("file-empty")
    return content


def look_through(content: bytes) -> Package:
    """Look through the archive of a workbook.

    Raises
    ------
    RefusedError
        When it must not or cannot be opened.
    """
    if content.startswith(_OLE2):
        raise RefusedError("file-encrypted" if _ENCRYPTED in content else "file-old-excel")
    if not content.startswith(b"PK"):
        raise RefusedError("file-not-a-workbook", looks=_looks(content))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _check_directory(parts)
            return _check_parts(archive, parts, content)
    except DAMAGED as error:
        raise RefusedError("file-damaged", detail=type(error).__name__) from error


def _looks(content: bytes) -> str:
    head = content[:512].lstrip().lower()
    if head.startswith(b"%pdf"):
        return "PDF"
    if head.startswith((b"<html", b"<!doctype html", b"<table")):
        return "HTML"
    if head.startswith(b"<?xml"):
        return "XML"
    return "CSV, TXT" if b"\0" not in content[:4096] else "?"


def check_archive(parts: list[zipfile.ZipInfo]) -> None:
    """Check what an archive declares; ``zipfile`` does not unpack more than that.

    Raises
    ------
    RefusedError
        When it must not be opened.
    """
    names = [part.filename for part in parts]
    if len(parts) > MOST_PARTS:
        raise RefusedError("file-unpacks-too-large", what=f"{len(parts)} parts")
    if any(part.flag_bits & 0x1 for part in parts):
        raise RefusedError("file-encrypted")
    if any(is_trick(part) for part in parts) or len(set(names)) < len(names):
        raise RefusedError("file-part-names")
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if unpacked > MOST_UNPACKED or (unpacked > _SMALL and unpacked > MOST_RATIO * packed):
        raise RefusedError("file-unpacks-too-large", what=f"{unpacked // 1_000_000} MB")


def _check_directory(parts: list[zipfile.ZipInfo]) -> None:
    """Check that an archive is that of a workbook."""
    check_archive(parts)
    names = [part.filename for part in parts]
    if any(_MACROS.search(name) for name in names):
        raise RefusedError("file-has-macros")
    if "mimetype" in names or "xl/workbook.bin" in names:
        raise RefusedError("file-other-format", what="ODS" if "mimetype" in names else "XLSB")
    if "[Content_Types].xml" not in names or not any(
        name.lower().endswith("workbook.xml") for name in names
    ):
        raise RefusedError("file-without-workbook")


def is_trick(part: zipfile.ZipInfo) -> bool:
    """Return whether the name of a part leads, or seems to lead, somewhere else."""
    # zipfile cuts a name at a zero byte, so the name as it stands in the archive counts
    name = part.orig_filename
    steps = name.split("/")
    return name.startswith("/") or ".." in steps or any(bad in name for bad in "\\:\0")


def _check_parts(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo], content: bytes) -> Package:
    sheets = {}
    for part in parts:
        with archive.open(part) as stream:
            head = stream.read(_CHUNK)
            check_xml_head(head)
            _check_head(head)
            scan = SheetScan.of(head[:_HEAD])
            before = b""
            chunk = head
            while chunk:
                seam = before + chunk[:_LONGEST_NEEDLE]
                if any(needle in chunk or needle in seam for needle in _ENTITIES):
                    raise RefusedError("file-defines-entities")
                before = chunk[-_LONGEST_NEEDLE:]
                if scan is not None:
                    scan.feed(chunk)
                chunk = stream.read(_CHUNK)
            if scan is not None:
                sheets[part.filename] = scan.facts()
    names = [part.filename for part in parts]
    return Package(
        content=content,
        sheets=sheets,
        comments=any("comments" in name.lower() for name in names),
        links=any(name.startswith("xl/externalLinks/") for name in names),
    )


def defines_entities(content: bytes) -> bool:
    """Return whether XML whose encoding `check_xml_head` lets through may define entities."""
    return any(needle in content for needle in _ENTITIES)


def check_xml_head(head: bytes) -> None:
    """Check that XML is in an encoding in which entities can be found by their bytes.

    Raises
    ------
    RefusedError
        When it is not.
    """
    encoding = _ENCODING.match(head.removeprefix(b"\xef\xbb\xbf"))
    odd = encoding is not None and encoding[1].lower() not in _PLAIN_ENCODINGS
    # UTF-16, which begins with a mark or has a zero byte beside its first bracket
    if odd or head[:2] in (b"\xff\xfe", b"\xfe\xff") or head[:2] in (b"<\0", b"\0<"):
        raise RefusedError("file-defines-entities")


def _check_head(head: bytes) -> None:
    if _STRICT in head[:_HEAD]:
        raise RefusedError("file-other-format", what="Strict Open XML")
