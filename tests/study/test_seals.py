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
