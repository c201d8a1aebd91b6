"""Fieller's interval of a ratio of two arithmetic means."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.core.results import Estimate
from clinval.stats._checks import NotEstimableError, Numbers, check_level, paired_samples, sample
from clinval.stats._distributions import student_quantile
from clinval.stats._moments import (
    differences,
    one_sample,
    pooled,
    rounding_of,
    variance_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from clinval.stats._checks import FloatArray

__all__ = ["FiellerRatio", "fieller", "fieller_paired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FiellerRatio(Estimate):
    """A ratio of means; with ``g`` of 1 or more the reference mean may be 0: no interval."""

    g: float | None = None
    df: float | None = None


def fieller(test: Numbers, reference: Numbers, *, level: float = 0.95) -> FiellerRatio:
    r"""Ratio of arithmetic means of independent samples, Fieller's interval.

    Parameters
    ----------
    test, reference
        The values of each arm (lists, any lengths); they need not be positive.
    level
        Two-sided level of the interval.

    Returns
    -------
    FiellerRatio
        ``estimate``, ``ci_low``, ``ci_high``, ``g``, ``df`` n1 + n2 - 2 and ``n``. The limits
        are undefined when g >= 1 (the reference mean does not differ from 0 at this level) or
        without a degree of freedom, everything with an empty arm or a reference mean of 0.

    Raises
    ------
    ValueError
        For values that are missing or infinite, or a level outside (0, 1).

    Notes
    -----
    With the pooled variance s^2, v_i = s^2/n_i, t on n1 + n2 - 2 degrees of freedom, r the
    ratio of the means and g = t^2 v_2/m_2^2, the limits are

    .. math:: \frac{r \pm \frac{t}{|m_2|} \sqrt{(1 - g) v_1 + r^2 v_2}}{1 - g}

    References
    ----------
    .. [1] Fieller 1954.

    Examples
    --------
    >>> result = fieller([3.1, 4.2, 5.5, 6.1, 2.2], [2.9, 4.8, 5.1, 7.7, 3.3])
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.8866, 0.4653, 1.6106)
    """
    test_, reference_ = sample("test", test), sample("reference", reference)
    check_level(level)
    return _ratio("fieller", test_, reference_, level, _pooled_moments)


def fieller_paired(test: Numbers, reference: Numbers, *, level: float = 0.95) -> FiellerRatio:
    r"""Ratio of arithmetic means of pairs, Fieller's interval.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry); they need
        not be positive.
    level
        Two-sided level of the interval.

    Returns
    -------
    FiellerRatio
        ``estimate``, ``ci_low``, ``ci_high``, ``g``, ``df`` n - 1 and ``n`` pairs. The limits
        are undefined when g >= 1 (the reference mean does not differ from 0 at this level) or
        with fewer than two pairs, everything without pairs or with a reference mean of 0.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, or a level outside
        (0, 1).

    Notes
    -----
    With v_1, v_2 and c_12 the variances and the covariance of the two means and t on n - 1
    degrees of freedom, the limits are the roots of

    .. math:: (m_2^2 - t^2 v_2) r^2 - 2 (m_1 m_2 - t^2 c_{12}) r + (m_1^2 - t^2 v_1) = 0

    g = t^2 v_2/m_2^2.

    References
    ----------
    .. [1] Fieller 1954.

    Examples
    --------
    >>> result = fieller_paired([12.1, 14.3, 11.2, 15.8], [13.4, 15.1, 11.9, 16.2])
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.9435, 0.8861, 0.9869)
    """
    test_, reference_ = paired_samples(test, reference)
    check_level(level)
    return _ratio("fieller_paired", test_, reference_, level, _paired_moments)


@dataclass(frozen=True, slots=True)
class _Moments:
    """Second moments of the two means, about the line test = ratio x reference.

    ``spread`` is the variance of (test mean - ratio x reference mean), ``tilt`` minus its
    covariance with the reference mean.
    """

    reference: float
    spread: float
    tilt: float
    df: float


def _pooled_moments(test: FloatArray, reference: FloatArray, ratio: float) -> _Moments:
    contrast = pooled(test, reference)
    n1, n2 = len(test), len(reference)
    variance = contrast.se**2 / (1 / n1 + 1 / n2)
    v1, v2 = variance / n1, variance / n2
    return _Moments(v2, v1 + ratio**2 * v2, ratio * v2, contrast.df)


def _paired_moments(test: FloatArray, reference: FloatArray, ratio: float) -> _Moments:
    beside = differences(test, ratio * reference)
    contrast, n = one_sample(beside), len(beside)
    covariance = 0.0
    if contrast.se > 0:
        own = reference - reference.mean()
        covariance = float(own @ (beside - beside.mean())) / (n - 1)
    return _Moments(variance_of(reference) / n, contrast.se**2, -covariance / n, contrast.df)


def _ratio(
    function: str,
    test: FloatArray,
    reference: FloatArray,
    level: float,
    moments_of: Callable[[FloatArray, FloatArray, float], _Moments],
) -> FiellerRatio:
    method = f"mean_ratio.{function}"
    n = len(test) if moments_of is _paired_moments else len(test) + len(reference)
    estimate: float | None = None
    g: float | None = None
    df: float | None = None
    try:
        mean = _reference_mean(test, reference)
        estimate = float(test.mean()) / mean
        moments = moments_of(test, reference, estimate)
        df, t = moments.df, student_quantile(level, moments.df)
        g = t**2 * moments.reference / mean**2
        # the roots of (1 - g) x^2 - 2 a x - b = 0 are how far the limits lie from the ratio
        a, b = t**2 * moments.tilt / mean**2, t**2 * moments.spread / mean**2
        low, high = _roots(1 - g, a, b)
    except NotEstimableError as problem:
        return FiellerRatio(
            method=method,
            estimate=estimate,
            level=level,
            n=n,
            g=g,
            df=df,
            undefined=True,
            reason=problem.reason,
        )
    return FiellerRatio(
        method=method,
        estimate=estimate,
        ci_low=estimate + low,
        ci_high=estimate + high,
        level=level,
        n=n,
        g=g,
        df=df,
    )


def _reference_mean(test: FloatArray, reference: FloatArray) -> float:
    if min(len(test), len(reference)) == 0:
        raise NotEstimableError("an arm has no subject")
    mean = float(reference.mean())
    if abs(mean) <= rounding_of(reference):
        raise NotEstimableError("the reference mean is 0")
    return mean


def _roots(lead: float, a: float, b: float) -> tuple[float, float]:
    if lead <= 0:
        raise NotEstimableError("the reference mean does not differ from 0")
    root = math.sqrt(a**2 + lead * b)
    return (a - root) / lead, (a + root) / lead
