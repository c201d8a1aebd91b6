"""The audit trail: append-only, each entry sealed with the hash of the one before it.

A changed, removed or inserted entry breaks the chain at its place. A chain alone cannot show that
the whole trail was rewritten; its head is therefore printed in every report.
"""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clinval.core.files import canonical_json, sha256_of_bytes

__all__ = ["GENESIS", "Entry", "append", "broken_at", "entries", "head", "utc_now"]

GENESIS = "0" * 64


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


def utc_now() -> str:
    """Return the time with its offset, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def append(
    connection: sqlite3.Connection,
    events: list[tuple[str, str, object]],
    *,
    actor: str,
    reason: str,
    clock: Callable[[], str] = utc_now,
) -> None:
    """Append events, each (action, subject, detail), within the open transaction."""
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    seq, previous = row or (0, GENESIS)
    at_utc = clock()
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
    names = "seq, at_utc, actor, action, subject, detail, reason, previous, hash"
    for row in connection.execute(f"SELECT {names} FROM audit ORDER BY seq"):  # noqa: S608
        yield Entry(**dict(zip(names.split(", "), row, strict=True)))


def broken_at(connection: sqlite3.Connection) -> int | None:
    """Return the number of the first entry that does not hold, or ``None``."""
    previous = GENESIS
    for expected, entry in enumerate(entries(connection), start=1):
        if entry.seq != expected or entry.previous != previous or entry.seal() != entry.hash:
            return expected
        previous = entry.hash
    return None


def head(connection: sqlite3.Connection) -> tuple[int, str]:
    """Return the number of entries and the hash of the last one."""
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return row or (0, GENESIS)
