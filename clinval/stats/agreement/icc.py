"""Intraclass correlation of readers' measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import Labels, Ratings
from clinval.stats._ratings import kept_measurements
from clinval.stats.agreement._bootstrap import bootstrap
from clinval.stats.agreement._icc_anova import (
    AnovaIcc,
    check_complete,
    shrout_fleiss,
    single_correlations,
)
from clinval.stats.agreement._icc_components import IccComponents, components
from clinval.stats.agreement._icc_reml import RemlIcc, reml
from clinval.stats.agreement._results import BootstrapAgreement

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = [
    "AnovaIcc",
    "BootstrapAgreement",
    "IccComponents",
    "RemlIcc",
    "components",
    "reml",
    "shrout_fleiss",
    "shrout_fleiss_bootstrap",
]

_ROUNDING = 1e-13  # of a sum of squares, as a share of that of all ratings


def shrout_fleiss_bootstrap(
    ratings: Ratings,
    *,
    form: str = "ICC(2,1)",
    cluster: Labels | None = None,
    strata: Labels | None = None,
    draws: int = 2000,
    seed: int,
    level: float = 0.95,
) -> BootstrapAgreement:
    """Intraclass correlation with a bootstrap interval: patients are drawn within each center.

    Parameters
    ----------
    ratings
        Complete matrix of numbers, subjects in rows, raters in columns.
    form
        As in :func:`shrout_fleiss`.
    cluster
        Label of the cluster (patient) of each subject, drawn as a whole; by default each subject
        is one.
    strata
        Label of the stratum (center) of each subject; a draw has as many clusters of each
        stratum as there are. By default all are of one.
    draws
        Number of draws, at least 100.
    seed
        Start of the random numbers; the same seed gives the same limits.
    level
        Two-sided level of the percentile interval.

    Returns
    -------
    BootstrapAgreement
        ``estimate`` of all subjects, ``se`` (standard deviation of the draws), ``ci_low``,
        ``ci_high`` (percentiles), ``n``, ``clusters``, ``draws`` and ``undefined_draws``, in
        which nothing varies. Error and interval are undefined when no stratum has two clusters,
        or more than a share 1 - level of the draws are undefined; everything where the
        correlation is.

    Raises
    ------
    ValueError
        As :func:`shrout_fleiss`, or when labels and ratings differ in length, a label is
        missing, a cluster lies in two strata, or for fewer than 100 draws.

    Notes
    -----
    The limits are the quantiles (1 -/+ level)/2 of the draws that have a value. The raters are
    the same in every draw, so that the interval says nothing of other raters.

    References
    ----------
    .. [1] Davison & Hinkley 1997, Bootstrap Methods and their Application.

    Examples
    --------
    >>> ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8]]
    >>> ratings += [[7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> result = shrout_fleiss_bootstrap(ratings, seed=1)
    >>> round(result.estimate, 2), round(result.se, 1), result.clusters
    (0.29, 0.1, 6)
    """
    point = shrout_fleiss(ratings, form=form, level=level)
    values, kept = kept_measurements(ratings)
    values = check_complete(values)
    k = values.shape[1]
    centered = values - values.mean() if values.size else values
    # each adds up over subjects: their number, ratings by rater, squared means, squares
    totals = np.column_stack(
        [
            np.ones(len(centered)),
            centered,
            centered.sum(axis=1) ** 2 / max(k, 1),
            (centered**2).sum(axis=1),
        ]
    )
    return bootstrap(
        point,
        totals,
        kept,
        lambda drawn: _correlations(drawn, k, form),
        rows=len(ratings),
        cluster=cluster,
        strata=strata,
        draws=draws,
        seed=seed,
        level=level,
    )


def _correlations(totals: FloatArray, k: int, form: str) -> FloatArray:
    """Return the correlation of each row of totals."""
    n, by_rater, of_means, squares = (
        totals[:, 0],
        totals[:, 1 : k + 1],
        totals[:, -2],
        totals[:, -1],
    )
    correction = by_rater.sum(axis=1) ** 2 / (n * k)
    between, rater = of_means - correction, (by_rater**2).sum(axis=1) / n - correction
    within = squares - of_means
    floor = _ROUNDING * squares
    between, within = (np.where(part > floor, part, 0.0) for part in (between, within))
    left = within - rater
    error = np.where(left > floor, left, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        if form.startswith("ICC(1"):
            of_error = within / (n * (k - 1))
        else:
            of_error = error / ((n - 1) * (k - 1))
        single = single_correlations(form, k, n, between / (n - 1), rater / (k - 1), of_error)
        if not form.endswith("k)"):
            return single
        denominator = 1 + (k - 1) * single
        mean: FloatArray = np.where(denominator > 1e-12, k * single / denominator, np.nan)
    return mean
