"""Make the key of a blind study, keep it apart, and open it as an act that is written down.

Codes stand on reading lists and in forms of reads. What comes back is put in its arms when it is
read, so that completeness, order and washout can be asked about; no analysis runs by arm, and no
list, template or export shows an arm, before the key is opened.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from clinval.app.folder import StudyFolder
from clinval.app.ingest import user
from clinval.app.reading_lists import KEY
from clinval.capture.blinding import SALT_BYTES, BlindKey, make_key
from clinval.core.errors import SubmissionError, UsageError
from clinval.core.files import sha256_of_bytes, sha256_of_file
from clinval.core.problems import Place
from clinval.study import audit
from clinval.study.people import require
from clinval.study.states import LOCKED, read_state
from clinval.study.store import StudyStore

__all__ = ["Opened", "blind", "is_closed", "open_key", "refuse_closed"]

_ROLES = ("statistician", "data_manager", "sponsor")  # who may open the key
_ALL = "all"
_IMAGES = "images"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What an opening of the key shows: codes with what they stand for, and a file if one was made.

    ``before_lock`` says that the data were not locked yet.
    """

    reads: dict[str, tuple[str, str, str]]
    before_lock: bool
    path: Path | None = None


def blind(folder: StudyFolder, *, actor: str = "") -> BlindKey:
    """Make the key of a study, or bring it up to date with its protocol, and return it.

    Codes that were given stay; reads that are planned since get their own. The key goes to
    ``keys/``, which only its owner may look into; its hash goes into the audit trail.

    Raises
    ------
    UsageError
        When the study has no planned reads, or its lists name arms (``show_arms``).
    SubmissionError
        When the key is not the one that the audit trail knows.
    """
    protocol = folder.protocol()
    if not protocol.readers:
        raise UsageError.of("no-readers", Place(file=folder.protocol_path.name))
    if protocol.reading is None or protocol.reading.show_arms:
        raise UsageError.of("arms-are-shown", Place(file=folder.protocol_path.name))
    with (
        StudyStore(folder.store_path, protocol.study.id) as store,
        store.transaction() as connection,  # of two who do it at once, one waits
    ):
        before = _checked_key(folder, store)
        key = make_key(protocol, before.salt if before else secrets.token_hex(SALT_BYTES))
        if before == key and _key_hash(store):
            return key
        detail = {
            "key_sha256": sha256_of_bytes(key.text().encode()),
            "protocol_sha256": folder.protocol_sha256(),
            "arms": len(key.arms),
            "reads": len(key.reads),
        }
        audit.append(
            connection, [("blind", "key", detail)], actor=actor or user(), reason="",
            clock=store.clock,
        )  # fmt: skip
        _write_private(folder.blind_key, key.text())
    # a list of arms beside the lists of readers would be a way around the key
    (folder.reading_lists / KEY).unlink(missing_ok=True)
    return key


def open_key(
    folder: StudyFolder,
    *,
    actor: str,
    role: str,
    reason: str,
    subject: str = "",
    images: bool = False,
) -> Opened:
    """Open the key, and write down who did it, in which role and why.

    Parameters
    ----------
    folder
        The study.
    actor, role, reason
        Who opens it, as what and why; none may be blank.
    subject
        Only the reads of this subject, as where a finding has to be acted on; the others stay
        blind, and so does the analysis.
    images
        Only for whoever puts up the images: the list of codes goes to ``keys/``; the analysis
        stays blind.

    Raises
    ------
    UsageError
        When there is no key, something is blank, or the person does not have the role.
    """
    from clinval.capture.reading_lists import write_key
    from clinval.protocol.reading_order import reading_order

    protocol = folder.protocol()
    place = Place(file=folder.blind_key.name)
    if not folder.blind_key.is_file():
        raise UsageError.of("no-blind-key", place)
    if not reason.strip():
        raise UsageError.of("reason-missing", place)
    if role not in _ROLES or not actor.strip():
        raise UsageError.of("blind-role", place, roles=", ".join(_ROLES))
    with StudyStore(folder.store_path, protocol.study.id) as store:
        key = _checked_key(folder, store)
        require(store, actor, role)
        reads = {code: tuple(read) for code, read in (key.reads if key else {}).items()}
        if subject:
            reads = {code: read for code, read in reads.items() if read[0] == subject}
            if not reads:
                raise UsageError.of("blind-subject-unknown", place, subject=subject)
        scope = f"subject {subject}" if subject else _IMAGES if images else _ALL
        before_lock = read_state(store).state not in LOCKED
        with store.transaction() as connection:
            now = store.clock()
            connection.execute(
                "INSERT INTO blind_opening (at_utc, scope, actor, role, reason) VALUES (?,?,?,?,?)",
                (now, scope, actor, role, reason),
            )
            detail = {"scope": scope, "role": role, "before_lock": before_lock}
            audit.append(
                connection, [("unblind", "key", detail)], actor=actor, reason=reason,
                clock=lambda: now,
            )  # fmt: skip
    path = None
    if images:
        path = folder.keys / "images.xlsx"
        write_key(protocol, reading_order(protocol), path, protocol_sha256=folder.protocol_sha256())
        path.chmod(0o600)
    return Opened(reads=reads, before_lock=before_lock, path=path)  # type: ignore[arg-type]


def is_closed(folder: StudyFolder, store: StudyStore) -> bool:
    """Return whether the study is blind and its key has not been opened for all of it."""
    if not folder.blind_key.is_file() and not _key_hash(store):
        return False
    return not store.select("SELECT 1 FROM blind_opening WHERE scope = ? LIMIT 1", _ALL)


def refuse_closed(folder: StudyFolder, store: StudyStore) -> None:
    """Stop what would show results by arm while the key is closed.

    Raises
    ------
    UsageError
        When it is.
    """
    if is_closed(folder, store):
        raise UsageError.of("blind-closed", Place(file=folder.blind_key.name))


def _key_hash(store: StudyStore) -> str:
    """Return the hash that the audit trail has of the key; empty where none was made."""
    query = (
        "SELECT json_extract(detail, '$.key_sha256') FROM audit WHERE action = 'blind'"
        " ORDER BY seq DESC LIMIT 1"
    )
    found = store.select(query)
    return str(found[0][0]) if found else ""


def _checked_key(folder: StudyFolder, store: StudyStore) -> BlindKey | None:
    """Return the key if it is the one that the audit trail knows; ``None`` where there is none."""
    known = _key_hash(store)
    if not known and not folder.blind_key.is_file():
        return None
    place = Place(file=folder.blind_key.name)
    if not folder.blind_key.is_file():
        raise SubmissionError.of("blind-key-lost", place)
    if known and sha256_of_file(folder.blind_key) != known:
        raise SubmissionError.of("blind-key-changed", place)
    return folder.read_blind_key()


def _write_private(path: Path, content: str) -> None:
    """Write a file, whole or not at all, that nobody but its owner may read at any moment."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(handle)
    part.replace(path)
