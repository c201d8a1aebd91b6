"""The random factors that measurements of subjects by readers over centers can have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.stats._checks import Labels, check_same_length
from clinval.stats._labels import group_codes

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["FACTORS", "check_nested", "factors_of", "levels"]

# in the order of the variances of a fit, whose last is that of the residual
FACTORS = ("subject", "subject_reader", "reader", "center", "session")


def factors_of(
    values: FloatArray,
    subject: Labels,
    reader: Labels | None,
    center: Labels | None,
    session: Labels | None,
) -> tuple[dict[str, IntArray], dict[str, Any]]:
    """Return the codes of the factors that the data can have, in their order, and the counts.

    Subjects are nested in centers; readers cross both; a session is one of its reader. A factor
    is left out when it has one level, subjects when none has two values, subject x reader when no
    reader has two values of a subject.

    Raises
    ------
    ValueError
        For lists of different length, a row without its labels, a subject in two centers, or two
        values of a subject by a reader in one session.
    """
    one = np.zeros(len(values), dtype=np.intp)
    _, subjects = group_codes("subject", subject)
    readers = one if reader is None else group_codes("reader", reader)[1]
    centers = one if center is None else group_codes("center", center)[1]
    sessions = one if session is None else group_codes("session", session)[1]
    check_same_length(
        value=values, subject=subjects, reader=readers, center=centers, session=sessions
    )
    check_nested(subjects, centers)
    cells, reading = _combined(subjects, readers), _combined(readers, sessions)
    if session is not None and levels(_combined(cells, sessions)) < len(values):
        raise ValueError("a reader has two values of a subject in one session")
    found = {
        "subject": (subjects, levels(subjects) < len(values)),
        "subject_reader": (cells, levels(subjects) < levels(cells) < len(values)),
        "reader": (readers, True),
        "center": (centers, True),
        "session": (reading, levels(reading) > levels(readers)),
    }
    factors = {
        name: codes for name, (codes, wanted) in found.items() if wanted and levels(codes) > 1
    }
    counts = {
        "n": levels(subjects),
        "readers": levels(readers),
        "centers": levels(centers),
        "sessions": levels(sessions),
        "observations": len(values),
    }
    return factors, counts


def check_nested(subjects: IntArray, centers: IntArray) -> None:
    """Raise when a subject lies in two centers."""
    if levels(_combined(subjects, centers)) > levels(subjects):
        raise ValueError("a subject lies in two centers; give each subject a label of its own")


def levels(codes: IntArray) -> int:
    """Return how many levels dense codes 0, 1, ... have."""
    return int(codes.max(initial=-1)) + 1


def _combined(first: IntArray, second: IntArray) -> IntArray:
    combined: IntArray = np.unique(first * (levels(second) or 1) + second, return_inverse=True)[1]
    return combined
