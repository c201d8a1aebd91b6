"""Cash flows of an investment: money in is positive, flow 0 is paid at time 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, Numbers, finite
from clinval.stats.roi._annual_costs import (
    BreakEven,
    BreakEvenPerDay,
    break_even,
    break_even_per_day,
    cost_per_unit,
    equivalent_annual_cost,
)
from clinval.stats.roi._flows import Amount, flow_table, flows_of, rate_of
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
