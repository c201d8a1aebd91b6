"""Take returned workbooks into the study: keep the file, read it, store what can be used."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clinval.app.folder import StudyFolder
from clinval.app.quarantine import keep
from clinval.core.errors import UsageError
from clinval.core.problems import Place
from clinval.core.progress import SILENT, Progress
from clinval.protocol.model import Protocol
from clinval.study.receive import Receipt, receive
from clinval.study.returns import Defect
from clinval.study.store import StudyStore

__all__ = ["Ingested", "ingest", "user"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What became of one file, with every defect found in it, and whether a copy is kept."""

    receipt: Receipt
    defects: tuple[Defect, ...]
    kept: bool


def ingest(
    folder: StudyFolder,
    files: Sequence[Path] = (),
    *,
    actor: str = "",
    reason: str = "",
    withdraw: bool = False,
    progress: Progress = SILENT,
    store: StudyStore | None = None,
) -> list[Ingested]:
    """Take files (those in ``inbox/`` where none are named) into the store.

    Every file is first copied to ``inbox/received`` under the hash of its content, or to
    ``quarantine`` where it may identify somebody, so that what a site sent can always be shown,
    whatever is made of it.

    Raises
    ------
    UsageError
        When there is no file.
    ProtocolError, SubmissionError
        When the protocol or the store cannot be used.
    """
    protocol = folder.protocol()
    chosen = list(files) or folder.returned_files()
    if not chosen:
        raise UsageError.of("nothing-to-ingest", Place(file=folder.inbox.name))
    if store is not None:
        return [
            _one(folder, protocol, store, path, actor, reason, withdraw=withdraw)
            for path in progress.steps(chosen, "ingest")
        ]
    with StudyStore(folder.store_path, protocol.study.id) as opened:
        return ingest(
            folder, chosen, actor=actor, reason=reason, withdraw=withdraw, progress=progress,
            store=opened,
        )  # fmt: skip


def _one(
    folder: StudyFolder,
    protocol: Protocol,
    store: StudyStore,
    path: Path,
    actor: str,
    reason: str,
    *,
    withdraw: bool,
) -> Ingested:
    from clinval.capture.phi_gate import gated, screen
    from clinval.capture.workbook import read_workbook

    screened = screen(path, protocol)
    kept = keep(folder, path, screened, protocol.privacy)
    returned = gated(read_workbook(path, protocol), screened, protocol.privacy)
    receipt = receive(store, returned, actor=actor or user(), reason=reason, withdraw=withdraw)
    return Ingested(receipt=receipt, defects=returned.defects, kept=kept)


def user() -> str:
    """Return the name under which this computer's user acts."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
