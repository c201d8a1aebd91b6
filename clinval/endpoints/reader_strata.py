"""Strata of a reader study whose estimator has none of its own: differences put together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.core.results import Estimate, TestResult
from clinval.endpoints.hypothesis import Side

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Strata", "against_bound", "put_together"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strata(Estimate):
    """The mean of the differences of strata by inverse variance, and Cochran's Q of them."""

    se: float | None = None
    p_value: float | None = None
    q: float | None = None
    q_df: int = 0
    q_p_value: float | None = None


def put_together(
    fit: Callable[[Any], Any], part: Any, stratum: NDArray[np.intp], level: float
) -> Strata:
    """Return the differences of strata of cases put together, readers fixed.

    Parameters
    ----------
    fit
        The difference of some reads with its error, for these readers.
    part
        Reads, of which ``of`` takes a mask.
    stratum
        By read.
    level
        Two-sided level of the interval.
    """
    from clinval.stats.centers import heterogeneity

    alone = [fit(part.of(stratum == place)) for place in sorted(set(stratum.tolist()))]
    known = [(found.estimate, found.se) for found in alone if getattr(found, "se", None)]
    pooled = heterogeneity.fixed_effect(
        [estimate for estimate, _ in known], [se for _, se in known], level=level
    )
    common = {field.name: getattr(pooled, field.name) for field in dataclasses.fields(pooled)}
    p_value = against_bound(pooled, "two-sided", 0.0).p_value
    return Strata(**common, p_value=p_value, q_df=max(len(known) - 1, 0))


def against_bound(result: Any, side: Side | str, bound: float, method: str = "") -> TestResult:
    """Return the test of a bound that agrees with the interval of a result."""
    from clinval.stats.reader_study._reader_study import margin_tested

    df = getattr(result, "df_difference", getattr(result, "df", None))
    statistic, p_value = margin_tested(
        result.estimate, getattr(result, "se", None), df, bound, side
    )
    lacking = p_value is None
    return TestResult(
        method=method or result.method,
        statistic=statistic,
        df=df,
        p_value=p_value,
        undefined=lacking,
        reason=result.reason if lacking else "",
    )
