"""Keep and read returned files, one after the other or several at a time, in their order."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.app.folder import StudyFolder
from clinval.app.quarantine import keep
from clinval.protocol.model import Protocol
from clinval.study.returns import WorkbookReturn

if TYPE_CHECKING:
    from clinval.capture.query_answers import Answers

__all__ = ["Taken", "take", "take_all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What is in one file: one return a site, or answers to queries; whether a copy is kept."""

    returns: tuple[WorkbookReturn, ...]
    kept: bool
    answers: Answers | None = None


def take(path: Path, folder: StudyFolder, protocol: Protocol) -> Taken:
    """Look through a file, keep it as it came, then read it; bad content never raises.

    Parameters
    ----------
    path
        The file.
    folder
        The study, in which it is kept under the hash of its content.
    protocol
        What the study asks for.
    """
    from clinval.capture.phi_gate import gated, gated_answers, screen
    from clinval.capture.query_answers import read_answers
    from clinval.capture.query_opening import is_query_workbook
    from clinval.capture.returned import read_returned

    screened = screen(path, protocol)
    kept = keep(folder, path, screened, protocol.privacy)
    if is_query_workbook(path):
        answers = gated_answers(read_answers(path, protocol), screened, protocol.privacy)
        return Taken(returns=(), kept=kept, answers=answers)
    returns = read_returned(path, protocol)
    return Taken(returns=tuple(gated(r, screened, protocol.privacy) for r in returns), kept=kept)


def take_all(
    paths: Sequence[Path], folder: StudyFolder, protocol: Protocol, workers: int = 1
) -> Generator[Taken, None, None]:
    """Yield what :func:`take` returns for each file, in order, whichever is ready first.

    Parameters
    ----------
    paths
        The files.
    folder
        The study, in which they are kept.
    protocol
        The study.
    workers
        How many processes read; with one, this process does.
    """
    if min(workers, len(paths)) <= 1:
        yield from (take(path, folder, protocol) for path in paths)
        return
    import joblib

    # a process takes a file at a time, and none reads far ahead of what has been stored
    parallel = joblib.Parallel(
        n_jobs=workers, batch_size=1, pre_dispatch="2*n_jobs", return_as="generator"
    )
    yield from parallel(joblib.delayed(take)(path, folder, protocol) for path in paths)
