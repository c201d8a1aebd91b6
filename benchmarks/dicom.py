"""Headers of CT images: 35 attributes of 2,000 files of half a megabyte, as texts."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicom_files import SUBJECTS, TAGS, make_images
from ratio import Ratio, against

if TYPE_CHECKING:
    from clinval.capture.dicom.files.source import Source

_FILES = 2_000
_BATCH = 100
_ROUNDS = 3

Texts = tuple[str, ...]


def measure() -> Iterator[Ratio]:
    """Compare the reader with pydicom, with one process of dcmdump, and two workers with one."""
    with tempfile.TemporaryDirectory() as made:
        paths = make_images(Path(made), _FILES)
        yield _values(paths)
        yield _header(paths)
        yield _elements(paths)
        yield _observed(paths)
        if shutil.which("dcmdump"):
            yield _process(Path(made))
        else:
            print("dicom: dcmdump (the Debian package dcmtk) is not installed and left out")
        yield _two_workers(paths)


def _values(paths: Sequence[Path]) -> Ratio:
    from clinval.capture.dicom.headers.reading import read

    different = values = 0
    for source, path in zip(_sources(paths), paths, strict=True):
        header, truth = read(source, TAGS).header, _by_pydicom(path)
        values += sum(len(texts) for texts in truth.values())
        different += sum(header.values.get(name) != truth.get(name) for name in TAGS)
    return Ratio(
        task="values that differ from pydicom's", peer="values that were compared",
        taken=different, peer_taken=values, limit=0, unit="values",
    )  # fmt: skip


def _header(paths: Sequence[Path]) -> Ratio:
    sources = _sources(paths)

    def peer() -> None:
        for path in paths:
            _by_pydicom(path)

    taken, peer_taken = against(lambda: read_all(sources), peer, times=_ROUNDS)
    return Ratio(
        task=f"{len(TAGS)} attributes of {len(paths):,} CT images",
        peer="pydicom, specific_tags, as text",
        taken=taken, peer_taken=peer_taken, limit=1 / 5,
    )  # fmt: skip


def _elements(paths: Sequence[Path]) -> Ratio:
    from clinval.capture.dicom.headers.reading import read

    some = paths[: len(paths) // 4]
    sources = _sources(some)

    def task() -> None:
        for source in sources:
            if not any(read(source, TAGS).elements()):
                raise RuntimeError("no elements")

    def peer() -> None:
        import pydicom

        def walk(dataset: pydicom.Dataset) -> int:
            count = 0
            for element in dataset:
                count += 1
                if element.VR == "SQ":
                    count += sum(map(walk, element.value))
                else:
                    _texts(element)
            return count

        for path in some:
            if not walk(pydicom.dcmread(path, stop_before_pixels=True)):
                raise RuntimeError("no elements")

    taken, peer_taken = against(task, peer, times=_ROUNDS)
    return Ratio(
        task=f"every element of {len(some):,} of them",
        peer="pydicom, every element, as text",
        taken=taken, peer_taken=peer_taken, limit=1 / 2,
    )  # fmt: skip


def _observed(paths: Sequence[Path]) -> Ratio:
    """Compare the whole way of a file into a study with what pydicom takes to read it."""
    from clinval.capture.dicom.gate.gate import GatePolicy
    from clinval.capture.dicom.instance import Instance
    from clinval.capture.dicom.observing import Observer

    some = paths[: len(paths) // 4]
    sources = _sources(some)
    observer = Observer(policy=GatePolicy(pattern=SUBJECTS))

    def task() -> None:
        if not all(isinstance(one, Instance) for one in observer.all_of(sources)):
            raise RuntimeError("refused")

    def peer() -> None:
        for path in some:
            _by_pydicom(path)

    taken, peer_taken = against(task, peer, times=_ROUNDS)
    return Ratio(
        task=f"{len(some):,} of them through the gate, as instances",
        peer="pydicom, specific_tags, as text",
        taken=taken, peer_taken=peer_taken, limit=1,
    )  # fmt: skip


def _process(folder: Path) -> Ratio:
    """Compare whole processes, with the time that Python needs to start and import."""
    from pydicom.datadict import tag_for_keyword

    dump = ["dcmdump", "-q", "-M"]
    for name in TAGS:
        tag = int(tag_for_keyword(name) or 0)
        dump += ["+P", f"{tag >> 16:04x},{tag & 0xFFFF:04x}"]
    dump += [str(path) for path in sorted(folder.iterdir())]
    code = "import sys, dicom; dicom.read_folder(sys.argv[1])"
    own = [sys.executable, "-c", code, str(folder)]
    taken, peer_taken = [], []
    for _ in range(_ROUNDS):
        taken.append(_cpu(lambda: _run(own)))
        peer_taken.append(_cpu(lambda: _run(dump)))
    return Ratio(
        task="the same in a process of its own",
        peer="one dcmdump -q -M +P ...",
        taken=min(taken), peer_taken=min(peer_taken), limit=1,
    )  # fmt: skip


def _two_workers(paths: Sequence[Path]) -> Ratio:
    """Compare how long the busier of two processes works with how long one does.

    Told is CPU, as everywhere here, with that of the process that hands out the work: how long
    one waits depends on what else the machine has to do.
    """
    from concurrent.futures import ProcessPoolExecutor

    sources = _sources(paths)
    batches = [sources[at : at + _BATCH] for at in range(0, len(sources), _BATCH)]
    spent: dict[int, list[float]] = {1: [], 2: []}
    with ProcessPoolExecutor(1) as one, ProcessPoolExecutor(2) as two:
        for pool in (one, two):
            list(pool.map(look_through, batches))
        for _ in range(_ROUNDS):
            for workers, pool in ((1, one), (2, two)):
                start = time.process_time()
                busy: dict[int, float] = {}
                for process, seconds in pool.map(look_through, batches):
                    busy[process] = busy.get(process, 0) + seconds
                spent[workers].append(max(busy.values()) + time.process_time() - start)
    return Ratio(
        task="header and elements, the busier of two processes",
        peer="one process", taken=min(spent[2]), peer_taken=min(spent[1]), limit=1,
    )  # fmt: skip


def read_folder(folder: str) -> None:
    """Read the files of a folder: what the process of our own does."""
    read_all(_sources(sorted(Path(folder).iterdir())))


def read_all(sources: Sequence[Source]) -> None:
    """Read the headers of files, each with every attribute."""
    from clinval.capture.dicom.headers.reading import read

    for source in sources:
        if len(read(source, TAGS).header.values) != len(TAGS):
            raise RuntimeError("not what was written")


def look_through(sources: Sequence[Source]) -> tuple[int, float]:
    """Read every element of files; return which process did it, and its CPU seconds."""
    from clinval.capture.dicom.headers.reading import read

    start = time.process_time()
    if not all(any(read(source, TAGS).elements()) for source in sources):
        raise RuntimeError("no elements")
    return os.getpid(), time.process_time() - start


def _sources(paths: Sequence[Path]) -> list[Source]:
    from clinval.capture.dicom.files.source import Source

    return [Source(number, path.name, path) for number, path in enumerate(paths, 1)]


def _by_pydicom(path: Path) -> dict[str, Texts]:
    import pydicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(TAGS))
        return {name: _texts(dataset[name]) for name in TAGS if name in dataset}


def _texts(element: Any) -> Texts:
    """Return the values of an element of pydicom as texts."""
    value = element.value
    if value is None or isinstance(value, bytes):
        return ("",) if value else ()
    if element.VM > 1:
        return tuple(str(one) for one in value)
    return (str(value),) if str(value) else ()


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).parent, check=True)


def _cpu(work: Callable[[], None]) -> float:
    """Return the CPU seconds of the processes that a piece of work starts and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
