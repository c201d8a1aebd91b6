"""Placement values of many curves at once: over the last axis of arrays with leading axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["Placed", "binary", "pair_products", "placements"]

_PAIRS = 2**22  # four times as many is the last whole number that single precision holds
_NUMBERS = 4_000_000


class Placed(NamedTuple):
    """What each case adds to an estimate, and the estimate.

    Attributes
    ----------
    diseased
        Shape (..., n1): V10 of each diseased case, NaN where there is no read.
    nondiseased
        Shape (..., n0): V01 of each non-diseased case, NaN where there is no read.
    estimate
        Shape (...): their mean; NaN where there is no read of a class.
    """

    diseased: FloatArray
    nondiseased: FloatArray
    estimate: FloatArray


def placements(diseased: FloatArray, nondiseased: FloatArray) -> Placed:
    """Return the placement values and areas of curves, ties counting half.

    Parameters
    ----------
    diseased, nondiseased
        Scores, shapes (..., n1) and (..., n0) with the same leading axes; NaN where there is no
        read, minus infinity is a score as any other.

    Notes
    -----
    One sort of the pooled scores of each curve. Twice the counts are whole numbers, so that an
    area of 1 is exactly 1.
    """
    lead, n1, n0 = diseased.shape[:-1], diseased.shape[-1], nondiseased.shape[-1]
    rows, n = math.prod(lead), n1 + n0
    pooled = np.concatenate([diseased, nondiseased], axis=-1).reshape(rows, n)
    order = np.argsort(pooled, axis=-1)
    ordered = np.take_along_axis(pooled, order, axis=-1)
    first = np.ones((rows, n), dtype=np.bool_)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=first[:, 1:])
    read = ~np.isnan(ordered)
    ill = order < n1
    if not read.all():
        ill &= read
    # counts of the classes before each place, over all curves in a row
    ills = np.zeros(rows * n + 1, dtype=np.intp)
    np.cumsum(ill, out=ills[1:])
    reads = np.arange(rows * n + 1)
    if not read.all():
        np.cumsum(read, out=reads[1:])
    start = np.flatnonzero(first)
    end = np.append(start[1:], rows * n)
    edge = np.arange(rows + 1) * n
    curve = start // n if n else start
    ill_before, read_before = ills[edge], reads[edge]
    m = np.diff(ill_before)
    k = np.diff(read_before) - m
    twice_ill = ills[start] + ills[end] - 2 * ill_before[curve]
    twice_well = reads[start] + reads[end] - 2 * read_before[curve] - twice_ill
    sizes = end - start
    below = np.empty((rows, n), dtype=np.intp)
    np.put_along_axis(below, order, np.repeat(twice_well, sizes).reshape(rows, n), axis=-1)
    beneath = np.empty((rows, n), dtype=np.intp)
    np.put_along_axis(beneath, order, np.repeat(twice_ill, sizes).reshape(rows, n), axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        v10 = below[:, :n1] / (2.0 * k[:, None])
        v01 = 1 - beneath[:, n1:] / (2.0 * m[:, None])
        missing = np.isnan(pooled)
        if missing.any():
            below[missing] = 0
            v10[missing[:, :n1]] = np.nan
            v01[missing[:, n1:]] = np.nan
        area = below[:, :n1].sum(axis=-1) / (2.0 * m * k)
    return Placed(v10.reshape(*lead, n1), v01.reshape(*lead, n0), area.reshape(lead))


def binary(diseased: FloatArray, nondiseased: FloatArray, threshold: float, metric: str) -> Placed:
    """Return a sensitivity or specificity at a threshold as the mean of 0 and 1 of its class.

    The arrays are those of :func:`placements`; a score at the threshold is positive. The class
    that has no part in the metric has no last axis: its array has shape (..., 0).
    """
    scores = diseased if metric == "sensitivity" else nondiseased
    met = scores >= threshold if metric == "sensitivity" else scores < threshold
    value = np.where(np.isnan(scores), np.nan, met)
    read = np.sum(~np.isnan(scores), axis=-1)
    total = np.nansum(value, axis=-1)
    mean = np.divide(total, read, out=np.full(total.shape, np.nan), where=read > 0)
    none = np.empty((*mean.shape, 0))
    return Placed(value, none, mean) if metric == "sensitivity" else Placed(none, value, mean)


def pair_products(diseased: FloatArray, nondiseased: FloatArray) -> FloatArray:
    """Return the sums over pairs of cases of psi_a psi_b, for every two curves a and b.

    Parameters
    ----------
    diseased, nondiseased
        Scores, shapes (..., curves, n1) and (..., curves, n0); a pair that one of the two curves
        lacks (NaN) adds nothing.

    Returns
    -------
    FloatArray
        Shape (..., curves, curves), exact: psi is 1, 1/2 or 0. Diseased cases are taken block by
        block, so that memory stays within that of the scores or some millions of numbers.
    """
    lead, curves = diseased.shape[:-2], diseased.shape[-2]
    n1, n0 = diseased.shape[-1], nondiseased.shape[-1]
    total = np.zeros((*lead, curves, curves))
    if not n1 * n0:
        return total
    # four times the products of a block are whole numbers that single precision holds
    width = min(_PAIRS // n0, _NUMBERS // (n0 * curves * math.prod(lead)), n1)
    width = max(width, 1)
    y = nondiseased[..., None, :]
    for start in range(0, n1, width):
        x = diseased[..., start : start + width, None]
        twice = np.add(x > y, x >= y, dtype=np.float32).reshape(*lead, curves, -1)
        total += twice @ np.swapaxes(twice, -1, -2)
    return total / 4
