"""Marks of free-response reads as dense arrays: what each reader marked on each case, how high.

No mark is a rating of -inf, which ties with itself. A case that a reader did not read in a
modality is masked: it takes no part in that curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.stats._checks import Labels, Numbers, check_same_length, counts
from clinval.stats.accuracy._placements import truth_values
from clinval.stats.reader_study._reads import Coded, label_codes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["Marks", "coded_marks"]

_PLACE = ("modality", "reader", "case")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Marks of I modalities and J readers on K cases with L lesions.

    Attributes
    ----------
    highest
        Highest rating of a non-lesion mark, shape (I, J, K); -inf without one.
    nonlesion
        Number of non-lesion marks, shape (I, J, K).
    lesion
        Rating of each lesion, shape (I, J, L), lesions in the order of their cases; -inf where it
        was not marked.
    read
        Whether the case was read, shape (I, J, K).
    truth
        Whether a case is abnormal, shape (K,).
    n_lesions
        Lesions of each case, shape (K,).
    case_of_lesion
        Case of each lesion, shape (L,).
    rating, modality, reader
        Each non-lesion mark, for the points of an FROC curve.
    modalities, readers
        Labels, in order.
    dropped
        Marks without a rating.
    """

    highest: FloatArray
    nonlesion: IntArray
    lesion: FloatArray
    read: NDArray[np.bool_]
    truth: NDArray[np.bool_]
    n_lesions: IntArray
    case_of_lesion: IntArray
    rating: FloatArray
    modality: IntArray
    reader: IntArray
    modalities: tuple[str, ...]
    readers: tuple[str, ...]
    dropped: int

    @property
    def highest_of_case(self) -> FloatArray:
        """Highest rating of any mark, shape (I, J, K); -inf without a mark."""
        found = self.highest.copy()
        found[..., self.truth] = np.maximum(
            found[..., self.truth], self._by_case(np.maximum, self.lesion)
        )
        return found

    @property
    def marked_lesions(self) -> IntArray:
        """Number of lesions that were marked, by abnormal case, shape (I, J, N1)."""
        return self._by_case(np.add, (self.lesion > -np.inf).astype(np.intp))

    def _by_case(self, ufunc: np.ufunc, values: NDArray[Any]) -> NDArray[Any]:
        """Return values of lesions put together by abnormal case."""
        lesions = self.n_lesions[self.truth]
        if not len(lesions):
            return values[..., :0]
        found: NDArray[Any] = ufunc.reduceat(values, np.cumsum(lesions) - lesions, axis=-1)
        return found


def coded_marks(
    marks: Mapping[str, Any],
    case: Labels,
    truth: Numbers,
    n_lesions: Numbers,
    reads: Mapping[str, Any] | None = None,
) -> Marks:
    """Return the marks as arrays.

    Parameters
    ----------
    marks
        Columns of the table of marks: modality, reader, case, type, lesion, rating. A row without
        a rating is no mark; its reader and modality count all the same.
    case, truth, n_lesions
        Columns of the table of cases.
    reads
        Columns modality, reader, case of the reads that were made; ``None``: every reader read
        every case in every modality.

    Raises
    ------
    ValueError
        Columns of different length; a case twice or a mark of a case that is not in the table; a
        truth that is not 0 or 1; an abnormal case without a lesion or a normal one with some; a
        type that is not NL or LL; a lesion that the case does not have, or marked twice by a
        reader in a modality; an infinite rating; a mark of a read that was not made.
    """
    cases, truth_, lesions = _cases(case, truth, n_lesions)
    rating = _ratings(marks["rating"])
    coded = {name: label_codes(f"mark_{name}", marks[name]) for name in _PLACE}
    kind = label_codes("mark_type", marks["type"])
    number = np.asarray(marks["lesion"], dtype=object)
    check_same_length(
        mark_rating=rating,
        mark_type=kind.codes,
        mark_lesion=number,
        **{f"mark_{name}": column.codes for name, column in coded.items()},
    )
    made = coded
    if reads is not None:
        made = {name: label_codes(f"read_{name}", reads[name]) for name in _PLACE}
        check_same_length(**{f"read_{name}": column.codes for name, column in made.items()})
    levels = (made["modality"].labels, made["reader"].labels, cases)
    where = _places("mark", coded, levels)
    shape = (len(levels[0]), len(levels[1]), len(cases))
    read = np.full(shape, reads is None)
    if reads is not None:
        read[_places("read", made, levels)] = True
        if not read[where].all():
            raise ValueError("a mark belongs to a read that is not among those made")
    known = ~np.isnan(rating)
    located = _located(kind) & known
    beside = ~_located(kind) & known
    away = tuple(codes[beside] for codes in where)
    highest, nonlesion = np.full(shape, -np.inf), np.zeros(shape, dtype=np.intp)
    np.maximum.at(highest, away, rating[beside])
    np.add.at(nonlesion, away, 1)
    modality, reader, of_case = (codes[located] for codes in where)
    lesion = np.full((*shape[:2], int(lesions.sum())), -np.inf)
    first = np.cumsum(lesions) - lesions
    place = first[of_case] + _lesion_numbers(number[located], lesions[of_case]) - 1
    lesion[modality, reader, place] = rating[located]
    if np.count_nonzero(lesion > -np.inf) < len(place):
        raise ValueError("a lesion is marked twice by a reader in a modality; keep one mark")
    return Marks(
        highest=highest,
        nonlesion=nonlesion,
        lesion=lesion,
        read=read,
        truth=truth_,
        n_lesions=lesions,
        case_of_lesion=np.repeat(np.arange(len(cases)), lesions),
        rating=rating[beside],
        modality=away[0],
        reader=away[1],
        modalities=levels[0],
        readers=levels[1],
        dropped=int(np.count_nonzero(~known)),
    )


def _cases(
    case: Labels, truth: Numbers, n_lesions: Numbers
) -> tuple[tuple[str, ...], NDArray[np.bool_], IntArray]:
    """Return the labels of the cases, in order, with their truth and number of lesions."""
    labels, code = label_codes("case", case)
    abnormal, number = truth_values(truth), counts("n_lesions", np.asarray(n_lesions))
    check_same_length(case=code, truth=abnormal, n_lesions=number)
    if len(labels) < len(code):
        raise ValueError("case holds a label twice; the table of cases has one row a case")
    if (abnormal != (number > 0)).any():
        raise ValueError("n_lesions must be 1 or more in abnormal cases and 0 in normal ones")
    truth_, lesions = np.empty(len(labels), dtype=np.bool_), np.empty(len(labels), dtype=np.intp)
    truth_[code], lesions[code] = abnormal, number
    return labels, truth_, lesions


def _ratings(values: Numbers) -> FloatArray:
    try:
        rating = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("mark_rating must hold numbers of ordinary size") from error
    if rating.ndim != 1:
        raise ValueError(f"mark_rating must be a list of numbers, not of shape {rating.shape}")
    if np.isinf(rating).any():
        raise ValueError("mark_rating holds an infinite value")
    return rating


def _located(kind: Coded) -> NDArray[np.bool_]:
    """Return which marks hit a lesion."""
    if not set(kind.labels) <= {"NL", "LL"}:
        raise ValueError("mark_type must be NL (non-lesion) or LL (lesion localisation)")
    found: NDArray[np.bool_] = np.array([label == "LL" for label in kind.labels], dtype=np.bool_)[
        kind.codes
    ]
    return found


def _lesion_numbers(values: NDArray[Any], lesions: IntArray) -> IntArray:
    """Return which lesion of its case each mark hits."""
    try:
        number = values.astype(np.float64)
    except (TypeError, ValueError):
        number = np.full(len(values), np.nan)
    if not ((number >= 1) & (number <= lesions) & (number == np.floor(number))).all():
        raise ValueError("mark_lesion of an LL mark must be one of 1 to n_lesions of its case")
    return number.astype(np.intp)


def _places(
    table: str, columns: Mapping[str, Coded], levels: tuple[tuple[str, ...], ...]
) -> tuple[IntArray, ...]:
    """Return where the labels of a table stand among the modalities, readers and cases."""
    found = []
    for (name, (labels, codes)), known in zip(columns.items(), levels, strict=True):
        place = {label: code for code, label in enumerate(known)}
        unknown = [label for label in labels if label not in place]
        if unknown:
            of = "table of cases" if name == "case" else "reads made"
            raise ValueError(f"{table}_{name} holds {unknown[0]!r}, which the {of} does not have")
        found.append(np.array([place[label] for label in labels], dtype=np.intp)[codes])
    return tuple(found)
