"""Concordance correlation from U statistics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import NotEstimableError, Numbers, check_level, paired_samples
from clinval.stats._moments import differences, variance_of
from clinval.stats.agreement._concordance_components import fisher_interval

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["Concordance", "total_spread", "u_statistic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Concordance(Estimate):
    """A concordance correlation with its standard error; ``n`` counts subjects."""

    se: float | None = None


def u_statistic(test: Numbers, reference: Numbers, *, level: float = 0.95) -> Concordance:
    r"""Concordance correlation from U statistics, without a normal distribution of the values.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    level
        Two-sided level of the interval.

    Returns
    -------
    Concordance
        ``estimate``, ``se``, ``ci_low``, ``ci_high`` and ``n``. Undefined with fewer than two
        pairs and when nothing varies or differs.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, or a level outside
        (0, 1).

    Notes
    -----
    U and V are the means over all i, j (i not j) of the kernels
    ((x_i - y_i)^2 + (x_j - y_j)^2)/2 and ((x_i - y_j)^2 + (x_j - y_i)^2)/2, and

    .. math:: p = \frac{(n - 1)(V - U)}{U + (n - 1) V}

    With a_i and b_i the means of the kernels over j, Cov(U, V) = 4 sum (a_i - U, b_i - V)
    (a_i - U, b_i - V)'/n^2; the delta method gives the error of p, Fisher's z the interval.

    References
    ----------
    .. [1] King & Chinchilli 2001.

    Examples
    --------
    >>> result = u_statistic([494, 395, 516, 434, 476], [512, 430, 520, 428, 500])
    >>> round(result.estimate, 4), round(result.se, 4)
    (0.8838, 0.0342)
    """
    test_, reference_ = paired_samples(test, reference)
    check_level(level)
    method, n = "concordance.u_statistic", len(test_)
    try:
        total_spread(test_, reference_)
    except NotEstimableError as problem:
        return Concordance(
            method=method, estimate=None, level=level, n=n, undefined=True, reason=problem.reason
        )
    squares = differences(test_, reference_) ** 2
    center = (float(test_.mean()) + float(reference_.mean())) / 2
    x, y = test_ - center, reference_ - center
    # sums over j other than i
    own = (squares + (squares.sum() - squares) / (n - 1)) / 2
    crossed = n * (x**2 + y**2) - 2 * x * y.sum() - 2 * y * x.sum() + (x**2 + y**2).sum()
    other = (crossed - 2 * squares) / (2 * (n - 1))
    u, v = float(own.mean()), float(other.mean())
    denominator = u + (n - 1) * v
    estimate = 1 - n * u / denominator
    gradient = np.array([-n * (n - 1) * v, n * (n - 1) * u]) / denominator**2
    influence = gradient @ np.array([own - u, other - v])
    se = 2 * math.sqrt(float(influence @ influence)) / n
    low, high = fisher_interval(estimate, se, level)
    return Concordance(
        method=method, estimate=estimate, se=se, ci_low=low, ci_high=high, level=level, n=n
    )


def total_spread(x: FloatArray, y: FloatArray) -> float:
    """Return both variances (divisor n) and the squared difference of the means, which is not 0."""
    n = len(x)
    if n < 2:
        raise NotEstimableError("fewer than two pairs")
    shift = float(differences(x, y).mean())
    total = (variance_of(x) + variance_of(y)) * (n - 1) / n + shift**2
    if total == 0:
        raise NotEstimableError("neither the values vary nor the methods differ")
    return total
