"""Where the study stands: enrolment against plan, completeness, open questions, by site."""

from __future__ import annotations

from dataclasses import dataclass

from clinval.app.folder import StudyFolder
from clinval.core.problems import Severity
from clinval.study.analysis_sets import memberships
from clinval.study.data import StudyData
from clinval.study.disposition import disposition
from clinval.study.misfits import misfits
from clinval.study.returns import Defect
from clinval.study.store import StudyStore

__all__ = ["SiteStatus", "Status", "status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """One site in numbers."""

    site: str
    planned: int
    returned: int
    rows: int
    held: int
    not_accepted: int
    to_confirm: int
    last_file: str
    last_received: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The study in numbers."""

    study: str
    protocol_version: str
    data_version: int
    sites: tuple[SiteStatus, ...]
    defects: tuple[Defect, ...]
    audit_entries: int
    audit_broken_at: int | None


def status(folder: StudyFolder) -> Status:
    """Return where the study stands; a study without data stands at zero."""
    protocol = folder.protocol()
    with StudyStore(folder.store_path, protocol.study.id) as store:
        data = StudyData(protocol, store, strict=False)
        records, _ = disposition(data, memberships(data))
        counts = {record.id: int(record.value or 0) for record in records}
        found = [Defect(problem=problem) for problem in misfits(data)]
        found += store.open_defects() + store.refusals()
        defects = tuple(defect for defect in found if defect.problem.severity is not Severity.NOTE)
        newest = {line.site: line for line in store.submissions() if line.outcome == "accepted"}
        sites = []
        for site in protocol.sites:
            prefix = f"disposition.site={site.id}."
            last = newest.get(site.id)
            sites.append(
                SiteStatus(
                    site=site.id,
                    planned=counts[prefix + "planned"],
                    returned=counts[prefix + "received"],
                    rows=sum(counts[f"{prefix}rows.{form.id}"] for form in protocol.forms),
                    held=sum(counts[f"{prefix}held.{form.id}"] for form in protocol.forms),
                    not_accepted=counts[prefix + "open.error"],
                    to_confirm=counts[prefix + "open.query"],
                    last_file=last.file_name if last else "",
                    last_received=last.received_utc if last else "",
                )
            )
        return Status(
            study=protocol.study.id,
            protocol_version=protocol.study.version,
            data_version=store.version,
            sites=tuple(sites),
            defects=defects,
            audit_entries=store.audit_head()[0],
            audit_broken_at=store.audit_broken_at(rows=True),
        )
