"""Keep and read returned files, one after the other or several at a time, in their order."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinval.core.files import sha256_of_file, whole
from clinval.protocol.model import Protocol
from clinval.study.returns import WorkbookReturn

__all__ = ["Taken", "take", "take_all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What is in one file, one return a site, and whether a copy of the file is kept."""

    returns: tuple[WorkbookReturn, ...]
    kept: bool


def take(path: Path, received: Path, protocol: Protocol) -> Taken:
    """Keep a file as it came, then read it; bad content never raises.

    Parameters
    ----------
    path
        The file.
    received
        The folder that it is kept in, under the hash of its content.
    protocol
        The study.
    """
    from clinval.capture.workbook import read_workbook

    kept = _keep(path, received)
    return Taken(returns=(read_workbook(path, protocol),), kept=kept)


def take_all(
    paths: Sequence[Path], received: Path, protocol: Protocol, workers: int = 1
) -> Generator[Taken, None, None]:
    """Yield what :func:`take` returns for each file, in order, whichever is ready first.

    Parameters
    ----------
    paths
        The files.
    received
        The folder that they are kept in.
    protocol
        The study.
    workers
        How many processes read; with one, this process does.
    """
    if min(workers, len(paths)) <= 1:
        yield from (take(path, received, protocol) for path in paths)
        return
    import joblib

    # a process takes a file at a time, and none reads far ahead of what has been stored
    parallel = joblib.Parallel(
        n_jobs=workers, batch_size=1, pre_dispatch="2*n_jobs", return_as="generator"
    )
    yield from parallel(joblib.delayed(take)(path, received, protocol) for path in paths)


def _keep(path: Path, received: Path) -> bool:
    """Keep the file as it came; a name cannot lead outside the folder, because none is used.

    A file that cannot be read cannot be kept; the one who reads it says so.
    """
    try:
        sha256 = sha256_of_file(path)
    except OSError:
        return False
    kept = received / f"{sha256}{path.suffix.lower()[:8]}"
    if not kept.exists():
        with whole(kept) as part:
            shutil.copyfile(path, part)
    return True
