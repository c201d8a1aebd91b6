"""Bring what headers say into a study: files for the sponsor, tables, and the store at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.app.dicom import read_folder
from clinval.app.dicom_files import (
    write_changes,
    write_devices,
    write_refusals,
    write_values,
)
from clinval.app.dicom_journal import journal
from clinval.app.folder import StudyFolder
from clinval.capture.dicom.devices.device import DeviceChange, device_changes, devices
from clinval.capture.dicom.gate.gate import GatePolicy
from clinval.capture.dicom.observing import Observer
from clinval.capture.dicom.study.coding import Coding
from clinval.capture.dicom.study.harvest_file import harvest_file_name, harvest_text
from clinval.capture.dicom.study.prefilled import prefilled
from clinval.capture.dicom.study.rows import Rows, rows_of_harvest
from clinval.core.errors import UsageError
from clinval.core.files import write
from clinval.core.problems import Place
from clinval.core.progress import SILENT, Progress
from clinval.protocol.dicom import Dicom
from clinval.protocol.forms import HEADERS

if TYPE_CHECKING:
    from clinval.app.ingest import Ingested
    from clinval.capture.dicom.harvest import Harvest
    from clinval.capture.dicom.instance import Instance
    from clinval.protocol.model import Protocol

__all__ = ["Harvested", "harvest_into", "policy_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvested:
    """What was read, the rows it gives, the files written, and what ingest made of them.

    ``changes`` are those of the devices of a site.
    """

    harvest: Harvest
    rows: Rows
    changes: tuple[DeviceChange, ...]
    written: tuple[Path, ...]
    ingested: tuple[Ingested, ...] = ()


def harvest_into(
    folder: StudyFolder,
    directory: Path,
    *,
    sites: Sequence[str] = (),
    take: bool = False,
    actor: str = "",
    reason: str = "",
    count: int = 1,
    scheduler: str = "",
    progress: Progress = SILENT,
) -> Harvested:
    """Read a folder into a study: only files that its gate takes, only codes and values of them.

    Written into ``dicom/`` are a file for the sponsor and a filled workbook for each site, and
    tables of all values, devices, their changes and of what was left out. What was read stays
    known, so that an interrupted harvest goes on where it stopped.

    Parameters
    ----------
    folder
        The study.
    directory
        A folder, an archive, a DICOMDIR or a file.
    sites
        Sites whose rows are written; all of them where none are named.
    take
        Whether the rows are stored at once, as if their files had come from the sites.
    actor, reason
        In whose name, and why data are corrected, where they are stored.
    count, scheduler
        Who reads; see `clinval.app.workers.workers`.
    progress
        Is told how far it is.

    Raises
    ------
    UsageError
        When this is no study, its protocol has no form for headers, a site is not known, or the
        folder or the cluster cannot be used.
    ProtocolError, SubmissionError
        When the protocol, the store or the files of the harvest cannot be used.
    """
    if not folder.protocol_path.is_file():
        place = Place(file=folder.root.name or str(folder.root))
        raise UsageError.of("images-outside-study", place)
    protocol = folder.protocol()
    _check(protocol, sites, Place(file=folder.protocol_path.name))
    observer = Observer(policy=policy_of(protocol), coding=Coding(protocol))
    rules = protocol.model_dump(mode="json", include={"dicom", "subjects", "sites", "arms"})
    with journal(folder.dicom / "read.db", rules) as kept:
        harvest = read_folder(
            directory, observer, count=count, scheduler=scheduler, journal=kept, progress=progress
        )
    rows = rows_of_harvest(harvest.measured, harvest.devices, harvest.instances, protocol)
    returns = _write_returns(folder, protocol, rows, harvest, sites)
    changes = _changes(harvest, Coding(protocol))
    others = _write_workbooks(folder, protocol, rows, sites)
    others += _write_tables(folder, harvest, rows, changes)
    ingested: list[Ingested] = []
    if take and returns:
        from clinval.app.ingest import ingest

        ingested = ingest(folder, returns, actor=actor, reason=reason, progress=progress)
    return Harvested(
        harvest=harvest,
        rows=rows,
        changes=tuple(changes),
        written=(*returns, *others),
        ingested=tuple(ingested),
    )


def policy_of(protocol: Protocol) -> GatePolicy:
    """Return what the gate of a study lets pass."""
    asked = (protocol.dicom or Dicom()).gate
    return GatePolicy(
        subjects=frozenset(
            subject for site in protocol.sites for subject in protocol.subjects_of(site.id)
        ),
        private_creators=asked.private_creators,
        identity_removed=asked.identity_removed,
        burned_in=asked.burned_in,
    )


def _check(protocol: Protocol, sites: Sequence[str], place: Place) -> None:
    if not any(form.filled_by == HEADERS for form in protocol.forms):
        raise UsageError.of("images-not-asked", place)
    known = [site.id for site in protocol.sites]
    for site in sites:
        if site not in known:
            raise UsageError.of("site-not-found", place, site=site, sites=", ".join(known))


def _write_returns(
    folder: StudyFolder, protocol: Protocol, rows: Rows, harvest: Harvest, sites: Sequence[str]
) -> list[Path]:
    """Write the file for the sponsor of each site that has rows."""
    sha256, written = folder.protocol_sha256(), []
    counts = {"read": harvest.read, "refused": harvest.refused, "copies": harvest.copies}
    for site in _with_rows(protocol, rows, sites):
        path = folder.dicom / harvest_file_name(site)
        text = harvest_text(rows.rows, site, protocol, protocol_sha256=sha256, counts=counts)
        write(path, text)
        written.append(path)
    return written


def _write_workbooks(
    folder: StudyFolder, protocol: Protocol, rows: Rows, sites: Sequence[str]
) -> list[Path]:
    """Write the workbook of each site that has rows, with what headers fill in on its forms."""
    from clinval.capture.template import write_template

    sha256, written = folder.protocol_sha256(), []
    for site in _with_rows(protocol, rows, sites):
        content = prefilled(rows.rows, site, protocol)
        if content:
            path = folder.dicom / f"{site}_prefilled.xlsx"
            write_template(protocol, site, path, protocol_sha256=sha256, content=content)
            written.append(path)
    return written


def _with_rows(protocol: Protocol, rows: Rows, sites: Sequence[str]) -> list[str]:
    """Return the sites that have rows, of those that are named if any are."""
    known = [site.id for site in protocol.sites if rows.of_site(site.id)]
    return [site for site in known if not sites or site in sites]


def _changes(harvest: Harvest, coding: Coding) -> list[DeviceChange]:
    """Return what changed about the devices of each site; a file of no site is of none."""
    by_site: defaultdict[str, list[Instance]] = defaultdict(list)
    for instance in harvest.instances:
        if site := coding.site(instance.subject):
            by_site[site].append(instance)
    return device_changes({site: devices(found) for site, found in by_site.items()})


def _write_tables(
    folder: StudyFolder, harvest: Harvest, rows: Rows, changes: Sequence[DeviceChange]
) -> list[Path]:
    values, made_by, changed, refusals = (
        folder.dicom / f"{name}.csv" for name in ("values", "devices", "device_changes", "refusals")
    )
    write_values(values, harvest)
    write_devices(made_by, harvest)
    write_changes(changed, changes)
    write_refusals(refusals, harvest, rows.left_out)
    return [values, made_by, changed, refusals]
