"""What an archive has beside the rows: queries, states, redactions, roles of people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from clinval.exports.archive import BLIND
from clinval.study.people import people
from clinval.study.queries import read_queries
from clinval.study.states import history

if TYPE_CHECKING:
    from clinval.exports.datasets import Blinded
    from clinval.study.queries import Query
    from clinval.study.store import StudyStore

__all__ = ["beside"]

_QUERY = (
    "name", "site", "form", "key", "field", "kind", "severity", "says", "state", "opened_utc",
    "changed_utc", "events",
)  # fmt: skip
_STATE = ("state", "data_version", "at_utc", "actor", "role", "reason")
_REDACTION = ("seq", "at_utc", "actor", "reason", "digest")
_PERSON = ("name", "role", "site", "since_utc")

_Table = tuple[Sequence[str], Sequence[Sequence[object]]]


def beside(store: StudyStore, blinded: Blinded) -> dict[str, _Table]:
    """Return tables by name, each a heading and its rows.

    Parameters
    ----------
    store
        The study's store.
    blinded
        Forms of which no row may be named.
    """
    return {
        "queries": (_QUERY, [_query(query, blinded) for query in read_queries(store)]),
        "states": (_STATE, [[getattr(state, n) for n in _STATE] for state in history(store)]),
        "redactions": (
            _REDACTION,
            store.select("SELECT seq, at_utc, actor, reason, digest FROM redaction ORDER BY id"),
        ),
        "people": (_PERSON, [[getattr(person, n) for n in _PERSON] for person in people(store)]),
    }


def _query(query: Query, blinded: Blinded) -> list[object]:
    """Return a query as a row, with what became of it in one text."""
    hidden = query.form in blinded.forms
    events = "; ".join(
        " ".join(filter(None, (event.at_utc, event.event, event.actor, event.code, event.text)))
        for event in query.events
    )
    problem = query.problem
    return [
        query.name, query.site, query.form, BLIND if hidden else query.key, query.field,
        problem.kind, problem.severity.value, BLIND if hidden else problem.says("en"), query.state,
        query.opened_utc, query.changed_utc, BLIND if hidden else events,
    ]  # fmt: skip
