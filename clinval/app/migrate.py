"""Carry filled workbooks of an earlier version of the protocol over into today's templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.app.amend import earlier_protocols
from clinval.app.folder import StudyFolder
from clinval.core.errors import SubmissionError, UsageError
from clinval.core.i18n import language, tr
from clinval.core.problems import Place, Problem, Severity
from clinval.core.progress import SILENT, Progress
from clinval.protocol.model import Protocol

if TYPE_CHECKING:
    from clinval.capture.migration import MovedCell

__all__ = ["Carried", "migrate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One workbook that was carried over: where it and its report are, and how many cells of each.

    ``counts`` has the cells by what was done: carried, converted, asked, dropped.
    """

    file: str
    site: str
    version: str
    workbook: Path
    report: Path
    counts: Counter[str]


def migrate(
    folder: StudyFolder,
    files: Sequence[Path],
    *,
    out: Path | None = None,
    progress: Progress = SILENT,
) -> list[Carried]:
    """Write today's templates filled with what earlier workbooks hold, and a report on each cell.

    Nothing is taken in: a person looks at the report, the site answers what is asked, and the
    workbook is taken in like any other.

    Parameters
    ----------
    folder
        The study, amended.
    files
        Filled workbooks of earlier versions.
    out
        Where the workbooks and reports go; ``templates/migrated`` where nothing is named.
    progress
        Is told how far it is.

    Raises
    ------
    UsageError
        When no file is named.
    SubmissionError
        When a file is of no version that is kept, of the one in force, or cannot be read.
    """
    if not files:
        raise UsageError.of("migration-nothing", Place(file=folder.root.name or "."))
    new, target = folder.protocol(), out or folder.templates / "migrated"
    earlier = {
        protocol.study.version: protocol.model_copy(update={"read_codes": new.read_codes})
        for protocol in earlier_protocols(folder)
    }
    sha256 = folder.protocol_sha256()
    return [
        _one(path, earlier, new, target, sha256) for path in progress.steps(list(files), "migrate")
    ]


def _one(
    path: Path, earlier: dict[str, Protocol], new: Protocol, target: Path, sha256: str
) -> Carried:
    from clinval.capture.migration import migrate as carry
    from clinval.capture.reading.whose import stamp_of_file
    from clinval.capture.template import write_template
    from clinval.capture.workbook import read_workbook
    from clinval.core.csv_tables import write_rows

    place = Place(file=path.name)
    version = stamp_of_file(path).protocol_version
    if version == new.study.version:
        raise SubmissionError.of("migration-not-needed", place, version=version)
    old = earlier.get(version)
    if old is None:
        raise SubmissionError.of("migration-version-unknown", place, version=version)
    returned = read_workbook(path, old)
    if returned.refused:
        raise SubmissionError(
            defect.problem
            for defect in returned.defects
            if defect.problem.severity is Severity.ERROR
        )
    known = [site.id for site in new.sites]
    if returned.site not in known:
        parameters = {"site": returned.site, "sites": ", ".join(known)}
        raise SubmissionError(
            [Problem(kind="stamp-of-unknown-site", place=place, parameters=parameters)]
        )
    moved = carry(returned, old, new)
    name = f"{returned.site}-{version}-to-{new.study.version}"
    workbook, report = target / f"{returned.site}.xlsx", target / f"{name}.csv"
    write_template(new, returned.site, workbook, protocol_sha256=sha256, content=moved.content)
    rows = [_row(cell, new) for cell in moved.cells]
    header = (
        tr("form"), tr("row"), tr("old place"), tr("old field"), tr("old value"), tr("action"),
        tr("new field"), tr("new value"), tr("why"),
    )  # fmt: skip
    write_rows(report, header, rows)
    return Carried(
        file=returned.file_name,
        site=returned.site,
        version=version,
        workbook=workbook,
        report=report,
        counts=Counter(cell.action for cell in moved.cells),
    )


def _row(cell: MovedCell, protocol: Protocol) -> tuple[str, ...]:
    """Return a cell as a row of the report; of a blind read nothing that would tell its arm."""
    from clinval.capture.blinding import is_reading_form
    from clinval.capture.conversion import WHY

    form = next((form for form in protocol.forms if form.id == cell.form), None)
    key, old, new = cell.key, cell.old, cell.new
    if protocol.read_codes and form is not None and is_reading_form(form):
        key = ""
        if cell.new_field in form.keys:
            old = new = ""
    action = _actions()[cell.action]
    why = WHY[cell.why].in_(language())
    return (cell.form, key, cell.place, cell.field, old, action, cell.new_field, new, why)


def _actions() -> dict[str, str]:
    """Return what was done to a cell, in the reader's language."""
    return {
        "carried": tr("carried"),
        "converted": tr("converted"),
        "asked": tr("asked"),
        "dropped": tr("dropped"),
    }
