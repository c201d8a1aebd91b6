"""Partial areas of every reader and modality, with all cases and without each case in turn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats.accuracy._placements import tie_groups

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["partial_areas"]


def partial_areas(
    diseased: FloatArray, nondiseased: FloatArray, fpr_max: float
) -> tuple[FloatArray, FloatArray]:
    """Return areas up to a false positive rate, and those without each case.

    Parameters
    ----------
    diseased, nondiseased
        Scores of shape (..., n1) and (..., n0), NaN where there is no read.
    fpr_max
        The largest false positive rate; the area is not divided by it.

    Returns
    -------
    tuple of FloatArray
        Shapes (...) and (..., n1 + n0), first the diseased cases; the area itself where there is
        no read of the case, NaN without a case of a class.
    """
    lead = diseased.shape[:-1]
    pooled = np.concatenate([diseased, nondiseased], axis=-1)
    ill = np.arange(pooled.shape[-1]) < diseased.shape[-1]
    rows = pooled.reshape(math.prod(lead), pooled.shape[-1])
    theta, left_out = np.full(len(rows), np.nan), np.full(rows.shape, np.nan)
    for place, row in enumerate(rows):
        read = ~np.isnan(row)
        # from the highest score down, as the curve rises
        order, sizes, m, n = tie_groups(ill[read], -row[read])
        if not (m.any() and n.any()):
            continue
        curve = _Curve(m, n)
        theta[place] = curve.area(fpr_max)
        group = np.repeat(np.arange(len(sizes)), sizes)
        without = np.empty(len(order))
        without[order] = np.where(
            ill[read][order],
            curve.without_diseased(fpr_max)[group],
            curve.without_nondiseased(fpr_max)[group],
        )
        left_out[place] = theta[place]
        left_out[place, read] = without
    return theta.reshape(lead), left_out.reshape(pooled.shape)


class _Curve:
    """The empirical curve over counts of false positives, one segment a tied group.

    ``m`` and ``n`` count the diseased and the non-diseased of each group, the highest score first.
    """

    def __init__(self, m: IntArray, n: IntArray) -> None:
        self.m, self.n = int(m.sum()), int(n.sum())
        self.width = n.astype(np.float64)
        self.end = np.cumsum(self.width)
        self.start = self.end - self.width
        above = np.cumsum(m)
        self.low, self.high = (above - m) / self.m, above / self.m
        under = self.width * (self.low + self.high) / 2
        self.under_end = np.cumsum(under)
        self.under_start = self.under_end - under

    def under(self, count: float) -> float:
        """Return the integral of the sensitivity from 0 to a count of false positives."""
        k = min(int(np.searchsorted(self.end, count)), len(self.end) - 1)
        inside, width = count - self.start[k], self.width[k]
        rise = (self.high[k] - self.low[k]) / width if width else 0.0
        return float(self.under_start[k] + inside * self.low[k] + rise * inside**2 / 2)

    def area(self, fpr_max: float) -> float:
        """Return the area up to a false positive rate."""
        return self.under(fpr_max * self.n) / self.n

    def without_diseased(self, fpr_max: float) -> FloatArray:
        """Return the area without one diseased case of each group, NaN without another.

        The case adds to the area the share of the false positive rates at which it is positive.
        """
        if self.m == 1:
            return np.full(self.width.shape, np.nan)
        bound = fpr_max * self.n
        inside = np.clip(bound - self.start, 0, self.width)
        part = np.divide(
            inside**2, 2 * self.width, out=np.zeros(self.width.shape), where=self.width > 0
        )
        gained = (np.maximum(bound - self.end, 0) + part) / self.n
        area: FloatArray = (self.m * self.area(fpr_max) - gained) / (self.m - 1)
        return area

    def without_nondiseased(self, fpr_max: float) -> FloatArray:
        """Return the area without one non-diseased case of each group, NaN without another.

        The segment of the group is shorter by one count, and what follows comes one count sooner.
        """
        if self.n == 1:
            return np.full(self.width.shape, np.nan)
        bound = fpr_max * (self.n - 1)
        width = self.width - 1
        beyond = (
            self.under_start
            + width * (self.low + self.high) / 2
            + (self.under(bound + 1) - self.under_end)
        )
        inside = bound - self.start
        rise = np.divide(self.high - self.low, width, out=np.zeros(width.shape), where=width > 0)
        within = self.under_start + inside * self.low + rise * inside**2 / 2
        before = np.full(width.shape, self.under(bound))
        area = np.where(inside <= 0, before, np.where(inside >= width, beyond, within))
        return area / (self.n - 1)
