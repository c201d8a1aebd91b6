"""Edit checks: what a form asks about its own rows, and what it needs in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from clinval.capture.layout import SITE_ID
from clinval.capture.reading.findings import Findings
from clinval.capture.reading.rules import truth_of
from clinval.capture.reading.table import FormTable
from clinval.core.expressions import Expression, parse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.protocol.forms import Field

__all__ = ["check_completeness", "run_checks"]


def check_completeness(
    table: FormTable, tables: Mapping[str, FormTable], findings: Findings
) -> None:
    """Report what has to be filled and is empty, and what is filled where it does not apply.

    ``ND``, ``NA`` and ``UNK`` are answers. Where the rule under which a field applies cannot be
    decided, the field may be filled and need not be.

    Parameters
    ----------
    table
        The rows of a form.
    tables
        The rows of all forms, for rules that count over another.
    findings
        Where problems go.
    """
    keys = {SITE_ID, *table.form.keys}
    # a row of keys alone is in the table because they are wrong, and that has been said
    entered = np.zeros(len(table.rows), dtype=bool)
    for name, column in table.columns.items():
        entered |= column.given & (name not in keys)
    for field in table.form.fields:
        if field.id in table.lost or field.id in table.form.keys:
            continue
        column = table.columns[field.id]
        applies = _applies(field, table, tables)
        if field.required:
            needed = entered if applies is None else entered & applies[0]
            for row in np.flatnonzero(needed & ~column.given).tolist():
                table.report(findings, "required-is-empty", row, field)
        if applies is not None:
            for row in np.flatnonzero(applies[1] & column.present).tolist():
                table.report(findings, "value-not-applicable", row, field)


def _applies(
    field: Field, table: FormTable, tables: Mapping[str, FormTable]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Return where a field applies for certain, and where for certain it does not."""
    if field.when is None:
        return None
    rule = parse(field.when)
    if _reads(rule) & table.lost:
        nowhere = np.zeros(len(table.rows), dtype=bool)
        return nowhere, nowhere
    truth = truth_of(rule, table, tables)
    return truth.true & truth.known, truth.known & ~truth.true


def run_checks(table: FormTable, tables: Mapping[str, FormTable], findings: Findings) -> None:
    """Report every row on which a check of the form fires; the values stand.

    A check that reads a value which was not accepted has nothing to go by: it does not fire.

    Parameters
    ----------
    table
        The rows of a form.
    tables
        The rows of all forms, for checks that count over another.
    findings
        Where problems go.
    """
    for check in table.form.checks:
        rule = parse(check.fires_when)
        read = [name for form, name in rule.names if not form]
        if set(read) & table.lost:
            continue
        truth = truth_of(rule, table, tables)
        fires = truth.true & truth.known
        for name in read:
            fires &= ~table.columns[name].rejected
        field = table.form.field(read[0]) if read else None
        kind = "critical-check-fires" if check.severity == "critical" else "check-fires"
        parameters = {
            "check": check.id,
            "severity": check.severity,
            "reads": read,
            "message": check.message.en,
            "message_zh": check.message.in_("zh"),
        }
        for row in np.flatnonzero(fires).tolist():
            table.report(findings, kind, row, field, parameters)


def _reads(rule: Expression) -> set[str]:
    return {name for form, name in rule.names if not form}
