"""Say what is going on during work that takes more than a moment.

On a terminal a bar is drawn by rich, which is imported only then. Elsewhere (a log, a pipe)
nothing is printed, so that output stays clean for machines.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sized
from typing import TYPE_CHECKING, Protocol, TypeVar

from clinval.core import i18n

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.progress import Progress as _RichProgress, TaskID as _TaskID

__all__ = ["SILENT", "Progress", "shown"]

T = TypeVar("T")


class Progress(Protocol):
    """What a use case tells about its work."""

    def steps(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Yield the items, telling how many of them are done."""
        ...


class _Silent:
    def steps(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:  # noqa: ARG002
        yield from items


SILENT: Progress = _Silent()


class _Bar:
    def __init__(self, bar: _RichProgress) -> None:
        self._bar = bar

    def steps(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        if total is None and isinstance(items, Sized):
            total = len(items)
        task: _TaskID = self._bar.add_task(i18n.tr(label), total=total)
        for item in items:
            yield item
            self._bar.advance(task)
        self._bar.update(task, total=total or 1, completed=total or 1)


@contextlib.contextmanager
def shown() -> Iterator[Progress]:
    """Show progress on standard error when that is a terminal."""
    if not sys.stderr.isatty():
        yield SILENT
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress as RichProgress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar)
