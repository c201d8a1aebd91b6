"""The log of deviations: what sites recorded, and what follows from the data by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from clinval.protocol.study_checks import AcrossCheck, across_checks
from clinval.study.checking.across import DEVIATIONS, fired, recorded
from clinval.study.checking.rows import StudyRows
from clinval.study.returns import KEY

if TYPE_CHECKING:
    from clinval.protocol.base import Text
    from clinval.protocol.forms import Check
    from clinval.protocol.model import Protocol
    from clinval.study.store import StudyStore

__all__ = ["Deviation", "deviations"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One deviation from the protocol.

    Attributes
    ----------
    site, subject
        Where, and whose.
    category
        Code of the category in F09.
    check
        Id of the check that it follows from; empty where the site recorded it.
    severity
        As the site recorded it, else that of the check.
    form, key
        The row that says so.
    recorded
        Whether the subject has a deviation of the category in F09.
    says
        What the check says; ``None`` for one that was recorded.
    """

    site: str
    subject: str
    category: str
    severity: str
    form: str
    key: str
    recorded: bool
    check: str = ""
    says: Text | None = None

    def plain(self) -> dict[str, object]:
        """Return it as plain values, for machines."""
        return {**asdict(self), "says": self.says.en if self.says is not None else ""}


def deviations(protocol: Protocol, store: StudyStore) -> list[Deviation]:
    """Return what sites recorded, and every row that is a deviation by a check of the study.

    Derived are deviations of consent, eligibility, time windows and conduct: whatever check of a
    form or across forms names the category that a row on which it fires belongs to.
    """
    if not store.version:
        return []
    rows = StudyRows(protocol, store)
    return [*_of_sites(rows), *_derived(rows)]


def _of_sites(rows: StudyRows) -> Iterator[Deviation]:
    if rows.column(DEVIATIONS, "category") is None:
        return
    texts = [rows.texts(DEVIATIONS, name) for name in ("subject_id", "category", "severity", KEY)]
    sites = rows.sites(DEVIATIONS)
    for site, subject, category, severity, key in zip(sites, *texts, strict=True):
        yield Deviation(
            site=site, subject=subject, category=category or "", severity=severity or "",
            form=DEVIATIONS, key=key, recorded=True,
        )  # fmt: skip


def _derived(rows: StudyRows) -> Iterator[Deviation]:
    checks: list[tuple[str, Check | AcrossCheck]] = [
        (form.id, check) for form in rows.protocol.forms for check in form.checks
    ]
    checks += [(check.form, check) for check in across_checks(rows.protocol)]
    for form, check in checks:
        if check.deviation is None or rows.column(form, "subject_id") is None:
            continue
        known = recorded(rows, form, check.deviation)
        subjects, keys, sites = (
            rows.texts(form, "subject_id"),
            rows.texts(form, KEY),
            rows.sites(form),
        )
        for row in fired(rows, check, form).tolist():
            yield Deviation(
                site=sites[row], subject=subjects[row], category=check.deviation,
                severity=check.severity, form=form, key=keys[row], recorded=bool(known[row]),
                check=check.id, says=check.message,
            )  # fmt: skip
