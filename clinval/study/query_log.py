"""Queries as the store has them: a finding that is asked about, and all that happened to it.

A query is one finding about one field of one row: its id is made of these, so that the same
finding in the next file is the same query. What happens to it is a list of events to which only
may be added; its state is that of the last one.
"""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from clinval.core.files import canonical_json, sha256_of_json
from clinval.core.problems import Place, Problem, Severity
from clinval.study import audit
from clinval.study.returns import Defect
from clinval.study.store import StudyStore

__all__ = [
    "ACCEPTED",
    "ASKED_AGAIN",
    "CHANGED",
    "CORRECTED",
    "FOUND_AGAIN",
    "NOT_CORRECTED",
    "RESOLVED",
    "Act",
    "Query",
    "QueryEvent",
    "found_now",
    "insert_query",
    "newest_submissions",
    "query_id",
    "question_text",
    "read_among",
    "read_queries",
    "record",
    "returned_values",
    "together",
]

Event = Literal["opened", "sent", "answered", "reopened", "closed"]
State = Literal["open", "answered", "closed"]

# Codes of the events that are not answers.
RESOLVED = "resolved"  # closed: what was found is no longer found
ACCEPTED = "accepted"  # closed by a person, who accepts the value as it is
FOUND_AGAIN = "found_again"  # reopened: found again after it was gone
CHANGED = "changed"  # reopened: another value, and still something is found
NOT_CORRECTED = "not_corrected"  # reopened: said to be corrected, and the next file has it again
ASKED_AGAIN = "asked_again"  # reopened by a person, whom the answer does not satisfy

CORRECTED = "corrected"  # the answer that promises another value

_STATES: dict[Event, State] = {
    "opened": "open", "sent": "open", "answered": "answered", "reopened": "open",
    "closed": "closed",
}  # fmt: skip
_MORE = "_more"  # parameter: how many other places have the same finding
_QUERY = "id, number, opened_utc, site, form, key, field, kind, severity, parameters, sheet, cell, file_name"  # noqa: E501
_EVENT = "id, query, at_utc, event, actor, code, text, value_sha256, submission"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryEvent:
    """Something that happened to a query; ``submission`` is the site's newest one at that time."""

    id: int
    at_utc: str
    event: Event
    actor: str
    code: str
    text: str
    value_sha256: str
    submission: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query as it stands; ``problem`` has the place and the value of the newest return."""

    id: str
    number: int
    site: str
    form: str
    key: str
    field: str
    problem: Problem
    state: State
    opened_utc: str
    changed_utc: str
    events: tuple[QueryEvent, ...]

    @property
    def name(self) -> str:
        """What people call it: ``Q17``."""
        return f"Q{self.number}"

    @property
    def critical(self) -> bool:
        """Whether it holds something back, and with it the lock."""
        return self.problem.severity is Severity.ERROR

    @property
    def more(self) -> int:
        """How many places beside the one named have the same finding."""
        return int(str(self.problem.parameters.get(_MORE, 0)))

    @property
    def answer(self) -> QueryEvent | None:
        """The newest answer since it was last asked, or ``None``."""
        for event in reversed(self.events):
            if event.event in ("opened", "reopened"):
                break
            if event.event == "answered":
                return event
        return None

    @property
    def value_sha256(self) -> str:
        """Hash of the value that it was last asked about, or that was accepted."""
        return next(
            (event.value_sha256 for event in reversed(self.events) if event.value_sha256), ""
        )

    @property
    def is_sent(self) -> bool:
        """Whether it has been sent since it was last asked."""
        for event in reversed(self.events):
            if event.event in ("opened", "reopened"):
                break
            if event.event == "sent":
                return True
        return False

    def days_open(self, now_utc: str) -> int:
        """Return for how many whole days it has not been closed; 0 for a closed one."""
        if self.state == "closed":
            return 0
        since = self.opened_utc
        for before, event in zip(self.events, self.events[1:], strict=False):
            if before.event == "closed":
                since = event.at_utc
        start, now = map(datetime.datetime.fromisoformat, (since, now_utc))
        return max((now - start).days, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An event to come."""

    query: Query
    event: Event
    code: str = ""
    text: str = ""
    value_sha256: str = ""


def query_id(site: str, defect: Defect) -> str:
    """Return the id of a defect's query: the same in every file that has the same finding.

    Where several checks look at one field, each asks for itself.

    Examples
    --------
    >>> defect = Defect(problem=Problem(kind="value-unexpected", place=Place(file="S01.xlsx")),
    ...                 form="F05", key="S01-001 | TEST", field="scan_time_s")
    >>> query_id("S01", defect)
    'c6dd304ad84d'
    """
    kind, check = defect.problem.kind, defect.problem.parameters.get("check")
    named = f"{kind}:{check}" if check else kind
    return sha256_of_json([site, defect.form, defect.key, defect.field, named])[:12]


def found_now(store: StudyStore) -> list[tuple[str, Defect]]:
    """Return (site, defect) of all that was found in what sites returned last."""
    sites = sorted({part.site for part in store.submissions() if part.outcome == "accepted"})
    return [(site, defect) for site in sites for defect in store.open_defects(site)]


def read_queries(store: StudyStore) -> list[Query]:
    """Return all queries of the study, the closed ones among them, by their numbers."""
    return read_among(store, found_now(store))


def returned_values(
    store: StudyStore,
    site: str,
    form: str,
    key: str,
    field: str,
    parameters: Mapping[str, object],
) -> list[dict[str, object]]:
    """Return what is stored of the fields that a finding is about, a row of that key each.

    A check that looks at several fields names them in its parameter ``reads``.
    """
    if not (form and key):
        return []
    read = parameters.get("reads")
    fields = [str(name) for name in read] if isinstance(read, (list, tuple)) else [field]
    rows = store.select(
        "SELECT content FROM row WHERE form = ?1 AND site = ?2 AND key = ?3 AND submission ="
        " (SELECT max(submission) FROM row WHERE form = ?1 AND site = ?2 AND key = ?3)"
        " ORDER BY id",
        form, site, key,
    )  # fmt: skip
    contents = [json.loads(content) for (content,) in rows if content]
    return [{name: content.get(name) for name in fields} for content in contents]


def record(
    connection: sqlite3.Connection, acts: Iterable[Act], *, actor: str, reason: str, now: str
) -> None:
    """Add events to queries, each with its entry in the audit trail."""
    newest = newest_submissions(connection)
    entries: list[tuple[str, str, object]] = []
    for act in acts:
        query = act.query
        row = (
            query.id, now, act.event, actor, act.code, act.text, act.value_sha256,
            newest.get(query.site),
        )  # fmt: skip
        connection.execute(
            "INSERT INTO query_event (query, at_utc, event, actor, code, text, value_sha256,"
            " submission) VALUES (?,?,?,?,?,?,?,?)",
            row,
        )
        subject = " ".join(part for part in (query.site, query.form, query.key) if part)
        detail = {
            "query": query.name,
            "event": act.event,
            "code": act.code,
            "kind": query.problem.kind,
            "field": query.field,
            "old": query.state if query.events else None,
            "new": query.state if act.event == "sent" else _STATES[act.event],
        }
        entries.append(("query", subject, detail))
    if entries:
        audit.append(connection, entries, actor=actor, reason=reason, clock=lambda: now)


def read_among(store: StudyStore, present: Iterable[tuple[str, Defect]]) -> list[Query]:
    """Return the queries; what is ``present`` says where they are now."""
    events: dict[str, list[QueryEvent]] = {}
    for number, query, *rest in store.select(f"SELECT {_EVENT} FROM query_event ORDER BY id"):  # noqa: S608
        names = ("at_utc", "event", "actor", "code", "text", "value_sha256", "submission")
        event = QueryEvent(id=number, **dict(zip(names, rest, strict=True)))
        events.setdefault(query, []).append(event)
    now = together(present)
    found = []
    for row in store.select(f"SELECT {_QUERY} FROM query ORDER BY number"):  # noqa: S608
        said = dict(zip(_QUERY.split(", "), row, strict=True))
        own = tuple(events[said["id"]])
        found.append(
            Query(
                **{name: said[name] for name in ("id", "number", "site", "form", "key", "field")},
                problem=now[said["id"]][1].problem if said["id"] in now else _asked(said, own),
                state=_STATES[own[-1].event],
                opened_utc=said["opened_utc"],
                changed_utc=own[-1].at_utc,
                events=own,
            )
        )
    return [replace(query, state=_state(query)) for query in found]


def _state(query: Query) -> State:
    """Return the state; sending an answered query once more leaves it answered."""
    return "answered" if query.state == "open" and query.answer else query.state


def _asked(said: dict[str, Any], events: Iterable[QueryEvent]) -> Problem:
    """Return the problem as it was asked about last."""
    question = {name: said[name] for name in ("sheet", "cell")} | {
        "file": said["file_name"], "parameters": json.loads(said["parameters"]),
    }  # fmt: skip
    for event in events:
        if event.event == "reopened" and event.code != ASKED_AGAIN:
            question = json.loads(event.text)
    parameters = question.pop("parameters")
    return Problem(kind=said["kind"], place=Place(**question), parameters=parameters)


def question_text(problem: Problem) -> str:
    """Return what is asked and where as the text of an event, for it may be another each time."""
    place = problem.place
    return canonical_json(
        {
            "file": place.file, "sheet": place.sheet, "cell": place.cell,
            "parameters": dict(problem.parameters),
        }
    )  # fmt: skip


def together(defects: Iterable[tuple[str, Defect]]) -> dict[str, tuple[str, Defect]]:
    """Return what asks something, by the id of its query; the first place stands for all."""
    found: dict[str, tuple[str, Defect]] = {}
    times: Counter[str] = Counter()
    for site, defect in defects:
        if defect.problem.severity is not Severity.NOTE:
            number = query_id(site, defect)
            found.setdefault(number, (site, defect))
            times[number] += 1
    for number, count in times.items():
        if count > 1:
            site, defect = found[number]
            parameters = {**defect.problem.parameters, _MORE: count - 1}
            problem = replace(defect.problem, parameters=parameters)
            found[number] = (site, replace(defect, problem=problem))
    return found


def newest_submissions(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the number of the newest accepted submission of each site."""
    rows = connection.execute(
        "SELECT site, max(id) FROM submission WHERE outcome = 'accepted' GROUP BY site"
    )
    return dict(rows.fetchall())


def insert_query(
    connection: sqlite3.Connection, now: str, number: str, site: str, defect: Defect
) -> Query:
    """Store a new query and return it."""
    problem, running = defect.problem, "SELECT coalesce(max(number), 0) + 1 FROM query"
    row = {
        "id": number,
        "number": connection.execute(running).fetchone()[0],
        "opened_utc": now,
        "site": site,
        "form": defect.form,
        "key": defect.key,
        "field": defect.field,
        "kind": problem.kind,
        "severity": str(problem.severity),
        "parameters": canonical_json(dict(problem.parameters)),
        "sheet": problem.place.sheet,
        "cell": problem.place.cell,
        "file_name": problem.place.file,
    }
    connection.execute(
        f"INSERT INTO query ({_QUERY}) VALUES ({','.join('?' * len(row))})",  # noqa: S608
        [row[name] for name in _QUERY.split(", ")],
    )
    names = ("id", "number", "opened_utc", "site", "form", "key", "field")
    return Query(
        **{name: row[name] for name in names},
        problem=problem,
        state="open",
        changed_utc=now,
        events=(),
    )
