"""Rubin's rules: one estimate and its error from the analyses of several imputed data sets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.core.results import Estimate
from clinval.stats._checks import (
    FloatArray,
    NotEstimableError,
    Numbers,
    check_level,
    check_same_length,
    finite,
    sample,
)
from clinval.stats._distributions import normal_quantile
from clinval.stats._moments import variance_of

__all__ = ["Combined", "PooledEstimate", "combine", "pooled_estimate", "rubin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledEstimate(Estimate):
    """An estimate over imputed data sets; ``df`` is None where it is infinite."""

    se: float | None = None
    variance_within: float | None = None
    variance_between: float | None = None
    variance: float | None = None
    fraction_missing: float | None = None
    relative_increase: float | None = None
    df: float | None = None
    imputations: int = 0


@dataclass(frozen=True, slots=True)
class Combined:
    """The total variance, its parts and degrees of freedom; arrays hold one analysis a cell."""

    estimate: FloatArray
    within: FloatArray
    between: FloatArray
    total: FloatArray
    fraction_missing: FloatArray
    df: FloatArray

    def interval(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Return the two-sided limits, by t or, at infinite degrees of freedom, by z."""
        finite_df = np.isfinite(self.df)
        t = special.stdtrit(np.where(finite_df, self.df, 1.0), (1 + level) / 2)
        half = np.where(finite_df, t, normal_quantile(level)) * np.sqrt(self.total)
        return self.estimate - half, self.estimate + half


def combine(
    estimate: FloatArray | float,
    within: FloatArray | float,
    between: float,
    imputations: int,
    df_complete: float,
) -> Combined:
    """Combine means and mean variances (one a cell) with the variance between imputations."""
    estimate, within = np.asarray(estimate), np.asarray(within)
    added = (1 + 1 / imputations) * between
    total = within + added
    if (within <= 0).any():
        raise NotEstimableError("the values do not vary in either arm")
    fraction = added / total
    # the reciprocal of infinite degrees of freedom is 0
    reciprocal = fraction**2 / (imputations - 1)
    if np.isfinite(df_complete):
        observed = (df_complete + 1) / (df_complete + 3) * df_complete * (1 - fraction)
        reciprocal = reciprocal + 1 / observed
    with np.errstate(divide="ignore"):  # nothing is missing, of infinitely much
        df = 1 / reciprocal
    return Combined(estimate, within, np.asarray(between), total, fraction, df)


def pooled_estimate(
    function: str, combined: Combined, level: float, *, imputations: int, n: int | None = None
) -> PooledEstimate:
    """Return a single combined analysis as the result of a method."""
    low, high = combined.interval(level)
    variance, df = float(combined.total), float(combined.df)
    return PooledEstimate(
        method=f"missing_data.{function}",
        estimate=float(combined.estimate),
        ci_low=float(low),
        ci_high=float(high),
        level=level,
        n=n,
        se=math.sqrt(variance),
        variance_within=float(combined.within),
        variance_between=float(combined.between),
        variance=variance,
        fraction_missing=float(combined.fraction_missing),
        relative_increase=(variance - float(combined.within)) / float(combined.within),
        df=df if math.isfinite(df) else None,
        imputations=imputations,
    )


def rubin(
    estimates: Numbers,
    standard_errors: Numbers,
    *,
    df_complete: float | None = None,
    level: float = 0.95,
) -> PooledEstimate:
    r"""Rubin's rules with the degrees of freedom of Barnard and Rubin.

    Parameters
    ----------
    estimates, standard_errors
        The estimate of each imputed data set and its standard error (lists of equal length).
    df_complete
        Degrees of freedom of the analysis if nothing were missing; None for infinitely many.
    level
        Two-sided level of the interval.

    Returns
    -------
    PooledEstimate
        ``estimate``, ``se``, ``ci_low``, ``ci_high``; ``variance`` and its parts
        ``variance_within`` and ``variance_between``; ``fraction_missing`` and
        ``relative_increase`` of the variance; ``df``, None where it is infinite (then the
        interval is normal), and ``imputations``. With one imputation all but its estimate is
        undefined.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing, standard errors or degrees of
        freedom that are not positive, or a level outside (0, 1).

    Notes
    -----
    With the mean U of the squared errors and the variance B of the m estimates,

    .. math:: T = U + (1 + 1/m) B, \quad \lambda = (1 + 1/m) B / T, \quad
              r = (1 + 1/m) B / U

    and 1/df = 1/df_m + 1/df_o with df_m = (m - 1)/lambda^2 and, for n = df_complete,
    df_o = n (n + 1)/(n + 3) (1 - lambda). Without variance between imputations df_m is
    infinite.

    References
    ----------
    .. [1] Rubin 1987.
    .. [2] Barnard & Rubin 1999, Biometrika 86:948.

    Examples
    --------
    >>> result = rubin([0.021, 0.035, 0.012], [0.02, 0.021, 0.019], df_complete=150)
    >>> round(result.estimate, 4), round(result.se, 4), round(result.df, 2)
    (0.0227, 0.0241, 17.39)
    """
    y, s = sample("estimates", estimates), sample("standard_errors", standard_errors)
    check_same_length(estimates=y, standard_errors=s)
    check_level(level)
    if (s <= 0).any():
        raise ValueError("standard_errors must be above 0")
    degrees = np.inf if df_complete is None else finite("df_complete", df_complete)
    if degrees <= 0:
        raise ValueError(f"df_complete must be above 0, not {degrees:g}")
    method, m = "missing_data.rubin", len(y)
    if m < 2:
        return PooledEstimate(
            method=method,
            estimate=float(y[0]) if m else None,
            level=level,
            imputations=m,
            undefined=True,
            reason="fewer than two imputations",
        )
    combined = combine(float(y.mean()), float(np.mean(s**2)), variance_of(y), m, degrees)
    return pooled_estimate("rubin", combined, level, imputations=m)
