"""Krippendorff's alpha: disagreement of ratings over that of ratings mixed at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._chance_corrected import agreement_interval, mean_standard_error
from clinval.stats._checks import Labels, NotEstimableError, Ratings, check_level, check_option
from clinval.stats._labels import label_values
from clinval.stats._ratings import RatingCounts, counts_of_codes, rating_counts
from clinval.stats.agreement._results import KrippendorffAlpha, StratifiedAgreement
from clinval.stats.agreement._strata import by_stratum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.stats._checks import FloatArray
    from clinval.stats._labels import Label

__all__ = [
    "METRICS",
    "alpha_of",
    "distances",
    "krippendorff",
    "krippendorff_stratified",
]

METRICS = ("nominal", "ordinal", "interval", "ratio")


def krippendorff(
    ratings: Ratings | None = None,
    *,
    table: Ratings | None = None,
    metric: str = "nominal",
    categories: Labels | None = None,
    level: float = 0.95,
) -> KrippendorffAlpha:
    r"""Krippendorff's alpha of any number of raters, missing ratings allowed.

    Parameters
    ----------
    ratings
        Subjects in rows, raters in columns, ``None`` or NaN where missing.
    table
        Instead of ratings: the q x q counts of two raters.
    metric
        "nominal", "ordinal", "interval" or "ratio": how far two categories are apart.
    categories
        The labels in order; by default the distinct labels. Text labels have the values 1, 2, ...
    level
        Two-sided level of the t interval with n2 - 1 degrees of freedom, n2 the subjects rated
        at least twice.

    Returns
    -------
    KrippendorffAlpha
        ``estimate``, ``se``, ``ci_low`` (not cut), ``ci_high`` (cut at 1), ``pairable`` ratings
        and ``n``. Undefined when all pairable ratings are of one category; the error with one
        subject that is rated twice.

    Raises
    ------
    ValueError
        For both or neither of ratings and table, an unknown metric, a rating outside the
        categories, negative values with the ratio metric or a level outside (0, 1).

    Notes
    -----
    alpha = 1 - D_o/D_e from the coincidences o_ck, where each ordered pair of ratings of a
    subject with m ratings counts 1/(m - 1), and n_c their sums:

    .. math:: D_o = \frac{1}{n} \sum_{ck} o_{ck} \delta_{ck}, \quad
              D_e = \frac{1}{n (n - 1)} \sum_{ck} n_c n_k \delta_{ck}

    delta is 1 for two categories (nominal), (sum of n_g from c to k - (n_c + n_k)/2)^2 (ordinal),
    (c - k)^2 (interval) or ((c - k)/(c + k))^2 (ratio). The standard error is Gwet's linearised
    one with the weights 1 - delta/max delta, over the n2 subjects rated at least twice: with
    rbar the mean of their numbers r_i of ratings and e = 1/sum r_i,

    .. math:: t_i = \sum_k \frac{r_{ik} ((W r_i)_k - 1)}{\bar r (r_i - 1)}, \quad
              p'_a = \bar t, \quad p_a = (1 - e) p'_a + e, \quad
              \pi_k = \overline{r_{ik}/\bar r}, \quad p_e = \pi' W \pi

    a_i = [t_i - p_a (r_i - rbar)/rbar - p_e]/(1 - p_e),
    p_ei = sum_k r_ik (W pi)_k/rbar - p_e (r_i - rbar)/rbar, a' = (p'_a - p_e)/(1 - p_e) and the
    variance sum (a_i - 2 (1 - a')(p_ei - p_e)/(1 - p_e) - a')^2/(n2 (n2 - 1)).

    References
    ----------
    .. [1] Krippendorff 2004, 2011.
    .. [2] Gwet 2014.

    Examples
    --------
    >>> result = krippendorff([[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2]])
    >>> round(result.estimate, 4), result.pairable
    (0.4583, 14)
    """
    subjects = rating_counts(ratings, table, categories)
    return _krippendorff(subjects, check_option("metric", metric, METRICS), check_level(level))


def krippendorff_stratified(
    ratings: Ratings,
    *,
    strata: Labels,
    metric: str = "nominal",
    categories: Labels | None = None,
    level: float = 0.95,
) -> StratifiedAgreement:
    """Krippendorff's alpha of each stratum, pooled, with a test of homogeneity.

    Parameters
    ----------
    ratings, metric
        As in :func:`krippendorff`; the ordinal metric goes by the ratings of each stratum.
    strata, categories, level
        As in :func:`cohen_stratified`.

    Returns
    -------
    StratifiedAgreement
        As :func:`cohen_stratified`; the intervals by stratum are those of :func:`krippendorff`.

    Raises
    ------
    ValueError
        As :func:`cohen_stratified` and :func:`krippendorff`.

    Notes
    -----
    As :func:`cohen_stratified`.

    References
    ----------
    .. [1] Fleiss 1981.
    .. [2] Gwet 2014.

    Examples
    --------
    >>> site = [[1, 1, 1], [1, 1, 2], [2, 2, 2], [2, 2, 2], [1, 2, 2], [1, 1, 1]]
    >>> result = krippendorff_stratified(site + site[1:], strata=["A"] * 6 + ["B"] * 5)
    >>> [round(value, 3) for value in result.estimate_by_stratum], result.df
    ([0.58, 0.481], 1)
    """
    check_option("metric", metric, METRICS)
    check_level(level)
    return by_stratum(
        "kappa.krippendorff_stratified",
        ratings,
        strata,
        categories,
        level,
        lambda labels, codes: _krippendorff(counts_of_codes(labels, codes), metric, level),
    )


def alpha_of(disagreement: FloatArray, margin: FloatArray, distance: FloatArray) -> FloatArray:
    """Return alpha of the sum of o delta, the coincidences by category and delta.

    Leading axes are many samples; NaN where alpha is 0/0.
    """
    observed = disagreement * (margin.sum(axis=-1) - 1)
    chance = ((margin[..., None, :] @ distance)[..., 0, :] * margin).sum(axis=-1)
    none = chance <= 0
    alpha: FloatArray = np.where(none, np.nan, 1 - observed / np.where(none, 1.0, chance))
    return alpha


def distances(metric: str, categories: Sequence[Label], margin: FloatArray) -> FloatArray:
    """Return delta (..., q, q) of the categories, given their coincidences (..., q)."""
    if metric == "nominal":
        return 1 - np.eye(len(categories))
    if metric == "ordinal":  # the square of the distance of the mid-ranks
        values = np.cumsum(margin, axis=-1) - margin / 2
    else:
        values = label_values(categories)
    squares: FloatArray = (values[..., :, None] - values[..., None, :]) ** 2
    if metric != "ratio":
        return squares
    if (values < 0).any():
        raise ValueError("the ratio metric needs categories that are not negative numbers")
    total = values[:, None] + values
    relative: FloatArray = squares / np.where(total > 0, total, 1.0) ** 2
    return relative


def _krippendorff(subjects: RatingCounts, metric: str, level: float) -> KrippendorffAlpha:
    size = subjects.counts.sum(axis=1)
    twice = size >= 2
    counts, frequency, size = subjects.counts[twice], subjects.frequency[twice], size[twice]
    estimate = se = low = high = None
    reason = ""
    try:
        if not len(counts):
            why = "no subject has two ratings" if subjects.n else "no rating"
            raise NotEstimableError(why)  # noqa: TRY301
        weighted = counts * (frequency / (size - 1))[:, None]
        margin = frequency @ counts
        delta = distances(metric, subjects.categories, margin)
        alpha = float(alpha_of((weighted * (counts @ delta)).sum(), margin, delta))
        if np.isnan(alpha):
            raise NotEstimableError("all ratings that can be paired are of one category")  # noqa: TRY301
        estimate = alpha
        largest = float(delta[np.ix_(margin > 0, margin > 0)].max())
        se = _standard_error(counts, frequency, 1 - delta / largest)
        low, high = agreement_interval(estimate, se, int(frequency.sum()), level)
    except NotEstimableError as problem:
        reason = problem.reason
    return KrippendorffAlpha(
        method="kappa.krippendorff",
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        level=level,
        n=subjects.n,
        pairable=int(frequency @ size),
        undefined=bool(reason),
        reason=reason,
    )


def _standard_error(counts: FloatArray, frequency: FloatArray, weights: FloatArray) -> float:
    n, size = float(frequency.sum()), counts.sum(axis=1)
    mean = float(frequency @ size) / n
    agreeing = (counts * (counts @ weights - 1)).sum(axis=1) / (mean * (size - 1))
    observed = float(frequency @ agreeing) / n
    corrected = observed + (1 - observed) / (n * mean)
    shares = frequency @ counts / (n * mean)
    expected = float(shares @ weights @ shares)
    surplus = (size - mean) / mean
    own = (agreeing - corrected * surplus - expected) / (1 - expected)
    alpha = (observed - expected) / (1 - expected)
    chance = counts @ (weights @ shares) / mean - expected * surplus
    values = own - 2 * (1 - alpha) * (chance - expected) / (1 - expected)
    return mean_standard_error(values, frequency)
