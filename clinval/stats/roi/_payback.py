"""Payback times of cash flows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, Numbers
from clinval.stats.roi._flows import flows_of, rate_of
from clinval.stats.roi._present_value import discount_factors

__all__ = ["Payback", "discounted_payback", "payback"]

_ROUNDING = 1e-12  # of the sum of all flows


@dataclass(frozen=True, slots=True, kw_only=True)
class Payback(Result):
    """Times, in periods, at which the cumulative flow rises to 0."""

    estimate: float | None
    first_crossing: float | None
    multiple_crossings: bool
    cumulative: tuple[float, ...]
    final_cumulative: float


def payback(cash_flows: Numbers) -> Payback:
    """Payback time in periods: the last time that the cumulative flow rises to 0.

    Parameters
    ----------
    cash_flows
        Flow 0 at time 0, flow k spread evenly over period k (list, money).

    Returns
    -------
    Payback
        ``estimate`` (the crossing after which the cumulative flow stays at 0 or above),
        ``first_crossing``, ``multiple_crossings``, ``cumulative`` and ``final_cumulative``.
        The estimate is undefined when the cumulative flow ends below 0 or never was there.

    Raises
    ------
    ValueError
        For no flows or a missing flow.

    Notes
    -----
    The cumulative flow is linear within a period. A replacement in mid-life makes it cross
    more than once.

    Examples
    --------
    >>> result = payback([-300, 200, 150, -180, 120, 160])
    >>> result.estimate, round(result.first_crossing, 4), result.multiple_crossings
    (4.0625, 1.6667, True)
    """
    return _payback("cash_flow.payback", flows_of(cash_flows))


def discounted_payback(cash_flows: Numbers, *, rate: float, timing: str = "end") -> Payback:
    """Payback time in periods of the flows discounted to time 0.

    Parameters
    ----------
    cash_flows
        Flow 0 at time 0, flow k of period k (list, money).
    rate
        Rate a period, above -1.
    timing
        "end": flow k is discounted from the end of period k. "mid": from its middle, flow 0 from
        time 0.

    Returns
    -------
    Payback
        As :func:`payback`.

    Raises
    ------
    ValueError
        For no flows, a missing flow, a rate of -1 or less or another timing.

    Notes
    -----
    :func:`payback` of flow k/(1 + rate)^k, in the middle of periods k/(1 + rate)^(k - 1/2). The
    final cumulative flow is the net present value under the same timing.

    Examples
    --------
    >>> round(discounted_payback([-500, 150, 180, 200, 220], rate=0.1).estimate, 4)
    3.43
    >>> mid = discounted_payback([-500, 150, 180, 200, 220], rate=0.1, timing="mid")
    >>> round(mid.estimate, 4), round(mid.final_cumulative, 2)
    (3.2751, 114.23)
    """
    flows = flows_of(cash_flows)
    factors = discount_factors(np.asarray(rate_of("rate", rate)), len(flows), timing, 1)
    return _payback("cash_flow.discounted_payback", flows * factors)


def _payback(method: str, flows: FloatArray) -> Payback:
    sums = np.cumsum(flows)
    # what is paid back to the last cent must not fail for the last bit
    cumulative = np.where(np.abs(sums) <= _ROUNDING * np.cumsum(np.abs(flows)), 0.0, sums)
    rises = np.flatnonzero((cumulative[:-1] < 0) & (cumulative[1:] >= 0))
    crossings = rises - cumulative[rises] / flows[rises + 1]
    final = float(cumulative[-1])
    reason = ""
    if final < 0:
        reason = "the cumulative flow ends below 0"
    elif len(crossings) == 0:
        reason = "the cumulative flow is never below 0"
    return Payback(
        method=method,
        estimate=None if reason else float(crossings[-1]),
        first_crossing=float(crossings[0]) if len(crossings) else None,
        multiple_crossings=len(crossings) > 1,
        cumulative=tuple(cumulative.tolist()),
        final_cumulative=final,
        undefined=bool(reason),
        reason=reason,
    )
