"""Points of FROC and AFROC curves: what is found against what is marked beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray
    from clinval.stats.reader_study._marks import Marks

__all__ = ["Points", "afroc_points", "froc_points"]


class Points(NamedTuple):
    """Points of a curve from the highest threshold to the lowest, (0, 0) first."""

    threshold: FloatArray
    x: FloatArray
    y: FloatArray


def froc_points(marks: Marks, modality: int, reader: int | None = None) -> Points:
    """Return lesions localised, as a share, against non-lesion marks a case.

    Parameters
    ----------
    marks
        Marks of a study.
    modality
        Place of the modality.
    reader
        Place of the reader; ``None`` for the mean of all readers at each threshold.
    """
    readers = range(len(marks.readers)) if reader is None else (reader,)
    lesions, beside = [], []
    for each in readers:
        read = marks.read[modality, each]
        lesions.append(marks.lesion[modality, each][read[marks.case_of_lesion]])
        chosen = (marks.modality == modality) & (marks.reader == each)
        beside.append((marks.rating[chosen], int(np.count_nonzero(read))))
    return _points(beside, [(rating, len(rating)) for rating in lesions])


def afroc_points(marks: Marks, modality: int, reader: int | None = None) -> Points:
    """Return lesions localised, as a share, against the share of normal cases with a mark.

    A normal case stands for its highest mark. The curve ends where no threshold is left; the
    area under it counts the straight line from there to (1, 1).
    """
    readers = range(len(marks.readers)) if reader is None else (reader,)
    lesions, normal = [], []
    for each in readers:
        read = marks.read[modality, each]
        lesions.append(marks.lesion[modality, each][read[marks.case_of_lesion]])
        normal.append(marks.highest[modality, each][read & ~marks.truth])
    return _points(
        [(rating, len(rating)) for rating in normal],
        [(rating, len(rating)) for rating in lesions],
    )


def _points(beside: list[tuple[FloatArray, int]], found: list[tuple[FloatArray, int]]) -> Points:
    """Return mean shares of ratings at or above each threshold, over readers."""
    every = np.concatenate([rating for rating, _ in (*beside, *found)])
    threshold = np.unique(every[every > -np.inf])[::-1]
    x, y = (
        np.mean([_at_or_above(rating, threshold) / max(size, 1) for rating, size in side], axis=0)
        for side in (beside, found)
    )
    start = np.zeros(1)
    return Points(threshold, np.concatenate((start, x)), np.concatenate((start, y)))


def _at_or_above(rating: FloatArray, threshold: FloatArray) -> FloatArray:
    below = np.searchsorted(np.sort(rating), threshold, "left")
    return (len(rating) - below).astype(np.float64)
