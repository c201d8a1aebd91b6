"""Limits of agreement over centers, readers and replicates that are samples of such."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from clinval.core.results import Estimate
from clinval.stats._checks import Labels, NotEstimableError, Numbers, check_level, paired_samples
from clinval.stats._distributions import normal_quantile, student_quantile
from clinval.stats._moments import differences
from clinval.stats._variance_components import ComponentFit, fit_components
from clinval.stats.agreement._factors import FACTORS, factors_of

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["LimitsComponents", "components"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsComponents(Estimate):
    """The bias (``estimate``), the limits and the variances that they are made of.

    ``n`` counts subjects. A variance is None where the design has no such factor.
    """

    se: float | None = None
    df: float | None = None
    sd: float | None = None
    loa_low: float | None = None
    loa_high: float | None = None
    loa_low_ci_low: float | None = None
    loa_low_ci_high: float | None = None
    loa_high_ci_low: float | None = None
    loa_high_ci_high: float | None = None
    variance_subject: float | None = None
    variance_subject_reader: float | None = None
    variance_reader: float | None = None
    variance_center: float | None = None
    variance_session: float | None = None
    variance_residual: float | None = None
    coverage: float = 0.95
    readers: int = 0
    centers: int = 0
    sessions: int = 0
    observations: int = 0


def components(
    test: Numbers,
    reference: Numbers,
    *,
    subject: Labels,
    reader: Labels | None = None,
    center: Labels | None = None,
    session: Labels | None = None,
    level: float = 0.95,
    coverage: float = 0.95,
) -> LimitsComponents:
    r"""Limits of agreement by REML with subjects, readers, centers and sessions.

    Parameters
    ----------
    test, reference
        Pairs of measurements made together, one pair an entry (lists of equal length).
    subject
        Label of the subject of each pair (list).
    reader
        Label of the reader of each pair (list), where there are several.
    center
        Label of the center of the subject of each pair (list); a subject has one.
    session
        Label of the reading session of each pair (list), where readers have several. Without it,
        several pairs of a subject by a reader are replicates of one session.
    level
        Two-sided level of the intervals.
    coverage
        Share of differences between the limits.

    Returns
    -------
    LimitsComponents
        ``estimate`` (bias), ``se``, ``df``, ``ci_low``, ``ci_high``, ``sd``, ``loa_low``,
        ``loa_high``, the interval of each limit, ``variance_subject``,
        ``variance_subject_reader``, ``variance_reader``, ``variance_center``,
        ``variance_session``, ``variance_residual``, the counts ``readers``, ``centers``,
        ``sessions``, ``observations`` and ``n`` subjects. Undefined without a degree of freedom
        for the error, when the differences do not vary, and when the design does not tell the
        variances apart.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, a pair without its
        labels, a subject in two centers, two pairs of a subject by a reader in one session that
        is given, or a level or coverage outside (0, 1).

    Notes
    -----
    test - reference = bias + center + subject + reader + subject x reader + session of the
    reader + error, all effects normal and independent with variances of 0 or more, by restricted
    maximum likelihood; a term is there where the data can have it. The limits, bias -/+ zc sd
    with sd^2 the sum of all variances, are those of a single pair of another subject, reader and
    center. The bias has a t interval with Satterthwaite's degrees of freedom, sd one from
    chi-square with 2 sd^4/Var(sd^2) degrees; both come together in the limits by the recovered
    variances (MOVER):

    .. math:: low = limit - \sqrt{(bias - bias_{low})^2 + z_c^2 (sd - sd_{low})^2}

    and so on, as the distances from the limit inwards and outwards.

    References
    ----------
    .. [1] Patterson & Thompson 1971.
    .. [2] Zou 2013, Stat Methods Med Res 22:630.

    Examples
    --------
    >>> test = [5.1, 6.0, 4.2, 7.1, 7.7, 8.4, 3.0, 4.1, 3.3]
    >>> reference = [5.0, 5.7, 4.4, 6.2, 6.9, 7.3, 3.2, 4.0, 3.5]
    >>> center = ["A"] * 3 + ["B"] * 3 + ["C"] * 3
    >>> result = components(test, reference, subject=range(9), center=center)
    >>> round(result.estimate, 2), round(result.loa_low, 2), round(result.loa_high, 2)
    (0.3, -0.83, 1.43)
    """
    test_, reference_ = paired_samples(test, reference)
    values = differences(test_, reference_)
    factors, counts = factors_of(values, subject, reader, center, session)
    check_level(level)
    reach = normal_quantile(check_level(coverage, "coverage"))
    method = "limits_of_agreement.components"
    try:
        fit = _fit(values, factors)
    except NotEstimableError as problem:
        return LimitsComponents(
            method=method,
            estimate=None,
            level=level,
            coverage=coverage,
            undefined=True,
            reason=problem.reason,
            **counts,
        )
    bias, square = float(fit.coefficients[0]), float(fit.covariance[0, 0])
    slopes, total = fit.covariance_slopes[:, 0, 0], float(fit.variances.sum())
    df = 2 * square**2 / float(slopes @ fit.information @ slopes)
    half = student_quantile(level, df) * math.sqrt(square)
    sd, sd_low, sd_high = _spread(total, float(fit.information.sum()), level)
    inner = math.hypot(half, reach * (sd - sd_low))
    outer = math.hypot(half, reach * (sd_high - sd))
    variances = dict(zip(factors, fit.variances[:-1].tolist(), strict=True))
    by_factor: dict[str, Any] = {f"variance_{name}": variances.get(name) for name in FACTORS}
    return LimitsComponents(
        method=method,
        estimate=bias,
        se=math.sqrt(square),
        df=df,
        ci_low=bias - half,
        ci_high=bias + half,
        sd=sd,
        loa_low=bias - reach * sd,
        loa_high=bias + reach * sd,
        loa_low_ci_low=bias - reach * sd - outer,
        loa_low_ci_high=bias - reach * sd + inner,
        loa_high_ci_low=bias + reach * sd - inner,
        loa_high_ci_high=bias + reach * sd + outer,
        variance_residual=float(fit.variances[-1]),
        coverage=coverage,
        level=level,
        **by_factor,
        **counts,
    )


def _fit(values: FloatArray, factors: dict[str, IntArray]) -> ComponentFit:
    if len(values) < 2:
        raise NotEstimableError("fewer than two pairs")
    return fit_components(
        values,
        np.ones((len(values), 1)),
        subject=factors.get("subject"),
        cell=factors.get("subject_reader"),
        others=[codes for name, codes in factors.items() if not name.startswith("subject")],
    )


def _spread(total: float, variance: float, level: float) -> tuple[float, float, float]:
    """Return the standard deviation with its interval."""
    degrees = 2 * total**2 / variance
    low, high = (
        math.sqrt(total * degrees / float(special.chdtri(degrees, tail)))
        for tail in ((1 - level) / 2, (1 + level) / 2)
    )
    return math.sqrt(total), low, high
