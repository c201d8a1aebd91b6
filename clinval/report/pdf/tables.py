"""Tables and facts: three rules, repeated headers and notes, nothing outside its column."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clinval.report.blocks import Number, Strong
from clinval.report.pdf.boxes import Box
from clinval.report.pdf.flow import TextBox
from clinval.report.pdf.grid import (
    Columns,
    GridRow,
    Rows,
    cut_tall,
    draw_cells,
    least_width,
    plan_row,
    widest,
    widths,
)
from clinval.report.pdf.styles import HAIR, HEIGHT, MUTED, RULE, TINT, WIDTH, Style, Styles
from clinval.report.pdf.tags import COLUMN, ROW
from clinval.report.pdf.text import Line, around_point, lay, longest_word, natural_width, records
from clinval.report.pdf.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clinval.report.blocks import Facts, Rich, Row, Table
    from clinval.report.pdf.surface import Surface

__all__ = ["FactsBox", "TableBox", "captions", "facts", "table"]

_GUTTER = 10.0  # between columns
_EDGE = 3.0  # between the ends of the rules and the text
_INDENT = 10.0
_WHOLE = 0.5  # of a page: a lower table is kept in one piece
_TOGETHER = 0.3  # of a page: a lower list of facts is kept in one piece
_LONG_NOTES = 0.33  # of a page
_BEGIN = 4  # rows
_BANDED = 15  # a table with more rows is banded
_CAPTION_GAP = 4.0
_NOTE_GAP = 4.0
_THICK, _THIN = 0.9, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
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

    @property
    def notes_height(self) -> float:
        lines = sum(map(len, self.notes))
        return _NOTE_GAP + lines * self.note_style.leading if lines else 0.0

    def frame(self, start: int) -> float:
        """Return the height of everything but the rows."""
        caption = len(self.captions[bool(start)]) * self.caption_style.leading + _CAPTION_GAP
        return caption + self.head.height + self.notes_height + 2.0


class TableBox(Box):
    """The rows of a table from ``start`` up to ``end``, with caption, header and notes."""

    before = 10.0
    after = 14.0

    def __init__(self, plan: _Plan, start: int, end: int) -> None:
        self._plan, self._start, self._end = plan, start, end
        self.height = plan.frame(start) + plan.rows.height(start, end)

    @property
    def least(self) -> float:
        """A short table is not cut; a long one begins with a few rows at least."""
        if self.height <= HEIGHT * _WHOLE:
            return self.height
        rows = self._plan.rows
        first = min(self._start + _BEGIN, self._end)
        while first < self._end and rows.rows[first].joined and first < self._start + 2 * _BEGIN:
            first += 1
        return self._plan.frame(self._start) + rows.height(self._start, first)

    def split(self, room: float) -> tuple[Box, Box] | None:
        """Cut between rows."""
        cut = self._plan.rows.cut(self._start, room - self._plan.frame(self._start))
        if not self._start < cut < self._end:
            return None
        return TableBox(self._plan, self._start, cut), TableBox(self._plan, cut, self._end)

    def anchors(self) -> Iterable[str]:
        """Return the table's anchor and those of the records it describes."""
        if self._plan.anchor and not self._start:
            yield self._plan.anchor
        for row in self._plan.rows.rows[self._start : self._end]:
            yield from (f"rec:{record}" for record in row.found)

    def records(self) -> Iterable[str]:
        """Return the records of the numbers in its rows, and in its notes where they are new."""
        rows = self._plan.rows.rows[self._start : self._end]
        notes = () if self._start else self._plan.notes
        return records(*(cell for row in rows for cell in row.cells), *notes)

    def draw(self, surface: Surface, x: float, top: float) -> None:
        """Draw caption, header, rows, rules and notes."""
        plan = self._plan
        if plan.anchor and not self._start:
            surface.anchor(plan.anchor, top)
        with surface.element("Table", key=plan.key):
            y = self._draw_head(surface, x, top)
            y = self._draw_rows(surface, x, y + 1.0)
        surface.rule(x, y + 1.0, x + WIDTH, y + 1.0, color=RULE, width=_THICK)
        y += 1.0 + _NOTE_GAP
        for note in plan.notes:
            with surface.decoration() if self._start else surface.element("P"):
                y = surface.lines(x, y, WIDTH, note, plan.note_style)

    def _draw_head(self, surface: Surface, x: float, top: float) -> float:
        """Draw caption and header: on further pages they are no new content."""
        plan = self._plan
        caption = plan.captions[bool(self._start)]
        with surface.decoration() if self._start else surface.element("Caption"):
            y = surface.lines(x, top, WIDTH, caption, plan.caption_style) + _CAPTION_GAP
        surface.rule(x, y, x + WIDTH, y, color=RULE, width=_THICK)
        with surface.decoration() if self._start else nullcontext():
            draw_cells(
                surface, plan.head_columns, plan.head, x, y,
                bottom_aligned=True, tags=("TH", "TH"), attributes=COLUMN,
            )  # fmt: skip
        y += plan.head.height
        surface.rule(x, y, x + WIDTH, y, color=RULE, width=_THIN)
        return y

    def _draw_rows(self, surface: Surface, x: float, y: float) -> float:
        plan = self._plan
        banded = len(plan.rows) > _BANDED
        for index in range(self._start, self._end):
            row = plan.rows.rows[index]
            if banded and row.band and not row.summary:
                surface.box(x, y, WIDTH, row.height, fill=TINT)
            if row.summary and index > self._start:
                surface.rule(x, y, x + WIDTH, y, color=MUTED, width=0.4)
            for record in row.found:
                surface.anchor(f"rec:{record}", y)
            draw_cells(surface, plan.columns, row, x, y)
            y += row.height
        return y


class FactsBox(Box):
    """Names and values with hairlines between, cut between rows."""

    before = 9.0
    after = 10.0
    padding = 3.2

    def __init__(self, columns: Columns, rows: Rows, start: int, end: int, key: object) -> None:
        self._key = key
        self._columns, self._rows, self._start, self._end = columns, rows, start, end
        self.height = rows.height(start, end)

    @property
    def least(self) -> float:
        """A short list is not cut; a long one begins with two rows at least."""
        if self.height <= HEIGHT * _TOGETHER:
            return self.height
        return self._rows.height(self._start, min(self._start + 2, self._end))

    def split(self, room: float) -> tuple[Box, Box] | None:
        """Cut between rows."""
        cut = self._rows.cut(self._start, room)
        if not self._start < cut < self._end:
            return None
        return (
            FactsBox(self._columns, self._rows, self._start, cut, self._key),
            FactsBox(self._columns, self._rows, cut, self._end, self._key),
        )

    def records(self) -> Iterable[str]:
        """Return the records of the numbers in its rows."""
        rows = self._rows.rows[self._start : self._end]
        return records(*(cell for row in rows for cell in row.cells))

    def draw(self, surface: Surface, x: float, top: float) -> None:
        """Draw the rows."""
        y = top
        width = self._columns.lefts[-1] + self._columns.widths[-1] + _EDGE
        surface.rule(x, y, x + width, y, color=HAIR, width=0.5)
        for row in self._rows.rows[self._start : self._end]:
            with surface.element("Table", key=self._key):
                draw_cells(surface, self._columns, row, x, y, tags=("TH", "TD"), attributes=ROW)
            y += row.height
            surface.rule(x, y, x + width, y, color=HAIR, width=0.5)


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


def table(block: Table, number: int, styles: Styles, language: str) -> list[Box]:
    """Return the box of a table, and those of its notes if they are too long to be repeated."""
    plan = _plan(block, number, styles, language)
    count = len(plan.rows)
    if plan.notes_height <= HEIGHT * _LONG_NOTES:
        return [TableBox(plan, 0, count)]
    body = TableBox(replace(plan, notes=()), 0, count)
    body.after = _NOTE_GAP
    return [body, *(TextBox(note, styles.note) for note in plan.notes)]


def _plan(block: Table, number: int, styles: Styles, language: str) -> _Plan:
    """Break a table into lines."""
    described = [_cells(row, records=_holds_records(block)) for row in block.rows]
    texts_of_rows = [texts for texts, _ in described]
    style, padding = (styles.dense, 1.3) if block.dense else (styles.cell, 2.6)
    least = _least(block, texts_of_rows, style, language)
    if style is not styles.dense and sum(least) > _room(block):
        style = styles.dense  # sooner than to break words
        least = _least(block, texts_of_rows, style, language)
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
    return _Plan(
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
    cells, found = list(row.cells), []
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


def _room(block: Table) -> float:
    """Return the width that the columns of a table share."""
    return WIDTH - 2 * _EDGE - _GUTTER * (len(block.columns) - 1)


def _least(
    block: Table, rows: Sequence[Sequence[Rich]], style: Style, language: str
) -> list[float]:
    """Return the width of each column under which its words would be broken."""
    room, count = _room(block), len(block.columns)
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
    wide = widths([column.share for column in block.columns], least, natural, _room(block))
    lefts = [_EDGE]
    for width in wide[:-1]:
        lefts.append(lefts[-1] + width + _GUTTER)
    return Columns(
        lefts=tuple(lefts),
        widths=wide,
        styles=tuple(
            style.but(align="right" if column.align == "decimal" else column.align)
            for column in block.columns
        ),
        behind=tuple(behind),
    )


def facts(
    block: Facts, styles: Styles, language: str, *, size: float = 0.0, width: float = WIDTH
) -> list[Box]:
    """Return the box of a list of facts."""
    style = styles.cell.but(size=size or styles.cell.size)
    names = style.but(color=MUTED)
    total = width - _GUTTER - 2 * _EDGE
    need = max((least_width([name], names, language) for name, _ in block.rows), default=0.0)
    left = min(max(total * 0.27, need), total / 2)
    columns = Columns(
        lefts=(_EDGE, _EDGE + left + _GUTTER), widths=(left, total - left), styles=(names, style)
    )
    rows: list[GridRow] = []
    for texts in block.rows:
        cells, height = plan_row(texts, columns, language, padding=FactsBox.padding)
        row = GridRow(cells=cells, height=height, lead=FactsBox.padding)
        rows += cut_tall(row, style.leading)
    return [FactsBox(columns, Rows(rows), 0, len(rows), object())] if rows else []
