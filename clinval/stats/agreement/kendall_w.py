"""Kendall's coefficient of concordance of raters who rank the same subjects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinval.core.results import TestResult
from clinval.stats._checks import Ratings
from clinval.stats._distributions import chi_square_p
from clinval.stats._rank_null import doubled_midranks
from clinval.stats._ratings import measurements

__all__ = ["KendallW", "kendall"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KendallW(TestResult):
    """Kendall's W (``estimate``) and its chi-square test; ``n`` counts subjects."""

    estimate: float | None
    n: int = 0
    raters: int = 0


def kendall(ratings: Ratings, *, tie_corrected: bool = True) -> KendallW:
    r"""Kendall's W with the chi-square test of Friedman.

    Parameters
    ----------
    ratings
        Complete matrix of numbers, subjects in rows, raters in columns; each rater's numbers
        count by their ranks, ties by mid-ranks.
    tie_corrected
        False leaves out the correction for ties.

    Returns
    -------
    KendallW
        ``estimate``, ``statistic``, ``df`` n - 1, ``p_value``, ``n`` and ``raters``. Undefined
        with fewer than two subjects or raters and when all ratings of every rater are tied.

    Raises
    ------
    ValueError
        For a missing rating or ratings that are no matrix of numbers.

    Notes
    -----
    With m raters, n subjects, the sum of squares S of the subjects' rank sums about their mean
    and t ratings in a tie of a rater,

    .. math:: W = \frac{12 S}{m^2 (n^3 - n) - m \sum (t^3 - t)}

    and m (n - 1) W is chi-square with n - 1 degrees of freedom when raters rank at random.

    References
    ----------
    .. [1] Kendall & Babington Smith 1939.
    .. [2] Siegel & Castellan 1988.

    Examples
    --------
    >>> result = kendall([[3, 3, 2], [3, 6, 1], [3, 4, 4], [4, 6, 4], [5, 2, 3], [5, 4, 2]])
    >>> round(result.estimate, 3), round(result.statistic, 2), result.df
    (0.288, 4.32, 5)
    """
    values = measurements(ratings)
    method, (n, raters) = "kendall_w.kendall", values.shape
    if np.isnan(values).any():
        raise ValueError("ratings lacks a value; ranks need every rater's rating of every subject")
    if n < 2 or raters < 2:
        return KendallW(
            method=method,
            estimate=None,
            p_value=None,
            n=n,
            raters=raters,
            undefined=True,
            reason="fewer than two subjects or raters",
        )
    sums, ties = np.zeros(n), 0.0
    for column in values.T:
        _, codes, counts = np.unique(column, return_inverse=True, return_counts=True)
        sums += doubled_midranks(codes) / 2
        ties += float((counts.astype(np.float64) ** 3 - counts).sum())
    size = raters**2 * (float(n) ** 3 - n)
    if ties >= raters * (float(n) ** 3 - n):
        return KendallW(
            method=method,
            estimate=None,
            p_value=None,
            df=n - 1,
            n=n,
            raters=raters,
            undefined=True,
            reason="the ratings do not vary",
        )
    spread = float(((sums - sums.mean()) ** 2).sum())
    w = 12 * spread / (size - raters * ties if tie_corrected else size)
    statistic = raters * (n - 1) * w
    return KendallW(
        method=method,
        estimate=w,
        statistic=statistic,
        df=n - 1,
        p_value=chi_square_p(statistic, n - 1),
        n=n,
        raters=raters,
    )
