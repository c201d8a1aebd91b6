"""What is open and holds up the lock of a study's data."""

from __future__ import annotations

from dataclasses import dataclass

from clinval.app.folder import StudyFolder
from clinval.core.problems import Place, Problem, Severity
from clinval.protocol.model import Protocol
from clinval.study.corrections import UNEXPLAINED
from clinval.study.data import StudyData
from clinval.study.misfits import misfits
from clinval.study.queries import read_queries
from clinval.study.store import StudyStore

__all__ = ["Open", "open_items"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Something critical that is open; ``name`` is what it is waived by, empty where it cannot."""

    name: str
    problem: Problem


def open_items(folder: StudyFolder, protocol: Protocol, store: StudyStore) -> list[Open]:
    """Return all that holds up a lock: critical queries, refused files, sites without data.

    A correction that nobody has given a reason for is critical too, and so are data that the
    protocol, changed since, does not understand; those cannot be waived.
    """
    place = Place(file=folder.store_path.name)
    found = []
    for query in read_queries(store):
        if query.state == "closed" or not (query.critical or query.problem.kind == UNEXPLAINED):
            continue
        said = {
            "query": query.name,
            "says": query.problem.says(),
            "do": query.problem.remedy().rstrip(".。"),
        }
        found.append(
            Open(
                name=query.name,
                problem=Problem(kind="lock-query-open", place=query.problem.place, parameters=said),
            )
        )
    for file, says in {
        defect.problem.place.file: defect.problem.says() for defect in store.refusals()
    }.items():
        problem = Problem(
            kind="lock-file-refused", place=Place(file=file),
            parameters={"file": file, "says": says},
        )  # fmt: skip
        found.append(Open(name=file, problem=problem))
    having = {line.site for line in store.submissions() if line.outcome == "accepted"}
    for site in protocol.sites:
        if site.id not in having:
            parameters = {"site": site.id}
            problem = Problem(kind="lock-site-empty", place=place, parameters=parameters)
            found.append(Open(name=site.id, problem=problem))
    unclear = misfits(StudyData(protocol, store, strict=False))
    found += [
        Open(name="", problem=problem) for problem in unclear if problem.severity is Severity.ERROR
    ]
    return found
