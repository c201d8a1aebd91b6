"""Yearly cost of a capital cost, and the units that pay for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clinval.core.results import Result
from clinval.stats._checks import finite, not_negative, positive
from clinval.stats.roi._flows import Amount, rate_of

__all__ = [
    "BreakEven",
    "BreakEvenPerDay",
    "break_even",
    "break_even_per_day",
    "cost_per_unit",
    "equivalent_annual_cost",
]

_WHOLE = 1e-9  # a number of units this close to a whole one is that


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven(Result):
    """Units at which revenue covers all cost, exactly and in whole units."""

    estimate: float | None
    units: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEvenPerDay(BreakEven):
    """Added examinations a day that pay for an investment; ``reachable`` where room is known."""

    reachable: bool | None = None


def break_even(fixed_cost: float, unit_revenue: float, unit_variable_cost: float) -> BreakEven:
    """Units a year at which the margin of the units covers the fixed cost.

    Parameters
    ----------
    fixed_cost
        Cost that does not depend on the units (money, not negative).
    unit_revenue, unit_variable_cost
        Revenue and variable cost of a unit (money).

    Returns
    -------
    BreakEven
        ``estimate`` fixed/(revenue - variable) and ``units``, the next whole number. Undefined
        when a unit earns nothing.

    Raises
    ------
    ValueError
        For a missing number or a negative fixed cost.

    Notes
    -----
    A number of units that is whole but for rounding counts as whole.

    Examples
    --------
    >>> break_even(620000, 280, 95).units
    3352
    """
    fixed = finite("fixed_cost", fixed_cost)
    margin = finite("unit_revenue", unit_revenue) - finite("unit_variable_cost", unit_variable_cost)
    if fixed < 0:
        raise ValueError(f"fixed_cost must not be negative, it is {fixed:g}")
    if margin <= 0:
        return BreakEven(
            method="cash_flow.break_even",
            estimate=None,
            units=None,
            undefined=True,
            reason="a unit earns nothing",
        )
    exact = fixed / margin
    return BreakEven(
        method="cash_flow.break_even",
        estimate=exact,
        units=math.ceil(exact - _WHOLE * max(1.0, exact)),
    )


def break_even_per_day(
    capital: float,
    life: float,
    rate: float,
    annual_cost: float,
    unit_margin: float,
    days: float,
    *,
    residual: float = 0,
    room: float | None = None,
) -> BreakEvenPerDay:
    """Compute the added examinations a day at which an investment is worth its cost.

    Parameters
    ----------
    capital, life, rate, residual
        As in :func:`equivalent_annual_cost`.
    annual_cost
        Cost of a year that does not depend on the examinations (money).
    unit_margin
        Revenue less variable cost of one more examination (money).
    days
        Working days a year, above 0.
    room
        Examinations a day that could be added: capacity and demand permitting (not negative).

    Returns
    -------
    BreakEvenPerDay
        ``estimate`` (examinations a day, 0 where nothing is left to pay for), ``units``, the
        next whole number, and ``reachable``: whether there is room for as many. Undefined when
        an examination earns nothing.

    Raises
    ------
    ValueError
        As :func:`equivalent_annual_cost`, or for days that are not positive or negative room.

    Notes
    -----
    (equivalent annual cost + annual cost)/(unit margin x days): the net present value over the
    life, the money coming in at the end of each year, is then 0.

    References
    ----------
    .. [1] Capital recovery factor.

    Examples
    --------
    >>> result = break_even_per_day(500000, 5, 0.08, 40000, 150, 250, room=4)
    >>> round(result.estimate, 3), result.units, result.reachable
    (4.406, 5, False)
    """
    owed = _annual_cost(capital, life, rate, residual) + finite("annual_cost", annual_cost)
    margin, working = finite("unit_margin", unit_margin), positive("days", days)
    most = None if room is None else not_negative("room", room)
    if margin <= 0:
        return BreakEvenPerDay(
            method="cash_flow.break_even_per_day",
            estimate=None,
            units=None,
            undefined=True,
            reason="a unit earns nothing",
        )
    exact = max(owed, 0.0) / (margin * working)
    return BreakEvenPerDay(
        method="cash_flow.break_even_per_day",
        estimate=exact,
        units=math.ceil(exact - _WHOLE * max(1.0, exact)),
        reachable=None if most is None else exact <= most,
    )


def equivalent_annual_cost(
    capital: float, life: float, rate: float, *, residual: float = 0
) -> Amount:
    r"""Annual cost, paid at the end of each year of life, that equals a capital cost.

    Parameters
    ----------
    capital
        Capital cost at time 0 (money).
    life
        Years of use, above 0.
    rate
        Annual rate, above -1.
    residual
        Value at the end of life (money).

    Returns
    -------
    Amount
        ``estimate``.

    Raises
    ------
    ValueError
        For a missing number, a life that is not positive or a rate of -1 or less.

    Notes
    -----
    .. math:: \frac{(C - R (1 + r)^{-L})\, r}{1 - (1 + r)^{-L}}

    and (C - R)/L at a rate of 0.

    References
    ----------
    .. [1] Capital recovery factor.

    Examples
    --------
    >>> round(equivalent_annual_cost(1200000, 8, 0.06).estimate, 2)
    193243.13
    """
    return Amount(
        method="cash_flow.equivalent_annual_cost",
        estimate=_annual_cost(capital, life, rate, residual),
    )


def cost_per_unit(
    capital: float,
    life: float,
    rate: float,
    annual_cost: float,
    annual_units: float,
    unit_variable_cost: float,
    *,
    residual: float = 0,
) -> Amount:
    """Full cost of a unit: annual cost of capital, annual cost of running, variable cost.

    Parameters
    ----------
    capital, life, rate, residual
        As in :func:`equivalent_annual_cost`.
    annual_cost
        Cost of a year that does not depend on the units (money).
    annual_units
        Units of a year, above 0.
    unit_variable_cost
        Variable cost of a unit (money).

    Returns
    -------
    Amount
        ``estimate``.

    Raises
    ------
    ValueError
        As :func:`equivalent_annual_cost`, or for units that are not positive.

    Notes
    -----
    (equivalent annual cost + annual cost)/annual units + variable cost.

    Examples
    --------
    >>> round(cost_per_unit(1200000, 8, 0.06, 300000, 7200, 22).estimate, 4)
    90.506
    """
    units = finite("annual_units", annual_units)
    if units <= 0:
        raise ValueError(f"annual_units must be above 0, it is {units:g}")
    yearly = _annual_cost(capital, life, rate, residual) + finite("annual_cost", annual_cost)
    variable = finite("unit_variable_cost", unit_variable_cost)
    return Amount(method="cash_flow.cost_per_unit", estimate=yearly / units + variable)


def _annual_cost(capital: float, life: float, rate: float, residual: float) -> float:
    cost, years = finite("capital", capital), finite("life", life)
    interest, value = rate_of("rate", rate), finite("residual", residual)
    if years <= 0:
        raise ValueError(f"life must be above 0, it is {years:g}")
    if interest == 0:
        return (cost - value) / years
    # 1 - (1 + r)^-L without cancellation at small rates
    try:
        paid_back = -math.expm1(-years * math.log1p(interest))
    except OverflowError:  # a rate below 0 for so long that only the residual counts
        return value * interest
    return (cost - value * (1 - paid_back)) * interest / paid_back
