"""Export a study: its data and results in the formats of others, each export in the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval import __version__
from clinval.app.blinding import is_closed, refuse_closed
from clinval.app.folder import StudyFolder
from clinval.app.ingest import user
from clinval.app.reporting import usable_results
from clinval.core.errors import SubmissionError, UsageError
from clinval.core.files import sha256_of_file, write
from clinval.core.problems import Place
from clinval.core.progress import SILENT, Progress
from clinval.study import audit
from clinval.study.data import StudyData
from clinval.study.history import stored_meanings
from clinval.study.people import require
from clinval.study.store import StudyStore

if TYPE_CHECKING:
    from clinval.exports.datasets import About, Blinded, Dataset
    from clinval.protocol.model import Protocol

__all__ = ["FORMATS", "Exported", "export"]

FORMATS = ("dataset-json", "ndjson", "xpt", "csv", "ars")
_PROPOSAL = "xpt-names.csv"
_ROLES = ("data_manager", "statistician", "sponsor", "monitor")  # who may export


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The files of one format."""

    format: str
    files: tuple[Path, ...]


def export(
    folder: StudyFolder,
    formats: Sequence[str],
    *,
    out: Path | None = None,
    names: Path | None = None,
    actor: str = "",
    reason: str = "",
    progress: Progress = SILENT,
) -> list[Exported]:
    """Write exports, a folder a format.

    Parameters
    ----------
    folder
        The study.
    formats
        Some of `FORMATS`.
    out
        Where the folders go; ``exports/`` where nothing is named.
    names
        A CSV of short names and labels for SAS transport files.
    actor, reason
        Who exports (this computer's user where nobody is named), and why.
    progress
        Is told how far it is.

    Raises
    ------
    UsageError
        When there is no such format, the study was not analyzed (``ars``), or a package is wanting.
    SubmissionError
        When there are no data, their meaning has changed, or a format cannot hold them.
    """
    for name in formats:
        if name not in FORMATS:
            place = Place(file=folder.root.name or ".")
            raise UsageError.of(
                "export-format-unknown", place, format=name, formats=", ".join(FORMATS)
            )
    protocol, target = folder.protocol(), out or folder.exports
    with StudyStore(folder.store_path, protocol.study.id) as store:
        require(store, actor or user(), *_ROLES)
        if store.version == 0:
            raise SubmissionError.of("export-nothing", Place(file=folder.store_path.name))
        job = _Job(folder, protocol, store, target, names)
        done = [
            Exported(format=name, files=tuple(job.write(name)))
            for name in progress.steps(list(formats), "export")
        ]
        _log(store, done, target, actor or user(), reason)
    return done


def _log(
    store: StudyStore, done: Sequence[Exported], target: Path, actor: str, reason: str
) -> None:
    events: list[tuple[str, str, object]] = [
        (
            "export",
            f"data version {store.version}",
            {
                "format": each.format,
                "files": {
                    path.relative_to(target).as_posix(): sha256_of_file(path) for path in each.files
                },
            },
        )
        for each in done
    ]
    with store.transaction() as connection:
        audit.append(connection, events, actor=actor, reason=reason, clock=store.clock)


def _known_versions(folder: StudyFolder, protocol: Protocol) -> dict[str, str]:
    """Return the versions of the protocol that are kept, by the hash of their files."""
    kept = {
        sha256_of_file(path): path.parent.name for path in folder.versions.glob("*/protocol.yaml")
    }
    return {**kept, folder.protocol_sha256(): protocol.study.version}


def _blinded(folder: StudyFolder, protocol: Protocol, store: StudyStore) -> Blinded:
    """Return what has to stay hidden: nothing, unless the study's key is closed."""
    from clinval.capture.blinding import is_reading_form
    from clinval.exports.datasets import OPEN, Blinded

    if not is_closed(folder, store):
        return OPEN
    return Blinded(
        forms=frozenset(form.id for form in protocol.forms if is_reading_form(form)),
        codes={read: code for code, read in protocol.read_codes.items()},
    )


class _Job:
    """Writes the formats of one export from one reading of the data."""

    def __init__(
        self,
        folder: StudyFolder,
        protocol: Protocol,
        store: StudyStore,
        target: Path,
        names: Path | None,
    ) -> None:
        self._folder = folder
        self._protocol = protocol
        self._store = store
        self._target = target
        self._names = names
        self._read: list[Dataset] | None = None
        self._blinded = _blinded(folder, protocol, store)

    def write(self, name: str) -> list[Path]:
        folder = self._target / name
        for path in folder.glob("[Ff][0-9][0-9].*"):  # of an earlier export: forms may have gone
            path.unlink()
        match name:
            case "dataset-json" | "ndjson":
                return self._dataset_json(folder, lines=name == "ndjson")
            case "xpt":
                return self._transport(folder)
            case "csv":
                return self._archive(folder)
        return self._ars(folder)

    @property
    def _datasets(self) -> list[Dataset]:
        if self._read is None:
            from clinval.exports.datasets import datasets

            data = StudyData(self._protocol, self._store)
            versions = self._store.protocol_versions(_known_versions(self._folder, self._protocol))
            self._read = datasets(data, versions, self._blinded)
        return self._read

    @property
    def _about(self) -> About:
        from clinval.exports.datasets import About

        store, study = self._store, self._protocol.study
        return About(
            study=study.id,
            sponsor=study.sponsor,
            protocol_version=study.version,
            metadata=f"MDV.{study.version}",
            data_version=store.version,
            data_sha256=store.manifest_sha256,
            data_time=store.submissions()[-1].received_utc,
            created=store.clock(),
            software=__version__,
        )

    def _dataset_json(self, folder: Path, *, lines: bool) -> list[Path]:
        from clinval.exports.dataset_json import write_dataset_json

        paths = []
        for dataset in self._datasets:
            path = folder / f"{dataset.name}.{'ndjson' if lines else 'json'}"
            write_dataset_json(dataset, path, self._about, lines=lines)
            paths.append(path)
        return paths

    def _transport(self, folder: Path) -> list[Path]:
        from clinval.exports import short_names, transport

        made = self._datasets
        names: Any = (
            short_names.as_they_are(made)
            if self._names is None
            else short_names.read_names(self._names)
        )
        file = _PROPOSAL if self._names is None else self._names.name
        problems = [
            problem
            for dataset in made
            for check in (transport.names_cannot_stand, transport.cannot_hold)
            for problem in check(dataset, names, file)
        ]
        if problems:
            if self._names is None:
                short_names.write_names(self._target / _PROPOSAL, short_names.propose(made))
            raise SubmissionError(problems)
        paths = [folder / f"{dataset.name.lower()}.xpt" for dataset in made]
        for dataset, path in zip(made, paths, strict=True):
            transport.write_transport(dataset, path, names)
        return paths

    def _archive(self, folder: Path) -> list[Path]:
        from clinval.exports.archive import Contents, write_archive
        from clinval.exports.beside import beside

        contents = Contents(
            datasets=self._datasets,
            meanings=stored_meanings(self._store),
            entries=self._store.audit_entries(),
            submissions=self._store.submissions(),
            beside=beside(self._store, self._blinded),
            files=self._files(),
            blinded=self._blinded,
        )
        return write_archive(folder, contents, self._about)

    def _files(self) -> dict[str, Path]:
        """Return the files of the study that go into an archive as they are."""
        folder = self._folder
        files = {"protocol.yaml": folder.protocol_path}
        if self._protocol.subjects.file:
            files[self._protocol.subjects.file] = folder.root / self._protocol.subjects.file
        for path in sorted(folder.versions.glob("*/protocol.yaml")):
            files[f"versions/{path.parent.name}/protocol.yaml"] = path
        if self._blinded.forms:
            return files  # results and reports tell the arms
        if folder.results_path.is_file():
            files["results.json"] = folder.results_path
        for path in sorted(folder.reports.glob("*.pdf")):
            files[f"reports/{path.name}"] = path
        return files

    def _ars(self, folder: Path) -> list[Path]:
        import json

        from clinval.exports.ars import reporting_event

        refuse_closed(self._folder, self._store)
        results = usable_results(self._folder, self._protocol)
        content = reporting_event(results, self._protocol)
        path = folder / "reporting-event.json"
        write(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
        return [path]
