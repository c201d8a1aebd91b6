"""Agreement weights: 1 for the same category, less the farther two categories are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from clinval.stats._checks import check_option
from clinval.stats._labels import label_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.stats._checks import FloatArray
    from clinval.stats._labels import Label

__all__ = ["WEIGHTS", "Weights", "weight_matrix"]

Weights: TypeAlias = "str | Sequence[Sequence[float]] | FloatArray"

WEIGHTS = ("unweighted", "linear", "quadratic", "radical", "ratio", "ordinal")


def weight_matrix(weights: Weights, categories: Sequence[Label]) -> FloatArray:
    """Return the matrix of agreement weights of ordered categories.

    Parameters
    ----------
    weights
        One of ``WEIGHTS``, or a square matrix with a row and a column for each category.
    categories
        The labels in order. Distances are those of the labels if these are numbers, else of
        their ranks.
    """
    q = len(categories)
    if not isinstance(weights, str):
        return _own_matrix(weights, q)
    check_option("weights", weights, WEIGHTS)
    if weights == "unweighted" or q < 2:
        return np.eye(q)
    if weights == "ordinal":
        ranks = np.arange(q, dtype=np.float64)
        between = np.abs(ranks[:, None] - ranks) + 1
        pairs: FloatArray = between * (between - 1) / 2
        return 1 - pairs / float(pairs.max())
    values = label_values(categories)
    distance: FloatArray = np.abs(values[:, None] - values)
    span = float(values.max() - values.min())
    if weights == "linear":
        return 1 - distance / span
    if weights == "quadratic":
        return 1 - (distance / span) ** 2
    if weights == "radical":
        return 1 - np.sqrt(distance / span)
    if (values < 0).any():
        raise ValueError("ratio weights need categories that are not negative numbers")
    total = values[:, None] + values
    relative: FloatArray = np.where(distance > 0, distance / np.where(total > 0, total, 1.0), 0.0)
    return 1 - relative**2 / (span / float(values.max() + values.min())) ** 2


def _own_matrix(weights: Sequence[Sequence[float]] | FloatArray, q: int) -> FloatArray:
    matrix = np.asarray(weights, dtype=np.float64)
    if matrix.shape != (q, q):
        raise ValueError(f"weights must be a {q} x {q} matrix, not of shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError("weights holds a value that is not a finite number")
    if not np.array_equal(np.diag(matrix), np.ones(q)):
        raise ValueError("weights are agreement weights: the diagonal must be 1")
    return matrix
