"""Read the sheet of a form into a table."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.capture.layout import SITE_ID, columns_of, is_planned
from clinval.capture.reading.cells import CellReaders, check_limits
from clinval.capture.reading.columns import Column, Issue, empty_column, read_column
from clinval.capture.reading.findings import Findings
from clinval.capture.reading.keys import tell_apart
from clinval.capture.reading.raw_cells import IMPOSSIBLE_DATE
from clinval.capture.reading.sheets import MOST_COLUMNS, FoundSheet, Rows
from clinval.capture.reading.table import FormTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.protocol.forms import Form

__all__ = ["TOLD_ONCE", "read_form"]

# how a value was read is told once a column, with the number of its cells
TOLD_ONCE = frozenset(
    (
        "arm-not-blind", "identifier-adjusted", "read-date-from-text", "read-decimal-comma",
        "read-full-width",
        "read-label", "read-missing-word", "read-number-from-text", "read-text-from-number",
        "read-thousands", "read-trimmed", "read-truth", "time-dropped",
    )
)  # fmt: skip


def read_form(
    found: FoundSheet,
    rows: Rows,
    formulas: AbstractSet[tuple[int, int]],
    readers: CellReaders,
    asked: AbstractSet[str],
    findings: Findings,
) -> FormTable:
    """Return the table of a form.

    Parameters
    ----------
    found
        Its sheet.
    rows
        The rows of the sheet.
    formulas
        Cells with a formula, as (row, column).
    readers
        Readers of cells.
    asked
        The fields that the template had.
    findings
        Where problems go.
    """
    data = _data_rows(found, rows, findings)
    numbers = np.array(data.numbers, dtype=np.int64)
    cells = list(itertools.zip_longest(*data.cells))
    positions = _positions(found, cells, findings)
    columns = {}
    for field in columns_of(found.form):
        position = positions.get(field.id, 0)
        if position:
            content = cells[position - 1] if position <= len(cells) else (None,) * len(numbers)
            if field.temporal and IMPOSSIBLE_DATE in content:
                content = _restored(content, position, numbers, found)
            column = read_column(field, position, content, readers.of(found.form, field))
            _note_formulas(column, numbers, formulas)
            check_limits(column)
        else:
            column = empty_column(field, len(numbers))
        columns[field.id] = column
    readers.uncode(found.form, columns)
    table = FormTable(
        form=found.form,
        sheet=found.name,
        order=found.order,
        rows=numbers,
        columns=columns,
        lost=frozenset(field.id for field in found.form.fields if field.id not in positions),
    )
    table.extra = _report_columns(found, cells, asked, findings)
    table.extra += _said_twice(found, cells, positions)
    table.given = _filled(table) + table.extra
    _keep_started(table)
    table.untouched = table.given - table.extra - _filled(table)
    tell_apart(table, readers.site, findings)
    _report_issues(table, readers, findings)
    _report_merged(found, findings)
    return table


def _data_rows(found: FoundSheet, rows: Rows, findings: Findings) -> Rows:
    """Return the rows below the headings, without the headings once more."""
    header = found.header
    if header.moved:
        found.report(findings, "headings-moved", row=header.row, parameters={"row": header.row})
    start = bisect.bisect_left(rows.numbers, header.first)
    numbers, cells = rows.numbers[start:], rows.cells[start:]
    # looked at closely are only rows in which one cell, the same in each, looks like a heading
    probe = next(iter(header.positions.values())) - 1
    texts = {row[probe] for row in rows.cells[:start] if probe < len(row)} - {None}
    again = [
        index
        for index, row in enumerate(cells)
        if probe < len(row) and row[probe] in texts and found.headings.repeats(row, header)
    ]
    for index in reversed(again):
        found.report(findings, "headings-repeated", row=numbers[index])
        del numbers[index], cells[index]
    return Rows(numbers, cells)


def _positions(
    found: FoundSheet, cells: list[tuple[Any, ...]], findings: Findings
) -> dict[str, int]:
    """Return the column of each field; a field with two columns that differ has none."""
    positions = dict(found.header.positions)
    for name, position in found.header.twice:
        first, second = (
            cells[at - 1] if at <= len(cells) else ()
            for at in (found.header.positions[name], position)
        )
        if any(cell is not None for cell in second) and first != second:
            positions.pop(name, None)
            field = found.form.field(name)
            found.report(
                findings, "column-twice", row=found.header.row, column=position, field=field
            )
    return positions


def _restored(
    content: tuple[Any, ...], position: int, numbers: NDArray[np.int64], found: FoundSheet
) -> tuple[Any, ...]:
    """Put numbers back that openpyxl took for impossible dates: they may be days all the same."""
    at = [int(row) for row, cell in zip(numbers, content, strict=True) if cell == IMPOSSIBLE_DATE]
    raw = found.raw_numbers((row, position) for row in at)
    return tuple(
        raw.get((int(row), position), cell) if cell == IMPOSSIBLE_DATE else cell
        for row, cell in zip(numbers, content, strict=True)
    )


def _report_columns(
    found: FoundSheet,
    cells: list[tuple[Any, ...]],
    asked: AbstractSet[str],
    findings: Findings,
) -> int:
    """Report what is not where it was; return the number of filled cells not asked for."""
    header, extra = found.header, 0
    for field in columns_of(found.form):
        position = header.positions.get(field.id, 0)
        if field.id in header.renamed:
            found.report(findings, "column-renamed", row=header.row, column=position, field=field)
        elif not position and field.id in asked:
            found.report(findings, "column-missing", row=header.row, field=field)
    known = {*header.positions.values(), *(position for _, position in header.twice)}
    for position, content in enumerate(cells, start=1):
        if position > MOST_COLUMNS:
            count = sum(filter(None, content))
        else:
            count = 0 if position in known else sum(cell is not None for cell in content)
        extra += count
        if count:
            found.report(
                findings,
                "column-extra",
                row=header.row,
                column=position,
                parameters={"count": count},
            )
    return extra


def _said_twice(found: FoundSheet, cells: list[tuple[Any, ...]], positions: dict[str, int]) -> int:
    """Return the number of filled cells in columns that stand there twice and are not read."""
    twice = {position for _, position in found.header.twice}
    twice |= set(found.header.positions.values()) - set(positions.values())
    return sum(
        sum(cell is not None for cell in cells[position - 1])
        for position in twice
        if position <= len(cells)
    )


def _filled(table: FormTable) -> int:
    return sum(int(np.count_nonzero(column.given)) for column in table.columns.values())


def _note_formulas(
    column: Column, numbers: NDArray[np.int64], formulas: AbstractSet[tuple[int, int]]
) -> None:
    """Ask about values that a formula calculated; reject where it left none."""
    at = {row for row, position in formulas if position == column.position}
    if not at:
        return
    rows = np.flatnonzero(np.isin(numbers, list(at)))
    with_value, without = (
        rows[column.given[rows] & ~column.rejected[rows]],
        rows[~column.given[rows]],
    )
    if len(with_value):
        column.issues.append(Issue(kind="cell-is-formula", rows=with_value))
    if len(without):
        column.issues.append(Issue(kind="formula-without-value", rows=without))
        column.given[without] = True
        column.reject(without)


def _keep_started(table: FormTable) -> None:
    """Leave out rows in which nobody has entered anything."""
    locked = _locked(table.form)
    started = np.zeros(len(table.rows), dtype=bool)
    for name, column in table.columns.items():
        if name not in locked:
            started |= column.given
        elif name != SITE_ID:
            # what stands here is the template's, unless it is not what a template writes
            started |= column.rejected
    site = table.columns.get(SITE_ID)
    if site is not None:  # a note below the table, in its first column
        keyed = [table.columns[key].given for key in table.form.keys]
        started |= site.rejected & ~np.logical_or.reduce(keyed)
    table.rows = table.rows[started]
    for column in table.columns.values():
        column.keep(started)


def _locked(form: Form) -> set[str]:
    return {SITE_ID, *form.keys} if is_planned(form) else {SITE_ID}


def _report_issues(table: FormTable, readers: CellReaders, findings: Findings) -> None:
    for column in table.columns.values():
        together: dict[str, list[int]] = {}
        for issue in column.issues:
            if issue.kind in TOLD_ONCE:
                together.setdefault(issue.kind, []).extend(issue.rows.tolist())
                continue
            for index, row in enumerate(issue.rows.tolist()):
                parameters = dict(issue.parameters)
                if issue.values is not None:
                    shown = readers.echo(issue.values[index].item())
                    parameters |= {"value": shown.en, "value_zh": shown.zh}
                table.report(findings, issue.kind, row, column.field, parameters)
        for kind, rows in together.items():
            table.report(findings, kind, min(rows), column.field, {"count": len(rows)})


def _report_merged(found: FoundSheet, findings: Findings) -> None:
    """Report merged cells among the data: all but the first have lost their value."""
    from openpyxl.utils import range_boundaries

    header = found.header
    last = max(header.positions.values(), default=0)
    for area in found.facts.merged:
        left, top, _, bottom = range_boundaries(area.replace("$", ""))
        if bottom >= header.first and left <= last:
            found.report(
                findings,
                "cells-merged",
                row=max(top, header.first),
                column=left,
                parameters={"range": area},
            )
