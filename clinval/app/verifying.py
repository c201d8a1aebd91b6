"""Prove a pack: every file, every printed number, every hash and every signature, offline."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinval import __version__
from clinval.app.auditing import problem_of
from clinval.app.checks import Check, Verification
from clinval.app.expected import Reports
from clinval.app.final import unlocked_since
from clinval.app.folder import StudyFolder
from clinval.app.signing import check_manifest, trusted
from clinval.app.unpacking import MANIFEST, PROTOCOL, RESULTS, SIGNATURE, Opened, opened
from clinval.app.verifying_reports import check_report
from clinval.core.errors import ClinvalError
from clinval.core.files import sha256_of_file
from clinval.core.problems import Place, Problem, Problems
from clinval.core.progress import SILENT, Progress
from clinval.core.records import Results, UnusableResultsError
from clinval.endpoints import KINDS
from clinval.protocol.model import Protocol
from clinval.protocol.reading import load
from clinval.study.store import StudyStore

__all__ = ["verify", "verify_files"]

_AUDIT = "study.db"


def verify(
    path: Path,
    *,
    study: StudyFolder | None = None,
    trust: Path | None = None,
    progress: Progress = SILENT,
) -> Verification:
    """Prove a pack.

    Parameters
    ----------
    path
        A pack as a zip or a folder, or a single PDF with results.json and protocol.yaml beside it.
    study
        The study that it was made of, where that is at hand: its audit trail is compared too.
    trust
        A certificate (PEM) whose signatures are trusted; without it a signer is not known.
    progress
        Is told how far it is.

    Returns
    -------
    Verification
        Whatever the pack is, it does not raise: what cannot be opened has failed.

    Raises
    ------
    UsageError
        When ``trust`` cannot be used.
    """
    roots = [] if trust is None else trusted(trust)
    try:
        with opened(path) as pack:
            checks = list(_pack(pack, study, roots, progress))
    except ClinvalError as error:
        checks = [Check.of("pack", path.name, error.problems)]
    return Verification(pack=path.name, checks=tuple(checks))


def verify_files(
    pack: Opened, reports: Reports, names: Mapping[str, str], progress: Progress = SILENT
) -> list[Check]:
    """Return the checks of a pack that is being made: all but those of its manifest.

    ``names`` says which report each PDF is where its own name does not.
    """
    results = reports.results
    return [
        _results(results, results.sha256, {}),
        _protocol_hash(results, sha256_of_file(pack.files[PROTOCOL])),
        *_reports(pack, reports, names, (), progress),
    ]


@dataclass(slots=True)
class _Made:
    """What the reports of a pack were made from, as far as it can be used."""

    results: Results | None = None
    protocol: Protocol | None = None
    reports: Reports | None = None
    checks: list[Check] = field(default_factory=list)


def _pack(
    pack: Opened, study: StudyFolder | None, roots: Sequence[Any], progress: Progress
) -> Iterator[Check]:
    manifest: dict[str, Any] = {}
    if pack.whole:
        manifest, problems = _manifest(pack)
        yield Check.of("manifest", MANIFEST, problems, files=len(pack.files))
        yield check_manifest(pack, roots)
    made = _sources(pack, manifest)
    yield from made.checks
    if made.results is not None and study is not None:
        yield _audit(made.results, study)
    names = {
        str(entry["name"]): str(entry["report"])
        for entry in manifest.get("files", ())
        if "report" in entry
    }
    yield from _reports(pack, made.reports, names, roots, progress)


def _reports(
    pack: Opened,
    reports: Reports | None,
    names: Mapping[str, str],
    roots: Sequence[Any],
    progress: Progress,
) -> Iterator[Check]:
    """Yield the checks of each PDF; a second copy of the same bytes is named as one."""
    seen: dict[str, str] = {}
    for name in progress.steps(pack.pdfs, "verify"):
        sha256 = sha256_of_file(pack.files[name])
        if sha256 in seen:
            yield Check.of("copy", name, original=seen[sha256])
            continue
        seen[sha256] = name
        yield from check_report(pack, name, names.get(name, name), reports, roots)


# ---------------------------------------------------------------------- manifest


def _manifest(pack: Opened) -> tuple[dict[str, Any], list[Problem]]:
    """Return the manifest, and where the files are not what it says."""
    problems = Problems()
    place = Place(file=MANIFEST)
    path = pack.files.get(MANIFEST)
    if path is None:
        problems.report("pack-file-missing", place)
        return {}, list(problems)
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        listed = {str(entry["name"]): str(entry["sha256"]) for entry in manifest["files"]}
        if len(listed) != len(manifest["files"]):
            raise ValueError("a name stands there twice")  # noqa: TRY301
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        problems.report("manifest-unusable", place, detail=str(error))
        return {}, list(problems)
    for name, said in listed.items():
        here = Place(file=name)
        if name not in pack.files:
            problems.report("pack-file-missing", here)
        elif (found := sha256_of_file(pack.files[name])) != said:
            problems.report("pack-file-changed", here, expected=said, found=found)
    for name in sorted(pack.files.keys() - listed.keys() - {MANIFEST, SIGNATURE}):
        problems.report("pack-file-unlisted", Place(file=name))
    return manifest, list(problems)


# ---------------------------------------------------------------------- results and protocol


def _sources(pack: Opened, manifest: Mapping[str, Any]) -> _Made:
    """Read results and protocol: also edited ones, so that it can be said what was edited."""
    made = _Made()
    path = pack.files.get(RESULTS)
    if path is None:
        made.checks.append(Check.of("results", RESULTS, [_missing(RESULTS)]))
    else:
        try:
            made.results, said = Results.read(path)
            made.checks.append(_results(made.results, said, manifest))
        except UnusableResultsError as error:
            problem = Problem(
                kind="results-edited", place=Place(file=RESULTS),
                parameters={"detail": str(error)},
            )  # fmt: skip
            made.checks.append(Check.of("results", RESULTS, [problem]))
    path = pack.files.get(PROTOCOL)
    if path is None:
        made.checks.append(Check.of("protocol", PROTOCOL, [_missing(PROTOCOL)]))
    else:
        if made.results is not None:
            made.checks.append(_protocol_hash(made.results, sha256_of_file(path)))
        try:
            made.protocol = load(path, KINDS)
        except ClinvalError as error:
            made.checks.append(Check.of("protocol", PROTOCOL, error.problems))
    if made.results is not None and made.protocol is not None:
        made.reports = Reports(
            made.protocol,
            made.results,
            results_path=pack.files[RESULTS],
            beside=pack.files[PROTOCOL].parent,
        )
    return made


def _missing(name: str) -> Problem:
    return Problem(kind="pack-file-missing", place=Place(file=name))


def _results(results: Results, said: str, manifest: Mapping[str, Any]) -> Check:
    """Return whether the results have the hash that they say, and that the manifest says."""
    problems = Problems()
    place = Place(file=RESULTS)
    for expected in dict.fromkeys((said, str(manifest.get("results", said)))):
        if expected != results.sha256:
            detail = f"{results.sha256[:16]} != {expected[:16]}"
            problems.report("results-edited", place, detail=detail)
    software = _software(results)
    return Check.of(
        "results", RESULTS, problems,
        sha256=results.sha256, records=len(results.records), version=software, own=__version__,
    )  # fmt: skip


def _software(results: Results) -> str:
    software = results.provenance.get("software")
    return str(software.get("clinval", "?")) if isinstance(software, Mapping) else "?"


def _protocol_hash(results: Results, found: str) -> Check:
    protocol = results.provenance.get("protocol")
    said = str(protocol.get("sha256", "")) if isinstance(protocol, Mapping) else ""
    problems = Problems()
    if found != said:
        place = Place(file=PROTOCOL)
        problems.report("protocol-differs", place, expected=said, found=found)
    return Check.of("protocol", PROTOCOL, problems, sha256=found)


# ---------------------------------------------------------------------- the study's audit trail


def _audit(results: Results, study: StudyFolder) -> Check:
    """Compare the head that the results name with the trail that the study has now."""
    problems = Problems()
    place = Place(file=study.store_path.name)
    said: Any = results.provenance.get("audit")
    head, count = str(said["head"]), int(said["entries"])
    if not study.store_path.is_file():
        problems.report("file-unusable", place, detail="not there")
        return Check.of("audit", _AUDIT, problems)
    found, entries = "", 0
    try:
        with StudyStore(study.store_path, study.protocol().study.id) as store:
            fault = store.audit_fault(rows=True)
            unlocked = unlocked_since(results.provenance, store)
            for entry in store.audit_entries():
                entries = entry.seq
                found = entry.hash if entry.seq == count else found
    except ClinvalError as error:
        return Check.of("audit", _AUDIT, error.problems)
    if fault is not None:
        problems.extend([problem_of(fault, place)])
    if unlocked is not None:
        problems.extend([unlocked])
    if found != head:
        problems.report("audit-head-differs", place, entry=count, expected=head, found=found)
    return Check.of("audit", _AUDIT, problems, entries=count, since=entries - count, head=head)
