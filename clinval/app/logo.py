"""The logo that stands beside the protocol, for the covers of reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from clinval.core.errors import ReportError
from clinval.core.problems import Place
from clinval.protocol.model import Protocol
from clinval.report.blocks import Cover, Document
from clinval.report.pdf.logo import MOST_BYTES

__all__ = ["read_logo", "with_logo"]


def read_logo(folder: Path, protocol: Protocol) -> bytes | None:
    """Return the content of the logo that a protocol names, nothing where it names none.

    Raises
    ------
    ReportError
        When the file cannot be read (``logo-unreadable``).
    """
    name = protocol.study.logo
    if name is None:
        return None
    try:
        with (folder / name).open("rb") as stream:
            return stream.read(MOST_BYTES + 1)  # enough to be told that it is too large
    except OSError as error:
        detail = error.strerror or str(error)
        raise ReportError.of("logo-unreadable", Place(file=name), detail=detail) from error


def with_logo(document: Document, logo: bytes | None) -> Document:
    """Return a document whose cover shows the logo."""
    if logo is None:
        return document
    blocks = (
        replace(block, logo=logo) if isinstance(block, Cover) else block
        for block in document.blocks
    )
    return replace(document, blocks=tuple(blocks))
