"""Intraclass correlations of readers over centers and sessions, from variance components."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.core.results import Estimate
from clinval.stats._checks import (
    Labels,
    NotEstimableError,
    Numbers,
    check_level,
    check_option,
    sample,
)
from clinval.stats._distributions import normal_quantile
from clinval.stats._variance_components import ComponentFit, fit_components
from clinval.stats.agreement._factors import factors_of

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["IccComponents", "components"]

_ABSOLUTE, _CONSISTENCY = "ICC(2,1)", "ICC(3,1)"


@dataclass(frozen=True, slots=True, kw_only=True)
class IccComponents(Estimate):
    """The correlation of two readers with the variances that it is made of.

    ``n`` counts subjects. A variance is None where the design has no such factor.
    """

    se: float | None = None
    within_center: float | None = None
    within_center_ci_low: float | None = None
    within_center_ci_high: float | None = None
    same_reader: float | None = None
    same_reader_ci_low: float | None = None
    same_reader_ci_high: float | None = None
    variance_center: float | None = None
    variance_subject: float | None = None
    variance_reader: float | None = None
    variance_subject_reader: float | None = None
    variance_session: float | None = None
    variance_residual: float | None = None
    mean: float | None = None
    mean_se: float | None = None
    readers: int = 0
    centers: int = 0
    sessions: int = 0
    observations: int = 0


@dataclass(frozen=True, slots=True)
class _Share:
    """A ratio of sums of variances with its error and its interval."""

    estimate: float | None
    se: float | None
    low: float | None
    high: float | None


def components(
    value: Numbers,
    *,
    subject: Labels,
    reader: Labels,
    center: Labels | None = None,
    session: Labels | None = None,
    form: str = "ICC(2,1)",
    level: float = 0.95,
) -> IccComponents:
    r"""Intraclass correlations by REML with subjects, readers, centers and sessions.

    Parameters
    ----------
    value
        One measurement an entry (list); leave out what is missing.
    subject, reader
        Label of the subject and of the reader of each measurement (lists).
    center
        Label of the center of the subject of each measurement (list); a subject has one.
    session
        Label of the reading session of each measurement (list), where readers have several.
        Without it, several measurements of a subject by a reader are replicates of one session.
    form
        "ICC(2,1)" (absolute agreement) or "ICC(3,1)" (consistency: what readers and sessions
        differ by on average does not count).
    level
        Two-sided level of the intervals.

    Returns
    -------
    IccComponents
        ``estimate``, ``se``, ``ci_low``, ``ci_high``: two readers, patients of all centers.
        ``within_center`` with its limits: patients of one center. ``same_reader`` with its
        limits: twice the same reader, where there are replicates. The variances
        ``variance_center``, ``variance_subject``, ``variance_reader``,
        ``variance_subject_reader`` (with replicates), ``variance_session`` (of readers' sessions)
        and ``variance_residual``; ``mean``, ``mean_se``, the counts ``readers``, ``centers``,
        ``sessions``, ``observations`` and ``n`` subjects. Undefined with fewer than two readers,
        when no subject has two measurements, without a degree of freedom for the error, when
        nothing varies, and when the design does not tell the variances apart (readers of one
        center each); an interval where its correlation is 0 or 1.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, a measurement without
        its labels, a subject in two centers, two measurements of a subject by a reader in one
        session that is given, an unknown form or a level outside (0, 1).

    Notes
    -----
    value = mean + center + subject + reader + subject x reader + session of the reader + error,
    all effects normal and independent with variances of 0 or more, by restricted maximum
    likelihood. Subjects are nested in centers, readers cross both. The terms are there where the
    data can have them: centers with two of them, subject x reader when a reader has measured a
    subject twice, sessions when a reader has two. With v the variances and V their sum (without
    readers and sessions for consistency),

    .. math:: ICC = \frac{v_{center} + v_{subject}}{V}, \quad
              ICC_{within} = \frac{v_{subject}}{V - v_{center}}, \quad
              ICC_{same} = \frac{v_{center} + v_{subject} + v_{reader} + v_{subject,reader}}{V}

    (without v_reader for consistency). Errors follow by the delta method from the inverse of the
    expected information; intervals are normal on the logit scale, ln(ICC/(1 - ICC)).

    References
    ----------
    .. [1] Patterson & Thompson 1971.
    .. [2] Eliasziw, Young, Woodbury & Fryday-Field 1994, Phys Ther 74:777.

    Examples
    --------
    >>> value = [9, 8, 9.5, 6, 5, 7.1, 8, 7, 7.4, 4, 3, 5.6, 10, 8.2, 9.1, 6.1, 5.2, 7]
    >>> subject, reader = [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3 + [5] * 3 + [6] * 3, [1, 2, 3] * 6
    >>> result = components(value, subject=subject, reader=reader)
    >>> round(result.estimate, 3), round(result.ci_low, 3), round(result.ci_high, 3)
    (0.795, 0.361, 0.964)
    """
    values = sample("value", value)
    factors, counts = factors_of(values, subject, reader, center, session)
    check_option("form", form, (_ABSOLUTE, _CONSISTENCY))
    check_level(level)
    method = "icc.components"
    try:
        fit = _fit(values, factors)
    except NotEstimableError as problem:
        return IccComponents(
            method=method,
            estimate=None,
            level=level,
            undefined=True,
            reason=problem.reason,
            **counts,
        )
    offsets = {"reader", "session"} if form == _CONSISTENCY else set()
    total = {*factors, "residual"} - offsets
    share, within, same = (
        _share(fit, [*factors, "residual"], parts & total, whole & total, level)
        for parts, whole in (
            ({"center", "subject"}, total),
            ({"subject"}, total - {"center"}),
            ({"center", "subject", "reader", "subject_reader"}, total),
        )
    )
    variances = dict(zip([*factors, "residual"], fit.variances.tolist(), strict=True))
    replicated = "subject_reader" in factors
    reason = "" if share.low is not None else "the correlation is 0 or 1"
    return IccComponents(
        method=method,
        estimate=share.estimate,
        se=share.se,
        ci_low=share.low,
        ci_high=share.high,
        within_center=within.estimate,
        within_center_ci_low=within.low,
        within_center_ci_high=within.high,
        same_reader=same.estimate if replicated else None,
        same_reader_ci_low=same.low if replicated else None,
        same_reader_ci_high=same.high if replicated else None,
        variance_center=variances.get("center"),
        variance_subject=variances["subject"],
        variance_reader=variances["reader"],
        variance_subject_reader=variances.get("subject_reader"),
        variance_session=variances.get("session"),
        variance_residual=variances["residual"],
        mean=float(fit.coefficients[0]),
        mean_se=math.sqrt(float(fit.covariance[0, 0])),
        level=level,
        undefined=bool(reason),
        reason=reason,
        **counts,
    )


def _fit(values: FloatArray, factors: dict[str, IntArray]) -> ComponentFit:
    if "subject" not in factors or "reader" not in factors:
        raise NotEstimableError("no subject has two values, or all have one reader")
    return fit_components(
        values,
        np.ones((len(values), 1)),
        subject=factors["subject"],
        cell=factors.get("subject_reader"),
        others=[codes for name, codes in factors.items() if not name.startswith("subject")],
    )


def _share(
    fit: ComponentFit, names: list[str], parts: set[str], whole: set[str], level: float
) -> _Share:
    """Return the share of some variances in others, with a normal interval of its logit."""
    part = np.array([name in parts for name in names], dtype=np.float64)
    total = np.array([name in whole for name in names], dtype=np.float64)
    denominator = float(total @ fit.variances)
    estimate = float(part @ fit.variances) / denominator
    gradient = (part - estimate * total) / denominator
    se = math.sqrt(max(0.0, float(gradient @ fit.information @ gradient)))
    if not 0 < estimate < 1:
        return _Share(estimate, se, None, None)
    center, half = float(special.logit(estimate)), normal_quantile(level) * se
    half /= estimate * (1 - estimate)
    return _Share(
        estimate, se, float(special.expit(center - half)), float(special.expit(center + half))
    )
