"""What was read of a folder before: a harvest that was interrupted goes on where it stopped.

A file that has the name, the size and the time of change that it had is not read again. What is
kept of it is what the harvest keeps, coded and without identity; its name is kept as a hash.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import secrets
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from clinval import __version__
from clinval.capture.dicom.headers.attributes import ATTRIBUTES
from clinval.capture.dicom.observing import Outcome
from clinval.core.errors import SubmissionError
from clinval.core.files import sha256_of_json
from clinval.core.problems import Place

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from clinval.capture.dicom.files.source import Source

__all__ = ["Journal", "journal"]

_TABLES = """
create table if not exists made_by (mark text not null, salt text not null);
create table if not exists outcome (
    name text primary key, size integer not null, changed integer not null, content blob not null
) without rowid;
"""


class Journal:
    """Outcomes by file, in a SQLite file; what was added is there whatever happens next."""

    def __init__(self, database: sqlite3.Connection, salt: bytes) -> None:
        self._database = database
        self._salt = salt

    def known(self, sources: Iterable[Source]) -> dict[int, Outcome]:
        """Return what became of files when they were read, by their numbers."""
        known = {}
        for source in sources:
            row = self._database.execute(
                "select content from outcome where name = ? and size = ? and changed = ?",
                (self._name(source), source.size, source.changed),
            ).fetchone()
            # content that is not as it was written is read from the file again
            with contextlib.suppress(ValueError, zlib.error):
                if row is not None:
                    outcome = _adapter().validate_json(zlib.decompress(row[0]))
                    known[source.number] = replace(outcome, file=source.number)
        return known

    def add(self, pairs: Iterable[tuple[Source, Outcome]]) -> None:
        """Keep what became of files, all of them or none."""
        with self._database:
            self._database.executemany(
                "insert or replace into outcome values (?, ?, ?, ?)",
                [
                    (
                        self._name(source), source.size, source.changed,
                        zlib.compress(_adapter().dump_json(outcome), 1),
                    )
                    for source, outcome in pairs
                ],
            )  # fmt: skip

    def _name(self, source: Source) -> str:
        """Return what stands for a name; without the salt nobody can try names against it."""
        name = f"{source.path}\0{source.member}".encode(errors="surrogateescape")
        return hashlib.blake2b(name, digest_size=16, key=self._salt).hexdigest()


@contextlib.contextmanager
def journal(path: Path, given: object) -> Iterator[Journal]:
    """Open the journal of a study, empty where it was made under other rules.

    Parameters
    ----------
    path
        Its file, which is made where there is none.
    given
        What outcomes depend on beside the files, as JSON can have it: the rules of the protocol.

    Raises
    ------
    SubmissionError
        When it cannot be written.
    """
    mark = sha256_of_json([__version__, ATTRIBUTES, given])
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with contextlib.closing(_opened(path)) as database:
            yield Journal(database, _salt(database, mark))
    except sqlite3.Error as error:
        raise SubmissionError.of("file-unusable", Place(file=path.name), detail=error) from error


def _opened(path: Path) -> sqlite3.Connection:
    """Return the database; a file that is none holds nothing that could not be read again."""
    try:
        return _database(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        path.unlink()
        return _database(path)


def _database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    try:
        path.chmod(0o600)
        database.executescript(_TABLES)
    except BaseException:
        database.close()
        raise
    return database


def _salt(database: sqlite3.Connection, mark: str) -> bytes:
    row = database.execute("select mark, salt from made_by").fetchone()
    if row is not None and row[0] == mark:
        return bytes.fromhex(row[1])
    salt = secrets.token_bytes(16)
    with database:
        database.execute("delete from outcome")
        database.execute("delete from made_by")
        database.execute("insert into made_by values (?, ?)", (mark, salt.hex()))
    return salt


@functools.cache
def _adapter() -> TypeAdapter[Outcome]:
    from pydantic import TypeAdapter

    return TypeAdapter(Outcome)
