"""What a new product does to the budget of who pays for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import Numbers, finite, not_negative, sample
from clinval.stats.roi._flows import rate_of

__all__ = ["BudgetImpact", "undiscounted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetImpact(Result):
    """Added cost of all years, and of each."""

    estimate: float
    cost_by_year: tuple[float, ...]


def undiscounted(
    eligible: float,
    growth: float,
    uptake: Numbers,
    cost_new: float,
    cost_old: float,
    *,
    offset: float = 0,
) -> BudgetImpact:
    """Budget impact by year, not discounted.

    Parameters
    ----------
    eligible
        Patients or examinations of the first year (not negative).
    growth
        Growth of their number a year, above -1 (0.03 is 3 percent).
    uptake
        Share that gets the new product, one a year (list, each in [0, 1]).
    cost_new, cost_old
        Cost of one with the new and with the old product (money).
    offset
        Cost elsewhere that one with the new product saves (money).

    Returns
    -------
    BudgetImpact
        ``estimate`` (sum over the years, money) and ``cost_by_year``.

    Raises
    ------
    ValueError
        For a missing number, no year, or a number outside its range.

    Notes
    -----
    Year t = 0, 1, ...: eligible (1 + growth)^t uptake[t] (cost_new - cost_old - offset).

    References
    ----------
    .. [1] Sullivan et al. 2014 (ISPOR Budget Impact Analysis Good Practice II).

    Examples
    --------
    >>> undiscounted(500, 0, [0.5, 1], 100, 60, offset=15).cost_by_year
    (6250.0, 12500.0)
    """
    number, rise = not_negative("eligible", eligible), rate_of("growth", growth)
    shares = sample("uptake", uptake)
    if len(shares) == 0:
        raise ValueError("uptake is empty")
    if ((shares < 0) | (shares > 1)).any():
        raise ValueError("uptake must hold shares between 0 and 1")
    added = finite("cost_new", cost_new) - finite("cost_old", cost_old) - finite("offset", offset)
    by_year = number * (1 + rise) ** np.arange(len(shares), dtype=np.float64) * shares * added
    return BudgetImpact(
        method="budget_impact.undiscounted",
        estimate=float(by_year.sum()),
        cost_by_year=tuple(by_year.tolist()),
    )
