"""Write a document as an archival PDF.

The document is checked, laid out, drawn once and then made archival; the same document gives the
same bytes.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from clinval.core.files import whole
from clinval.report import blocks as b
from clinval.report.pdf import fonts, logo
from clinval.report.pdf.archiving import archive
from clinval.report.pdf.cover import CoverBox
from clinval.report.pdf.furniture import draw_marks, draw_running
from clinval.report.pdf.layout import lay_out, page_anchor
from clinval.report.pdf.styles import MARGIN, styles
from clinval.report.pdf.surface import Surface

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from clinval.report.pdf.layout import Layout
    from clinval.report.pdf.styles import Styles

__all__ = ["write"]

# What a document says about itself but never prints.
_UNPRINTED = frozenset(
    (
        "align", "alternative", "anchor", "archive", "author", "language", "record", "records",
        "scale", "shade", "slot", "spoken", "style", "tone", "type_sizes",
    )
)  # fmt: skip


def write(document: b.Document, path: Path) -> int:
    """Write a document to a PDF file, whole or not at all, and return the number of its pages.

    Parameters
    ----------
    document
        What to print.
    path
        The file; its folder is made if need be.

    Raises
    ------
    ReportError
        When a character is in none of the fonts (``glyph-missing``), once for all of them, or the
        logo cannot be drawn (``logo-no-image``, ``logo-too-large``).
    """
    fonts.check(_printed(document), document.title)
    logo.check(document)
    look = styles(document.language, document.type_sizes)
    layout = lay_out(document, look)
    with whole(path) as part:
        with part.open("wb") as stream:
            _draw(document, layout, look, stream)
        archive(part, document)
    return len(layout.pages)


def _draw(document: b.Document, layout: Layout, look: Styles, stream: BinaryIO) -> None:
    """Draw every page."""
    surface = Surface(
        stream,
        language=document.language,
        pages=layout.anchors,
        page_count=len(layout.pages),
        language_tag=document.language_tag,
    )
    for number, page in enumerate(layout.pages, start=1):
        if page_anchor(number) in layout.anchors:
            surface.anchor(page_anchor(number), MARGIN)
        if any(isinstance(box, CoverBox) for _, box in page.boxes):
            draw_marks(surface, document, look.mark)
        else:
            draw_running(surface, document, look)
        for top, box in page.boxes:
            box.draw(surface, MARGIN, MARGIN + top)
        surface.next_page()
    surface.save()


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
