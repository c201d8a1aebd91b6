"""The sheets of a workbook as tables of texts."""

from __future__ import annotations

import warnings

from clinval.capture.reader_study.cells import Cells, text_of
from clinval.capture.reading.opening import facts_by_sheet, open_package
from clinval.capture.reading.package import Package, RefusedError, look_through
from clinval.capture.reading.sheets import MOST_COLUMNS, MOST_ROWS, Rows, read_rows

__all__ = ["sheets_of"]


def sheets_of(content: bytes, file: str) -> dict[str, Cells]:
    """Return the tables of a workbook by the name of their sheet; the first row is the heading.

    Raises
    ------
    RefusedError
        When the file must not or cannot be opened, or a sheet has too many rows.
    """
    package = look_through(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of parts that are not read here
        try:
            return _tables(package, file)
        except RefusedError:
            raise
        except Exception as error:  # a broken part leads openpyxl anywhere
            raise RefusedError("file-damaged", detail=type(error).__name__) from error


def _tables(package: Package, file: str) -> dict[str, Cells]:
    workbook = open_package(package)
    tables = {}
    for name, facts in facts_by_sheet(workbook, package).items():
        if facts.valued_rows > MOST_ROWS:
            raise RefusedError(
                "file-too-many-rows", sheet=name, rows=facts.valued_rows, most=MOST_ROWS
            )
        tables[name] = _table(read_rows(workbook[name], facts), file, name)
    return tables


def _table(rows: Rows, file: str, sheet: str) -> Cells:
    """Return rows of values as a table; a row is as long as the heading."""
    first = rows.cells[0][:MOST_COLUMNS] if rows.cells else ()
    heading = [text_of(value) for value in first]
    texts = [
        [text_of(value) for value in row[: len(heading)]] + [""] * (len(heading) - len(row))
        for row in rows.cells[1:]
    ]
    filled = [place for place, row in enumerate(texts) if any(row)]
    return Cells.of(
        heading,
        [texts[place] for place in filled],
        [rows.numbers[1:][place] for place in filled],
        file=file,
        sheet=sheet,
    )
