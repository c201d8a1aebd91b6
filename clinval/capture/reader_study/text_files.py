"""Text files: iMRMC, and tables with a heading."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import numpy as np

from clinval.capture.reader_study.cells import Cells, harmless, text_of
from clinval.capture.reader_study.reads import TRUTH_READERS, read_table
from clinval.capture.reading.package import RefusedError
from clinval.core.errors import SubmissionError
from clinval.core.problems import Place, Problem, Problems

if TYPE_CHECKING:
    from clinval.capture.reader_study.contents import ReadTable

__all__ = ["begins_imrmc", "decoded", "read_imrmc", "text_table"]

_BEGIN = re.compile(r"^\s*BEGIN\s+DATA\s*:?[\s,]*$", re.IGNORECASE | re.MULTILINE)
_COUNT = re.compile(r"^\s*(NR|N0|N1|NM)\s*:\s*(.*?)[\s,]*$", re.IGNORECASE)
_IMRMC = ("reader", "case", "modality", "score")
_SEPARATORS = ",;\t"


def decoded(content: bytes) -> str:
    """Return the text of a file, as spreadsheets write them in Europe, America and China.

    Raises
    ------
    RefusedError
        When it is no text.
    """
    encodings: tuple[str, ...]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16",)
    elif b"\0" in content:
        encodings = ()
    else:
        encodings = ("utf-8-sig", "gb18030", "cp1252")
    for encoding in encodings:
        try:
            return harmless(content.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise RefusedError("reads-file-unknown")


def begins_imrmc(text: str) -> bool:
    """Tell whether a text is a file of iMRMC."""
    return _BEGIN.search(text) is not None


def read_imrmc(text: str, file: str, problems: Problems) -> ReadTable:
    """Return the reads of a file of iMRMC.

    A heading in free words with the counts NR, N0, N1 and NM, the line BEGIN DATA:, then reader,
    case, modality and score a line; the truth of a case is the score of the reader -1 or truth.
    """
    begin = _BEGIN.search(text)
    before = text[: begin.end()] if begin else ""
    skipped = before.count("\n") + 1
    numbers, rows = _rows(text[len(before) :].lstrip(" \t\r").removeprefix("\n"), skipped, file)
    whole = [len(row) == len(_IMRMC) for row in rows]
    for number, row, right in zip(numbers, rows, whole, strict=True):
        if not right:
            place = Place(file=file, line=number, column=1)
            problems.report("reads-row-length", place, found=len(row), wanted=len(_IMRMC))
    cells = Cells.of(
        _IMRMC,
        [row for row, right in zip(rows, whole, strict=True) if right],
        [number for number, right in zip(numbers, whole, strict=True) if right],
        file=file,
    )
    reads = read_table(cells, problems)
    _check_counts(before, reads, cells, file, problems)
    return reads


def _check_counts(
    before: str, reads: ReadTable, cells: Cells, file: str, problems: Problems
) -> None:
    """Report the counts of a heading that are not those of the rows."""
    known = cells.kept(
        np.isin([reader.casefold() for reader in cells.columns["reader"]], TRUTH_READERS)
    )
    truth, case = known.measured("score", Problems()), known.columns["case"]
    found = {
        "NR": len(set(reads.reader)),
        "NM": len(set(reads.modality)),
        "N0": len(set(case[truth == 0])),
        "N1": len(set(case[truth == 1])),
    }
    for number, line in enumerate(before.splitlines(), start=1):
        count = _COUNT.match(line)
        if count is not None and count[2] != str(found[count[1].upper()]):
            place = Place(file=file, line=number, column=1)
            name = count[1].upper()
            problems.report(
                "reads-counts-differ", place, name=name, said=count[2], found=found[name]
            )


def text_table(text: str, file: str, problems: Problems) -> Cells:
    """Return the table of a text whose first line is its heading."""
    first = text.lstrip("\ufeff\r\n ").split("\n", 1)[0]
    separator = max(_SEPARATORS, key=first.count)
    numbers, rows = _rows(text, 0, file, separator)
    if not rows:
        raise RefusedError("file-empty")
    heading = rows[0]
    kept_numbers, kept = [], []
    for number, row in zip(numbers[1:], rows[1:], strict=True):
        if len(row) == len(heading):
            kept_numbers.append(number)
            kept.append(row)
        else:
            place = Place(file=file, line=number, column=1)
            problems.report("reads-row-length", place, found=len(row), wanted=len(heading))
    return Cells.of(heading, kept, kept_numbers, file=file)


def _rows(
    text: str, skipped: int, file: str, separator: str = ","
) -> tuple[list[int], list[list[str]]]:
    """Return the rows that hold something, and their lines in the file."""
    numbers, rows = [], []
    clean = text_of if '"' in text else str.strip  # a quoted cell may have lines of its own
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for row in reader:
            cells = [clean(cell) for cell in row]
            if any(cells):
                numbers.append(reader.line_num + skipped)
                rows.append(cells)
    except csv.Error as error:
        place = Place(file=file, line=reader.line_num + skipped, column=1)
        raise SubmissionError([Problem(kind="reads-file-unknown", place=place)]) from error
    return numbers, rows
