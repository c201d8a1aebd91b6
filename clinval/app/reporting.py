"""Make the PDFs of a study from its results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clinval.app.folder import StudyFolder
from clinval.core.errors import UsageError
from clinval.core.problems import Place
from clinval.core.progress import SILENT, Progress
from clinval.core.records import Results
from clinval.report.profile import Profile, audiences, compose

__all__ = ["report"]


def report(
    folder: StudyFolder,
    wanted: Sequence[tuple[str, str]] = (),
    progress: Progress = SILENT,
) -> list[Path]:
    """Write PDFs into ``reports/`` and return their paths.

    Parameters
    ----------
    folder
        The study, analyzed.
    wanted
        Pairs of audience and language; those that the protocol declares where none are named.

    Raises
    ------
    UsageError
        When the study was not analyzed, or an audience does not exist.
    ReportError
        When a text cannot be printed.
    """
    from clinval.report.pdf.writer import write

    protocol = folder.protocol()
    if not folder.results_path.is_file():
        raise UsageError.of("no-results", Place(file=folder.results_path.name))
    results = Results.load(folder.results_path)
    known = audiences()
    pairs = list(wanted) or [
        (request.audience, language)
        for request in protocol.reports
        for language in request.languages
    ]
    for audience, _ in pairs:
        if audience not in known:
            raise UsageError.of(
                "audience-unknown", Place(file="reports"), audience=audience,
                audiences=", ".join(known),
            )  # fmt: skip
    written = []
    for audience, language in progress.steps(pairs, "report"):
        document = compose(Profile.load(audience), protocol, results, language)
        path = folder.reports / f"{audience}.{language}.pdf"
        write(document, path)
        written.append(path)
    return written
