"""Try an edit check on its own examples: one row that fires it and one that does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from clinval.core.expressions import Expression, parse

if TYPE_CHECKING:
    from clinval.protocol.forms import Check, Field, Form, Row
    from clinval.protocol.study_checks import AcrossCheck

__all__ = ["OneRow", "fires", "lint_example"]


def fires(check: Check | AcrossCheck, form: Form, row: Row) -> bool:
    """Return whether a check fires on a row; fields not given are missing.

    Raises
    ------
    ValueError
        When the row holds a value that its field cannot have.
    """
    truth = parse(check.fires_when).truth(OneRow(form, row))
    return bool((truth.true & truth.known)[0])


def lint_example(
    check: Check | AcrossCheck,
    form: Form,
    path: tuple[str | int, ...],
    report: Callable[..., None],
) -> None:
    """Report an example that does not do what it is an example of."""
    for name, row, wanted, kind in (
        ("fires", check.example.fires, True, "check-example-silent"),
        ("silent", check.example.silent, False, "check-example-fires"),
    ):
        here = (*path, "example", name)
        unknown = [field for field in row if form.field(field) is None]
        for field in unknown:
            report("form-field-unknown", (*here, field), form=form.id, field=field)
        try:
            fired = fires(check, form, row)
        except ValueError:
            report("check-example-value", here, check=check.id)
            continue
        if not unknown and fired is not wanted:
            report(kind, here, check=check.id)


class OneRow:
    """One row of a form, as the columns that rules read."""

    def __init__(self, form: Form, row: Row) -> None:
        self._form = form
        self._row = row

    def column(self, name: str) -> Any:
        """Return a field's value as a column of one row."""
        import numpy as np
        import pandas as pd

        field: Field | None = self._form.field(name)
        value = self._row.get(name)
        if field is not None and field.numeric:
            return np.array([np.nan if value is None else float(str(value))])
        if field is not None and field.temporal:
            return np.array([value or "NaT"], dtype="datetime64[s]")
        return pd.Categorical([f"{value:g}" if isinstance(value, float) else value])

    def aggregate(self, function: str, form: str, condition: Expression | None) -> Any:
        """Refuse: an example is a single row of one form."""
        raise ValueError(f"a check of one row cannot ask {function}({form}, {condition})")
