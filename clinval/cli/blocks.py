"""Print blocks of a report on the terminal: what a PDF says, in the width that there is."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from clinval.report.blocks import (
    Block,
    Bullets,
    Callout,
    Facts,
    Heading,
    Paragraph,
    Rich,
    Table,
    runs,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as Grid

__all__ = ["print_blocks"]

_PIPE = 120  # columns where there is no terminal
_NUMBERS = 9  # columns of a number, at most
_NOTHING = "–"  # what a table prints where there is no number
_FEW, _WIDE = 6, 100  # columns of a table that need so many of the terminal
_ROOM = 4  # columns of a table that has room for numbers with their ranges


def print_blocks(blocks: Iterable[Block]) -> None:
    """Print headings, texts and tables; figures are left to the PDF."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _PIPE
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    for block in blocks:
        match block:
            case Heading(text=text):
                console.print(text, style="bold")
            case Paragraph(text=text):
                console.print(_plain(text))
            case Callout(title=title, text=text):
                console.print(f"{title}: {_plain(text)}", style="yellow")
            case Bullets(items=items):
                for item in items:
                    console.print(f"- {_plain(item)}")
            case Facts(rows=rows):
                for name, value in rows:
                    console.print(f"{name}  {_plain(value)}")
            case Table():
                console.print()
                console.print(block.caption, style="bold")
                if len(block.columns) > _FEW and console.width < _WIDE:
                    _print_rows(block, console)
                else:
                    console.print(_grid(block))
                for note in block.notes:
                    console.print(_plain(note), style="dim")


def _print_rows(table: Table, console: Console) -> None:
    """Print each row of a table by itself, a line each column, where the terminal is narrow."""
    for row in table.rows:
        first, *cells = (_plain(cell) for cell in row.cells)
        console.print(f"  {first}", style="bold")
        for column, cell in zip(table.columns[1:], cells, strict=True):
            if cell != _NOTHING:
                console.print(f"    {column.header}  {cell}")


def _grid(table: Table) -> Grid:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in table.columns:
        numbers = column.align == "right"  # their headings fold, so that words have room
        grid.add_column(
            Text(column.header),
            justify="right" if numbers else "left",
            overflow="fold",
            min_width=5 if numbers else 8,
            max_width=_NUMBERS if numbers and len(table.columns) > _ROOM else None,
        )
    for row in table.rows:
        cells = (Text(_plain(cell)) for cell in row.cells)
        grid.add_row(*cells, style="bold" if row.summary else None)
    return grid


def _plain(text: Rich) -> str:
    """Return a text without its marks."""
    return "".join(run if isinstance(run, str) else run.text for run in runs(text))
