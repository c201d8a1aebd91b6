"""Size the study before it begins: every endpoint of a protocol, or of a draft of one."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from clinval import __version__
from clinval.app.folder import StudyFolder
from clinval.core.csv_tables import write_rows
from clinval.core.errors import ProtocolError, UsageError
from clinval.core.i18n import LANGUAGES
from clinval.core.problems import Place, Problem, Severity
from clinval.core.progress import SILENT, Progress
from clinval.core.records import Results
from clinval.core.resources import folder
from clinval.endpoints import KINDS
from clinval.endpoints.design import design
from clinval.endpoints.simulation import simulate, to_simulate
from clinval.protocol.model import Protocol
from clinval.protocol.reading import Reading, read_protocol

__all__ = ["Designed", "design_study", "where_to_write"]

_PACKAGES = ("numpy", "scipy")
_OF_SIZES = {
    "alpha-not-of-level", "enrolment-too-small", "planning-hopeless", "planning-incomplete",
    "sample-size-missing", "subjects-not-declared", "subjects-too-few", "underpowered",
}  # fmt: skip
_COLUMNS = (
    "status", "bound_low", "bound_high", "alpha", "power", "n", "design_effect", "dropout",
    "subjects", "to_enrol", "declared", "planned", "planned_with_result", "power_declared",
    "power_planned",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Designed:
    """The numbers of a plan, what the protocol is asked about its sizes, and the files written."""

    protocol: Protocol
    results: Results
    questions: tuple[Problem, ...]
    files: tuple[Path, ...]


def design_study(
    path: Path,
    output: Path,
    languages: Sequence[str] = LANGUAGES,
    progress: Progress = SILENT,
    *,
    studies: int = 0,
    workers: int | None = None,
) -> Designed:
    """Size every endpoint and write ``design.json``, ``sizes.csv`` and a PDF a language.

    Parameters
    ----------
    path
        The protocol, or a draft that lacks margins, sources or economics.
    output
        The folder that is written to; it is made if need be.
    languages
        Of the PDFs; none for no PDF.
    progress
        Told of each endpoint, each batch of simulated studies and each PDF.
    studies
        Reader studies that are simulated for each true difference; 0 for none.
    workers
        Processes that simulate them, all cores where it is ``None``; numbers do not depend on it.

    Raises
    ------
    ProtocolError
        When anything else is wrong with the protocol.
    UsageError
        When studies are to be simulated and the protocol has no reader study that shows anything.
    """
    reading = read_protocol(path, KINDS)
    protocol = reading.draft
    if protocol is None:
        raise ProtocolError(reading.problems)
    if studies and not to_simulate(protocol):
        raise UsageError.of("nothing-to-simulate", Place(file=path.name))
    records, series = design(protocol, progress)
    if studies:
        records += simulate(protocol, studies, workers=workers, progress=progress)
    results = Results(
        provenance=_provenance(protocol, reading), records=tuple(records), series=tuple(series)
    )
    files = [output / "design.json", output / "sizes.csv"]
    results.save(files[0])
    _write_sizes(files[1], protocol, results)
    for language in progress.steps(languages, "report"):
        files.append(output / f"design_{language}.pdf")
        _write_pdf(files[-1], protocol, results, language)
    return Designed(
        protocol=protocol,
        results=results,
        questions=tuple(problem for problem in reading.problems if problem.kind in _OF_SIZES),
        files=tuple(files),
    )


def where_to_write(path: Path) -> Path:
    """Return the folder that the plan of a protocol is written to where none is named.

    In a study's folder it lies beside the protocol; for a protocol file of its own, and for an
    entry of the library, here.

    Raises
    ------
    UsageError
        When here is within the library.
    """
    library = folder("protocols").resolve()
    beside = path.parent if path.name == "protocol.yaml" else Path()
    for candidate in (StudyFolder(beside).design, StudyFolder(Path()).design):
        if library not in candidate.resolve().parents:
            return candidate
    raise UsageError.of("output-in-library", Place(file=path.name))


def _provenance(protocol: Protocol, reading: Reading) -> dict[str, Any]:
    """Say what the numbers were made from and with; nothing in it depends on the clock."""
    to_come = [problem for problem in reading.problems if problem.severity is Severity.ERROR]
    return {
        "study": protocol.study.id,
        "protocol": {
            "version": protocol.study.version,
            "date": protocol.study.date.isoformat(),
            "sha256": reading.sha256,
            "to_come": len(to_come),
        },
        "synthetic": protocol.study.synthetic,
        "software": {
            "clinval": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _PACKAGES},
        },
    }


def _write_sizes(path: Path, protocol: Protocol, results: Results) -> None:
    """Write one row an endpoint."""

    def row(endpoint: str) -> list[object]:
        found = [results.get(f"design.endpoint={endpoint}.{name}") for name in _COLUMNS]
        return [endpoint, *(None if record is None else record.value for record in found)]

    rows = (row(endpoint.id) for endpoint in protocol.endpoints)
    write_rows(path, ("endpoint", *_COLUMNS), rows)


def _write_pdf(path: Path, protocol: Protocol, results: Results, language: str) -> None:
    from clinval.report.design import compose
    from clinval.report.pdf.writer import write

    write(compose(protocol, results, language), path)
