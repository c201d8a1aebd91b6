"""What a site entered in one form, by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.capture.reading.columns import MISSING_ORDER, Column
from clinval.capture.reading.findings import Findings
from clinval.study.returns import HELD, KEY, MISSING, SHEET_ROW

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from clinval.protocol.forms import Field, Form

__all__ = ["FormTable"]


@dataclass(slots=True, kw_only=True)
class FormTable:
    """The rows that a site has begun.

    Attributes
    ----------
    rows
        Number of each row in the sheet.
    columns
        By field; a field that the sheet does not have has an empty column.
    keys
        The key of each row.
    held
        Kind of the problem for which a row is not used, or ``None``.
    lost
        Fields that the sheet does not have.
    given, extra, untouched
        Filled cells below the headings; those in columns that are not read; those of rows that
        nobody has begun.
    site_added
        Rows whose site was not given but filled in.
    """

    form: Form
    sheet: str
    order: int
    rows: NDArray[np.int64]
    columns: dict[str, Column]
    keys: list[str] = member(default_factory=list)
    held: list[str | None] = member(default_factory=list)
    lost: frozenset[str] = frozenset()
    given: int = 0
    extra: int = 0
    untouched: int = 0
    site_added: frozenset[int] = frozenset()

    def report(
        self,
        findings: Findings,
        kind: str,
        row: int,
        field: Field | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> None:
        """Report something about a row, by its index, or about one of its cells."""
        column = self.columns[field.id].position if field is not None else 0
        findings.report(
            kind,
            sheet=self.sheet,
            order=self.order,
            row=int(self.rows[row]),
            column=column,
            form=self.form.id,
            key=self.keys[row],
            field=field,
            parameters=parameters,
        )

    def hold(self, row: int, kind: str) -> None:
        """Hold a row back; the first reason stands."""
        self.held[row] = self.held[row] or kind

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Which rows are not held back."""
        return np.array([kind is None for kind in self.held], dtype=bool)

    def frame(self) -> pd.DataFrame:
        """Return the rows as the store takes them; see `clinval.study.returns`."""
        import pandas as pd

        data: dict[str, NDArray[Any]] = {
            field.id: self.columns[field.id].data for field in self.form.fields
        }
        data[KEY] = _objects(self.keys)
        data[SHEET_ROW] = self.rows
        data[MISSING] = _objects(self._missing())
        data[HELD] = _objects(self.held)
        series = {name: pd.Series(values, dtype=values.dtype) for name, values in data.items()}
        return pd.DataFrame(series)

    def _missing(self) -> list[str | None]:
        parts: dict[int, list[str]] = {}
        for field in self.form.fields:
            codes = self.columns[field.id].missing
            for row in np.flatnonzero(codes).tolist():
                parts.setdefault(row, []).append(f"{field.id}={MISSING_ORDER[codes[row]]}")
        return [";".join(parts[row]) if row in parts else None for row in range(len(self.keys))]


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
