"""Intervals of rows that are clustered in subjects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clinval.core.results import Estimate

__all__ = ["NO_WIDTH", "with_width"]

NO_WIDTH = "the clusters do not differ"
"""Why clusters have no interval."""


def with_width(result: Estimate, least: float = 0.0) -> Estimate:
    """Return the estimate of clusters without an interval that has no width.

    Clusters that all succeed, or all fail, show no variance: their limits would be the estimate
    itself, and any goal beside it would be reached by two subjects. A width of no more than
    ``least`` is none.
    """
    low, high = result.ci_low, result.ci_high
    if low is None or high is None or high - low > least:
        return result
    return replace(result, ci_low=None, ci_high=None, undefined=True, reason=NO_WIDTH)
