"""Tables and facts: three rules, repeated headers and notes, nothing outside its column."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

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
)
from clinval.report.pdf.styles import HAIR, HEIGHT, MUTED, RULE, TINT, WIDTH, Styles
from clinval.report.pdf.table_plan import CAPTION_GAP, EDGE, GUTTER, NOTE_GAP, Plan, plans
from clinval.report.pdf.tags import COLUMN, ROW
from clinval.report.pdf.text import records

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clinval.report.blocks import Facts, Table
    from clinval.report.pdf.surface import Surface

__all__ = ["FactsBox", "TableBox", "facts", "table"]

_WHOLE = 0.5  # of a page: a lower table is kept in one piece
_TOGETHER = 0.3  # of a page: a lower list of facts is kept in one piece
_LONG_NOTES = 0.33  # of a page
_BEGIN = 4  # rows
_BANDED = 15  # a table with more rows is banded
_THICK, _THIN = 0.9, 0.5


class TableBox(Box):
    """The rows of a table from ``start`` up to ``end``, with caption, header and notes."""

    before = 10.0
    after = 14.0

    def __init__(self, plan: Plan, start: int, end: int) -> None:
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

    @property
    def _repeats_notes(self) -> bool:
        """Whether its notes stand below an earlier part already: they are no new content."""
        return self._start > 0 or self._plan.further

    def anchors(self) -> Iterable[str]:
        """Return the table's anchor and those of the records it describes."""
        if self._plan.anchor and not self._start:
            yield self._plan.anchor
        for row in self._plan.rows.rows[self._start : self._end]:
            yield from (f"rec:{record}" for record in row.found)

    def records(self) -> Iterable[str]:
        """Return the records of the numbers in its rows, and in its notes where they are new."""
        rows = self._plan.rows.rows[self._start : self._end]
        notes = () if self._repeats_notes else self._plan.notes
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
        y += 1.0 + NOTE_GAP
        for note in plan.notes:
            with surface.decoration() if self._repeats_notes else surface.element("P"):
                y = surface.lines(x, y, WIDTH, note, plan.note_style)

    def _draw_head(self, surface: Surface, x: float, top: float) -> float:
        """Draw caption and header: on further pages they are no new content."""
        plan = self._plan
        caption = plan.captions[bool(self._start)]
        with surface.decoration() if self._start else surface.element("Caption"):
            y = surface.lines(x, top, WIDTH, caption, plan.caption_style) + CAPTION_GAP
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
        width = self._columns.lefts[-1] + self._columns.widths[-1] + EDGE
        surface.rule(x, y, x + width, y, color=HAIR, width=0.5)
        for row in self._rows.rows[self._start : self._end]:
            with surface.element("Table", key=self._key):
                draw_cells(surface, self._columns, row, x, y, tags=("TH", "TD"), attributes=ROW)
            y += row.height
            surface.rule(x, y, x + width, y, color=HAIR, width=0.5)


def table(block: Table, number: int, styles: Styles, language: str) -> list[Box]:
    """Return the boxes of a table, and those of its notes if they are too long to be repeated."""
    wholes = plans(block, number, styles, language)
    if wholes[-1].notes_height <= HEIGHT * _LONG_NOTES:
        return [TableBox(whole, 0, len(whole.rows)) for whole in wholes]
    bodies = [TableBox(replace(whole, notes=()), 0, len(whole.rows)) for whole in wholes]
    bodies[-1].after = NOTE_GAP
    return [*bodies, *(TextBox(note, styles.note) for note in wholes[-1].notes)]


def facts(
    block: Facts, styles: Styles, language: str, *, size: float = 0.0, width: float = WIDTH
) -> list[Box]:
    """Return the box of a list of facts."""
    style = styles.cell.but(size=size or styles.cell.size)
    names = style.but(color=MUTED)
    total = width - GUTTER - 2 * EDGE
    need = max((least_width([name], names, language) for name, _ in block.rows), default=0.0)
    left = min(max(total * 0.27, need), total / 2)
    columns = Columns(
        lefts=(EDGE, EDGE + left + GUTTER), widths=(left, total - left), styles=(names, style)
    )
    rows: list[GridRow] = []
    for texts in block.rows:
        cells, height = plan_row(texts, columns, language, padding=FactsBox.padding)
        row = GridRow(cells=cells, height=height, lead=FactsBox.padding)
        rows += cut_tall(row, style.leading)
    return [FactsBox(columns, Rows(rows), 0, len(rows), object())] if rows else []
