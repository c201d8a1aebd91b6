"""Read PDFs back: text, fonts, outline, links and what is drawn where."""

from __future__ import annotations

import ctypes
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2 as pdfium
from pypdfium2 import raw

TOUCH = 0.8  # points: neighbours of one line may come so near


def text(path: Path) -> list[str]:
    """The text of each page, line ends as spaces."""
    document = pdfium.PdfDocument(path)
    return [
        page.get_textpage().get_text_bounded().replace("\r\n", " ").replace("\n", " ")
        for page in document
    ]


def flat(path: Path) -> str:
    """All text without any space, as Chinese is compared best."""
    return "".join("".join(text(path)).split())


def fonts(path: Path) -> dict[str, bool]:
    """Every font that shows text, and whether it is embedded."""
    found: dict[str, bool] = {}
    document = pdfium.PdfDocument(path)
    for page in document:
        for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
            font = raw.FPDFTextObj_GetFont(item)
            buffer = ctypes.create_string_buffer(200)
            raw.FPDFFont_GetBaseFontName(font, buffer, 200)
            found[buffer.value.decode()] = bool(raw.FPDFFont_GetIsEmbedded(font))
    return found


def sizes(path: Path) -> set[float]:
    """The sizes of all text, in points."""
    found = set()
    for page in pdfium.PdfDocument(path):
        for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
            size = ctypes.c_float()
            raw.FPDFTextObj_GetFontSize(item, size)
            found.add(round(size.value, 2))
    return found


def outline(path: Path) -> list[tuple[int, str, int]]:
    """Level, title and page of each bookmark."""
    document = pdfium.PdfDocument(path)
    return [
        (item.level, item.get_title(), item.get_dest().get_index()) for item in document.get_toc()
    ]


def links(path: Path) -> list[tuple[int, int]]:
    """The page of each link and the page it leads to, -1 for nowhere."""
    document = pdfium.PdfDocument(path)
    found = []
    for number, page in enumerate(document):
        position, link = ctypes.c_int(0), raw.FPDF_LINK()
        while raw.FPDFLink_Enumerate(page, position, link):
            dest = raw.FPDFLink_GetDest(document, link)
            target = raw.FPDFDest_GetDestPageIndex(document, dest) if dest else -1
            found.append((number, target))
    return found


def ink(path: Path, scale: float = 1.0) -> list[list[tuple[int, int, int, int]]]:
    """The bounding box of each page's marks, apart from those of header and footer.

    In pixels of the scaled page: left, top, right, bottom.
    """
    from PIL import Image, ImageChops

    boxes = []
    document = pdfium.PdfDocument(path)
    for page in document:
        picture = page.render(scale=scale).to_pil().convert("L")
        blank = Image.new("L", picture.size, 255)
        boxes.append((picture.size, ImageChops.difference(picture, blank)))
    return boxes


def misplaced(path: Path, measure: tuple[float, float, float, float]) -> list[str]:
    """What is wrong with where texts stand: outside a measure, or one upon another.

    ``measure`` is left, top, right and bottom, in points; neighbours may touch.
    """
    found = []
    for number, page in enumerate(pdfium.PdfDocument(path), start=1):
        items = list(page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]))
        if not items:
            continue
        left, bottom, right, top = np.array([item.get_bounds() for item in items]).T
        top, bottom = page.get_height() - top, page.get_height() - bottom
        beyond = (left < measure[0]) | (top < measure[1])
        beyond |= (right > measure[2]) | (bottom > measure[3])
        across = np.minimum.outer(right, right) - np.maximum.outer(left, left)
        down = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
        over = np.nonzero(np.triu((across > TOUCH) & (down > TOUCH), 1))
        words = page.get_textpage()
        pairs = [
            (_said(items[a], words), _said(items[b], words)) for a, b in zip(*over, strict=True)
        ]
        found += [f"page {number}: {a!r} upon {b!r}" for a, b in pairs if a and b]
        alone = [_said(items[index], words) for index in np.nonzero(beyond)[0]]
        found += [f"page {number}: {text!r} outside" for text in alone if text]
    return found


def _said(item: pdfium.PdfObject, words: pdfium.PdfTextPage) -> str:
    """The words of a text, without the spaces around them."""
    size = raw.FPDFTextObj_GetText(item, words, None, 0)
    buffer = (ctypes.c_ushort * (size // 2))()
    raw.FPDFTextObj_GetText(item, words, buffer, size)
    return bytes(buffer).decode("utf-16-le").rstrip("\0").strip()


def source(path: Path) -> bytes:
    """The file with nothing compressed."""
    plain = io.BytesIO()
    with pikepdf.open(path) as pdf:
        pdf.save(plain, qdf=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return plain.getvalue()


def elements(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Dictionary]:
    """Every element of the structure, in reading order."""
    waiting = [pdf.Root.StructTreeRoot.K]
    while waiting:
        item = waiting.pop()
        if isinstance(item, pikepdf.Array):
            waiting += reversed(list(item))
        elif isinstance(item, pikepdf.Dictionary) and "/S" in item:
            yield item
            waiting.append(item.get("/K", 0))
