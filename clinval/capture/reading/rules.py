"""The columns of a return as rules read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.capture.reading.table import FormTable
from clinval.core.expressions import Expression, Truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TableScope", "truth_of"]

_SUBJECT = "subject_id"


@dataclass(frozen=True, slots=True)
class TableScope:
    """A table for rules to be evaluated over; counts over other forms go by the subject."""

    table: FormTable
    tables: Mapping[str, FormTable]
    _made: dict[str, Any] = member(default_factory=dict)

    def column(self, name: str) -> Any:
        """Return a column: floats, ``datetime64`` or a ``Categorical`` of texts."""
        if name not in self._made:
            column = self.table.columns[name]
            values: Any = column.data
            if values.dtype == object:
                import pandas as pd

                values = pd.Categorical(values)
            self._made[name] = values
        return self._made[name]

    def aggregate(self, function: str, form: str, condition: Expression | None) -> Any:
        """Return ``any``, ``all`` or ``count`` over the usable rows of another form."""
        import pandas as pd

        rows = len(self.table.rows)
        other = self.tables.get(form)
        if other is None or _SUBJECT not in other.columns or _SUBJECT not in self.table.columns:
            unknown = np.zeros(rows, dtype=bool)
            return np.full(rows, np.nan) if function == "count" else Truth(unknown, unknown)
        subjects = pd.Index(self.table.columns[_SUBJECT].data).unique().dropna()
        here = subjects.get_indexer(self.table.columns[_SUBJECT].data)
        there = subjects.get_indexer(other.columns[_SUBJECT].data)
        counted = other.usable & (there >= 0)
        total = np.bincount(there[counted], minlength=len(subjects))
        if condition is None:
            return _spread(total, here).astype(np.float64)
        truth = truth_of(condition, other, self.tables)
        hits = np.bincount(there[counted & truth.true & truth.known], minlength=len(subjects))
        if function == "count":
            return _spread(hits, here).astype(np.float64)
        met = hits > 0 if function == "any" else (total > 0) & (hits == total)
        return Truth(_spread(met, here), np.ones(rows, dtype=bool))


def _spread(by_subject: NDArray[Any], here: NDArray[np.intp]) -> NDArray[Any]:
    """Return the value of each row's subject; nothing for a row without one."""
    padded = np.append(by_subject, np.zeros(1, dtype=by_subject.dtype))
    return padded[here]


def truth_of(rule: Expression, table: FormTable, tables: Mapping[str, FormTable]) -> Truth:
    """Return the truth of a rule for each row of a table."""
    return rule.truth(TableScope(table, tables))
