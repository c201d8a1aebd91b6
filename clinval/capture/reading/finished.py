"""What every return comes to, whatever file it came in: checked tables, and how many cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from clinval.capture.edit_checks import check_completeness, run_checks
from clinval.capture.layout import SITE_ID
from clinval.capture.read_checks import check_reads
from clinval.capture.reading.findings import Findings
from clinval.capture.reading.table import FormTable
from clinval.study.meaning import meaning_of
from clinval.study.returns import CellCounts, FormReturn

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol

__all__ = ["counts_of", "finished"]


def finished(
    protocol: Protocol, site_id: str, tables: Mapping[str, FormTable], findings: Findings
) -> tuple[FormReturn, ...]:
    """Return the forms of a site as the store takes them, all checks of their rows made.

    Parameters
    ----------
    protocol
        The study.
    site_id
        The site.
    tables
        Its tables, by form.
    findings
        Where problems go.
    """
    for table in tables.values():
        check_completeness(table, tables, findings)
        run_checks(table, tables, findings)
        check_reads(protocol, site_id, table, findings)
    return tuple(
        FormReturn(
            form=name,
            sheet=table.sheet,
            frame=table.frame(),
            lost=table.lost,
            meaning={field.id: meaning_of(field) for field in table.form.fields},
        )
        for name, table in tables.items()
    )


def counts_of(table: FormTable) -> CellCounts:
    """Return what became of the filled cells of a table.

    A value or a missing code of a row that is used is stored. What is not accepted, stands in a
    row that is held back or in a column that is not asked for is rejected; keys of rows in which
    nothing was entered are neither.
    """
    usable = table.usable
    filled = stored = 0
    for name, column in table.columns.items():
        given = column.given.copy()
        if name == SITE_ID:
            given[list(table.site_added)] = False
        filled += int(np.count_nonzero(given))
        stored += int(np.count_nonzero(given & usable & ~column.rejected))
    return CellCounts(
        given=table.given,
        stored=stored,
        rejected=filled - stored + table.extra,
        untouched=table.untouched,
    )
