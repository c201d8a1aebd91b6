"""Clean, freeze, lock and unlock the data of a study; what was locked is named by hashes."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from clinval import __version__
from clinval.app.asking import ask
from clinval.app.auditing import problem_of
from clinval.app.folder import StudyFolder
from clinval.app.open_items import Open, open_items
from clinval.core.errors import SubmissionError, UsageError
from clinval.core.files import sha256_of_file, sha256_of_json, write
from clinval.core.problems import Place, Problem
from clinval.protocol.model import Protocol
from clinval.study import audit
from clinval.study.people import normal, people, require
from clinval.study.states import CLOSED, LOCKED, STATES, State, enter, read_state
from clinval.study.store import StudyStore

__all__ = ["Locked", "lock", "manifest_of", "unlock"]

_ON_THE_WAY = ("cleaning", "frozen", "locked")
_LOCKERS = ("data_manager", "sponsor")
_UNLOCKERS = ("data_manager", "sponsor", "statistician", "monitor")
_PACKAGES = ("numpy", "pandas", "pyarrow", "scipy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What a step did: the states gone through, what was open, and what was locked."""

    states: tuple[State, ...]
    open: tuple[Open, ...] = ()
    manifest: Path | None = None


def lock(
    folder: StudyFolder,
    *,
    to: str = "locked",
    actor: str,
    reason: str = "",
    waive: Sequence[str] = (),
) -> Locked:
    """Take the study to ``cleaning``, ``frozen`` or ``locked``, through what lies between.

    Cleaning still takes in what sites correct. Frozen and locked data take in nothing; only locked
    ones give results that are final. Where something critical is open the study stays in cleaning.

    Parameters
    ----------
    folder
        The study.
    to
        Where to: one of the three.
    actor, reason
        Who, and why; a waiver needs a reason.
    waive
        Names of what is open and shall not hold up the lock: a query (``Q17``), a refused file,
        a site without data.

    Raises
    ------
    UsageError
        When it is there already or further on, the person has not the role, or something is
        waived that is not open, or without a reason.
    SubmissionError
        When there are no data, or the audit trail does not hold.
    """
    protocol = folder.protocol()
    place = Place(file=folder.store_path.name)
    if waive and not reason.strip():
        raise UsageError.of("reason-missing", place)
    with StudyStore(folder.store_path, protocol.study.id) as store:
        _may_lock(store, actor, to, place)
        ask(protocol, store, actor=actor)
        with store.transaction() as connection:  # from here on nobody else changes anything
            role, before = _may_lock(store, actor, to, place)
            found = open_items(folder, protocol, store)
            _refuse_unknown(waive, found, place)
            waivers = dict(before.waivers) | dict.fromkeys(waive, reason)
            holding = tuple(item for item in found if item.name not in waivers)
            manifest = manifest_of(folder, protocol, store)
            entered: list[State] = []
            for step in _steps(before.state, to, held_up=bool(holding)):
                state = State(
                    state=step, data_version=store.version, at_utc=store.clock(), actor=actor,
                    role=role, reason=reason, waivers=waivers if step in CLOSED else {},
                    manifest_sha256=sha256_of_json(manifest) if step == "locked" else "",
                )  # fmt: skip
                locks = manifest if step == "locked" else None
                enter(connection, state, before=entered[-1] if entered else before, manifest=locks)
                entered.append(state)
    path = None
    if entered and entered[-1].state == "locked":
        path = folder.locks / f"data-v{entered[-1].data_version}.json"
        write(path, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    still_open = holding if to in CLOSED else ()
    return Locked(states=tuple(entered), open=still_open, manifest=path)


def _may_lock(store: StudyStore, actor: str, to: str, place: Place) -> tuple[str, State]:
    """Return the role in which a person may take the study on, and where it stands."""
    role, before = require(store, actor, *_LOCKERS), read_state(store)
    if before.state == "draft":
        raise SubmissionError.of("lock-without-data", place)
    if STATES.index(before.state) >= STATES.index(to):
        raise UsageError.of("state-passed", place, state=before.state, to=to)
    fault = store.audit_fault(rows=True)
    if fault is not None:
        raise SubmissionError([problem_of(fault, place)])
    return role, before


def _steps(before: str, to: str, *, held_up: bool) -> list[str]:
    """Return the states that lie ahead; what is held up goes no further than cleaning."""
    ahead = STATES[STATES.index(before) + 1 : STATES.index(to) + 1]
    return [step for step in ahead if step in _ON_THE_WAY and not (held_up and step in CLOSED)]


def manifest_of(folder: StudyFolder, protocol: Protocol, store: StudyStore) -> dict[str, Any]:
    """Return what is locked: hashes of data, protocol and code, the seed, and the environment."""
    entries, head = store.audit_head()
    return {
        "study": protocol.study.id,
        "data": {
            "version": store.version, "sha256": store.manifest_sha256, "parts": store.manifest(),
        },
        "protocol": {
            "version": protocol.study.version, "sha256": folder.protocol_sha256(),
        },
        "audit": {"entries": entries, "head": head},
        "code": {"clinval": __version__, "sha256": _code_sha256()},
        "seed": protocol.seed,
        "environment": {
            "python": platform.python_version(), "system": platform.system(),
            "release": platform.release(), "machine": platform.machine(),
            **{name: version(name) for name in _PACKAGES},
        },
    }  # fmt: skip


def _code_sha256() -> str:
    """Return the hash of every file of the program, so that a patched one shows."""
    import clinval

    root = Path(clinval.__file__).parent
    files = sorted(
        path for path in root.rglob("*") if path.suffix in (".py", ".yaml") and path.is_file()
    )
    return sha256_of_json(
        [[path.relative_to(root).as_posix(), sha256_of_file(path)] for path in files]
    )


def _refuse_unknown(waive: Sequence[str], found: Sequence[Open], place: Place) -> None:
    names = [item.name for item in found if item.name]
    problems = [
        Problem(
            kind="waiver-unknown", place=place,
            parameters={"name": name, "open": ", ".join(names[:20]) or "-"},
        )
        for name in dict.fromkeys(waive)
        if name not in names
    ]  # fmt: skip
    if problems:
        raise UsageError(problems)


# ---------------------------------------------------------------------- unlock


def unlock(folder: StudyFolder, *, by: Sequence[str], reason: str) -> State:
    """Take frozen or locked data back to cleaning.

    Frozen data need one person with the role. Locked data need two people who hold two roles; a
    new data version begins, and what was made from the old one is no longer valid: its results and
    reports are kept under ``superseded/``, and verification and reports say so.

    Parameters
    ----------
    folder
        The study.
    by
        The people.
    reason
        Why.

    Raises
    ------
    UsageError
        When the reason is blank, the data are not frozen or locked, or the people or their roles
        do not do.
    """
    protocol = folder.protocol()
    place = Place(file=folder.store_path.name)
    if not reason.strip():
        raise UsageError.of("reason-missing", place)
    with StudyStore(folder.store_path, protocol.study.id) as store:
        with store.transaction() as connection:
            before = read_state(store)
            if before.state not in CLOSED:
                raise UsageError.of("unlock-not-locked", place, state=before.state)
            final = before.state in LOCKED
            role = _two_roles(store, by, place) if final else require(store, by[0], *_LOCKERS)
            state = State(
                state="cleaning", data_version=before.data_version + final,
                at_utc=store.clock(), actor=" + ".join(by), role=role, reason=reason,
            )  # fmt: skip
            if final:
                _new_version(connection, store, state)
            enter(connection, state, before=before)
        if final:
            _keep(folder, before.data_version)
    return state


def _two_roles(store: StudyStore, by: Sequence[str], place: Place) -> str:
    """Return the two different roles in which two different people act."""
    if len({normal(name) for name in by}) < 2:
        raise UsageError.of("unlock-needs-two", place)
    if not people(store):
        raise UsageError.of("unlock-needs-people", place)
    first, second = by[:2]
    one = require(store, first, *_UNLOCKERS)
    others = [role for role in _UNLOCKERS if role != one]
    try:
        return f"{one} + {require(store, second, *others)}"
    except UsageError:
        other = require(store, second, *_UNLOCKERS)  # the same: the first may have another
        rest = [role for role in _UNLOCKERS if role != other]
        return f"{require(store, first, *rest)} + {other}"


def _new_version(connection: Any, store: StudyStore, state: State) -> None:
    """Begin a data version that has the rows of the one before it."""
    newest = "SELECT submission FROM data_version ORDER BY version DESC LIMIT 1"
    (submission,) = connection.execute(newest).fetchone()
    sha256 = store.manifest_sha256
    connection.execute(
        "INSERT INTO data_version VALUES (?,?,?,?)",
        (state.data_version, state.at_utc, submission, sha256),
    )
    detail = {"data_version": state.data_version, "data_sha256": sha256, "role": state.role}
    audit.append(
        connection, [("unlock", f"data {state.data_version - 1}", detail)], actor=state.actor,
        reason=state.reason, clock=lambda: state.at_utc,
    )  # fmt: skip


def _keep(folder: StudyFolder, data_version: int) -> None:
    """Keep what was made from locked data, which the next analysis would write over."""
    target = folder.superseded / f"data-v{data_version}"
    for path in (folder.results, folder.reports, folder.evidence_path):
        if path.is_dir():
            shutil.copytree(path, target / path.name, dirs_exist_ok=True)
        elif path.is_file():
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / path.name)
