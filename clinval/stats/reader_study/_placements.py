"""Placement values of many curves at once: over the last axis of arrays with leading axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["Placed", "binary", "pair_products", "placements"]

_PAIRS = 2**22  # four times as many is the last whole number that single precision holds
_NUMBERS = 100_000
_NARROW = 2**29  # twice so many are counted in 32 bits


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
    ill = order < n1
    order += (np.arange(rows) * n)[:, None]
    ordered = pooled.ravel()[order]
    first = np.ones((rows, n), dtype=np.bool_)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=first[:, 1:])
    # reads of the classes before each place, over all curves in a row
    kind = np.dtype(np.int32 if rows * n < _NARROW else np.int64)
    ills, reads = np.zeros(rows * n + 1, dtype=kind), np.arange(rows * n + 1, dtype=kind)
    missing = np.isnan(pooled)
    gaps = bool(missing.any())
    if gaps:
        read = ~missing.ravel()[order]
        ill &= read
        np.cumsum(read, out=reads[1:])
    np.cumsum(ill, out=ills[1:])
    edge = np.arange(rows + 1) * n
    m, k = np.diff(ills[edge])[:, None], np.diff(reads[edge])[:, None]
    k -= m
    # twice the cases of the other class below a diseased, or above a non-diseased case
    if first.all():
        twice_ill, twice_read = ills[:-1] + ills[1:], reads[:-1] + reads[1:]
    else:
        start = np.flatnonzero(first)
        end = np.append(start[1:], rows * n)
        sizes = end - start
        twice_ill = np.repeat(ills[start] + ills[end], sizes)
        twice_read = np.repeat(reads[start] + reads[end], sizes)
    ill_before, read_before = ills[edge[:-1], None], reads[edge[:-1], None]
    twice_ill = twice_ill.reshape(rows, n) - 2 * ill_before
    twice_read = twice_read.reshape(rows, n) - 2 * read_before
    other = np.empty(rows * n, dtype=kind)
    # for the diseased twice_read - twice_ill, for the others 2 m - twice_ill
    other[order] = 2 * m - twice_ill + ill * (twice_read - 2 * m)
    counts = other.reshape(rows, n)
    if gaps:
        counts[missing] = 0
    with np.errstate(invalid="ignore", divide="ignore"):
        area = counts[:, :n1].sum(axis=-1) / (2.0 * m * k)[:, 0]
        v10, v01 = counts[:, :n1] / (2.0 * k), counts[:, n1:] / (2.0 * m)
    if gaps:
        v10[missing[:, :n1]] = np.nan
        v01[missing[:, n1:]] = np.nan
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
        block, so that they stay in the memory next to the processor.
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
        # no product of matrices: the threads of a library cost more than they save
        total += np.einsum("...ap,...bp->...ab", twice, twice)
    return total / 4
