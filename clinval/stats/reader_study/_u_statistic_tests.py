"""Tests of a margin by the U- and the V-statistic of reader studies."""

from __future__ import annotations

from dataclasses import dataclass

from clinval.core.results import TestResult
from clinval.stats._checks import Labels, Numbers, check_level, check_option, margin_in
from clinval.stats.reader_study._model import ALTERNATIVES
from clinval.stats.reader_study._random_readers import RandomReaders
from clinval.stats.reader_study._reads import coded
from clinval.stats.reader_study._u_statistics import compared

__all__ = ["ReaderVarianceTest", "u_statistic_test", "v_statistic_test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderVarianceTest(TestResult):
    """The test of a margin of a difference over random readers and random cases."""

    estimate: float | None
    se: float | None = None
    variance: float | None = None
    variance_statistic: str
    margin: float
    alternative: str
    ci_low: float | None = None
    ci_high: float | None = None
    level: float = 0.95
    n: int


def u_statistic_test(
    score: Numbers,
    truth: Numbers,
    reader: Labels,
    modality: Labels,
    case: Labels,
    *,
    margin: float = 0.0,
    alternative: str = "greater",
    metric: str = "auc",
    threshold: float | None = None,
    test: object = None,
    reference: object = None,
    negative_variance: str = "report",
    level: float = 0.95,
) -> ReaderVarianceTest:
    """Test of a margin of the difference of two modalities, by the unbiased variance.

    Parameters
    ----------
    score, truth, reader, modality, case, metric, threshold, test, reference, negative_variance
        As in :func:`u_statistic`.
    margin
        The difference under the null hypothesis, signed (-0.05 for non-inferiority); of an
        equivalence the largest difference either way.
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin),
        "two-sided", or "equivalence" (null: the difference is as large as the margin either way).
    level
        Two-sided level of the interval.

    Returns
    -------
    ReaderVarianceTest
        ``estimate``, ``se``, ``statistic`` (estimate less margin over the error), ``df``,
        ``p_value``, and the two-sided interval. Of an equivalence the larger of the p values of
        the two one-sided tests, with its statistic. Undefined where the error of
        :func:`u_statistic` is.

    Raises
    ------
    ValueError
        As :func:`u_statistic`, or for a margin outside [-1, 1] or an unknown alternative.

    Notes
    -----
    Student's t with the whole part of the degrees of freedom of :func:`u_statistic`, above 50 the
    normal distribution.

    References
    ----------
    .. [1] Gallas 2006, Acad Radiol 13:353.

    Examples
    --------
    >>> case = [1, 2, 3, 4, 5, 6] * 4
    >>> reader, modality = (["A"] * 6 + ["B"] * 6) * 2, ["CT"] * 12 + ["MR"] * 12
    >>> score = [1, 2, 3, 2, 4, 5] + [2, 1, 4, 3, 3, 5] + [2, 3, 1, 1, 4, 4] + [1, 2, 1, 3, 4, 5]
    >>> found = u_statistic_test(
    ...     score, [0, 0, 0, 1, 1, 1] * 4, reader, modality, case, margin=-0.1
    ... )
    >>> round(found.statistic, 3), round(found.p_value, 3)
    (0.735, 0.298)
    """
    check_level(level)
    reads = coded(score, truth, reader, modality, case)
    found = compared("u_statistic", reads, metric, threshold, test, reference, negative_variance)
    return _tested("u_statistic_test", found, len(reads.cases), margin, alternative, level)


def v_statistic_test(
    score: Numbers,
    truth: Numbers,
    reader: Labels,
    modality: Labels,
    case: Labels,
    *,
    margin: float = 0.0,
    alternative: str = "greater",
    metric: str = "auc",
    threshold: float | None = None,
    test: object = None,
    reference: object = None,
    level: float = 0.95,
) -> ReaderVarianceTest:
    """Test of a margin of the difference of two modalities, by the bootstrap's variance.

    Parameters
    ----------
    score, truth, reader, modality, case, metric, threshold, test, reference
        As in :func:`v_statistic`.
    margin, alternative, level
        As in :func:`u_statistic_test`.

    Returns
    -------
    ReaderVarianceTest
        As :func:`u_statistic_test`.

    Raises
    ------
    ValueError
        As :func:`u_statistic_test`.

    Notes
    -----
    :func:`u_statistic_test` with the variance and degrees of freedom of :func:`v_statistic`.

    References
    ----------
    .. [1] Gallas, Bandos, Samuelson & Wagner 2009, Commun Stat Theory Methods 38:2586.

    Examples
    --------
    >>> case = [1, 2, 3, 4, 5, 6] * 4
    >>> reader, modality = (["A"] * 6 + ["B"] * 6) * 2, ["CT"] * 12 + ["MR"] * 12
    >>> score = [1, 2, 3, 2, 4, 5] + [2, 1, 4, 3, 3, 5] + [2, 3, 1, 1, 4, 4] + [1, 2, 1, 3, 4, 5]
    >>> found = v_statistic_test(
    ...     score, [0, 0, 0, 1, 1, 1] * 4, reader, modality, case, margin=-0.1
    ... )
    >>> round(found.statistic, 3), round(found.p_value, 3)
    (0.707, 0.304)
    """
    check_level(level)
    reads = coded(score, truth, reader, modality, case)
    found = compared("v_statistic", reads, metric, threshold, test, reference)
    return _tested("v_statistic_test", found, len(reads.cases), margin, alternative, level)


def _tested(
    name: str, found: RandomReaders, n: int, margin: float, alternative: str, level: float
) -> ReaderVarianceTest:
    check_option("alternative", alternative, ALTERNATIVES)
    bound = margin_in(-1, 1, margin)
    spread, estimate = found.spread, found.estimate
    statistic, p_value = spread.tested(estimate, bound, alternative)
    low, high = spread.interval(estimate, level)
    return ReaderVarianceTest(
        method=f"mrmc.{name}",
        estimate=estimate,
        se=spread.se,
        variance=spread.variance,
        variance_statistic=spread.statistic,
        margin=bound,
        alternative=alternative,
        statistic=statistic,
        df=spread.df,
        p_value=p_value,
        ci_low=low,
        ci_high=high,
        level=level,
        n=n,
        undefined=bool(spread.reason),
        reason=spread.reason,
    )
