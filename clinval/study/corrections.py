"""Corrections need a reason: given with the file, by the query they answer, or asked for.

A value that was saved once is corrected with who, when and why (ICH E6(R3) 4.2.4). What comes
without a reason is taken, for it is what the site says, and the site is asked why.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from clinval.core.problems import Place, Problem
from clinval.study.changes import FieldChange
from clinval.study.returns import Defect
from clinval.study.store import StudyStore

__all__ = ["UNEXPLAINED", "reasons", "unexplained"]

UNEXPLAINED = "correction-unexplained"


def reasons(
    connection: sqlite3.Connection, site: str, form: str, changes: Iterable[FieldChange]
) -> list[str]:
    """Return why each value was changed: the query about it that was asked, empty without one."""
    asked = {
        (key, field): f"Q{number}"
        for number, key, field in connection.execute(
            "SELECT number, key, field FROM query WHERE site = ? AND form = ? AND kind != ?"
            " ORDER BY number",
            (site, form, UNEXPLAINED),
        )
    }
    return [asked.get((change.key, change.field), "") for change in changes]


def unexplained(store: StudyStore) -> list[tuple[str, Defect]]:
    """Return the corrections that have no reason, by site; the newest of a value stands for it."""
    newest: dict[tuple[str, str], tuple[str, str, str]] = {}
    query = "SELECT subject, detail, reason FROM audit WHERE action = 'change' ORDER BY seq"
    for subject, detail, reason in store.select(query):
        said = json.loads(detail)
        if "field" in said:
            newest[subject, said["field"]] = (subject, detail, reason)
    files = {part.site: part.file_name for part in store.submissions()}
    return list(_asked(newest.values(), files))


def _asked(
    changes: Iterable[tuple[str, str, str]], files: Mapping[str, str]
) -> Iterator[tuple[str, Defect]]:
    for subject, detail, reason in changes:
        if reason.strip():
            continue
        site, form, key = subject.split(" ", 2)
        said = json.loads(detail)
        shown = {"old": said.get("old"), "new": said.get("new"), "key": key}
        problem = Problem(
            kind=UNEXPLAINED,
            place=Place(file=files.get(site, site), sheet=form),
            parameters={"field": said["field"], **shown},
        )
        yield site, Defect(problem=problem, form=form, key=key, field=said["field"])
