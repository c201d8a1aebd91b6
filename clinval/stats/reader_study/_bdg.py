"""Variance of a reader-averaged metric from its eight second moments, and its degrees of freedom.

Readers, diseased and non-diseased cases are random. The U-statistic takes each moment from the
reads that it is about; the V-statistic from all of them, as if reads were drawn anew from those
there are (the bootstrap without its noise).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray
    from clinval.stats.reader_study._pair_moments import PairSums

__all__ = ["COMPONENTS", "Moments", "degrees_of_freedom", "moments"]

COMPONENTS = ("N", "D", "ND", "R", "NR", "DR", "RND")  # non-diseased, diseased, reader
_ROUNDING = 1e-15  # of a sum of eight numbers between 0 and 1

# Kernels that share exactly what a moment asks for, from those that share at least that.
_EXACTLY = np.array(
    [
        [1, 0, 0, 0, 0, 0, 0, 0],
        [-1, 1, 0, 0, 0, 0, 0, 0],
        [-1, 0, 1, 0, 0, 0, 0, 0],
        [1, -1, -1, 1, 0, 0, 0, 0],
        [-1, 0, 0, 0, 1, 0, 0, 0],
        [1, -1, 0, 0, -1, 1, 0, 0],
        [1, 0, -1, 0, -1, 0, 1, 0],
        [-1, 1, 1, -1, 1, -1, -1, 1],
    ],
    dtype=np.float64,
)
# Components in order of COMPONENTS as sums of moments.
_COMPONENTS = np.array(
    [
        [0, 0, 0, 0, 0, 0, 1, -1],
        [0, 0, 0, 0, 0, 1, 0, -1],
        [0, 0, 0, 0, 1, -1, -1, 1],
        [0, 0, 0, 1, 0, 0, 0, -1],
        [0, 0, 1, -1, 0, 0, -1, 1],
        [0, 1, 0, -1, 0, -1, 0, 1],
        [1, -1, -1, 1, -1, 1, 1, -1],
    ],
    dtype=np.float64,
)
# Coefficients of kernels that share the non-diseased case, the diseased one, the reader.
_SHARING = np.array(
    [[1, 0, 1, 0, 1, 0, 1, 0], [1, 1, 0, 0, 1, 1, 0, 0], [1, 1, 1, 1, 0, 0, 0, 0]],
    dtype=np.float64,
)
_MAIN = [COMPONENTS.index(name) for name in ("N", "D", "R")]


class Moments(NamedTuple):
    """Moments 1-8 of a pair of modalities, NaN where no reads are about one.

    ``product`` is the product of the two means, from which the moments are counted.
    """

    unbiased: FloatArray
    biased: FloatArray
    coefficients: FloatArray
    product: float

    def covariance(self, *, unbiased: bool) -> float:
        """Return the covariance of the two means, NaN where a moment it needs is."""
        needed = self.coefficients != 0
        chosen = self.unbiased if unbiased else self.biased
        # the coefficients sum to 0: equal kernels have a variance of exactly 0
        total = float(self.coefficients[needed] @ (chosen[needed] - self.product))
        return 0.0 if abs(total) < _ROUNDING else total

    def components(self, *, unbiased: bool) -> FloatArray:
        """Return the components of variance in order of ``COMPONENTS``, NaN where there is none."""
        chosen = self.unbiased if unbiased else self.biased
        parts = np.where(_COMPONENTS == 0, 0.0, _COMPONENTS * chosen).sum(axis=1)
        return np.where(np.abs(parts) < _ROUNDING, 0.0, parts)


def moments(sums: PairSums) -> Moments:
    """Return the moments of two modalities and their coefficients in the variance."""
    counts = _EXACTLY @ sums.denominators
    every = sums.denominators[7]
    with np.errstate(divide="ignore", invalid="ignore"):
        unbiased = np.where(counts > 0, _EXACTLY @ sums.numerators / counts, np.nan)
        biased = np.where(sums.denominators > 0, sums.numerators / sums.denominators, np.nan)
        coefficients = counts / every
    coefficients[7] -= 1
    return Moments(unbiased, biased, coefficients, float(biased[7]))


def degrees_of_freedom(variance: float, of: list[Moments], cross: Moments | None = None) -> float:
    """Return the degrees of freedom of the variance of a mean, or of a difference of two.

    Each random factor adds its V-statistic component, to the power of its own degrees of freedom;
    the result is never below the smallest of them. Infinite where no factor adds anything.
    """
    main = np.sum([np.nan_to_num(one.components(unbiased=False))[_MAIN] for one in of], axis=0)
    if cross is not None:
        main = main - 2 * np.nan_to_num(cross.components(unbiased=False))[_MAIN]
    by_factor = np.min([np.round(1 / (_SHARING @ one.coefficients) - 1) for one in of], axis=0)
    adds = np.abs(main) > _ROUNDING
    if (by_factor[adds] <= 0).any():
        return 0.0
    total = float(np.sum(main[adds] ** 2 / by_factor[adds] ** 3))
    found = variance**2 / total if total else math.inf
    return max(found, float(by_factor.min()))
