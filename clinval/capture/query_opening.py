"""Open a query workbook: what was asked by its stamp, and the rows that came back."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval.capture.layout import QUERIES
from clinval.capture.query_workbook import COLUMNS, FORMAT
from clinval.capture.reading.opening import facts_by_sheet, open_package
from clinval.capture.reading.package import Package, RefusedError
from clinval.core.archives import DAMAGED

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol

__all__ = ["Asked", "QuestionRows", "Returned", "is_query_workbook", "open_query_workbook"]

_MOST_ROWS = 20_000  # of a sheet
_MOST_COLUMNS = 50
_PART = 5_000_000  # bytes of the part that names the sheets
# The words go into messages, so nothing else may come in with them.
_WORDS = {"study": r"[\w-]{1,40}", "site": r"[\w-]{1,40}", "clinval": r"[\w.+-]{1,40}"}
_HASH = r"[0-9a-f]{64}"
_ENTRY = (r"[0-9a-f]{12}", r"Q\d{1,12}", rf"(?:{_HASH})?", _HASH)  # of a query in the stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query as the stamp has it."""

    id: str
    name: str
    value_sha256: str
    row_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRows:
    """The sheet of the questions: its rows from the first below the headings."""

    sheet: str
    columns: Mapping[str, int]
    cells: list[tuple[int, tuple[Any, ...]]]
    formulas: frozenset[tuple[int, int]]

    def is_formula(self, row: int, *names: str) -> bool:
        """Return whether one of the named cells of a row is calculated."""
        return any((row, self.columns[name] + 1) in self.formulas for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A query workbook that came back: whose, what was asked by name, and its rows."""

    site: str
    asked: Mapping[str, Asked]
    rows: QuestionRows


def open_query_workbook(package: Package, protocol: Protocol) -> Returned:
    """Return what is in a query workbook of the study.

    Raises
    ------
    RefusedError
        When it is none, is damaged, or belongs to another study.
    """
    try:
        return _open(package, protocol)
    except RefusedError:
        raise
    except Exception as error:  # a broken part leads openpyxl anywhere
        raise RefusedError("file-damaged", detail=type(error).__name__) from error


def _open(package: Package, protocol: Protocol) -> Returned:
    workbook = open_package(package)
    facts = facts_by_sheet(workbook, package)
    site, asked = _stamp(workbook, protocol)
    for sheet in workbook.worksheets:
        last = min(facts[sheet.title].last_row, _MOST_ROWS)
        rows = _rows(sheet, last)
        if rows is not None:
            if facts[sheet.title].formulas:
                again = open_package(package, data_only=False)[sheet.title]
                rows = replace(rows, formulas=_formulas(again, last))
            return Returned(site=site, asked=asked, rows=rows)
    raise RefusedError("answers-headings-lost")


def _stamp(workbook: Any, protocol: Protocol) -> tuple[str, dict[str, Asked]]:
    """Return the site, and what was asked by the names of the queries."""
    sheet = next((sheet for sheet in workbook.worksheets if sheet.title == QUERIES), None)
    if sheet is None:
        raise RefusedError("answers-not-known")
    sheet.reset_dimensions()
    parts = sheet.iter_rows(max_row=_MOST_ROWS, max_col=1, values_only=True)
    text = "".join(str(row[0]) for row in parts if row and row[0] is not None)
    try:
        content = json.loads(text)
        stamp = {name: _word(content, name) for name in _WORDS}
        asked = {entry[1]: _asked(entry) for entry in content["queries"]}
        number = int(content["format"])
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise RefusedError("answers-stamp-damaged") from error
    site, known = stamp["site"], [site.id for site in protocol.sites]
    if number > FORMAT:
        raise RefusedError("stamp-of-newer-clinval", clinval=stamp["clinval"])
    if stamp["study"] != protocol.study.id:
        raise RefusedError("stamp-of-other-study", study=stamp["study"], own=protocol.study.id)
    if site not in known:
        raise RefusedError("stamp-of-unknown-site", site=site, sites=", ".join(known))
    return site, asked


def _word(content: Mapping[str, Any], name: str) -> str:
    word = content[name]
    if not isinstance(word, str) or not _matches(_WORDS[name], word):
        raise ValueError("not a stamp")
    return word


def _asked(entry: Any) -> Asked:
    words = [str(word) for word in entry]
    if len(words) != len(_ENTRY) or not all(map(_matches, _ENTRY, words)):
        raise ValueError("not a query")
    return Asked(id=words[0], name=words[1], value_sha256=words[2], row_sha256=words[3])


def _matches(pattern: str, word: str) -> bool:
    return re.fullmatch(pattern, word, re.ASCII) is not None


def _rows(sheet: Any, last: int) -> QuestionRows | None:
    """Return the rows of the sheet if it has the headings of the questions."""
    sheet.reset_dimensions()
    columns: dict[str, int] = {}
    cells = []
    for number, row in enumerate(
        sheet.iter_rows(max_row=last, max_col=_MOST_COLUMNS, values_only=True), 1
    ):
        if columns:
            cells.append((number, row))
        elif number <= 20:
            names = [str(cell).strip() for cell in row]
            if set(COLUMNS) <= set(names):
                columns = {name: names.index(name) for name in COLUMNS}
    if not columns:
        return None
    # below the ids stand the headings that people read
    return QuestionRows(sheet=sheet.title, columns=columns, cells=cells[1:], formulas=frozenset())


def _formulas(sheet: Any, last: int) -> frozenset[tuple[int, int]]:
    sheet.reset_dimensions()
    return frozenset(
        (cell.row, cell.column)
        for row in sheet.iter_rows(max_row=last, max_col=_MOST_COLUMNS)
        for cell in row
        if cell.data_type == "f"
    )


def is_query_workbook(path: Path) -> bool:
    """Return whether a file has the sheet by which a query workbook is known.

    Of the file only the list of its sheets is read; whatever cannot be read is none.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            part = archive.getinfo("xl/workbook.xml")
            text = archive.read(part) if part.file_size < _PART else b""
    except (KeyError, *DAMAGED):
        return False
    return f'"{QUERIES}"'.encode() in text
