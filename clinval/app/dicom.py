"""Read scan time, dose and device from the headers of images: to look at them, or into a study."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.app.workers import Workers, workers
from clinval.capture.dicom.files.walking import walk
from clinval.capture.dicom.gate.gate import GatePolicy
from clinval.capture.dicom.harvest import Harvest, harvest_of
from clinval.capture.dicom.observing import Observer, Outcome
from clinval.capture.writing.words import word
from clinval.core.errors import ClinvalError, UsageError
from clinval.core.i18n import LANGUAGES
from clinval.core.problems import Place
from clinval.core.progress import SILENT, Progress

if TYPE_CHECKING:
    from clinval.app.dicom_journal import Journal
    from clinval.capture.dicom.files.source import Source

__all__ = ["look", "read_folder"]

_BATCH = 32  # files that a process takes at a time


def look(
    folder: Path,
    *,
    policy: GatePolicy | None = None,
    count: int = 1,
    scheduler: str = "",
    progress: Progress = SILENT,
) -> Harvest:
    """Return what is in a folder, also in files that a study would not take; nothing is written.

    Parameters
    ----------
    folder
        A folder, an archive, a DICOMDIR or a file.
    policy
        What the gate lets pass, to say which files it would not; without one, what is usual.
    count
        How many processes read.
    scheduler
        Address of the scheduler of a Dask cluster whose workers read instead.
    progress
        Is told how far it is.

    Raises
    ------
    UsageError
        When there is no such folder, no file in it is DICOM, or the cluster cannot be used.
    """
    observer = Observer(policy=policy or GatePolicy(), keeps_refused=True)
    return read_folder(folder, observer, count=count, scheduler=scheduler, progress=progress)


def read_folder(
    folder: Path,
    observer: Observer,
    *,
    count: int = 1,
    scheduler: str = "",
    journal: Journal | None = None,
    progress: Progress = SILENT,
) -> Harvest:
    """Return what an observer sees of a folder; what a journal knows is not read again.

    The result is the same however many read, and however often reading was interrupted.

    Raises
    ------
    UsageError
        When there is no such folder, no file in it is DICOM, or the cluster cannot be used.
    """
    place = Place(file=folder.name or str(folder))
    if not folder.exists():
        raise UsageError.of("images-not-found", place)
    walked = walk(folder.resolve(), progress)
    with workers(count, scheduler, folder) as hands:
        outcomes = _outcomes(walked.sources, observer, hands, journal, progress)
        with contextlib.closing(outcomes):
            harvest = harvest_of(outcomes, walked.left_out)
    if not harvest.instances and not harvest.refused:
        raise _none_read(harvest, place)
    return harvest


def _outcomes(
    sources: Sequence[Source],
    observer: Observer,
    hands: Workers,
    journal: Journal | None,
    progress: Progress,
) -> Generator[Outcome, None, None]:
    """Yield what becomes of each file, in their order."""
    known = {} if journal is None else journal.known(sources)
    unread = [source for source in sources if source.number not in known]
    batches = [unread[start : start + _BATCH] for start in range(0, len(unread), _BATCH)]
    with contextlib.closing(hands.ordered(observer.all_of, batches)) as read:
        fresh = _journaled(zip(batches, read, strict=True), journal)
        for source in progress.steps(sources, "Reading headers", len(sources)):
            yield known.pop(source.number) if source.number in known else next(fresh)


def _journaled(
    read: Iterable[tuple[Sequence[Source], Sequence[Outcome]]], journal: Journal | None
) -> Iterator[Outcome]:
    for batch, outcomes in read:
        if journal is not None:
            journal.add(zip(batch, outcomes, strict=True))
        yield from outcomes


def _none_read(harvest: Harvest, place: Place) -> ClinvalError:
    said = {
        code: "; ".join(
            f"{word(f'dicom.refusal.{reason}').in_(code)} {count}"
            for reason, count in harvest.unreadable.items()
        )
        for code in LANGUAGES
    }
    return UsageError.of(
        "images-none", place, files=harvest.files,
        reasons=said["en"] or "-", reasons_zh=said["zh"] or "-",
    )  # fmt: skip
