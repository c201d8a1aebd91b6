"""Difference of two areas under the ROC curve in the same subjects, test minus reference.

``truth`` is 1 for diseased and 0 for non-diseased subjects; higher scores are more suspicious.
A subject without one of the scores is dropped and counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from clinval.core.results import TestResult
from clinval.stats._checks import Numbers, check_level, check_option, margin_in
from clinval.stats._distributions import ALTERNATIVES, normal_p
from clinval.stats.accuracy._auc_comparison import AucDifference, compared
from clinval.stats.accuracy._auc_difference_partial import (
    BootstrapAucDifference,
    partial_bootstrap,
    partial_delong,
)
from clinval.stats.accuracy._placements import placements, read_scores

__all__ = [
    "AucDifference",
    "AucDifferenceTest",
    "BootstrapAucDifference",
    "delong",
    "delong_test",
    "partial_bootstrap",
    "partial_delong",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AucDifferenceTest(TestResult):
    """A test of a margin of the difference."""

    estimate: float | None
    se: float | None = None
    n: int = 0
    n_diseased: int = 0
    n_nondiseased: int = 0
    dropped: int = 0


def delong(
    truth: Numbers, test: Numbers, reference: Numbers, *, level: float = 0.95
) -> AucDifference:
    r"""Difference of paired areas with DeLong's covariance, Wald interval.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    test, reference
        The two scores of each subject, higher when more suspicious; ``None`` drops the row.
    level
        Two-sided level of the interval.

    Returns
    -------
    AucDifference
        ``estimate``, ``se``, limits that are not cut, ``statistic`` (standard normal), two-sided
        ``p_value``, both areas, their variances and covariance, and counts of subjects. Undefined
        without both classes; limits and test undefined where the variance is 0.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, lists of different length or a
        level outside (0, 1).

    Notes
    -----
    With the placement values of :func:`clinval.stats.accuracy.auc.delong` for both scores,

    .. math:: var(A_T - A_R) = var(A_T) + var(A_R) - 2\, cov, \quad
              cov = S_{10}^{TR}/m + S_{01}^{TR}/n

    References
    ----------
    .. [1] DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837.
    .. [2] Sun & Xu 2014.

    Examples
    --------
    >>> truth, test = [0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 2, 4, 2, 3, 4, 5]
    >>> result = delong(truth, test, [2, 1, 3, 4, 3, 1, 4, 2])
    >>> round(result.estimate, 4), round(result.se, 4), round(result.p_value, 4)
    (0.2812, 0.2268, 0.2149)
    """
    check_level(level)
    data = read_scores(truth, test=test, reference=reference)
    return compared("delong", data, placements, level)


def delong_test(
    truth: Numbers,
    test: Numbers,
    reference: Numbers,
    *,
    margin: float = 0.0,
    alternative: str = "greater",
) -> AucDifferenceTest:
    r"""Test of a margin of the difference of paired areas, by DeLong's covariance.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    test, reference
        The two scores of each subject, higher when more suspicious; ``None`` drops the row.
    margin
        The difference under the null hypothesis, signed (-0.05 for non-inferiority), in [-1, 1].
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin) or
        "two-sided".

    Returns
    -------
    AucDifferenceTest
        ``estimate``, ``se``, ``statistic`` (standard normal), ``p_value`` and counts of
        subjects. Undefined where the variance is 0 or not estimable.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, lists of different length, a
        margin outside [-1, 1] or an unknown alternative.

    Notes
    -----
    (A_T - A_R - margin)/se with the se of :func:`delong`.

    References
    ----------
    .. [1] DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837.

    Examples
    --------
    >>> truth, test = [0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 2, 4, 2, 3, 4, 5]
    >>> result = delong_test(truth, test, [2, 1, 3, 4, 3, 1, 4, 2], margin=-0.05)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (1.4606, 0.0721)
    """
    margin = margin_in(-1, 1, margin)
    check_option("alternative", alternative, ALTERNATIVES)
    data = read_scores(truth, test=test, reference=reference)
    found = compared("delong", data, placements, 0.95)
    statistic = None
    if found.estimate is not None and found.se:
        statistic = (found.estimate - margin) / found.se
    return AucDifferenceTest(
        method="auc_difference.delong_test",
        estimate=found.estimate,
        se=found.se,
        statistic=statistic,
        p_value=None if statistic is None else normal_p(statistic, alternative),
        n=data.n,
        n_diseased=data.n_diseased,
        n_nondiseased=data.n_nondiseased,
        dropped=data.dropped,
        undefined=found.undefined,
        reason=found.reason,
    )
