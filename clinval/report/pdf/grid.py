"""Rows of cells: how wide columns are, how high rows are, and where a long table is cut."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from clinval.report.pdf.text import Line, around_point, lay, longest_word, natural_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clinval.report.blocks import Rich
    from clinval.report.pdf.styles import Style
    from clinval.report.pdf.surface import Surface

__all__ = [
    "Columns",
    "GridRow",
    "Rows",
    "cut_tall",
    "draw_cells",
    "least_width",
    "plan_row",
    "widest",
    "widths",
]

_SELDOM = 30  # rows: of so many, one may be broken
_TALLEST = 12  # lines: a higher row is cut into several, so that a page is filled


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a grid: where each begins, its width and the style of its cells.

    ``behind`` is the room that each keeps behind the decimal points of its numbers; a column whose
    numbers are not aligned has none.
    """

    lefts: tuple[float, ...]
    widths: tuple[float, ...]
    styles: tuple[Style, ...]
    behind: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """A row that has been broken into lines.

    ``lead`` is the space above its text. ``joined`` rows stay with the row above; ``found`` are
    the records whose anchor the row is; ``band`` tells every other row of a long table.
    """

    cells: tuple[tuple[Line, ...], ...]
    height: float
    lead: float
    band: bool = False
    summary: bool = False
    indent: float = 0.0
    joined: bool = False
    found: tuple[str, ...] = ()
    source: object = None  # what the parts of a cut row have in common


class Rows:
    """All rows of a grid, with their distances from the first: any part is found at once."""

    def __init__(self, rows: Sequence[GridRow]) -> None:
        self.rows = rows
        self._tops = [0.0, *accumulate(row.height for row in rows)]

    def __len__(self) -> int:
        return len(self.rows)

    def height(self, start: int, end: int) -> float:
        """Return the height of the rows from ``start`` up to ``end``."""
        return self._tops[end] - self._tops[start]

    def cut(self, start: int, room: float) -> int:
        """Return the first row that does not fit into ``room``, moved up to a good place.

        A part ends neither before a row that belongs to the one above nor so that a single row is
        left over, unless it cannot be helped.
        """
        end = bisect_right(self._tops, self._tops[start] + room + 0.01) - 1
        if end >= len(self.rows):
            return len(self.rows)
        better = min(end, len(self.rows) - 2)
        while better > start + 1 and (self.rows[better].joined or self.rows[better].summary):
            better -= 1
        return better if better > start + (end - start) // 2 else end


def widths(
    shares: Sequence[float], least: Sequence[float], natural: Sequence[float], total: float
) -> tuple[float, ...]:
    """Divide a width by shares, as far as the words allow.

    No column gets less than its longest word needs, and what a column cannot use goes to those
    whose texts would otherwise be broken into lines.

    Examples
    --------
    >>> widths([1, 1, 2], [10, 10, 10], [99, 99, 99], 100)
    (25.0, 25.0, 50.0)
    >>> widths([1, 1, 2], [40, 10, 10], [99, 99, 99], 100)
    (40.0, 20.0, 40.0)
    >>> widths([1, 1], [10, 10], [20, 60], 100)
    (40.0, 60.0)
    >>> widths([1, 1], [150, 50], [150, 50], 100)
    (75.0, 25.0)
    """
    if sum(least) >= total:
        return tuple(total * need / sum(least) for need in least)
    wide = _shared(shares, least, total)
    spare = [max(has - max(wants, low), 0.0) for has, wants, low in
             zip(wide, natural, least, strict=True)]  # fmt: skip
    lacking = [max(wants - has, 0.0) for has, wants in zip(wide, natural, strict=True)]
    moved = min(sum(spare), sum(lacking))
    if moved:
        give, take = moved / sum(spare), moved / sum(lacking)
        wide = [has - give * more + take * less for has, more, less in
                zip(wide, spare, lacking, strict=True)]  # fmt: skip
    return tuple(wide)


def _shared(shares: Sequence[float], least: Sequence[float], total: float) -> list[float]:
    """Divide a width by shares, giving each column at least what it needs."""
    fixed: set[int] = set()
    while True:
        room = total - sum(least[index] for index in fixed)
        parts = sum(part for index, part in enumerate(shares) if index not in fixed) or 1.0
        narrow = {
            index
            for index, part in enumerate(shares)
            if index not in fixed and room * part / parts < least[index] - 1e-9
        }
        if not narrow:
            break
        fixed |= narrow
    return [
        float(least[index]) if index in fixed else room * part / parts
        for index, part in enumerate(shares)
    ]


def least_width(texts: Iterable[Rich], style: Style, language: str) -> float:
    """Return the width that the longest word of a column needs."""
    return max((longest_word(text, style, language) for text in texts), default=0.0)


def widest(texts: Iterable[Rich], style: Style, language: str) -> float:
    """Return the width at which no text of a column is broken, but one in thirty of a long one.

    A few long texts would otherwise take from the other columns what they need on every page.
    """
    wide = sorted(natural_width(text, style, language) for text in texts)
    return wide[-1 - len(wide) // _SELDOM] if wide else 0.0


def plan_row(
    texts: Sequence[Rich],
    columns: Columns,
    language: str,
    *,
    padding: float,
    indent: float = 0.0,
    bold: bool = False,
) -> tuple[tuple[tuple[Line, ...], ...], float]:
    """Break the cells of a row into lines; return them and the row's height."""
    cells = []
    for index, (text, style, width) in enumerate(
        zip(texts, columns.styles, columns.widths, strict=True)
    ):
        own = style.but(bold=True) if bold else style
        lines = lay(text, own, max(width - (0.0 if index else indent), 1.0), language)
        behind = columns.behind[index] if columns.behind else None
        if behind is not None and len(lines) == 1:
            lines = _hung(lines[0], around_point(text, own, language), behind, width)
        cells.append(lines)
    return tuple(cells), max(map(len, cells)) * columns.styles[0].leading + 2 * padding


def _hung(
    line: Line, parts: tuple[float, float] | None, behind: float, width: float
) -> tuple[Line, ...]:
    """Return a line widened by what its number lacks behind the decimal point."""
    lacks = behind - parts[1] if parts else 0.0
    return (replace(line, width=min(line.width + lacks, max(width, line.width))),)


def cut_tall(row: GridRow, leading: float) -> list[GridRow]:
    """Cut a row of many lines into rows that read as one but may stand on different pages."""
    lines = max(map(len, row.cells))
    if lines <= _TALLEST:
        return [row]
    source = object()
    below = row.height - row.lead - lines * leading
    parts = []
    for start in range(0, lines, _TALLEST):
        cells = tuple(cell[start : start + _TALLEST] for cell in row.cells)
        first, last = not start, start + _TALLEST >= lines
        height = max(map(len, cells)) * leading + row.lead * first + below * last
        parts.append(
            replace(
                row, cells=cells, height=height, source=source, lead=row.lead * first,
                summary=row.summary and first, found=row.found if first else (),
                joined=row.joined and first,
            )
        )  # fmt: skip
    return parts


def draw_cells(
    surface: Surface,
    columns: Columns,
    row: GridRow,
    x: float,
    top: float,
    *,
    bottom_aligned: bool = False,
    tags: tuple[str, str] = ("TD", "TD"),
    attributes: str = "",
) -> None:
    """Draw the cells of a row; ``tags`` are those of the first cell and of the others."""
    source = row.source
    with surface.element("TR", key=source):
        for index, (cell, style) in enumerate(zip(row.cells, columns.styles, strict=True)):
            indent = 0.0 if index else row.indent
            drop = row.lead
            if bottom_aligned:
                drop = row.height - row.lead - len(cell) * style.leading
            left = x + columns.lefts[index] + indent
            tag = tags[bool(index)]
            more = attributes if tag == "TH" else ""
            with surface.element(tag, more, key=source and (source, index)):
                surface.lines(
                    left, top + drop, columns.widths[index] - indent, cell, style, end=" "
                )
