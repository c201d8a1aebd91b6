"""Read a returned file, whatever form it has: what it is, its content says, and never its name."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.capture.reading.package import RefusedError, read_bytes, shown_file_name
from clinval.capture.workbook import read_workbook
from clinval.core.archives import DAMAGED

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol
    from clinval.study.returns import WorkbookReturn

__all__ = ["is_workbook", "read_returned"]

_HEAD = 4096  # bytes within which a file says what it is
_OTHERS = (b"%pdf", b"<html", b"<!doctype html", b"<table", b"{\\rtf")


def read_returned(path: Path, protocol: Protocol) -> list[WorkbookReturn]:
    """Return what is in a returned file, one return a site.

    Read are workbooks (.xlsx), CSV and zips of CSV, exports of REDCap with codes or with labels,
    the clinical data of ODM 1.3.2 and 2.0, and values from headers of images.

    Parameters
    ----------
    path
        The file, as it came.
    protocol
        The study.

    Returns
    -------
    list of WorkbookReturn
        At least one. A workbook is of one site; an export may hold several. A file that cannot be
        used is one return that is refused, whose defects say why. Bad content never raises.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        head = b""
    if not head or head.startswith(b"PK"):
        return _archive(path, protocol)
    if not _is_text(head):
        return [read_workbook(path, protocol)]  # which says what it looks like
    return _text(path, protocol)


def is_workbook(path: Path) -> bool:
    """Return whether a file is an archive as workbooks are."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "[Content_Types].xml" in archive.namelist()
    except DAMAGED:
        return False


def _archive(path: Path, protocol: Protocol) -> list[WorkbookReturn]:
    """Return what is in a zip of texts; any other is a workbook, or refused as one."""
    from clinval.capture.reading.text_tables import refused_file
    from clinval.capture.returns_csv import parts_of, read_csv

    if is_workbook(path):
        return [read_workbook(path, protocol)]
    try:
        content = read_bytes(path)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = parts_of(archive)
    except RefusedError as refusal:
        return refused_file(path, refusal, protocol)
    except DAMAGED:
        parts = {}
    if not parts:
        return [read_workbook(path, protocol)]
    return read_csv(shown_file_name(path), content, parts, protocol)


def _text(path: Path, protocol: Protocol) -> list[WorkbookReturn]:
    from clinval.capture.dicom.study.harvest_return import is_harvest, read_harvest
    from clinval.capture.reading.text_tables import refused_file
    from clinval.capture.returns_csv import read_csv

    try:
        content = read_bytes(path)
    except RefusedError as refusal:
        return refused_file(path, refusal, protocol)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _xml(path, content, protocol)
    if is_harvest(content[:_HEAD]):
        return read_harvest(shown_file_name(path), content, protocol)
    return read_csv(shown_file_name(path), content, {"": content}, protocol)


def _xml(path: Path, content: bytes, protocol: Protocol) -> list[WorkbookReturn]:
    from clinval.capture.odm_return import read_odm
    from clinval.capture.odm_source import is_odm

    if not is_odm(content[:_HEAD]):
        return [read_workbook(path, protocol)]  # which says what it looks like
    return read_odm(shown_file_name(path), content, protocol)


def _is_text(head: bytes) -> bool:
    """Return whether a file may be a text that holds data."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return b"\0" not in head and not start.startswith(_OTHERS)
