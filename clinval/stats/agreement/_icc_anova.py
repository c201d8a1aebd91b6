"""Intraclass correlation from the analysis of variance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.core.results import Estimate
from clinval.stats._checks import NotEstimableError, Ratings, check_level, check_option
from clinval.stats._distributions import f_p
from clinval.stats._ratings import measurements

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["AnovaIcc", "check_complete", "shrout_fleiss", "single_correlations"]

_FORMS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")
_ROUNDING = 1e-13  # of a mean square's root, as a share of the largest rating


@dataclass(frozen=True, slots=True, kw_only=True)
class AnovaIcc(Estimate):
    """An intraclass correlation with its F test; ``n`` counts subjects."""

    statistic: float | None = None
    df: float | None = None
    df2: float | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class _MeanSquares:
    """Mean squares of the two-way table: subjects, raters, error, within subjects."""

    n: int
    k: int
    between: float
    rater: float
    error: float
    within: float


def shrout_fleiss(ratings: Ratings, *, form: str = "ICC(2,1)", level: float = 0.95) -> AnovaIcc:
    r"""Intraclass correlation of Shrout and Fleiss from the analysis of variance.

    Parameters
    ----------
    ratings
        Complete matrix of numbers, subjects in rows, raters in columns.
    form
        "ICC(1,1)" (each subject by other raters), "ICC(2,1)" (raters a random sample),
        "ICC(3,1)" (these raters), or "ICC(1,k)", "ICC(2,k)", "ICC(3,k)" for the mean of the k
        ratings of a subject.
    level
        Two-sided level of the interval.

    Returns
    -------
    AnovaIcc
        ``estimate``, ``ci_low``, ``ci_high``, ``statistic`` (F), ``df``, ``df2``, ``p_value``
        and ``n`` subjects. Undefined with fewer than two subjects or raters and when no rating
        differs; perfect agreement gives 1 with the interval (1, 1) and no statistic.

    Raises
    ------
    ValueError
        For a missing rating, ratings that are no matrix of numbers, an unknown form or a level
        outside (0, 1).

    Notes
    -----
    With n subjects, k raters and the mean squares MSB (subjects), MSJ (raters), MSE (error) and
    MSW (within subjects):

    ICC(1,1) = (MSB - MSW)/(MSB + (k - 1) MSW),
    ICC(2,1) = (MSB - MSE)/(MSB + (k - 1) MSE + k (MSJ - MSE)/n),
    ICC(3,1) = (MSB - MSE)/(MSB + (k - 1) MSE).

    F = MSB/MSW or MSB/MSE. For forms 1 and 3, F_L = F/F(1 - a/2; df, df2),
    F_U = F F(1 - a/2; df2, df) and the limits are (F. - 1)/(F. + k - 1). For form 2, with r the
    estimate and F_J = MSJ/MSE,

    .. math:: v = \frac{(k - 1)(n - 1)(k r F_J + n (1 + (k - 1) r) - k r)^2}
              {(n - 1) k^2 r^2 F_J^2 + (n (1 + (k - 1) r) - k r)^2}

    and the limits use F quantiles with n - 1 and v degrees of freedom. The forms k follow from
    the single ones, limits too, by Spearman and Brown: k r/(1 + (k - 1) r).

    References
    ----------
    .. [1] Shrout & Fleiss 1979.

    Examples
    --------
    >>> ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8]]
    >>> ratings += [[7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> result = shrout_fleiss(ratings, form="ICC(2,1)")
    >>> round(result.estimate, 2), round(result.ci_low, 2), round(result.ci_high, 2)
    (0.29, 0.02, 0.76)
    """
    values = check_complete(measurements(ratings))
    check_option("form", form, _FORMS)
    check_level(level)
    method, n = "icc.shrout_fleiss", len(values)
    try:
        squares = _mean_squares(values)
        single = _single(squares, form)
        low, high = _single_limits(squares, form, single, level)
    except NotEstimableError as problem:
        return AnovaIcc(
            method=method,
            estimate=None,
            level=level,
            n=n,
            undefined=True,
            reason=problem.reason,
        )
    error, df2 = _error(squares, form)
    statistic = squares.between / error if error > 0 else None
    limits: tuple[float | None, ...] = (single, low, high)
    if form.endswith("k)"):
        limits = tuple(_spearman_brown(value, squares.k) for value in (single, low, high))
    reason = ""
    if None in limits:
        reason = "the mean ratings do not vary between subjects"
    elif statistic is None:
        reason = "the error is 0, so F is infinite"
    return AnovaIcc(
        method=method,
        estimate=limits[0],
        ci_low=limits[1],
        ci_high=limits[2],
        statistic=statistic,
        df=n - 1,
        df2=df2,
        p_value=None if statistic is None else f_p(statistic, n - 1, df2),
        level=level,
        n=n,
        undefined=bool(reason),
        reason=reason,
    )


def check_complete(values: FloatArray) -> FloatArray:
    """Return ratings of which none is missing."""
    if np.isnan(values).any():
        raise ValueError("ratings lacks a value; the analysis of variance needs all, reml does not")
    return values


def _mean_squares(values: FloatArray) -> _MeanSquares:
    n, k = values.shape if values.size else (0, 0)
    if n < 2 or k < 2:
        raise NotEstimableError("fewer than two subjects or raters")
    floor = _ROUNDING * max(float(values.max()), -float(values.min()))
    left = values - values.mean()
    # einsum: many short rows are slow to sum one by one
    subject, rater = np.einsum("ij->i", left) / k, np.einsum("ij->j", left) / n
    left -= subject[:, None]
    left -= rater
    of_subject, of_rater, of_error = (
        _squares(deviations, floor) for deviations in (subject, rater, left)
    )
    squares = _MeanSquares(
        n=n,
        k=k,
        between=k * of_subject / (n - 1),
        rater=n * of_rater / (k - 1),
        error=of_error / ((n - 1) * (k - 1)),
        within=(n * of_rater + of_error) / (n * (k - 1)),
    )
    if squares.between == squares.within == 0:
        raise NotEstimableError("the ratings do not vary")
    return squares


def _squares(deviations: FloatArray, floor: float) -> float:
    """Return the sum of squares, 0 where only rounding is left."""
    if max(float(deviations.max()), -float(deviations.min())) <= floor:
        return 0.0
    flat = deviations.ravel()
    return float(np.einsum("i,i->", flat, flat))


def _error(squares: _MeanSquares, form: str) -> tuple[float, int]:
    """Return the mean square that F has in its denominator, and its degrees of freedom."""
    if form.startswith("ICC(1"):
        return squares.within, squares.n * (squares.k - 1)
    return squares.error, (squares.n - 1) * (squares.k - 1)


def _single(squares: _MeanSquares, form: str) -> float:
    """Return the correlation of single ratings."""
    error, _ = _error(squares, form)
    single = float(
        single_correlations(
            form,
            squares.k,
            np.array(float(squares.n)),
            np.array(squares.between),
            np.array(squares.rater),
            np.array(error),
        )
    )
    if math.isnan(single):
        raise NotEstimableError("neither subjects nor the error vary")
    return single


def single_correlations(
    form: str, k: int, n: FloatArray, between: FloatArray, rater: FloatArray, error: FloatArray
) -> FloatArray:
    """Return the correlations of single ratings, elementwise, NaN where nothing varies.

    ``error`` is the mean square that the form has in the denominator of its F.
    """
    total = between + (k - 1) * error
    if form.startswith("ICC(2"):
        total = total + k * (rater - error) / n
    varies = total > 0
    single: FloatArray = np.where(varies, (between - error) / np.where(varies, total, 1.0), np.nan)
    return single


def _single_limits(squares: _MeanSquares, form: str, r: float, level: float) -> tuple[float, float]:
    n, k, upper = squares.n, squares.k, (1 + level) / 2
    error, df2 = _error(squares, form)
    if not form.startswith("ICC(2"):
        # (F - 1)/(F + k - 1) with both sides times the error, which may be 0
        below = squares.between / float(special.fdtri(n - 1, df2, upper))
        above = squares.between * float(special.fdtri(df2, n - 1, upper))
        return (
            (below - error) / (below + (k - 1) * error),
            (above - error) / (above + (k - 1) * error),
        )
    # v with numerator and denominator times MSE^2
    own = k * r * squares.rater
    rest = (n * (1 + (k - 1) * r) - k * r) * error
    if own == rest == 0:  # without error and differences of raters
        return r, r
    v = (k - 1) * (n - 1) * (own + rest) ** 2 / ((n - 1) * own**2 + rest**2)
    noise = k * squares.rater + (k * n - k - n) * error
    lowest = -n * error / noise  # where the F quantile has no bound
    quantile = float(special.fdtri(n - 1, v, upper)) if v > 0 else math.inf
    low = lowest
    if math.isfinite(quantile):
        low = (squares.between - quantile * error) * n
        low = low / (quantile * noise + n * squares.between)
    quantile = float(special.fdtri(v, n - 1, upper)) if v > 0 else 0.0
    if not math.isfinite(quantile):
        quantile = 0.0  # almost all of a chi-square with few degrees of freedom is at 0
    high = (quantile * squares.between - error) * n / (noise + n * quantile * squares.between)
    return low, high


def _spearman_brown(r: float, k: int) -> float | None:
    """Return the correlation of means of k ratings."""
    denominator = 1 + (k - 1) * r
    return k * r / denominator if denominator > 1e-12 else None
