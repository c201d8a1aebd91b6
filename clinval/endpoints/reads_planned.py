"""The reads that a protocol plans of the cases of a reader study, and that were not made."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from clinval.protocol.reading_plan import reads_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.endpoints.reader_reads import StudyReads
    from clinval.study.data import StudyData

__all__ = ["not_made"]

_EVERYBODY = ("crossed_readers", "paired")


def not_made(reads: StudyReads, data: StudyData) -> NDArray[np.intp] | None:
    """Return how many planned reads of each case were not made.

    ``None`` where the protocol does not say who reads what: reads are then missing only against
    the design that they show. A case without any read is none of them.
    """
    import numpy as np

    protocol, cases = data.protocol, len(reads.subject)
    if protocol.reading_blocks:
        counts = Counter(
            read.subject
            for site in protocol.sites
            for read in reads_of(protocol, site.id)
            if read.arm in reads.arms and read.reader in reads.readers
        )
        names = data.subject_ids[reads.subject]
        planned = np.fromiter((counts[name] for name in names), np.intp, cases)
    elif protocol.design.type in _EVERYBODY:
        planned = np.full(cases, len(reads.readers) * len(reads.arms))
    else:
        return None
    made = np.bincount(reads.case, minlength=cases)
    return np.where(made > 0, np.maximum(planned - made, 0), 0)
