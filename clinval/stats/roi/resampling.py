"""Means of subjects, or of whole centers, drawn again and again with replacement.

Pure functions over sums: what is drawn is a unit with its sums and how many subjects they are of.
"""

from __future__ import annotations

import numpy as np

from clinval.stats._checks import FloatArray

__all__ = ["resampled_means"]

_AT_ONCE = 2**20  # units drawn in one array


def resampled_means(
    generator: np.random.Generator, sums: FloatArray, sizes: FloatArray, draws: int
) -> FloatArray:
    """Return the means of as many units as there are, drawn with replacement.

    Parameters
    ----------
    generator
        Source of the random numbers.
    sums
        Sums of each unit: shape (units, columns), at least one unit.
    sizes
        How many values each sum is of, of the same shape; none negative.
    draws
        How many times.

    Returns
    -------
    array
        Shape (draws, columns). NaN where no value was drawn.

    References
    ----------
    .. [1] Davison & Hinkley 1997, Bootstrap Methods and their Application, 2.2 and 3.8.
    """
    units = len(sums)
    means = np.empty((draws, sums.shape[1]))
    chunk = max(_AT_ONCE // units, 1)
    for start in range(0, draws, chunk):
        rows = min(chunk, draws - start)
        chosen = generator.integers(0, units, (rows, units)) + np.arange(rows)[:, None] * units
        times = np.bincount(chosen.ravel(), minlength=rows * units).reshape(rows, units)
        with np.errstate(invalid="ignore", divide="ignore"):
            means[start : start + rows] = (times @ sums) / (times @ sizes)
    return means
