"""One column of a form: read at once where its cells are what they should be, else value by value.

A return may have fifty thousand rows. Numbers among numbers and dates among dates are taken as
arrays; of everything else each different content is read once, however often it stands there.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.capture.reading.reading import EMPTY, ERROR_VALUES, Reading
from clinval.protocol.forms import MISSING_CODES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.protocol.forms import Field

__all__ = ["MISSING_ORDER", "Column", "Issue", "empty_column", "read_column"]

MISSING_ORDER = ("", *MISSING_CODES)
"""What the numbers in ``Column.missing`` stand for."""

_NUMBERS = frozenset((int, float))
_MOMENTS = frozenset((datetime.datetime,))
_NOTHING: frozenset[type] = frozenset()


@dataclass(slots=True, kw_only=True)
class Issue:
    """A problem or a remark and the rows that have it.

    ``once`` says that it is told once a column, with the number of its cells. ``values`` are
    shown with it, row by row.
    """

    kind: str
    rows: NDArray[np.intp]
    parameters: Mapping[str, object] = member(default_factory=dict)
    values: NDArray[Any] | None = None


@dataclass(slots=True, kw_only=True)
class Column:
    """The cells of a field.

    Attributes
    ----------
    data
        Floats (NaN = none), ``datetime64[s]`` (NaT = none) or objects (``None`` = none).
    missing
        Why there is none: indices into ``MISSING_ORDER``.
    given
        Whether the cell holds anything at all.
    rejected
        Whether it holds something that is not accepted.
    position
        The column of the sheet, as spreadsheets count; 0 when the sheet does not have it.
    """

    field: Field
    position: int
    data: NDArray[Any]
    missing: NDArray[np.int8]
    given: NDArray[np.bool_]
    rejected: NDArray[np.bool_]
    issues: list[Issue] = member(default_factory=list)

    @property
    def present(self) -> NDArray[np.bool_]:
        """Whether there is a value."""
        present: NDArray[np.bool_] = self.given & ~self.rejected & (self.missing == 0)
        return present

    def reject(self, rows: NDArray[np.intp]) -> None:
        """Take values back that turned out not to be acceptable."""
        self.rejected[rows] = True
        self.data[rows] = _nothing(self.field)

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Leave out all rows but these."""
        at = np.cumsum(rows) - 1
        for name in ("data", "missing", "given", "rejected"):
            setattr(self, name, getattr(self, name)[rows])
        for issue in self.issues:
            kept = rows[issue.rows]
            if issue.values is not None:
                issue.values = issue.values[kept]
            issue.rows = at[issue.rows[kept]]
        self.issues = [issue for issue in self.issues if len(issue.rows)]


def empty_column(field: Field, rows: int) -> Column:
    """Return the column of a field that the sheet does not have."""
    return Column(
        field=field,
        position=0,
        data=_array(field, rows),
        missing=np.zeros(rows, dtype=np.int8),
        given=np.zeros(rows, dtype=bool),
        rejected=np.zeros(rows, dtype=bool),
    )


def read_column(
    field: Field, position: int, cells: Sequence[object], read: Callable[[object], Reading]
) -> Column:
    """Return a column read.

    Parameters
    ----------
    field
        The field.
    position
        Its column in the sheet.
    cells
        What stands in the cells.
    read
        Reads one cell; it is asked once for each different content.
    """
    column = empty_column(field, len(cells))
    column.position = position
    kinds = set(map(type, cells))
    ready = _ready(field)
    if ready and kinds <= ready | {type(None)} and _take(column, cells):
        return column
    if ready & kinds:
        types = list(map(type, cells))
        is_ready = np.array(list(map(ready.__contains__, types)), dtype=bool)
        at = np.flatnonzero(is_ready)
        rest = np.flatnonzero(~is_ready)
        if _take(column, [cells[index] for index in at.tolist()], at):
            _read_each(column, [cells[index] for index in rest.tolist()], read, rest)
            return column
    _read_each(column, cells, read, np.arange(len(cells)))
    return column


def _ready(field: Field) -> frozenset[type]:
    """Return the types of cells that are values of a field as they are."""
    if field.type in ("number", "integer"):
        return _NUMBERS
    return _MOMENTS if field.temporal else _NOTHING


def _take(column: Column, cells: Sequence[Any], at: NDArray[np.intp] | None = None) -> bool:
    """Take cells that are values already; false when they cannot be taken all at once."""
    rows = slice(None) if at is None else at
    if column.field.temporal:
        # spreadsheets count days, so seconds come with an error of fractions
        moments = np.array(cells, dtype="datetime64[ms]") + np.timedelta64(500, "ms")
        moments = moments.astype("datetime64[s]")
        given = ~np.isnat(moments)
        days = moments.astype("datetime64[D]").astype("datetime64[s]")
        timed = given & (days != moments)
        is_date = column.field.type == "date"
        _note(
            column,
            "time-dropped" if is_date else "time-missing",
            timed if is_date else given & ~timed,
            at,
        )
        column.data[rows] = days if is_date else moments
    else:
        try:
            numbers = np.array(cells, dtype=np.float64)
        except OverflowError:
            return False
        given = ~np.isnan(numbers)
        if np.isinf(numbers).any():
            return False
        column.data[rows] = numbers
    column.given[rows] = given
    return True


def _note(column: Column, kind: str, which: NDArray[np.bool_], at: NDArray[np.intp] | None) -> None:
    if which.any():
        rows = np.flatnonzero(which)
        column.issues.append(Issue(kind=kind, rows=rows if at is None else at[rows]))


def _read_each(
    column: Column,
    cells: Sequence[object],
    read: Callable[[object], Reading],
    at: NDArray[np.intp],
) -> None:
    import pandas as pd

    contents: Sequence[Any] = cells
    if not set(map(type, cells)) <= {str, type(None)}:
        # 1, 1.0 and True are equal, but not the same content
        contents = [None if cell is None else (type(cell), cell) for cell in cells]
    codes, different = pd.factorize(_objects(contents))  # -1 where there is nothing
    each = [_read(content, read) for content in different] + [EMPTY]
    nothing = _nothing(column.field)
    values = [nothing if reading.value is None else reading.value for reading in each]
    if column.data.dtype == object:
        column.data[at] = _objects(values)[codes]
    else:
        column.data[at] = np.array(values, dtype=column.data.dtype)[codes]
    column.given[at] = np.array([reading.given for reading in each])[codes]
    missing = [MISSING_ORDER.index(reading.missing) for reading in each]
    column.missing[at] = np.array(missing, dtype=np.int8)[codes]
    column.rejected[at] = np.array([bool(reading.problem) for reading in each])[codes]
    for code, reading in enumerate(each):
        said = (*((reading.problem,) if reading.problem else ()), *reading.remarks)
        if said:
            rows = at[np.flatnonzero(codes == code)]
            for kind in said:
                column.issues.append(Issue(kind=kind, rows=rows, parameters=reading.parameters))


def _read(content: Any, read: Callable[[object], Reading]) -> Reading:
    cell = content[1] if isinstance(content, tuple) else content
    if isinstance(cell, str) and cell in ERROR_VALUES:
        return Reading(problem="cell-is-error", parameters={"value": cell})
    return read(cell)


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _array(field: Field, rows: int) -> NDArray[Any]:
    if field.numeric:
        return np.full(rows, np.nan)
    if field.temporal:
        return np.full(rows, np.datetime64("NaT"), dtype="datetime64[s]")
    return np.full(rows, None, dtype=object)


def _nothing(field: Field) -> Any:
    if field.numeric:
        return np.nan
    return np.datetime64("NaT", "s") if field.temporal else None
