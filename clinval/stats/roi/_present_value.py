"""Present value as a function of the rate, with every rate at which it is 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, Numbers, sample
from clinval.stats.roi._flows import flow_years, flows_of
from clinval.stats.roi._internal_rates import internal_rate

__all__ = ["PresentValueProfile", "discount_factors", "npv_profile"]

_RATES = tuple(np.round(np.linspace(0, 0.5, 51), 2).tolist())


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentValueProfile(Result):
    """Present value by effective annual rate, and the rates at which it is 0."""

    rates: tuple[float, ...]
    npv_by_rate: tuple[float, ...]
    roots: tuple[float, ...]
    status: str


def npv_profile(
    cash_flows: Numbers,
    *,
    rates: Numbers = _RATES,
    timing: str = "end",
    periods_per_year: int = 1,
) -> PresentValueProfile:
    """Net present value at each of many rates: what stands where there is no single rate.

    Parameters
    ----------
    cash_flows
        Flow 0 at time 0, flow k in period k (list, money).
    rates
        Effective annual rates, above -1 (list); 0 to 50 percent in steps of 1 unless given.
    timing
        "end": flow k at the end of period k. "mid": in its middle, flow 0 stays at 0.
    periods_per_year
        Periods of the flows in a year (12 for monthly flows).

    Returns
    -------
    PresentValueProfile
        ``rates``, ``npv_by_rate`` (money), ``roots`` (all effective annual rates above -1 at
        which it is 0, ascending) and ``status`` as in :func:`irr`.

    Raises
    ------
    ValueError
        As :func:`npv`, or for no rate.

    Notes
    -----
    :func:`npv` at each rate. With several roots none of them is the return of the investment:
    it is worth its cost at those rates at which the profile is above 0.

    References
    ----------
    .. [1] Lorie & Savage 1955.

    Examples
    --------
    >>> result = npv_profile([-100, 230, -132], rates=[0.05, 0.15, 0.25])
    >>> [round(value, 3) for value in result.npv_by_rate], [round(root, 6) for root in result.roots]
    ([-0.68, 0.189, -0.48], [0.1, 0.2])
    """
    flows, at = flows_of(cash_flows), sample("rates", rates)
    if len(at) == 0:
        raise ValueError("rates is empty")
    values = discount_factors(at, len(flows), timing, periods_per_year) @ flows
    rate = internal_rate(
        "cash_flow.npv_profile", flows, flow_years(len(flows), timing, periods_per_year)
    )
    return PresentValueProfile(
        method="cash_flow.npv_profile",
        rates=tuple(at.tolist()),
        npv_by_rate=tuple(values.tolist()),
        roots=rate.roots,
        status=rate.status,
    )


def discount_factors(
    rate: FloatArray, size: int, timing: str, periods_per_year: float
) -> FloatArray:
    """Return the discount factors, of shape (size,) or (rates, size)."""
    years = flow_years(size, timing, periods_per_year)
    if not (np.isfinite(rate) & (rate > -1)).all():
        raise ValueError("rate must be a number above -1")
    factors: FloatArray = (1 + rate[..., None]) ** -years
    return factors
