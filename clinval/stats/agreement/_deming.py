"""Deming regression: a line where both methods measure with error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import (
    NotEstimableError,
    Numbers,
    check_level,
    finite,
    paired_samples,
)
from clinval.stats._distributions import student_quantile
from clinval.stats._moments import rounding_of

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["MethodLine", "deming", "deming_jackknife"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodLine(Result):
    """The line test = intercept + slope * reference with the interval of each."""

    slope: float | None
    slope_se: float | None = None
    slope_ci_low: float | None = None
    slope_ci_high: float | None = None
    intercept: float | None = None
    intercept_se: float | None = None
    intercept_ci_low: float | None = None
    intercept_ci_high: float | None = None
    level: float = 0.95
    n: int = 0


def deming(
    test: Numbers, reference: Numbers, *, error_ratio: float = 1.0, level: float = 0.95
) -> MethodLine:
    r"""Deming regression with standard errors in closed form.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    error_ratio
        Variance of the reference's error over that of the test's error, above 0.
    level
        Two-sided level of the intervals.

    Returns
    -------
    MethodLine
        ``slope``, ``slope_se``, ``slope_ci_low``, ``slope_ci_high``, ``intercept``,
        ``intercept_se``, ``intercept_ci_low``, ``intercept_ci_high`` and ``n``. Undefined with
        fewer than three pairs, when a method does not vary and when the methods are
        uncorrelated.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, an error ratio that
        is not above 0 or a level outside (0, 1).

    Notes
    -----
    With u, q, p the sums of squares of reference and test and of their products and l the error
    ratio,

    .. math:: b = \frac{l q - u + \sqrt{(u - l q)^2 + 4 l p^2}}{2 l p}, \quad
              se_b = |b| \sqrt{\frac{1 - r^2}{r^2 (n - 2)}}

    se_a = se_b sqrt(mean of reference^2), t intervals with n - 2 degrees of freedom.

    References
    ----------
    .. [1] Linnet 1990.
    .. [2] Strike 1991.

    Examples
    --------
    >>> result = deming([10.2, 20.9, 30.1, 41.3, 49.8], [10, 20, 30, 40, 50])
    >>> round(result.slope, 4), round(result.slope_se, 4), round(result.intercept, 4)
    (0.9968, 0.0225, 0.5573)
    """
    y, x, ratio = _methods(test, reference, error_ratio, level)
    method = "method_comparison.deming"
    try:
        slopes, r = _slopes(*_products(x, y), ratio)
    except NotEstimableError as problem:
        return _no_line(method, len(x), level, problem.reason)
    slope = float(slopes)
    correlation = float(r)
    se = abs(slope) * math.sqrt(max(0.0, 1 - correlation**2) / (correlation**2 * (len(x) - 2)))
    intercept = float(y.mean()) - slope * float(x.mean())
    se_of_intercept = se * math.sqrt(float((x**2).mean()))
    return _line(method, len(x), level, (slope, se), (intercept, se_of_intercept))


def deming_jackknife(
    test: Numbers, reference: Numbers, *, error_ratio: float = 1.0, level: float = 0.95
) -> MethodLine:
    r"""Deming regression with standard errors by the jackknife.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    error_ratio
        Variance of the reference's error over that of the test's error, above 0.
    level
        Two-sided level of the intervals.

    Returns
    -------
    MethodLine
        As :func:`deming`; also undefined when the line has no value without one of the pairs.

    Raises
    ------
    ValueError
        As :func:`deming`.

    Notes
    -----
    The estimates of :func:`deming`. With b_(-i) the slope without pair i, the standard error is
    sd/sqrt(n) of the pseudo-values n b - (n - 1) b_(-i), likewise for the intercept; t intervals
    about the estimate with n - 2 degrees of freedom.

    References
    ----------
    .. [1] Linnet 1993.

    Examples
    --------
    >>> result = deming_jackknife([10.2, 20.9, 30.1, 41.3, 49.8], [10, 20, 30, 40, 50])
    >>> round(result.slope, 4), round(result.slope_se, 4)
    (0.9968, 0.0324)
    """
    y, x, ratio = _methods(test, reference, error_ratio, level)
    method, n = "method_comparison.deming_jackknife", len(x)
    try:
        slope = float(_slopes(*_products(x, y), ratio)[0])
        # sums about the means without each pair
        share = n / (n - 1)
        x_, y_ = x - x.mean(), y - y.mean()
        without = (
            float(x_ @ x_) - share * x_**2,
            float(y_ @ y_) - share * y_**2,
            float(x_ @ y_) - share * x_ * y_,
        )
        left_out, _ = _slopes(*without, _tolerances(x, y), ratio)
    except NotEstimableError as problem:
        return _no_line(method, n, level, problem.reason)
    intercept = float(y.mean()) - slope * float(x.mean())
    # means without each pair
    intercepts = (y.mean() - y_ / (n - 1)) - left_out * (x.mean() - x_ / (n - 1))
    errors = [
        math.sqrt((n - 1) ** 2 / n * float(values.var(ddof=1))) for values in (left_out, intercepts)
    ]
    return _line(method, n, level, (slope, errors[0]), (intercept, errors[1]))


def _methods(
    test: Numbers, reference: Numbers, error_ratio: float, level: float
) -> tuple[FloatArray, FloatArray, float]:
    test_, reference_ = paired_samples(test, reference)
    check_level(level)
    ratio = finite("error_ratio", error_ratio)
    if ratio <= 0:
        raise ValueError(f"error_ratio must be above 0, it is {ratio:g}")
    return test_, reference_, ratio


def _products(
    x: FloatArray, y: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, tuple[float, float]]:
    """Return the sums of squares and products, and the squares that are only rounding."""
    if len(x) < 3:
        raise NotEstimableError("fewer than three pairs")
    x_, y_ = x - x.mean(), y - y.mean()
    return np.asarray(x_ @ x_), np.asarray(y_ @ y_), np.asarray(x_ @ y_), _tolerances(x, y)


def _tolerances(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    return len(x) * rounding_of(x) ** 2, len(y) * rounding_of(y) ** 2


def _slopes(
    u: FloatArray, q: FloatArray, p: FloatArray, tolerances: tuple[float, float], ratio: float
) -> tuple[FloatArray, FloatArray]:
    """Return slopes and correlations, elementwise."""
    if (u <= tolerances[0]).any() or (q <= tolerances[1]).any():
        raise NotEstimableError("the values of a method do not vary")
    r = p / np.sqrt(u * q)
    if (np.abs(r) <= 1e-12).any():
        raise NotEstimableError("the methods are uncorrelated")
    excess = ratio * q - u
    root = np.hypot(excess, 2 * math.sqrt(ratio) * p)
    # the same root of the quadratic twice, so that nothing cancels
    slopes = np.where(excess > 0, (excess + root) / (2 * ratio * p), 2 * p / (root - excess))
    return slopes, r


def _line(
    method: str, n: int, level: float, slope: tuple[float, float], intercept: tuple[float, float]
) -> MethodLine:
    t = student_quantile(level, n - 2)
    return MethodLine(
        method=method,
        slope=slope[0],
        slope_se=slope[1],
        slope_ci_low=slope[0] - t * slope[1],
        slope_ci_high=slope[0] + t * slope[1],
        intercept=intercept[0],
        intercept_se=intercept[1],
        intercept_ci_low=intercept[0] - t * intercept[1],
        intercept_ci_high=intercept[0] + t * intercept[1],
        level=level,
        n=n,
    )


def _no_line(method: str, n: int, level: float, reason: str) -> MethodLine:
    return MethodLine(method=method, slope=None, level=level, n=n, undefined=True, reason=reason)
