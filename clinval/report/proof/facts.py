"""What a PDF is and has, as far as those who take submissions ask."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinval.report.proof.extras import Over, extras
from clinval.report.proof.files import opened
from clinval.report.proof.ink import Ink, ink_of
from clinval.report.proof.reading import read

__all__ = ["Facts", "facts_of"]

_FIRST = 10  # pages among which a table of contents is looked for
_PART = re.compile(rb"pdfaid:part(?:=[\"']|[^>]*>)\s*(\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a PDF is and has.

    Attributes
    ----------
    name, size
        The name without folders, and the number of bytes.
    version, archive
        The version of PDF, and the part of PDF/A that it says it keeps to, if any.
    mode
        How it opens: ``UseOutlines`` shows bookmarks.
    linked
        Whether a link leads from one of the first pages to another place in it.
    scripts
        Where there is JavaScript.
    pages, inks
        The text of each page, and what is drawn on it.
    """

    name: str
    size: int
    version: str
    archive: str
    encrypted: bool
    bookmarks: bool
    mode: str
    linked: bool
    attached: tuple[str, ...]
    scripts: tuple[str, ...]
    over: tuple[Over, ...]
    signatures: int
    pages: tuple[str, ...]
    inks: tuple[Ink, ...]


def facts_of(path: Path, name: str) -> Facts:
    """Return what a PDF is and has.

    Raises
    ------
    ReportError
        When it cannot be read.
    """
    reading, more = read(path, name), extras(path, name)
    with opened(path, name) as pdf:
        fonts: dict[tuple[int, int], Any] = {}
        return Facts(
            name=Path(name).name,
            size=path.stat().st_size,
            version=str(pdf.pdf_version),
            archive=_archive(pdf),
            encrypted=bool(pdf.is_encrypted),
            bookmarks="/First" in pdf.Root.get("/Outlines", {}),
            mode=str(pdf.Root.get("/PageMode", "")).removeprefix("/"),
            linked=any(_leads_on(link) for page in pdf.pages[:_FIRST] for link in _links(page)),
            attached=tuple(more.attached),
            scripts=tuple(dict.fromkeys(_scripts(pdf))),
            over=more.over,
            signatures=more.signatures,
            pages=reading.pages,
            inks=tuple(ink_of(page, fonts) for page in pdf.pages),
        )


def _archive(pdf: Any) -> str:
    stream = pdf.Root.get("/Metadata")
    found = _PART.search(stream.read_bytes()) if stream is not None else None
    return found[1].decode() if found else ""


def _links(page: Any) -> list[Any]:
    return [note for note in page.obj.get("/Annots", []) if note.get("/Subtype") == "/Link"]


def _leads_on(link: Any) -> bool:
    return "/Dest" in link or link.get("/A", {}).get("/S") == "/GoTo"


def _scripts(pdf: Any) -> list[str]:
    """Return where there is JavaScript: of the file, of pages, of annotations and fields."""
    import pikepdf

    root = pdf.Root
    found = ["Names"] if "/JavaScript" in root.get("/Names", {}) else []
    holders = [("OpenAction", root.get("/OpenAction")), *_actions("AA", root)]
    for number, page in enumerate(pdf.pages, start=1):
        holders += _actions(f"page {number}", page.obj)
        for note in page.obj.get("/Annots", []):
            holders += [(f"page {number}", note.get("/A")), *_actions(f"page {number}", note)]
    for entry in root.get("/AcroForm", {}).get("/Fields", []):
        holders += [("AcroForm", entry.get("/A")), *_actions("AcroForm", entry)]
    return found + [
        place
        for place, action in holders
        if isinstance(action, pikepdf.Dictionary) and action.get("/S") == "/JavaScript"
    ]


def _actions(place: str, holder: Any) -> list[tuple[str, Any]]:
    actions = holder.get("/AA", {})
    return [(place, actions[name]) for name in actions.keys()]  # noqa: SIM118 - no Python mapping
