"""Break tables into lines: captions, columns as wide as their words need, rows and notes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clinval.report.blocks import Number, Strong
from clinval.report.pdf.grid import (
    Columns,
    GridRow,
    Rows,
    cut_tall,
    least_width,
    plan_row,
    widest,
    widths,
)
from clinval.report.pdf.styles import WIDTH, Style, Styles
from clinval.report.pdf.text import Line, around_point, lay, longest_word, natural_width
from clinval.report.pdf.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.report.blocks import Rich, Row, Table

__all__ = ["CAPTION_GAP", "EDGE", "GUTTER", "NOTE_GAP", "Plan", "captions", "plans"]

GUTTER = 10.0  # between columns
EDGE = 3.0  # between the ends of the rules and the text
CAPTION_GAP = 4.0
NOTE_GAP = 4.0
_INDENT = 10.0
_FEW = 3  # columns; a table of so few is never divided by columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A table that has been broken into lines; its parts share it."""

    key: object
    anchor: str
    captions: tuple[tuple[Line, ...], tuple[Line, ...]]  # of the first part, of the others
    caption_style: Style
    columns: Columns
    head_columns: Columns
    head: GridRow
    rows: Rows
    notes: tuple[tuple[Line, ...], ...]
    note_style: Style
    further: bool = False  # the columns that did not fit beside those of an earlier part

    @property
    def notes_height(self) -> float:
        """The height of the notes, with the space above them."""
        lines = sum(map(len, self.notes))
        return NOTE_GAP + lines * self.note_style.leading if lines else 0.0

    def frame(self, start: int) -> float:
        """Return the height of everything but the rows."""
        caption = len(self.captions[bool(start)]) * self.caption_style.leading + CAPTION_GAP
        return caption + self.head.height + self.notes_height + 2.0


def captions(
    kind: str, number: int, text: str, styles: Styles, language: str
) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Return the lines of a caption, and those of it where the table or figure goes on."""
    own = words(language)
    first, further = (
        lay(
            (Strong(own.number(kind, number, continued=continued)), f"\u2002{text}"),
            styles.caption,
            WIDTH,
            language,
        )
        for continued in (False, True)
    )
    return first, further


def plans(block: Table, number: int, styles: Styles, language: str) -> list[Plan]:
    """Break a table into lines: one after the other where its columns do not fit side by side."""
    texts = [_cells(row, records=_holds_records(block))[0] for row in block.rows]
    style = styles.dense if block.dense else styles.cell
    least = _least(block, texts, style, language)
    room = _room(len(block.columns))
    if style is not styles.dense and sum(least) > room:
        style = styles.dense  # sooner than in parts
        least = _least(block, texts, style, language)
    if sum(least) <= room or len(block.columns) <= _FEW or _holds_records(block):
        return [_plan(block, number, style, least, styles, language)]
    first, *others = (
        _plan(_part(block, group), number, style, [least[one] for one in group], styles, language)
        for group in _groups(least)
    )
    again = first.captions[1]
    return [
        first,
        *(replace(other, anchor="", captions=(again, again), further=True) for other in others),
    ]


def _groups(least: Sequence[float]) -> list[list[int]]:
    """Divide columns into groups of like width that fit; the first column stands in each."""
    needs = [need + GUTTER for need in least]
    room = _room(1) + GUTTER - needs[0]
    fair = sum(needs[1:]) / -int(-sum(needs[1:]) // room)
    groups, filled = [[0]], 0.0
    for index, need in enumerate(needs[1:], 1):
        if filled and (filled + need / 2 > fair or filled + need > room):
            groups.append([0])
            filled = 0.0
        groups[-1].append(index)
        filled += need
    return groups


def _part(block: Table, group: Sequence[int]) -> Table:
    """Return some of the columns of a table."""
    return replace(
        block,
        columns=tuple(block.columns[index] for index in group),
        rows=tuple(
            replace(row, cells=tuple(row.cells[index] for index in group)) for row in block.rows
        ),
    )


def _plan(
    block: Table, number: int, style: Style, least: Sequence[float], styles: Styles, language: str
) -> Plan:
    """Break a table, or a part of one, into lines of so small a type."""
    described = [_cells(row, records=_holds_records(block)) for row in block.rows]
    texts_of_rows = [texts for texts, _ in described]
    padding = 1.3 if block.dense else 2.6
    columns = _columns(block, texts_of_rows, least, style, language)
    bold = tuple(cell.but(bold=True) for cell in columns.styles)
    heads = replace(columns, styles=bold, behind=())
    cells, height = plan_row(
        [column.header for column in block.columns], heads, language, padding=padding
    )
    rows: list[GridRow] = []
    for index, (row, (texts, found)) in enumerate(zip(block.rows, described, strict=True)):
        whole = _plan_row(row, texts, columns, language, padding)
        whole = replace(whole, found=found, band=index % 2 == 1)
        rows += cut_tall(whole, style.leading)
    return Plan(
        key=object(),
        anchor=block.anchor,
        captions=captions(words(language).table, number, block.caption, styles, language),
        caption_style=styles.caption,
        columns=columns,
        head_columns=heads,
        head=GridRow(cells=cells, height=height, lead=padding),
        rows=Rows(rows),
        notes=tuple(lay(note, styles.note, WIDTH, language) for note in block.notes),
        note_style=styles.note,
    )


def _holds_records(block: Table) -> bool:
    return block.anchor == "records" or block.anchor.startswith("records.")


def _cells(row: Row, *, records: bool) -> tuple[tuple[Rich, ...], tuple[str, ...]]:
    """Return the cells of a row, and the records it describes if it is the place to find them."""
    cells, found = list(row.cells), list(row.records if records else ())
    for index, cell in enumerate(cells if records else ()):
        run = cell[0] if isinstance(cell, tuple) and len(cell) == 1 else None
        if isinstance(run, Number) and (not index or run.text == run.record):
            cells[index] = run.text
            found.append(run.record)
    return tuple(cells), tuple(found)


def _plan_row(
    row: Row, texts: Sequence[Rich], columns: Columns, language: str, padding: float
) -> GridRow:
    """Break a row into lines."""
    indent = row.indent * _INDENT
    cells, height = plan_row(
        texts, columns, language, padding=padding, indent=indent, bold=row.summary
    )
    return GridRow(
        cells=cells,
        height=height,
        lead=padding,
        summary=row.summary,
        indent=indent,
        joined=row.indent > 0,
    )


def _room(count: int) -> float:
    """Return the width that so many columns share."""
    return WIDTH - 2 * EDGE - GUTTER * (count - 1)


def _least(
    block: Table, rows: Sequence[Sequence[Rich]], style: Style, language: str
) -> list[float]:
    """Return the width of each column under which its words would be broken."""
    count = len(block.columns)
    room = _room(count)
    most = room * (0.34 if count > 3 else 0.5) if count > 1 else room
    bold = style.but(bold=True)
    least = []
    for index, column in enumerate(block.columns):
        plain, strong = _texts(block, rows, index)
        word = longest_word(column.header, bold, language)
        need = max(least_width(plain, style, language), least_width(strong, bold, language))
        least.append(min(max(word, need + _indent(block, index)), most))
    return least


def _texts(
    block: Table, rows: Sequence[Sequence[Rich]], index: int
) -> tuple[list[Rich], list[Rich]]:
    """Return the texts of a column in plain and in bold type."""
    pairs = list(zip(rows, block.rows, strict=True))
    return (
        [texts[index] for texts, row in pairs if not row.summary],
        [texts[index] for texts, row in pairs if row.summary],
    )


def _indent(block: Table, index: int) -> float:
    """Return how far the first column is indented at most; the others are not."""
    return 0.0 if index else max((row.indent for row in block.rows), default=0) * _INDENT


def _columns(
    block: Table,
    rows: Sequence[Sequence[Rich]],
    least: Sequence[float],
    style: Style,
    language: str,
) -> Columns:
    """Return the columns, as the shares say and as the words need."""
    bold = style.but(bold=True)
    natural: list[float] = []
    behind: list[float | None] = []
    for index, column in enumerate(block.columns):
        plain, strong = _texts(block, rows, index)
        word = longest_word(column.header, bold, language)
        head = natural_width(column.header, bold, language)
        wish = max(widest(plain, style, language), widest(strong, bold, language))
        points = [
            found
            for texts, own in ((plain, style), (strong, bold))
            for text in texts
            if column.align == "decimal" and (found := around_point(text, own, language))
        ]
        behind.append(max((point[1] for point in points), default=None))
        if points:
            wish = max(wish, max(point[0] for point in points) + (behind[-1] or 0.0))
        natural.append(max(wish + _indent(block, index), min(head, max(word, head / 1.7))))
    wide = widths(
        [column.share for column in block.columns], least, natural, _room(len(block.columns))
    )
    lefts = [EDGE]
    for width in wide[:-1]:
        lefts.append(lefts[-1] + width + GUTTER)
    return Columns(
        lefts=tuple(lefts),
        widths=wide,
        styles=tuple(
            style.but(align="right" if column.align == "decimal" else column.align)
            for column in block.columns
        ),
        behind=tuple(behind),
    )
