"""Limits of agreement with the mean: how far a reader lies from the mean of all readers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.core.results import Estimate
from clinval.stats._checks import Ratings, check_level
from clinval.stats._distributions import normal_quantile
from clinval.stats._ratings import measurements

__all__ = ["LimitsWithMean", "with_mean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsWithMean(Estimate):
    """The upper limit (``estimate``); the lower one is its mirror image. ``n`` counts subjects."""

    loa_low: float | None = None
    loa_high: float | None = None
    loa_low_ci_low: float | None = None
    loa_low_ci_high: float | None = None
    loa_high_ci_low: float | None = None
    loa_high_ci_high: float | None = None
    variance_subject: float | None = None
    variance_rater: float | None = None
    variance_residual: float | None = None
    coverage: float = 0.95
    raters: int = 0


def with_mean(ratings: Ratings, *, level: float = 0.95, coverage: float = 0.95) -> LimitsWithMean:
    r"""Limits of agreement with the mean of many readers.

    Parameters
    ----------
    ratings
        Complete matrix of numbers, subjects in rows, readers in columns.
    level
        Two-sided level of the intervals.
    coverage
        Share of readings within the limits about the mean of the subject's readings.

    Returns
    -------
    LimitsWithMean
        ``estimate``, ``ci_low``, ``ci_high`` (the upper limit, ``loa_high`` again), ``loa_low``,
        ``loa_high``, the interval of each, ``variance_subject``, ``variance_rater``,
        ``variance_residual``, ``n`` subjects and ``raters``. Undefined with fewer than two
        subjects or readers.

    Raises
    ------
    ValueError
        For a missing rating, ratings that are no matrix of numbers, or a level or coverage
        outside (0, 1).

    Notes
    -----
    reading = mean + subject + reader + error, all effects random. With a subjects, b readers and
    the mean squares of readers MSB and of the error MSE, a reading lies from the mean of its
    subject by a deviation of variance (b - 1)/b (v_reader + v_error), so that the limits are

    .. math:: \pm z_c \sqrt{\frac{b - 1}{b} \cdot \frac{MSB + (a - 1) MSE}{a}}

    The interval of MSB + (a - 1) MSE is that of Graybill and Wang: with G = 1 - df/chi2_upper and
    H = df/chi2_lower - 1 of each mean square, the limits of the sum lie below by the root of the
    sum of the squares of G times each term and above by that of H. Variances reported are those
    of the analysis of variance, not below 0.

    References
    ----------
    .. [1] Christensen, Borgbjerg, Børty & Bøgsted 2020, BMC Med Res Methodol 20:304.
    .. [2] Graybill & Wang 1980, J Am Stat Assoc 75:869.

    Examples
    --------
    >>> ratings = [[9, 8, 9.5], [6, 5, 7], [8, 7, 7.4], [4, 3, 5.1], [10, 8, 9.2], [6, 5.4, 6.9]]
    >>> result = with_mean(ratings)
    >>> round(result.loa_high, 3), round(result.ci_low, 3), round(result.ci_high, 3)
    (1.389, 0.914, 7.641)
    """
    values = measurements(ratings)
    check_level(level)
    reach = normal_quantile(check_level(coverage, "coverage"))
    method, (a, b) = "limits_of_agreement.with_mean", values.shape
    if np.isnan(values).any():
        raise ValueError("ratings lacks a value; the limits with the mean need all")
    if a < 2 or b < 2:
        return LimitsWithMean(
            method=method,
            estimate=None,
            level=level,
            coverage=coverage,
            n=a,
            raters=b,
            undefined=True,
            reason="fewer than two subjects or raters",
        )
    centered = values - values.mean()
    subject, rater = centered.mean(axis=1, keepdims=True), centered.mean(axis=0, keepdims=True)
    degrees = np.array([b - 1.0, (a - 1.0) * (b - 1.0)])
    squares = np.array(
        [a * float((rater**2).sum()), float(((centered - subject - rater) ** 2).sum())]
    )
    of_raters, of_error = (squares / degrees).tolist()
    of_subjects = b * float((subject**2).sum()) / (a - 1)
    terms = squares / degrees * np.array([1.0, a - 1.0])
    tail = (1 - level) / 2
    below = (1 - degrees / special.chdtri(degrees, tail)) * terms
    above = (degrees / special.chdtri(degrees, 1 - tail) - 1) * terms
    total = float(terms.sum())
    limit, low, high = (
        reach * math.sqrt(max(0.0, part) * (b - 1) / (a * b))
        for part in (total, total - math.hypot(*below), total + math.hypot(*above))
    )
    return LimitsWithMean(
        method=method,
        estimate=limit,
        ci_low=low,
        ci_high=high,
        loa_low=-limit,
        loa_high=limit,
        loa_low_ci_low=-high,
        loa_low_ci_high=-low,
        loa_high_ci_low=low,
        loa_high_ci_high=high,
        variance_subject=max(0.0, (of_subjects - of_error) / b),
        variance_rater=max(0.0, (of_raters - of_error) / a),
        variance_residual=of_error,
        coverage=coverage,
        level=level,
        n=a,
        raters=b,
    )
