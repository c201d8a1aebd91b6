"""Ratings of subjects by raters, turned into the counts that agreement statistics use."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._labels import MISSING, factorize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.stats._checks import FloatArray, IntArray, Labels, Ratings
    from clinval.stats._labels import Label

__all__ = [
    "MISSING",
    "PairTable",
    "RatingCounts",
    "coded_ratings",
    "complete_pairs",
    "counts_of_codes",
    "kept_measurements",
    "measurements",
    "pair_table",
    "rated_codes",
    "rated_rows",
    "rating_counts",
    "subjects_of_codes",
    "tabulate",
]


@dataclass(frozen=True, slots=True)
class PairTable:
    """Subjects by the category of the first rater (rows) and of the second (columns)."""

    categories: tuple[Label, ...]
    table: FloatArray


@dataclass(frozen=True, slots=True)
class RatingCounts:
    """How often each subject was put into each category.

    ``counts`` has a row a subject, or a row for all subjects rated alike, of whom there are
    ``frequency``.
    """

    categories: tuple[Label, ...]
    counts: FloatArray
    frequency: FloatArray
    raters: int

    @property
    def n(self) -> int:
        """Subjects with a rating."""
        return int(self.frequency.sum())


def rating_counts(
    ratings: Ratings | None, table: Ratings | None, categories: Labels | None
) -> RatingCounts:
    """Return the counts of any number of raters, from ratings or from a table of two raters."""
    if _only_table(ratings, table):
        square = _square(table, categories)
        first, second = np.nonzero(square.table)
        unit = np.eye(len(square.categories))
        return RatingCounts(
            square.categories, unit[first] + unit[second], square.table[first, second], 2
        )
    return counts_of_codes(*rated_codes(ratings, categories))


def rated_rows(
    ratings: Ratings | None, categories: Labels | None
) -> tuple[tuple[Label, ...], IntArray, IntArray]:
    """Return categories and codes without empty raters and subjects, and which rows are left."""
    labels, codes = coded_ratings(ratings, categories)
    present = codes != MISSING
    if present.all():
        return labels, codes, np.arange(len(codes))
    rows = np.flatnonzero(present.any(axis=1))
    return labels, codes[rows][:, present.any(axis=0)], rows


def rated_codes(
    ratings: Ratings | None, categories: Labels | None
) -> tuple[tuple[Label, ...], IntArray]:
    """Return the categories and the codes, without raters and subjects that have no rating."""
    labels, codes, _ = rated_rows(ratings, categories)
    return labels, codes


def counts_of_codes(categories: tuple[Label, ...], codes: IntArray) -> RatingCounts:
    """Return the counts of coded ratings, a row for all subjects who were rated alike.

    Looking for these pays, and is done, where there are more subjects than possible counts.
    """
    q, raters = len(categories), codes.shape[1]
    if (raters + 1) ** q > len(codes):
        return subjects_of_codes(categories, codes)
    # the counts of a subject are the digits of one number; a missing rating adds nothing
    digit = np.append((raters + 1) ** np.arange(q), 0)
    frequency = np.bincount(digit[codes].sum(axis=1))
    seen = np.flatnonzero(frequency)
    counts = seen[:, None] // digit[:-1] % (raters + 1)
    return RatingCounts(
        categories, counts.astype(np.float64), frequency[seen].astype(np.float64), raters
    )


def subjects_of_codes(categories: tuple[Label, ...], codes: IntArray) -> RatingCounts:
    """Return the counts of coded ratings, a row a subject."""
    n, q = len(codes), len(categories)
    subject, rater = np.nonzero(codes != MISSING)
    cells = np.bincount(subject * q + codes[subject, rater], minlength=n * q)
    counts = cells.reshape(n, q).astype(np.float64)
    return RatingCounts(categories, counts, np.ones(n), codes.shape[1])


def pair_table(
    ratings: Ratings | None, table: Ratings | None, categories: Labels | None
) -> PairTable:
    """Return the table of two raters; subjects with a missing rating are dropped."""
    if _only_table(ratings, table):
        return _square(table, categories)
    labels, pairs, _ = complete_pairs(ratings, categories)
    return PairTable(labels, tabulate(pairs, len(labels)))


def complete_pairs(
    ratings: Ratings | None, categories: Labels | None
) -> tuple[tuple[Label, ...], IntArray, IntArray]:
    """Return the categories, the codes of both raters, and which subjects have both ratings."""
    labels, codes = coded_ratings(ratings, categories)
    if len(codes) == 0:
        codes = codes.reshape(0, 2)
    if codes.shape[1] != 2:
        codes = codes[:, (codes != MISSING).any(axis=0)]
    if codes.shape[1] != 2:
        raise ValueError(f"ratings must have two raters (columns), not {codes.shape[1]}")
    kept = np.flatnonzero((codes != MISSING).all(axis=1))
    pairs = codes[kept]
    if categories is None:  # labels that only dropped subjects have are not observed
        used, inverse = np.unique(pairs, return_inverse=True)
        return tuple(labels[code] for code in used), inverse.reshape(pairs.shape), kept
    return labels, pairs, kept


def tabulate(pairs: IntArray, q: int) -> FloatArray:
    """Return the q x q table of pairs of codes."""
    cells = np.bincount(pairs[:, 0] * q + pairs[:, 1], minlength=q * q)
    return cells.reshape(q, q).astype(np.float64)


def measurements(ratings: Ratings) -> FloatArray:
    """Return numeric ratings, NaN where missing, without empty raters and subjects."""
    return kept_measurements(ratings)[0]


def kept_measurements(ratings: Ratings) -> tuple[FloatArray, IntArray]:
    """Return numeric ratings without empty raters and subjects, and the subjects that are left."""
    try:
        values = np.asarray(ratings, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError("ratings must be rows of equal length that hold numbers") from error
    if values.ndim == 1 and values.size == 0:
        values = values.reshape(0, 0)
    if values.ndim != 2:
        raise ValueError(f"ratings must be a matrix, not of shape {values.shape}")
    with np.errstate(all="ignore"):
        if math.isfinite(float(values.sum())):  # none is missing or infinite
            return values, np.arange(len(values))
    if np.isinf(values).any():
        raise ValueError("ratings holds an infinite value")
    present = ~np.isnan(values)
    if present.all():
        return values, np.arange(len(values))
    kept = np.flatnonzero(present.any(axis=1))
    return values[np.ix_(kept, np.flatnonzero(present.any(axis=0)))], kept


def _only_table(ratings: Ratings | None, table: Ratings | None) -> bool:
    if (ratings is None) == (table is None):
        raise ValueError("give either ratings or table")
    return ratings is None


def _square(table: Ratings | None, categories: Labels | None) -> PairTable:
    try:
        counts = np.asarray(table, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError("table must be a square matrix of counts") from error
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"table must be square, not of shape {counts.shape}")
    if not (np.isfinite(counts) & (counts >= 0) & (counts == np.floor(counts))).all():
        raise ValueError("table must hold counts (0, 1, 2, ...)")
    q = len(counts)
    labels: tuple[Label, ...] = tuple(float(rank) for rank in range(1, q + 1))
    if categories is not None:
        labels = _declared(categories)
        if len(labels) != q:
            raise ValueError(f"table has {q} categories, {len(labels)} are declared")
    return PairTable(labels, counts)


def _declared(categories: Labels) -> tuple[Label, ...]:
    distinct, codes = factorize("categories", categories)
    if (codes == MISSING).any():
        raise ValueError("categories holds a missing label")
    if len(distinct) != len(codes):
        raise ValueError("categories holds a label twice")
    return tuple(distinct[code] for code in codes)


def coded_ratings(
    ratings: Ratings | None, categories: Labels | None
) -> tuple[tuple[Label, ...], IntArray]:
    """Return the categories and the code of every rating, -1 where missing."""
    if isinstance(ratings, np.ndarray):
        if ratings.ndim != 2:
            raise ValueError(f"ratings must be a matrix, not of shape {ratings.shape}")
        shape, flat = ratings.shape, ratings.ravel()
        labels, codes = factorize("ratings", flat)
    else:
        rows: Sequence[Sequence[object]] = list(ratings or ())
        if any(isinstance(row, str) or not hasattr(row, "__len__") for row in rows):
            raise ValueError("ratings must be a list of rows, one a subject")
        widths = set(map(len, rows))
        if len(widths) > 1:
            raise ValueError("ratings has rows of different length")
        shape = (len(rows), widths.pop() if widths else 0)
        labels, codes = factorize("ratings", list(itertools.chain.from_iterable(rows)))
    codes = codes.reshape(shape)
    if categories is None:
        return labels, codes
    declared = _declared(categories)
    place = {label: code for code, label in enumerate(declared)}
    unknown = [label for label in labels if label not in place]
    if unknown:
        label = unknown[0] if isinstance(unknown[0], str) else f"{unknown[0]:g}"
        raise ValueError(f"ratings holds {label}, which is not among the categories")
    # the code -1 of a missing rating picks the last entry
    recode = np.array([*(place[label] for label in labels), MISSING], dtype=np.intp)
    return declared, recode[codes]
