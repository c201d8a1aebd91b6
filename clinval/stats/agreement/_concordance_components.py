"""Concordance correlation of two or more methods from variance components."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import (
    Labels,
    NotEstimableError,
    Numbers,
    check_level,
    check_same_length,
    sample,
)
from clinval.stats._distributions import normal_quantile
from clinval.stats._labels import group_codes
from clinval.stats._moments import variance_of
from clinval.stats._variance_components import NO_ERROR, ComponentFit, fit_components
from clinval.stats.agreement._factors import check_nested

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["ComponentConcordance", "fisher_interval", "variance_components"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentConcordance(Estimate):
    """A concordance correlation with its variances; ``n`` counts subjects."""

    se: float | None = None
    variance_center: float | None = None
    variance_subject: float | None = None
    variance_method: float | None = None
    variance_residual: float | None = None
    methods: int = 0
    observations: int = 0


def variance_components(
    value: Numbers,
    *,
    subject: Labels,
    method: Labels,
    center: Labels | None = None,
    level: float = 0.95,
) -> ComponentConcordance:
    r"""Concordance correlation of several methods, replicates and missing values allowed.

    Parameters
    ----------
    value
        One measurement an entry (list).
    subject, method
        Label of the subject and of the method of each measurement (lists).
    center
        Label of the center of the subject of each measurement (list); a subject has one. Subjects
        then vary between and within centers.
    level
        Two-sided level of the interval.

    Returns
    -------
    ComponentConcordance
        ``estimate``, ``se``, ``ci_low``, ``ci_high``, ``variance_center``, ``variance_subject``,
        ``variance_method``, ``variance_residual``, ``methods``, ``observations`` and ``n``
        subjects. Undefined with fewer than two subjects or methods, when no subject has two
        values, without a degree of freedom for the error, when the design does not tell the
        variances apart, and without error where values are missing. Complete agreement of
        complete values gives 1 with the interval (1, 1).

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, values without
        their labels, a subject in two centers, or a level outside (0, 1).

    Notes
    -----
    value = method + subject + error, methods fixed, subjects and errors independent normal, by
    restricted maximum likelihood; replicates of a method on a subject count as error. With the
    k method means m_i, the variance of the methods is

    .. math:: v_m = \max\left(0, \frac{\sum_{i<j} [(m_i - m_j)^2 - Var(m_i - m_j)]}{k (k - 1)}
              \right)

    and p = v_s/(v_s + v_m + v_e); with centers, v_s is the sum of the variances between and
    within them. The standard error follows by the delta method from the expected information on
    the other variances and from the variance of the quadratic form of the means; the interval by
    Fisher's z.

    References
    ----------
    .. [1] Carrasco & Jover 2003.

    Examples
    --------
    >>> value = [9, 8, 9, 6, 5, 7, 8, 7, 7, 4, 3, 5, 10, 8, 9]
    >>> subject, method = [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3 + [5] * 3, ["A", "B", "C"] * 5
    >>> result = variance_components(value, subject=subject, method=method)
    >>> round(result.estimate, 3), round(result.se, 3)
    (0.849, 0.106)
    """
    values = sample("value", value)
    _, subjects = group_codes("subject", subject)
    labels, methods = group_codes("method", method)
    centers = None if center is None else group_codes("center", center)[1]
    check_same_length(
        value=values,
        subject=subjects,
        method=methods,
        center=subjects if centers is None else centers,
    )
    check_level(level)
    if centers is not None:
        check_nested(subjects, centers)
    name, n, k = "concordance.variance_components", int(subjects.max(initial=-1)) + 1, len(labels)
    try:
        fit = _fit(values, methods, subjects, centers)
    except NotEstimableError as problem:
        return ComponentConcordance(
            method=name,
            estimate=None,
            level=level,
            methods=k,
            observations=len(values),
            n=n,
            undefined=True,
            reason=problem.reason,
        )
    means, phi = fit.coefficients, fit.covariance
    contrasts = (k * np.eye(k) - 1) / (k * (k - 1))
    between = float(means @ contrasts @ means) - float(np.trace(contrasts @ phi))
    # subject, perhaps center, residual, and last the methods
    variances = np.append(fit.variances, max(0.0, between))
    spread = contrasts @ phi
    passed_on = -np.einsum("ab,iba->i", contrasts, fit.covariance_slopes)
    covariance = np.zeros((len(variances), len(variances)))
    covariance[:-1, :-1] = fit.information
    covariance[-1, :-1] = covariance[:-1, -1] = passed_on @ fit.information
    covariance[-1, -1] = 2 * float(np.trace(spread @ spread))
    covariance[-1, -1] += 4 * float(means @ contrasts @ phi @ contrasts @ means)
    between_subjects = np.arange(len(variances)) < len(variances) - 2
    total = float(variances.sum())
    estimate = float(variances[between_subjects].sum()) / total
    gradient = (between_subjects - estimate) / total
    se = math.sqrt(max(0.0, float(gradient @ covariance @ gradient)))
    low, high = fisher_interval(estimate, se, level)
    return ComponentConcordance(
        method=name,
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        variance_center=float(variances[1]) if len(variances) > 3 else None,
        variance_subject=float(variances[0]),
        variance_method=float(variances[-1]),
        variance_residual=float(variances[-2]),
        level=level,
        methods=k,
        observations=len(values),
        n=n,
    )


def _fit(
    values: FloatArray, methods: IntArray, subjects: IntArray, centers: IntArray | None
) -> ComponentFit:
    if min(subjects.max(initial=0), methods.max(initial=0)) < 1:
        raise NotEstimableError("fewer than two subjects or methods")
    if len(values) == int(subjects.max()) + 1:
        raise NotEstimableError("no subject has two values")
    others = [centers] if centers is not None and int(centers.max()) > 0 else []
    design = np.eye(int(methods.max()) + 1)[methods]
    try:
        return fit_components(values, design, subject=subjects, others=others)
    except NotEstimableError as problem:
        if problem.reason != NO_ERROR or others:
            raise
        return _without_error(values, methods, subjects)


def _without_error(values: FloatArray, methods: IntArray, subjects: IntArray) -> ComponentFit:
    """Return the limit of a vanishing error, which balanced data have."""
    n, k = int(subjects.max()) + 1, int(methods.max()) + 1
    cells = np.bincount(subjects * k + methods, minlength=n * k)
    if int(np.ptp(cells)) > 0:
        raise NotEstimableError(NO_ERROR)
    of_subjects = variance_of(np.bincount(subjects, values) / np.bincount(subjects))
    shared, own = np.ones((k, k)) / n, np.eye(k) / (n * int(cells[0]))
    return ComponentFit(
        coefficients=np.bincount(methods, values) / np.bincount(methods),
        covariance=of_subjects * shared,
        variances=np.array([of_subjects, 0.0]),
        information=np.diag([2 * of_subjects**2 / (n - 1), 0.0]),
        covariance_slopes=np.stack([shared, own]),
    )


def fisher_interval(estimate: float, se: float, level: float) -> tuple[float, float]:
    """Return the interval of a correlation by Fisher's z; without width at -1 and 1."""
    if abs(estimate) >= 1:
        return estimate, estimate
    half = normal_quantile(level) * se / (1 - estimate**2)
    return math.tanh(math.atanh(estimate) - half), math.tanh(math.atanh(estimate) + half)
