"""Lay out a whole document: every box on its page, before anything is drawn.

A table may name the pages on which its records are printed. What stands before it is laid out
first, then the table with these pages in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count, groupby, zip_longest
from typing import TYPE_CHECKING

from clinval.report import blocks as b
from clinval.report.pdf.boxes import Box, Break, Page, paginate
from clinval.report.pdf.cards import key_figures
from clinval.report.pdf.contents import contents
from clinval.report.pdf.cover import cover
from clinval.report.pdf.figure import figure
from clinval.report.pdf.flow import bullets, callout, heading, not_supplied, paragraph
from clinval.report.pdf.questions import questions
from clinval.report.pdf.styles import HEIGHT, Styles
from clinval.report.pdf.tables import facts, table
from clinval.report.pdf.words import Words, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Layout", "lay_out", "page_anchor"]

_TRIES = 4  # the pages that a table names may move what stands behind it
_RANGE = 3  # so many pages in a row are named by the first and the last


@dataclass(frozen=True, slots=True)
class Layout:
    """The pages of a document, and the page of each anchor that they define."""

    pages: Sequence[Page]
    anchors: Mapping[str, int]


def lay_out(document: b.Document, styles: Styles) -> Layout:
    """Lay out a document on its pages."""
    head, tail = _parted(document.blocks)
    begun = paginate(_boxes(head, document, styles, count(1), count(1)), HEIGHT) if head else []
    pages, found = begun, _pages_of_records(begun)
    for _ in range(_TRIES if tail else 0):
        named = tuple(_naming_pages(block, found, words(document.language)) for block in tail)
        numbers = (count(1 + _count(kind, head)) for kind in (b.Table, b.Figure))
        pages = paginate(_boxes(named, document, styles, *numbers), HEIGHT, begun)
        before, found = found, _pages_of_records(pages)
        if found == before:
            break
    anchors = {
        anchor: number
        for number, page in reversed(list(enumerate(pages, start=1)))
        for _, box in page.boxes
        for anchor in box.anchors()
    }
    if tail:
        named_pages = {number for numbers in found.values() for number in numbers}
        anchors |= {page_anchor(number): number for number in named_pages}
    return Layout(pages or [Page()], anchors)


def page_anchor(number: int) -> str:
    """Return the anchor of a whole page."""
    return f"page:{number}"


def _parted(blocks: tuple[b.Block, ...]) -> tuple[tuple[b.Block, ...], tuple[b.Block, ...]]:
    """Cut before the first table that names pages, and before the headings above it."""
    cut = next((index for index, block in enumerate(blocks) if _names_pages(block)), len(blocks))
    while 0 < cut < len(blocks) and isinstance(blocks[cut - 1], b.Heading | b.PageBreak):
        cut -= 1
    return blocks[:cut], blocks[cut:]


def _names_pages(block: b.Block) -> bool:
    return isinstance(block, b.Table) and any(
        isinstance(run, b.PagesOf)
        for row in block.rows
        for cell in row.cells
        if isinstance(cell, tuple)
        for run in cell
    )


def _count(kind: type, blocks: Sequence[b.Block]) -> int:
    return sum(isinstance(block, kind) for block in blocks)


def _pages_of_records(pages: Sequence[Page]) -> dict[str, tuple[int, ...]]:
    """Return the pages on which each record is printed or drawn."""
    found: dict[str, dict[int, None]] = {}
    for number, page in enumerate(pages, start=1):
        for _, box in page.boxes:
            for record in box.records():
                found.setdefault(record, {})[number] = None
    return {record: tuple(numbers) for record, numbers in found.items()}


def _naming_pages(block: b.Block, found: Mapping[str, tuple[int, ...]], own: Words) -> b.Block:
    """Return a block with the pages in the place of what stands for them."""
    if not _names_pages(block) or not isinstance(block, b.Table):
        return block

    def named(cell: b.Rich) -> b.Rich:
        if not isinstance(cell, tuple):
            return cell
        row: list[b.Run] = []
        for run in cell:
            row += _listed(found.get(run.record, ()), own) if isinstance(run, b.PagesOf) else [run]
        return tuple(row)

    rows = (replace(row, cells=tuple(map(named, row.cells))) for row in block.rows)
    return replace(block, rows=tuple(rows))


def _listed(pages: Sequence[int], own: Words) -> list[b.Run]:
    """Return pages as links, shortened: 3, 12-14, 40."""
    row: list[b.Run] = []
    for _, group in groupby(enumerate(pages), key=lambda pair: pair[1] - pair[0]):
        numbers = [b.PageOf(page_anchor(number), str(number)) for _, number in group]
        if len(numbers) >= _RANGE:
            row += [own.comma, numbers[0], own.up_to, numbers[-1]]
        else:
            row += [run for number in numbers for run in (own.comma, number)]
    return row[1:]


def _boxes(
    blocks: Sequence[b.Block],
    document: b.Document,
    styles: Styles,
    tables: Iterator[int],
    figures: Iterator[int],
) -> Iterator[Box]:
    """Turn every block into boxes, numbering tables and figures on the way."""
    language = document.language
    for block, following in zip_longest(blocks, blocks[1:]):
        match block:
            case b.Paragraph() if isinstance(following, b.Bullets):
                *boxes, last = paragraph(block, styles, language)
                last.keep = True  # what introduces a list stands on its page
                yield from (*boxes, last)
            case b.Heading():
                yield from heading(block, styles, language)
            case b.Paragraph():
                yield from paragraph(block, styles, language)
            case b.Bullets():
                yield from bullets(block, styles, language)
            case b.NotSupplied():
                yield from not_supplied(block, styles, language)
            case b.Callout():
                yield from callout(block, styles, language)
            case b.KeyFigures():
                yield from key_figures(block, styles, language)
            case b.Facts():
                yield from facts(block, styles, language)
            case b.Table():
                yield from table(block, next(tables), styles, language)
            case b.Figure():
                yield from figure(block, next(figures), styles, language)
            case b.Questions():
                yield from questions(block, styles, language)
            case b.Cover():
                yield from cover(block, styles, language, document.author)
            case b.Contents():
                headings = (other for other in document.blocks if isinstance(other, b.Heading))
                yield from contents(block, headings, styles, language)
            case b.PageBreak():
                yield Break()
