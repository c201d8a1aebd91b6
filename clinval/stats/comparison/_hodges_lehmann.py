"""Hodges and Lehmann's estimates with exact rank tests, for pairs and independent samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._rank_null import (
    doubled_midranks,
    order_statistic,
    rank_sum,
    signed_rank,
    tied_rank_sum,
    two_sided,
)

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["HodgesLehmann", "independent", "paired"]

_MOST_TIED_PAIRS = 40_000  # 200 in each arm: seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class HodgesLehmann(Estimate):
    """A median of differences with its exact interval and the rank test of no difference.

    ``coverage`` is what the interval covers without ties: at least ``level`` where enough
    values were observed, less where they are too few to reach it.
    """

    statistic: float | None = None
    p_value: float | None = None
    coverage: float | None = None


def paired(method: str, values: FloatArray, rounding: float, level: float) -> HodgesLehmann:
    """Return the median of the Walsh averages of differences.

    Parameters
    ----------
    method
        Name of the public function.
    values
        Differences of the pairs.
    rounding
        Differences no further apart than this are tied, and those no further from 0 are 0.
    level
        Two-sided level, checked.
    """
    n = len(values)
    if n == 0:
        return HodgesLehmann(
            method=method, estimate=None, level=level, n=0, undefined=True, reason="no pair"
        )
    averages = np.sort((values[:, None] + values)[np.tri(n, dtype=bool)] / 2)
    untied = signed_rank(np.arange(1, n + 1))
    c, coverage = order_statistic(untied, level)
    sizes = np.abs(values)
    ranks = doubled_midranks(_tie_groups(sizes, rounding))
    observed = int(ranks[values > rounding].sum())
    signs = signed_rank(ranks[sizes > rounding])
    return HodgesLehmann(
        method=method,
        estimate=float(np.median(averages)),
        ci_low=float(averages[c - 1]),
        ci_high=float(averages[-c]),
        level=level,
        n=n,
        statistic=observed / 2,
        p_value=two_sided(signs, min(observed, len(signs) - 1 - observed)),
        coverage=coverage,
    )


def _tie_groups(values: FloatArray, rounding: float) -> IntArray:
    """Return 0, 1, ... in the order of the values, the same for those that are tied."""
    order = np.argsort(values)
    codes = np.empty(len(values), dtype=np.intp)
    codes[order] = np.cumsum(np.diff(values[order], prepend=values[order[:1]]) > rounding)
    return codes


def independent(
    method: str, test: FloatArray, reference: FloatArray, level: float
) -> HodgesLehmann:
    """Return the median of all differences between two samples."""
    m, n = len(test), len(reference)
    if min(m, n) == 0:
        return HodgesLehmann(
            method=method,
            estimate=None,
            level=level,
            n=m + n,
            undefined=True,
            reason="an arm has no subject",
        )
    differences = np.sort((test[:, None] - reference).ravel())
    untied = rank_sum(m, n)
    c, coverage = order_statistic(untied, level)
    distinct, codes = np.unique(np.concatenate([test, reference]), return_inverse=True)
    in_test = np.bincount(codes[:m], minlength=len(distinct))
    in_reference = np.bincount(codes[m:], minlength=len(distinct))
    below = np.cumsum(in_reference) - in_reference
    observed = int((in_test * (2 * below + in_reference)).sum())
    # the arm that wins less often, so that only the lower half is needed
    fewer = min(observed, 2 * m * n - observed)
    p_value = None
    if len(distinct) == m + n:
        p_value = two_sided(untied, fewer // 2)
    elif m * n <= _MOST_TIED_PAIRS:
        arms = (in_test, in_reference) if fewer == observed else (in_reference, in_test)
        p_value = two_sided(tied_rank_sum(*arms, fewer), fewer)
    return HodgesLehmann(
        method=method,
        estimate=float(np.median(differences)),
        ci_low=float(differences[c - 1]),
        ci_high=float(differences[-c]),
        level=level,
        n=m + n,
        statistic=observed / 2,
        p_value=p_value,
        coverage=coverage,
        undefined=p_value is None,
        reason="too many tied values for an exact p value" if p_value is None else "",
    )
