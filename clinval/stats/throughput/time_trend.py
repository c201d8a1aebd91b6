"""Times before and after a change, with what else changes over time: trend, case mix, learning.

Times are compared as ratios of geometric means. Examinations of one day are not independent, so
days differ at random in every model; degrees of freedom are those of Kenward and Roger.
"""

from __future__ import annotations

from clinval.stats.throughput._centers_pooled import (
    PooledSeries,
    difference_in_differences_two_stage,
    interrupted_series_two_stage,
)
from clinval.stats.throughput._interrupted import InterruptedSeries, interrupted_series
from clinval.stats.throughput._learning import LearningCurve, learning_curve
from clinval.stats.throughput._parallel_trends import (
    DifferenceInDifferences,
    difference_in_differences,
)

__all__ = [
    "DifferenceInDifferences",
    "InterruptedSeries",
    "LearningCurve",
    "PooledSeries",
    "difference_in_differences",
    "difference_in_differences_two_stage",
    "interrupted_series",
    "interrupted_series_two_stage",
    "learning_curve",
]
