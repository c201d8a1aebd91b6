"""Points of FROC and AFROC curves: what is found against what is marked beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import Labels, NotEstimableError, Numbers
from clinval.stats.reader_study._analysis import plain_array
from clinval.stats.reader_study._free_response import NO_ABNORMAL, NO_NORMAL
from clinval.stats.reader_study._froc_analysis import Tables
from clinval.stats.reader_study._reads import place_of

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray
    from clinval.stats.reader_study._marks import Marks

__all__ = ["FrocCurve", "curve"]

_AXES = ("nonlesion_marks", "false_positive", "lesions", "weighted_lesions")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrocCurve(Result):
    """Points from above the highest rating to the lowest one, each list of the same length.

    Attributes
    ----------
    threshold
        The rating from which on a mark counts; the first point has none.
    nonlesion_marks
        NL marks a case, the horizontal axis of the FROC curve; may exceed 1.
    false_positive
        Share of normal cases with an NL mark, the horizontal axis of the AFROC curve.
    lesions, weighted_lesions
        Share of lesions that are marked; with the lesions of a case weighed alike.
    readers
        How many readers the points are the mean of.
    """

    threshold: tuple[float | None, ...]
    nonlesion_marks: tuple[float, ...]
    false_positive: tuple[float, ...]
    lesions: tuple[float, ...]
    weighted_lesions: tuple[float, ...]
    readers: int = 0


def curve(
    mark_modality: Labels,
    mark_reader: Labels,
    mark_case: Labels,
    mark_type: Labels,
    mark_lesion: Labels,
    mark_rating: Numbers,
    case: Labels,
    truth: Numbers,
    n_lesions: Numbers,
    *,
    modality: object,
    reader: object = None,
    read_modality: Labels | None = None,
    read_reader: Labels | None = None,
    read_case: Labels | None = None,
) -> FrocCurve:
    """Points of the FROC and AFROC curves of a modality, of one reader or of their mean.

    Parameters
    ----------
    mark_modality, mark_reader, mark_case
        Labels of each mark (lists).
    mark_type
        "NL" or "LL" of each mark (list).
    mark_lesion
        Number of the lesion that each LL mark hits, 1 to ``n_lesions`` of its case (list).
    mark_rating
        Rating of each mark, larger when more suspicious (list); ``None`` or NaN is no mark.
    case, truth, n_lesions
        The cases: label, 1 for abnormal or 0 for normal, and number of lesions (lists).
    modality
        Label of the modality.
    reader
        Label of the reader; ``None`` for the mean of all readers at each rating.
    read_modality, read_reader, read_case
        The reads that were made (lists); without them every reader read every case in every
        modality.

    Returns
    -------
    FrocCurve
        The points, (0, 0) first. Undefined without an abnormal or without a normal case.

    Raises
    ------
    ValueError
        As :func:`wafroc`, and for a modality or a reader that the data do not have.

    Notes
    -----
    The FROC curve ends at the NL marks a case and the share of lesions that were made at all. The
    area under the AFROC curve, with the straight line from its end to (1, 1), is :func:`afroc`.

    References
    ----------
    .. [1] Chakraborty & Berbaum 2004, Med Phys 31:2313.

    Examples
    --------
    >>> marks = {
    ...     "mark_modality": ["a", "a", "a"],
    ...     "mark_reader": [1, 1, 1],
    ...     "mark_case": [1, 2, 2],
    ...     "mark_type": ["NL", "LL", "LL"],
    ...     "mark_lesion": [None, 1, 2],
    ...     "mark_rating": [50, 90, 20],
    ... }
    >>> result = curve(**marks, case=[1, 2], truth=[0, 1], n_lesions=[0, 2], modality="a")
    >>> result.nonlesion_marks, result.lesions
    ((0.0, 0.0, 0.5, 0.5), (0.0, 0.5, 0.5, 1.0))
    """
    tables = Tables(
        (mark_modality, mark_reader, mark_case, mark_type, mark_lesion, mark_rating),
        (case, truth, n_lesions),
        (read_modality, read_reader, read_case),
    )
    marks = tables.coded()
    place = place_of("modality", modality, marks.modalities)
    if reader is None:
        readers = np.flatnonzero(marks.read[place].any(axis=-1)).tolist()
    else:
        readers = [place_of("reader", reader, marks.readers)]
    try:
        found = [_sides(marks, place, each) for each in readers]
    except NotEstimableError as error:
        nothing: dict[str, Any] = dict.fromkeys(("threshold", *_AXES), ())
        return FrocCurve(method="froc.curve", undefined=True, reason=error.reason, **nothing)
    every = np.concatenate([rating for one in found for rating, _ in one.values()])
    threshold = np.unique(every[every > -np.inf])[::-1]
    mean = {
        name: np.mean([_at_or_above(*one[name], threshold) for one in found], axis=0)
        for name in _AXES
    }
    columns: dict[str, Any] = {name: (0.0, *plain_array(values)) for name, values in mean.items()}
    return FrocCurve(
        method="froc.curve",
        threshold=(None, *plain_array(threshold)),
        readers=len(found),
        **columns,
    )


def _sides(marks: Marks, modality: int, reader: int) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return the ratings that each axis counts, each with what it adds to it."""
    read = marks.read[modality, reader]
    normal, of_read = read & ~marks.truth, read[marks.case_of_lesion]
    if not of_read.any() or not normal.any():
        raise NotEstimableError(NO_NORMAL if of_read.any() else NO_ABNORMAL)
    rating = marks.rating[(marks.modality == modality) & (marks.reader == reader)]
    lesion = marks.lesion[modality, reader][of_read]
    weight = 1 / marks.n_lesions[marks.case_of_lesion[of_read]]
    highest = marks.highest[modality, reader][normal]
    return {
        "nonlesion_marks": (rating, np.full(len(rating), 1 / np.count_nonzero(read))),
        "false_positive": (highest, np.full(len(highest), 1 / len(highest))),
        "lesions": (lesion, np.full(len(lesion), 1 / len(lesion))),
        "weighted_lesions": (lesion, weight / np.count_nonzero(read & marks.truth)),
    }


def _at_or_above(rating: FloatArray, weight: FloatArray, threshold: FloatArray) -> FloatArray:
    """Return the weight of the ratings from each threshold on."""
    order = np.argsort(rating)
    total: FloatArray = np.cumsum(np.append(weight[order], 0.0)[::-1])[::-1]
    return total[np.searchsorted(rating[order], threshold, "left")]
