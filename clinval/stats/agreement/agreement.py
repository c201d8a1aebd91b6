"""Raw agreement of readers on categories, not corrected for chance."""

from __future__ import annotations

from dataclasses import dataclass

from clinval.core.results import Result
from clinval.stats._agreement_weights import Weights, weight_matrix
from clinval.stats._chance_corrected import (
    agreement_interval,
    mean_standard_error,
    observed_agreement,
)
from clinval.stats._checks import Labels, NotEstimableError, Ratings, check_level, count
from clinval.stats._ratings import RatingCounts, counts_of_codes, rated_rows, rating_counts
from clinval.stats.agreement import _totals
from clinval.stats.agreement._bootstrap import bootstrap
from clinval.stats.agreement._results import (
    AgreementEstimate,
    BootstrapAgreement,
    StratifiedAgreement,
)
from clinval.stats.agreement._strata import by_stratum

__all__ = [
    "AgreementEstimate",
    "BootstrapAgreement",
    "StratifiedAgreement",
    "TwoByTwoAgreement",
    "observed",
    "observed_bootstrap",
    "observed_stratified",
    "two_by_two",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoByTwoAgreement(Result):
    """What a table of two raters and two categories says of their agreement."""

    observed_agreement: float | None
    expected_agreement: float | None
    positive_agreement: float | None
    negative_agreement: float | None
    prevalence_index: float | None
    bias_index: float | None
    n: int


def observed(
    ratings: Ratings,
    *,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> AgreementEstimate:
    r"""Share of agreeing pairs of ratings, any number of raters, missing ratings allowed.

    Parameters
    ----------
    ratings
        Subjects in rows, raters in columns, ``None`` or NaN where missing.
    weights
        Agreement weights by name or as a q x q matrix; see :mod:`kappa`.
    categories
        The labels in order; by default the distinct labels.
    level
        Two-sided level of the t interval with n - 1 degrees of freedom.

    Returns
    -------
    AgreementEstimate
        ``estimate``, ``se``, ``ci_low`` (not cut), ``ci_high`` (cut at 1) and ``n``, the
        subjects with a rating. Undefined when no subject has two ratings; the error with one
        subject.

    Raises
    ------
    ValueError
        For ragged rows, unknown weights, a rating outside the categories or a level outside
        (0, 1).

    Notes
    -----
    With the agreement p_i of subject i (0 with a single rating), n2 subjects rated at least
    twice and x_i = (n/n2) p_i: the mean of p_i over the n2 subjects, with the variance
    :math:`\sum_i (x_i - p_a)^2 / (n (n - 1))`.

    References
    ----------
    .. [1] Gwet 2014.

    Examples
    --------
    >>> result = observed([[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2]])
    >>> round(result.estimate, 4), round(result.se, 4), result.n
    (0.7333, 0.1633, 5)
    """
    return _observed(rating_counts(ratings, None, categories), weights, check_level(level))


def observed_stratified(
    ratings: Ratings,
    *,
    strata: Labels,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> StratifiedAgreement:
    r"""Observed agreement of each stratum, pooled by inverse variance, with its homogeneity.

    Parameters
    ----------
    ratings, weights
        As in :func:`observed`.
    strata
        Label of the stratum (site) of each subject.
    categories
        The labels in order, common to all strata; by default the distinct labels.
    level
        Two-sided level of all intervals.

    Returns
    -------
    StratifiedAgreement
        ``estimate``, ``se``, ``ci_low``, ``ci_high`` (normal), ``q``, ``df`` strata - 1,
        ``p_value``, and ``estimate_by_stratum``, ``se_by_stratum``, ``ci_low_by_stratum``,
        ``ci_high_by_stratum`` (as :func:`observed`) in the order of the sorted labels of the
        strata that have subjects. The pooled numbers are undefined when a stratum has no
        standard error above 0; the p value also with one stratum.

    Raises
    ------
    ValueError
        As :func:`observed`, or when strata and ratings differ in length.

    Notes
    -----
    .. math:: \bar p = \frac{\sum p_s / se_s^2}{\sum 1 / se_s^2}, \quad
              se = (\sum 1 / se_s^2)^{-1/2}, \quad q = \sum (p_s - \bar p)^2 / se_s^2

    References
    ----------
    .. [1] Fleiss 1981.
    .. [2] Gwet 2014.

    Examples
    --------
    >>> site = [[1, 1, 1], [1, 1, 2], [2, 2, 2], [2, 2, 2], [1, 2, 2], [1, 1, 1]]
    >>> result = observed_stratified(site + site[1:], strata=["A"] * 6 + ["B"] * 5)
    >>> [round(value, 3) for value in result.estimate_by_stratum], result.df
    ([0.778, 0.733], 1)
    """
    check_level(level)
    return by_stratum(
        "agreement.observed_stratified",
        ratings,
        strata,
        categories,
        level,
        lambda labels, codes: _observed(counts_of_codes(labels, codes), weights, level),
    )


def observed_bootstrap(
    ratings: Ratings,
    *,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    cluster: Labels | None = None,
    strata: Labels | None = None,
    draws: int = 2000,
    seed: int,
    level: float = 0.95,
) -> BootstrapAgreement:
    """Observed agreement with a bootstrap interval: patients are drawn within each center.

    Parameters
    ----------
    ratings, weights
        As in :func:`observed`.
    categories, cluster, strata, draws, seed, level
        As in :func:`kappa.cohen_bootstrap`.

    Returns
    -------
    BootstrapAgreement
        As :func:`kappa.cohen_bootstrap`.

    Raises
    ------
    ValueError
        As :func:`kappa.cohen_bootstrap`.

    Notes
    -----
    As :func:`kappa.cohen_bootstrap`.

    References
    ----------
    .. [1] Davison & Hinkley 1997, Bootstrap Methods and their Application.

    Examples
    --------
    >>> reads = [[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2], [1, 1, 1]] * 5
    >>> result = observed_bootstrap(reads, seed=1)
    >>> round(result.estimate, 4), round(result.se, 2), result.clusters
    (0.7778, 0.06, 30)
    """
    point = observed(ratings, weights=weights, categories=categories, level=level)
    labels, codes, used = rated_rows(ratings, categories)
    matrix = weight_matrix(weights, labels)
    return bootstrap(
        point,
        _totals.share_totals(labels, codes, matrix),
        used,
        _totals.observed_of,
        rows=len(ratings),
        cluster=cluster,
        strata=strata,
        draws=draws,
        seed=seed,
        level=level,
    )


def two_by_two(n11: int, n10: int, n01: int, n00: int) -> TwoByTwoAgreement:
    """Observed, expected, positive and negative agreement of two raters, two categories.

    Parameters
    ----------
    n11, n10, n01, n00
        Subjects positive with both raters, with the first only, with the second only, with
        neither (counts).

    Returns
    -------
    TwoByTwoAgreement
        ``observed_agreement``, ``expected_agreement`` (of independent raters with these
        margins), ``positive_agreement``, ``negative_agreement``, ``prevalence_index``,
        ``bias_index`` and ``n``. A specific agreement is undefined when nobody used its
        category, everything without subjects.

    Raises
    ------
    ValueError
        For counts that are negative or not whole.

    Notes
    -----
    2 n11/(2 n11 + n10 + n01), 2 n00/(2 n00 + n10 + n01), (n11 - n00)/n, (n10 - n01)/n.

    References
    ----------
    .. [1] Cicchetti & Feinstein 1990.
    .. [2] Byrt 1993.

    Examples
    --------
    >>> result = two_by_two(0, 3, 2, 95)
    >>> result.observed_agreement, result.positive_agreement, round(result.negative_agreement, 4)
    (0.95, 0.0, 0.9744)
    """
    a, b = count("n11", n11), count("n10", n10)
    c, d = count("n01", n01), count("n00", n00)
    n, apart = a + b + c + d, b + c
    reason = ""
    if n == 0:
        reason = "no subject"
    elif 2 * a + apart == 0:
        reason = "no rating is positive"
    elif 2 * d + apart == 0:
        reason = "no rating is negative"
    return TwoByTwoAgreement(
        method="agreement.two_by_two",
        observed_agreement=_share(a + d, n),
        expected_agreement=_share((a + b) * (a + c) + (c + d) * (b + d), n**2),
        positive_agreement=_share(2 * a, 2 * a + apart),
        negative_agreement=_share(2 * d, 2 * d + apart),
        prevalence_index=_share(a - d, n),
        bias_index=_share(b - c, n),
        n=int(n),
        undefined=bool(reason),
        reason=reason,
    )


def _observed(subjects: RatingCounts, weights: Weights, level: float) -> AgreementEstimate:
    matrix = weight_matrix(weights, subjects.categories)
    estimate = se = low = high = None
    reason = ""
    try:
        agreement = observed_agreement(subjects, matrix)
        estimate = agreement.overall
        scaled = agreement.by_subject / agreement.share_rated_twice
        se = mean_standard_error(scaled, subjects.frequency)
        low, high = agreement_interval(estimate, se, subjects.n, level)
    except NotEstimableError as problem:
        reason = problem.reason
    return AgreementEstimate(
        method="agreement.observed",
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        level=level,
        n=subjects.n,
        undefined=bool(reason),
        reason=reason,
    )


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
