"""The reads of a study: rows with a score, their labels turned into codes."""

from __future__ import annotations

import contextlib
import itertools
from collections import defaultdict
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
    stratum, strata
        Code of the stratum of each read, or None, and the labels of the strata.
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
    stratum: IntArray | None = None
    strata: tuple[str, ...] = ()


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
    stratum: Labels | None = None,
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
    stratum
        Label of the stratum (site) of each row.

    Raises
    ------
    ValueError
        For lists of different length, a score that is infinite, a truth other than 0 and 1 or
        not the same in all rows of a case, a row without its labels, two reads of a case by a
        reader in a modality, or a case in two clusters or strata.
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
    columns |= {
        name: values
        for name, values in (("cluster", cluster), ("stratum", stratum))
        if values is not None
    }
    labelled = {name: label_codes(name, values) for name, values in columns.items()}
    codes = {name: column.codes for name, column in labelled.items()}
    check_same_length(score=scores, truth=diseased, **codes)
    of_case = {"truth": diseased.astype(np.intp)} | {
        name: codes[name] for name in ("cluster", "stratum") if name in codes
    }
    for name, values in of_case.items():
        _constant(f"{name} of case", labelled["case"], values)
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
        stratum=None if stratum is None else labelled["stratum"].codes,
        strata=() if stratum is None else labelled["stratum"].labels,
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
    runs = None
    if array is not None and array.dtype.kind == "U" and len(array):
        # rows mostly come in order of reader or modality: a run of equal labels is looked up once
        start = np.flatnonzero(np.append(True, array[1:] != array[:-1]))
        runs, array = np.diff(start, append=len(array)), array[start]
    flat: list[object] = list(values) if array is None else array.tolist()
    seen: defaultdict[object, int] = defaultdict(itertools.count().__next__)
    found = np.fromiter(map(seen.__getitem__, flat), np.intp, len(flat))
    texts = [_text(name, value) for value in seen]
    order = sorted(dict.fromkeys(texts))
    with contextlib.suppress(ValueError):
        order.sort(key=float)
    place = {label: code for code, label in enumerate(order)}
    codes = np.array([place[text] for text in texts], dtype=np.intp)[found]
    return Coded(tuple(order), codes if runs is None else np.repeat(codes, runs))


def _whole_number_codes(array: NDArray[np.integer]) -> Coded:
    if not len(array):
        return Coded((), array.astype(np.intp))
    low, high = int(array.min()), int(array.max())
    if high - low > _SPREAD * len(array) + _FEW:
        found, codes = np.unique(array, return_inverse=True)
        return Coded(tuple(map(str, found.tolist())), codes)
    values = np.subtract(array, low, dtype=np.intp)
    present = np.bincount(values) > 0
    if not present.all():
        values = (np.cumsum(present) - 1)[values]
    labels = tuple(map(str, (np.flatnonzero(present) + low).tolist()))
    return Coded(labels, values)


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
        where = f" in modality {reads.modalities[modality]}" if modalities > 1 else ""
        raise ValueError(
            f"reader {reads.readers[reader]} has two reads of case {reads.cases[case]}{where}"
        )
