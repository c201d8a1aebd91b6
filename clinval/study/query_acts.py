"""What people do with queries: send them, answer them, close them, ask again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from clinval.core.errors import UsageError
from clinval.core.problems import Place, Problem
from clinval.study.people import require
from clinval.study.query_log import (
    ACCEPTED,
    ASKED_AGAIN,
    Act,
    Query,
    read_among,
    read_queries,
    record,
)
from clinval.study.store import StudyStore

__all__ = ["CODES", "DECIDING", "Given", "Outcome", "answer", "ask_again", "close", "mark_sent"]

CODES = ("corrected", "confirmed", "not_available", "other")
"""What a site may answer."""

DECIDING = ("monitor", "data_manager")
"""The roles that send queries, close them and ask again."""

Outcome = Literal["taken", "replaced", "unchanged", "unknown", "closed", "outdated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer: to which query, one of :data:`CODES`, words, and the value that was shown."""

    query: str
    code: str
    text: str
    value_sha256: str


def mark_sent(store: StudyStore, queries: Iterable[Query], *, actor: str) -> tuple[str, ...]:
    """Note that queries go to their sites; one that has been sent since it was asked is not new."""
    with store.transaction() as connection:
        wanted = {query.id for query in queries}
        acts = [
            Act(query=query, event="sent")
            for query in read_among(store, ())
            if query.id in wanted and query.state != "closed" and not query.is_sent
        ]
        record(connection, acts, actor=actor, reason="", now=store.clock())
    return tuple(act.query.name for act in acts)


def answer(
    store: StudyStore, site: str, answers: Sequence[Given], *, actor: str, reason: str = ""
) -> list[tuple[Outcome, Given]]:
    """Take the answers of a site, all in one transaction, and return what became of each.

    A later answer stands in the place of an earlier one, which is kept. Not taken are answers to
    queries that the site does not have, that are closed, or whose value is another by now.

    Parameters
    ----------
    store
        The study's store.
    site
        Whose answers they are.
    answers
        At most one a query.
    actor
        Who brings them in.
    reason
        What they came with, such as the hash of their file; it stands in the audit trail.
    """
    outcomes: list[tuple[Outcome, Given]] = []
    with store.transaction() as connection:
        own = {query.id: query for query in read_among(store, ()) if query.site == site}
        acts = []
        for given in answers:
            outcome = _outcome(own.get(given.query), given)
            outcomes.append((outcome, given))
            if outcome in ("taken", "replaced"):
                acts.append(
                    Act(
                        query=own[given.query], event="answered", code=given.code,
                        text=given.text, value_sha256=given.value_sha256,
                    )
                )  # fmt: skip
        record(connection, acts, actor=actor, reason=reason, now=store.clock())
    return outcomes


def _outcome(query: Query | None, given: Given) -> Outcome:
    if query is None:
        return "unknown"
    before = query.answer
    if before is not None and (before.code, before.text) == (given.code, given.text):
        return "unchanged"
    if query.state == "closed":
        return "closed"
    if given.value_sha256 != query.value_sha256:
        return "outdated"
    return "taken" if before is None else "replaced"


def close(store: StudyStore, names: Sequence[str], *, actor: str, reason: str) -> tuple[Query, ...]:
    """Close queries whose value a person accepts as it is.

    Raises
    ------
    UsageError
        When one is not known, is closed already, the reason is blank, or the person may not; then
        none is closed.
    """
    return _decide(store, names, actor, reason, "closed", ACCEPTED)


def ask_again(
    store: StudyStore, names: Sequence[str], *, actor: str, reason: str
) -> tuple[Query, ...]:
    """Open queries again whose answer, or whose closing, does not do.

    Raises
    ------
    UsageError
        When one is not known, is open already, the reason is blank, or the person may not; then
        none is opened.
    """
    return _decide(store, names, actor, reason, "reopened", ASKED_AGAIN)


def _decide(
    store: StudyStore,
    names: Sequence[str],
    actor: str,
    reason: str,
    event: Literal["closed", "reopened"],
    code: str,
) -> tuple[Query, ...]:
    if not reason.strip():
        raise UsageError.of("query-without-reason", Place(file="--reason"))
    with store.transaction() as connection:
        known = {query.number: query for query in read_queries(store)}
        chosen: dict[int, Query] = {}
        problems = []
        for name in names:
            found = re.fullmatch(r"[Qq]?0*(\d{1,12})", name.strip(), re.ASCII)
            query = known.get(int(found[1])) if found else None
            if query is None:
                problems.append(_refused("query-not-known", name))
                continue
            if (event == "closed") == (query.state == "closed") and query.state != "answered":
                kind = "query-closed" if event == "closed" else "query-open"
                problems.append(_refused(kind, query.name))
            chosen[query.number] = query
        if problems:
            raise UsageError(problems)
        for query in chosen.values():
            require(store, actor, *DECIDING, site=query.site)
        acts = [
            Act(query=one, event=event, code=code, text=reason, value_sha256=one.value_sha256)
            for one in chosen.values()
        ]
        record(connection, acts, actor=actor, reason=reason.strip(), now=store.clock())
    return tuple(chosen.values())


def _refused(kind: str, name: str) -> Problem:
    return Problem(kind=kind, place=Place(file=name[:40]), parameters={"name": name[:40]})
