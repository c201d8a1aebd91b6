"""A study is a folder; this is the one place that knows its layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clinval.core.errors import ProtocolError, UsageError
from clinval.core.files import sha256_of_file
from clinval.core.problems import Place
from clinval.endpoints import KINDS
from clinval.protocol.model import Protocol
from clinval.protocol.reading import load

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
    def reading_lists(self) -> Path:
        """Where the reading lists of readers are written."""
        return self.root / "reading-lists"

    @property
    def inbox(self) -> Path:
        """Where returned workbooks are put."""
        return self.root / "inbox"

    @property
    def received(self) -> Path:
        """Where every returned file is kept as it came, named by its content."""
        return self.inbox / "received"

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
        return load(self.protocol_path, KINDS)

    def protocol_sha256(self) -> str:
        """Return the hash of the protocol file."""
        try:
            return sha256_of_file(self.protocol_path)
        except OSError as error:
            place = Place(file=self.protocol_path.name)
            raise ProtocolError.of(
                "protocol-unreadable", place, detail=error.strerror or str(error)
            ) from error
