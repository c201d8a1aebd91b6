"""Whether the difference of two methods depends on the size of what is measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import TestResult
from clinval.stats._checks import Numbers, paired_samples
from clinval.stats._distributions import student_p
from clinval.stats._moments import differences, rounding_of
from clinval.stats._rank_null import doubled_midranks

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["ProportionalBias", "proportional_bias"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionalBias(TestResult):
    """The slope (``estimate``) of the differences on the means, and two correlations."""

    estimate: float | None
    se: float | None = None
    intercept: float | None = None
    pitman_r: float | None = None
    pitman_p_value: float | None = None
    spearman_absolute: float | None = None
    n: int = 0


def proportional_bias(test: Numbers, reference: Numbers) -> ProportionalBias:
    r"""Regression of the differences on the means, Pitman's test and spread against size.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).

    Returns
    -------
    ProportionalBias
        ``estimate`` (slope), ``se``, ``intercept``, ``statistic``, ``df``, ``p_value`` (t with
        n - 2 degrees of freedom, two-sided), ``pitman_r``, ``pitman_p_value``,
        ``spearman_absolute`` and ``n``. All but ``n`` are undefined with fewer than three pairs
        or means that do not vary; tests and correlations also when the differences do not vary
        or lie on the line exactly.

    Raises
    ------
    ValueError
        For lists of different length or values that are missing or infinite.

    Notes
    -----
    With d = test - reference and m = (test + reference)/2: ordinary least squares of d on m.
    Pitman's r is the correlation of d and m, which is 0 when both methods have the same variance;
    its t test is that of the slope. ``spearman_absolute`` is the rank correlation of the absolute
    differences with the means (mid-ranks): above 0, differences scatter more where values are
    large.

    References
    ----------
    .. [1] Bland & Altman 1999.
    .. [2] Pitman 1939.

    Examples
    --------
    >>> result = proportional_bias([10, 21, 33, 41, 54], [10, 20, 30, 40, 50])
    >>> round(result.estimate, 3), round(result.pitman_r, 3), round(result.spearman_absolute, 3)
    (0.079, 0.79, 0.821)
    """
    test_, reference_ = paired_samples(test, reference)
    method, n = "limits_of_agreement.proportional_bias", len(test_)
    if n < 3:
        return ProportionalBias(
            method=method,
            estimate=None,
            p_value=None,
            n=n,
            undefined=True,
            reason="fewer than three pairs",
        )
    d, m = differences(test_, reference_), (test_ + reference_) / 2
    d_, m_ = d - d.mean(), m - m.mean()
    rounding = rounding_of(test_, reference_)
    if float(abs(m_).max()) <= rounding:
        return ProportionalBias(
            method=method,
            estimate=None,
            p_value=None,
            n=n,
            undefined=True,
            reason="the means of the pairs do not vary",
        )
    sxx, sxy, df = float(m_ @ m_), float(m_ @ d_), n - 2
    slope = sxy / sxx
    residual = d_ - slope * m_
    se: float | None = math.sqrt(float(residual @ residual) / df / sxx)
    r: float | None = None
    statistic: float | None = None
    p_value: float | None = None
    reason = ""
    if float(abs(d_).max()) <= rounding:
        slope, se = 0.0, 0.0
        reason = "the differences of the pairs do not vary"
    elif float(abs(residual).max()) <= rounding or not se:
        se, r = 0.0, math.copysign(1.0, slope)
        reason = "the differences lie on a line exactly"
    else:
        r = sxy / math.sqrt(sxx * float(d_ @ d_))
        statistic = slope / se
        p_value = student_p(statistic, df, "two-sided")
    return ProportionalBias(
        method=method,
        estimate=slope,
        se=se,
        intercept=float(d.mean()) - slope * float(m.mean()),
        statistic=statistic,
        df=df,
        p_value=p_value,
        pitman_r=r,
        pitman_p_value=p_value,
        spearman_absolute=_spearman(abs(d), m),
        n=n,
        undefined=bool(reason),
        reason=reason,
    )


def _spearman(x: FloatArray, y: FloatArray) -> float | None:
    """Return the correlation of mid-ranks, None where one does not vary."""
    a, b = _centered_ranks(x), _centered_ranks(y)
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size else None


def _centered_ranks(values: FloatArray) -> FloatArray:
    """Return twice the mid-ranks less their mean."""
    ranks = doubled_midranks(np.unique(values, return_inverse=True)[1]).astype(np.float64)
    centered: FloatArray = ranks - ranks.mean()
    return centered
