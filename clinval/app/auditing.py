"""The audit trail for people: does it hold, what does it say of a subject, person or field."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from clinval.app.blinding import is_closed
from clinval.app.folder import StudyFolder
from clinval.capture.blinding import shown_key
from clinval.core.csv_tables import write_rows
from clinval.core.files import canonical_json
from clinval.core.problems import Place, Problem
from clinval.protocol.model import Protocol
from clinval.study.audit import Entry, Fault
from clinval.study.people import normal, require
from clinval.study.redaction import redact as take_out
from clinval.study.store import StudyStore

__all__ = ["HEADER", "Line", "Verified", "lines", "problem_of", "redact", "verify_trail", "write"]

HEADER = (
    "entry", "at_utc", "person", "action", "subject", "field", "old", "new", "detail", "reason",
    "hash",
)  # fmt: skip
_FAULTS = {
    "changed": "audit-entry-changed",
    "removed": "audit-entry-removed",
    "inserted": "audit-entry-inserted",
    "replaced": "audit-entry-replaced",
    "data": "audit-data-changed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Whether the trail holds: its length, the hash of its last entry, and what is wrong."""

    entries: int
    head: str
    problem: Problem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry as people read it; ``field``, ``old`` and ``new`` are those of a correction."""

    entry: Entry
    field: str
    old: str
    new: str
    detail: str

    @property
    def cells(self) -> tuple[object, ...]:
        """The line as a row under :data:`HEADER`."""
        entry = self.entry
        return (
            entry.seq, entry.at_utc, entry.actor, entry.action, entry.subject, self.field,
            self.old, self.new, self.detail, entry.reason, entry.hash,
        )  # fmt: skip


def verify_trail(folder: StudyFolder) -> Verified:
    """Prove the audit trail: its chain, and that the store has what its entries say."""
    with StudyStore(folder.store_path, folder.protocol().study.id) as store:
        fault = store.audit_fault(rows=True)
        entries, head = store.audit_head()
    place = Place(file=folder.store_path.name)
    problem = None if fault is None else problem_of(fault, place)
    return Verified(entries=entries, head=head, problem=problem)


def problem_of(fault: Fault, place: Place) -> Problem:
    """Return the problem of an entry that does not hold."""
    table = {"table": fault.table} if fault.table else {}
    return Problem(kind=_FAULTS[fault.what], place=place, parameters={"entry": fault.seq, **table})


def lines(
    folder: StudyFolder,
    *,
    subject: str = "",
    person: str = "",
    field: str = "",
    action: str = "",
) -> list[Line]:
    """Return the entries that are asked for, the oldest first.

    While the key of a blind study is closed, reads are called by their codes.

    Parameters
    ----------
    folder
        The study.
    subject
        Words of what the entry is about, such as the id of a subject: ``S01-003``.
    person
        Who did it.
    field
        The field of a form.
    action
        What was done: ``receive``, ``change``, ``query``, ``state`` ...
    """
    protocol = folder.protocol()
    with StudyStore(folder.store_path, protocol.study.id) as store:
        entries = list(store.audit_entries())
        if is_closed(folder, store):
            entries = [_coded(entry, protocol) for entry in entries]
    found = _chosen(entries, subject.split(), normal(person), action)
    return [line for line in found if not field or line.field == field]


def _coded(entry: Entry, protocol: Protocol) -> Entry:
    """Return an entry with the code of a read in place of its arm."""
    site, form, key = (*entry.subject.split(" ", 2), "", "")[:3]
    subject = " ".join(part for part in (site, form, shown_key(protocol, form, key)) if part)
    return replace(entry, subject=subject)


def _chosen(entries: Iterable[Entry], words: list[str], person: str, action: str) -> Iterator[Line]:
    for entry in entries:
        if action and entry.action != action:
            continue
        if person and normal(entry.actor) != person:
            continue
        if words and not set(words) <= set(entry.subject.split()):
            continue
        yield _line(entry)


def _line(entry: Entry) -> Line:
    said = json.loads(entry.detail)
    old, new = (_shown(said.pop(name, None)) for name in ("old", "new"))
    field = str(said.pop("field", ""))
    detail = canonical_json(said) if said else ""
    return Line(entry=entry, field=field, old=old, new=new, detail=detail)


def _shown(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else canonical_json(value)


def write(path: Path, found: list[Line]) -> None:
    """Write entries as a CSV table; a spreadsheet runs nothing that stands in it."""
    write_rows(path, HEADER, (line.cells for line in found))


def redact(folder: StudyFolder, number: int, *, actor: str, reason: str) -> None:
    """Take the words of people out of an entry, see :func:`clinval.study.redaction.redact`."""
    with StudyStore(folder.store_path, folder.protocol().study.id) as store:
        require(store, actor, "data_manager", "sponsor")
        take_out(store, number, actor=actor, reason=reason)
