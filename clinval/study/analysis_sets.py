"""Who belongs to each analysis set, and for which reason everybody else does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.core.expressions import parse
from clinval.protocol.base import Text
from clinval.protocol.lint import ENROLMENT
from clinval.study.data import StudyData

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Membership", "Step", "memberships"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A reason and whom it takes out, by subject; a subject is taken out once, at the first."""

    reason: Text
    out: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Membership in one set, by subject; ``candidates`` are all, or the set it lies within."""

    candidates: NDArray[np.bool_]
    steps: tuple[Step, ...]
    member: NDArray[np.bool_]


def memberships(data: StudyData) -> dict[str, Membership]:
    """Return the membership of every set of the protocol, in its order.

    Each candidate is a member or is counted in exactly one step, so that the numbers reconcile.
    """
    found: dict[str, Membership] = {}
    for name in data.protocol.analysis_sets:
        _resolve(name, data, found)
    return {name: found[name] for name in data.protocol.analysis_sets}


def _resolve(name: str, data: StudyData, found: dict[str, Membership]) -> Membership:
    import numpy as np

    if name in found:
        return found[name]
    analysis_set = data.protocol.analysis_sets[name]
    if analysis_set.within is None:
        candidates = np.ones(len(data.subject_ids), dtype=bool)
    else:
        candidates = _resolve(analysis_set.within, data, found).member
    member = candidates.copy()
    steps = []
    scope = data.scope(ENROLMENT)
    for exclusion in analysis_set.exclude:
        truth = parse(exclusion.when).truth(scope)
        out = member & truth.true & truth.known
        member &= ~out
        steps.append(Step(reason=exclusion.reason, out=out))
    found[name] = Membership(candidates=candidates, steps=tuple(steps), member=member)
    return found[name]
