"""Accuracy of a test against a reference standard, and of two tests in the same subjects.

Single tests are given as tp, fp, fn, tn; paired tests as ``diseased`` and ``healthy``, each the
counts [positive with both, with the test only, with the reference test only, with neither] among
the subjects with and without the condition.
"""

from __future__ import annotations

from clinval.stats.accuracy._paired_accuracy import (
    RelativeAccuracy,
    RelativeLikelihoodRatios,
    gu_pepe,
    relative,
)
from clinval.stats.accuracy._paired_predictive_values import (
    PredictiveValueDifferences,
    PredictiveValueRatios,
    kosinski,
    leisenring,
    moskowitz_pepe,
)
from clinval.stats.accuracy._two_by_two import (
    IndeterminateResults,
    PredictiveValues,
    TwoByTwo,
    indeterminate,
    mercaldo,
    two_by_two,
)

__all__ = [
    "IndeterminateResults",
    "PredictiveValueDifferences",
    "PredictiveValueRatios",
    "PredictiveValues",
    "RelativeAccuracy",
    "RelativeLikelihoodRatios",
    "TwoByTwo",
    "gu_pepe",
    "indeterminate",
    "kosinski",
    "leisenring",
    "mercaldo",
    "moskowitz_pepe",
    "relative",
    "two_by_two",
]
