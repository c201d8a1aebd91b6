"""Chance-corrected agreement of readers on categories.

Ratings have subjects in rows and raters in columns; ``None`` (or NaN) is a missing rating.
Raters and subjects without any rating are dropped, and ``n`` counts the subjects that are left.
Categories are the distinct labels in order unless declared; declared categories that nobody
used count, since they change the weights and AC1. A table has the first rater in rows, the
second in columns.

Weights are agreement weights, 1 on the diagonal, of the distance d of two categories and the
span R of all (values if the labels are numbers, ranks if they are text): "unweighted",
"linear" 1 - d/R, "quadratic" 1 - (d/R)^2, "radical" 1 - sqrt(d/R), "ratio"
1 - [d/(v + v')]^2/[R/(max + min)]^2, "ordinal" 1 - M/max M with M = m(m - 1)/2 for the m
categories from one to the other, or a matrix.

When expected agreement is 1 a coefficient is 0/0 and undefined; observed agreement is still
given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._agreement_weights import Weights, weight_matrix
from clinval.stats._chance_corrected import (
    ZERO_OVER_ZERO,
    ObservedAgreement,
    agreement_interval,
    category_shares,
    is_certain,
    linearised_standard_error,
    observed_agreement,
)
from clinval.stats._checks import Labels, NotEstimableError, Ratings, check_level, count
from clinval.stats._ratings import RatingCounts, rating_counts
from clinval.stats.accuracy.proportion import clopper_pearson
from clinval.stats.agreement._cohen import (
    ChanceCorrected,
    KappaTest,
    StratifiedKappa,
    cohen,
    cohen_stratified,
    cohen_test,
)

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = [
    "ChanceCorrected",
    "FleissKappa",
    "KappaTest",
    "StratifiedKappa",
    "cohen",
    "cohen_stratified",
    "cohen_test",
    "fleiss",
    "gwet",
    "pabak",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FleissKappa(ChanceCorrected):
    """Fleiss' kappa; the coefficients by category exist for complete, unweighted ratings."""

    estimate_by_category: tuple[float | None, ...] | None = None


def fleiss(
    ratings: Ratings | None = None,
    *,
    table: Ratings | None = None,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> FleissKappa:
    r"""Fleiss' kappa of any number of raters, missing ratings allowed, linearised variance.

    Parameters
    ----------
    ratings
        Subjects in rows, raters in columns, ``None`` or NaN where missing.
    table
        Instead of ratings: the q x q counts of two raters.
    weights, categories
        As in :func:`cohen`.
    level
        Two-sided level of the t interval with n - 1 degrees of freedom.

    Returns
    -------
    FleissKappa
        ``estimate``, ``se``, ``ci_low`` (not cut), ``ci_high`` (cut at 1),
        ``observed_agreement``, ``expected_agreement``, ``n`` and ``estimate_by_category``. The
        last exists for unweighted ratings without a missing one, and is undefined for a
        category that nobody or everybody used. The coefficient is undefined when expected
        agreement is 1, its error with one subject.

    Raises
    ------
    ValueError
        As :func:`cohen`.

    Notes
    -----
    With r_ik ratings of subject i in category k, r_i in all and n2 subjects rated at least
    twice: p_a is the mean over these of
    :math:`\sum_k r_{ik} ((W r_i)_k - 1) / (r_i (r_i - 1))`, pi the mean over all n subjects
    of r_ik/r_i, and p_e = pi' W pi. The variance is

    .. math:: \frac{\sum_i (\kappa^*_i - \kappa)^2}{n (n - 1)}, \quad
              \kappa^*_i = \frac{n}{n_2} \frac{p_{a,i} - p_e [r_i \ge 2]}{1 - p_e}
              - 2 (1 - \kappa) \frac{p_{e,i} - p_e}{1 - p_e}

    with :math:`p_{e,i} = \sum_k r_{ik} ((W \pi)_k + (W' \pi)_k) / (2 r_i)`. For category k and m
    raters: 1 - sum_i r_ik (m - r_ik)/(n m (m - 1) pi_k (1 - pi_k)).

    References
    ----------
    .. [1] Fleiss 1971.
    .. [2] Gwet 2008, 2014.

    Examples
    --------
    >>> result = fleiss([[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2]])
    >>> round(result.estimate, 4), round(result.se, 4), result.n
    (0.4444, 0.3331, 5)
    """
    subjects = rating_counts(ratings, table, categories)
    matrix = weight_matrix(weights, subjects.categories)
    check_level(level)
    method = "kappa.fleiss"
    try:
        observed = observed_agreement(subjects, matrix)
    except NotEstimableError as problem:
        return FleissKappa(
            method=method,
            estimate=None,
            level=level,
            n=subjects.n,
            undefined=True,
            reason=problem.reason,
        )
    shares = category_shares(subjects)
    expected_by_subject = _per_rating(subjects, (matrix @ shares + matrix.T @ shares) / 2)
    result = _linearised(
        method, subjects, observed, float(shares @ matrix @ shares), expected_by_subject, level
    )
    unweighted = isinstance(weights, str) and weights == "unweighted"
    by_category = _by_category(subjects, shares) if unweighted else None
    reason = result.reason
    if not reason and by_category is not None and None in by_category:
        reason = "a category was used in no rating or in all"
    return FleissKappa(
        method=method,
        estimate=result.estimate,
        se=result.se,
        ci_low=result.ci_low,
        ci_high=result.ci_high,
        observed_agreement=result.observed_agreement,
        expected_agreement=result.expected_agreement,
        level=level,
        n=subjects.n,
        estimate_by_category=by_category,
        undefined=bool(reason),
        reason=reason,
    )


def gwet(
    ratings: Ratings | None = None,
    *,
    table: Ratings | None = None,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> ChanceCorrected:
    r"""Gwet's AC1 (unweighted) or AC2 (weighted), missing ratings allowed.

    Parameters
    ----------
    ratings
        Subjects in rows, raters in columns, ``None`` or NaN where missing.
    table
        Instead of ratings: the q x q counts of two raters.
    weights, categories
        As in :func:`cohen`.
    level
        Two-sided level of the t interval with n - 1 degrees of freedom.

    Returns
    -------
    ChanceCorrected
        ``estimate``, ``se``, ``ci_low`` (not cut), ``ci_high`` (cut at 1),
        ``observed_agreement``, ``expected_agreement`` and ``n``. Undefined when only one
        category is observed and no other is declared; the error with one subject.

    Raises
    ------
    ValueError
        As :func:`cohen`.

    Notes
    -----
    As :func:`fleiss`, with T = sum(w)/(q (q - 1)), :math:`p_e = T \sum_k \pi_k (1 - \pi_k)`
    and :math:`p_{e,i} = T \sum_k r_{ik} (1 - \pi_k) / r_i`.

    References
    ----------
    .. [1] Gwet 2008, 2014.

    Examples
    --------
    >>> result = gwet([[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2]])
    >>> round(result.estimate, 4), round(result.se, 4), result.n
    (0.4872, 0.3385, 5)
    """
    subjects = rating_counts(ratings, table, categories)
    matrix = weight_matrix(weights, subjects.categories)
    check_level(level)
    method, q = "kappa.gwet", len(subjects.categories)
    try:
        observed = observed_agreement(subjects, matrix)
    except NotEstimableError as problem:
        return ChanceCorrected(
            method=method,
            estimate=None,
            level=level,
            n=subjects.n,
            undefined=True,
            reason=problem.reason,
        )
    if q < 2:
        return ChanceCorrected(
            method=method,
            estimate=None,
            observed_agreement=observed.overall,
            level=level,
            n=subjects.n,
            undefined=True,
            reason="a single category, and no other is declared",
        )
    shares = category_shares(subjects)
    scale = float(matrix.sum()) / (q * (q - 1))
    expected = scale * float(shares @ (1 - shares))
    expected_by_subject = _per_rating(subjects, scale * (1 - shares))
    return _linearised(method, subjects, observed, expected, expected_by_subject, level)


def pabak(n11: int, n10: int, n01: int, n00: int, *, level: float = 0.95) -> Estimate:
    """Prevalence-adjusted bias-adjusted kappa of two raters and two categories.

    Parameters
    ----------
    n11, n10, n01, n00
        Subjects positive with both raters, with the first only, with the second only, with
        neither (counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate``, ``ci_low``, ``ci_high`` and ``n``. Undefined without subjects.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or a level outside (0, 1).

    Notes
    -----
    2 p_o - 1 of the observed agreement p_o, and the same of its Clopper-Pearson limits.

    References
    ----------
    .. [1] Byrt, Bishop & Carlin 1993.

    Examples
    --------
    >>> result = pabak(0, 3, 2, 95)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.9, 0.7743, 0.9671)
    """
    cells = (count("n11", n11), count("n10", n10), count("n01", n01), count("n00", n00))
    agreement = clopper_pearson(int(cells[0] + cells[3]), int(sum(cells)), level=level)

    def rescaled(share: float | None) -> float | None:
        return None if share is None else 2 * share - 1

    return Estimate(
        method="kappa.pabak",
        estimate=rescaled(agreement.estimate),
        ci_low=rescaled(agreement.ci_low),
        ci_high=rescaled(agreement.ci_high),
        level=level,
        n=agreement.n,
        undefined=agreement.undefined,
        reason="no subject" if agreement.undefined else "",
    )


def _per_rating(subjects: RatingCounts, values: FloatArray) -> FloatArray:
    """Return the mean over a subject's ratings of a value of their categories."""
    mean: FloatArray = subjects.counts @ values / np.sum(subjects.counts, axis=1)
    return mean


def _linearised(
    method: str,
    subjects: RatingCounts,
    observed: ObservedAgreement,
    expected: float,
    expected_by_subject: FloatArray,
    level: float,
) -> ChanceCorrected:
    """Return the coefficient of an expected agreement with its linearised error."""
    estimate = se = low = high = None
    reason = ""
    if is_certain(expected):
        reason = ZERO_OVER_ZERO
    else:
        estimate = (observed.overall - expected) / (1 - expected)
        try:
            se = linearised_standard_error(subjects, observed, expected, expected_by_subject)
            low, high = agreement_interval(estimate, se, subjects.n, level)
        except NotEstimableError as problem:
            reason = problem.reason
    return ChanceCorrected(
        method=method,
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        observed_agreement=observed.overall,
        expected_agreement=expected,
        level=level,
        n=subjects.n,
        undefined=bool(reason),
        reason=reason,
    )


def _by_category(subjects: RatingCounts, shares: FloatArray) -> tuple[float | None, ...] | None:
    """Return Fleiss' kappa of each category against all others; None with missing ratings."""
    sizes = subjects.counts.sum(axis=1)
    raters = float(sizes.max())
    if float(sizes.min()) < raters or raters < 2:
        return None
    split = subjects.frequency @ (subjects.counts * (raters - subjects.counts))
    chance = subjects.n * raters * (raters - 1) * shares * (1 - shares)
    unused = np.isin(shares, (0.0, 1.0)) | (chance <= 0)
    kappa = 1 - split / np.where(unused, 1.0, chance)
    return tuple(
        None if skip else value for skip, value in zip(unused, kappa.tolist(), strict=True)
    )
