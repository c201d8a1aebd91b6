"""Pack what proves a study: reports, results, protocol, and a manifest that says what is in it."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinval import __version__
from clinval.app.checks import Verification
from clinval.app.expected import ReportName, Reports, names_of
from clinval.app.final import note_use
from clinval.app.folder import StudyFolder
from clinval.app.ingest import user
from clinval.app.reporting import report, usable_results
from clinval.app.signing import may_sign, sign_manifest, sign_pdf
from clinval.app.unpacking import MANIFEST, PROTOCOL, RESULTS, SIGNATURE, Opened
from clinval.app.verifying import verify_files
from clinval.core.errors import ClinvalError
from clinval.core.files import sha256_of_file, whole
from clinval.core.i18n import LANGUAGES
from clinval.core.progress import SILENT, Progress
from clinval.core.records import Results
from clinval.report.blocks import Document
from clinval.report.proof.lint import Finding, destination_of, lint

__all__ = ["Packed", "pack"]

_FORMAT = 1
_FDA = "fda"
_DATA = "STATISTICAL DATA/statistical_data.zip"  # as eCopy wants what is no PDF
_LONGEST = 60  # characters of a title in a file name
_DATED = (1980, 1, 1, 0, 0, 0)  # no clock: the same study gives the same bytes
_VERIFICATION = "verification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A pack that was written.

    ``made`` are the reports that were missing or outdated, ``findings`` what an agency would
    object to in each of its files.
    """

    path: Path
    files: int
    made: tuple[Path, ...]
    verification: Verification
    findings: tuple[Finding, ...]


def pack(
    folder: StudyFolder,
    wanted: Sequence[tuple[str, str]],
    *,
    to: Path | None = None,
    with_rows: bool = False,
    by: Any = None,
    progress: Progress = SILENT,
) -> Packed:
    """Write the pack of a study.

    Parameters
    ----------
    folder
        The study, analyzed.
    wanted
        Pairs of audience and language whose reports go into it.
    to
        The zip to write, ``evidence.zip`` in the study's folder where none is named.
    with_rows
        Whether the rows behind the numbers go with it. They are data of single subjects, and a
        pack is passed on: they are left out unless asked for.
    by
        Who signs, as :func:`clinval.app.signing.signer` gives it; nobody signs where it is not
        given.
    progress
        Is told how far it is.

    Raises
    ------
    UsageError
        When the study was not analyzed, or no such report exists.
    ReportError
        When the results are not those of the protocol, or a report cannot be made.
    """
    protocol = folder.protocol()
    results = usable_results(folder, protocol)
    reports = Reports(protocol, results, results_path=folder.results_path, beside=folder.root)
    names = names_of(protocol, wanted)
    made = _renewed(folder, reports, wanted, progress)
    target = to or folder.evidence_path
    with tempfile.TemporaryDirectory(prefix="clinval-") as temporary:
        root = Path(temporary)
        called = _gather(root, folder, reports, names, with_rows=with_rows, by=by)
        opened = _opened(root, target.name)
        checks = tuple(verify_files(opened, reports, called, progress))
        findings = tuple(_findings(opened, called))
        verification = Verification(pack=protocol.study.id, checks=checks)
        _write_verification(root, verification, findings)
        _write_manifest(root, results, called, with_rows=with_rows)
        if by is not None:
            content = (root / MANIFEST).read_bytes()
            (root / SIGNATURE).write_bytes(sign_manifest(content, by))
        _zip(root, target)
        if by is not None:
            signed = {target.name: target}
            note_use(folder, protocol, results, action="sign", files=signed, actor=user())
        count = len(_opened(root, target.name).files)
    return Packed(path=target, files=count, made=made, verification=verification, findings=findings)


def _renewed(
    folder: StudyFolder,
    reports: Reports,
    wanted: Sequence[tuple[str, str]],
    progress: Progress,
) -> tuple[Path, ...]:
    """Make the reports that do not stand there as they should; a signed one does."""
    pairs = []
    for pair in wanted:
        names = names_of(reports.protocol, [pair])
        if not names or not all(_stands(folder, reports, name) for name in names):
            pairs.append(pair)
    return tuple(report(folder, pairs, progress)) if pairs or not wanted else ()


def _stands(folder: StudyFolder, reports: Reports, name: ReportName) -> bool:
    path = folder.reports / f"{name}.pdf"
    if not path.is_file():
        return False
    try:
        return path.read_bytes().startswith(reports.of(name).content)
    except ClinvalError:
        return False  # what is wrong is said when it is made


# ---------------------------------------------------------------------- what goes into it


def _gather(
    root: Path,
    folder: StudyFolder,
    reports: Reports,
    names: Iterable[ReportName],
    *,
    with_rows: bool,
    by: Any,
) -> dict[str, str]:
    """Copy everything but manifest and verification; return which report each PDF is."""
    _copy(folder.results_path, root / RESULTS)
    _copy(folder.protocol_path, root / PROTOCOL)
    for beside in (reports.protocol.subjects.file, reports.protocol.study.logo):
        if beside is not None:
            _copy(folder.root / beside, root / beside)
    for part in ("tables", "rows") if with_rows else ("tables",):
        for path in sorted((folder.results / part).glob("*.csv")):
            _copy(path, root / part / path.name)
    called: dict[str, str] = {}
    number = 0
    for name in names:
        inside = f"reports/{name}.pdf"
        _copy(folder.reports / f"{name}.pdf", root / inside)
        if by is not None and may_sign(name.audience):
            sign_pdf(root / inside, by)
        called[inside] = str(name)
        if name.audience == _FDA:
            number += 1
            submitted = f"{_FDA}/{number:03d}_{_title(reports.of(name).document)}.pdf"
            _copy(root / inside, root / submitted)
            called[submitted] = str(name)
    if number:
        data = [RESULTS, *(f"tables/{path.name}" for path in sorted((root / "tables").glob("*")))]
        (root / _FDA / _DATA).parent.mkdir()
        _write_zip(root, data, root / _FDA / _DATA)
    return called


def _title(document: Document) -> str:
    """Return what a report is called in the name of its file."""
    plain = "_".join(re.findall(r"[A-Za-z0-9]+", document.title))[:_LONGEST].rstrip("_")
    return plain if document.language == "en" else f"{plain}_{document.language.upper()}"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _opened(root: Path, name: str) -> Opened:
    paths = (path for path in sorted(root.rglob("*")) if path.is_file())
    return Opened(name=name, files={path.relative_to(root).as_posix(): path for path in paths})


def _findings(opened: Opened, called: dict[str, str]) -> Iterable[Finding]:
    """Yield what agencies would object to, in the files that are laid out for them."""
    laid_out = {called[name] for name in called if not name.startswith("reports/")}
    for name, report_name in called.items():
        destination = destination_of(report_name)
        if destination and not (name.startswith("reports/") and report_name in laid_out):
            yield from lint(opened.files[name], destination, name)


# ---------------------------------------------------------------------- manifest, verification


def _write_verification(
    root: Path, verification: Verification, findings: Sequence[Finding]
) -> None:
    content = {**verification.plain(), "findings": [finding.plain() for finding in findings]}
    _write_json(root / f"{_VERIFICATION}.json", content)
    lines: list[str] = []
    for language in LANGUAGES:
        lines += verification.lines(language)
        lines += [finding.line(language) for finding in findings]
        lines.append("")
    (root / f"{_VERIFICATION}.txt").write_text("\n".join(lines), encoding="utf-8", newline="\n")


def _write_manifest(
    root: Path, results: Results, called: dict[str, str], *, with_rows: bool
) -> None:
    provenance = results.provenance
    files = []
    for name, path in _opened(root, "").files.items():
        entry = {"name": name, "sha256": sha256_of_file(path), "size": path.stat().st_size}
        files.append(entry | ({"report": called[name]} if name in called else {}))
    content = {
        "format": _FORMAT,
        "study": provenance["study"],
        "clinval": __version__,
        "results": results.sha256,
        "protocol": provenance["protocol"],
        "data": {name: provenance["data"][name] for name in ("version", "sha256", "state")},
        "audit": provenance["audit"],
        "synthetic": provenance["synthetic"],
        "rows": with_rows,
        "files": files,
    }
    _write_json(root / MANIFEST, content)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


# ---------------------------------------------------------------------- the zip


def _zip(root: Path, target: Path) -> None:
    with whole(target) as part:
        _write_zip(root, list(_opened(root, "").files), part)


def _write_zip(root: Path, names: Iterable[str], target: Path) -> None:
    """Write files into a zip: in order of their names, undated, so that bytes can be compared."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(names):
            about = zipfile.ZipInfo(name, _DATED)
            about.create_system, about.external_attr = 3, 0o100644 << 16
            about.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(about, (root / name).read_bytes())
