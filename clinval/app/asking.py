"""Ask the sites about all that is found now: what their files have, and what the study shows."""

from __future__ import annotations

from clinval.protocol.model import Protocol
from clinval.study.corrections import unexplained
from clinval.study.queries import Synced, found_now, sync
from clinval.study.store import StudyStore
from clinval.study.study_checks import study_findings

__all__ = ["ask"]


def ask(protocol: Protocol, store: StudyStore, *, actor: str) -> Synced:
    """Open, reopen and close queries by what is found now; a second time nothing happens.

    Parameters
    ----------
    protocol
        The protocol.
    store
        The study's store.
    actor
        In whose name.
    """
    found = [*found_now(store), *study_findings(protocol, store), *unexplained(store)]
    return sync(store, found, actor=actor)
