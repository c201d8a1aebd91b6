"""Cohen's kappa of two raters, and the test that it is 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinval.stats._agreement_weights import Weights, weight_matrix
from clinval.stats._chance_corrected import (
    ZERO_OVER_ZERO,
    cohen_kappa,
    cohen_standard_error,
    cohen_standard_error_null,
)
from clinval.stats._checks import Labels, Ratings, check_level, check_option
from clinval.stats._distributions import ALTERNATIVES, normal_p, normal_quantile
from clinval.stats._ratings import pair_table
from clinval.stats.agreement._results import ChanceCorrected, KappaTest

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["NO_PAIRS", "cohen", "cohen_test", "kappa_of_table"]

NO_PAIRS = "no subject rated by both raters"


def cohen(
    ratings: Ratings | None = None,
    *,
    table: Ratings | None = None,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> ChanceCorrected:
    r"""Cohen's kappa of two raters, standard error of Fleiss, Cohen and Everitt.

    Parameters
    ----------
    ratings
        Subjects in rows, the two raters in columns; subjects with a missing rating are dropped.
    table
        Instead of ratings: the q x q counts of the first rater's category by the second's.
    weights
        Agreement weights, by name or as a q x q matrix; see the module.
    categories
        The labels in order; by default the distinct labels of the subjects used.
    level
        Two-sided level of the normal interval.

    Returns
    -------
    ChanceCorrected
        ``estimate``, ``se``, ``ci_low``, ``ci_high`` (not cut), ``observed_agreement``,
        ``expected_agreement`` and ``n``. Estimate and interval are undefined when expected
        agreement is 1, everything without a subject that both raters rated.

    Raises
    ------
    ValueError
        For both or neither of ratings and table, a table that is not square or holds no counts,
        unknown weights, a rating outside the categories or a level outside (0, 1).

    Notes
    -----
    kappa = (p_o - p_e)/(1 - p_e). With the margins r and c and
    wbar_ij = (W c)_i + (W' r)_j the variance is

    .. math:: \frac{\sum p_{ij} [w_{ij} - \bar w_{ij} (1 - \kappa)]^2
              - [\kappa - p_e (1 - \kappa)]^2}{n (1 - p_e)^2}

    References
    ----------
    .. [1] Cohen 1960, 1968.
    .. [2] Fleiss, Cohen & Everitt 1969.

    Examples
    --------
    >>> result = cohen(table=[[88, 14, 18], [10, 40, 10], [2, 6, 12]])
    >>> round(result.estimate, 4), round(result.se, 4)
    (0.4915, 0.051)
    """
    pairs = pair_table(ratings, table, categories)
    matrix = weight_matrix(weights, pairs.categories)
    check_level(level)
    if not pairs.table.any():
        return ChanceCorrected(
            method="kappa.cohen",
            estimate=None,
            level=level,
            n=0,
            undefined=True,
            reason=NO_PAIRS,
        )
    return kappa_of_table(pairs.table, matrix, level)


def cohen_test(
    ratings: Ratings | None = None,
    *,
    table: Ratings | None = None,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    alternative: str = "two-sided",
) -> KappaTest:
    r"""Test that Cohen's kappa is 0, with the standard error under independent raters.

    Parameters
    ----------
    ratings, table, weights, categories
        As in :func:`cohen`.
    alternative
        "greater", "less" or "two-sided".

    Returns
    -------
    KappaTest
        ``estimate``, ``se_null``, ``statistic`` (standard normal), ``p_value`` and ``n``. The
        test is undefined when expected agreement is 1 or a rater used a single category.

    Raises
    ------
    ValueError
        As :func:`cohen`, or for an unknown alternative.

    Notes
    -----
    .. math:: var_0 = \frac{\sum r_i c_j (w_{ij} - \bar w_{ij})^2 - p_e^2}{n (1 - p_e)^2}

    This error belongs to the test and never to an interval.

    References
    ----------
    .. [1] Fleiss, Cohen & Everitt 1969.

    Examples
    --------
    >>> result = cohen_test(table=[[88, 14, 18], [10, 40, 10], [2, 6, 12]])
    >>> round(result.se_null, 4), round(result.statistic, 4)
    (0.052, 9.4562)
    """
    pairs = pair_table(ratings, table, categories)
    matrix = weight_matrix(weights, pairs.categories)
    check_option("alternative", alternative, ALTERNATIVES)
    method = "kappa.cohen_test"
    if not pairs.table.any():
        return KappaTest(
            method=method, estimate=None, p_value=None, undefined=True, reason=NO_PAIRS
        )
    kappa = cohen_kappa(pairs.table, matrix)
    if kappa.estimate is None:
        return KappaTest(
            method=method,
            estimate=None,
            p_value=None,
            n=kappa.n,
            undefined=True,
            reason=ZERO_OVER_ZERO,
        )
    se_null = cohen_standard_error_null(pairs.table, matrix, kappa)
    if se_null == 0:
        return KappaTest(
            method=method,
            estimate=kappa.estimate,
            se_null=0.0,
            p_value=None,
            n=kappa.n,
            undefined=True,
            reason="a rater used a single category",
        )
    statistic = kappa.estimate / se_null
    return KappaTest(
        method=method,
        estimate=kappa.estimate,
        se_null=se_null,
        statistic=statistic,
        p_value=normal_p(statistic, alternative),
        n=kappa.n,
    )


def kappa_of_table(table: FloatArray, weights: FloatArray, level: float) -> ChanceCorrected:
    """Return kappa and its normal interval from a table with subjects."""
    kappa = cohen_kappa(table, weights)
    se = low = high = None
    reason = ZERO_OVER_ZERO
    if kappa.estimate is not None:
        se = cohen_standard_error(table, weights, kappa)
        half = normal_quantile(level) * se
        low, high, reason = kappa.estimate - half, kappa.estimate + half, ""
    return ChanceCorrected(
        method="kappa.cohen",
        estimate=kappa.estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        observed_agreement=kappa.observed,
        expected_agreement=kappa.expected,
        level=level,
        n=kappa.n,
        undefined=bool(reason),
        reason=reason,
    )
