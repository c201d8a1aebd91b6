"""The same subject, or the same exam, twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from clinval.protocol.forms import ENROLMENT
from clinval.study.checking.rows import Finding, StudyRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["subjects_at_two_sites"]


def subjects_at_two_sites(rows: StudyRows) -> Iterator[Finding]:
    """Yield the subjects that another site has enrolled too, at their rows of the later sites."""
    if rows.column(ENROLMENT, "subject_id") is None:
        return
    subjects, sites = rows.texts(ENROLMENT, "subject_id"), rows.sites(ENROLMENT)
    for row, first in _repeated(subjects):
        if sites[row] != sites[first]:
            about = {"subject": subjects[row], "other": sites[first]}
            yield Finding("subject-at-two-sites", ENROLMENT, row, "subject_id", about)


def _repeated(values: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Yield the rows whose value an earlier row has, with that row."""
    import numpy as np
    import pandas as pd

    codes, _ = pd.factorize(values)  # -1 where there is none
    _, first = np.unique(codes, return_index=True)
    known = np.flatnonzero(codes >= 0)
    at = first[np.searchsorted(np.unique(codes), codes[known])]
    for row, other in zip(known.tolist(), at.tolist(), strict=True):
        if other != row:
            yield row, other
