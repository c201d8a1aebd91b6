"""The same work gives the same results here, in processes and on a real cluster of Dask."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import dicom_kit
import pytest

from clinval import __version__
from clinval.app import workers as module
from clinval.app.dicom import look
from clinval.app.dicom_study import harvest_into
from clinval.app.workers import workers
from clinval.core.errors import UsageError

NUMBERS = range(40)
REAL = Path(__file__).resolve().parents[3] / "shared" / "dicom"


def square(number):
    return number * number, os.getpid()


def sleepy(number):
    threading.Event().wait(0.02 if number % 2 else 0)
    return number


def fails(number):
    raise LookupError(number)


def kinds(caught):
    return [problem.kind for problem in caught.value.problems]


@contextlib.contextmanager
def started(*arguments):
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, Path(__file__).parents[:2]))},
    )  # fmt: skip
    drain = None
    try:
        seen = []
        for line in process.stderr:
            seen.append(line)
            found = re.search(r"Scheduler at: +(tcp://\S+)|Registered to: +(tcp://\S+)", line)
            if found:
                break
        else:
            pytest.fail("".join(seen))
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        yield found[1] or found[2], process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        if drain is not None:
            drain.join()
        process.stderr.close()


SCHEDULER = ("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
WORKER = ("--nthreads", "1", "--no-dashboard", "--no-nanny", "--memory-limit", "0")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers, as processes of this machine."""
    place = ("--local-directory", str(tmp_path_factory.mktemp("dask")))
    with started(*SCHEDULER) as (address, _), started("dask_worker", address, *WORKER, *place), \
            started("dask_worker", address, *WORKER, *place):  # fmt: skip
        yield address


def test_results_are_the_same_wherever_they_are_made(cluster):
    with workers() as here:
        expected = list(here.ordered(square, NUMBERS))
    assert {process for _, process in expected} == {os.getpid()}
    for given in ({"count": 2}, {"scheduler": cluster}):
        with workers(**given) as others:
            found = list(others.ordered(square, NUMBERS))
        assert [result for result, _ in found] == [result for result, _ in expected]
        assert os.getpid() not in {process for _, process in found}
    assert len({process for _, process in found}) == 2


def test_tables_of_headers_are_the_same_wherever_files_are_read(cluster, tmp_path):
    images = dicom_kit.images_of_study(tmp_path / "images", dicom_kit.SUBJECTS * 3)
    dicom_kit.save(dicom_kit.image(99, PatientName="Ottilie"), images / "refused.dcm")
    (images / "text.txt").write_text("no image")
    tables = []
    for at, given in enumerate(({"count": 1}, {"count": 2}, {"scheduler": cluster})):
        folder = dicom_kit.study(tmp_path / f"study{at}")
        harvested = harvest_into(folder, images, **given)
        assert len(harvested.rows.rows) == 6
        paths = sorted(path for path in folder.dicom.iterdir() if path.name != "read.db")
        tables.append([(path.name, path.read_bytes()) for path in paths])
    assert len(tables[0]) == 8
    assert tables[0] == tables[1] == tables[2]


def test_real_headers_are_the_same_on_a_cluster(cluster, tmp_path):
    if not REAL.is_dir():
        pytest.skip("the shared DICOM files (../shared/dicom) are not on this machine")
    for path in REAL.rglob("*Siemens*"):
        (tmp_path / path.name).symlink_to(path)
    here, there = look(tmp_path), look(tmp_path, scheduler=cluster)
    assert here == there
    assert {one.value for one in here.measured if one.quantity == "dlp"} >= {236.09, 116.61}


def test_results_of_a_cluster_keep_their_order_and_its_errors_are_raised(cluster):
    with workers(scheduler=cluster) as others:
        assert list(others.ordered(sleepy, NUMBERS)) == list(NUMBERS)
        assert list(others.ordered(sleepy, [])) == []
        with pytest.raises(LookupError):
            list(others.ordered(fails, [1]))


def test_not_all_results_have_to_be_taken(cluster):
    for given in ({"count": 2}, {"scheduler": cluster}):
        with workers(**given) as others:
            with contextlib.closing(others.ordered(sleepy, NUMBERS)) as results:
                assert next(results) == 0
            assert list(others.ordered(sleepy, [7])) == [7]


@pytest.mark.parametrize(
    "address", ["10.0.0.5:8786", "http://a:1", "tcp://", "tcp://a", "tcp://a:b", "tcp://a:1/b"]
)
def test_what_is_no_address_is_told(address):
    with pytest.raises(UsageError) as caught, workers(scheduler=address):
        pass
    assert kinds(caught) == ["cluster-address"]


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr(module, "_CONNECT", 0.3)
    with pytest.raises(UsageError) as caught, workers(scheduler="tcp://127.0.0.1:9"):
        pass
    assert kinds(caught) == ["cluster-unreachable"]


def test_no_dask_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError) as caught, workers(scheduler="tcp://127.0.0.1:9"):
        pass
    assert kinds(caught) == ["cluster-not-installed"]


def test_workers_that_do_not_see_the_folder(cluster, tmp_path):
    with workers(scheduler=cluster, shared=tmp_path) as others:
        assert list(others.ordered(sleepy, [3])) == [3]
    with pytest.raises(UsageError) as caught, workers(scheduler=cluster, shared=tmp_path / "no"):
        pass
    assert kinds(caught) == ["cluster-without-files"]


def test_workers_of_another_version(cluster, monkeypatch):
    monkeypatch.setattr(module, "__version__", "99.0")
    with pytest.raises(UsageError) as caught, workers(scheduler=cluster):
        pass
    assert kinds(caught) == ["cluster-other-version"]
    assert __version__ in caught.value.problems[0].says("en")


def test_no_workers_and_workers_that_stop(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_LOOK", 0.2)
    monkeypatch.setattr(module, "_PATIENCE", 2)
    with started(*SCHEDULER) as (address, _):
        with pytest.raises(UsageError) as caught, workers(scheduler=address):
            pass
        assert kinds(caught) == ["cluster-without-workers"]
        place = ("--local-directory", str(tmp_path))
        with started("dask_worker", address, *WORKER, *place) as (_, worker):
            with workers(scheduler=address) as others:
                results = others.ordered(sleepy, NUMBERS)
                assert next(results) == 0
                worker.kill()
                with pytest.raises(UsageError) as caught:
                    list(results)
            assert kinds(caught) == ["cluster-lost"]
