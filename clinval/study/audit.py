"""The audit trail: append-only, each entry sealed with the hash of the one before it.

A changed, removed or inserted entry breaks the chain at its place. A chain alone cannot show that
the whole trail was rewritten; its head is therefore printed in every report.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from clinval.core.files import canonical_json, sha256_of_bytes

__all__ = [
    "CONTENT",
    "GENESIS",
    "Entry",
    "Fault",
    "append",
    "broken_at",
    "entries",
    "entry_of",
    "fault",
    "head",
    "utc_now",
]

GENESIS = "0" * 64
_COLUMNS = "seq, at_utc, actor, action, subject, detail, reason, previous, hash"
CONTENT = """
    CAST(json_array(seq, at_utc, actor, action, subject, detail, reason, previous) AS BLOB)"""
"""The text that an entry is sealed over, as the database writes it."""
_OFFSETS = ("+00:00", "Z")
_GONE = 1000  # so many entries taken out at once are told from a change


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry: who did what to what, when and why. ``detail`` is canonical JSON."""

    seq: int
    at_utc: str
    actor: str
    action: str
    subject: str
    detail: str
    reason: str
    previous: str
    hash: str

    def seal(self) -> str:
        """Return the hash that the entry has to carry."""
        content = [
            self.seq, self.at_utc, self.actor, self.action, self.subject, self.detail,
            self.reason, self.previous,
        ]  # fmt: skip
        return sha256_of_bytes(canonical_json(content).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The first entry that does not hold.

    Attributes
    ----------
    seq
        Its number; of an entry that is missing, the number that it had.
    what
        ``changed``: the entry says something else than it was sealed with. ``removed``: an entry
        is missing here. ``inserted``: one was put in before it. ``replaced``: it was sealed with
        another entry before it than stands there. ``data``: the store has not what the entry says.
    table
        Of ``data``: the table of the store.
    """

    seq: int
    what: Literal["changed", "removed", "inserted", "replaced", "data"]
    table: str = ""


def utc_now() -> str:
    """Return the time with its offset, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def append(
    connection: sqlite3.Connection,
    events: Sequence[tuple[str, str, object]],
    *,
    actor: str,
    reason: str,
    clock: Callable[[], str] = utc_now,
) -> None:
    """Append events, each (action, subject, detail), within the open transaction.

    Raises
    ------
    ValueError
        When the clock does not say its offset from UTC: a time that may be another is none.
    """
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    seq, previous = row or (0, GENESIS)
    at_utc = clock()
    if not at_utc.endswith(_OFFSETS):
        raise ValueError(f"{at_utc} does not say that it is UTC")
    rows = []
    for action, subject, detail in events:
        seq += 1
        text = canonical_json(detail)
        sealed = sha256_of_bytes(
            canonical_json([seq, at_utc, actor, action, subject, text, reason, previous]).encode()
        )
        rows.append((seq, at_utc, actor, action, subject, text, reason, previous, sealed))
        previous = sealed
    connection.executemany("INSERT INTO audit VALUES (?,?,?,?,?,?,?,?,?)", rows)


def entries(connection: sqlite3.Connection) -> Iterator[Entry]:
    """Yield the trail from its beginning."""
    for row in connection.execute(f"SELECT {_COLUMNS} FROM audit ORDER BY seq"):  # noqa: S608
        yield Entry(**dict(zip(_COLUMNS.split(", "), row, strict=True)))


def broken_at(connection: sqlite3.Connection) -> int | None:
    """Return the number of the first entry that does not hold, or ``None``."""
    found = fault(connection)
    return None if found is None else found.seq


def fault(connection: sqlite3.Connection) -> Fault | None:
    """Return the first entry that does not hold, and what is wrong with it, or ``None``.

    The text that an entry is sealed over is written by the database, which is several times as
    fast as Python; what does not fit then is looked at once more.
    """
    try:
        return _first(connection)
    except sqlite3.OperationalError:  # no text can be written of a value that is none
        return _first(connection, content="NULL")


def _first(connection: sqlite3.Connection, content: str = CONTENT) -> Fault | None:
    sha256, previous, expected = hashlib.sha256, GENESIS, 1
    query = f"SELECT seq, previous, hash, {content} FROM audit ORDER BY seq"  # noqa: S608
    for seq, said, sealed, text in connection.execute(query):
        if seq < expected:  # a number below 1
            return Fault(seq=seq, what="inserted")
        fits = seq == expected and said == previous
        if not fits or text is None or sha256(text).hexdigest() != sealed:
            found = _looked_at(connection, expected, previous)
            if found is not None:
                return found
        previous = sealed
        expected += 1
    return None


def _looked_at(connection: sqlite3.Connection, expected: int, previous: str) -> Fault | None:
    """Return what is wrong with the entry that should have a number, if anything is."""
    entry = entry_of(connection, expected)
    if entry is None:
        return Fault(seq=expected, what="removed")
    if entry.previous != previous:
        before = entry_of(connection, expected - 1)
        if before is not None and entry.previous == before.previous:
            return Fault(seq=expected, what="inserted")
        if _seals(entry):
            return Fault(seq=expected, what="replaced")
    elif _seals(entry) or _is_redacted(connection, entry):
        return None
    if _seals(replace(entry, seq=expected - 1)):  # it had this number until something came before
        return Fault(seq=expected, what="inserted")
    if any(_seals(replace(entry, seq=expected + gone)) for gone in range(1, _GONE)):
        return Fault(seq=expected, what="removed")
    return Fault(seq=expected, what="changed")


def _seals(entry: Entry) -> bool:
    try:
        return entry.seal() == entry.hash
    except TypeError:  # bytes where a text should be
        return False


def _is_redacted(connection: sqlite3.Connection, entry: Entry) -> bool:
    """Return whether an entry is what a redaction, itself an entry, left of it."""
    row = connection.execute(
        "SELECT detail FROM audit WHERE action = 'redact' AND subject = ? AND seq > ?",
        (f"entry {entry.seq}", entry.seq),
    ).fetchone()
    return row is not None and json.loads(row[0]).get("left_sha256") == entry.seal()


def entry_of(connection: sqlite3.Connection, seq: int) -> Entry | None:
    """Return the entry of a number, or ``None``."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM audit WHERE seq = ?", (seq,)).fetchone()  # noqa: S608
    return None if row is None else Entry(**dict(zip(_COLUMNS.split(", "), row, strict=True)))


def head(connection: sqlite3.Connection) -> tuple[int, str]:
    """Return the number of entries and the hash of the last one."""
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return row or (0, GENESIS)
