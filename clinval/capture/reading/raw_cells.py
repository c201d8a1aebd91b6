"""Numbers that openpyxl took for impossible dates, as they stand in the file.

Who types 20260305 into a cell formatted as a date gets a number of days that ends in no calendar.
The spreadsheet shows hashes, openpyxl gives an error value; the site meant 5 March.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable

from clinval.capture.reading.findings import cell_name

__all__ = ["IMPOSSIBLE_DATE", "raw_numbers"]

IMPOSSIBLE_DATE = "#VALUE!"
_MOST = 1_000  # cells; beyond, the column as a whole is wrong
_NUMBER = re.compile(rb"""[^<>]*>\s*<(?:\w+:)?v>(-?[0-9][0-9.Ee+-]{0,30})</""")


def raw_numbers(
    content: bytes, part: str, cells: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], float]:
    """Return the numbers in cells of a sheet, those of them that are numbers.

    Parameters
    ----------
    content
        The workbook.
    part
        The part that holds the sheet.
    cells
        Row and column of the cells.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read(part)
    found = {}
    for row, column in sorted(cells)[:_MOST]:
        name = cell_name(row, column).encode()
        start = xml.find(b' r="' + name + b'"')
        number = _NUMBER.match(xml, start) if start >= 0 else None
        if number is not None:
            found[row, column] = float(number[1])
    return found
