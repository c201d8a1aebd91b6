"""Which reads the protocol plans, as the reads of simulated studies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.protocol.reading_plan import reads_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.endpoints.mrmc import Spec
    from clinval.protocol.model import Protocol

__all__ = ["PlannedReads", "planned_reads"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedReads:
    """Which reads are planned of each class: arrays (reference and test, readers, cases)."""

    diseased: NDArray[np.bool_]
    nondiseased: NDArray[np.bool_]


def planned_reads(
    protocol: Protocol, endpoint: Spec, with_result: int, diseased_share: float
) -> PlannedReads:
    """Return the reads of the cases that can be expected to have a result.

    Parameters
    ----------
    protocol, endpoint
        The protocol and a reader study in it.
    with_result
        Cases of all sites that can be expected to have a result; each site, and in it each block,
        has its part of them.
    diseased_share
        Share of cases with the condition, as nearly as can be the same in each of these parts.
    """
    import numpy as np

    from clinval.stats.planning import sample_size

    arms = _arms(protocol, endpoint)
    readers = endpoint.readers or tuple(reader.id for reader in protocol.readers)
    alike: Counter[tuple[str, frozenset[tuple[int, int]]]] = Counter()
    for site in protocol.sites:
        by_subject: dict[str, set[tuple[int, int]]] = {}
        for subject, arm, reader in reads_of(protocol, site.id):
            if arm in arms and reader in readers:
                read = arms.index(arm), readers.index(reader)
                by_subject.setdefault(subject, set()).add(read)
        alike.update((site.id, frozenset(reads)) for reads in by_subject.values())
    planned = list(alike.values())
    total = min(with_result, sum(planned))
    parts = sample_size.allocation(total, planned, maximum=planned).subjects_by_center
    cases = np.array(parts, dtype=np.intp)
    up_to = np.concatenate([[0], np.cumsum(cases)])
    ill_up_to = np.floor(up_to * diseased_share + 0.5).astype(np.intp)
    ill = ill_up_to[1:] - ill_up_to[:-1]
    columns = np.zeros((2, len(readers), len(planned)), dtype=np.bool_)
    for at, (_, reads) in enumerate(alike):
        for arm_at, reader_at in reads:
            columns[arm_at, reader_at, at] = True
    return PlannedReads(
        diseased=np.repeat(columns, ill, axis=-1),
        nondiseased=np.repeat(columns, cases - ill, axis=-1),
    )


def _arms(protocol: Protocol, endpoint: Spec) -> tuple[str, str]:
    """Return the ids of the reference and of the test arm."""
    if endpoint.compare is not None:
        return endpoint.compare.reference, endpoint.compare.test
    reference, test = (
        next(arm.id for arm in protocol.arms if arm.role == role) for role in ("reference", "test")
    )
    return reference, test
