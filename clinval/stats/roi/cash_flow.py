"""Cash flows of an investment: money in is positive, flow 0 is paid at time 0."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, Numbers, finite, not_negative, positive
from clinval.stats.roi._flows import flow_table, flows_of, rate_of
from clinval.stats.roi._internal_rates import InternalRate, PeriodicInternalRate, irr, xirr
from clinval.stats.roi._payback import Payback, discounted_payback, payback
from clinval.stats.roi._present_value import PresentValueProfile, discount_factors, npv_profile
from clinval.stats.roi._rate_draws import irr_draws

__all__ = [
    "Amount",
    "BreakEven",
    "BreakEvenPerDay",
    "InternalRate",
    "Payback",
    "PeriodicInternalRate",
    "PresentValueProfile",
    "ReturnOnInvestment",
    "break_even",
    "break_even_per_day",
    "cost_per_unit",
    "discounted_payback",
    "equivalent_annual_cost",
    "irr",
    "irr_draws",
    "mirr",
    "npv",
    "npv_draws",
    "npv_profile",
    "payback",
    "real_rate",
    "return_on_investment",
    "xirr",
]

_WHOLE = 1e-9  # a number of units this close to a whole one is that


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount(Result):
    """One number: an amount of money, or a rate."""

    estimate: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven(Result):
    """Units at which revenue covers all cost, exactly and in whole units."""

    estimate: float | None
    units: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEvenPerDay(BreakEven):
    """Added examinations a day that pay for an investment; ``reachable`` where room is known."""

    reachable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnOnInvestment(Result):
    """Net (``estimate``) and gross return as a share of the cost."""

    estimate: float | None
    gross: float | None


def npv(
    rate: float, cash_flows: Numbers, *, timing: str = "end", periods_per_year: int = 1
) -> Amount:
    r"""Net present value at an effective annual rate; flow 0 is not discounted.

    Parameters
    ----------
    rate
        Effective annual rate, above -1 (0.08 is 8 percent).
    cash_flows
        Flow 0 at time 0, flow k in period k (list, money).
    timing
        "end": flow k at the end of period k. "mid": in its middle, flow 0 stays at 0.
    periods_per_year
        Periods of the flows in a year (12 for monthly flows).

    Returns
    -------
    Amount
        ``estimate``.

    Raises
    ------
    ValueError
        For a rate of -1 or less, no flows, a missing flow, an unknown timing or periods that
        are not positive.

    Notes
    -----
    .. math:: \sum_k c_k (1 + r)^{-t_k}

    with t = k/p or, for "mid" and k > 0, (k - 1/2)/p. This is not NPV() of a spreadsheet, which
    discounts the first flow too.

    References
    ----------
    .. [1] Brealey & Myers.

    Examples
    --------
    >>> round(npv(0.1, [-1000, 300, 420, 680]).estimate, 4)
    130.7288
    """
    flows = flows_of(cash_flows)
    factors = discount_factors(
        np.array(rate, dtype=np.float64), len(flows), timing, periods_per_year
    )
    return Amount(method="cash_flow.npv", estimate=float(flows @ factors))


def npv_draws(
    rate: Numbers | float,
    cash_flows: Numbers,
    *,
    timing: str = "end",
    periods_per_year: int = 1,
) -> FloatArray:
    """Net present values of many simulated series of flows in one call.

    Parameters
    ----------
    rate
        Effective annual rate, above -1: one for all draws or one a draw, shape (draws,).
    cash_flows
        Flows, shape (draws, periods + 1).
    timing, periods_per_year
        As in :func:`npv`.

    Returns
    -------
    numpy.ndarray
        Net present value of each draw, shape (draws,).

    Raises
    ------
    ValueError
        As :func:`npv`, or when the shapes of rate and flows do not fit.

    Notes
    -----
    As :func:`npv`.

    Examples
    --------
    >>> npv_draws(0.1, [[-1000, 300, 420, 680], [-900, 0, 0, 1331]]).round(4).tolist()
    [130.7288, 100.0]
    """
    flows = flow_table(cash_flows)
    rates = np.asarray(rate, dtype=np.float64)
    if rates.ndim > 1 or (rates.ndim == 1 and len(rates) != len(flows)):
        raise ValueError(f"rate must be one number or {len(flows)}, not of shape {rates.shape}")
    factors = discount_factors(rates, flows.shape[1], timing, periods_per_year)
    values: FloatArray = np.sum(flows * factors, axis=1)
    return values


def mirr(cash_flows: Numbers, *, finance_rate: float, reinvest_rate: float) -> Amount:
    """Compute the modified internal rate of return a period.

    Parameters
    ----------
    cash_flows
        Flow 0 at time 0, flow k at the end of period k (list, money).
    finance_rate, reinvest_rate
        Rates a period, above -1, at which outflows are financed and inflows reinvested.

    Returns
    -------
    Amount
        ``estimate``. Undefined without an inflow, without an outflow or without a period.

    Raises
    ------
    ValueError
        For no flows, a missing flow or a rate of -1 or less.

    Notes
    -----
    (future value of the inflows/-(present value of the outflows))^(1/n) - 1, n periods.

    References
    ----------
    .. [1] Lin 1976.

    Examples
    --------
    >>> round(mirr([-100, 230, -132], finance_rate=0.1, reinvest_rate=0.12).estimate, 6)
    0.109955
    """
    flows = flows_of(cash_flows)
    finance, reinvest = (
        rate_of("finance_rate", finance_rate),
        rate_of("reinvest_rate", reinvest_rate),
    )
    n, period = len(flows) - 1, np.arange(len(flows))
    gained = float(np.maximum(flows, 0) @ (1 + reinvest) ** (n - period))
    spent = float(np.maximum(-flows, 0) @ (1 + finance) ** -period.astype(np.float64))
    if n == 0 or gained == 0 or spent == 0:
        return Amount(
            method="cash_flow.mirr",
            estimate=None,
            undefined=True,
            reason="no inflow, no outflow or no period",
        )
    return Amount(method="cash_flow.mirr", estimate=(gained / spent) ** (1 / n) - 1)


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


def real_rate(nominal_rate: float, inflation: float) -> Amount:
    """Real rate of a nominal rate under inflation (Fisher's equation, not the difference).

    Parameters
    ----------
    nominal_rate, inflation
        Rates of the same period, above -1.

    Returns
    -------
    Amount
        ``estimate``.

    Raises
    ------
    ValueError
        For a rate of -1 or less.

    Notes
    -----
    (1 + nominal)/(1 + inflation) - 1.

    References
    ----------
    .. [1] Fisher 1930.

    Examples
    --------
    >>> round(real_rate(0.08, 0.025).estimate, 6)
    0.053659
    """
    nominal, rise = rate_of("nominal_rate", nominal_rate), rate_of("inflation", inflation)
    return Amount(method="cash_flow.real_rate", estimate=(nominal - rise) / (1 + rise))


def return_on_investment(gain: float, cost: float) -> ReturnOnInvestment:
    """Return on an investment, net of its cost and gross.

    Parameters
    ----------
    gain, cost
        What comes back and what it cost (money); the cost not negative.

    Returns
    -------
    ReturnOnInvestment
        ``estimate`` (gain - cost)/cost and ``gross`` gain/cost. Undefined at a cost of 0.

    Raises
    ------
    ValueError
        For a missing number or a negative cost.

    Notes
    -----
    Quoted percentages are either of the two; both are given so that the one meant can be said.

    Examples
    --------
    >>> result = return_on_investment(3.6, 1.8)
    >>> result.estimate, result.gross
    (1.0, 2.0)
    """
    gained, spent = finite("gain", gain), finite("cost", cost)
    if spent < 0:
        raise ValueError(f"cost must not be negative, it is {spent:g}")
    return ReturnOnInvestment(
        method="cash_flow.return_on_investment",
        estimate=(gained - spent) / spent if spent else None,
        gross=gained / spent if spent else None,
        undefined=spent == 0,
        reason="" if spent else "nothing was spent",
    )


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
