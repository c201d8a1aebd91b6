# ruff: noqa: S311 - the tests start themselves
"""Whatever interrupts a reception leaves the store as it was before, or complete: never half."""

import random
import shutil
import sqlite3
import subprocess
import sys

import kit
import pytest

from clinval.app.asking import ask
from clinval.core.errors import SubmissionError
from clinval.study.queries import read_queries
from clinval.study.receive import receive

DECLARED = kit.protocol()


def file(number, subjects=12):
    """Return a file with two forms, that corrects, adds and leaves out rows each time."""
    enrolled = kit.enrolled({"S01": subjects + number})
    scans = [
        {"site_id": "S01", "subject_id": subject, "arm": arm, "scan_time_s": 100.0 + number}
        for subject in enrolled["subject_id"][number:]
        for arm in ("TEST", "REF")
    ]
    return kit.returned(DECLARED, "S01", {"F04": enrolled, "F05": scans})


def dump(path):
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "study.db"
    with kit.opened(path) as store:
        receive(store, file(0), actor="ann")
    return path


def taken_in(store, returned):
    """Do what an ingest does: store a file, then ask about what is found in it."""
    receive(store, returned, actor="ann")
    ask(DECLARED, store, actor="ann")


class Stumbling:
    """A connection that fails before (or after) the n-th statement."""

    def __init__(self, connection, at, error, *, after):
        self._connection, self._left, self._error, self._after = connection, at, error, after
        self.reached = False

    def __getattr__(self, name):
        value = getattr(self._connection, name)
        if name not in ("execute", "executemany"):
            return value

        def call(statement, *parameters):
            self._left -= 1
            stumbles = self._left == 0 and statement != "ROLLBACK"
            if stumbles and not self._after:
                self.reached = True
                raise self._error
            result = value(statement, *parameters)
            if stumbles and statement != "COMMIT":
                self.reached = True
                raise self._error
            return result

        return call


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "error",
    [RuntimeError, KeyboardInterrupt, sqlite3.OperationalError],
    ids=["fault", "interrupt", "disk"],
)
def test_an_error_at_any_statement_leaves_everything_as_it_was(path, error, after):
    before, reached = dump(path), 0
    expected = SubmissionError if error is sqlite3.OperationalError else error
    for at in range(1, 200):
        with kit.opened(path) as store:
            whole = store._connection
            store._connection = Stumbling(whole, at, error, after=after)
            try:
                receipt = receive(store, file(1), actor="ann")
            except expected:
                store._connection = whole
                reached += 1
            else:
                assert not store._connection.reached
                assert receipt.status == "accepted"
                break
        assert dump(path) == before, at
    assert reached > 15  # so many statements were tried
    assert len(dump(path)) > len(before)


def test_a_full_disk_leaves_everything_as_it_was(path):
    before = dump(path)
    refused = 0
    with kit.opened(path) as store:
        pages = store._value("PRAGMA page_count")
    for more in range(200):
        with kit.opened(path) as store:
            store._connection.execute(f"PRAGMA max_page_count = {pages + more}")
            try:
                receipt = receive(store, file(1), actor="ann")
            except SubmissionError as error:
                said = str(error)
            else:
                assert receipt.status == "accepted"
                break
            assert "S003" in said
            assert "full" in said
            refused += 1
            assert store.version == 1  # and it can still be read
        assert dump(path) == before, more
    assert refused > 3


def test_a_full_disk_makes_no_store(tmp_path, monkeypatch):
    path = tmp_path / "study.db"
    connect = sqlite3.connect

    def cramped(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.execute("PRAGMA max_page_count = 5")
        return connection

    monkeypatch.setattr(sqlite3, "connect", cramped)
    with pytest.raises(SubmissionError) as error:
        kit.opened(path)
    assert [problem.kind for problem in error.value.problems] == ["store-not-written"]
    monkeypatch.undo()
    assert dump(path) == ["BEGIN TRANSACTION;", "COMMIT;"]


# A helper that forks a process for each reception and kills it: starting Python each time would
# take most of the test's time. Lines in: seconds until the kill; lines out: what became of it.
KILLER = """
import os, signal, sys, time
sys.path[:0] = sys.argv[3].split("|")
import kit, test_crash as t
from pathlib import Path
import pyarrow.parquet
path, big = Path(sys.argv[1]), t.file(1, int(sys.argv[2]))
with kit.opened() as store:  # what is imported on use is there before the first fork
    t.taken_in(store, t.file(0))
    t.taken_in(store, t.file(1))
print("ready", flush=True)
for line in sys.stdin:
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        with kit.opened(path) as store:
            t.taken_in(store, big)
        os._exit(0)
    while time.monotonic() - start < float(line):
        if os.waitpid(child, os.WNOHANG)[0]:
            print(f"done {time.monotonic() - start}", flush=True)
            break
        time.sleep(0.0005)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        print("killed", flush=True)
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="needs fork")
def test_a_kill_at_any_moment_of_an_ingest_is_made_good_by_the_next(tmp_path):
    """Nothing is lost and nothing half stored; the queries are those of an ingest in peace."""
    path, good = tmp_path / "study.db", tmp_path / "good.db"
    subjects = 40
    with kit.opened(path) as store:
        taken_in(store, file(0, subjects))
    shutil.copy(path, good)
    before, again = dump(path), file(1, subjects)
    folders = "|".join(entry for entry in sys.path if entry)
    killer = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", KILLER, str(path), str(subjects), folders],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def attempt(seconds):
        for old in tmp_path.glob("study.db*"):
            old.unlink()
        shutil.copy(good, path)
        killer.stdin.write(f"{seconds}\n")
        killer.stdin.flush()
        return killer.stdout.readline().split()

    try:
        assert killer.stdout.readline() == "ready\n"
        outcome, took = attempt(60)
        assert outcome == "done"
        complete = dump(path)
        assert len(complete) > len(before)
        draw, killed, stored = random.Random(1), 0, set()
        for _ in range(50):
            outcome, *_ = attempt(draw.uniform(0, 1.1 * float(took)))
            killed += outcome == "killed"
            with kit.opened(path) as store:  # whoever comes next repairs it
                stored.add((store.version, len(read_queries(store))))
                assert store.audit_broken_at(rows=True) is None
                taken_in(store, again)
            assert dump(path) == complete
        assert killed > 5
        assert stored <= {(1, 0), (2, 0), (2, 2 * (subjects - 1))}, stored
    finally:
        killer.stdin.close()
        killer.wait(timeout=10)
        killer.stdout.close()
