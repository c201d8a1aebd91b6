"""A table as it stands in a file: texts by heading, and the place of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from clinval.capture.reading.findings import cell_name
from clinval.core.problems import Place, Problem, Problems

__all__ = [
    "Cells",
    "NumberColumn",
    "TextColumn",
    "harmless",
    "heading_key",
    "is_missing",
    "report_rows",
    "text_of",
]

TextColumn: TypeAlias = NDArray[np.object_]
NumberColumn: TypeAlias = NDArray[np.float64]

_MISSING = frozenset({"", "NA", "N/A", "NAN", "NULL", "NONE", "."})
_LISTED = 20  # defects of a kind in a column that are named one by one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Rows of one table.

    Attributes
    ----------
    file, sheet
        Names of the file, and of the sheet of a workbook.
    columns
        Texts without space around them, by heading; shape (rows,) each.
    fields
        Number of each column, counted from 1.
    numbers
        Number of the line, or of the row of the sheet, of each row.
    """

    file: str
    sheet: str = ""
    columns: dict[str, TextColumn]
    fields: dict[str, int]
    numbers: Sequence[int]

    @classmethod
    def of(
        cls,
        heading: Sequence[str],
        rows: Sequence[Sequence[str]],
        numbers: Sequence[int],
        *,
        file: str,
        sheet: str = "",
    ) -> Cells:
        """Return rows of texts as columns; of two columns with one heading the first counts."""
        table = np.array(rows, dtype=object).reshape(len(rows), len(heading))
        columns: dict[str, TextColumn] = {}
        fields: dict[str, int] = {}
        for place, name in enumerate(heading):
            if name and name not in columns:
                columns[name], fields[name] = table[:, place], place + 1
        return cls(file=file, sheet=sheet, columns=columns, fields=fields, numbers=numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    def place(self, row: int, column: str) -> Place:
        """Return where a cell stands: file:line:field, or file!sheet!cell."""
        number, field = int(self.numbers[row]), self.fields[column]
        if self.sheet:
            return Place(file=self.file, sheet=self.sheet, cell=cell_name(number, field))
        return Place(file=self.file, line=number, column=field)

    def named(self, names: Mapping[str, str]) -> Cells:
        """Return the columns that are meant, called by what they are for.

        Parameters
        ----------
        names
            Heading of each column, by the name that it is to have.
        """
        return Cells(
            file=self.file,
            sheet=self.sheet,
            columns={name: self.columns[heading] for name, heading in names.items()},
            fields={name: self.fields[heading] for name, heading in names.items()},
            numbers=self.numbers,
        )

    def kept(self, rows: NDArray[np.bool_]) -> Cells:
        """Return some of the rows."""
        return Cells(
            file=self.file,
            sheet=self.sheet,
            columns={name: values[rows] for name, values in self.columns.items()},
            fields=self.fields,
            numbers=np.asarray(self.numbers)[rows].tolist(),
        )

    # ------------------------------------------------------------------ what the texts mean

    def labels(self, column: str, problems: Problems) -> TextColumn:
        """Return the labels of a column; each row must have one."""
        values = self.columns[column]
        missing = np.flatnonzero(is_missing(values))
        wanted = {"wanted": "a label", "wanted_zh": "标识"}
        report_rows(problems, "reads-cell", self, column, missing, lambda _: wanted)
        return values

    def measured(self, column: str, problems: Problems) -> NumberColumn:
        """Return the numbers of a column, NaN where there is none."""
        import pandas as pd

        values = self.columns[column]
        numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce")
        found = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
        bad = np.flatnonzero(~np.isfinite(found) & ~is_missing(values))
        wanted = {"wanted": "a number", "wanted_zh": "数值"}
        report_rows(problems, "reads-cell", self, column, bad, lambda _: wanted)
        return np.where(np.isfinite(found), found, np.nan)

    def binary(self, column: str, problems: Problems) -> NumberColumn:
        """Return a column of 0 and 1; each row must have one."""
        import pandas as pd

        values = self.columns[column]
        numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce")
        found = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
        bad = np.flatnonzero(~np.isin(found, (0.0, 1.0)))
        wanted = {
            "wanted": "0 (non-diseased) or 1 (diseased)",
            "wanted_zh": "0（未患病）或 1（患病）",
        }
        report_rows(problems, "reads-cell", self, column, bad, lambda _: wanted)
        return np.where(np.isin(found, (0.0, 1.0)), found, 0.0)


def report_rows(
    problems: Problems,
    kind: str,
    cells: Cells,
    column: str,
    rows: Sequence[int] | NDArray[np.intp],
    parameters: Callable[[int], Mapping[str, object]],
) -> None:
    """Report a kind of problem for each of some rows, the first ones by themselves."""
    for row in rows[:_LISTED]:
        given = {"column": column, "value": cells.columns[column][row]} | dict(parameters(int(row)))
        problems.report(kind, cells.place(int(row), column), **given)
    if len(rows) > _LISTED:
        place = cells.place(int(rows[_LISTED]), column)
        code = Problem(kind=kind, place=place).code
        more = len(rows) - _LISTED
        problems.report("more-of-the-same", place, more=more, code=code, name=column)


def is_missing(values: TextColumn) -> NDArray[np.bool_]:
    """Tell which texts say that there is nothing."""
    missing = {value for value in set(values) if value.upper() in _MISSING}
    return np.fromiter(map(missing.__contains__, values), np.bool_, len(values))


def heading_key(heading: str) -> str:
    """Return a heading as it is compared with others.

    Examples
    --------
    >>> heading_key("Reader ID"), heading_key("TP_Rating")
    ('readerid', 'tprating')
    """
    return re.sub(r"[\W_]+", "", heading.casefold())


def text_of(value: Any) -> str:
    """Return a value of a cell as text; 3.0 is "3".

    Examples
    --------
    >>> text_of(3.0), text_of(None), text_of(" R1 "), text_of(2.5)
    ('3', '', 'R1', '2.5')
    """
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    return text if text.isprintable() else harmless(" ".join(text.split()))


def harmless(text: str) -> str:
    r"""Return a text without characters that steer a terminal; lines and tabs stay.

    Examples
    --------
    >>> harmless("R\x1b[2J,1")
    'R?[2J,1'
    """
    odd = {ord(c): "?" for c in set(text) if not c.isprintable() and c not in "\r\n\t"}
    return text.translate(odd) if odd else text
