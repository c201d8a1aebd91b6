"""A study is a folder; this is the one place that knows its layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.core.errors import ProtocolError, SubmissionError, UsageError
from clinval.core.files import sha256_of_file
from clinval.core.problems import Place
from clinval.endpoints import KINDS
from clinval.protocol.model import Protocol
from clinval.protocol.reading import load

if TYPE_CHECKING:
    from clinval.capture.blinding import BlindKey

__all__ = ["StudyFolder"]


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """The folder of one study."""

    root: Path

    @property
    def protocol_path(self) -> Path:
        """The single source of truth."""
        return self.root / "protocol.yaml"

    @property
    def versions(self) -> Path:
        """Where the protocols of earlier versions are kept, a folder each."""
        return self.root / "versions"

    @property
    def exports(self) -> Path:
        """Where exports are written."""
        return self.root / "exports"

    @property
    def design(self) -> Path:
        """Where the sizes of the plan are written."""
        return self.root / "design"

    @property
    def templates(self) -> Path:
        """Where the workbooks for the sites are written."""
        return self.root / "templates"

    @property
    def translations(self) -> Path:
        """Where catalogues of further languages of templates are."""
        return self.root / "translations"

    @property
    def reading_lists(self) -> Path:
        """Where the reading lists of readers are written."""
        return self.root / "reading-lists"

    @property
    def queries(self) -> Path:
        """Where the query workbooks for the sites are written."""
        return self.root / "queries"

    @property
    def dicom(self) -> Path:
        """Where what headers of images say is written."""
        return self.root / "dicom"

    @property
    def status(self) -> Path:
        """Where the PDFs of where the study stands are written."""
        return self.root / "status"

    @property
    def phantom(self) -> Path:
        """Where measurements in phantoms are written, a folder a site."""
        return self.root / "phantom"

    @property
    def inbox(self) -> Path:
        """Where returned workbooks are put."""
        return self.root / "inbox"

    @property
    def received(self) -> Path:
        """Where every returned file is kept as it came, named by its content."""
        return self.inbox / "received"

    @property
    def quarantine(self) -> Path:
        """Where files are kept that may identify somebody; only the owner may look into it."""
        return self.root / "quarantine"

    @property
    def keys(self) -> Path:
        """Where the keys of blind codes are kept; only the owner may look into it."""
        return self.root / "keys"

    @property
    def blind_key(self) -> Path:
        """What blind codes stand for."""
        return self.keys / "blind.json"

    @property
    def store_path(self) -> Path:
        """The store."""
        return self.root / "study.db"

    @property
    def results(self) -> Path:
        """Where results and tables are written."""
        return self.root / "results"

    @property
    def results_path(self) -> Path:
        """The results."""
        return self.results / "results.json"

    @property
    def reports(self) -> Path:
        """Where the PDFs are written."""
        return self.root / "reports"

    @property
    def locks(self) -> Path:
        """Where it is written what was locked: hashes of data, protocol, code, environment."""
        return self.root / "locks"

    @property
    def superseded(self) -> Path:
        """Where is kept what was made from data that were unlocked since."""
        return self.root / "superseded"

    @property
    def evidence_path(self) -> Path:
        """Where the pack is written."""
        return self.root / "evidence.zip"

    def returned_files(self) -> list[Path]:
        """Return the files lying in the inbox and its folders, in order of their names.

        Hidden files, those of a program that has a workbook open, and the copies in ``received``
        are not among them.
        """
        if not self.inbox.is_dir():
            return []
        return sorted(
            path
            for path in self.inbox.rglob("*")
            if not path.is_dir()
            and self.received not in path.parents
            and not any(part.startswith((".", "~$")) for part in path.relative_to(self.inbox).parts)
        )

    def as_it_came(self, sha256: str) -> Path | None:
        """Return the kept file of a content, ``None`` where it is not kept as it came."""
        kept = [*self.received.glob(f"{sha256}.*"), *self.quarantine.glob(f"{sha256}.*")]
        return next((path for path in kept if sha256_of_file(path) == sha256), None)

    def protocol(self) -> Protocol:
        """Return the protocol.

        Raises
        ------
        UsageError
            When this is not the folder of a study.
        ProtocolError
            When the protocol has errors.
        """
        if not self.protocol_path.is_file():
            raise UsageError.of("not-a-study", Place(file=self.root.name or str(self.root)))
        protocol = load(self.protocol_path, KINDS)
        if not self.blind_key.is_file():
            return protocol
        return protocol.model_copy(update={"read_codes": dict(self.read_blind_key().reads)})

    def read_blind_key(self) -> BlindKey:
        """Return the key of a blind study.

        Raises
        ------
        SubmissionError
            When the file is not a key, or cannot be read.
        """
        from clinval.capture.blinding import BlindKey

        try:
            return BlindKey.of_text(self.blind_key.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            place = Place(file=self.blind_key.name)
            raise SubmissionError.of("blind-key-changed", place) from error

    def protocol_sha256(self) -> str:
        """Return the hash of the protocol file."""
        try:
            return sha256_of_file(self.protocol_path)
        except OSError as error:
            place = Place(file=self.protocol_path.name)
            raise ProtocolError.of(
                "protocol-unreadable", place, detail=error.strerror or str(error)
            ) from error
