"""Coefficients of any number of raters: agreement beyond chance with its linearised error.

A coefficient is told by its chance: the agreement to expect, and each subject's part in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from clinval.stats._chance_corrected import (
    ZERO_OVER_ZERO,
    agreement_interval,
    is_certain,
    linearised_standard_error,
    observed_agreement,
)
from clinval.stats._checks import NotEstimableError
from clinval.stats.agreement._results import ChanceCorrected

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray
    from clinval.stats._ratings import RatingCounts

__all__ = ["chance_corrected", "per_rating"]


def per_rating(subjects: RatingCounts, values: FloatArray) -> FloatArray:
    """Return the mean over a subject's ratings of a value of their categories."""
    mean: FloatArray = subjects.counts @ values / subjects.counts.sum(axis=1)
    return mean


def chance_corrected(
    method: str,
    subjects: RatingCounts,
    weights: FloatArray,
    level: float,
    chance: Callable[[], tuple[float, FloatArray]],
) -> ChanceCorrected:
    """Return the coefficient whose chance agreement is given, with its t interval.

    Parameters
    ----------
    method
        The name of the method that asks.
    subjects, weights, level
        The counts, the matrix of agreement weights and the level of the interval.
    chance
        Gives the expected agreement and each subject's part in it; a NotEstimableError leaves
        the coefficient undefined.
    """
    overall = expected = estimate = se = low = high = None
    reason = ""
    try:
        observed = observed_agreement(subjects, weights)
        overall = observed.overall
        expected, by_subject = chance()
        if is_certain(expected):
            raise NotEstimableError(ZERO_OVER_ZERO)  # noqa: TRY301
        estimate = (overall - expected) / (1 - expected)
        se = linearised_standard_error(subjects, observed, expected, by_subject)
        low, high = agreement_interval(estimate, se, subjects.n, level)
    except NotEstimableError as problem:
        reason = problem.reason
    return ChanceCorrected(
        method=method,
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        observed_agreement=overall,
        expected_agreement=expected,
        level=level,
        n=subjects.n,
        undefined=bool(reason),
        reason=reason,
    )
