"""Tell rows apart by their keys, and hold back those that cannot be told."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import numpy as np

from clinval.capture.layout import SITE_ID, plain_number
from clinval.capture.reading.columns import Column
from clinval.capture.reading.findings import Findings
from clinval.capture.reading.table import FormTable

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["tell_apart"]

_UNUSABLE = "?"  # stands in a key for a part that is not there or not accepted


def tell_apart(table: FormTable, site_id: str, findings: Findings) -> None:
    """Work out the key of each row; hold back a row whose key is not that of one row.

    Parameters
    ----------
    table
        The rows; their keys and reasons to be held are set.
    site_id
        The site that the workbook was made for.
    findings
        Where problems go.
    """
    _fill_site(table, site_id, findings)
    table.held = [None] * len(table.rows)
    parts = [_texts(table.columns[key]) for key in table.form.keys]
    table.keys = [" | ".join(values) for values in zip(*parts, strict=True)]
    for name in dict.fromkeys((SITE_ID, *table.form.keys)):
        column = table.columns.get(name)
        if column is not None:
            _hold_without(column, table, findings)
    _hold_repeated(table, findings)


def _fill_site(table: FormTable, site_id: str, findings: Findings) -> None:
    """Write the workbook's site where a site has added rows of its own."""
    column = table.columns.get(SITE_ID)
    if column is None:
        return
    empty = np.flatnonzero(~column.given)
    table.site_added = frozenset(empty.tolist())
    column.data[empty] = site_id
    column.given[empty] = True
    if len(empty) and column.position:
        findings.report(
            "site-filled-in",
            sheet=table.sheet,
            order=table.order,
            row=int(table.rows[empty[0]]),
            column=column.position,
            form=table.form.id,
            field=column.field,
            parameters={"count": len(empty), "site": site_id},
        )


def _texts(column: Column) -> list[str]:
    """Return a part of the keys as text."""
    usable = column.present.tolist()
    texts: Sequence[object]
    if column.field.numeric:
        texts = [
            plain_number(value) if good else None
            for value, good in zip(column.data.tolist(), usable, strict=True)
        ]
    elif column.field.temporal:
        texts = [_moment_text(moment) for moment in column.data.tolist()]
    else:
        texts = column.data.tolist()
    return [str(text) if good else _UNUSABLE for text, good in zip(texts, usable, strict=True)]


def _moment_text(moment: datetime.datetime | None) -> str | None:
    """Return a point in time as part of a key; the date alone where there is no time of day."""
    if moment is None:
        return None
    day, clock = moment.date().isoformat(), moment.time()
    return day if clock == datetime.time() else f"{day} {clock.isoformat()}"


def _hold_without(column: Column, table: FormTable, findings: Findings) -> None:
    """Hold rows that lack a part of the key, for the reason that it is lacking."""
    for issue in column.issues:
        if column.rejected[issue.rows].all():
            for row in issue.rows.tolist():
                table.hold(row, issue.kind)
    for row in np.flatnonzero(~column.present & ~column.rejected).tolist():
        table.hold(row, "key-part-missing")
        if column.position:  # a lost column has been reported already
            table.report(findings, "key-part-missing", row, column.field)


def _hold_repeated(table: FormTable, findings: Findings) -> None:
    """Keep one of equal rows; hold all rows of one key that differ."""
    import pandas as pd

    groups: dict[str, list[int]] = {}
    for row in np.flatnonzero(pd.Index(table.keys, dtype=object).duplicated(keep=False)).tolist():
        if table.held[row] is None:
            groups.setdefault(table.keys[row], []).append(row)
    field = table.form.field(table.form.keys[-1])
    for key, rows in groups.items():
        if len(rows) < 2:
            continue
        first, second = rows[:2]
        alike = len({_content(table, row) for row in rows}) == 1
        kind = "row-repeated" if alike else "rows-contradict"
        for row in rows[1:] if alike else rows:
            table.hold(row, kind)
            other = second if row == first else first
            parameters = {"other": int(table.rows[other]), "key": key}
            table.report(findings, kind, row, field, parameters)


def _content(table: FormTable, row: int) -> tuple[tuple[str, int, bool], ...]:
    return tuple(
        (str(column.data[row]), int(column.missing[row]), bool(column.rejected[row]))
        for column in table.columns.values()
    )
