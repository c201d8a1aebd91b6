"""Partial areas of every reader and modality, with all cases and without each case in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clinval.stats.accuracy._placements import tie_groups
from clinval.stats.accuracy._roc_areas import Part, areas

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["partial_areas"]

_CELLS_AT_A_TIME = 1_000_000


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
    rows = pooled.reshape(-1, pooled.shape[-1])
    part = Part("specificity", 1 - fpr_max, 1.0, corrected=False)
    theta, left_out = np.full(len(rows), np.nan), np.full(rows.shape, np.nan)
    for place, row in enumerate(rows):
        read = ~np.isnan(row)
        order, sizes, m, n = tie_groups(ill[read], row[read])
        if not (m.any() and n.any()):
            continue
        theta[place] = areas(m[None, ::-1], n[None, ::-1], part)[0]
        without = np.empty(len(order))
        group = np.repeat(np.arange(len(sizes)), sizes)
        of_ill = ill[read][order]
        without[order] = np.where(
            of_ill, _without_one(m, n, part)[group], _without_one(n, m, part, turned=True)[group]
        )
        left_out[place] = theta[place]
        left_out[place, read] = without
    return theta.reshape(lead), left_out.reshape(pooled.shape)


def _without_one(
    counts: IntArray, others: IntArray, part: Part, *, turned: bool = False
) -> FloatArray:
    """Return the areas without one case of each tied group; NaN for groups without such a case.

    ``counts`` are those of the class that loses a case: the diseased, or with ``turned`` the
    non-diseased.
    """
    groups = np.flatnonzero(counts)
    found = np.full(len(counts), np.nan)
    if counts.sum() < 2:  # no area is left without the only case of a class
        return found
    width = max(1, _CELLS_AT_A_TIME // len(counts))
    for start in range(0, len(groups), width):
        chosen = groups[start : start + width]
        fewer = np.repeat(counts[None, ::-1], len(chosen), axis=0)
        fewer[np.arange(len(chosen)), len(counts) - 1 - chosen] -= 1
        same = np.broadcast_to(others[::-1], fewer.shape)
        found[chosen] = areas(same, fewer, part) if turned else areas(fewer, same, part)
    return found
