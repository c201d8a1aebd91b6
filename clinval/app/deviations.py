"""The log of deviations, with what each means for the analysis sets."""

from __future__ import annotations

from dataclasses import dataclass

from clinval.app.folder import StudyFolder
from clinval.core.errors import AnalysisError
from clinval.study.analysis_sets import memberships
from clinval.study.data import StudyData
from clinval.study.deviations import Deviation, deviations
from clinval.study.store import StudyStore

__all__ = ["LoggedDeviation", "deviation_log"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedDeviation:
    """A deviation, and the analysis sets that its subject is in; none where that is not known."""

    deviation: Deviation
    sets: tuple[str, ...]


def deviation_log(folder: StudyFolder) -> list[LoggedDeviation]:
    """Return the deviations of a study: those that sites recorded, then those that data show."""
    protocol = folder.protocol()
    with StudyStore(folder.store_path, protocol.study.id) as store:
        found = deviations(protocol, store)
        data = StudyData(protocol, store, strict=False)
        try:
            members = memberships(data) if store.version else {}
        except AnalysisError:  # a subject twice: who is in which set cannot be told yet
            members = {}
        places = {subject: at for at, subject in enumerate(data.subject_ids)} if members else {}
    return [
        LoggedDeviation(
            deviation=each,
            sets=tuple(
                name
                for name, of in members.items()
                if each.subject in places and of.member[places[each.subject]]
            ),
        )
        for each in found
    ]
