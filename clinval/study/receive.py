"""Take a returned file into the store: a whole submission, or nothing of it.

The submission, its rows and defects, the new snapshots, the data version and the audit entries
are one transaction, so a crash leaves the store as it was before.
"""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from clinval.core.errors import SubmissionError, UsageError
from clinval.core.files import canonical_json, sha256_of_bytes, sha256_of_json
from clinval.core.problems import Place, Severity
from clinval.study import audit, snapshot
from clinval.study.changes import Merged, merge
from clinval.study.corrections import reasons
from clinval.study.meaning import Meaning
from clinval.study.people import require
from clinval.study.returns import (
    HELD,
    KEY,
    SHEET_ROW,
    SUBMISSION,
    Defect,
    FormReturn,
    WorkbookReturn,
)
from clinval.study.seals import seals
from clinval.study.states import CLOSED, read_state
from clinval.study.store import StudyStore, Submission

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Receipt", "receive"]

_BRINGERS = ("data_manager", "monitor", "site", "reader")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a returned file.

    ``absent`` names rows received earlier that the file does not have: kept, unless they were to
    be withdrawn.
    """

    file_name: str
    site: str
    status: Literal["accepted", "refused", "unchanged"]
    data_version: int
    rows: int = 0
    held: int = 0
    added: int = 0
    changed: int = 0
    absent: tuple[str, ...] = ()
    withdrawn: bool = False


def receive(
    store: StudyStore,
    returned: WorkbookReturn,
    *,
    actor: str,
    reason: str = "",
    withdraw: bool = False,
) -> Receipt:
    """Store a returned file; the same content a second time changes nothing.

    The exceptions: the newest file of a site may come again to withdraw the rows that it did not
    have, and it is stored anew when the protocol that it is read with has been changed so that
    other rows, values or open questions come of it. Of a file that could not be read nothing is
    stored, since nothing was received.

    Parameters
    ----------
    store
        The study's store.
    returned
        The file as read.
    actor
        Who stores it.
    reason
        Why; the audit entries of corrections carry it.
    withdraw
        Whether rows received earlier that this file does not have are withdrawn.

    Raises
    ------
    UsageError
        When a reason is given and is blank, or there is something to store and people have roles
        of which the actor has none that brings data in for this site.
    SubmissionError
        When there is something to store and the data are frozen or locked (``data-closed``).
    """
    if reason and not reason.strip():
        raise UsageError.of("reason-missing", Place(file=returned.file_name))
    with store.transaction() as connection:
        return _Reception(store, connection, returned, actor, reason).store(withdraw=withdraw)


class _Reception:
    def __init__(
        self,
        store: StudyStore,
        connection: sqlite3.Connection,
        returned: WorkbookReturn,
        actor: str,
        reason: str,
    ) -> None:
        self._store = store
        self._connection = connection
        self._returned = returned
        self._actor = actor
        self._reason = reason
        self._now = store.clock()
        self._number = 0
        self._last_row = 0

    def store(self, *, withdraw: bool) -> Receipt:
        returned = self._returned
        known = self._store.outcome_of(returned.sha256, returned.site)
        if not returned.sha256:
            return self._receipt("refused")
        if known == "refused" and returned.refused:
            return self._receipt("refused")
        again = known == "accepted"
        if again and (returned.refused or self._newest().sha256 != returned.sha256):
            return self._receipt("unchanged")
        if returned.refused:
            return self._refuse()
        merged = {form.form: self._merge(form, withdraw=withdraw) for form in returned.forms}
        if again and not self._differs(merged, withdraw=withdraw):
            return self._receipt("unchanged")
        return self._accept(merged, withdraw=withdraw)

    def _refuse(self) -> Receipt:
        self._refuse_closed()
        self._insert_submission()
        self._insert_defects()
        self._audit([("refuse", self._subject, self._about)])
        return self._receipt("refused")

    def _refuse_closed(self) -> None:
        """Stop where the data are frozen or locked, or the actor may not bring data in."""
        require(self._store, self._actor, *_BRINGERS, site=self._returned.site)
        state = read_state(self._store)
        if state.state in CLOSED:
            place = Place(file=self._returned.file_name)
            raise SubmissionError.of(
                "data-closed", place, state=state.state, since=state.at_utc, by=state.actor
            )

    def _accept(self, merged: dict[str, Merged], *, withdraw: bool) -> Receipt:
        self._refuse_closed()
        self._insert_submission()
        self._insert_defects()
        version = self._store.version + 1
        rows = held = 0
        for form in self._returned.forms:
            self._insert_rows(form)
            held_here = int(form.frame[HELD].notna().sum())
            rows, held = rows + len(form.frame) - held_here, held + held_here
            self._insert_snapshot(form, version, merged[form.form].frame, held_here)
        if withdraw:
            self._insert_withdrawn(merged)
        manifest_sha256 = sha256_of_json(self._store.manifest())
        self._connection.execute(
            "INSERT INTO data_version VALUES (?,?,?,?)",
            (version, self._now, self._number, manifest_sha256),
        )
        added = sum(part.added for part in merged.values())
        cells = asdict(self._returned.counts)
        counts = {
            "data_version": version, "rows": rows, "held": held, "added": added, "cells": cells
        }  # fmt: skip
        about = {**self._about, **counts, "data_sha256": manifest_sha256}
        self._audit([("receive", self._subject, about)])
        self._audit_rows(merged, withdraw=withdraw)
        return self._receipt(
            "accepted",
            rows=rows,
            held=held,
            added=added,
            changed=sum(len(part.changes) for part in merged.values()),
            absent=tuple(f"{form} {key}" for form, part in merged.items() for key in part.absent),
            withdrawn=withdraw,
        )

    def _receipt(self, status: Literal["accepted", "refused", "unchanged"], **more: Any) -> Receipt:
        return Receipt(
            file_name=self._returned.file_name,
            site=self._returned.site,
            status=status,
            data_version=self._store.version,
            **more,
        )

    def _newest(self) -> Submission:
        """Return what the site returned last; called for a file that it has returned."""
        return next(
            submission
            for submission in reversed(self._store.submissions())
            if submission.outcome == "accepted" and submission.site == self._returned.site
        )

    def _differs(self, merged: dict[str, Merged], *, withdraw: bool) -> bool:
        """Return whether the newest file of the site, read again, says something else."""
        if any(part.added or part.changes for part in merged.values()):
            return True
        if withdraw and any(part.absent for part in merged.values()):
            return True
        number = self._newest().id
        known = [_open_question(defect) for defect in self._store.defects_of(number)]
        asked = [_open_question(defect) for defect in self._returned.defects]
        return sorted(filter(None, known)) != sorted(filter(None, asked))

    def _merge(self, form: FormReturn, *, withdraw: bool) -> Merged:
        is_held = form.frame[HELD].notna()
        return merge(
            self._store.current(form.form, self._returned.site),
            form.frame[~is_held].drop(columns=HELD),
            withdraw=withdraw,
            held=form.frame[KEY][is_held],
            lost=form.lost,
        )

    def _audit_rows(self, merged: dict[str, Merged], *, withdraw: bool) -> None:
        """Say in the audit trail what became of single rows, and why."""
        for form_id, part in merged.items():
            place = f"{self._returned.site} {form_id}"
            by_reason: dict[str, list[tuple[str, str, object]]] = {}
            for change, reason in zip(part.changes, self._reasons(form_id, part), strict=True):
                detail = {"field": change.field, "old": change.old, "new": change.new}
                event = ("change", f"{place} {change.key}", detail)
                by_reason.setdefault(reason, []).append(event)
            if withdraw and part.absent:
                gone: list[tuple[str, str, object]] = [
                    ("withdraw", f"{place} {key}", {}) for key in part.absent
                ]
                by_reason.setdefault(self._reason, []).extend(gone)
            for reason, events in by_reason.items():
                self._audit(events, reason)

    def _reasons(self, form_id: str, part: Merged) -> list[str]:
        """Return why each value was changed: as the file or who took it says, else the query."""
        own = self._returned.reasons
        said = [
            own.get((form_id, change.key, change.field), self._reason) for change in part.changes
        ]
        if all(reason.strip() for reason in said):
            return said
        asked = reasons(self._connection, self._returned.site, form_id, part.changes)
        return [
            reason if reason.strip() else query for reason, query in zip(said, asked, strict=True)
        ]

    @property
    def _about(self) -> dict[str, object]:
        """What the trail says of the submission; its seals cover what is stored of it."""
        return {
            "file": self._returned.file_name,
            "sha256": self._returned.sha256,
            "protocol_version": self._returned.stamp.get("protocol_version", ""),
            "protocol_sha256": self._returned.stamp.get("protocol_sha256", ""),
            **seals(self._connection, self._number, after_row=self._last_row),
        }

    @property
    def _subject(self) -> str:
        return f"submission {self._number}"

    def _audit(self, events: list[tuple[str, str, object]], reason: str | None = None) -> None:
        audit.append(
            self._connection,
            events,
            actor=self._actor,
            reason=self._reason if reason is None else reason,
            clock=lambda: self._now,
        )

    def _insert_submission(self) -> None:
        returned = self._returned
        last = self._connection.execute("SELECT max(id) FROM row").fetchone()[0]
        self._last_row = int(last or 0)
        cursor = self._connection.execute(
            "INSERT INTO submission (received_utc, site, file_name, sha256, size, template, actor,"
            " reason, outcome) VALUES (?,?,?,?,?,?,?,?,?)",
            (
                self._now, returned.site, returned.file_name, returned.sha256,
                returned.size, returned.template, self._actor, self._reason,
                "refused" if returned.refused else "accepted",
            ),
        )  # fmt: skip
        self._number = int(cursor.lastrowid or 0)

    def _insert_defects(self) -> None:
        self._connection.executemany(
            "INSERT INTO defect VALUES (?,?,?,?,?,?,?,?)",
            [
                (
                    self._number, defect.problem.kind, defect.form, defect.key, defect.field,
                    defect.problem.place.sheet, defect.problem.place.cell,
                    canonical_json(dict(defect.problem.parameters)),
                )
                for defect in self._returned.defects
            ],
        )  # fmt: skip

    def _insert_rows(self, form: FormReturn) -> None:
        frame = form.frame
        held = frame[HELD].astype(object).where(frame[HELD].notna(), None)
        self._connection.executemany(
            "INSERT INTO row (submission, form, site, key, sheet, sheet_row, held, content)"
            " VALUES (?,?,?,?,?,?,?,?)",
            zip(
                [self._number] * len(frame),
                [form.form] * len(frame),
                [self._returned.site] * len(frame),
                frame[KEY].tolist(),
                [form.sheet] * len(frame),
                frame[SHEET_ROW].tolist(),
                held.tolist(),
                snapshot.content_lines(frame),
                strict=True,
            ),
        )

    def _insert_withdrawn(self, merged: dict[str, Merged]) -> None:
        self._connection.executemany(
            "INSERT INTO row (submission, form, site, key, sheet, sheet_row, held, content)"
            " VALUES (?,?,?,?,'',0,NULL,NULL)",
            [
                (self._number, form_id, self._returned.site, key)
                for form_id, part in merged.items()
                for key in part.absent
            ],
        )

    def _insert_snapshot(
        self, form: FormReturn, version: int, frame: pd.DataFrame, held: int
    ) -> None:
        meaning = self._meaning(form, frame)
        number = frame[SUBMISSION].fillna(self._number) if SUBMISSION in frame else self._number
        frame = frame.assign(**{SUBMISSION: number})
        lines = [
            f"{key}\t{line}"
            for key, line in zip(frame[KEY], snapshot.content_lines(frame), strict=True)
        ]
        sources = sorted({int(source) for source in frame[SUBMISSION].unique()})
        packed = snapshot.pack(frame, meaning)
        self._connection.execute(
            "INSERT INTO snapshot VALUES (?,?,?,?,?,?,?,?,?)",
            (
                form.form, self._returned.site, version, len(frame), held, canonical_json(sources),
                sha256_of_bytes("\n".join(lines).encode()), sha256_of_bytes(packed), packed,
            ),
        )  # fmt: skip

    def _meaning(self, form: FormReturn, frame: pd.DataFrame) -> dict[str, Meaning]:
        """Return what the columns mean; where values of earlier returns stay, what those meant."""
        files = self._store.snapshots(form.form, self._returned.site)
        before = snapshot.meaning(files[0][1]) if files else {}
        stays = SUBMISSION in frame and bool(frame[SUBMISSION].notna().any())
        meaning = dict(form.meaning)
        for name, was in before.items():
            if stays or name in form.lost or name not in meaning:
                meaning[name] = was
        return meaning


def _open_question(defect: Defect) -> tuple[str, ...] | None:
    """Return what identifies a defect that holds something back or asks the site."""
    problem = defect.problem
    if problem.severity is Severity.NOTE:
        return None
    place = (problem.place.sheet, problem.place.cell)
    about = (defect.form, defect.key, defect.field, canonical_json(dict(problem.parameters)))
    return (problem.kind, *place, *about)
