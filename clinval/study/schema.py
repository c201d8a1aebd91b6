"""The tables of the store. Nothing in them is ever changed or deleted: the database refuses."""

from __future__ import annotations

import sqlite3

__all__ = ["FORMAT", "create"]

FORMAT = "1"

_TABLES = {
    "about": "name TEXT PRIMARY KEY, value TEXT NOT NULL",
    "submission": """
        id INTEGER PRIMARY KEY, received_utc TEXT NOT NULL, site TEXT NOT NULL,
        file_name TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
        template TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('accepted', 'refused'))""",
    # a row as it was returned; content is JSON, NULL where the row was withdrawn
    "row": """
        id INTEGER PRIMARY KEY, submission INTEGER NOT NULL REFERENCES submission,
        form TEXT NOT NULL, site TEXT NOT NULL, key TEXT NOT NULL, sheet TEXT NOT NULL,
        sheet_row INTEGER NOT NULL, held TEXT, content TEXT""",
    "defect": """
        submission INTEGER NOT NULL REFERENCES submission, kind TEXT NOT NULL,
        form TEXT NOT NULL, key TEXT NOT NULL, field TEXT NOT NULL, sheet TEXT NOT NULL,
        cell TEXT NOT NULL, parameters TEXT NOT NULL""",
    "data_version": """
        version INTEGER PRIMARY KEY, created_utc TEXT NOT NULL,
        submission INTEGER NOT NULL REFERENCES submission, manifest_sha256 TEXT NOT NULL""",
    # the current rows of one form of one site from this version on, as Parquet; sha256 is that of
    # what the rows say, packed_sha256 that of the blob, sources the numbers of their submissions
    "snapshot": """
        form TEXT NOT NULL, site TEXT NOT NULL, version INTEGER NOT NULL, rows INTEGER NOT NULL,
        held INTEGER NOT NULL, sources TEXT NOT NULL, sha256 TEXT NOT NULL,
        packed_sha256 TEXT NOT NULL, content BLOB NOT NULL,
        PRIMARY KEY (form, site, version)""",
    "audit": """
        seq INTEGER PRIMARY KEY, at_utc TEXT NOT NULL, actor TEXT NOT NULL,
        action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,
        reason TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE""",
}


def create(connection: sqlite3.Connection, study: str) -> None:
    """Create the tables of a study's store, within the open transaction."""
    for table, columns in _TABLES.items():
        connection.execute(f"CREATE TABLE {table} ({columns})")
        for verb in ("UPDATE", "DELETE"):
            connection.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    connection.execute("CREATE INDEX row_of_key ON row (form, site, key)")
    connection.execute("CREATE INDEX row_held ON row (submission) WHERE held IS NOT NULL")
    connection.execute("CREATE INDEX defect_of_submission ON defect (submission)")
    connection.execute("CREATE INDEX submission_of_file ON submission (sha256)")
    about = [("format", FORMAT), ("study", study)]
    connection.executemany("INSERT INTO about VALUES (?, ?)", about)
