"""Where work is done: in this process, in several of this machine, or on a cluster.

Whatever does it, results come in the order of the work, so that what is made of them is the same.
A cluster is one of Dask, which is an optional part of an installation:
``pip install "clinval[cluster]"``.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from clinval import __version__
from clinval.core.errors import UsageError
from clinval.core.problems import Place

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Workers", "workers"]

T = TypeVar("T")
R = TypeVar("R")

_ADDRESS = re.compile(r"(?:tcp|tls)://(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+):[0-9]{1,5}", re.ASCII)
_CONNECT = 10  # seconds until a scheduler that does not answer is taken to be unreachable
_LOOK = 5  # seconds after which a result that has not come makes one look for the workers
_PATIENCE = 6  # looks without any worker until the work is given up
_AHEAD = 2  # pieces of work for each thread that are under way at the same time


class Workers(Protocol):
    """Something that does a piece of work after the other."""

    def ordered(self, function: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        """Yield the result for each item, in order."""
        ...


@contextlib.contextmanager
def workers(count: int = 1, scheduler: str = "", shared: Path | None = None) -> Iterator[Workers]:
    """Give those that do the work.

    Parameters
    ----------
    count
        How many processes of this machine; with one, this process does it.
    scheduler
        Address of the scheduler of a Dask cluster, such as ``tcp://10.0.0.5:8786``; then its
        workers do it, whatever ``count`` is.
    shared
        A file or folder that every worker of a cluster has to see under the same path.

    Raises
    ------
    UsageError
        When the cluster cannot be used: wrong address, no answer, no workers, machines that do not
        have this version of clinval or do not see ``shared``; or when it is lost on the way.
    """
    if not scheduler:
        yield _Here() if count <= 1 else _Processes(count)
        return
    with _client(scheduler) as client:
        _greet(client, scheduler, shared)
        yield _Cluster(client, scheduler)


class _Here:
    def ordered(self, function: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        yield from map(function, items)


@dataclass(frozen=True, slots=True)
class _Processes:
    count: int

    def ordered(self, function: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        import joblib

        # none works far ahead of what has been used
        parallel = joblib.Parallel(
            n_jobs=self.count, batch_size=1, pre_dispatch="2*n_jobs", return_as="generator"
        )
        done = parallel(joblib.delayed(function)(item) for item in items)
        try:
            for result in done:  # noqa: UP028 - whoever stops taking results closes `done` below
                yield result
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of work that is not needed any more
                done.close()


@dataclass(frozen=True, slots=True)
class _Cluster:
    client: Client
    address: str

    def ordered(self, function: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        most = _AHEAD * max(1, sum(self.client.nthreads().values()))
        under_way: deque[Future[R]] = deque()
        try:
            for item in items:
                # the same work twice is done twice: files change, and results are large
                under_way.append(self.client.submit(function, item, pure=False))
                if len(under_way) >= most:
                    yield self._result(under_way.popleft())
            while under_way:
                yield self._result(under_way.popleft())
        finally:
            with contextlib.suppress(Exception):  # a scheduler that is gone cancels nothing
                self.client.cancel(list(under_way))

    def _result(self, future: Future[R]) -> R:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        without = 0
        while True:
            try:
                return future.result(timeout=_LOOK)
            except TimeoutError:
                without = 0 if self._has_workers() else without + 1
                if without >= _PATIENCE:
                    raise UsageError.of("cluster-lost", Place(file=self.address)) from None
            except (OSError, FutureCancelledError, KilledWorker) as error:
                raise UsageError.of("cluster-lost", Place(file=self.address)) from error

    def _has_workers(self) -> bool:
        try:
            return bool(self.client.nthreads())
        except OSError:
            return False


@contextlib.contextmanager
def _client(address: str) -> Iterator[Client]:
    if not _ADDRESS.fullmatch(address):
        raise UsageError.of("cluster-address", Place(file=address))
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError.of("cluster-not-installed", Place(file=address)) from error
    with _quiet():
        try:
            client: Client = Client(address, timeout=_CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise UsageError.of("cluster-unreachable", Place(file=address)) from error
        try:
            yield client
        finally:
            with contextlib.suppress(Exception):  # what is lost cannot be closed in order
                client.close(timeout=_LOOK)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's log from standard error: what is wrong is told once, as a problem."""
    import logging

    log = logging.getLogger("distributed")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(level)


def _greet(client: Client, address: str, shared: Path | None) -> None:
    """Make sure that there are workers, and that they and their scheduler can do the work."""
    path = None if shared is None else str(shared.resolve())
    answers: dict[str, Any] = client.run(_answer, path, on_error="return")
    if not answers:
        raise UsageError.of("cluster-without-workers", Place(file=address))
    try:  # it looks into the work, too, but at no file
        answers["scheduler"] = client.run_on_scheduler(_answer, None)
    except Exception as error:  # noqa: BLE001 - whatever it is, it does not have this function
        answers["scheduler"] = error
    for answer in answers.values():
        if isinstance(answer, BaseException):  # it has no clinval, or one without this function
            raise UsageError.of(
                "cluster-other-version", Place(file=address), version="-", own=__version__
            )
        version, sees = answer
        if version != __version__:
            raise UsageError.of(
                "cluster-other-version", Place(file=address), version=version, own=__version__
            )
        if not sees:
            raise UsageError.of("cluster-without-files", Place(file=address))


def _answer(path: str | None) -> tuple[str, bool]:
    """Return, on a worker, its version of clinval and whether it sees the path."""
    return __version__, path is None or Path(path).exists()
