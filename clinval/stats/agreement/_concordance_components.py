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
from clinval.stats._random_intercept import (
    RandomInterceptFit,
    component_information,
    random_intercept,
)

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["ComponentConcordance", "fisher_interval", "variance_components"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentConcordance(Estimate):
    """A concordance correlation with its variances; ``n`` counts subjects."""

    se: float | None = None
    variance_subject: float | None = None
    variance_method: float | None = None
    variance_residual: float | None = None
    methods: int = 0
    observations: int = 0


def variance_components(
    value: Numbers, *, subject: Labels, method: Labels, level: float = 0.95
) -> ComponentConcordance:
    r"""Concordance correlation of several methods, replicates and missing values allowed.

    Parameters
    ----------
    value
        One measurement an entry (list).
    subject, method
        Label of the subject and of the method of each measurement (lists).
    level
        Two-sided level of the interval.

    Returns
    -------
    ComponentConcordance
        ``estimate``, ``se``, ``ci_low``, ``ci_high``, ``variance_subject``,
        ``variance_method``, ``variance_residual``, ``methods``, ``observations`` and ``n``
        subjects. Undefined with fewer than two subjects or methods, when no subject has two
        values, when methods and subjects are confounded, and without variation within subjects.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, values without a
        subject or a method, or a level outside (0, 1).

    Notes
    -----
    value = method + subject + error, methods fixed, subjects and errors independent normal, by
    restricted maximum likelihood; replicates of a method on a subject count as error. With the
    k method means m_i, the variance of the methods is

    .. math:: v_m = \max\left(0, \frac{\sum_{i<j} [(m_i - m_j)^2 - Var(m_i - m_j)]}{k (k - 1)}
              \right)

    and p = v_s/(v_s + v_m + v_e). The standard error follows by the delta method from the
    expected information on v_s and v_e and from the variance of the quadratic form of the means;
    the interval by Fisher's z.

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
    check_same_length(value=values, subject=subjects, method=methods)
    check_level(level)
    name, n, k = "concordance.variance_components", len(np.unique(subjects)), len(labels)
    design = np.eye(k)[methods]
    try:
        fit = _fit(values, design, subjects)
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
    components, slopes = component_information(design, subjects, fit)
    means, phi = fit.coefficients, fit.covariance
    contrasts = (k * np.eye(k) - 1) / (k * (k - 1))
    between = float(means @ contrasts @ means) - float(np.trace(contrasts @ phi))
    of_method = max(0.0, between)
    total = fit.variance_group + of_method + fit.variance_residual
    # the covariance of the variances: residual, subject, method
    spread = contrasts @ phi
    passed_on = -np.einsum("ab,iba->i", contrasts, slopes)
    covariance = np.zeros((3, 3))
    covariance[:2, :2] = components
    covariance[2, :2] = covariance[:2, 2] = passed_on @ components
    covariance[2, 2] = 2 * float(np.trace(spread @ spread))
    covariance[2, 2] += 4 * float(means @ contrasts @ phi @ contrasts @ means)
    estimate = fit.variance_group / total
    gradient = np.array([-estimate, 1 - estimate, -estimate]) / total
    se = math.sqrt(max(0.0, float(gradient @ covariance @ gradient)))
    low, high = fisher_interval(estimate, se, level)
    return ComponentConcordance(
        method=name,
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        variance_subject=fit.variance_group,
        variance_method=of_method,
        variance_residual=fit.variance_residual,
        level=level,
        methods=k,
        observations=len(values),
        n=n,
    )


def _fit(values: FloatArray, design: FloatArray, subjects: IntArray) -> RandomInterceptFit:
    """Return the fit; what cannot be estimated is said of subjects, not of centers."""
    if len(np.unique(subjects)) < 2 or design.shape[1] < 2:
        raise NotEstimableError("fewer than two subjects or methods")
    try:
        return random_intercept(values, design, subjects)
    except NotEstimableError as problem:
        raise NotEstimableError(_of_subjects(problem.reason)) from None


def _of_subjects(reason: str) -> str:
    """Return what the model with random centers says, with subjects in their place."""
    match reason:
        case "no center has two observations":
            return "no subject has two values"
        case "the arms cannot be told from the centers":
            return "the methods cannot be told from the subjects"
        case "no variation within centers":
            return "no variation within subjects"
        case "the variances within and between centers cannot be told apart":
            return "the variances within and between subjects cannot be told apart"
        case "the variance within centers vanishes beside that between them":
            return "the variance within subjects vanishes beside that between them"
        case _:
            return "no degrees of freedom for the error"


def fisher_interval(estimate: float, se: float, level: float) -> tuple[float, float]:
    """Return the interval of a correlation by Fisher's z; without width at -1 and 1."""
    if abs(estimate) >= 1:
        return estimate, estimate
    half = normal_quantile(level) * se / (1 - estimate**2)
    return math.tanh(math.atanh(estimate) - half), math.tanh(math.atanh(estimate) + half)
