"""What a payer spends each year with a product and without it, at any values of the inputs.

Pure functions; inputs are numbers or arrays of draws, so that one call carries all draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinval.stats._checks import FloatArray

__all__ = ["Budgets", "budgets"]

Values = Mapping[str, float | NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """Money a year, shape (draws, years): with the product, without it, and the people treated."""

    with_product: FloatArray
    without: FloatArray
    people: FloatArray

    @property
    def impact(self) -> FloatArray:
        """What the product adds to the budget a year."""
        return self.with_product - self.without


def budgets(values: Values, years: int) -> Budgets:
    """Return the budgets of each year.

    Parameters
    ----------
    values
        Numbers or arrays of draws by name: ``eligible`` (people of the first year), ``growth``
        (a year), ``cost_new`` and ``cost_old`` (money a person), ``offset`` (money saved
        elsewhere a person with the product), ``one_off`` (money in the first year) and ``fixed``
        (money a year) of having the product, and for each year from 1 ``uptake.<year>`` and
        ``uptake_without.<year>`` (shares that get the product).
    years
        How many, at least 1.

    Notes
    -----
    Year t = 0, 1, ...: eligible (1 + growth)^t people, of whom a share u costs cost_new - offset
    and the others cost_old; nothing is discounted. The fixed money is spent with the product only.

    References
    ----------
    .. [1] Sullivan et al. 2014 (ISPOR Budget Impact Analysis Good Practice II).
    """
    named = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
    draws = max((value.size for value in named.values()), default=1)
    column = {name: np.broadcast_to(value, draws)[:, None] for name, value in named.items()}
    people = column["eligible"] * (1 + column["growth"]) ** np.arange(years, dtype=np.float64)
    new, old = column["cost_new"] - column["offset"], column["cost_old"]
    spent = []
    for uptake in ("uptake", "uptake_without"):
        shares = np.hstack([column[f"{uptake}.{year}"] for year in range(1, years + 1)])
        spent.append(people * (shares * new + (1 - shares) * old))
    fixed = np.repeat(column["fixed"], years, axis=1)
    fixed[:, :1] += column["one_off"]
    return Budgets(with_product=spent[0] + fixed, without=spent[1], people=people)
