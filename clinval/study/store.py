"""The store: one SQLite file a study, that holds what sites returned and how it came to be.

A correction is a new row of a new submission; the current state of a form of a site is its newest
snapshot, and every state before it stays readable by its data version.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from clinval.core.errors import ClinvalError, SubmissionError
from clinval.core.files import sha256_of_bytes, sha256_of_json
from clinval.core.problems import Place, Problem
from clinval.study import audit, seals, snapshot
from clinval.study.returns import Defect
from clinval.study.schema import FORMAT, create, upgrade

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow.parquet as pq

__all__ = ["StudyStore", "Submission"]

_EARLIER = "1"  # a format that can be brought up to date

# The newest snapshots (as s), and the submission that a form of a site was last returned with.
_CURRENT = """
    WHERE version = (SELECT max(version) FROM snapshot WHERE form = s.form AND site = s.site)"""
_AT = """
    WHERE version = (SELECT max(version) FROM snapshot
                     WHERE form = s.form AND site = s.site AND version <= ?3)"""
_NEWEST = """
    (SELECT v.submission FROM snapshot AS n JOIN data_version AS v ON v.version = n.version
     WHERE n.form = {form} AND n.site = {site} ORDER BY n.version DESC LIMIT 1)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A submission as it stands in the store."""

    id: int
    received_utc: str
    site: str
    file_name: str
    sha256: str
    outcome: str


class StudyStore:
    """The store of one study; a context manager.

    Parameters
    ----------
    path
        The file; it is made when it is not there.
    study
        Id of the study, which has to be that of the file.
    clock
        Gives the time of what is written.

    Raises
    ------
    SubmissionError
        When the file is not a store, or that of another study.
    """

    def __init__(self, path: Path, study: str, *, clock: Callable[[], str] = audit.utc_now) -> None:
        self.path = path
        self.clock = clock
        self._is_checked = False
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        except sqlite3.Error as error:
            raise self._unusable(str(error)) from error
        try:
            self._open(study)
        except BaseException:
            self._connection.close()
            raise

    def _open(self, study: str) -> None:
        with self._reading():
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
        if self._is_empty():
            with self._whole() as connection:
                if self._is_empty():  # still, now that nobody else can be making it
                    create(connection, study)
        if not self._value("SELECT count(*) FROM sqlite_master WHERE name = 'about'"):
            raise self._unusable("another program's database")
        about = dict(self.select("SELECT name, value FROM about"))
        if about.get("format") not in (FORMAT, _EARLIER):
            raise self._unusable(f"format {about.get('format')}")
        if about.get("study") != study:
            raise SubmissionError.of(
                "store-of-other-study", Place(file=self.path.name), study=about.get("study")
            )
        if about["format"] == _EARLIER:
            self._upgrade()

    def _upgrade(self) -> None:
        """Give a store of an earlier format what it does not have; what it has stays."""
        with self._whole() as connection:
            if self._value("SELECT value FROM about WHERE name = 'format'") == _EARLIER:
                upgrade(connection)
                event = ("upgrade", "store", {"from": _EARLIER, "to": FORMAT})
                audit.append(connection, [event], actor="clinval", reason="", clock=self.clock)

    def _is_empty(self) -> bool:
        return not self._value("SELECT count(*) FROM sqlite_master")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside a transaction: all of the block is kept, or nothing.

        What the block writes into tables of states, queries, people, redactions and openings is
        sealed in the audit trail at its end.
        """
        with self._whole() as connection:
            known = seals.ends(connection)
            yield connection
            seals.seal_later(connection, known, clock=self.clock)

    @contextlib.contextmanager
    def _whole(self) -> Iterator[sqlite3.Connection]:
        try:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has rolled back already
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            raise SubmissionError.of(
                "store-not-written", Place(file=self.path.name), detail=str(error)
            ) from error
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # no fault of the file
        except sqlite3.DatabaseError as error:
            raise self._unusable(str(error)) from error

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._connection
        except sqlite3.ProgrammingError:
            raise  # no fault of the file
        except sqlite3.DatabaseError as error:
            raise self._unusable(str(error)) from error

    def _unusable(self, detail: str) -> ClinvalError:
        return SubmissionError.of("store-unusable", Place(file=self.path.name), detail=detail)

    def select(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query on the tables, for the modules that know them."""
        with self._reading() as connection:
            return connection.execute(query, parameters).fetchall()

    def _value(self, query: str, *parameters: object) -> Any:
        rows = self.select(query, *parameters)
        return rows[0][0] if rows else None

    # ------------------------------------------------------------------ what is there

    @property
    def version(self) -> int:
        """Number of the newest data version; 0 before the first accepted return."""
        return int(self._value("SELECT max(version) FROM data_version") or 0)

    @property
    def manifest_sha256(self) -> str:
        """Hash of the newest data version's content."""
        return str(
            self._value("SELECT manifest_sha256 FROM data_version ORDER BY version DESC LIMIT 1")
            or sha256_of_json([])
        )

    def manifest(self) -> list[dict[str, Any]]:
        """Return what the current data consist of: form, site, rows, held rows, content hash."""
        names = ("form", "site", "rows", "held", "sha256")
        query = f"SELECT {', '.join(names)} FROM snapshot AS s {_CURRENT} ORDER BY form, site"  # noqa: S608
        return [dict(zip(names, row, strict=True)) for row in self.select(query)]

    def submissions(self) -> list[Submission]:
        """Return the submissions in the order of their arrival."""
        names = ("id", "received_utc", "site", "file_name", "sha256", "outcome")
        query = f"SELECT {', '.join(names)} FROM submission ORDER BY id"  # noqa: S608
        return [Submission(**dict(zip(names, row, strict=True))) for row in self.select(query)]

    def protocol_versions(self, known: Mapping[str, str]) -> dict[int, str]:
        """Return, by submission, the version of the protocol that its template was made for.

        ``known`` are versions by the SHA-256 of their files, for returns that name the file alone.
        Empty where a return, or a store of an earlier clinval, does not say.
        """
        query = "SELECT subject, detail FROM audit WHERE action = 'receive' ORDER BY seq"
        versions = {}
        for subject, detail in self.select(query):
            said = json.loads(detail)
            named = said.get("protocol_version") or known.get(said.get("protocol_sha256", ""), "")
            versions[int(subject.removeprefix("submission "))] = named
        return versions

    def sources(self) -> list[Submission]:
        """Return the submissions that current rows come from."""
        lists = self.select(f"SELECT sources FROM snapshot AS s {_CURRENT}")  # noqa: S608
        used = {number for (text,) in lists for number in json.loads(text)}
        return [submission for submission in self.submissions() if submission.id in used]

    def outcome_of(self, sha256: str, site: str) -> str | None:
        """Return what became of a site's part of a file: accepted, refused, or ``None``.

        The site of a file that is refused may not be known; it is then that of no other.
        """
        query = """
            SELECT outcome FROM submission
            WHERE sha256 = ?1 AND (site = ?2 OR site = '' OR ?2 = '')
            ORDER BY outcome LIMIT 1"""
        outcome = self._value(query, sha256, site)
        return None if outcome is None else str(outcome)

    def open_defects(self, site: str | None = None) -> list[Defect]:
        """Return the defects of each site's newest return, and of forms that it did not have."""
        which = f"""
            s.outcome = 'accepted' AND (?1 IS NULL OR s.site = ?1)
              AND (s.id = (SELECT max(id) FROM submission
                           WHERE outcome = 'accepted' AND site = s.site)
                   OR s.id = {_NEWEST.format(form="d.form", site="s.site")})"""  # noqa: S608
        return self._defects(which, site)

    def defects_of(self, submission: int) -> list[Defect]:
        """Return the defects of a submission."""
        return self._defects("s.id = ?1", submission)

    def refusals(self) -> list[Defect]:
        """Return why files were refused that nothing accepted has come after.

        What has come after is a file of the same site, or of the same name where the site of the
        refused one cannot be known.
        """
        which = """
            s.outcome = 'refused' AND NOT EXISTS (
                SELECT 1 FROM submission AS a WHERE a.outcome = 'accepted' AND a.id > s.id
                  AND (a.file_name = s.file_name OR (s.site != '' AND a.site = s.site)))"""
        return self._defects(which)

    def _defects(self, which: str, *parameters: object) -> list[Defect]:
        query = f"""
            SELECT d.kind, d.form, d.key, d.field, d.sheet, d.cell, d.parameters, s.file_name
            FROM defect AS d JOIN submission AS s ON s.id = d.submission
            WHERE {which} ORDER BY s.site, d.rowid"""  # noqa: S608
        return [
            Defect(
                problem=Problem(
                    kind=kind,
                    place=Place(file=file_name, sheet=sheet, cell=cell),
                    parameters=json.loads(said),
                ),
                form=form,
                key=key,
                field=field,
            )
            for kind, form, key, field, sheet, cell, said, file_name in self.select(
                query, *parameters
            )
        ]

    # ------------------------------------------------------------------ rows

    def current(self, form: str, site: str) -> pd.DataFrame | None:
        """Return the current rows of a form of a site, or ``None`` before the first return."""
        return self._frame(self.snapshots(form, site), None)

    def table(
        self, form: str, columns: Sequence[str] | None = None, *, version: int | None = None
    ) -> pd.DataFrame | None:
        """Return the rows of a form of all sites, or ``None`` when there are none.

        They are the current ones, or those of an earlier data version.
        """
        return self._frame(self.snapshots(form, version=version), columns)

    def _frame(
        self, files: Sequence[tuple[str, pq.ParquetFile]], columns: Sequence[str] | None
    ) -> pd.DataFrame | None:
        tables = [snapshot.read(file, columns) for _, file in files]
        return snapshot.frames(tables) if tables else None

    def snapshots(
        self, form: str, site: str | None = None, *, version: int | None = None
    ) -> list[tuple[str, pq.ParquetFile]]:
        """Return the rows of a form, site by site in the order of the sites' ids.

        They are the current ones, or those of an earlier data version.

        Raises
        ------
        SubmissionError
            When a snapshot is not what was stored.
        """
        query = f"""
            SELECT site, content, packed_sha256 FROM snapshot AS s {_AT}
              AND form = ?1 AND (?2 IS NULL OR site = ?2)
            ORDER BY site"""  # noqa: S608
        self._check_manifest()
        found = []
        newest = self.version if version is None else version
        for name, content, sha256 in self.select(query, form, site, newest):
            if sha256_of_bytes(content) != sha256:
                raise self._unusable(f"the rows of {name} {form} were changed from outside")
            found.append((name, snapshot.opened(content)))
        return found

    def every_snapshot(self) -> Iterator[tuple[str, int, bytes]]:
        """Yield form, data version and content of every snapshot, the oldest first."""
        query = "SELECT form, version, content FROM snapshot ORDER BY version, form, site"
        with self._reading() as connection:
            yield from connection.execute(query)

    def _check_manifest(self) -> None:
        """Stop, once for all, where the data are not what the audit trail says they are."""
        if self._is_checked:
            return
        query = "SELECT detail FROM audit WHERE action = 'receive' ORDER BY seq DESC LIMIT 1"
        manifest = self.manifest()
        said, sha256 = self._value(query) or "", sha256_of_json(manifest)
        if (manifest or said) and f'"data_sha256":"{sha256}"' not in said:
            raise self._unusable("the data are not those that the audit trail says")
        self._is_checked = True

    def held_rows(self) -> list[tuple[str, str, str, str]]:
        """Return (site, form, key, why) of the rows not used of each form's newest return."""
        query = f"""
            SELECT r.site, r.form, r.key, r.held FROM row AS r
            WHERE r.held IS NOT NULL
              AND r.submission = {_NEWEST.format(form="r.form", site="r.site")}
            ORDER BY r.site, r.form, r.id"""  # noqa: S608
        return self.select(query)

    def place_of(self, submission: int, form: str, site: str, key: str) -> tuple[str, int]:
        """Return the sheet, and the number of the row in it, that a row was returned in."""
        query = """
            SELECT sheet, sheet_row FROM row
            WHERE form = ? AND site = ? AND key = ? AND submission = ? ORDER BY id LIMIT 1"""
        rows = self.select(query, form, site, key, submission)
        return (str(rows[0][0]), int(rows[0][1])) if rows else ("", 0)

    # ------------------------------------------------------------------ audit trail

    def audit_entries(self) -> Iterator[audit.Entry]:
        """Yield the audit trail from its beginning."""
        with self._reading() as connection:
            yield from audit.entries(connection)

    def audit_head(self) -> tuple[int, str]:
        """Return the number of audit entries and the hash of the last one."""
        with self._reading() as connection:
            return audit.head(connection)

    def audit_broken_at(self, *, rows: bool = False) -> int | None:
        """Return the number of the first audit entry that does not hold, or ``None``."""
        fault = self.audit_fault(rows=rows)
        return None if fault is None else fault.seq

    def audit_fault(self, *, rows: bool = False) -> audit.Fault | None:
        """Return the first audit entry that does not hold and what is wrong with it, or ``None``.

        It holds when the chain does, and when the store has what the entry says; ``rows`` asks
        for the rows as they were returned too, which takes seconds for a million.
        """
        with self._reading() as connection:
            return seals.fault(connection, rows=rows)
