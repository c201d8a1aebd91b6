"""Internal rates of return of periodic and of dated flows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, Numbers, check_same_length
from clinval.stats._exponential_sums import end_signs, merged_terms, real_zeros
from clinval.stats.roi._flows import flow_years, flows_of, periods_of

__all__ = ["InternalRate", "PeriodicInternalRate", "internal_rate", "irr", "xirr"]

_DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class InternalRate(Result):
    """Internal rates of return.

    ``status`` is "unique" (one root, the present value changes its sign), "tangent" (one root,
    it does not), "multiple" or "none".
    """

    estimate: float | None
    roots: tuple[float, ...]
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodicInternalRate(InternalRate):
    """Internal rates of return a period, and what they are a year."""

    annual_effective: float | None = None
    annual_nominal: float | None = None


def irr(
    cash_flows: Numbers, *, periods_per_year: int = 1, timing: str = "end"
) -> PeriodicInternalRate:
    """Find the internal rates of return: all roots, an estimate only where there is one.

    Parameters
    ----------
    cash_flows
        Flow 0 at time 0, flow k of period k (list, money).
    periods_per_year
        Periods of the flows in a year, for the annual rates.
    timing
        "end": flow k at the end of period k. "mid": in its middle, flow 0 at time 0.

    Returns
    -------
    PeriodicInternalRate
        ``roots`` (all rates above -1, ascending), ``status``, ``estimate`` (the root if it is
        the only one, else undefined), ``annual_effective`` (1 + r)^p - 1 and
        ``annual_nominal`` p r.

    Raises
    ------
    ValueError
        For no flows, a missing flow, periods that are not positive or another timing.

    Notes
    -----
    Every change of sign of the flows allows a root. They are isolated by the zeros of
    derivatives with one change of sign less, so none is missed; a present value that touches 0
    without crossing it has the status "tangent".

    References
    ----------
    .. [1] Lorie & Savage 1955.

    Examples
    --------
    >>> result = irr([-100, 230, -132])
    >>> result.status, [round(root, 6) for root in result.roots], result.estimate
    ('multiple', [0.1, 0.2], None)
    """
    flows = flows_of(cash_flows)
    periods = periods_of(periods_per_year)
    rate = internal_rate("cash_flow.irr", flows, flow_years(len(flows), timing, 1))
    annual = None
    if rate.estimate is not None:
        try:
            annual = math.expm1(periods * math.log1p(rate.estimate))
        except (OverflowError, ValueError):  # too large, or a rate of -1 but for rounding
            annual = None
    return PeriodicInternalRate(
        method=rate.method,
        estimate=rate.estimate,
        roots=rate.roots,
        status=rate.status,
        annual_effective=annual,
        annual_nominal=None if rate.estimate is None else periods * rate.estimate,
        undefined=rate.undefined,
        reason=rate.reason,
    )


def xirr(dates: Sequence[str], cash_flows: Numbers) -> InternalRate:
    """Find the internal annual rates of return of dated flows, actual days over 365.

    Parameters
    ----------
    dates
        Dates in ISO 8601, one a flow (list).
    cash_flows
        Flows (list of equal length, money).

    Returns
    -------
    InternalRate
        ``roots``, ``status`` and ``estimate`` as in :func:`irr`.

    Raises
    ------
    ValueError
        For no flows, lists of different length, a date that is not ISO 8601 or a missing flow.

    Notes
    -----
    Time is days since the first date over 365 (ACT/365F). The roots do not depend on which date
    is the first.

    Examples
    --------
    >>> result = xirr(["2024-01-01", "2024-07-01", "2025-01-01"], [-1000, 300, 850])
    >>> round(result.estimate, 6), result.status
    (0.174871, 'unique')
    """
    flows = flows_of(cash_flows)
    days = np.array([_day(text) for text in dates], dtype=np.float64)
    check_same_length(dates=days, cash_flows=flows)
    return internal_rate("cash_flow.xirr", flows, (days - days[0]) / _DAYS_A_YEAR)


def _day(text: str) -> int:
    try:
        return date.fromisoformat(text).toordinal()
    except (TypeError, ValueError) as error:
        raise ValueError(f"{text!r} is not a date in ISO 8601") from error


def internal_rate(method: str, flows: FloatArray, times: FloatArray) -> InternalRate:
    """Return all rates above -1 a unit of time at which the flows at these times are worth 0."""
    coefficients, distinct = merged_terms(flows, times)
    zeros = real_zeros(coefficients, distinct)
    try:
        roots = tuple(math.expm1(zero) for zero in zeros)
    except OverflowError:
        return InternalRate(
            method=method,
            estimate=None,
            roots=(),
            status="none",
            undefined=True,
            reason="a rate is too large for a number",
        )
    if len(roots) == 1:
        left, right = end_signs(coefficients)
        status = "unique" if left != right else "tangent"
        return InternalRate(method=method, estimate=roots[0], roots=roots, status=status)
    return InternalRate(
        method=method,
        estimate=None,
        roots=roots,
        status="multiple" if roots else "none",
        undefined=True,
        reason="several rates solve it" if roots else "no rate above -1 solves it",
    )
