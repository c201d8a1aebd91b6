"""Quantiles and p values of the normal, Student, chi-square and F distributions."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

__all__ = [
    "ALTERNATIVES",
    "chi_square_p",
    "f_p",
    "normal_p",
    "normal_quantile",
    "student_p",
    "student_quantile",
]

ALTERNATIVES = ("greater", "less", "two-sided")
_LARGEST_QUANTILE = 1e120  # beyond, with next to no degrees of freedom, it is not computed rightly


def normal_quantile(level: float) -> float:
    """Return z for a two-sided interval at ``level``."""
    return float(special.ndtri((1 + level) / 2))


def student_quantile(level: float, df: float) -> float:
    """Return t for a two-sided interval at ``level``, infinity where no number holds it."""
    quantile = float(special.stdtrit(df, (1 + level) / 2))
    return quantile if quantile <= _LARGEST_QUANTILE else math.inf


def normal_p(statistic: float, alternative: str) -> float:
    """Return the p value of a standard normal statistic."""
    if alternative == "greater":
        return float(special.ndtr(-statistic))
    if alternative == "less":
        return float(special.ndtr(statistic))
    return float(2 * special.ndtr(-abs(statistic)))


def student_p(statistic: float, df: float, alternative: str) -> float:
    """Return the p value of a Student statistic."""
    if alternative == "greater":
        return float(special.stdtr(df, -statistic))
    if alternative == "less":
        return float(special.stdtr(df, statistic))
    return float(np.minimum(1.0, 2 * special.stdtr(df, -abs(statistic))))


def chi_square_p(statistic: float, df: float) -> float:
    """Return the upper tail of the chi-square distribution."""
    return float(special.chdtrc(df, statistic))


def f_p(statistic: float, df: float, df2: float) -> float:
    """Return the upper tail of the F distribution."""
    return float(special.fdtrc(df, df2, statistic))
