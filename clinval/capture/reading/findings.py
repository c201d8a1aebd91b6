"""Collects defects with their cells, in the order in which a person goes through the workbook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from clinval.core.problems import Place, Problem, kinds
from clinval.study.returns import Defect

if TYPE_CHECKING:
    from clinval.protocol.forms import Field

__all__ = ["MOST_ALIKE", "Findings", "cell_name"]

MOST_ALIKE = 10_000  # defects of one kind in one column; the rest is counted, not listed


class Findings:
    """The defects of one file.

    Parameters
    ----------
    file
        Its name, as it may be shown.
    cell_of
        Gives the name of a cell by the order of its sheet, its row and its column.
    instead
        Kinds that are said as another in such a file, or go without saying: those of an empty one.
    """

    def __init__(
        self,
        file: str,
        *,
        cell_of: Callable[[int, int, int], str] | None = None,
        instead: Mapping[str, str] | None = None,
    ) -> None:
        self._file = file
        self._cell_of = cell_of or (lambda _, row, column: cell_name(row, column))
        self._instead = instead or {}
        self._found: list[tuple[tuple[int, int, int, int], Defect]] = []
        self._alike: Counter[tuple[int, str, str]] = Counter()

    def report(
        self,
        kind: str,
        *,
        sheet: str = "",
        order: int = -1,
        row: int = 0,
        column: int = 0,
        form: str = "",
        key: str = "",
        field: Field | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> None:
        """Add a defect.

        Parameters
        ----------
        kind
            Kind of the catalogue of problems.
        sheet
            Name of the sheet, as it may be shown.
        order
            Position of the sheet among those read.
        row, column
            Cell, as spreadsheets count; 0 where there is none.
        form, key, field
            What it is about.
        parameters
            Of the problem; label and name of the field are added.
        """
        kind = self._instead.get(kind, kind)
        if not kind:
            return
        name = field.id if field is not None else ""
        alike = (order, kind, name)
        self._alike[alike] += 1
        if self._alike[alike] > MOST_ALIKE:
            return
        given = dict(parameters or {})
        if field is not None:
            given |= {"field": field.label.en, "field_zh": field.label.in_("zh")}
        place = Place(file=self._file, sheet=sheet, cell=self._cell_of(order, row, column))
        defect = Defect(
            problem=Problem(kind=kind, place=place, parameters=given),
            form=form,
            key=key,
            field=name,
        )
        self._found.append(((order, row, column, len(self._found)), defect))

    def defects(self) -> tuple[Defect, ...]:
        """Return the defects in order, and a word for each kind of which not all are listed."""
        found = [defect for _, defect in sorted(self._found, key=lambda item: item[0])]
        codes = kinds()
        for (_, kind, name), count in sorted(self._alike.items()):
            if count > MOST_ALIKE:
                parameters = {
                    "code": codes[kind]["code"],
                    "more": count - MOST_ALIKE,
                    "name": name or "-",
                }
                problem = Problem(
                    kind="more-of-the-same", place=Place(file=self._file), parameters=parameters
                )
                found.append(Defect(problem=problem, field=name))
        return tuple(found)


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell, of a whole row or column where one is 0.

    Examples
    --------
    >>> cell_name(17, 4), cell_name(0, 4), cell_name(17, 0), cell_name(0, 0)
    ('D17', 'D', '17', '')
    """
    from openpyxl.utils import get_column_letter

    letters = get_column_letter(column) if column else ""
    return f"{letters}{row or ''}"
