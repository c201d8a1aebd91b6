"""Queries of a study: listed, sent to the sites, answered, closed; how long they have waited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.app.folder import StudyFolder
from clinval.capture.blinding import shown_key
from clinval.core.errors import UsageError
from clinval.core.problems import Place, Problem
from clinval.study.audit import utc_now
from clinval.study.monitoring import AGES, age_class
from clinval.study.people import require
from clinval.study.queries import Query, read_queries
from clinval.study.query_acts import DECIDING, Outcome, answer, ask_again, close, mark_sent
from clinval.study.query_log import returned_values
from clinval.study.store import StudyStore

if TYPE_CHECKING:
    from clinval.capture.query_answers import Answers

__all__ = [
    "Answered",
    "Listed",
    "ages_by_site",
    "close_queries",
    "listed",
    "only_answers",
    "reopen_queries",
    "take_answers",
    "write_queries",
]

_NOT_TAKEN: Mapping[Outcome, tuple[str, str]] = {
    "unknown": ("the site has no such query", "该中心没有此质疑"),
    "closed": ("the query is closed", "该质疑已关闭"),
    "outdated": ("the value is another by now", "数值已变更"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A query, for how many days it has not been closed."""

    query: Query
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What became of a query workbook: how many answers were taken, and what is wrong."""

    taken: int
    problems: tuple[Problem, ...]


def ages_by_site(found: Iterable[Listed]) -> dict[str, list[int]]:
    """Return how many queries of each site that has any are not closed, by class of age."""
    counts: dict[str, list[int]] = {}
    for part in sorted(found, key=lambda part: part.query.site):
        if part.query.state != "closed":
            own = counts.setdefault(part.query.site, [0] * len(AGES))
            own[age_class(part.days)] += 1
    return counts


def only_answers(files: Sequence[Path]) -> list[Path]:
    """Return the files, all of which have to be query workbooks.

    Raises
    ------
    UsageError
        When one is something else: data are taken in as such, and not by mistake.
    """
    from clinval.capture.query_opening import is_query_workbook
    from clinval.capture.reading.package import shown_file_name

    others = [path for path in files if not is_query_workbook(path)]
    if others:
        raise UsageError(
            Problem(kind="answers-not-known", place=Place(file=shown_file_name(path)))
            for path in others
        )
    return list(files)


def listed(folder: StudyFolder, *, now_utc: str = "") -> list[Listed]:
    """Return all queries of a study by their numbers, as they stand at a time (now)."""
    now = now_utc or utc_now()
    protocol = folder.protocol()
    with StudyStore(folder.store_path, protocol.study.id) as store:
        queries = [
            replace(query, key=shown_key(protocol, query.form, query.key))
            for query in read_queries(store)
        ]
    return [Listed(query=query, days=query.days_open(now)) for query in queries]


def write_queries(
    folder: StudyFolder, sites: Sequence[str] = (), *, out: Path | None = None, actor: str
) -> list[tuple[str, int, Path | None]]:
    """Write the query workbook of each site, and note that its queries are sent.

    Parameters
    ----------
    folder
        The study.
    sites
        Ids of sites; all where none are named.
    out
        Where the workbooks go; ``queries/`` of the study where nothing is said.
    actor
        Who sends them.

    Returns
    -------
    list
        Each site with the number of its open queries, and its workbook if there are any.

    Raises
    ------
    UsageError
        When a site is named that the protocol does not have, or the person may not.
    """
    from clinval.capture.query_workbook import write_query_workbook

    protocol = folder.protocol()
    known = [site.id for site in protocol.sites]
    unknown = [site for site in sites if site not in known]
    if unknown:
        place = Place(file=folder.protocol_path.name)
        raise UsageError.of("site-not-found", place, site=unknown[0], sites=", ".join(known))
    sha256 = folder.protocol_sha256()
    written: list[tuple[str, int, Path | None]] = []
    with StudyStore(folder.store_path, protocol.study.id) as store:
        found = [query for query in read_queries(store) if query.state == "open"]
        for site in list(sites) or known:
            own = sorted(
                (query for query in found if query.site == site),
                key=lambda query: (not query.critical, query.number),
            )
            if not own:
                written.append((site, 0, None))
                continue
            require(store, actor, *DECIDING, site=site)
            path = (out or folder.queries) / f"{site}.queries.xlsx"
            write_query_workbook(
                protocol, site, own, _values(store, own), path, protocol_sha256=sha256
            )
            mark_sent(store, own, actor=actor)
            written.append((site, len(own), path))
    return written


def _values(store: StudyStore, queries: Iterable[Query]) -> dict[str, dict[str, object]]:
    """Return what is stored of the fields of each query, of its first row."""
    values = {}
    for query in queries:
        rows = returned_values(
            store, query.site, query.form, query.key, query.field, query.problem.parameters
        )
        if rows:
            values[query.id] = rows[0]
    return values


def take_answers(store: StudyStore, answers: Answers, *, actor: str, reason: str = "") -> Answered:
    """Take the answers of a query workbook into the store; the trail names the file."""
    problems = list(answers.problems)
    by_query = {found.given.query: found for found in answers.found}
    why = " ".join(part for part in (reason, answers.file_name, answers.sha256) if part)
    outcomes = answer(
        store, answers.site, [found.given for found in answers.found], actor=actor, reason=why
    )
    for outcome, given in outcomes:
        found = by_query[given.query]
        said = _NOT_TAKEN.get(outcome)
        if said is not None:
            parameters = {"query": found.name, "why": said[0], "why_zh": said[1]}
            problems.append(
                Problem(kind="answer-not-current", place=found.place, parameters=parameters)
            )
        elif outcome == "replaced":
            problems.append(
                Problem(kind="answer-replaced", place=found.place, parameters={"query": found.name})
            )
    return Answered(
        taken=sum(outcome in ("taken", "replaced") for outcome, _ in outcomes),
        problems=tuple(problems),
    )


def close_queries(
    folder: StudyFolder, names: Sequence[str], *, actor: str, reason: str
) -> tuple[Query, ...]:
    """Close queries whose value is accepted; see :func:`clinval.study.query_acts.close`."""
    with StudyStore(folder.store_path, folder.protocol().study.id) as store:
        return close(store, names, actor=actor, reason=reason)


def reopen_queries(
    folder: StudyFolder, names: Sequence[str], *, actor: str, reason: str
) -> tuple[Query, ...]:
    """Open queries again; see :func:`clinval.study.query_acts.ask_again`."""
    with StudyStore(folder.store_path, folder.protocol().study.id) as store:
        return ask_again(store, names, actor=actor, reason=reason)
