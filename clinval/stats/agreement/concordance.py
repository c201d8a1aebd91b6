"""Concordance correlation: agreement of measurements with the line of identity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import Labels, NotEstimableError, Numbers, check_level, paired_samples
from clinval.stats._moments import differences, variance_of
from clinval.stats.agreement._bootstrap import bootstrap
from clinval.stats.agreement._concordance_components import (
    ComponentConcordance,
    fisher_interval,
    variance_components,
)
from clinval.stats.agreement._concordance_u import Concordance, total_spread, u_statistic
from clinval.stats.agreement._results import BootstrapAgreement

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = [
    "BootstrapAgreement",
    "ComponentConcordance",
    "Concordance",
    "LinConcordance",
    "lin",
    "lin_bootstrap",
    "u_statistic",
    "variance_components",
]

_ROUNDING = 1e-13  # of a sum of squares, as a share of all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class LinConcordance(Estimate):
    """Lin's coefficient and its parts: correlation times bias correction."""

    se: float | None = None
    bias_correction: float | None = None
    scale_shift: float | None = None
    location_shift: float | None = None
    correlation: float | None = None


def lin(test: Numbers, reference: Numbers, *, level: float = 0.95) -> LinConcordance:
    r"""Lin's concordance correlation with the interval by Fisher's z.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    level
        Two-sided level of the interval.

    Returns
    -------
    LinConcordance
        ``estimate``, ``se``, ``ci_low``, ``ci_high``, ``bias_correction``, ``scale_shift``
        (standard deviation of the test over that of the reference), ``location_shift``,
        ``correlation`` and ``n``. Undefined with fewer than two pairs and when nothing varies
        or differs; the error and the interval also with two pairs or when a method does not
        vary. Perfect agreement gives 1 with the interval (1, 1).

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, or a level outside
        (0, 1).

    Notes
    -----
    With means m, variances s^2 and covariance s_xy of divisor n, r the correlation and
    u = (m_test - m_ref)/(s_test s_ref)^(1/2), which is the location shift,

    .. math:: p = \frac{2 s_{xy}}{s_{test}^2 + s_{ref}^2 + (m_{test} - m_{ref})^2}, \quad
              se^2 = \frac{1}{n - 2} \left[\frac{(1 - r^2) p^2 (1 - p^2)}{r^2}
              + \frac{2 p^3 (1 - p) u^2}{r} - \frac{p^4 u^4}{2 r^2}\right]

    The interval is that of artanh(p), with the error se/(1 - p^2). The bias correction is p/r.

    References
    ----------
    .. [1] Lin 1989, 2000.

    Examples
    --------
    >>> result = lin([494, 395, 516, 434, 476], [512, 430, 520, 428, 500])
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.bias_correction, 4)
    (0.8838, 0.3707, 0.9378)
    """
    test_, reference_ = paired_samples(test, reference)
    check_level(level)
    method, n = "concordance.lin", len(test_)
    d = differences(test_, reference_)
    try:
        total = total_spread(test_, reference_)
    except NotEstimableError as problem:
        return LinConcordance(
            method=method, estimate=None, level=level, n=n, undefined=True, reason=problem.reason
        )
    share = (n - 1) / n
    x, y = variance_of(test_) * share, variance_of(reference_) * share
    estimate = 1 - float((d**2).mean()) / total if x > 0 and y > 0 else 0.0
    scale_shift = math.sqrt(x / y) if y > 0 else None
    if x == 0 or y == 0:
        return LinConcordance(
            method=method,
            estimate=estimate,
            scale_shift=scale_shift,
            level=level,
            n=n,
            undefined=True,
            reason="the values of a method do not vary",
        )
    correction = 2 * math.sqrt(x * y) / total
    correlation = max(-1.0, min(1.0, estimate / correction))
    shift = float(d.mean()) / (x * y) ** 0.25
    se = low = high = None
    if n > 2:
        # the formula of the Notes with p/r = correction, which exists where r is 0
        variance = (1 - correlation**2) * correction**2 * (1 - estimate**2)
        variance += 2 * correction * estimate**2 * (1 - estimate) * shift**2
        variance -= correction**2 * estimate**2 * shift**4 / 2
        se = math.sqrt(max(0.0, variance) / (n - 2))
        low, high = fisher_interval(estimate, se, level)
    return LinConcordance(
        method=method,
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        bias_correction=correction,
        scale_shift=scale_shift,
        location_shift=shift,
        correlation=correlation,
        level=level,
        n=n,
        undefined=se is None,
        reason="fewer than three pairs" if se is None else "",
    )


def lin_bootstrap(
    test: Numbers,
    reference: Numbers,
    *,
    cluster: Labels | None = None,
    strata: Labels | None = None,
    draws: int = 2000,
    seed: int,
    level: float = 0.95,
) -> BootstrapAgreement:
    """Lin's concordance correlation with a bootstrap interval: patients drawn within each center.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    cluster
        Label of the cluster (patient) of each pair, drawn as a whole; by default each is one.
    strata
        Label of the stratum (center) of each pair; a draw has as many clusters of each stratum
        as there are. By default all are of one.
    draws
        Number of draws, at least 100.
    seed
        Start of the random numbers; the same seed gives the same limits.
    level
        Two-sided level of the percentile interval.

    Returns
    -------
    BootstrapAgreement
        ``estimate`` of all pairs, ``se`` (standard deviation of the draws), ``ci_low``,
        ``ci_high`` (percentiles), ``n``, ``clusters``, ``draws`` and ``undefined_draws``, in
        which nothing varies or differs. Error and interval are undefined when no stratum has two
        clusters, or more than a share 1 - level of the draws are undefined; everything where the
        correlation is.

    Raises
    ------
    ValueError
        As :func:`lin`, or when labels and values differ in length, a label is missing, a cluster
        lies in two strata, or for fewer than 100 draws.

    Notes
    -----
    The limits are the quantiles (1 -/+ level)/2 of the draws that have a value.

    References
    ----------
    .. [1] Davison & Hinkley 1997, Bootstrap Methods and their Application.

    Examples
    --------
    >>> test, reference = [494, 395, 516, 434, 476, 557], [512, 430, 520, 428, 500, 600]
    >>> result = lin_bootstrap(test, reference, seed=1)
    >>> round(result.estimate, 4), round(result.se, 2), result.clusters
    (0.8986, 0.1, 6)
    """
    point = lin(test, reference, level=level)
    x, y = paired_samples(test, reference)
    d = differences(x, y)
    if len(x):
        x, y = x - x.mean(), y - y.mean()
    return bootstrap(
        point,
        np.column_stack([np.ones(len(d)), x, y, d, x**2, y**2, d**2]),
        np.arange(len(d)),
        _correlations,
        rows=len(d),
        cluster=cluster,
        strata=strata,
        draws=draws,
        seed=seed,
        level=level,
    )


def _correlations(totals: FloatArray) -> FloatArray:
    """Return the coefficient of each row of totals: n, x, y, d and their squares."""
    means = totals[:, 1:] / totals[:, :1]
    total = means[:, 3] - means[:, 0] ** 2 + means[:, 4] - means[:, 1] ** 2 + means[:, 2] ** 2
    varies = total > _ROUNDING * means[:, 3:].sum(axis=1)
    ratio = means[:, 5] / np.where(varies, total, 1.0)
    coefficients: FloatArray = np.where(varies, 1 - ratio, np.nan)
    return coefficients
