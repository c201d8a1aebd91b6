"""Take returned workbooks into the study: keep the file, read it, store what can be used."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.app.asking import ask
from clinval.app.folder import StudyFolder
from clinval.app.queries import take_answers
from clinval.app.returned_files import take_all
from clinval.core.errors import UsageError
from clinval.core.problems import Place
from clinval.core.progress import SILENT, Progress
from clinval.study.receive import Receipt, receive
from clinval.study.returns import Defect
from clinval.study.store import StudyStore

if TYPE_CHECKING:
    from clinval.capture.query_answers import Answers

__all__ = ["Ingested", "ingest", "user"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What became of one file, with every defect found in it, and whether a copy is kept.

    ``answers`` is the number of answers taken, where the file is a query workbook.
    """

    receipt: Receipt
    defects: tuple[Defect, ...]
    kept: bool
    answers: int | None = None


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

    Every file is first copied to ``inbox/received`` under the hash of its content, or to
    ``quarantine`` where it may identify somebody, so that what a site sent can always be shown,
    whatever is made of it. ``workers`` processes read; one, this one, stores, file by file in their
    order, so that the store is the same however many read.
    Answers to queries come first, so that data returned with them are held against them; at the
    end the queries are brought up to date with what is found now.

    Raises
    ------
    UsageError
        When there is no file.
    ProtocolError, SubmissionError
        When the protocol or the store cannot be used.
    """
    from clinval.capture.query_opening import is_query_workbook

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
    chosen.sort(key=lambda path: not is_query_workbook(path))
    actor, ingested = actor or user(), []
    with contextlib.closing(take_all(chosen, folder, protocol, workers)) as files_taken:
        for taken in progress.steps(files_taken, "ingest", len(chosen)):
            if taken.answers is not None:
                ingested.append(_answered(store, taken.answers, actor, reason, kept=taken.kept))
            for returned in taken.returns:
                receipt = receive(store, returned, actor=actor, reason=reason, withdraw=withdraw)
                ingested.append(
                    Ingested(receipt=receipt, defects=returned.defects, kept=taken.kept)
                )
    ask(protocol, store, actor=actor)
    return ingested


def _answered(
    store: StudyStore, answers: Answers, actor: str, reason: str, *, kept: bool
) -> Ingested:
    answered = take_answers(store, answers, actor=actor, reason=reason)
    receipt = Receipt(
        file_name=answers.file_name,
        site=answers.site,
        status="refused" if answers.refused else "accepted" if answered.taken else "unchanged",
        data_version=store.version,
    )
    defects = tuple(Defect(problem=problem) for problem in answered.problems)
    return Ingested(receipt=receipt, defects=defects, kept=kept, answers=answered.taken)


def user() -> str:
    """Return the name under which this computer's user acts."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
