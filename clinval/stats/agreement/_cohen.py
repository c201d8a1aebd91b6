"""Cohen's kappa: two raters, in all subjects or by stratum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats._agreement_weights import Weights, weight_matrix
from clinval.stats._chance_corrected import (
    ZERO_OVER_ZERO,
    cohen_kappa,
    cohen_standard_error,
    cohen_standard_error_null,
)
from clinval.stats._checks import Labels, Ratings, check_level, check_option
from clinval.stats._distributions import ALTERNATIVES, chi_square_p, normal_p, normal_quantile
from clinval.stats._labels import group_codes
from clinval.stats._ratings import complete_pairs, pair_table

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = [
    "ChanceCorrected",
    "KappaTest",
    "StratifiedKappa",
    "cohen",
    "cohen_stratified",
    "cohen_test",
]

_NO_PAIRS = "no subject rated by both raters"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceCorrected(Estimate):
    """A chance-corrected coefficient with what it is made of."""

    se: float | None = None
    observed_agreement: float | None = None
    expected_agreement: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KappaTest(TestResult):
    """A test of kappa = 0; the standard error is that under the null hypothesis."""

    estimate: float | None
    se_null: float | None = None
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StratifiedKappa(Estimate):
    """Kappa by stratum, pooled, and the test that the strata share one kappa."""

    se: float | None = None
    q: float | None = None
    df: float | None = None
    p_value: float | None = None
    estimate_by_stratum: tuple[float | None, ...] = ()
    se_by_stratum: tuple[float | None, ...] = ()
    ci_low_by_stratum: tuple[float | None, ...] = ()
    ci_high_by_stratum: tuple[float | None, ...] = ()


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
    z = normal_quantile(check_level(level))
    method = "kappa.cohen"
    if not pairs.table.any():
        return ChanceCorrected(
            method=method, estimate=None, level=level, n=0, undefined=True, reason=_NO_PAIRS
        )
    kappa = cohen_kappa(pairs.table, matrix)
    if kappa.estimate is None:
        return ChanceCorrected(
            method=method,
            estimate=None,
            observed_agreement=kappa.observed,
            expected_agreement=kappa.expected,
            level=level,
            n=kappa.n,
            undefined=True,
            reason=ZERO_OVER_ZERO,
        )
    se = cohen_standard_error(pairs.table, matrix, kappa)
    return ChanceCorrected(
        method=method,
        estimate=kappa.estimate,
        se=se,
        ci_low=kappa.estimate - z * se,
        ci_high=kappa.estimate + z * se,
        observed_agreement=kappa.observed,
        expected_agreement=kappa.expected,
        level=level,
        n=kappa.n,
    )


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
            method=method, estimate=None, p_value=None, undefined=True, reason=_NO_PAIRS
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


def cohen_stratified(
    ratings: Ratings,
    *,
    strata: Labels,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> StratifiedKappa:
    r"""Cohen's kappa of each stratum, pooled by inverse variance, with a test of homogeneity.

    Parameters
    ----------
    ratings
        Subjects in rows, the two raters in columns; subjects with a missing rating are dropped.
    strata
        Label of the stratum (site) of each subject.
    weights, categories
        As in :func:`cohen`; the categories are common to all strata.
    level
        Two-sided level of all intervals.

    Returns
    -------
    StratifiedKappa
        ``estimate``, ``se``, ``ci_low``, ``ci_high`` (normal), ``q``, ``df`` strata - 1,
        ``p_value``, and ``estimate_by_stratum``, ``se_by_stratum``, ``ci_low_by_stratum``,
        ``ci_high_by_stratum`` in the order of the sorted labels of the strata that have
        subjects. The pooled numbers are undefined when the kappa of a stratum is, or has no
        standard error above 0; the p value also with one stratum.

    Raises
    ------
    ValueError
        As :func:`cohen`, or when strata and ratings differ in length.

    Notes
    -----
    .. math:: \bar\kappa = \frac{\sum \kappa_s / se_s^2}{\sum 1 / se_s^2}, \quad
              se = (\sum 1 / se_s^2)^{-1/2}, \quad
              q = \sum (\kappa_s - \bar\kappa)^2 / se_s^2

    References
    ----------
    .. [1] Fleiss 1981.

    Examples
    --------
    >>> site_a = [[1, 1]] * 20 + [[1, 0]] * 5 + [[0, 1]] * 4 + [[0, 0]] * 21
    >>> site_b = [[1, 1]] * 15 + [[1, 0]] * 7 + [[0, 1]] * 3 + [[0, 0]] * 25
    >>> result = cohen_stratified(site_a + site_b, strata=["A"] * 50 + ["B"] * 50)
    >>> [round(value, 3) for value in result.estimate_by_stratum], round(result.estimate, 3)
    ([0.64, 0.586], 0.615)
    """
    labels, pairs, kept = complete_pairs(ratings, categories)
    _, groups = group_codes("strata", strata)
    if len(groups) != len(ratings):
        raise ValueError(f"lengths differ: ratings {len(ratings)}, strata {len(groups)}")
    matrix = weight_matrix(weights, labels)
    z = normal_quantile(check_level(level))
    method, q = "kappa.cohen_stratified", len(labels)
    if len(pairs) == 0:
        return StratifiedKappa(
            method=method, estimate=None, level=level, n=0, undefined=True, reason=_NO_PAIRS
        )
    used, stratum = np.unique(groups[kept], return_inverse=True)
    # one code for a stratum and a pair of categories: all tables in one count
    cells = np.bincount((stratum * q + pairs[:, 0]) * q + pairs[:, 1], minlength=len(used) * q * q)
    tables = cells.reshape(len(used), q, q).astype(np.float64)
    by_stratum = [_with_error(table, matrix) for table in tables]
    estimates = tuple(kappa for kappa, _ in by_stratum)
    errors = tuple(se for _, se in by_stratum)
    lows = tuple(None if k is None or s is None else k - z * s for k, s in by_stratum)
    highs = tuple(None if k is None or s is None else k + z * s for k, s in by_stratum)
    pooled = [(k, 1 / s**2) for k, s in by_stratum if k is not None and s]
    if len(pooled) < len(by_stratum):
        return StratifiedKappa(
            method=method,
            estimate=None,
            df=len(used) - 1,
            level=level,
            n=len(pairs),
            estimate_by_stratum=estimates,
            se_by_stratum=errors,
            ci_low_by_stratum=lows,
            ci_high_by_stratum=highs,
            undefined=True,
            reason="a stratum has no kappa, or one with a standard error of 0",
        )
    kappas, precisions = np.array(pooled).T
    total = float(precisions.sum())
    estimate, se = float(kappas @ precisions) / total, 1 / math.sqrt(total)
    statistic, df = float(precisions @ (kappas - estimate) ** 2), len(used) - 1
    return StratifiedKappa(
        method=method,
        estimate=estimate,
        se=se,
        ci_low=estimate - z * se,
        ci_high=estimate + z * se,
        q=statistic,
        df=df,
        p_value=chi_square_p(statistic, df) if df else None,
        level=level,
        n=len(pairs),
        estimate_by_stratum=estimates,
        se_by_stratum=errors,
        ci_low_by_stratum=lows,
        ci_high_by_stratum=highs,
        undefined=df == 0,
        reason="" if df else "fewer than two strata",
    )


def _with_error(table: FloatArray, weights: FloatArray) -> tuple[float | None, float | None]:
    kappa = cohen_kappa(table, weights)
    if kappa.estimate is None:
        return None, None
    return kappa.estimate, cohen_standard_error(table, weights, kappa)
