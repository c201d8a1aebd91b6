"""Queries of what is found: opened, reopened and closed by what sites returned last.

Answers and decisions of people come in by ``query_acts``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clinval.core.files import sha256_of_json
from clinval.study.query_log import (
    CHANGED,
    CORRECTED,
    FOUND_AGAIN,
    NOT_CORRECTED,
    RESOLVED,
    Act,
    Query,
    QueryEvent,
    found_now,
    insert_query,
    newest_submissions,
    query_id,
    question_text,
    read_among,
    read_queries,
    record,
    returned_values,
    together,
)
from clinval.study.returns import Defect
from clinval.study.store import StudyStore

__all__ = ["Query", "QueryEvent", "Synced", "found_now", "query_id", "read_queries", "sync"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What became of the queries by what is found now: names such as ``Q17``."""

    opened: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


def sync(store: StudyStore, defects: Sequence[tuple[str, Defect]], *, actor: str) -> Synced:
    """Open, reopen and close queries by what is found now.

    A second time nothing happens: whatever kept an earlier run from its end is made good by the
    next. A query that a person closed stays closed while its value is the same; one that was said
    to be corrected is reopened when the site's next file has the same value again.

    Parameters
    ----------
    store
        The study's store.
    defects
        All that is found now: the site and the defect. Notes ask nothing.
    actor
        In whose name.
    """
    with store.transaction() as connection:
        found = together(defects)
        known = {query.id: query for query in read_among(store, ())}
        values = {
            number: _value_sha256(store, site, defect) for number, (site, defect) in found.items()
        }
        newest = newest_submissions(connection)
        acts = [
            Act(
                query=insert_query(connection, store.clock(), number, site, defect),
                event="opened",
                value_sha256=values[number],
            )
            for number, (site, defect) in found.items()
            if number not in known
        ]
        for query in known.values():
            if query.id in found:
                code = _why_again(query, values[query.id], newest.get(query.site))
                if code:
                    text = question_text(found[query.id][1].problem)
                    value = values[query.id]
                    acts.append(
                        Act(query=query, event="reopened", code=code, text=text, value_sha256=value)
                    )
            elif query.state != "closed":
                acts.append(Act(query=query, event="closed", code=RESOLVED))
        record(connection, acts, actor=actor, reason="", now=store.clock())
    names: dict[str, list[str]] = {"opened": [], "reopened": [], "closed": []}
    for act in acts:
        names[act.event].append(act.query.name)
    return Synced(**{event: tuple(named) for event, named in names.items()})


def _why_again(query: Query, value_sha256: str, newest: int | None) -> str:
    """Return why a query that is found has to be asked again, empty where it has not."""
    last = query.events[-1]
    if query.state == "closed" and last.code == RESOLVED:
        return FOUND_AGAIN
    if value_sha256 != query.value_sha256:
        return CHANGED
    answer = query.answer
    if query.state == "answered" and answer is not None and answer.code == CORRECTED:
        return NOT_CORRECTED if (newest or 0) > (answer.submission or 0) else ""
    return ""


def _value_sha256(store: StudyStore, site: str, defect: Defect) -> str:
    """Return the hash of what was found fault with: the value as shown and the fields as stored."""
    parameters = defect.problem.parameters
    rows = returned_values(store, site, defect.form, defect.key, defect.field, parameters)
    return sha256_of_json([parameters.get("value"), rows])
