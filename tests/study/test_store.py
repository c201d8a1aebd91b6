# ruff: noqa: S608 - the tests write SQL of their own and start themselves
"""The store refuses what would harm it, and says what is wrong with a file that is none."""

import json
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import kit
import pytest

from clinval.core.errors import SubmissionError
from clinval.study.receive import receive
from clinval.study.schema import LATER
from clinval.study.store import StudyStore

DECLARED = kit.protocol()
TABLES = ("about", "submission", "row", "defect", "data_version", "snapshot", "audit", *LATER)
FILLS = {
    "state": "1, 't', 'cleaning', 1, '', 'ann', '', '', '{}'",
    "query": "'a1', 1, 't', 'S01', 'F05', 'k', 'f', 'kind', 'error', '{}', '', '', ''",
    "query_event": "1, 'a1', 't', 'opened', 'ann', '', '', '', 1",
    "person": "1, 't', 'ann', 'monitor', '', 1, 'ann', ''",
    "redaction": "1, 't', 1, 's', 'd', 'ann', 'r'",
    "blind_opening": "1, 't', 'arms', 'ann', '', 'r'",
}


def file(time=100.0, site="S01"):
    row = {"site_id": site, "subject_id": f"{site}-001", "arm": "TEST", "scan_time_s": time}
    return kit.returned(DECLARED, site, {"F05": [row]}, defects=[])


@pytest.fixture
def path(tmp_path):
    """Return a store with two submissions, one of them refused."""
    path = tmp_path / "study.db"
    with kit.opened(path) as store:
        receive(store, file(), actor="ann")
        receive(store, kit.returned(DECLARED, "S02", {}, refused=True), actor="ann")
        store._connection.execute("INSERT INTO defect VALUES (1,'k','f','','','','','{}')")
        with store.transaction() as connection:
            for table, values in FILLS.items():
                connection.execute(f"INSERT INTO {table} VALUES ({values})")
    return path


def kinds(error):
    return [problem.kind for problem in error.value.problems]


@pytest.mark.parametrize("table", TABLES)
def test_no_table_can_be_changed(path, table):
    connection = sqlite3.connect(path)
    (column,) = connection.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchone()
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
            connection.execute(statement)
    connection.close()


def test_every_table_is_covered(path):
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    assert sorted(name for (name,) in found) == sorted(TABLES)
    connection.close()


def test_a_new_store_is_empty(tmp_path):
    with kit.opened(tmp_path / "study.db") as store:
        assert (store.version, store.manifest(), store.submissions()) == (0, [], [])
        assert store.table("F05") is None
        assert store.current("F05", "S01") is None
        assert (store.open_defects(), store.held_rows(), store.sources()) == ([], [], [])
        assert store.audit_head() == (0, "0" * 64)
        assert store.audit_broken_at() is None
        assert len(store.manifest_sha256) == 64


def test_a_store_of_an_earlier_format_is_brought_up_to_date(tmp_path):
    """What it has stays, what it lacks is added; the trail goes on, and says so once."""
    path = tmp_path / "study.db"
    with kit.opened(path) as store:
        receive(store, file(), actor="ann")
    connection = sqlite3.connect(path)
    for table in LATER:
        connection.execute(f"DROP TABLE {table}")
    refusing = "BEFORE UPDATE ON {0} BEGIN SELECT RAISE(ABORT, '{0} is append-only'); END"
    for statement in (
        "DROP TRIGGER about_no_update",
        "UPDATE about SET value = '1' WHERE name = 'format'",
        f"CREATE TRIGGER about_no_update {refusing.format('about')}",
        "DROP TRIGGER audit_no_update",
        f"CREATE TRIGGER audit_no_update {refusing.format('audit')}",
    ):
        connection.execute(statement)
    connection.commit()
    before = connection.execute("SELECT * FROM audit").fetchall()
    connection.close()
    for _ in range(2):
        with kit.opened(path) as store:
            assert store.audit_fault() is None
            entries = list(store.audit_entries())
            assert store.table("F05")["scan_time_s"].tolist() == [100.0]
            assert {table for (table,) in store.select(TABLES_THERE)} == set(TABLES)
    assert [entry.action for entry in entries[len(before) :]] == ["upgrade"]
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="about is append-only"):
        connection.execute("UPDATE about SET value = '1'")
    connection.close()


TABLES_THERE = "SELECT name FROM sqlite_master WHERE type = 'table'"


def test_a_store_belongs_to_one_study(path):
    with pytest.raises(SubmissionError) as error:
        StudyStore(path, "OTHER")
    assert kinds(error) == ["store-of-other-study"]
    assert kit.STUDY in str(error.value)


def test_a_file_that_is_no_database_is_said_to_be_unusable_and_left_alone(tmp_path):
    path = tmp_path / "study.db"
    path.write_text("not a database, and long enough to be looked at as one\n" * 100)
    before = path.read_bytes()
    with pytest.raises(SubmissionError) as error:
        kit.opened(path)
    assert kinds(error) == ["store-unusable"]
    assert path.read_bytes() == before


def test_the_database_of_another_program_is_left_alone(tmp_path):
    path = tmp_path / "study.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE letters (id INTEGER)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SubmissionError) as error:
        kit.opened(path)
    assert kinds(error) == ["store-unusable"]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "about",
    [
        "CREATE TABLE about (x)",
        "CREATE TABLE about (name, value)",
        "CREATE TABLE about AS SELECT 'format' AS name, '99' AS value",
    ],
)
def test_a_store_of_another_format_is_said_to_be_unusable(tmp_path, about):
    path = tmp_path / "study.db"
    connection = sqlite3.connect(path)
    connection.execute(about)
    connection.commit()
    connection.close()
    with pytest.raises(SubmissionError) as error:
        kit.opened(path)
    assert kinds(error) == ["store-unusable"]


def test_a_path_that_cannot_be_opened_is_said_to_be_unusable(tmp_path):
    for path in (tmp_path, tmp_path / "no such folder" / "study.db"):
        with pytest.raises(SubmissionError) as error:
            kit.opened(path)
        assert kinds(error) == ["store-unusable"]


def test_a_truncated_database_is_said_to_be_unusable(path):
    whole = path.read_bytes()
    for share in (0.1, 0.3, 0.5, 0.7, 0.9, 0.99):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(SubmissionError) as error:
            _table(path)
        assert kinds(error) == ["store-unusable"], share


def _table(path):
    with kit.opened(path) as store:
        return store.table("F05")


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "study.db"
    path.touch()
    with kit.opened(path) as store:
        assert store.version == 0


def without_triggers(path, *statements):
    """Do to a store what only somebody from outside can."""
    connection = sqlite3.connect(path)
    for table in TABLES:
        connection.execute(f"DROP TRIGGER {table}_no_update")
        connection.execute(f"DROP TRIGGER {table}_no_delete")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_rows_that_were_changed_from_outside_are_not_used(path):
    with kit.opened(path) as store:
        packed = store._value("SELECT content FROM snapshot")
    bent = bytearray(packed)
    bent[len(bent) // 2] ^= 1
    without_triggers(path, f"UPDATE snapshot SET content = x'{bent.hex()}'")
    with kit.opened(path) as store:
        for read in (lambda: store.table("F05"), lambda: store.current("F05", "S01")):
            with pytest.raises(SubmissionError) as error:
                read()
            assert kinds(error) == ["store-unusable"]


def test_data_that_the_audit_trail_does_not_know_are_not_used(path):
    """Rows and their hashes may fit together and still not be what was received."""
    with kit.opened(path) as store:
        receive(store, file(200.0), actor="ann")
    without_triggers(path, "DELETE FROM snapshot WHERE version = 2")
    with kit.opened(path) as store, pytest.raises(SubmissionError) as error:
        store.table("F05")
    assert kinds(error) == ["store-unusable"]


def test_bytes_that_rot_are_noticed(path):
    """Whatever byte is hit: the data are what was stored, or it is an error."""
    with kit.opened(path) as store:
        good = store.table("F05").to_csv()
    whole, noticed = path.read_bytes(), 0
    for place in range(50, len(whole), len(whole) // 100):
        bent = bytearray(whole)
        bent[place] ^= 0x55
        path.write_bytes(bent)
        try:
            with kit.opened(path) as store:
                assert store.table("F05").to_csv() == good, place
        except SubmissionError:
            noticed += 1
    assert noticed > 0


def test_a_store_that_is_busy_is_not_written(path, monkeypatch):
    busy = sqlite3.connect(path, isolation_level=None)
    busy.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(sqlite3, "connect", lambda path, **more: _impatient(path, more))
    with pytest.raises(SubmissionError) as error, kit.opened(path) as store:
        receive(store, file(200.0), actor="ann")
    assert kinds(error) == ["store-unusable"]
    busy.execute("ROLLBACK")
    busy.execute("BEGIN IMMEDIATE")  # others may read, not write
    with kit.opened(path) as store:
        with pytest.raises(SubmissionError) as error:
            receive(store, file(200.0), actor="ann")
        assert kinds(error) == ["store-not-written"]
        assert store.version == 1
        busy.execute("ROLLBACK")
        busy.close()
        assert receive(store, file(200.0), actor="ann").status == "accepted"


_connect = sqlite3.connect


def _impatient(path, more):
    return _connect(path, **{**more, "timeout": 0.01})


WORKER = """
import sys, time
sys.path[:0] = sys.argv[3].split("|")
import test_store as t, kit
from clinval.study.receive import receive
sys.stdin.readline()
for number in range(3):
    with kit.opened(sys.argv[1]) as store:
        receive(store, t.file(float(number), sys.argv[2]), actor=sys.argv[2])
        receive(store, t.file(float(number), "S02"), actor=sys.argv[2])
"""


def test_two_processes_at_once_lose_nothing(tmp_path):
    path = tmp_path / "study.db"
    folders = "|".join(entry for entry in sys.path if entry)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(path), site, folders],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for site in ("S01", "S02")
    ]
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        _, said = worker.communicate(timeout=60)
        assert worker.returncode == 0, said
    with kit.opened(path) as store:
        lines = store.submissions()
        # S01 sends three files; the three of S02 come from both, and each is stored once
        assert sorted(line.site for line in lines) == ["S01"] * 3 + ["S02"] * 3
        assert len({line.sha256 for line in lines}) == 6
        assert store.version == 6
        assert store.audit_broken_at() is None
        assert store.table("F05")["scan_time_s"].tolist() == [2.0, 2.0]


def test_two_corrected_files_at_once_are_stored_one_after_the_other(path):
    """Each is compared with what is there when its turn comes; the trail has both in that order."""
    start = threading.Barrier(2)

    def send(value):
        with kit.opened(path) as store:
            start.wait()
            return receive(store, file(value), actor="ann", reason="corrected").data_version

    with ThreadPoolExecutor(2) as threads:
        versions = list(threads.map(send, (200.0, 300.0)))
    assert sorted(versions) == [2, 3]
    with kit.opened(path) as store:
        changes = [
            json.loads(entry.detail) for entry in store.audit_entries() if entry.action == "change"
        ]
        assert [change["old"] for change in changes] == [100, changes[0]["new"]]
        assert {change["new"] for change in changes} == {200, 300}
        assert store.table("F05")["scan_time_s"].tolist() == [changes[1]["new"]]
