# ruff: noqa: S608 - the tests write SQL of their own
"""The audit trail breaks at the very entry that somebody touched."""

import dataclasses
import random
import sqlite3

import kit
import pytest
from hypothesis import given, settings, strategies as st

from clinval.core.files import canonical_json, sha256_of_bytes
from clinval.study import audit
from clinval.study.schema import create

COLUMNS = ("seq", "at_utc", "actor", "action", "subject", "detail", "reason", "previous", "hash")
LENGTH = 6


def trail(entries=LENGTH):
    """Return a connection with a trail, and nothing to hold anybody back."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create(connection, kit.STUDY)
    for verb in ("update", "delete"):
        connection.execute(f"DROP TRIGGER audit_no_{verb}")
    ticks = iter(range(1000))
    for number in range(entries):
        audit.append(
            connection,
            [("receive", f"submission {number}", {"rows": number}), ("change", "x", {"new": "甲"})],
            actor="ann",
            reason="because",
            clock=lambda: f"2026-01-01T00:00:{next(ticks):02d}",
        )
    return connection


def test_a_trail_that_nobody_touched_holds():
    for entries in (0, 1, LENGTH):
        connection = trail(entries)
        assert audit.broken_at(connection) is None
        number, head = audit.head(connection)
        assert (number, len(head)) == (2 * entries, 64)
        connection.close()


def test_each_entry_is_sealed_as_said():
    """Whoever has the trail alone can prove it."""
    connection, previous = trail(), audit.GENESIS
    for entry in audit.entries(connection):
        content = [getattr(entry, name) for name in COLUMNS[:-1]]
        assert entry.previous == previous
        assert entry.hash == sha256_of_bytes(canonical_json(content).encode())
        previous = entry.hash
    assert audit.head(connection) == (2 * LENGTH, previous)
    connection.close()


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("seq", [1, 5, 2 * LENGTH])
def test_a_changed_field_is_found_at_its_entry(column, seq):
    connection = trail()
    value = 999 if column == "seq" else "something else"
    connection.execute(f"UPDATE audit SET {column} = ? WHERE seq = ?", (value, seq))
    assert audit.broken_at(connection) == seq
    connection.close()


@pytest.mark.parametrize("seq", range(1, 2 * LENGTH))
def test_a_removed_entry_is_found_at_its_place(seq):
    connection = trail()
    connection.execute("DELETE FROM audit WHERE seq = ?", (seq,))
    assert audit.broken_at(connection) == seq
    # and if what follows is numbered anew, it still does not fit
    connection.execute("UPDATE audit SET seq = -seq WHERE seq > ?", (seq,))
    connection.execute("UPDATE audit SET seq = -seq - 1 WHERE seq < 0")
    assert audit.broken_at(connection) == seq
    connection.close()


def test_a_removed_end_shows_in_the_head_only():
    connection = trail()
    before = audit.head(connection)
    connection.execute("DELETE FROM audit WHERE seq = ?", (2 * LENGTH,))
    assert audit.broken_at(connection) is None
    assert audit.head(connection) != before
    connection.close()


@pytest.mark.parametrize("seq", range(1, 2 * LENGTH + 1))
def test_an_inserted_entry_is_found_at_its_place(seq):
    """Even a sealed one: what follows was sealed with what was there."""
    connection = trail()
    entries = list(audit.entries(connection))
    previous = entries[seq - 2].hash if seq > 1 else audit.GENESIS
    content = [seq, "2026-01-01", "eve", "change", "x", "{}", "", previous]
    sealed = sha256_of_bytes(canonical_json(content).encode())
    connection.execute("UPDATE audit SET seq = -seq WHERE seq >= ?", (seq,))
    connection.execute("UPDATE audit SET seq = 1 - seq WHERE seq < 0")
    connection.execute("INSERT INTO audit VALUES (?,?,?,?,?,?,?,?,?)", (*content, sealed))
    # the insertion itself is sound
    assert audit.fault(connection) == audit.Fault(seq=seq + 1, what="inserted")
    connection.execute("UPDATE audit SET hash = 'x' WHERE seq = ?", (seq,))
    assert audit.broken_at(connection) == seq
    connection.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 2 * LENGTH), min_size=2, max_size=2, unique=True))
def test_entries_in_another_order_are_found_at_the_first(pair):
    connection = trail()
    first, second = sorted(pair)
    for old, new in ((first, 999), (second, first), (999, second)):
        connection.execute("UPDATE audit SET seq = ? WHERE seq = ?", (new, old))
    assert audit.broken_at(connection) == first
    connection.close()


def test_a_single_character_anywhere_is_found():
    connection = trail()
    draw = random.Random(3)  # noqa: S311
    for entry in list(audit.entries(connection)):
        column = draw.choice(COLUMNS[1:])
        text = getattr(entry, column)
        place = draw.randrange(len(text))
        bent = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
        connection.execute(f"UPDATE audit SET {column} = ? WHERE seq = ?", (bent, entry.seq))
        assert audit.broken_at(connection) == entry.seq, (column, text, bent)
        connection.execute(f"UPDATE audit SET {column} = ? WHERE seq = ?", (text, entry.seq))
    assert audit.broken_at(connection) is None
    connection.close()


@pytest.mark.parametrize(
    ("statements", "what", "seq"),
    [
        (["UPDATE audit SET actor = 'eve' WHERE seq = 4"], "changed", 4),
        (["UPDATE audit SET detail = x'00' WHERE seq = 4"], "changed", 4),
        (["DELETE FROM audit WHERE seq IN (4, 5)"], "removed", 4),
        (
            [
                "DELETE FROM audit WHERE seq IN (4, 5)",
                "UPDATE audit SET seq = -seq WHERE seq > 5",
                "UPDATE audit SET seq = -seq - 2 WHERE seq < 0",
            ],
            "removed",
            4,
        ),
        (
            [
                "UPDATE audit SET seq = -seq WHERE seq >= 4",
                "UPDATE audit SET seq = 1 - seq WHERE seq < 0",
                (
                    "INSERT INTO audit SELECT 4, at_utc, 'eve', action, subject, detail, reason,"
                    " previous, 'x' FROM audit WHERE seq = 5"
                ),
            ],
            "changed",  # it is not sealed; the entry is named, it is the one that was put in
            4,
        ),
        (
            [
                (
                    "INSERT INTO audit SELECT -1, at_utc, actor, action, subject, detail, reason,"
                    " previous, 'x' FROM audit WHERE seq = 1"
                ),
            ],
            "inserted",
            -1,
        ),
    ],
)
def test_what_is_wrong_with_the_entry_is_said(statements, what, seq):
    connection = trail()
    for statement in statements:
        connection.execute(statement)
    found = audit.fault(connection)
    assert (found.what, found.seq) == (what, seq)
    connection.close()


def reseal(connection, entries, previous):
    """Write entries again, each sealed with the one before, as a careful forger would."""
    for entry in entries:
        content = [getattr(entry, name) for name in COLUMNS[:-2]]
        sealed = sha256_of_bytes(canonical_json([*content, previous]).encode())
        connection.execute(
            "INSERT OR REPLACE INTO audit VALUES (?,?,?,?,?,?,?,?,?)", (*content, previous, sealed)
        )
        previous = sealed


@pytest.mark.parametrize("seq", range(1, 2 * LENGTH))
def test_a_change_that_was_sealed_anew_is_found_at_the_next_entry(seq):
    """Which was sealed with what had been there."""
    connection = trail()
    entries = list(audit.entries(connection))
    forged = dataclasses.replace(entries[seq - 1], detail="{}", actor="eve")
    reseal(connection, [forged], forged.previous)
    assert audit.fault(connection) == audit.Fault(seq=seq + 1, what="replaced")
    connection.close()


@pytest.mark.parametrize("seq", range(1, 2 * LENGTH))
def test_a_gap_is_found_also_when_all_that_follows_was_sealed_anew(seq):
    connection = trail()
    entries = list(audit.entries(connection))
    connection.execute("DELETE FROM audit WHERE seq >= ?", (seq,))
    reseal(connection, entries[seq:], entries[seq - 1].previous)
    assert audit.broken_at(connection) == seq
    connection.close()
