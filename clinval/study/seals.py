"""Seals: the audit trail says of each submission what the store has of it.

The trail proves itself; by its seals it also proves the rows, the defects and the data versions,
which somebody with a database program could change behind its back.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import operator
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from clinval.core.files import sha256_of_bytes
from clinval.study import audit
from clinval.study.schema import LATER

__all__ = ["ends", "fault", "seal_later", "seals"]

_SEALING = ("receive", "refuse", "seal", "unlock")  # actions whose entries say what is stored
_TABLES = {
    "submission_sha256": "submission", "defects_sha256": "defect", "held_sha256": "row",
    "rows_sha256": "row", "snapshots_sha256": "snapshot",
}  # fmt: skip

_ABOUT = """
    SELECT id, received_utc, site, file_name, sha256, size, template, actor, reason, outcome
    FROM submission WHERE id = ?"""
_DEFECTS = """
    SELECT kind, form, key, field, sheet, cell, parameters FROM defect
    WHERE submission = ? ORDER BY rowid"""
_HELD = """
    SELECT form, site, key, sheet_row, held FROM row
    WHERE submission = ? AND held IS NOT NULL ORDER BY id"""
_SNAPSHOTS = """
    SELECT form, site, version, rows, held, sources, sha256, packed_sha256 FROM snapshot
    WHERE version IN (SELECT version FROM data_version WHERE submission = ?)
    ORDER BY form, site"""
_ROWS = """
    SELECT submission, form, site, key, sheet, sheet_row, held, content FROM row
    WHERE id > ? ORDER BY id"""


def seals(connection: sqlite3.Connection, submission: int, *, after_row: int) -> dict[str, str]:
    """Return the hashes of what the store has of a submission, by what they are of.

    ``after_row`` is the number of the last row that was there before it.
    """
    rows = _hash(connection.execute(_ROWS, (after_row,)))
    return {**_small_seals(connection, submission), "rows_sha256": rows}


def _small_seals(connection: sqlite3.Connection, submission: int) -> dict[str, str]:
    parts = {"submission": _ABOUT, "defects": _DEFECTS, "held": _HELD, "snapshots": _SNAPSHOTS}
    return {
        f"{name}_sha256": _hash(connection.execute(query, (submission,)))
        for name, query in parts.items()
    }


def _row_seals(connection: sqlite3.Connection) -> dict[int, str]:
    """Return the hash of each submission's rows, which lie together, in one pass."""
    every = itertools.groupby(connection.execute(_ROWS, (0,)), key=operator.itemgetter(0))
    return {submission: _hash(rows) for submission, rows in every}


def _hash(rows: Iterable[tuple[object, ...]]) -> str:
    total = hashlib.sha256()
    for row in rows:
        total.update(repr(row).encode())
    return total.hexdigest()


# ------------------------------------------------------------------ what came with format 2


def ends(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the number of the last row of each table that is sealed as it is written into."""
    query = "SELECT coalesce(max({column}), 0) FROM {table}"
    return {
        table: int(
            connection.execute(query.format(column=_numbered(table), table=table)).fetchone()[0]
        )
        for table in LATER
    }


def seal_later(
    connection: sqlite3.Connection, before: Mapping[str, int], *, clock: Callable[[], str]
) -> None:
    """Seal what an open transaction has written into those tables since they ended ``before``."""
    written = {
        table: {"from": before[table] + 1, "to": end, "sha256": _later(connection, table, span)}
        for table, end in ends(connection).items()
        if end != before[table]
        for span in [(before[table] + 1, end)]
    }
    if written:
        event = ("seal", "store", written)
        audit.append(connection, [event], actor="clinval", reason="", clock=clock)


def _numbered(table: str) -> str:
    return "number" if table == "query" else "id"


def _later(connection: sqlite3.Connection, table: str, span: tuple[int, int]) -> str:
    column = _numbered(table)
    query = f"SELECT * FROM {table} WHERE {column} BETWEEN ? AND ? ORDER BY {column}"  # noqa: S608
    return _hash(connection.execute(query, span))


# ------------------------------------------------------------------ does it hold


def fault(connection: sqlite3.Connection, *, rows: bool = True) -> audit.Fault | None:
    """Return the first audit entry that does not hold and what is wrong with it, or ``None``.

    An entry holds when the chain does up to it and the store has what it says, the rows as they
    were returned included where ``rows`` is true. What the store has without an entry breaks the
    trail behind its end.
    """
    broken = audit.fault(connection)
    last, _ = audit.head(connection)
    found = _Held(connection, rows=rows).fault(until=last + 1 if broken is None else broken.seq)
    return found or broken


class _Held:
    """What the store has, held against what the trail says of it, entry by entry."""

    def __init__(self, connection: sqlite3.Connection, *, rows: bool) -> None:
        self._connection = connection
        self._row_seals = _row_seals(connection) if rows else None
        self._submissions = 0
        self._versions = 0
        self._ends = dict.fromkeys(LATER, 0)

    def fault(self, until: int) -> audit.Fault | None:
        """Return the first entry before ``until`` that the store is not as it says."""
        query = f"""
            SELECT seq, action, subject, detail FROM audit WHERE seq < ?
              AND action IN ({", ".join(repr(action) for action in _SEALING)}) ORDER BY seq"""  # noqa: S608
        for seq, action, subject, detail in self._connection.execute(query, (until,)):
            table = self._differs(action, subject, json.loads(detail))
            if table:
                return audit.Fault(seq=seq, what="data", table=table)
        last, _ = audit.head(self._connection)
        table = self._unknown() if until > last else ""
        return audit.Fault(seq=last + 1, what="data", table=table) if table else None

    def _differs(self, action: str, subject: str, detail: Mapping[str, Any]) -> str:
        """Return the table that is not as an entry says, or nothing."""
        if action == "seal":
            return self._differs_later(detail)
        if action == "unlock":
            return self._differs_version(detail)
        self._submissions += 1
        if subject != f"submission {self._submissions}":
            return "submission"
        found = _small_seals(self._connection, self._submissions)
        if self._row_seals is not None:
            found["rows_sha256"] = self._row_seals.get(self._submissions, _hash(()))
        for name, sha256 in found.items():
            if detail.get(name, sha256) != sha256:
                return _TABLES[name]
        return self._differs_version(detail) or self._differs_snapshot(detail)

    def _differs_snapshot(self, detail: Mapping[str, Any]) -> str:
        """Return whether the packed rows of a data version are other bytes than were sealed."""
        if self._row_seals is None or "data_version" not in detail:
            return ""
        query = "SELECT content, packed_sha256 FROM snapshot WHERE version = ?"
        packed = self._connection.execute(query, (detail["data_version"],))
        bent = any(sha256_of_bytes(content) != sha256 for content, sha256 in packed)
        return "snapshot" if bent else ""

    def _differs_version(self, detail: Mapping[str, Any]) -> str:
        """Return whether the data version that an entry made, if any, is not the next one."""
        if "data_version" not in detail:
            return ""
        self._versions += 1
        query = "SELECT version, manifest_sha256 FROM data_version WHERE version = ?"
        found = self._connection.execute(query, (self._versions,)).fetchone()
        said = (detail["data_version"], detail["data_sha256"])
        return "" if found == said else "data_version"

    def _differs_later(self, detail: Mapping[str, Any]) -> str:
        for table, said in detail.items():
            span = (said["from"], said["to"])
            if table not in LATER or span[0] != self._ends[table] + 1:
                return str(table)
            if _later(self._connection, table, span) != said["sha256"]:
                return str(table)
            self._ends[table] = span[1]
        return ""

    def _unknown(self) -> str:
        """Return a table that has rows which no entry knows of, or nothing."""
        counts = {"submission": self._submissions, "data_version": self._versions}
        for table, known in counts.items():
            stored = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            if stored != known:
                return table
        unsealed = (
            table for table, end in ends(self._connection).items() if end != self._ends[table]
        )
        return next(unsealed, "")
