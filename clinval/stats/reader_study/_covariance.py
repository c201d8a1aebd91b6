"""Covariance matrices of the estimates of all readers and modalities.

A covariance has the shape (..., curves, curves) with curves = modalities x readers: modality 1
with its readers first, then modality 2. Where a reader has no estimate in a modality, or a
covariance has no value, there is NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clinval.stats.reader_study._placements import Placed, pair_products, placements

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = [
    "Estimates",
    "clustered",
    "delong",
    "jackknife",
    "jackknife_of",
    "unbiased",
    "unknown",
    "without_each_case",
]


class Estimates(NamedTuple):
    """Estimates and their covariance.

    Attributes
    ----------
    theta
        Shape (..., modalities, readers).
    covariance
        Shape (..., modalities x readers, modalities x readers), modality by modality.
    """

    theta: FloatArray
    covariance: FloatArray


def delong(placed: Placed) -> Estimates:
    """Return S = cov(V10)/N1 + cov(V01)/N0 of a crossed study (sample covariances).

    Parameters
    ----------
    placed
        Of arrays of shape (..., modalities, readers, cases) without a missing read, by
        :func:`clinval.stats.reader_study._placements.placements` or ``binary``.
    """
    curves = placed.estimate.shape[-2] * placed.estimate.shape[-1]
    total = np.zeros((*placed.estimate.shape[:-2], curves, curves))
    for values in (placed.diseased, placed.nondiseased):
        n = values.shape[-1]
        if n:
            apart = _curves(values - placed.estimate[..., None])
            with np.errstate(invalid="ignore", divide="ignore"):
                total += _products(apart, apart) / np.float64(n * (n - 1))
    return Estimates(placed.estimate, total)


def jackknife(placed: Placed) -> Estimates:
    """Return the jackknife covariance over cases of means of placement values, for any design.

    Parameters
    ----------
    placed
        As for :func:`without_each_case`.
    """
    return jackknife_of(placed.estimate, without_each_case(placed))


def without_each_case(placed: Placed) -> FloatArray:
    """Return means of placement values without each case in turn, as ``jackknife_of`` takes them.

    Parameters
    ----------
    placed
        Of arrays of shape (..., modalities, readers, cases), NaN where there is no read. The
        classes that have a last axis are the cases that are left out in turn.

    Notes
    -----
    An area without a case of placement value V is (N A - V)/(N - 1), N cases of its class: no
    curve is computed again, and the cost is that of DeLong's covariance.
    """
    left_out = []
    for values in (placed.diseased, placed.nondiseased):
        read = ~np.isnan(values)
        others = np.sum(read, axis=-1, keepdims=True) - 1
        theta = placed.estimate[..., None]
        with np.errstate(invalid="ignore", divide="ignore"):
            left_out.append(np.where(read, theta + (theta - values) / others, theta))
    return np.concatenate(left_out, axis=-1)


def jackknife_of(theta: FloatArray, left_out: FloatArray) -> Estimates:
    """Return the jackknife covariance of any estimates.

    Parameters
    ----------
    theta
        Estimates from all cases, shape (..., modalities, readers).
    left_out
        Estimates without each case in turn, shape (..., modalities, readers, cases left out); the
        estimate itself where the reader has no read of the case.

    Notes
    -----
    (n - 1)/n sum of products of deviations from their mean, n the cases that are left out (of the
    whole study, whoever read them): all for an area, the diseased for a sensitivity.
    """
    cases = left_out.shape[-1]
    if not cases:
        return unknown(theta)
    apart = _curves(left_out - left_out.mean(axis=-1, keepdims=True))
    return Estimates(theta, (cases - 1) / cases * _products(apart, apart))


def unbiased(diseased: FloatArray, nondiseased: FloatArray) -> Estimates:
    """Return the unbiased covariance of areas, for any design.

    Parameters
    ----------
    diseased, nondiseased
        Scores of shape (..., modalities, readers, cases of the class), NaN without a read.
    """
    placed = placements(diseased, nondiseased)
    x, y = _curves(diseased), _curves(nondiseased)
    has1, has0 = (~np.isnan(scores) for scores in (x, y))
    n1, n0 = (has.sum(axis=-1).astype(np.float64) for has in (has1, has0))
    m1, m0 = (_products(has, has) for has in (has1.astype(np.float64), has0.astype(np.float64)))
    by_diseased = np.where(has1, _curves(placed.diseased), 0.0) * n0[..., None]
    by_nondiseased = np.where(has0, _curves(placed.nondiseased), 0.0) * n1[..., None]
    total = by_diseased.sum(axis=-1)
    one1, one0, sums = (_outer(values) for values in (n1, n0, total))
    pairs = one1 * one0
    shared = (
        _products(by_diseased, by_diseased)
        + _products(by_nondiseased, by_nondiseased)
        - pair_products(x, y)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        delta = pairs / (pairs - one1 * m0 - one0 * m1 + m0 * m1)
        covariance = ((1 - delta) * sums + delta * shared) / pairs
    covariance[~np.isfinite(covariance)] = np.nan
    return Estimates(placed.estimate, covariance)


def clustered(placed: Placed, clusters: tuple[IntArray, IntArray]) -> Estimates:
    """Return Obuchowski's covariance for cases (targets) that come in clusters (patients).

    Parameters
    ----------
    placed
        As for :func:`jackknife`.
    clusters
        Code of the cluster of each diseased and of each non-diseased case.

    Notes
    -----
    With X_g and Y_g the sums of a cluster over V10 - A and V01 - A, the sums of squares and of
    products of X/N1 and Y/N0 over clusters, each with its g/(g - 1). In a study that is not
    crossed every curve has the number of clusters that its reader has read.
    """
    groups = max((int(codes.max(initial=-1)) for codes in clusters), default=-1) + 1
    sums, held = [], []
    for values, codes in zip((placed.diseased, placed.nondiseased), clusters, strict=True):
        if not values.shape[-1]:
            continue
        read = ~np.isnan(_curves(values))
        apart = np.where(read, _curves(values - placed.estimate[..., None]), 0.0)
        n = read.sum(axis=-1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            sums.append(_by_cluster(apart, codes, groups) / n)
        held.append(_by_cluster(read.astype(np.float64), codes, groups) > 0)
    if not sums:
        return unknown(placed.estimate)
    total = np.zeros((*sums[0].shape[:-1], sums[0].shape[-2]))
    for one, has in zip(sums, held, strict=True):
        scaled = one * _inflation(has)
        total = total + _products(scaled, scaled)
    if len(sums) == 2:  # both classes have a part in the metric
        inflation = _inflation(held[0] | held[1])
        first, second = (one * inflation for one in sums)
        total = total + _products(first, second) + _products(second, first)
    total = np.where(np.isfinite(total), total, np.nan)
    return Estimates(placed.estimate, total)


def unknown(theta: FloatArray) -> Estimates:
    """Return estimates whose covariance is not known."""
    curves = theta.shape[-2] * theta.shape[-1]
    return Estimates(theta, np.full((*theta.shape[:-2], curves, curves), np.nan))


def _inflation(held: np.ndarray) -> FloatArray:
    """Return the root of g/(g - 1) of each curve, NaN with a single cluster."""
    g = held.sum(axis=-1, keepdims=True).astype(np.float64)
    root: FloatArray = np.sqrt(np.divide(g, g - 1, out=np.full(g.shape, np.nan), where=g > 1))
    return root


def _by_cluster(values: FloatArray, codes: IntArray, groups: int) -> FloatArray:
    """Return the sums over the last axis of each cluster, shape (..., groups)."""
    order = np.argsort(codes, kind="stable")
    present, start = np.unique(codes[order], return_index=True)
    sums = np.zeros((*values.shape[:-1], groups))
    sums[..., present] = np.add.reduceat(values[..., order], start, axis=-1)
    return sums


def _curves(values: FloatArray) -> FloatArray:
    """Join the axes of modality and reader: (..., I, J, n) becomes (..., I J, n)."""
    i, j, n = values.shape[-3:]
    return values.reshape(*values.shape[:-3], i * j, n)


def _products(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the sums of products of every two rows.

    Not a product of matrices: the threads of a library cost more than they save.
    """
    products: FloatArray = np.einsum("...an,...bn->...ab", first, second)
    return products


def _outer(values: FloatArray) -> FloatArray:
    outer: FloatArray = values[..., :, None] * values[..., None, :]
    return outer
