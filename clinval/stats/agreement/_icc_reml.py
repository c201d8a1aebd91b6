"""Intraclass correlation of crossed subjects and raters with gaps, by REML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import NotEstimableError, Ratings, check_option
from clinval.stats._ratings import measurements
from clinval.stats._variance_components import NO_ERROR, fit_components

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["RemlIcc", "reml"]

_NO_VARIATION = 1e-24  # a variance below this share of the data's size is rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class RemlIcc(Result):
    """An intraclass correlation with the variances that it is made of."""

    estimate: float | None
    variance_subject: float | None = None
    variance_rater: float | None = None
    variance_residual: float | None = None
    mean: float | None = None
    n: int = 0


def reml(ratings: Ratings, *, form: str = "ICC(2,1)") -> RemlIcc:
    """Intraclass correlation from REML variances, crossed subjects and raters, gaps allowed.

    Parameters
    ----------
    ratings
        Matrix of numbers, subjects in rows, raters in columns, ``None`` or NaN where missing.
    form
        "ICC(2,1)" (absolute agreement) or "ICC(3,1)" (consistency).

    Returns
    -------
    RemlIcc
        ``estimate``, ``variance_subject``, ``variance_rater``, ``variance_residual``, ``mean``
        (generalised least squares) and ``n`` subjects. Undefined with fewer than two subjects
        or raters, without a degree of freedom for the error, and when no rating differs.

    Raises
    ------
    ValueError
        For ratings that are no matrix of numbers or an unknown form.

    Notes
    -----
    rating = mean + subject + rater + error with independent normal effects and variances of 0
    or more, by restricted maximum likelihood. With the variances vs, vr, ve:
    ICC(2,1) = vs/(vs + vr + ve), ICC(3,1) = vs/(vs + ve).

    References
    ----------
    .. [1] Patterson & Thompson 1971.
    .. [2] McGraw & Wong 1996.

    Examples
    --------
    >>> ratings = [[9, 2, 5, 8], [6, 1, None, 2], [8, 4, 6, 8], [7, 1, 2, 6], [None, 5, 6, 9]]
    >>> result = reml(ratings)
    >>> round(result.estimate, 3), round(result.variance_subject, 3), result.n
    (0.345, 3.544, 5)
    """
    values = measurements(ratings)
    check_option("form", form, ("ICC(2,1)", "ICC(3,1)"))
    method, n = "icc.reml", len(values)
    try:
        mean, (subject, rater, residual) = _crossed(values)
    except NotEstimableError as problem:
        return RemlIcc(method=method, estimate=None, n=n, undefined=True, reason=problem.reason)
    total = subject + residual + (rater if form == "ICC(2,1)" else 0.0)
    return RemlIcc(
        method=method,
        estimate=subject / total if total > 0 else None,
        variance_subject=subject,
        variance_rater=rater,
        variance_residual=residual,
        mean=mean,
        n=n,
        undefined=total <= 0,
        reason="" if total > 0 else "neither subjects nor the error vary",
    )


def _crossed(ratings: FloatArray) -> tuple[float, list[float]]:
    """Return the mean and the variances of subjects, raters and error."""
    if min(ratings.shape) < 2:
        raise NotEstimableError("fewer than two subjects or raters")
    subject, rater = np.nonzero(~np.isnan(ratings))
    values = ratings[subject, rater]
    try:
        fit = fit_components(values, np.ones((len(values), 1)), subject=subject, others=[rater])
    except NotEstimableError as problem:
        if problem.reason != NO_ERROR:
            raise
        return _without_error(ratings)
    return float(fit.coefficients[0]), fit.variances.tolist()


def _without_error(ratings: FloatArray) -> tuple[float, list[float]]:
    """Return the limit of a vanishing error: complete ratings, variances of the means."""
    if np.isnan(ratings).any():
        raise NotEstimableError("the error is 0 and ratings are missing")
    subject, rater = (_plain_variance(ratings.mean(axis=1 - axis)) for axis in (0, 1))
    return float(ratings.mean()), [subject, rater, 0.0]


def _plain_variance(means: FloatArray) -> float:
    variance = float(means.var(ddof=1))
    return variance if variance > _NO_VARIATION * float((means**2).mean()) else 0.0
