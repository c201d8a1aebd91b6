"""Difference of means adjusted for a baseline."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import (
    NotEstimableError,
    Numbers,
    arm_indicator,
    check_level,
    check_same_length,
    sample,
)
from clinval.stats._moments import MeanContrast, rounding_of

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["AdjustedMeanDifference", "ancova"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedMeanDifference(Estimate):
    """A difference of means at the same baseline; ``slope`` is that of the baseline."""

    se: float | None = None
    df: float | None = None
    statistic: float | None = None
    slope: float | None = None


def ancova(
    score: Numbers, arm: Numbers, baseline: Numbers, *, level: float = 0.95
) -> AdjustedMeanDifference:
    r"""Analysis of covariance: the difference of arms at the same baseline.

    Parameters
    ----------
    score
        One value a subject (list).
    arm
        1 (test) or 0 (reference) for each subject (list).
    baseline
        The value of each subject before treatment (list).
    level
        Two-sided level of the interval.

    Returns
    -------
    AdjustedMeanDifference
        ``estimate``, ``se``, ``df`` n - 3, ``ci_low``, ``ci_high``, ``statistic`` for a
        difference of 0, ``slope`` of the baseline and ``n``. Undefined with an empty arm, with
        fewer than four subjects or a baseline that does not vary within the arms. Where the
        model fits every value the interval has no width and the statistic is undefined.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, arms other than 0
        and 1 or a level outside (0, 1).

    Notes
    -----
    Ordinary least squares of score = intercept + arm + baseline. With the sum of squares
    S_xx of the baseline and of products S_xy within the arms, slope b = S_xy/S_xx,

    .. math:: \bar{y}_1 - \bar{y}_0 - b (\bar{x}_1 - \bar{x}_0), \quad
              se^2 = s^2 \left(\frac{1}{n_1} + \frac{1}{n_0}
              + \frac{(\bar{x}_1 - \bar{x}_0)^2}{S_{xx}}\right)

    and a t quantile with n - 3 degrees of freedom.

    References
    ----------
    .. [1] Fisher 1932.

    Examples
    --------
    >>> score, baseline = [5.1, 6.0, 4.2, 5.0, 7.1, 7.7], [4.8, 5.0, 4.1, 4.3, 6.6, 6.5]
    >>> result = ancova(score, [0, 1, 0, 1, 0, 1], baseline)
    >>> round(result.estimate, 3), round(result.se, 3), result.df
    (0.649, 0.072, 3)
    """
    y, arms, x = sample("score", score), arm_indicator(arm), sample("baseline", baseline)
    check_same_length(score=y, arm=arms, baseline=x)
    check_level(level)
    method, n = "mean_difference.ancova", len(y)
    try:
        contrast, slope = _adjusted(y, arms, x)
    except NotEstimableError as problem:
        return AdjustedMeanDifference(
            method=method, estimate=None, level=level, n=n, undefined=True, reason=problem.reason
        )
    low, high = contrast.interval(level)
    exact = contrast.se == 0
    return AdjustedMeanDifference(
        method=method,
        estimate=contrast.estimate,
        se=contrast.se,
        df=contrast.df,
        statistic=None if exact else contrast.statistic(),
        ci_low=low,
        ci_high=high,
        level=level,
        n=n,
        slope=slope,
        undefined=exact,
        reason="the model fits every value" if exact else "",
    )


def _adjusted(y: FloatArray, arms: FloatArray, x: FloatArray) -> tuple[MeanContrast, float]:
    """Return the adjusted difference and the slope of the baseline."""
    n = len(y)
    if n == 0 or arms.min() == arms.max():
        raise NotEstimableError("an arm has no subject")
    if n < 4:
        raise NotEstimableError("no degrees of freedom for the error")
    n1 = float(arms.sum())
    n0 = n - n1
    means_y, means_x = _arm_means(y, arms), _arm_means(x, arms)
    own_y, own_x = y - means_y[arms.astype(int)], x - means_x[arms.astype(int)]
    if float(abs(own_x).max()) <= rounding_of(x):
        raise NotEstimableError("the baseline does not vary within the arms")
    squares = float(own_x @ own_x)
    slope = float(own_x @ own_y) / squares
    apart = float(means_x[1] - means_x[0])
    errors = own_y - slope * own_x
    if float(abs(errors).max()) <= rounding_of(y, slope * x):
        errors = 0 * errors
    variance = float(errors @ errors) / (n - 3)
    se = math.sqrt(variance * (1 / n1 + 1 / n0 + apart**2 / squares))
    return MeanContrast(float(means_y[1] - means_y[0]) - slope * apart, se, n - 3), slope


def _arm_means(values: FloatArray, arms: FloatArray) -> FloatArray:
    """Return the mean of the reference arm and of the test arm."""
    means: FloatArray = np.array([values[arms == a].mean() for a in (0, 1)])
    return means
