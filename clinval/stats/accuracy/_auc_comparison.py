"""Two areas from the same subjects, whatever their placement values are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.core.results import Estimate
from clinval.stats._checks import NotEstimableError
from clinval.stats._distributions import normal_p, normal_quantile
from clinval.stats.accuracy._placements import (
    NO_VARIANCE,
    Covariance,
    Placements,
    Scores,
    covariance,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray

__all__ = ["AucDifference", "compared"]

_NO_VARIANCE_OF_DIFFERENCE = "the difference of the placement values does not vary"


@dataclass(frozen=True, slots=True, kw_only=True)
class AucDifference(Estimate):
    """A difference of paired areas with its test of 0."""

    se: float | None = None
    statistic: float | None = None
    p_value: float | None = None
    auc_test: float | None = None
    auc_reference: float | None = None
    variance_test: float | None = None
    variance_reference: float | None = None
    covariance: float | None = None
    n_diseased: int = 0
    n_nondiseased: int = 0
    dropped: int = 0


def compared(
    function: str,
    data: Scores,
    placed: Callable[[NDArray[np.bool_], FloatArray], Placements],
    level: float,
) -> AucDifference:
    """Return the difference of two areas with its interval and test, test minus reference."""
    z = normal_quantile(level)
    test = reference = None
    spread: Covariance | None = None
    reason = ""
    try:
        test, reference = (placed(data.diseased, score) for score in data.scores)
        spread = covariance(test, reference)
    except NotEstimableError as problem:
        reason = problem.reason
    estimate = se = statistic = low = high = None
    if test is not None and reference is not None:
        estimate = test.auc - reference.auc
    if estimate is not None and spread is not None:
        se = math.sqrt(spread.of_difference)
        if se > 0:
            statistic = estimate / se
            low, high = estimate - z * se, estimate + z * se
        else:
            alone = not (spread.test or spread.reference)
            reason = NO_VARIANCE if alone else _NO_VARIANCE_OF_DIFFERENCE
    return AucDifference(
        method=f"auc_difference.{function}",
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        level=level,
        statistic=statistic,
        p_value=None if statistic is None else normal_p(statistic, "two-sided"),
        auc_test=None if test is None else test.auc,
        auc_reference=None if reference is None else reference.auc,
        variance_test=None if spread is None else spread.test,
        variance_reference=None if spread is None else spread.reference,
        covariance=None if spread is None else spread.covariance,
        n=data.n,
        n_diseased=data.n_diseased,
        n_nondiseased=data.n_nondiseased,
        dropped=data.dropped,
        undefined=bool(reason),
        reason=reason,
    )
