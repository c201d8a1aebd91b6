"""Make the PDFs of a study from its results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clinval import __version__
from clinval.app.folder import StudyFolder
from clinval.app.logo import read_logo, with_logo
from clinval.core.errors import ReportError, UsageError
from clinval.core.problems import Place
from clinval.core.progress import SILENT, Progress
from clinval.core.records import Results, UnusableResultsError
from clinval.protocol.model import Protocol
from clinval.report.profile import Profile, audiences, compose

__all__ = ["chosen", "report"]


def chosen(
    protocol: Protocol, audience: str = "", languages: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """Return the pairs of audience and language that are meant, each once.

    Without an audience they are those of the protocol; without languages those that the protocol
    declares for an audience, English where it declares none.
    """
    declared = [(request.audience, request.languages) for request in protocol.reports]
    if audience:
        own = [code for name, codes in declared if name == audience for code in codes]
        declared = [(audience, tuple(own or ["en"]))]
    pairs = [(name, code) for name, codes in declared for code in (languages or codes)]
    return list(dict.fromkeys(pairs))


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
        When the study was not analyzed, no report is asked for, or an audience does not exist.
    ReportError
        When the results are not those of the protocol, two engines disagree on one of them, or a
        text or the logo cannot be printed.
    """
    from clinval.report.pdf.writer import write

    protocol = folder.protocol()
    if not folder.results_path.is_file():
        raise UsageError.of("no-results", Place(file=folder.results_path.name))
    results = _results(folder)
    _refuse_doubtful(results, folder)
    known = audiences()
    pairs = list(wanted) or chosen(protocol)
    if not pairs:
        place = Place(file=folder.protocol_path.name)
        raise UsageError.of("no-report-wanted", place, audiences=", ".join(known))
    for audience, _ in pairs:
        if audience not in known:
            raise UsageError.of(
                "audience-unknown", Place(file="reports"), audience=audience,
                audiences=", ".join(known),
            )  # fmt: skip
    logo = read_logo(folder.root, protocol)
    written = []
    for audience, language in progress.steps(pairs, "report"):
        document = compose(Profile.load(audience), protocol, results, language)
        document = with_logo(document, logo)
        path = folder.reports / f"{audience}.{language}.pdf"
        write(document, path)
        written.append(path)
    return written


def _results(folder: StudyFolder) -> Results:
    """Return the results if they are what this clinval made of the protocol as it stands."""
    place = Place(file=folder.results_path.name)
    try:
        results = Results.load(folder.results_path)
        software = results.provenance["software"]["clinval"]
        protocol = results.provenance["protocol"]["sha256"]
    except (UnusableResultsError, KeyError, TypeError) as error:
        raise ReportError.of("results-unusable", place) from error
    if software != __version__:
        raise ReportError.of("results-unusable", place)
    if protocol != folder.protocol_sha256():
        raise ReportError.of("results-outdated", place)
    return results


def _refuse_doubtful(results: Results, folder: StudyFolder) -> None:
    """Stop where a result is not what a second, independent computation gives."""
    doubtful = [
        f"{record.endpoint} ({record.analysis_set})"
        for record in results.where(statistic="second_engine", value="disagrees")
    ]
    if doubtful:
        place = Place(file=folder.results_path.name)
        raise ReportError.of("engines-disagree", place, results=", ".join(doubtful))
