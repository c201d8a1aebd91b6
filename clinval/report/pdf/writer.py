"""Write a document as an archival PDF.

The document is checked, laid out, drawn once and then made archival; the same document gives the
same bytes.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING

from clinval.core.files import whole
from clinval.report import blocks as b
from clinval.report.pdf import archiving, fonts
from clinval.report.pdf.boxes import Box, Break, paginate
from clinval.report.pdf.cards import key_figures
from clinval.report.pdf.contents import contents
from clinval.report.pdf.cover import CoverBox, cover
from clinval.report.pdf.figure import figure
from clinval.report.pdf.flow import bullets, callout, heading, not_supplied, paragraph
from clinval.report.pdf.furniture import draw_marks, draw_running
from clinval.report.pdf.styles import HEIGHT, MARGIN, Styles, styles
from clinval.report.pdf.surface import Surface
from clinval.report.pdf.tables import facts, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["write"]

# What a document says about itself but never prints.
_UNPRINTED = frozenset(
    (
        "align", "alternative", "anchor", "archive", "author", "language", "record", "records",
        "scale", "shade", "slot", "style", "tone", "type_sizes",
    )
)  # fmt: skip


def write(document: b.Document, path: Path) -> None:
    """Write a document to a PDF file, whole or not at all.

    Parameters
    ----------
    document
        What to print.
    path
        The file; its folder is made if need be.

    Raises
    ------
    ReportError
        When a character is in none of the fonts (``glyph-missing``), once for all of them.
    """
    fonts.check(_printed(document), document.title)
    look = styles(document.language, document.type_sizes)
    pages = paginate(_boxes(document, look), HEIGHT)
    numbers = {
        anchor: number
        for number, page in reversed(list(enumerate(pages, start=1)))
        for _, box in page.boxes
        for anchor in box.anchors()
    }
    drawn = BytesIO()
    surface = Surface(
        drawn,
        language=document.language,
        targets=frozenset(numbers),
        pages=numbers,
        page_count=len(pages),
    )
    for page in pages:
        if any(isinstance(box, CoverBox) for _, box in page.boxes):
            draw_marks(surface, document, look.mark)
        else:
            draw_running(surface, document, look)
        for top, box in page.boxes:
            box.draw(surface, MARGIN, MARGIN + top)
        surface.next_page()
    surface.save()
    with whole(path) as part:
        archiving.save(drawn, part, document)


def _printed(value: object) -> Iterator[str]:
    """Yield every string of a document that is drawn."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _printed(item)
    elif is_dataclass(value):
        skip = _UNPRINTED | ({"title"} if isinstance(value, b.Document) else frozenset())
        for field in fields(value):
            if field.name not in skip:
                yield from _printed(getattr(value, field.name))


def _boxes(document: b.Document, look: Styles) -> Iterator[Box]:
    """Turn every block into boxes, numbering tables and figures on the way."""
    language = document.language
    tables, figures = count(1), count(1)
    for block in document.blocks:
        match block:
            case b.Heading():
                yield from heading(block, look, language)
            case b.Paragraph():
                yield from paragraph(block, look, language)
            case b.Bullets():
                yield from bullets(block, look, language)
            case b.NotSupplied():
                yield from not_supplied(block, look, language)
            case b.Callout():
                yield from callout(block, look, language)
            case b.KeyFigures():
                yield from key_figures(block, look, language)
            case b.Facts():
                yield from facts(block, look, language)
            case b.Table():
                yield from table(block, next(tables), look, language)
            case b.Figure():
                yield from figure(block, next(figures), look, language)
            case b.Cover():
                yield from cover(block, look, language)
            case b.Contents():
                headings = (other for other in document.blocks if isinstance(other, b.Heading))
                yield from contents(block, headings, look, language)
            case b.PageBreak():
                yield Break()
