"""Limits of agreement when each subject was measured several times by both methods."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import (
    Labels,
    NotEstimableError,
    Numbers,
    check_level,
    check_same_length,
    paired_samples,
)
from clinval.stats._distributions import normal_quantile
from clinval.stats._labels import group_codes
from clinval.stats._moments import differences, variance_of

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = [
    "ReplicateLimitsConstant",
    "ReplicateLimitsVarying",
    "replicates_constant",
    "replicates_varying",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicateLimitsConstant(Result):
    """Limits for single measurements when the true value of a subject does not change."""

    estimate: float | None
    variance_mean_difference: float | None = None
    variance_within_test: float | None = None
    variance_within_reference: float | None = None
    sd: float | None = None
    loa_low: float | None = None
    loa_high: float | None = None
    coverage: float = 0.95
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicateLimitsVarying(Result):
    """Limits for single measurements when the true value changes from pair to pair."""

    estimate: float | None
    variance_between: float | None = None
    variance_within: float | None = None
    sd: float | None = None
    loa_low: float | None = None
    loa_high: float | None = None
    coverage: float = 0.95
    n: int = 0


def replicates_constant(
    test: Numbers, reference: Numbers, *, subject: Labels, coverage: float = 0.95
) -> ReplicateLimitsConstant:
    r"""Limits of agreement from replicates of a true value that does not change.

    Parameters
    ----------
    test, reference
        The replicates, one of each method an entry (lists of equal length).
    subject
        Label of the subject of each entry (list).
    coverage
        Share of differences of single measurements between the limits.

    Returns
    -------
    ReplicateLimitsConstant
        ``estimate`` (bias), ``variance_mean_difference``, ``variance_within_test``,
        ``variance_within_reference``, ``sd``, ``loa_low``, ``loa_high`` and ``n`` subjects. The
        limits are undefined with fewer than two subjects or when no subject has a replicate.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, entries without a
        subject or a coverage outside (0, 1).

    Notes
    -----
    The bias is the mean over subjects of the difference of their two means. With the variance
    s_d^2 of these differences, the error mean square s_w^2 of the one-way analysis of variance of
    each method and m_i entries of subject i,

    .. math:: sd^2 = s_d^2 + (1 - \overline{1/m_i}) (s_{w,test}^2 + s_{w,reference}^2)

    References
    ----------
    .. [1] Bland & Altman 1999, sections 5.1 and 5.2.

    Examples
    --------
    >>> test, reference = [7.8, 7.4, 6.2, 6.5, 5.1, 5.0], [7.0, 7.3, 6.1, 6.0, 5.3, 5.1]
    >>> result = replicates_constant(test, reference, subject=["a", "a", "b", "b", "c", "c"])
    >>> round(result.estimate, 2), round(result.loa_low, 2), round(result.loa_high, 2)
    (0.2, -0.51, 0.91)
    """
    test_, reference_, codes = _replicates(test, reference, subject)
    reach = normal_quantile(check_level(coverage, "coverage"))
    method = "limits_of_agreement.replicates_constant"
    size = np.bincount(codes).astype(np.float64)
    n = len(size)
    of_means = _means(differences(test_, reference_), codes, size)
    bias = float(of_means.mean()) if n else 0.0
    try:
        within = [_within(values, codes, size) for values in (test_, reference_)]
    except NotEstimableError as problem:
        return ReplicateLimitsConstant(
            method=method,
            estimate=bias if n else None,
            variance_mean_difference=variance_of(of_means) if n > 1 else None,
            coverage=coverage,
            n=n,
            undefined=True,
            reason=problem.reason,
        )
    between = variance_of(of_means)
    sd = math.sqrt(between + (1 - float((1 / size).mean())) * sum(within))
    return ReplicateLimitsConstant(
        method=method,
        estimate=bias,
        variance_mean_difference=between,
        variance_within_test=within[0],
        variance_within_reference=within[1],
        sd=sd,
        loa_low=bias - reach * sd,
        loa_high=bias + reach * sd,
        coverage=coverage,
        n=n,
    )


def replicates_varying(
    test: Numbers, reference: Numbers, *, subject: Labels, coverage: float = 0.95
) -> ReplicateLimitsVarying:
    r"""Limits of agreement from pairs of measurements of a true value that changes.

    Parameters
    ----------
    test, reference
        Pairs of measurements made together, one pair an entry (lists of equal length).
    subject
        Label of the subject of each entry (list).
    coverage
        Share of differences of single measurements between the limits.

    Returns
    -------
    ReplicateLimitsVarying
        ``estimate`` (mean of all differences), ``variance_between``, ``variance_within``,
        ``sd``, ``loa_low``, ``loa_high`` and ``n`` subjects. The limits are undefined with fewer
        than two subjects or when no subject has two pairs.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, entries without a
        subject or a coverage outside (0, 1).

    Notes
    -----
    One-way analysis of variance of the differences: with m_i pairs of subject i of n, N in all,
    the within variance is MSW, that between subjects max(0, (MSB - MSW)/m_0) with

    .. math:: m_0 = (N^2 - \sum m_i^2) / ((n - 1) N)

    and sd^2 is their sum.

    References
    ----------
    .. [1] Bland & Altman 1999, section 5.3; Bland & Altman 2007.

    Examples
    --------
    >>> test, reference = [7.8, 7.4, 6.2, 6.5, 5.1, 5.0], [7.0, 7.3, 6.1, 6.0, 5.3, 5.1]
    >>> result = replicates_varying(test, reference, subject=["a", "a", "b", "b", "c", "c"])
    >>> round(result.estimate, 2), round(result.loa_low, 2), round(result.loa_high, 2)
    (0.2, -0.57, 0.97)
    """
    test_, reference_, codes = _replicates(test, reference, subject)
    reach = normal_quantile(check_level(coverage, "coverage"))
    method = "limits_of_agreement.replicates_varying"
    values, size = differences(test_, reference_), np.bincount(codes).astype(np.float64)
    n, total = len(size), float(size.sum())
    bias = float(values.mean()) if n else 0.0
    try:
        within = _within(values, codes, size)
    except NotEstimableError as problem:
        return ReplicateLimitsVarying(
            method=method,
            estimate=bias if n else None,
            coverage=coverage,
            n=n,
            undefined=True,
            reason=problem.reason,
        )
    excess = _means(values, codes, size) - bias
    mean_square = float(size @ excess**2) / (n - 1)
    typical = (total**2 - float(size @ size)) / ((n - 1) * total)
    between = max(0.0, (mean_square - within) / typical)
    sd = math.sqrt(between + within)
    return ReplicateLimitsVarying(
        method=method,
        estimate=bias,
        variance_between=between,
        variance_within=within,
        sd=sd,
        loa_low=bias - reach * sd,
        loa_high=bias + reach * sd,
        coverage=coverage,
        n=n,
    )


def _replicates(
    test: Numbers, reference: Numbers, subject: Labels
) -> tuple[FloatArray, FloatArray, IntArray]:
    test_, reference_ = paired_samples(test, reference)
    _, codes = group_codes("subject", subject)
    check_same_length(test=test_, subject=codes)
    return test_, reference_, codes


def _means(values: FloatArray, codes: IntArray, size: FloatArray) -> FloatArray:
    means: FloatArray = np.bincount(codes, values) / size
    return means


def _within(values: FloatArray, codes: IntArray, size: FloatArray) -> float:
    """Return the error mean square of the one-way analysis of variance."""
    if len(size) < 2:
        raise NotEstimableError("fewer than two subjects")
    degrees = len(values) - len(size)
    if degrees == 0:
        raise NotEstimableError("no subject has a replicate")
    deviations = values - _means(values, codes, size)[codes]
    return float(deviations @ deviations) / degrees
