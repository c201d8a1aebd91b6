"""The tables of the store. Nothing in them is ever changed or deleted: the database refuses.

The one exception is an entry of the audit trail from which what identifies a person is taken out
(``study/redaction.py``): its trigger lets through what a row of ``redaction`` says, and no more.
"""

from __future__ import annotations

import sqlite3

__all__ = ["FORMAT", "LATER", "create", "upgrade"]

FORMAT = "2"

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

# What came with format 2. A transaction that writes into one of them is sealed (study/seals.py).
LATER = {
    # where the study stands from here on; waivers is JSON
    "state": """
        id INTEGER PRIMARY KEY, at_utc TEXT NOT NULL, state TEXT NOT NULL,
        data_version INTEGER NOT NULL, manifest_sha256 TEXT NOT NULL, actor TEXT NOT NULL,
        role TEXT NOT NULL, reason TEXT NOT NULL, waivers TEXT NOT NULL""",
    # id is that of what is asked, so that it stays over re-ingestion; number is what people say
    "query": """
        id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, opened_utc TEXT NOT NULL,
        site TEXT NOT NULL, form TEXT NOT NULL, key TEXT NOT NULL, field TEXT NOT NULL,
        kind TEXT NOT NULL, severity TEXT NOT NULL, parameters TEXT NOT NULL,
        sheet TEXT NOT NULL, cell TEXT NOT NULL, file_name TEXT NOT NULL""",
    "query_event": """
        id INTEGER PRIMARY KEY, query TEXT NOT NULL REFERENCES query, at_utc TEXT NOT NULL,
        event TEXT NOT NULL
            CHECK (event IN ('opened', 'sent', 'answered', 'reopened', 'closed')),
        actor TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, value_sha256 TEXT NOT NULL,
        submission INTEGER REFERENCES submission""",
    # a role of a person, given (1) or taken (0) from here on; site is empty for all sites
    "person": """
        id INTEGER PRIMARY KEY, at_utc TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL,
        site TEXT NOT NULL, granted INTEGER NOT NULL CHECK (granted IN (0, 1)),
        actor TEXT NOT NULL, reason TEXT NOT NULL""",
    # what was taken out of an audit entry: seq is the entry's, digest that of salt and text
    "redaction": """
        id INTEGER PRIMARY KEY, at_utc TEXT NOT NULL, seq INTEGER NOT NULL REFERENCES audit,
        salt TEXT NOT NULL, digest TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL""",
    "blind_opening": """
        id INTEGER PRIMARY KEY, at_utc TEXT NOT NULL, scope TEXT NOT NULL, actor TEXT NOT NULL,
        role TEXT NOT NULL, reason TEXT NOT NULL""",
}

# An audit entry may lose its texts to the mark of a redaction; nothing else of it may change.
_MARK = """'{"redacted":"' || (SELECT digest FROM redaction WHERE seq = OLD.seq) || '"}'"""
_REDACTS = f"""
    NEW.seq IS OLD.seq AND NEW.at_utc IS OLD.at_utc AND NEW.actor IS OLD.actor
    AND NEW.action IS OLD.action AND NEW.subject IS OLD.subject
    AND NEW.previous IS OLD.previous AND NEW.hash IS OLD.hash
    AND NEW.reason IN (OLD.reason, {_MARK})
    AND NEW.detail IS {_MARK}"""


def create(connection: sqlite3.Connection, study: str) -> None:
    """Create the tables of a study's store, within the open transaction."""
    for table, columns in _TABLES.items():
        _create(connection, table, columns)
    connection.execute("CREATE INDEX row_of_key ON row (form, site, key)")
    connection.execute("CREATE INDEX row_held ON row (submission) WHERE held IS NOT NULL")
    connection.execute("CREATE INDEX defect_of_submission ON defect (submission)")
    connection.execute("CREATE INDEX submission_of_file ON submission (sha256)")
    about = [("format", FORMAT), ("study", study)]
    connection.executemany("INSERT INTO about VALUES (?, ?)", about)
    _create_later(connection)


def upgrade(connection: sqlite3.Connection) -> None:
    """Add what a store of format 1 does not have, within the open transaction."""
    _create_later(connection)
    connection.execute("DROP TRIGGER about_no_update")
    connection.execute("UPDATE about SET value = ? WHERE name = 'format'", (FORMAT,))
    _refuse(connection, "about", "UPDATE")


def _create_later(connection: sqlite3.Connection) -> None:
    for table, columns in LATER.items():
        _create(connection, table, columns)
    connection.execute("CREATE INDEX event_of_query ON query_event (query)")
    connection.execute("CREATE UNIQUE INDEX redaction_of_entry ON redaction (seq)")
    connection.execute("DROP TRIGGER audit_no_update")
    _refuse(connection, "audit", "UPDATE", unless=_REDACTS)


def _create(connection: sqlite3.Connection, table: str, columns: str) -> None:
    connection.execute(f"CREATE TABLE {table} ({columns})")
    for verb in ("UPDATE", "DELETE"):
        _refuse(connection, table, verb)


def _refuse(connection: sqlite3.Connection, table: str, verb: str, *, unless: str = "") -> None:
    """Let the database refuse to change or delete what is in a table."""
    when = f"WHEN NOT coalesce({unless}, 0) " if unless else ""
    connection.execute(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )
