"""Repeatability: how far replicates by the same method on the same subject lie apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.core.results import Estimate
from clinval.stats._checks import Ratings, check_level
from clinval.stats._distributions import normal_quantile
from clinval.stats._ratings import measurements

__all__ = ["Repeatability", "within_subject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeatability(Estimate):
    """The within-subject standard deviation (``estimate``) and the repeatability coefficient.

    ``n`` counts subjects with a value, ``df`` values beyond the first of each.
    """

    repeatability_coefficient: float | None = None
    repeatability_coefficient_ci_low: float | None = None
    repeatability_coefficient_ci_high: float | None = None
    df: int = 0
    coverage: float = 0.95


def within_subject(
    ratings: Ratings, *, level: float = 0.95, coverage: float = 0.95
) -> Repeatability:
    r"""Within-subject standard deviation and repeatability coefficient, chi-square intervals.

    Parameters
    ----------
    ratings
        Matrix of numbers, subjects in rows, replicates in columns, ``None`` or NaN where missing.
    level
        Two-sided level of the intervals.
    coverage
        Share of differences of two replicates within the coefficient.

    Returns
    -------
    Repeatability
        ``estimate``, ``ci_low``, ``ci_high``, ``repeatability_coefficient`` with its
        ``_ci_low`` and ``_ci_high``, ``df`` and ``n``. Undefined when no subject has two
        values.

    Raises
    ------
    ValueError
        For ratings that are no matrix of numbers or a level or coverage outside (0, 1).

    Notes
    -----
    s^2 is the error mean square of the one-way analysis of variance, df = sum(m_i - 1) with m_i
    replicates of subject i, the interval of s is s sqrt(df/chi2) at both quantiles, and the
    coefficient is zc sqrt(2) s with the normal quantile zc of the coverage (1.959964 for 0.95).

    References
    ----------
    .. [1] Bland & Altman 1999.

    Examples
    --------
    >>> result = within_subject([[494, 490], [395, 397], [516, 512], [434, 401], [476, 470]])
    >>> round(result.estimate, 2), round(result.repeatability_coefficient, 2)
    (10.77, 29.87)
    """
    values = measurements(ratings)
    check_level(level)
    reach = math.sqrt(2) * normal_quantile(check_level(coverage, "coverage"))
    method = "repeatability.within_subject"
    present, n = ~np.isnan(values), len(values)
    df = int(present.sum()) - n
    if df == 0:
        return Repeatability(
            method=method,
            estimate=None,
            level=level,
            coverage=coverage,
            n=n,
            undefined=True,
            reason="no subject has a replicate",
        )
    deviations = np.where(present, values - np.nanmean(values, axis=1, keepdims=True), 0.0)
    sd = math.sqrt(float((deviations**2).sum()) / df)
    low, high = (
        sd * math.sqrt(df / float(special.chdtri(df, tail)))
        for tail in ((1 - level) / 2, (1 + level) / 2)
    )
    return Repeatability(
        method=method,
        estimate=sd,
        ci_low=low,
        ci_high=high,
        repeatability_coefficient=reach * sd,
        repeatability_coefficient_ci_low=reach * low,
        repeatability_coefficient_ci_high=reach * high,
        df=df,
        coverage=coverage,
        level=level,
        n=n,
    )
