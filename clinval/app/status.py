"""Where the study stands: enrolment against plan, completeness, queries and their age, by site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinval import __version__
from clinval.app.final import state_of_results
from clinval.app.folder import StudyFolder
from clinval.core.problems import Severity
from clinval.core.progress import SILENT, Progress
from clinval.core.records import Results
from clinval.protocol.model import Protocol
from clinval.study.analysis_sets import memberships
from clinval.study.audit import utc_now
from clinval.study.data import StudyData
from clinval.study.disposition import disposition
from clinval.study.misfits import misfits
from clinval.study.monitoring import AGES, age_names, monitoring
from clinval.study.queries import read_queries
from clinval.study.returns import Defect
from clinval.study.states import read_state
from clinval.study.store import StudyStore

__all__ = ["SiteStatus", "Status", "status", "write_status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """One site in numbers; ``missing`` are forms of enrolled subjects that are not complete."""

    site: str
    planned: int
    returned: int
    enrolled: int
    rows: int
    held: int
    missing: int
    not_accepted: int
    to_confirm: int
    open: int
    answered: int
    critical: int
    ages: tuple[int, ...]
    last_file: str
    last_received: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The study in numbers; ``results`` has all of them as records."""

    study: str
    protocol_version: str
    data_version: int
    state: str
    sites: tuple[SiteStatus, ...]
    defects: tuple[Defect, ...]
    audit_entries: int
    audit_broken_at: int | None
    results: Results

    @property
    def age_classes(self) -> tuple[str, ...]:
        """The names of the classes that the ages of the sites' queries are counted in."""
        return age_names()


def status(folder: StudyFolder, *, now_utc: str = "") -> Status:
    """Return where the study stands (now); a study without data stands at zero."""
    protocol = folder.protocol()
    now = now_utc or utc_now()
    with StudyStore(folder.store_path, protocol.study.id) as store:
        data = StudyData(protocol, store, strict=False)
        records, series = disposition(data, memberships(data))
        more, drawn = monitoring(data, read_queries(store), now, records)
        found = [Defect(problem=problem) for problem in misfits(data)]
        found += store.open_defects() + store.refusals()
        broken_at = store.audit_broken_at(rows=True)
        results = Results(
            provenance=_provenance(folder, protocol, store, now, broken_at),
            records=(*records, *more),
            series=(*series, *drawn),
        )
        newest = {line.site: line for line in store.submissions() if line.outcome == "accepted"}
        last = {site: (line.file_name, line.received_utc) for site, line in newest.items()}
        return Status(
            study=protocol.study.id,
            protocol_version=protocol.study.version,
            data_version=store.version,
            state=read_state(store).state,
            sites=tuple(_of_site(site.id, protocol, results, last) for site in protocol.sites),
            defects=tuple(part for part in found if part.problem.severity is not Severity.NOTE),
            audit_entries=store.audit_head()[0],
            audit_broken_at=broken_at,
            results=results,
        )


def write_status(
    folder: StudyFolder,
    languages: Sequence[str],
    progress: Progress = SILENT,
    *,
    out: Path | None = None,
    now_utc: str = "",
) -> list[Path]:
    """Write where the study stands as a PDF a language (``status.en.pdf``), and name them."""
    from clinval.report.pdf.writer import write
    from clinval.report.status_page import compose

    protocol, found = folder.protocol(), status(folder, now_utc=now_utc)
    paths = []
    for language in progress.steps(list(languages), "report"):
        path = (out or folder.status) / f"status.{language}.pdf"
        write(compose(protocol, found.results, language), path)
        paths.append(path)
    return paths


def _of_site(
    site: str, protocol: Protocol, results: Results, last: Mapping[str, tuple[str, str]]
) -> SiteStatus:
    def count(of: str, statistic: str) -> int:
        return int(results[f"{of}.site={site}.{statistic}"].value or 0)

    forms = [form.id for form in protocol.forms]
    last_file, last_received = last.get(site, ("", ""))
    return SiteStatus(
        site=site,
        planned=count("disposition", "planned"),
        returned=count("disposition", "received"),
        enrolled=count("disposition", "enrolled"),
        rows=sum(count("disposition", f"rows.{form}") for form in forms),
        held=sum(count("disposition", f"held.{form}") for form in forms),
        missing=count("monitoring", "missing"),
        not_accepted=count("disposition", "open.error"),
        to_confirm=count("disposition", "open.query"),
        open=count("monitoring", "open"),
        answered=count("monitoring", "answered"),
        critical=count("monitoring", "critical"),
        ages=tuple(count("monitoring", f"age.{number}") for number in range(len(AGES))),
        last_file=last_file,
        last_received=last_received,
    )


def _provenance(
    folder: StudyFolder, protocol: Protocol, store: StudyStore, now: str, broken_at: int | None
) -> dict[str, Any]:
    """Say what the numbers were made from."""
    state = read_state(store).state
    entries, head = store.audit_head()
    newest = {line.site: line for line in store.submissions() if line.outcome == "accepted"}
    return {
        "study": protocol.study.id,
        "protocol": {
            "version": protocol.study.version,
            "date": protocol.study.date.isoformat(),
            "sha256": folder.protocol_sha256(),
        },
        "synthetic": protocol.study.synthetic,
        "at_utc": now,
        "data": {
            "version": store.version,
            "sha256": store.manifest_sha256,
            "state": state_of_results(store),
            "stands": state,
            "returned": {site: line.received_utc[:10] for site, line in newest.items()},
        },
        "audit": {"entries": entries, "head": head, "broken_at": broken_at},
        "software": {"clinval": __version__},
    }
