"""The reads of a study: rows with a score, their labels turned into codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clinval.stats._checks import Labels, Numbers, check_same_length
from clinval.stats.accuracy._placements import truth_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["Coded", "Reads", "coded", "label_codes", "place_of"]

_SPREAD = 4  # whole numbers up to so many times as far apart as there are rows are counted
_FEW = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """One entry a read that has a score, shape (reads,) each; codes count from 0.

    Attributes
    ----------
    score
        The score, larger when more suspicious.
    truth
        Whether the case is diseased.
    reader, modality, case
        Codes of the labels in ``readers``, ``modalities`` and ``cases``.
    readers, modalities, cases
        Labels that have a read, as text: in order of their numbers if every label is a number,
        else in order of the text.
    cluster
        Code of the cluster of each read, or None.
    dropped
        Rows without a score.
    """

    score: FloatArray
    truth: NDArray[np.bool_]
    reader: IntArray
    modality: IntArray
    case: IntArray
    readers: tuple[str, ...]
    modalities: tuple[str, ...]
    cases: tuple[str, ...]
    cluster: IntArray | None
    dropped: int


class Coded(NamedTuple):
    """The distinct labels as text, in their order, and the code of every row."""

    labels: tuple[str, ...]
    codes: IntArray


def coded(
    score: Numbers,
    truth: Numbers,
    reader: Labels,
    modality: Labels,
    case: Labels,
    *,
    cluster: Labels | None = None,
) -> Reads:
    """Return the reads of a table with one read a row.

    Parameters
    ----------
    score
        Score of each row (list); ``None`` or NaN is a read that was not made.
    truth
        1 for a diseased, 0 for a non-diseased case (list).
    reader, modality, case
        Labels of each row (lists).
    cluster
        Label of the patient of each row where a case is one of several targets of a patient.

    Raises
    ------
    ValueError
        For lists of different length, a score that is infinite, a truth other than 0 and 1 or
        not the same in all rows of a case, a row without its labels, two reads of a case by a
        reader in a modality, or a case in two clusters.
    """
    try:
        scores = np.asarray(score, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("score must hold numbers of ordinary size") from error
    if scores.ndim != 1:
        raise ValueError(f"score must be a list of numbers, not of shape {scores.shape}")
    if np.isinf(scores).any():
        raise ValueError("score holds an infinite value")
    diseased = truth_values(truth)
    columns = {"reader": reader, "modality": modality, "case": case}
    if cluster is not None:
        columns["cluster"] = cluster
    labelled = {name: label_codes(name, values) for name, values in columns.items()}
    codes = {name: column.codes for name, column in labelled.items()}
    check_same_length(score=scores, truth=diseased, **codes)
    _constant("truth of case", labelled["case"], diseased.astype(np.intp))
    if cluster is not None:
        _constant("cluster of case", labelled["case"], codes["cluster"])
    kept = ~np.isnan(scores)
    dropped = len(scores) - int(np.count_nonzero(kept))
    if dropped:
        scores, diseased = scores[kept], diseased[kept]
        labelled = {name: _compressed(column, kept) for name, column in labelled.items()}
    reads = Reads(
        score=scores,
        truth=diseased,
        reader=labelled["reader"].codes,
        modality=labelled["modality"].codes,
        case=labelled["case"].codes,
        readers=labelled["reader"].labels,
        modalities=labelled["modality"].labels,
        cases=labelled["case"].labels,
        cluster=None if cluster is None else labelled["cluster"].codes,
        dropped=dropped,
    )
    _no_read_twice(reads)
    return reads


def label_codes(name: str, values: Labels) -> Coded:
    """Return the distinct labels, in their order, and the code of every row.

    Whole numbers and text both take one pass without a sort of the rows.
    """
    array = values if isinstance(values, np.ndarray) else None
    if array is not None and array.ndim != 1:
        raise ValueError(f"{name} must be a list of labels, not of shape {array.shape}")
    if array is not None and array.dtype.kind in "biu":
        return _whole_number_codes(array)
    flat: list[object] = list(values) if array is None else array.tolist()
    distinct = list(dict.fromkeys(flat))
    texts = [_text(name, value) for value in distinct]
    order = sorted(range(len(texts)), key=texts.__getitem__)
    try:
        numbers = [float(text) for text in texts]
        order.sort(key=numbers.__getitem__)
    except ValueError:
        pass
    labels = tuple(dict.fromkeys(texts[place] for place in order))
    place_in = {label: place for place, label in enumerate(labels)}
    code_of = {value: place_in[text] for value, text in zip(distinct, texts, strict=True)}
    return Coded(labels, np.fromiter(map(code_of.__getitem__, flat), np.intp, len(flat)))


def _whole_number_codes(array: NDArray[np.integer]) -> Coded:
    values = array.astype(np.int64)
    if not len(values):
        return Coded((), values.astype(np.intp))
    low, high = int(values.min()), int(values.max())
    if high - low > _SPREAD * len(values) + _FEW:
        found, codes = np.unique(values, return_inverse=True)
        return Coded(tuple(map(str, found.tolist())), codes.astype(np.intp))
    values -= low
    present = np.bincount(values) > 0
    rank = np.cumsum(present) - 1
    labels = tuple(map(str, (np.flatnonzero(present) + low).tolist()))
    return Coded(labels, rank[values].astype(np.intp))


def _text(name: str, value: object) -> str:
    """Return a label as text: 1, 1.0 and "1" are the label "1"."""
    if isinstance(value, str):
        return value
    if value is None or value != value:  # noqa: PLR0124 - NaN is not equal to itself
        raise ValueError(f"{name} lacks a label in a row; leave such rows out")
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, float | np.floating):
        if not np.isfinite(value):
            raise ValueError(f"{name} holds an infinite value")
        return str(int(value)) if value == int(value) else repr(float(value))
    return str(value)


def place_of(name: str, label: object, labels: tuple[str, ...]) -> int:
    """Return where a label that the caller names stands among those of the data."""
    text = _text(name, label)
    if text not in labels:
        raise ValueError(f"{name} is {text!r}, which is none of {', '.join(labels)}")
    return labels.index(text)


def _compressed(column: Coded, kept: NDArray[np.bool_]) -> Coded:
    """Return the labels that have a row left, and their codes."""
    codes = column.codes[kept]
    present = np.bincount(codes, minlength=len(column.labels)) > 0
    rank = np.cumsum(present) - 1
    return Coded(
        tuple(label for label, used in zip(column.labels, present, strict=True) if used),
        rank[codes].astype(np.intp),
    )


def _constant(what: str, case: Coded, values: IntArray) -> None:
    """Raise unless the value is the same in all rows of a case."""
    first = np.zeros(len(case.labels), dtype=np.intp)
    first[case.codes] = values
    apart = np.flatnonzero(first[case.codes] != values)
    if len(apart):
        label = case.labels[case.codes[apart[0]]]
        raise ValueError(f"{what} {label} is not the same in all its rows")


def _no_read_twice(reads: Reads) -> None:
    readers, modalities = len(reads.readers), len(reads.modalities)
    cell = (reads.case * readers + reads.reader) * modalities + reads.modality
    if not len(cell):
        return
    often = np.flatnonzero(np.bincount(cell) > 1)
    if len(often):
        place, modality = divmod(int(often[0]), modalities)
        case, reader = divmod(place, readers)
        raise ValueError(
            f"reader {reads.readers[reader]} has two reads of case {reads.cases[case]} in "
            f"modality {reads.modalities[modality]}"
        )
