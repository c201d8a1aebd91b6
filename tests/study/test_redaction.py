# ruff: noqa: S608 - the tests write SQL of their own
"""What identifies a person is taken out of the trail; it holds, and nothing else can be changed."""

import json
import sqlite3

import kit
import pytest
from test_receive import scans

from clinval.core.errors import UsageError
from clinval.study import audit
from clinval.study.receive import receive
from clinval.study.redaction import digest_of, redact

DECLARED = kit.protocol()
NAME = "Zhang Wei-Xyzzy"


@pytest.fixture
def path(tmp_path):
    """Return a store in which a correction's reason has a name in it: entry 3."""
    path = tmp_path / "study.db"
    with kit.opened(path) as store:
        receive(store, kit.returned(DECLARED, "S01", {"F05": scans(100.0)}), actor="ann")
        with store.transaction() as connection:
            events = [("query", "S01 F05 S01-001 | TEST", {"text": f"spoke to {NAME}"})]
            audit.append(connection, events, actor="ann", reason=f"as {NAME} said")
            audit.append(connection, [("export", "all", {})], actor="ann", reason="")
    return path


def take_out(path, number=2, reason="a patient's name"):
    with kit.opened(path) as store:
        redact(store, number, actor="dora", reason=reason)


def test_the_words_are_gone_and_the_trail_holds(path):
    assert NAME.encode() in path.read_bytes()
    take_out(path)
    assert NAME.encode() not in path.read_bytes()
    with kit.opened(path) as store:
        assert store.audit_fault(rows=True) is None
        entry = list(store.audit_entries())[1]
        assert (entry.actor, entry.action, entry.subject) == (
            "ann", "query", "S01 F05 S01-001 | TEST",
        )  # fmt: skip
        assert set(json.loads(entry.detail)) == {"redacted"}
        act = next(e for e in store.audit_entries() if e.action == "redact")
        assert (act.actor, act.subject, act.reason) == ("dora", "entry 2", "a patient's name")


def test_who_has_the_words_can_show_that_they_stood_there(path):
    with kit.opened(path) as store:
        before = list(store.audit_entries())[1]
    take_out(path)
    with kit.opened(path) as store:
        ((salt, digest),) = store.select("SELECT salt, digest FROM redaction")
    assert digest_of(salt, before.detail, before.reason) == digest
    assert digest_of(salt, before.detail, "another") != digest
    assert len(salt) == 32


@pytest.mark.parametrize(
    ("number", "reason", "kind"),
    [
        (2, "  ", "reason-missing"),
        (99, "why", "entry-unknown"),
        (0, "why", "entry-unknown"),
        (1, "why", "redaction-unfit"),  # a reception proves the data
    ],
)
def test_what_cannot_be_taken_out_is_said(path, number, reason, kind):
    before = path.read_bytes()
    with pytest.raises(UsageError) as error:
        take_out(path, number, reason)
    assert [problem.kind for problem in error.value.problems] == [kind]
    assert path.read_bytes() == before


def test_an_entry_is_redacted_once(path):
    take_out(path)
    with pytest.raises(UsageError, match="redacted already"):
        take_out(path)


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'eve'", "at_utc = '2000'", "action = 'export'", "subject = 'x'",
        "previous = 'x'", "hash = 'x'", "detail = '{}'", "reason = 'none'", "seq = 77",
    ],
)  # fmt: skip
def test_the_database_lets_through_this_act_only(path, change):
    """Not even the entry that is redacted, nor while it is."""
    connection = sqlite3.connect(path, isolation_level=None)
    for seq in (1, 2, 3):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(f"UPDATE audit SET {change} WHERE seq = {seq}")
    connection.close()
    take_out(path)
    connection = sqlite3.connect(path, isolation_level=None)
    (mark,) = connection.execute("SELECT detail FROM audit WHERE seq = 2").fetchone()
    for statement in (
        f"UPDATE audit SET {change} WHERE seq = 2",
        f"UPDATE audit SET detail = '{mark}', {change.replace('detail', 'reason')} WHERE seq = 2",
        f"UPDATE audit SET detail = '{mark}' WHERE seq = 3",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("change", "seq"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE seq = 2", 2),
        ('UPDATE audit SET detail = \'{"redacted":"0"}\' WHERE seq = 2', 2),
        ("UPDATE audit SET detail = '{}' WHERE action = 'redact'", 2),
        ("UPDATE redaction SET digest = 'x'", 5),
        ("DELETE FROM redaction", 5),
    ],
)
def test_what_is_changed_afterwards_is_found(path, change, seq):
    take_out(path)
    connection = sqlite3.connect(path)
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(change)
    connection.commit()
    connection.close()
    with kit.opened(path) as store:
        assert store.audit_broken_at(rows=True) == seq
