"""Take returned workbooks into the study: keep the file, read it, store what can be used."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clinval.app.folder import StudyFolder
from clinval.app.returned_files import take_all
from clinval.core.errors import UsageError
from clinval.core.problems import Place
from clinval.core.progress import SILENT, Progress
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
    workers: int = 1,
    progress: Progress = SILENT,
    store: StudyStore | None = None,
) -> list[Ingested]:
    """Take files (those in ``inbox/`` where none are named) into the store.

    Every file is first copied to ``inbox/received`` under the hash of its content, so that what a
    site sent can always be shown, whatever is made of it. ``workers`` processes read; one, this
    one, stores, file by file in their order, so that the store is the same however many read.

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
    if store is None:
        with StudyStore(folder.store_path, protocol.study.id) as opened:
            return ingest(
                folder, chosen, actor=actor, reason=reason, withdraw=withdraw, workers=workers,
                progress=progress, store=opened,
            )  # fmt: skip
    ingested = []
    with contextlib.closing(take_all(chosen, folder.received, protocol, workers)) as files_taken:
        for taken in progress.steps(files_taken, "ingest", len(chosen)):
            for returned in taken.returns:
                receipt = receive(
                    store, returned, actor=actor or user(), reason=reason, withdraw=withdraw
                )
                ingested.append(
                    Ingested(receipt=receipt, defects=returned.defects, kept=taken.kept)
                )
    return ingested


def user() -> str:
    """Return the name under which this computer's user acts."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
