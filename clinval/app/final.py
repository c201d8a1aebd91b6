"""Results of locked data are final, for as long as the data stay locked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from clinval.app.folder import StudyFolder
from clinval.core.errors import AnalysisError, ReportError
from clinval.core.files import sha256_of_file
from clinval.core.problems import Place, Problem
from clinval.core.records import Results
from clinval.protocol.model import Protocol
from clinval.study import audit
from clinval.study.people import require
from clinval.study.states import LOCKED, State, enter, history, read_state
from clinval.study.store import StudyStore

__all__ = [
    "begin_final",
    "note_use",
    "refuse_unlocked",
    "state_of_results",
    "trail_of_results",
    "unlocked_since",
]


def begin_final(folder: StudyFolder, protocol: Protocol, store: StudyStore, *, actor: str) -> None:
    """Say in the audit trail that locked data are analysed; at a second analysis, nothing.

    It is said before the results are made, so that the trail which they name is the same each time.

    Raises
    ------
    AnalysisError
        When the protocol is not the one that was locked (``locked-protocol-differs``).
    UsageError
        When people have roles, and ``actor`` has none that analyses.
    """
    state = read_state(store)
    if state.state not in LOCKED:
        return
    locked = _locked(store)
    sha256 = folder.protocol_sha256()
    if _manifest(store)["protocol"]["sha256"] != sha256:
        place = Place(file=folder.protocol_path.name)
        raise AnalysisError.of("locked-protocol-differs", place, since=locked.at_utc)
    if state.state == "analysed":
        return
    role = require(store, actor, "statistician", "data_manager", "sponsor")
    with store.transaction() as connection:
        if read_state(store) != state:  # somebody else has begun
            return
        analysed = replace(
            state, state="analysed", at_utc=store.clock(), actor=actor, role=role,
            reason=f"analysis by protocol {protocol.study.version}",
        )  # fmt: skip
        enter(connection, replace(analysed, waivers={}), before=state)


def state_of_results(store: StudyStore) -> str:
    """Return what results of the current data are: of ``locked`` data, or ``interim``."""
    return "locked" if read_state(store).state in LOCKED else "interim"


def trail_of_results(store: StudyStore) -> tuple[int, str]:
    """Return number and hash of the last audit entry that results are made from.

    Of locked data it is the one that says that they are analysed: what is done with results, which
    the trail says too, makes no other results of them.
    """
    if read_state(store).state not in LOCKED:
        return store.audit_head()
    query = """
        SELECT seq, hash FROM audit WHERE action = 'state' AND subject = 'analysed'
        ORDER BY seq DESC LIMIT 1"""
    ((entries, head),) = store.select(query)
    return entries, head


def refuse_unlocked(folder: StudyFolder, protocol: Protocol, results: Results) -> None:
    """Stop where results of locked data are no longer valid, for the data were unlocked.

    Raises
    ------
    ReportError
        ``results-unlocked``.
    """
    if results.provenance["data"]["state"] != "locked" or not folder.store_path.is_file():
        return
    with StudyStore(folder.store_path, protocol.study.id) as store:
        problem = unlocked_since(results.provenance, store)
    if problem is not None:
        raise ReportError([problem])


def unlocked_since(provenance: Mapping[str, Any], store: StudyStore) -> Problem | None:
    """Return why results of locked data are no longer valid, or ``None``."""
    data = provenance["data"]
    if data["state"] != "locked":
        return None
    opened = next((s for s in history(store) if s.data_version > data["version"]), None)
    if opened is None:
        return None
    return Problem(
        kind="results-unlocked",
        place=Place(file="results.json"),
        parameters={
            "version": data["version"], "since": opened.at_utc, "by": opened.actor,
            "reason": opened.reason,
        },
    )  # fmt: skip


def note_use(
    folder: StudyFolder,
    protocol: Protocol,
    results: Results,
    *,
    action: str,
    files: Mapping[str, Path],
    actor: str,
) -> None:
    """Say in the audit trail which files were made of final results, or signed, with their hashes.

    Nothing is said of results that are not final, or where the study is not at hand.
    """
    if results.provenance["data"]["state"] != "locked" or not folder.store_path.is_file():
        return
    with (
        StudyStore(folder.store_path, protocol.study.id) as store,
        store.transaction() as connection,
    ):
        events = [
            (action, name, {"sha256": sha256_of_file(path), "results": results.sha256})
            for name, path in files.items()
        ]
        audit.append(connection, events, actor=actor, reason="", clock=store.clock)


def _locked(store: StudyStore) -> State:
    """Return the state in which the current data were locked."""
    return next(state for state in reversed(history(store)) if state.state == "locked")


def _manifest(store: StudyStore) -> Mapping[str, Any]:
    """Return what was locked, as the audit trail has it."""
    query = """
        SELECT detail FROM audit WHERE action = 'state' AND subject = 'locked'
        ORDER BY seq DESC LIMIT 1"""
    ((detail,),) = store.select(query)
    said: Mapping[str, Any] = json.loads(detail)["manifest"]
    return said
