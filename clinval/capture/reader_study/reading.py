"""Read a file of a reader study, whichever of the known layouts it has."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from clinval.capture.reader_study.cells import Cells
from clinval.capture.reader_study.contents import MarkTables, ReaderStudyFile, ReadTable
from clinval.capture.reader_study.jafroc import is_jafroc, read_jafroc
from clinval.capture.reader_study.long_tables import long_table, parquet_table
from clinval.capture.reader_study.reads import read_table
from clinval.capture.reader_study.text_files import (
    begins_imrmc,
    decoded,
    read_imrmc,
    text_table,
)
from clinval.capture.reader_study.workbooks import sheets_of
from clinval.capture.reading.package import RefusedError, read_bytes, shown_file_name
from clinval.core.errors import SubmissionError
from clinval.core.problems import Place, Problems

__all__ = ["read_reader_study"]

_PARQUET = b"PAR1"
_WORKBOOKS = (b"PK", bytes.fromhex("D0CF11E0A1B11AE1"))


def read_reader_study(path: Path, columns: Mapping[str, str] | None = None) -> ReaderStudyFile:
    """Return what a file of a reader study holds.

    Parameters
    ----------
    path
        A file of iMRMC (text with BEGIN DATA:), a workbook of RJafroc (sheets TRUTH, FP, TP), or
        a table with a read a row as CSV, workbook or Parquet.
    columns
        Headings of a table by what the columns are for (``reader``, ``modality``, ``case``,
        ``truth``, ``score``), where they are called otherwise.

    Raises
    ------
    SubmissionError
        With everything that is wrong with the file, each with its place.
    """
    name, problems = shown_file_name(path), Problems()
    try:
        found = _read(path, name, columns or {}, problems)
    except RefusedError as refusal:
        place = Place(file=name, sheet=refusal.sheet)
        raise SubmissionError.of(refusal.kind, place, **refusal.parameters) from refusal
    if found is not None and not problems.errors and _is_empty(found.content):
        problems.report("reads-none", Place(file=name))
    if found is None or problems.errors:
        raise SubmissionError(problems)
    return dataclasses.replace(found, notes=tuple(problems))


def _is_empty(content: ReadTable | MarkTables) -> bool:
    """Tell whether there is no read with a score, or no mark."""
    if isinstance(content, ReadTable):
        return bool(np.isnan(content.score).all())
    return not content.mark_case


def _read(
    path: Path, name: str, columns: Mapping[str, str], problems: Problems
) -> ReaderStudyFile | None:
    content = read_bytes(path)
    tables: list[Cells]
    if content.startswith(_WORKBOOKS):
        sheets = sheets_of(content, name)
        if is_jafroc(sheets) and not columns:
            return read_jafroc(sheets, name, problems)
        tables = list(sheets.values())
    elif content.startswith(_PARQUET):
        tables = [parquet_table(path, name)]
    else:
        text = decoded(content)
        if begins_imrmc(text):
            return ReaderStudyFile(layout="iMRMC", content=read_imrmc(text, name, problems))
        tables = [text_table(text, name, problems)]
    cells = long_table(tables, columns, problems)
    if cells is None:
        return None
    return ReaderStudyFile(layout="table", content=read_table(cells, problems))
