"""What the functions on cash flows demand of their arguments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, Numbers, check_option, finite, sample

__all__ = ["Amount", "flow_table", "flow_years", "flows_of", "periods_of", "rate_of"]

_TIMINGS = ("end", "mid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount(Result):
    """One number: an amount of money, or a rate."""

    estimate: float | None


def flows_of(cash_flows: Numbers) -> FloatArray:
    """Return the flows, at least one."""
    flows = sample("cash_flows", cash_flows)
    if len(flows) == 0:
        raise ValueError("cash_flows is empty")
    return flows


def flow_table(cash_flows: Numbers) -> FloatArray:
    """Return the flows of many draws, shape (draws, periods + 1)."""
    flows = np.asarray(cash_flows, dtype=np.float64)
    if flows.ndim != 2 or flows.shape[1] == 0:
        raise ValueError(f"cash_flows must be draws by periods, not of shape {flows.shape}")
    if not np.isfinite(flows).all():
        raise ValueError("cash_flows holds a missing or infinite value")
    return flows


def rate_of(name: str, rate: float) -> float:
    """Return a rate above -1."""
    number = finite(name, rate)
    if number <= -1:
        raise ValueError(f"{name} must be above -1, it is {number:g}")
    return number


def periods_of(periods_per_year: float) -> float:
    """Return a positive number of periods a year."""
    number = finite("periods_per_year", periods_per_year)
    if number <= 0:
        raise ValueError(f"periods_per_year must be above 0, it is {number:g}")
    return number


def flow_years(size: int, timing: str, periods_per_year: float) -> FloatArray:
    """Return the time of each flow in years."""
    check_option("timing", timing, _TIMINGS)
    time = np.arange(size, dtype=np.float64)
    if timing == "mid":
        time[1:] -= 0.5
    years: FloatArray = time / periods_of(periods_per_year)
    return years
