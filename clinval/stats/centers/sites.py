"""How sites spread, and how far chance alone moves a site: for a site that is shown to itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, Numbers, check_level, count, fraction, sample

__all__ = ["FunnelLimits", "Quantiles", "binomial_limits", "quantiles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles(Result):
    """Quantiles of one value of each site; none without sites."""

    least: float | None
    lower_quartile: float | None
    median: float | None
    upper_quartile: float | None
    greatest: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelLimits(Result):
    """Limits within which chance keeps the proportion of a site of a size."""

    low: float
    high: float
    level: float


def quantiles(values: Numbers) -> Quantiles:
    """Quantiles of one value of each site.

    Parameters
    ----------
    values
        One number a site, any unit.

    Returns
    -------
    Quantiles
        ``least``, ``lower_quartile``, ``median``, ``upper_quartile``, ``greatest`` in the unit of
        the values, and ``n`` sites. Undefined without any.

    Raises
    ------
    ValueError
        For values that are not numbers.

    Notes
    -----
    The quantile of p lies at 1 + (n - 1) p in the ordered values, between two of them on the
    straight line (type 7).

    References
    ----------
    .. [1] Hyndman & Fan 1996, Am Stat 50:361.

    Examples
    --------
    >>> result = quantiles([4, 1, 2, 8])
    >>> result.lower_quartile, result.median, result.upper_quartile
    (1.75, 3.0, 5.0)
    """
    given = sample("values", values)
    found: list[float | None] = [None] * 5
    if len(given):
        found = np.quantile(given, (0, 0.25, 0.5, 0.75, 1)).tolist()
    least, lower, median, upper, greatest = found
    return Quantiles(
        method="sites.quantiles",
        least=least,
        lower_quartile=lower,
        median=median,
        upper_quartile=upper,
        greatest=greatest,
        n=len(given),
        undefined=not len(given),
        reason="" if len(given) else "no center has a value",
    )


def binomial_limits(center: float, n: int, *, level: float = 0.95) -> FunnelLimits:
    """Control limits of a funnel plot for a proportion, exact and interpolated.

    Parameters
    ----------
    center
        Proportion of all sites, from 0 to 1.
    n
        Subjects of the site (count), at least 1.
    level
        Share of sites that chance alone keeps within the limits.

    Returns
    -------
    FunnelLimits
        ``low`` and ``high``, proportions.

    Raises
    ------
    ValueError
        For a proportion outside [0, 1], a size below 1 or a level outside (0, 1).

    Notes
    -----
    For each tail probability p, r is the least count with F(r) >= p under the binomial
    distribution; the limit is (r - a) / n with a = (F(r) - p) / (F(r) - F(r - 1)). Where r is 0 or
    n it is the limit itself, so that no site lies beyond what cannot be exceeded.

    References
    ----------
    .. [1] Spiegelhalter 2005, Stat Med 24:1185.

    Examples
    --------
    >>> result = binomial_limits(0.9, 50)
    >>> round(result.low, 4), round(result.high, 4)
    (0.8003, 0.9661)
    """
    level = check_level(level)
    share, size = fraction("center", center), int(count("n", n))
    if size < 1:
        raise ValueError(f"n must be at least 1, it is {size}")
    below = np.concatenate([[0.0], special.bdtr(np.arange(size + 1), size, share)])
    below[-1] = 1.0  # of all counts
    tail = (1 - level) / 2
    low, high = (_limit(below, size, p) for p in (tail, 1 - tail))
    return FunnelLimits(method="sites.binomial_limits", low=low, high=high, level=level)


def _limit(below: FloatArray, n: int, p: float) -> float:
    """Return the interpolated quantile of p; ``below[r + 1]`` is F(r)."""
    r = int(np.searchsorted(below[1:], p))
    if r in (0, n):
        return r / n
    step = below[r + 1] - below[r]
    return float((r - (below[r + 1] - p) / step) / n)
