"""The newcomer's first command: a whole study, made up, from its protocol to its PDFs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clinval.app.analysis import analyze
from clinval.app.folder import StudyFolder
from clinval.app.ingest import Ingested, ingest
from clinval.app.library import filled, recipe
from clinval.app.reading_lists import write_reading_lists
from clinval.app.reporting import report
from clinval.app.synthetic import make_up
from clinval.app.synthetic_headers import made_up_headers
from clinval.app.templates import write_templates
from clinval.core.files import write
from clinval.core.progress import SILENT, Progress
from clinval.study.store import StudyStore

__all__ = ["Demonstration", "demonstrate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """What the demonstration made."""

    folder: StudyFolder
    templates: tuple[Path, ...]
    lists: tuple[Path, ...]
    ingested: tuple[Ingested, ...]
    reports: tuple[Path, ...]


def demonstrate(
    root: Path,
    name: str = "dl-mri-fast",
    progress: Progress = SILENT,
    wanted: Sequence[tuple[str, str]] = (),
) -> Demonstration:
    """Make a study from the library, fill it with made-up returns, and run it to its PDFs.

    ``wanted`` are pairs of audience and language; those of its protocol where none are named.
    Everything in it, the times of receipt included, comes from the entry's recipe, so that every
    demonstration is the same to the byte.
    """
    from clinval.capture.dicom.study.harvest_file import harvest_file_name
    from clinval.capture.template import write_template

    cooking = recipe(name)
    folder = filled(root, name, cooking["protocol"])
    protocol, sha256 = folder.protocol(), folder.protocol_sha256()
    templates = write_templates(folder, progress=progress)
    lists = write_reading_lists(folder, progress=progress) if protocol.reading else []
    made = make_up(protocol, cooking)
    for site in progress.steps(protocol.sites, "fill in"):
        path = folder.inbox / f"{site.id}.xlsx"
        write_template(protocol, site.id, path, protocol_sha256=sha256, content=made[site.id])
    for site_id, text in made_up_headers(protocol, cooking, sha256).items():
        write(folder.inbox / harvest_file_name(site_id), text)
    received = str(cooking["received"])
    with StudyStore(folder.store_path, protocol.study.id, clock=lambda: received) as store:
        ingested = ingest(folder, actor="demonstration", progress=progress, store=store)
    analyze(folder, progress)
    return Demonstration(
        folder=folder,
        templates=tuple(templates),
        lists=tuple(lists),
        ingested=tuple(ingested),
        reports=tuple(report(folder, wanted, progress=progress)),
    )
