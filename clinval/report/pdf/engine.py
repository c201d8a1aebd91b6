"""What the writer needs of reportlab beyond its public canvas; nothing else reaches inside it."""

from __future__ import annotations

import hashlib
import re
import time
from typing import TYPE_CHECKING, Any

from clinval.report.pdf import fonts
from clinval.report.pdf.archiving import MOMENT
from clinval.report.pdf.styles import PAGE_HEIGHT, PAGE_WIDTH
from clinval.report.pdf.tags import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from clinval.report.pdf.tags import Tags

__all__ = ["add_link", "finish", "new_canvas", "write_operators"]

# ruff: noqa: SLF001 - that is what this file is for

_RARE = re.compile(r"<([0-9A-F]{5,6})>")


def new_canvas(stream: BinaryIO, language_tag: str) -> Any:
    """Return the canvas of a new document that will be written to a stream."""
    from reportlab.pdfgen.canvas import Canvas

    canvas: Any = Canvas(
        stream,
        pagesize=(PAGE_WIDTH, PAGE_HEIGHT),
        pageCompression=1,
        invariant=1,
        pdfVersion=(1, 7),
        initialFontName=fonts.face(),  # otherwise every page names Helvetica
        lang=language_tag,
    )
    _stop_clock(canvas._doc)
    canvas.setViewerPreference("DisplayDocTitle", "true")
    canvas.showOutline()
    return canvas


def _stop_clock(document: Any) -> None:
    """Date a document like every other, whatever the clock and the environment say."""
    stamp = document._timeStamp
    stamp.t, stamp.tzname, stamp.dhh, stamp.dmm = float(MOMENT), "UTC", 0, 0
    stamp.lt = time.gmtime(MOMENT)
    stamp.YMDhms = tuple(stamp.lt)[:6]
    document.signature = hashlib.md5(usedforsecurity=False)


def write_operators(canvas: Any, operators: Iterable[str]) -> None:
    """Write operators into the page's stream."""
    canvas._code.extend(operators)


def add_link(
    canvas: Any,
    name: str,
    anchor: str,
    area: tuple[float, float, float, float],
    *,
    says: str,
    parent: int,
) -> None:
    """Add a link to an anchor; ``parent`` is its number among what the structure holds."""
    from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFString

    annotation = PDFDictionary(
        {
            "Type": "/Annot", "Subtype": "/Link", "F": 4, "Border": "[0 0 0]",
            "Rect": PDFArray(area), "Contents": PDFString(says), "StructParent": parent,
            "Dest": canvas._bookmarkReference(anchor),
        }
    )  # fmt: skip
    canvas._addAnnotation(annotation, name)  # linkRect knows no StructParent


def finish(canvas: Any, tags: Tags) -> None:
    """Write the structure and save the file."""
    from reportlab.pdfbase.pdfdoc import (
        PDFDictionary,
        PDFObjectReference,
        PDFStream,
        PDFZCompress,
    )

    document = canvas._doc
    pages = document.Pages.pages
    for page in pages:
        page.Trans = None  # an empty transition, which checkers object to
        document.updateSignature(page.stream)  # another content is another document
        # Compressed only: as text, reportlab's own choice, a page is a quarter larger.
        page.Contents = PDFStream(content=page.stream, filters=[PDFZCompress])
    tags.write(document, pages)
    document.Catalog.MarkInfo = PDFDictionary({"Marked": "true"})
    document.Catalog.StructTreeRoot = PDFObjectReference(ROOT)
    _name_rare_characters(document)
    canvas.save()


def _name_rare_characters(document: Any) -> None:
    """Write the characters beyond U+FFFF as a reader of PDFs expects them, in two halves.

    reportlab writes their numbers whole, and a name copied from the page would be another one.
    """
    for font in document.delayedFonts:
        font.addObjects(document)
    document.delayedFonts = []
    for name, table in document.idToObject.items():
        if name.startswith("toUnicodeCMap:"):
            table.content = _RARE.sub(_halves, table.content)


def _halves(found: re.Match[str]) -> str:
    return f"<{chr(int(found[1], 16)).encode('utf-16-be').hex().upper()}>"
