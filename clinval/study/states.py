"""Where a study stands: draft, collecting, cleaning, frozen, locked, analysed.

A study is a draft until the first return is accepted, and collects from then on; both follow from
the data. What comes after is decided by people, and is a row of the store with who, when and why.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clinval.core.files import canonical_json
from clinval.study import audit
from clinval.study.store import StudyStore

__all__ = ["CLOSED", "LOCKED", "STATES", "Manifest", "State", "enter", "history", "read_state"]

Manifest = Mapping[str, Any]

STATES = ("draft", "collecting", "cleaning", "frozen", "locked", "analysed")
CLOSED = ("frozen", "locked", "analysed")  # nothing is taken in
LOCKED = ("locked", "analysed")  # results are final


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state, since when, and who decided it, in which role, and why.

    ``manifest_sha256`` is the hash of what was locked (:func:`clinval.app.locking.lock`), empty
    before; ``waivers`` says of each thing that was open and let pass, why.
    """

    state: str
    data_version: int
    at_utc: str = ""
    manifest_sha256: str = ""
    actor: str = ""
    role: str = ""
    reason: str = ""
    waivers: Mapping[str, str] = field(default_factory=dict)


def history(store: StudyStore) -> list[State]:
    """Return the states that people have decided, the oldest first."""
    names = (
        "at_utc", "state", "data_version", "manifest_sha256", "actor", "role", "reason", "waivers",
    )  # fmt: skip
    rows = store.select(f"SELECT {', '.join(names)} FROM state ORDER BY id")  # noqa: S608
    parts = [dict(zip(names, row, strict=True)) for row in rows]
    return [State(**{**part, "waivers": json.loads(part["waivers"])}) for part in parts]


def read_state(store: StudyStore) -> State:
    """Return where the study stands."""
    decided = history(store)
    if decided:
        return decided[-1]
    return State(state="collecting" if store.version else "draft", data_version=store.version)


def enter(
    connection: sqlite3.Connection, state: State, *, before: State, manifest: Manifest | None = None
) -> None:
    """Put the study into a state, within the open transaction.

    The audit trail has who, when and why, which state it was before, and the whole manifest of
    what was locked.
    """
    connection.execute(
        "INSERT INTO state (at_utc, state, data_version, manifest_sha256, actor, role, reason,"
        " waivers) VALUES (?,?,?,?,?,?,?,?)",
        (
            state.at_utc, state.state, state.data_version, state.manifest_sha256, state.actor,
            state.role, state.reason, canonical_json(dict(state.waivers)),
        ),
    )  # fmt: skip
    detail: dict[str, object] = {
        "from": before.state,
        "to": state.state,
        "version": state.data_version,
        "role": state.role,
    }
    if manifest is not None:
        detail |= {"manifest": manifest, "manifest_sha256": state.manifest_sha256}
    waived = [
        ("waive", name, {"role": state.role})
        for name in sorted(state.waivers)
        if name not in before.waivers
    ]
    audit.append(
        connection, [*waived, ("state", state.state, detail)], actor=state.actor,
        reason=state.reason, clock=lambda: state.at_utc,
    )  # fmt: skip
