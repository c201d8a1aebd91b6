"""What is asked of a study as a whole, once its returns are in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from clinval.study.checking.across import header_findings, rule_findings
from clinval.study.checking.conduct import panel_members, reads_out_of_order, versions
from clinval.study.checking.duplicates import rows_alike, subjects_at_two_sites, values_not_unique
from clinval.study.checking.groups import strange_groups
from clinval.study.checking.rows import Finding, StudyRows
from clinval.study.checking.values import strange_values
from clinval.study.returns import Defect

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol
    from clinval.study.store import StudyStore

__all__ = ["study_findings"]

_CHECKS: tuple[Callable[[StudyRows], Iterator[Finding]], ...] = (
    subjects_at_two_sites,
    values_not_unique,
    rule_findings,
    header_findings,
    versions,
    panel_members,
    reads_out_of_order,
    strange_values,
    strange_groups,
    rows_alike,
)


def study_findings(protocol: Protocol, store: StudyStore) -> list[tuple[str, Defect]]:
    """Return what checks across forms and sites find in the current data.

    Nothing is stored and no value is changed; the same data give the same findings, in the same
    order.

    Parameters
    ----------
    protocol
        The study.
    store
        Its store.

    Returns
    -------
    list of (str, Defect)
        The site that has to answer, and what it is asked, with the place of the row.
    """
    if not store.version:
        return []
    rows = StudyRows(protocol, store)
    found = [rows.defect(finding) for check in _CHECKS for finding in check(rows)]
    in_other_unit = {
        (site, defect.form, defect.field)
        for site, defect in found
        if defect.problem.kind == "unit-suspected-at-site"
    }
    return [
        (site, defect)
        for site, defect in found
        if defect.problem.kind != "site-differs"
        or (site, defect.form, defect.field) not in in_other_unit
    ]
