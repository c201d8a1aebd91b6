"""Take out of the audit trail what should never have got into it, such as a patient's name.

The words of the entry give way to a mark with a salted digest of them: whoever has the words can
show that they are what stood there, and nobody else learns them. The act is an entry itself, with
who, when and why, and the hash of what is left of the redacted entry; so the chain still holds,
and the entry cannot be changed any further.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from clinval.core.errors import UsageError
from clinval.core.files import canonical_json, sha256_of_bytes
from clinval.core.problems import Place
from clinval.study import audit
from clinval.study.store import StudyStore

__all__ = ["digest_of", "redact"]

_KEPT = ("receive", "refuse", "seal", "unlock", "upgrade", "redact", "state")
"""Actions whose entries say what the store has; they are proved by what stands in them."""


def digest_of(salt: str, detail: str, reason: str) -> str:
    """Return the digest by which the words that were taken out of an entry are known again."""
    return sha256_of_bytes(canonical_json([salt, detail, reason]).encode())


def redact(store: StudyStore, number: int, *, actor: str, reason: str) -> None:
    """Take detail and reason out of an entry; what was done, by whom, when and to what stays.

    Parameters
    ----------
    store
        The study's store.
    number
        The number of the entry.
    actor, reason
        Who takes it out, and why.

    Raises
    ------
    UsageError
        When the reason is blank, there is no such entry, it was redacted already, or it says what
        is stored.
    """
    place = Place(file=store.path.name)
    if not reason.strip():
        raise UsageError.of("reason-missing", place)
    with store.transaction() as connection:
        connection.execute("PRAGMA secure_delete = ON")  # nothing of it stays in the file
        entry = audit.entry_of(connection, number)
        if entry is None:
            raise UsageError.of("entry-unknown", place, entry=number)
        if entry.action in _KEPT:
            raise UsageError.of("redaction-unfit", place, entry=number, action=entry.action)
        if connection.execute("SELECT 1 FROM redaction WHERE seq = ?", (number,)).fetchone():
            raise UsageError.of("redaction-again", place, entry=number)
        salt, now = secrets.token_hex(16), store.clock()
        digest = digest_of(salt, entry.detail, entry.reason)
        mark = canonical_json({"redacted": digest})
        left = replace(entry, detail=mark, reason=mark if entry.reason else "")
        connection.execute(
            "INSERT INTO redaction (at_utc, seq, salt, digest, actor, reason) VALUES (?,?,?,?,?,?)",
            (now, number, salt, digest, actor, reason),
        )
        connection.execute(
            "UPDATE audit SET detail = ?, reason = ? WHERE seq = ?",
            (left.detail, left.reason, number),
        )
        detail = {"digest": digest, "left_sha256": left.seal()}
        audit.append(
            connection, [("redact", f"entry {number}", detail)], actor=actor, reason=reason,
            clock=lambda: now,
        )  # fmt: skip
