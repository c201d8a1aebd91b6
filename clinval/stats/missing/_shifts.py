"""Shifts of imputed values: the analysis at one pair of them, and the map of many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import (
    NotEstimableError,
    Numbers,
    check_level,
    check_option,
    finite,
    sample,
)
from clinval.stats.missing._imputed_scores import ImputedScores
from clinval.stats.missing._rubin import PooledEstimate, pooled_estimate
from clinval.stats.missing._verdicts import ONE_SIDED, nested, shown

__all__ = ["TippingMapNormal", "shift_map", "shifted_estimate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TippingMapNormal(Result):
    """The verdict over shifts of the imputed values: rows shift the test arm, columns the other."""

    deltas_test: tuple[float, ...]
    deltas_reference: tuple[float, ...]
    n_cells: int
    n_non_inferior: int | None
    estimate: tuple[tuple[float, ...], ...] | None
    ci_low: tuple[tuple[float, ...], ...] | None
    ci_high: tuple[tuple[float, ...], ...] | None
    non_inferior: tuple[tuple[bool, ...], ...] | None
    margin: float
    level: float = 0.95
    imputations: int = 0


def shifted_estimate(
    function: str,
    impute: Callable[[], ImputedScores],
    shifts: tuple[float, float],
    *,
    n: int,
    imputations: int,
    level: float,
) -> PooledEstimate:
    """Return the combined analysis at one pair of shifts, of the test and the reference arm."""
    check_level(level)
    try:
        combined = impute().shifted(np.array(shifts[0]), np.array(shifts[1]))
    except NotEstimableError as problem:
        return PooledEstimate(
            method=f"missing_data.{function}",
            estimate=None,
            level=level,
            n=n,
            imputations=imputations,
            undefined=True,
            reason=problem.reason,
        )
    return pooled_estimate(function, combined, level, imputations=imputations, n=n)


def shift_map(
    function: str,
    impute: Callable[[], ImputedScores],
    deltas_test: Numbers,
    deltas_reference: Numbers,
    *,
    margin: float,
    imputations: int,
    level: float,
    alternative: str,
) -> TippingMapNormal:
    """Return the map of all pairs of shifts, of one set of imputations."""
    method = f"missing_data.{function}"
    rows, columns = sample("deltas_test", deltas_test), sample("deltas_reference", deltas_reference)
    bound, cells = finite("margin", margin), len(rows) * len(columns)
    check_option("alternative", alternative, ONE_SIDED)
    check_level(level)
    try:
        combined = impute().shifted(rows[:, None], columns[None, :])
    except NotEstimableError as problem:
        return TippingMapNormal(
            method=method,
            deltas_test=tuple(rows.tolist()),
            deltas_reference=tuple(columns.tolist()),
            n_cells=cells,
            n_non_inferior=None,
            estimate=None,
            ci_low=None,
            ci_high=None,
            non_inferior=None,
            margin=bound,
            level=level,
            imputations=imputations,
            undefined=True,
            reason=problem.reason,
        )
    low, high = combined.interval(level)
    non_inferior = shown(low, high, bound, alternative)
    return TippingMapNormal(
        method=method,
        deltas_test=tuple(rows.tolist()),
        deltas_reference=tuple(columns.tolist()),
        n_cells=cells,
        n_non_inferior=int(non_inferior.sum()),
        estimate=nested(combined.estimate),
        ci_low=nested(low),
        ci_high=nested(high),
        non_inferior=nested(non_inferior),
        margin=bound,
        level=level,
        imputations=imputations,
    )
