"""Make the PDFs of a study from its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clinval import __version__
from clinval.app.documents import document_of
from clinval.app.final import note_use, refuse_unlocked
from clinval.app.folder import StudyFolder
from clinval.app.ingest import user
from clinval.core.errors import ReportError, UsageError
from clinval.core.i18n import LANGUAGES
from clinval.core.problems import Place, Problems
from clinval.core.progress import SILENT, Progress
from clinval.core.records import Results, UnusableResultsError
from clinval.protocol.audiences import audiences
from clinval.protocol.model import Protocol
from clinval.report.profile import Profile

__all__ = ["chosen", "report", "usable_results"]

_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One file that is to be written."""

    profile: Profile
    language: str
    site: str

    @property
    def name(self) -> str:
        return self.profile.file_name(self.language, self.site)


def chosen(
    protocol: Protocol, asked: Sequence[str] = (), languages: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """Return the pairs of audience and language that are meant, each once.

    Without audiences they are those of the protocol; without languages those that the protocol
    declares for an audience, English where it declares none.
    """
    declared = {request.audience: request.languages for request in protocol.reports}
    pairs = [
        (name, code)
        for name in asked or declared
        for code in languages or declared.get(name, ("en",))
    ]
    return list(dict.fromkeys(pairs))


def report(
    folder: StudyFolder,
    wanted: Sequence[tuple[str, str]] = (),
    progress: Progress = SILENT,
    problems: Problems | None = None,
) -> list[Path]:
    """Write PDFs into ``reports/`` and return their paths.

    Parameters
    ----------
    folder
        The study, analyzed.
    wanted
        Pairs of audience and language; those that the protocol declares where none are named.
    progress
        Told which of the files are written.
    problems
        Takes up what does not hold a file up: that it is longer or larger than it should be.

    Raises
    ------
    UsageError
        When the study was not analyzed, no report is asked for, or an audience or a language does
        not exist.
    ReportError
        When the results are not those of the protocol, two engines disagree on one of them, a
        definition of a report is not sound, or a text or the logo cannot be printed.
    """
    from clinval.report.pdf.writer import write

    protocol = folder.protocol()
    results = usable_results(folder, protocol)
    _refuse_doubtful(results, folder)
    pairs = list(wanted) or chosen(protocol)
    if not pairs:
        place = Place(file=folder.protocol_path.name)
        raise UsageError.of("no-report-wanted", place, audiences=", ".join(audiences()))
    _refuse_unknown(pairs)
    files = [
        _Wanted(profile, language, site)
        for audience, language in pairs
        for profile in [Profile.load(audience)]
        for site in ([site.id for site in protocol.sites] if profile.each_site else [""])
    ]
    written = []
    for file in progress.steps(files, "report"):
        document = document_of(
            file.profile, protocol, results, file.language, file.site,
            results_path=folder.results_path, beside=folder.root,
        )  # fmt: skip
        path = folder.reports / f"{file.name}.pdf"
        pages = write(document, path)
        _measure(file, path, pages, Problems() if problems is None else problems)
        written.append(path)
    made = {path.name: path for path in written}
    note_use(folder, protocol, results, action="report", files=made, actor=user())
    return written


def _refuse_unknown(pairs: Sequence[tuple[str, str]]) -> None:
    """Raise every audience and language that does not exist, at once."""
    problems = Problems()
    known = audiences()
    for audience, language in pairs:
        if audience not in known:
            names = ", ".join(known)
            place = Place(file="reports")
            problems.report("audience-unknown", place, audience=audience, audiences=names)
        if language not in LANGUAGES:
            place = Place(file="reports/text")
            names = ", ".join(LANGUAGES)
            problems.report("language-unknown", place, language=language, languages=names)
    if list(problems):
        raise UsageError(problems)


def _measure(file: _Wanted, path: Path, pages: int, problems: Problems) -> None:
    """Report a file that is longer or larger than its audience takes."""
    rules, place = file.profile.file, Place(file=path.name)
    if rules.page_limit is not None and pages > rules.page_limit:
        problems.report("report-too-long", place, pages=pages, limit=rules.page_limit)
    size = path.stat().st_size / _MB
    if rules.size_limit_mb is not None and size > rules.size_limit_mb:
        shown = f"{size:.1f}"
        problems.report("report-too-large", place, size=shown, limit=rules.size_limit_mb)


def usable_results(folder: StudyFolder, protocol: Protocol) -> Results:
    """Return the results if they are what this clinval made of the protocol as it stands.

    Raises
    ------
    UsageError
        When the study was not analyzed.
    ReportError
        When they are not.
    """
    place = Place(file=folder.results_path.name)
    if not folder.results_path.is_file():
        raise UsageError.of("no-results", place)
    try:
        results = Results.load(folder.results_path)
        software = results.provenance["software"]["clinval"]
        sha256 = results.provenance["protocol"]["sha256"]
        study = results.provenance["study"]
    except (UnusableResultsError, KeyError, TypeError) as error:
        raise ReportError.of("results-unusable", place) from error
    if study != protocol.study.id:
        raise ReportError.of("results-of-other-study", place, study=study, own=protocol.study.id)
    if software != __version__:
        raise ReportError.of("results-unusable", place)
    if sha256 != folder.protocol_sha256():
        raise ReportError.of("results-outdated", place)
    counted = {record.endpoint for record in results.records}
    missing = [endpoint.id for endpoint in protocol.endpoints if endpoint.id not in counted]
    if missing:
        raise ReportError.of("records-missing", place, endpoints=", ".join(missing))
    refuse_unlocked(folder, protocol, results)
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
