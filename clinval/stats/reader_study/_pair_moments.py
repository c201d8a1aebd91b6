"""Sums over pairs of reads from which the variance of a reader-averaged area is made.

The kernel of a diseased and a non-diseased case read by one reader is 1, 1/2 or 0 for the order
of their scores (area under the ROC curve), or whether the one case was called right (sensitivity,
specificity). A variance of its mean over readers and cases is a weighted sum of eight second
moments: of two kernels that share a reader or not, the non-diseased case or not, the diseased
case or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clinval.stats.reader_study._placements import placements

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["Kernels", "PairSums", "kernels", "pair_sums"]

_CHUNK = 1 << 18  # kernels of a modality held at a time: what a processor keeps near


class Kernels(NamedTuple):
    """Twice the kernels' sums, so that they are whole numbers, and which reads there are.

    ``rows`` (modality, reader, diseased case) has sums over the non-diseased cases of the same
    reader, ``columns`` (modality, reader, non-diseased case) over the diseased ones; 0 where
    there is no read. ``same`` and ``any`` (modality, modality) are sums of products of two
    kernels of the same two cases, by the same reader and by any two readers; of the pairs of
    modalities that were asked for.
    """

    rows: FloatArray
    columns: FloatArray
    read_diseased: NDArray[np.bool_]
    read_nondiseased: NDArray[np.bool_]
    same: FloatArray
    any: FloatArray

    @property
    def sums(self) -> FloatArray:
        """The sum of the doubled kernels of each modality and reader."""
        return np.asarray(self.rows.sum(axis=-1))

    @property
    def pairs(self) -> FloatArray:
        """How many pairs of a diseased and a non-diseased read each modality and reader has."""
        diseased, nondiseased = (
            np.count_nonzero(read, axis=-1) for read in (self.read_diseased, self.read_nondiseased)
        )
        return np.asarray(diseased * nondiseased, dtype=np.float64)


class PairSums(NamedTuple):
    """Numerators and denominators of the moments 1-8 of two modalities, in that order.

    The first four are sums over the reads of one reader each, the last four over all pairs of
    readers; of the four, two kernels share both cases, the diseased one, the non-diseased one, or
    need share neither.
    """

    numerators: FloatArray
    denominators: FloatArray


def kernels(
    diseased: FloatArray,
    nondiseased: FloatArray,
    metric: str,
    threshold: float,
    pairs: Collection[tuple[int, int]],
) -> Kernels:
    """Return the sums of kernels from scores (modality, reader, case), NaN where not read."""
    read = ~np.isnan(diseased), ~np.isnan(nondiseased)
    if metric == "auc":
        return _by_order(diseased, nondiseased, read, pairs)
    first, second = (array.astype(np.float64) for array in read)
    if metric == "sensitivity":
        first = np.where(diseased >= threshold, 2.0, 0.0)  # NaN is neither
    else:
        second = np.where(nondiseased < threshold, 2.0, 0.0)
    # a kernel of two cases is a product of one for each
    rows = first * second.sum(axis=-1, keepdims=True)
    columns = second * first.sum(axis=-1, keepdims=True)
    same, any_ = np.zeros((2, len(diseased), len(diseased)))
    for a, b in pairs:
        products = _by_readers(first[a], first[b]) * _by_readers(second[a], second[b])
        same[a, b], any_[a, b] = np.trace(products), products.sum()
    return Kernels(rows, columns, *read, same, any_)


def _by_order(
    diseased: FloatArray,
    nondiseased: FloatArray,
    read: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    pairs: Collection[tuple[int, int]],
) -> Kernels:
    """Return the sums of the kernel that orders two scores."""
    placed = placements(diseased, nondiseased)
    n = [np.count_nonzero(one, axis=-1, keepdims=True) for one in read]
    # without a read, or without one of the other class, there is no kernel to sum
    rows = np.nan_to_num(np.rint(2 * placed.diseased * n[1]))
    columns = np.nan_to_num(np.rint(2 * placed.nondiseased * n[0]))
    modalities, readers, _ = diseased.shape
    same, any_ = np.zeros((2, modalities, modalities))
    ranks = _ranks(diseased, nondiseased)
    step = max(1, _CHUNK // max(1, nondiseased.shape[-1]))
    for start in range(0, diseased.shape[-1], step):
        x, y = ranks[0][..., start : start + step, None], ranks[1][..., None, :]
        total = np.zeros(np.broadcast_shapes(x[:, 0].shape, y[:, 0].shape), _counter(readers))
        for reader in range(readers):
            above, level = x[:, reader] > y[:, reader], x[:, reader] >= y[:, reader]
            total += above.view(np.uint8)  # both are true: 2; one: 1
            total += level.view(np.uint8)
            for a, b in pairs:
                same[a, b] += sum(
                    np.count_nonzero(one[a] & other[b])
                    for one in (above, level)
                    for other in (above, level)
                )
        whole = total.astype(np.float64)
        for a, b in pairs:
            any_[a, b] += np.sum(whole[a] * whole[b])
    return Kernels(rows, columns, *read, same, any_)


def _ranks(diseased: FloatArray, nondiseased: FloatArray) -> tuple[IntArray, IntArray]:
    """Return small whole numbers in the order of the scores; what is not read wins nothing."""
    values = np.unique(np.concatenate([diseased.ravel(), nondiseased.ravel()]))
    largest = len(values) + 1
    kind = np.min_scalar_type(-largest)
    x, y = (np.searchsorted(values, scores).astype(kind) for scores in (diseased, nondiseased))
    x[np.isnan(diseased)], y[np.isnan(nondiseased)] = -1, largest
    return x, y


def _counter(readers: int) -> np.dtype[np.unsignedinteger]:
    """Return the smallest kind of number that counts to twice the readers."""
    return np.min_scalar_type(2 * readers)


def pair_sums(of: Kernels, a: int, b: int) -> PairSums:
    """Return the sums of products of the kernels of two modalities."""
    diseased, nondiseased = (
        read.astype(np.float64) for read in (of.read_diseased, of.read_nondiseased)
    )
    # cases that two readers have both read
    shared_diseased = _by_readers(diseased[a], diseased[b])
    shared_nondiseased = _by_readers(nondiseased[a], nondiseased[b])
    n_diseased, n_nondiseased = diseased.sum(axis=-1), nondiseased.sum(axis=-1)
    counts = (
        shared_diseased * shared_nondiseased,
        shared_diseased * np.multiply.outer(n_nondiseased[a], n_nondiseased[b]),
        shared_nondiseased * np.multiply.outer(n_diseased[a], n_diseased[b]),
        np.multiply.outer(of.pairs[a], of.pairs[b]),
    )
    products = [
        (np.sum(part[a] * part[b]), np.sum(part[a].sum(axis=0) * part[b].sum(axis=0)))
        for part in (of.rows, of.columns, of.sums)
    ]
    numerators = [
        of.same[a, b],
        *(one for one, _ in products),
        of.any[a, b],
        *(every for _, every in products),
    ]
    denominators = [*(np.trace(count) for count in counts), *(count.sum() for count in counts)]
    return PairSums(np.array(numerators) / 4, np.array(denominators))


def _by_readers(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the sums of products over the cases of each two readers."""
    return np.asarray(np.einsum("jk,lk->jl", first, second))
