"""What somebody changes in the store with another program breaks the audit trail."""

import sqlite3

import kit
import pytest
from test_receive import scans

from clinval.core.errors import SubmissionError
from clinval.core.problems import Place, Problem
from clinval.study.receive import receive
from clinval.study.returns import Defect

DECLARED = kit.protocol()
WRITTEN = (
    "state VALUES (1, 't', 'cleaning', 1, '', 'ann', '', '', '{}')",
    "query VALUES ('a1', 1, 't', 'S01', 'F05', 'k', 'f', 'kind', 'error', '{}', '', '', '')",
    "query_event VALUES (1, 'a1', 't', 'opened', 'ann', '', '', '', 1)",
    "person VALUES (1, 't', 'ann', 'monitor', '', 1, 'ann', '')",
    "redaction VALUES (1, 't', 1, 's', 'd', 'ann', 'r')",
    "blind_opening VALUES (1, 't', 'arms', 'ann', '', 'r')",
)


@pytest.fixture
def path(tmp_path):
    """Return a store with an accepted file, a refused one, and a second accepted one."""
    path = tmp_path / "study.db"
    asked = Defect(
        problem=Problem(kind="value-unexpected", place=Place(file="S01.xlsx", sheet="F05")),
        form="F05",
    )
    rows = scans(100.0, 200.0, None, 300.0)
    rows[1]["_held"] = "key-unknown"
    with kit.opened(path) as store:
        for file in (
            kit.returned(DECLARED, "S01", {"F05": rows}, defects=[asked]),
            kit.returned(DECLARED, "S02", {}, refused=True),
            kit.returned(DECLARED, "S02", {"F05": scans(90.0, site="S02")}),
        ):
            receive(store, file, actor="ann")
        with store.transaction() as connection:
            for values in WRITTEN:
                connection.execute(f"INSERT INTO {values}")
        assert store.audit_broken_at(rows=True) is None
    return path


def tamper(path, statement):
    connection = sqlite3.connect(path)
    triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    for (name,) in connection.execute(triggers).fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("statement", "entry"),
    [
        ("UPDATE row SET content = replace(content, '100', '110')", 1),
        ("UPDATE row SET held = NULL", 1),
        ("DELETE FROM row WHERE site = 'S02'", 3),
        ("DELETE FROM defect", 1),
        ("UPDATE defect SET kind = 'time-dropped'", 1),
        ("UPDATE submission SET file_name = 'other.xlsx' WHERE id = 3", 3),
        ("UPDATE submission SET outcome = 'accepted' WHERE id = 2", 2),
        ("UPDATE data_version SET version = 7 WHERE version = 2", 3),
        ("DELETE FROM data_version WHERE version = 1", 1),
        ("UPDATE audit SET actor = 'eve' WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 3", 3),
        ("DELETE FROM audit", 1),
    ],
)
def test_a_change_from_outside_breaks_the_trail_at_its_entry(path, statement, entry):
    tamper(path, statement)
    with kit.opened(path) as store:
        assert store.audit_broken_at(rows=True) == entry


def test_the_rows_in_use_are_known_by_their_snapshots(path):
    """An analysis does not read what was returned once more."""
    tamper(path, "UPDATE row SET content = replace(content, '100', '110')")
    with kit.opened(path) as store:
        assert store.audit_broken_at() is None
        assert 100.0 in list(store.table("F05")["scan_time_s"])


def test_data_without_a_trail_are_not_used(path):
    tamper(path, "DELETE FROM audit")
    with kit.opened(path) as store, pytest.raises(SubmissionError):
        store.table("F05")


@pytest.mark.parametrize(
    ("statement", "what", "table", "entry"),
    [
        ("UPDATE state SET actor = 'eve'", "data", "state", 4),
        ("UPDATE query SET severity = 'note'", "data", "query", 4),
        ("UPDATE query_event SET event = 'closed'", "data", "query_event", 4),
        ("UPDATE person SET role = 'sponsor'", "data", "person", 4),
        ("UPDATE redaction SET salt = ''", "data", "redaction", 4),
        ("UPDATE blind_opening SET actor = 'eve'", "data", "blind_opening", 4),
        ("DELETE FROM person", "data", "person", 4),
        ("INSERT INTO person VALUES (2, 't', 'eve', 'sponsor', '', 1, 'eve', '')",
         "data", "person", 5),
        ("UPDATE snapshot SET rows = 7 WHERE version = 1", "data", "snapshot", 1),
        ("UPDATE snapshot SET content = x'00' WHERE version = 2", "data", "snapshot", 3),
        ("DELETE FROM snapshot WHERE version = 1", "data", "snapshot", 1),
        ("INSERT INTO data_version VALUES (3, 't', 3, 'x')", "data", "data_version", 5),
        ("UPDATE row SET content = '{}' WHERE site = 'S02'", "data", "row", 3),
        ("UPDATE defect SET cell = 'A1'", "data", "defect", 1),
        ("UPDATE submission SET actor = 'eve' WHERE id = 2", "data", "submission", 2),
        ("UPDATE audit SET reason = 'x' WHERE seq = 2", "changed", "", 2),
        ("DELETE FROM audit WHERE seq = 2", "removed", "", 2),
    ],
)  # fmt: skip
def test_each_table_is_proved_and_named(path, statement, what, table, entry):
    tamper(path, statement)
    with kit.opened(path) as store:
        fault = store.audit_fault(rows=True)
    assert (fault.what, fault.table, fault.seq) == (what, table, entry)


def test_what_comes_first_is_named(path):
    tamper(path, "UPDATE audit SET reason = 'x' WHERE seq = 3")
    tamper(path, "UPDATE defect SET cell = 'A1'")
    with kit.opened(path) as store:
        assert store.audit_fault(rows=True).seq == 1


def test_a_transaction_that_writes_nothing_of_it_is_not_sealed(path):
    with kit.opened(path) as store:
        before = store.audit_head()
        with store.transaction():
            pass
        assert store.audit_head() == before
