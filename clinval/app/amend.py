"""Amend the protocol of a running study, and carry over what was filled in for earlier versions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clinval.app.folder import StudyFolder
from clinval.app.ingest import user
from clinval.core.errors import ProtocolError, SubmissionError, UsageError
from clinval.core.files import sha256_of_file, whole
from clinval.core.problems import Place, Problem, Severity
from clinval.endpoints import KINDS
from clinval.protocol.diff import Difference, differences, renamed_fields
from clinval.protocol.model import Protocol
from clinval.protocol.reading import load
from clinval.protocol.rules import Reporter, check_rule
from clinval.study import audit
from clinval.study.data import StudyData
from clinval.study.history import Earlier, meanings_of, reused_codes, stored_meanings
from clinval.study.misfits import misfits
from clinval.study.people import require
from clinval.study.states import CLOSED, read_state
from clinval.study.store import StudyStore

__all__ = ["Amended", "against_history", "amend", "earlier_protocols", "version_number"]


_ROLES = ("sponsor", "data_manager")  # who may put a version in force


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """What an amendment changes, what is to be said of it, and whether it is in force now.

    ``data`` are the problems that the data that are there have under the new version.
    """

    difference: Difference
    problems: tuple[Problem, ...]
    data: tuple[Problem, ...]
    applied: bool


def amend(
    folder: StudyFolder,
    path: Path,
    *,
    apply: bool = False,
    actor: str = "",
    reason: str = "",
) -> Amended:
    """Compare a new version of the protocol with the one in force, and put it in force.

    The version before is kept in ``versions/`` with what lies beside it; the audit trail has what
    was changed, by whom and why. Killed on the way, the same call again makes it good.

    Parameters
    ----------
    folder
        The study.
    path
        The new version; a list of subjects or a logo that it names lies beside it.
    apply
        Whether it is put in force. Nothing is written otherwise.
    actor, reason
        Who applies it (this computer's user where nobody is named), and why.

    Raises
    ------
    ProtocolError
        When one of the two protocols has errors, when they are not versions of one study in this
        order, or when a code that was used would come to mean something else.
    UsageError
        When it is to be applied without a reason.
    """
    old, new = folder.protocol(), load(path, KINDS)
    place = Place(file=path.name)
    if old.study.id != new.study.id:
        raise ProtocolError.of(
            "amendment-of-other-study", place, study=new.study.id, own=old.study.id
        )
    same = sha256_of_file(path) == folder.protocol_sha256()
    if not same and version_number(new) <= version_number(old):
        raise ProtocolError.of(
            "amendment-version", place, version=new.study.version, own=old.study.version
        )
    if apply and not reason.strip():
        raise UsageError.of("amendment-without-reason", place)
    difference = differences(old, new)
    problems = tuple(_problems(folder, old, new, difference, path.name))
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        raise ProtocolError(errors)
    if apply and not same:
        _apply(folder, path, old, new, difference, actor or user(), reason)
    return Amended(
        difference=difference,
        problems=problems,
        data=tuple(_misfits(folder, new)),
        applied=apply,
    )


def _misfits(folder: StudyFolder, new: Protocol) -> Iterator[Problem]:
    """Yield what of the stored data the new version does not know, or knows otherwise."""
    if folder.store_path.is_file():
        with StudyStore(folder.store_path, new.study.id) as store:
            yield from misfits(StudyData(new, store, strict=False))


def _problems(
    folder: StudyFolder,
    old: Protocol,
    new: Protocol,
    difference: Difference,
    file: str,
) -> Iterator[Problem]:
    place = Place(file=file)
    if {change.part for change in difference.changes} <= {"study", "amendments"}:
        yield Problem(kind="amendment-empty", place=place, parameters={"own": old.study.version})
    yield from against_history(folder, new, file, old)
    said = new.amendments.get(old.study.version)
    for form, names in renamed_fields(old, new).items():
        for name, to in names.items():
            if said is None or said.renamed.get(form, {}).get(name) != to:
                parameters = {"form": form, "old": name, "new": to, "version": old.study.version}
                yield Problem(
                    kind="amendment-rename-undeclared", place=place, parameters=parameters
                )
    for form_id, rules in said.converted.items() if said else ():
        forms = {form.id: form for form in old.forms if form.id == form_id}
        found: list[Problem] = []
        for rule in rules.values() if forms else ():
            check_rule(rule, forms, form_id, _collector(found, place), gives="number", counts=False)
        yield from found


def _collector(found: list[Problem], place: Place) -> Reporter:
    def report(kind: str, _: object, offset: int = 0, **parameters: object) -> None:
        del offset
        found.append(Problem(kind=kind, place=place, parameters=parameters))

    return report


def against_history(
    folder: StudyFolder, protocol: Protocol, file: str, *others: Protocol
) -> Iterator[Problem]:
    """Yield each code of a protocol that has meant something else in this study.

    Parameters
    ----------
    folder
        The study: the versions that it keeps, and all that was ever stored.
    protocol
        The version that is, or is to be, in force.
    file
        Name of its file, for the place.
    others
        Further versions to hold it against.
    """
    earlier: list[Earlier] = []
    for version in [*earlier_protocols(folder), *others]:
        earlier += meanings_of(version)
    if folder.store_path.is_file():
        with StudyStore(folder.store_path, protocol.study.id) as store:
            earlier += stored_meanings(store)
    yield from reused_codes(protocol, earlier, file)


def _apply(
    folder: StudyFolder,
    path: Path,
    old: Protocol,
    new: Protocol,
    difference: Difference,
    actor: str,
    reason: str,
) -> None:
    sha256 = sha256_of_file(path)
    detail = {
        "from": {"version": difference.old_version, "sha256": folder.protocol_sha256()},
        "to": {"version": difference.new_version, "sha256": sha256},
        "changes": [change.as_dict() for change in difference.changes],
    }
    with StudyStore(folder.store_path, old.study.id) as store, store.transaction() as connection:
        require(store, actor, *_ROLES)
        state = read_state(store).state
        if state in CLOSED:
            place = Place(file=folder.store_path.name)
            raise SubmissionError.of("amendment-while-locked", place, state=state)
        for file in _with_beside(folder.protocol_path, old):
            _copy(file, folder.versions / difference.old_version / file.name)
        query = "SELECT detail FROM audit WHERE action = 'amend' ORDER BY seq DESC LIMIT 1"
        last = connection.execute(query).fetchone()
        if last is None or json.loads(last[0]).get("to") != detail["to"]:
            events: list[tuple[str, str, object]] = [
                ("amend", f"protocol {difference.new_version}", detail)
            ]
            audit.append(connection, events, actor=actor, reason=reason, clock=store.clock)
    *beside, protocol = reversed(_with_beside(path, new))
    for file in beside:
        _copy(file, folder.root / file.name)
    _copy(protocol, folder.protocol_path)  # last: it is what puts the rest in force


def _with_beside(path: Path, protocol: Protocol) -> list[Path]:
    """Return a protocol's file and those beside it that it names."""
    names = (protocol.subjects.file, protocol.study.logo)
    return [path, *(path.parent / name for name in names if name)]


def _copy(source: Path, target: Path) -> None:
    if source.resolve() != target.resolve():
        with whole(target) as part:
            shutil.copyfile(source, part)


def earlier_protocols(folder: StudyFolder) -> list[Protocol]:
    """Return the protocols kept in ``versions/``, the oldest first."""
    found = [load(path, KINDS) for path in folder.versions.glob("*/protocol.yaml")]
    return sorted(found, key=version_number)


def version_number(protocol: Protocol) -> tuple[int, ...]:
    """Return the version as numbers: 1.10 comes after 1.9."""
    return tuple(int(part) for part in protocol.study.version.split("."))
