"""Placement values: where each subject stands among those of the other class.

The share of non-diseased scores below a diseased one, and of diseased scores above a
non-diseased one, ties counting half. Their means are both the area under the ROC curve. One sort
of the pooled scores gives them all, so the cost is O(n log n) whatever the ties.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clinval.stats._checks import NotEstimableError, Numbers, check_same_length, sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, IntArray

__all__ = [
    "NO_VARIANCE",
    "ONE_CLASS",
    "Covariance",
    "Placements",
    "Scores",
    "covariance",
    "placements",
    "read_scores",
    "tie_groups",
    "truth_values",
]

ONE_CLASS = "no diseased or no non-diseased subject"
NO_VARIANCE = "the placement values do not vary"
_ROUNDING = 1e-24  # a variance that is nothing but the rounding of differences that are equal
_ONE_OF_A_CLASS = "fewer than two diseased or two non-diseased subjects"


class Scores(NamedTuple):
    """Truth and one or more scores of the same subjects, those without a score left out."""

    diseased: NDArray[np.bool_]
    scores: tuple[FloatArray, ...]
    kept: NDArray[np.bool_]

    @property
    def n(self) -> int:
        return len(self.diseased)

    @property
    def n_diseased(self) -> int:
        return int(np.count_nonzero(self.diseased))

    @property
    def n_nondiseased(self) -> int:
        return self.n - self.n_diseased

    @property
    def dropped(self) -> int:
        """Rows without a score."""
        return len(self.kept) - self.n


class Placements(NamedTuple):
    """Placement values in order of the rows, and their common mean."""

    diseased: FloatArray
    nondiseased: FloatArray
    auc: float


class Covariance(NamedTuple):
    """Variances of two areas, their covariance and the variance of their difference."""

    test: float
    reference: float
    covariance: float
    of_difference: float


def truth_values(truth: Numbers) -> NDArray[np.bool_]:
    """Return whether each subject is diseased; the truth is 1 or 0 and never missing."""
    try:
        array = sample("truth", truth)
    except ValueError as error:
        raise ValueError(f"truth must be 1 (diseased) or 0 (non-diseased): {error}") from error
    diseased: NDArray[np.bool_] = array == 1
    if not (diseased | (array == 0)).all():
        raise ValueError("truth must be 1 (diseased) or 0 (non-diseased)")
    return diseased


def read_scores(truth: Numbers, **scores: Numbers) -> Scores:
    """Return truth and scores of the subjects that have every score; ``None`` is no score."""
    diseased = truth_values(truth)
    arrays = {}
    for name, values in scores.items():
        try:
            array = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"{name} must hold numbers of ordinary size") from error
        if array.ndim != 1:
            raise ValueError(f"{name} must be a list of numbers, not of shape {array.shape}")
        if np.isinf(array).any():
            raise ValueError(f"{name} holds an infinite value")
        arrays[name] = array
    check_same_length(truth=diseased, **arrays)
    kept = np.ones(len(diseased), dtype=np.bool_)
    for array in arrays.values():
        kept &= ~np.isnan(array)
    return Scores(diseased[kept], tuple(array[kept] for array in arrays.values()), kept)


def tie_groups(
    diseased: NDArray[np.bool_], score: FloatArray
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return the order of the scores, and of each distinct score its rows, m and n.

    The groups are in ascending order: how many rows share the score, how many of them are
    diseased and how many are not.
    """
    order = np.argsort(score)
    ordered = score[order]
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    if len(score) == 0:
        first = first[:0]
    sizes = np.diff(first, append=len(score))
    positives = np.concatenate(([0], np.cumsum(diseased[order], dtype=np.intp)))
    m = positives[first + sizes] - positives[first]
    return order, sizes, m, sizes - m


def placements(diseased: NDArray[np.bool_], score: FloatArray) -> Placements:
    """Return the placement values of a score.

    Raises
    ------
    NotEstimableError
        Without a subject in one of the classes.
    """
    order, sizes, m, n = tie_groups(diseased, score)
    total_m, total_n = int(m.sum()), int(n.sum())
    if total_m == 0 or total_n == 0:
        raise NotEstimableError(ONE_CLASS)
    # twice the counts are whole numbers: an area of 1 is exactly 1
    below = 2 * np.cumsum(n) - n
    above = 2 * total_m - (2 * np.cumsum(m) - m)
    auc = int(m @ below) / (2 * total_m * total_n)
    group = np.empty(len(score), dtype=np.intp)
    group[order] = np.repeat(np.arange(len(sizes)), sizes)
    return Placements(
        (below / (2 * total_n))[group[diseased]], (above / (2 * total_m))[group[~diseased]], auc
    )


def covariance(test: Placements, reference: Placements) -> Covariance:
    """Return DeLong's variances and covariance of two areas from the same subjects.

    Raises
    ------
    NotEstimableError
        With a single subject in one of the classes.
    """
    m, n = len(test.diseased), len(test.nondiseased)
    if m < 2 or n < 2:
        raise NotEstimableError(_ONE_OF_A_CLASS)
    deviations = [
        (test_ - test.auc, reference_ - reference.auc)
        for test_, reference_ in (
            (test.diseased, reference.diseased),
            (test.nondiseased, reference.nondiseased),
        )
    ]

    def total(one: tuple[FloatArray, FloatArray], other: tuple[FloatArray, FloatArray]) -> float:
        # sums, not products of vectors: threads of a library would cost more than they save
        first, second = np.sum(one[0] * other[0]), np.sum(one[1] * other[1])
        return float(first / (m - 1) / m + second / (n - 1) / n)

    tests, references = zip(*deviations, strict=True)
    # from the differences themselves: those of equal placement values are exactly 0
    apart = (tests[0] - references[0], tests[1] - references[1])
    difference = total(apart, apart)
    return Covariance(
        total(tests, tests),
        total(references, references),
        total(tests, references),
        difference if difference > _ROUNDING else 0.0,
    )
