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
from collections.abc import Iterable, Mapping

from clinval.study import audit

__all__ = ["broken_at", "seals"]

_ABOUT = """
    SELECT id, received_utc, site, file_name, sha256, size, template, actor, reason, outcome
    FROM submission WHERE id = ?"""
_DEFECTS = """
    SELECT kind, form, key, field, sheet, cell, parameters FROM defect
    WHERE submission = ? ORDER BY rowid"""
_HELD = """
    SELECT form, site, key, sheet_row, held FROM row
    WHERE submission = ? AND held IS NOT NULL ORDER BY id"""
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
    parts = {"submission": _ABOUT, "defects": _DEFECTS, "held": _HELD}
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


def broken_at(connection: sqlite3.Connection, *, rows: bool = True) -> int | None:
    """Return the number of the first audit entry that does not hold, or ``None``.

    An entry holds when the chain does up to it and the store has what it says, the rows as they
    were returned included where ``rows`` is true. What the store has without an entry breaks the
    trail behind its end.
    """
    broken = audit.broken_at(connection)
    row_seals = _row_seals(connection) if rows else None
    known = 0
    for entry in audit.entries(connection):
        if entry.seq == broken:
            break
        if entry.action in ("receive", "refuse"):
            known += 1
            if not _holds(connection, known, entry, row_seals):
                return entry.seq
    if broken is not None:
        return broken
    stored = connection.execute("SELECT count(*) FROM submission").fetchone()[0]
    return audit.head(connection)[0] + 1 if stored != known else None


def _holds(
    connection: sqlite3.Connection,
    submission: int,
    entry: audit.Entry,
    row_seals: Mapping[int, str] | None,
) -> bool:
    detail = json.loads(entry.detail)
    if entry.subject != f"submission {submission}":
        return False
    found = _small_seals(connection, submission)
    if row_seals is not None:
        found["rows_sha256"] = row_seals.get(submission, _hash(()))
    for name, sha256 in found.items():
        if detail.get(name, sha256) != sha256:
            return False
    version = connection.execute(
        "SELECT version, manifest_sha256 FROM data_version WHERE submission = ?", (submission,)
    ).fetchone()
    said = (detail["data_version"], detail["data_sha256"]) if "data_version" in detail else None
    return bool(version == said)
