"""Differences between centers: pooling of center estimates, and tests of center effects.

``estimates`` holds one estimate a center on an additive scale (differences, log ratios) and
``standard_errors`` their standard errors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.core.results import Estimate, Result
from clinval.stats._checks import FloatArray, Numbers, check_level
from clinval.stats._distributions import chi_square_p, normal_quantile, student_quantile
from clinval.stats._pooling import (
    centers,
    dersimonian_laird_tau2,
    i2_percent,
    paule_mandel_tau2,
    pool,
    q_profile_tau2,
    reml_tau2,
)
from clinval.stats.centers._center_tests import (
    FTest,
    QualitativeInteraction,
    gail_simon_test,
    paired_site_test,
    treatment_by_site_test,
)

__all__ = [
    "FTest",
    "FixedEffect",
    "LeaveOneOut",
    "QProfile",
    "QualitativeInteraction",
    "RandomEffects",
    "dersimonian_laird",
    "fixed_effect",
    "gail_simon_test",
    "leave_one_out",
    "paired_site_test",
    "paule_mandel",
    "q_profile",
    "reml",
    "treatment_by_site_test",
]

_NO_CENTERS = "no center"


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedEffect(Estimate):
    """An inverse-variance mean with Cochran's Q; ``n`` counts centers."""

    se: float | None = None
    q: float | None = None
    q_p_value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomEffects(FixedEffect):
    """A random-effects mean with all that is said of heterogeneity; ``i2`` is in percent."""

    tau2: float | None = None
    i2: float | None = None
    prediction_low: float | None = None
    prediction_high: float | None = None
    prediction_normal_low: float | None = None
    prediction_normal_high: float | None = None
    hartung_knapp_se: float | None = None
    hartung_knapp_ci_low: float | None = None
    hartung_knapp_ci_high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QProfile(Result):
    """An interval of the variance between centers."""

    tau2_low: float | None
    tau2_high: float | None
    level: float = 0.95
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveOneOut(Result):
    """Random-effects results without each center in turn, in input order."""

    estimate_by_omitted: tuple[float | None, ...]
    ci_low_by_omitted: tuple[float | None, ...]
    ci_high_by_omitted: tuple[float | None, ...]
    tau2_by_omitted: tuple[float | None, ...]
    i2_by_omitted: tuple[float | None, ...]
    level: float = 0.95
    n: int = 0


def fixed_effect(
    estimates: Numbers, standard_errors: Numbers, *, level: float = 0.95
) -> FixedEffect:
    """Fixed-effect pooling of centers by inverse variance, with Cochran's Q.

    Parameters
    ----------
    estimates, standard_errors
        One estimate and its standard error a center (lists of equal length).
    level
        Two-sided level of the interval.

    Returns
    -------
    FixedEffect
        ``estimate``, ``se``, ``ci_low``, ``ci_high`` (normal), ``q``, ``q_p_value`` (chi-square
        with centers - 1 degrees of freedom) and ``n`` centers. The p value is undefined with
        one center, everything without any.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing, standard errors that are not
        positive or a level outside (0, 1).

    Notes
    -----
    w = 1/s^2, estimate sum w y/sum w, se 1/sqrt(sum w), Q = sum w (y - estimate)^2.

    References
    ----------
    .. [1] Cochran 1954.

    Examples
    --------
    >>> result = fixed_effect([0.02, -0.03, 0.05], [0.03, 0.04, 0.05])
    >>> round(result.estimate, 4), round(result.se, 4), round(result.q, 4)
    (0.011, 0.0216, 1.749)
    """
    y, s = centers(estimates, standard_errors)
    z = normal_quantile(check_level(level))
    method = "heterogeneity.fixed_effect"
    if len(y) == 0:
        return FixedEffect(
            method=method, estimate=None, level=level, n=0, undefined=True, reason=_NO_CENTERS
        )
    pooled = pool(y, 1 / s**2)
    estimate, se, q = float(pooled.estimate), float(pooled.se), float(pooled.q)
    single = len(y) == 1
    return FixedEffect(
        method=method,
        estimate=estimate,
        se=se,
        ci_low=estimate - z * se,
        ci_high=estimate + z * se,
        q=q,
        q_p_value=None if single else chi_square_p(q, len(y) - 1),
        level=level,
        n=len(y),
        undefined=single,
        reason="fewer than two centers" if single else "",
    )


def dersimonian_laird(
    estimates: Numbers, standard_errors: Numbers, *, level: float = 0.95
) -> RandomEffects:
    """Random-effects pooling with DerSimonian and Laird's moment estimate of tau2.

    Parameters
    ----------
    estimates, standard_errors
        One estimate and its standard error a center (lists of equal length).
    level
        Two-sided level of all intervals.

    Returns
    -------
    RandomEffects
        ``estimate``, ``se``, ``ci_low``, ``ci_high`` (Wald, normal), ``tau2`` (cut at 0),
        ``i2`` (percent), ``q``, ``q_p_value``, ``prediction_low`` and ``prediction_high``
        (t with centers - 2 degrees of freedom), ``prediction_normal_low`` and ``..._high``,
        ``hartung_knapp_se``, ``hartung_knapp_ci_low`` and ``..._high``. With two centers the
        prediction interval is undefined; with one, all that needs a variance between centers,
        which then counts as 0.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing, standard errors that are not
        positive or a level outside (0, 1).

    Notes
    -----
    tau2 = max(0, (Q - (k - 1))/(sum w - sum w^2/sum w)), w = 1/s^2; then w = 1/(s^2 + tau2).
    i2 = 100 tau2/(tau2 + s2) with s2 = (k - 1) sum w/((sum w)^2 - sum w^2), w = 1/s^2.
    Prediction: estimate -/+ quantile sqrt(se^2 + tau2). Hartung and Knapp:
    sqrt(sum w (y - estimate)^2/((k - 1) sum w)) with t(k - 1), not raised to the Wald error.

    References
    ----------
    .. [1] DerSimonian & Laird 1986.
    .. [2] Higgins, Thompson & Spiegelhalter 2009.
    .. [3] Hartung & Knapp 2001.

    Examples
    --------
    >>> result = dersimonian_laird([0.1, 0.3, -0.2, 0.5, 0.05], [0.1, 0.12, 0.15, 0.11, 0.2])
    >>> round(result.estimate, 4), round(result.tau2, 4), round(result.i2, 1)
    (0.1659, 0.052, 76.2)
    """
    y, s = centers(estimates, standard_errors)
    tau2 = float(dersimonian_laird_tau2(y, 1 / s**2)) if len(y) else 0.0
    return _random_effects("dersimonian_laird", y, s, tau2, level)


def reml(estimates: Numbers, standard_errors: Numbers, *, level: float = 0.95) -> RandomEffects:
    """Random-effects pooling with tau2 by restricted maximum likelihood.

    Parameters
    ----------
    estimates, standard_errors
        One estimate and its standard error a center (lists of equal length).
    level
        Two-sided level of all intervals.

    Returns
    -------
    RandomEffects
        As :func:`dersimonian_laird`.

    Raises
    ------
    ValueError
        As :func:`dersimonian_laird`.

    Notes
    -----
    tau2 is the point of the highest restricted likelihood on [0, inf), the standard errors
    being known; all local maxima are looked at.

    References
    ----------
    .. [1] Viechtbauer 2005.
    .. [2] Higgins, Thompson & Spiegelhalter 2009.
    .. [3] Hartung & Knapp 2001.

    Examples
    --------
    >>> result = reml([0.1, 0.3, -0.2, 0.5, 0.05], [0.1, 0.12, 0.15, 0.11, 0.2])
    >>> round(result.estimate, 4), round(result.tau2, 4), round(result.i2, 1)
    (0.1655, 0.0538, 76.8)
    """
    y, s = centers(estimates, standard_errors)
    tau2 = reml_tau2(y, s**2) if len(y) else 0.0
    return _random_effects("reml", y, s, tau2, level)


def paule_mandel(
    estimates: Numbers, standard_errors: Numbers, *, level: float = 0.95
) -> RandomEffects:
    """Random-effects pooling with Paule and Mandel's estimate of tau2.

    Parameters
    ----------
    estimates, standard_errors
        One estimate and its standard error a center (lists of equal length).
    level
        Two-sided level of all intervals.

    Returns
    -------
    RandomEffects
        As :func:`dersimonian_laird`.

    Raises
    ------
    ValueError
        As :func:`dersimonian_laird`.

    Notes
    -----
    tau2 is the root of sum (y - mu)^2/(s^2 + tau2) = k - 1 with the weighted mean mu, 0 if the
    sum is below k - 1 at 0.

    References
    ----------
    .. [1] Paule & Mandel 1982.
    .. [2] Higgins, Thompson & Spiegelhalter 2009.
    .. [3] Hartung & Knapp 2001.

    Examples
    --------
    >>> result = paule_mandel([0.1, 0.3, -0.2, 0.5, 0.05], [0.1, 0.12, 0.15, 0.11, 0.2])
    >>> round(result.estimate, 4), round(result.tau2, 4), round(result.i2, 1)
    (0.1658, 0.0524, 76.3)
    """
    y, s = centers(estimates, standard_errors)
    tau2 = paule_mandel_tau2(y, s**2) if len(y) else 0.0
    return _random_effects("paule_mandel", y, s, tau2, level)


def q_profile(estimates: Numbers, standard_errors: Numbers, *, level: float = 0.95) -> QProfile:
    """Q-profile interval of the variance between centers, cut at 0.

    Parameters
    ----------
    estimates, standard_errors
        One estimate and its standard error a center (lists of equal length).
    level
        Two-sided level of the interval.

    Returns
    -------
    QProfile
        ``tau2_low``, ``tau2_high`` and ``n`` centers. Undefined with fewer than two centers.

    Raises
    ------
    ValueError
        As :func:`dersimonian_laird`.

    Notes
    -----
    The limits are the tau2 at which the generalised Q(tau2), with weights 1/(s^2 + tau2),
    equals the upper and the lower chi-square quantile with k - 1 degrees of freedom.

    References
    ----------
    .. [1] Viechtbauer 2007.

    Examples
    --------
    >>> result = q_profile([0.1, 0.3, -0.2, 0.5, 0.05], [0.1, 0.12, 0.15, 0.11, 0.2])
    >>> round(result.tau2_low, 4), round(result.tau2_high, 4)
    (0.008, 0.5602)
    """
    y, s = centers(estimates, standard_errors)
    check_level(level)
    method, degrees = "heterogeneity.q_profile", len(y) - 1
    if degrees < 1:
        return QProfile(
            method=method,
            tau2_low=None,
            tau2_high=None,
            level=level,
            n=len(y),
            undefined=True,
            reason="fewer than two centers",
        )
    low, high = special.chdtri(degrees, [(1 + level) / 2, (1 - level) / 2])
    tau2_low, tau2_high = q_profile_tau2(y, s**2, (float(low), float(high)))
    return QProfile(method=method, tau2_low=tau2_low, tau2_high=tau2_high, level=level, n=len(y))


def leave_one_out(
    estimates: Numbers, standard_errors: Numbers, *, level: float = 0.95
) -> LeaveOneOut:
    """DerSimonian-Laird pooling without each center in turn.

    Parameters
    ----------
    estimates, standard_errors
        One estimate and its standard error a center (lists of equal length).
    level
        Two-sided level of the intervals.

    Returns
    -------
    LeaveOneOut
        ``estimate_by_omitted``, ``ci_low_by_omitted``, ``ci_high_by_omitted``,
        ``tau2_by_omitted`` and ``i2_by_omitted`` (percent), one value an omitted center, in
        input order. Undefined with fewer than two centers; with two, each remaining center
        stands alone with a tau2 of 0.

    Raises
    ------
    ValueError
        As :func:`dersimonian_laird`.

    Notes
    -----
    All sets of k - 1 centers are pooled at once, as arrays of shape (k, k) in which the omitted
    center has the weight 0.

    References
    ----------
    .. [1] Viechtbauer & Cheung 2010.

    Examples
    --------
    >>> result = leave_one_out([0.1, 0.3, -0.2], [0.1, 0.12, 0.15])
    >>> [round(value, 3) for value in result.estimate_by_omitted]
    [0.058, -0.029, 0.189]
    """
    y, s = centers(estimates, standard_errors)
    z = normal_quantile(check_level(level))
    method, k = "heterogeneity.leave_one_out", len(y)
    if k < 2:
        nothing = (None,) * k
        return LeaveOneOut(
            method=method,
            estimate_by_omitted=nothing,
            ci_low_by_omitted=nothing,
            ci_high_by_omitted=nothing,
            tau2_by_omitted=nothing,
            i2_by_omitted=nothing,
            level=level,
            n=k,
            undefined=True,
            reason="fewer than two centers",
        )
    kept = 1.0 - np.eye(k)
    weight = kept / s**2
    tau2 = dersimonian_laird_tau2(y, weight)
    pooled = pool(y, kept / (s**2 + tau2[:, None]))
    return LeaveOneOut(
        method=method,
        estimate_by_omitted=tuple(pooled.estimate.tolist()),
        ci_low_by_omitted=tuple((pooled.estimate - z * pooled.se).tolist()),
        ci_high_by_omitted=tuple((pooled.estimate + z * pooled.se).tolist()),
        tau2_by_omitted=tuple(tau2.tolist()),
        i2_by_omitted=tuple(i2_percent(tau2, weight).tolist()),
        level=level,
        n=k,
    )


def _random_effects(
    function: str, y: FloatArray, s: FloatArray, tau2: float, level: float
) -> RandomEffects:
    """Return everything that follows from a tau2."""
    z = normal_quantile(check_level(level))
    method, k = f"heterogeneity.{function}", len(y)
    if k == 0:
        return RandomEffects(
            method=method, estimate=None, level=level, n=0, undefined=True, reason=_NO_CENTERS
        )
    weight = 1 / (s**2 + tau2)
    pooled = pool(y, weight)
    estimate, se = float(pooled.estimate), float(pooled.se)
    q = float(pool(y, 1 / s**2).q)
    further = math.sqrt(se**2 + tau2)
    prediction: tuple[float | None, float | None] = (None, None)
    hartung_knapp: tuple[float | None, float | None] = (None, None)
    hartung_knapp_se = None
    if k >= 2:
        hartung_knapp_se = math.sqrt(float(pooled.q) / ((k - 1) * float(weight.sum())))
        half = student_quantile(level, k - 1) * hartung_knapp_se
        hartung_knapp = (estimate - half, estimate + half)
    if k >= 3:
        half = student_quantile(level, k - 2) * further
        prediction = (estimate - half, estimate + half)
    return RandomEffects(
        method=method,
        estimate=estimate,
        se=se,
        ci_low=estimate - z * se,
        ci_high=estimate + z * se,
        q=q,
        q_p_value=chi_square_p(q, k - 1) if k >= 2 else None,
        tau2=tau2,
        i2=float(i2_percent(np.array(tau2), 1 / s**2)),
        prediction_low=prediction[0],
        prediction_high=prediction[1],
        prediction_normal_low=estimate - z * further,
        prediction_normal_high=estimate + z * further,
        hartung_knapp_se=hartung_knapp_se,
        hartung_knapp_ci_low=hartung_knapp[0],
        hartung_knapp_ci_high=hartung_knapp[1],
        level=level,
        n=k,
        undefined=k < 3,
        reason="" if k >= 3 else "fewer than three centers",
    )
