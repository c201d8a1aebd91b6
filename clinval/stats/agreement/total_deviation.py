"""Total deviation index: the size that a given share of the differences does not exceed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import Numbers, check_level, paired_samples
from clinval.stats._distributions import normal_quantile
from clinval.stats._moments import differences, variance_of
from clinval.stats._roots import bracketed_roots

__all__ = ["TotalDeviation", "normal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalDeviation(Result):
    """The index (``estimate``) and its usual approximation."""

    estimate: float | None
    approximation: float | None = None
    coverage: float = 0.9
    n: int = 0


def normal(test: Numbers, reference: Numbers, *, coverage: float = 0.9) -> TotalDeviation:
    r"""Total deviation index of normal differences.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    coverage
        Share of absolute differences that do not exceed the index.

    Returns
    -------
    TotalDeviation
        ``estimate``, ``approximation`` and ``n``. Undefined with fewer than two pairs.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, or a coverage outside
        (0, 1).

    Notes
    -----
    With mean m and standard deviation s (divisor n - 1) of test - reference the index T solves

    .. math:: \Phi((T - m)/s) - \Phi((-T - m)/s) = coverage

    The approximation is zc sqrt(m^2 + s^2), zc the normal quantile of the coverage. Without
    variation T is the absolute value of the difference.

    References
    ----------
    .. [1] Lin 2000.

    Examples
    --------
    >>> result = normal([494, 395, 516, 434, 476], [512, 430, 520, 428, 500])
    >>> round(result.estimate, 2), round(result.approximation, 2)
    (35.86, 36.34)
    """
    test_, reference_ = paired_samples(test, reference)
    reach = normal_quantile(check_level(coverage, "coverage"))
    method, n = "total_deviation.normal", len(test_)
    if n < 2:
        return TotalDeviation(
            method=method,
            estimate=None,
            coverage=coverage,
            n=n,
            undefined=True,
            reason="fewer than two pairs",
        )
    values = differences(test_, reference_)
    mean, sd = abs(float(values.mean())), math.sqrt(variance_of(values))
    estimate = mean
    if sd > 0:
        # mean -/+ reach sd lies within -/+ the upper end
        ends = np.array([0.0]), np.array([mean + reach * sd])
        missing = bracketed_roots(
            lambda t: coverage - special.ndtr((t - mean) / sd) + special.ndtr((-t - mean) / sd),
            *ends,
        )
        estimate = float(missing[0])
    return TotalDeviation(
        method=method,
        estimate=estimate,
        approximation=reach * math.hypot(mean, sd),
        coverage=coverage,
        n=n,
    )
