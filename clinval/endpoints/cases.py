"""The results of a test held against the reference standard, case by case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.endpoints.kind import Context
from clinval.endpoints.measured import Rows, combined, in_arm, rows_of
from clinval.endpoints.reference_standard import (
    AgainstReference,
    refuse,
    three_valued,
    truth_of_rows,
    truth_of_subjects,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.study.data import StudyData

__all__ = ["Cases", "calls_of", "cases_of", "truth_by_row"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """What is judged, one element a case: a subject, or a row where rows stay apart.

    ``truth`` is 1 with the condition and 0 without it, ``value`` the result of the test (1 and 0
    for a call, or a score), both NaN where there is none. ``indeterminate`` are calls that were
    made and are neither positive nor negative.
    """

    truth: NDArray[np.float64]
    value: NDArray[np.float64]
    indeterminate: NDArray[np.bool_]
    subject: NDArray[np.intp]
    site: NDArray[np.intp]

    def of(self, mask: NDArray[np.bool_]) -> Cases:
        """Return the cases of a mask."""
        return Cases(
            truth=self.truth[mask],
            value=self.value[mask],
            indeterminate=self.indeterminate[mask],
            subject=self.subject[mask],
            site=self.site[mask],
        )

    @property
    def known(self) -> NDArray[np.bool_]:
        """Cases with a reference and a result."""
        import numpy as np

        return ~np.isnan(self.truth) & ~np.isnan(self.value)

    @property
    def subjects(self) -> int:
        """Subjects that the cases belong to."""
        import numpy as np

        return len(np.unique(self.subject))

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def sha256(self) -> str:
        """Hash of what the numbers are computed from."""
        from clinval.core.files import sha256_of_bytes

        arrays = (self.subject, self.truth, self.value, self.indeterminate)
        return sha256_of_bytes(b"".join(array.tobytes() for array in arrays))


def truth_by_row(
    endpoint: AgainstReference, data: StudyData, rows: Rows
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the truth of each row that is used, and the reference rows that none belongs to.

    Rows find their reference by the keys that both forms have.
    """
    import numpy as np
    import pandas as pd

    home, form = endpoint.form, endpoint.reference.form
    truth, _ = truth_of_rows(endpoint, data)
    if rows.row is None:
        raise AssertionError("rows are asked for with their keys")
    if form == home:
        return truth[rows.row], np.empty(0, dtype=np.intp)
    names = [key for key in data.protocol.form(form).keys if key != "subject_id"]

    def keys(of: str, chosen: NDArray[np.intp]) -> pd.MultiIndex:
        columns = [np.asarray(data.column(of, name)).astype(str)[chosen] for name in names]
        return pd.MultiIndex.from_arrays([data.subject_of_row(of)[chosen], *columns])

    enrolled = np.flatnonzero(data.subject_of_row(form) >= 0)
    index, wanted = keys(form, enrolled), keys(home, rows.row)
    twice = np.zeros(len(data.site_of_subject), dtype=bool)
    twice[data.subject_of_row(form)[enrolled[index.duplicated()]]] = True
    refuse("rows-not-combined", twice, endpoint, data, form)
    place = index.get_indexer(wanted)
    found = np.where(place >= 0, truth[enrolled][place], np.nan)
    left = np.setdiff1d(np.arange(len(enrolled)), place)
    return found, enrolled[left]


def cases_of(
    endpoint: AgainstReference, context: Context, arm: str, value: Rows, unclear: NDArray[np.bool_]
) -> Cases:
    """Return the cases of a set: results of one arm, each beside its truth.

    Parameters
    ----------
    endpoint, context
        The endpoint on an analysis set.
    arm
        Id of the arm.
    value
        The rows with their results, keyed where they stay apart.
    unclear
        Rows whose call is neither positive nor negative.
    """
    import numpy as np

    data = context.data
    subjects = len(data.site_of_subject)
    belongs = context.member & in_arm(endpoint, data, (arm,))[:, 0]
    if endpoint.combine != "each":
        truth, _ = truth_of_subjects(endpoint, data)
        result = combined(value, endpoint, data, 1)[:, 0]
        some = np.bincount(value.subject[unclear], minlength=subjects) > 0
        who = np.flatnonzero(belongs)
        return Cases(
            truth=truth[who],
            value=result[who],
            indeterminate=(some & np.isnan(result))[who],
            subject=who,
            site=data.site_of_subject[who],
        )
    truth, left = truth_by_row(endpoint, data, value)
    alone = data.subject_of_row(endpoint.reference.form)[left]
    rest, _ = truth_of_rows(endpoint, data)
    nothing = np.full(len(left), np.nan)
    subject = np.concatenate([value.subject, alone])
    cases = Cases(
        truth=np.concatenate([truth, rest[left]]),
        value=np.concatenate([value.value, nothing]),
        indeterminate=np.concatenate([unclear, np.zeros(len(left), dtype=bool)]),
        subject=subject,
        site=data.site_of_subject[subject],
    )
    return cases.of(belongs[subject])


def calls_of(
    endpoint: AgainstReference, context: Context, arm: str, negative: str
) -> tuple[Rows, NDArray[np.bool_]]:
    """Return the calls of an arm as 1 and 0, and the rows whose call is neither.

    The measure is the rule of a positive call, ``negative`` that of a negative one.

    Raises
    ------
    AnalysisError
        When a row is both.
    """
    import numpy as np

    data, keyed = context.data, endpoint.combine == "each"
    yes = rows_of(endpoint, data, (arm,), keyed=keyed)
    no = rows_of(endpoint.model_copy(update={"measure": negative}), data, (arm,))
    both = np.zeros(len(data.site_of_subject), dtype=bool)
    both[yes.subject[(yes.value == 1) & (no.value == 1)]] = True
    refuse("call-is-both", both, endpoint, data, endpoint.form)
    known = ~np.isnan(yes.value) & ~np.isnan(no.value)
    call, unclear = three_valued(yes.value == 1, no.value == 1, known)
    rows = Rows(value=call, subject=yes.subject, arm=yes.arm, key=yes.key, row=yes.row)
    return rows, unclear
