"""A product alone against a group of readers: difference of its estimate and their mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import Labels, Numbers, check_level, check_option, finite, margin_in
from clinval.stats.reader_study._analysis import Asked, asked, estimated_on, plain_array
from clinval.stats.reader_study._grid import grid_of
from clinval.stats.reader_study._model import (
    ALTERNATIVES,
    RANDOM,
    error_of,
    interval_half,
    margin_test,
)
from clinval.stats.reader_study._reader_study import Row, margin_tested
from clinval.stats.reader_study._reads import Reads, coded, place_of
from clinval.stats.reader_study._single_treatment import single_treatment

__all__ = ["AiVersusReaders", "AiVersusReadersTest", "ai_versus_readers", "ai_versus_readers_test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AiVersusReaders(Estimate):
    """Product minus the mean of the readers; ``n`` counts cases, ``readers`` are without it."""

    se: float | None = None
    statistic: float | None = None
    df: float | None = None
    p_value: float | None = None
    var_reader_observed: float | None = None
    ms_reader: float | None = None
    var_error: float | None = None
    cov2: float | None = None
    auc_ai: float | None = None
    auc_readers: float | None = None
    auc_by_reader: Row | None = None
    sensitivity_ai: float | None = None
    sensitivity_readers: float | None = None
    sensitivity_by_reader: Row | None = None
    specificity_ai: float | None = None
    specificity_readers: float | None = None
    specificity_by_reader: Row | None = None
    se_ai: float | None = None
    ci_low_ai: float | None = None
    ci_high_ai: float | None = None
    estimate_by_reader: Row = ()
    se_by_reader: Row = ()
    ci_low_by_reader: Row = ()
    ci_high_by_reader: Row = ()
    p_value_by_reader: Row = ()
    readers: tuple[str, ...] = ()
    n_diseased: int = 0
    n_nondiseased: int = 0
    dropped: int = 0
    negative_components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AiVersusReadersTest(TestResult):
    """A test of product minus readers against a margin, with the estimate and its interval."""

    estimate: float | None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    level: float = 0.95
    margin: float = 0.0
    n: int = 0


def ai_versus_readers(
    score: Numbers,
    truth: Numbers,
    reader: Labels,
    case: Labels,
    *,
    ai: object,
    metric: str = "auc",
    covariance: str = "jackknife",
    random: str = "readers_cases",
    threshold: float | None = None,
    ai_threshold: float | None = None,
    fpr_max: float | None = None,
    cluster: Labels | None = None,
    level: float = 0.95,
) -> AiVersusReaders:
    r"""Difference of a product alone and the mean of a group of readers on the same cases.

    Parameters
    ----------
    score
        Score of each read (list), larger when more suspicious; ``None`` is a read not made. The
        product's scores may have another scale than the readers'.
    truth
        1 for a diseased, 0 for a non-diseased case (list).
    reader, case
        Labels of each read (lists); the product is one of the readers.
    ai
        The label of the product among the readers.
    metric
        "auc", "partial_auc", "sensitivity" or "specificity".
    covariance
        "jackknife" (any design), "delong" (fully crossed), "unbiased" (areas) or "clustered"
        (cases that are several targets of a patient).
    random
        What the result is to hold for: "readers_cases" (readers and cases like these), "cases"
        (these readers only) or "readers" (these cases only).
    threshold
        Positive is score >= threshold, for sensitivity and specificity.
    ai_threshold
        The product's threshold where it is not that of the readers.
    fpr_max
        Largest false positive rate of a partial area.
    cluster
        Label of the patient of each read, for ``covariance="clustered"``.
    level
        Two-sided level of the intervals.

    Returns
    -------
    AiVersusReaders
        ``estimate`` (product minus mean of the readers), ``se``, ``ci_low``, ``ci_high``,
        ``statistic``, ``df`` of t (none where it is normal), two-sided ``p_value``, ``auc_ai``,
        ``auc_readers`` and ``auc_by_reader`` (or those of the metric), each reader's difference
        with the interval for fixed readers, ``var_reader_observed``, and ``ms_reader``,
        ``var_error`` and ``cov2`` of the differences. Undefined without a reader beside the
        product, with one unless readers are fixed, without two cases of each class for each of
        them, and where the variance is not above 0.

    Raises
    ------
    ValueError
        As :func:`obuchowski_rockette`, and where ``ai`` is no label of a reader.

    Notes
    -----
    With d_j the product's estimate less that of reader j of J, MS their variance and cov2 the mean
    covariance of two of them,

    .. math:: t = \bar d \Big/ \sqrt{[MS + J \max(cov_2, 0)]/J}, \quad
              df = \frac{[MS + J \max(cov_2, 0)]^2}{MS^2/(J - 1)}

    With fixed cases the covariance is left out; with fixed readers the variance is [var_error +
    (J - 1) cov2]/J and the normal distribution is used.

    References
    ----------
    .. [1] Hillis 2007, Stat Med 26:596.

    Examples
    --------
    >>> score = [1, 2, 3, 4, 2, 1, 4, 3, 1, 2, 4, 5, 1, 3, 2, 4, 2, 3, 3, 5]
    >>> truth, case, reader = [0, 0, 1, 1] * 5, [1, 2, 3, 4] * 5, list("AAAABBBBCCCCDDDDPPPP")
    >>> result = ai_versus_readers(score, truth, reader, case, ai="P")
    >>> round(result.auc_ai, 4), round(result.auc_readers, 4), round(result.se, 4)
    (0.875, 0.9375, 0.0625)
    """
    check_level(level)
    check_option("random", random, RANDOM)
    ask = asked(metric, covariance, threshold, fpr_max)
    reads = coded(score, truth, reader, ["one"] * len(reader), case, cluster=cluster)
    place = place_of("ai", ai, reads.readers)
    if ai_threshold is not None:
        reads, ask = _from_thresholds(reads, ask, place, finite("ai_threshold", ai_threshold))
    estimates = estimated_on(grid_of(reads), ask, random=random)
    theta = estimates.theta[0]
    others = np.delete(np.arange(len(theta)), place)
    contrast = np.zeros((len(others), len(theta)))
    contrast[:, place] = 1
    contrast[np.arange(len(others)), others] = -1
    matrix = contrast @ estimates.covariance @ contrast.T
    difference, variance = theta[place] - theta[others], estimates.covariance[place, place]
    own = error_of(variance, variance)
    single = single_treatment(theta, difference, matrix, float(variance), random)
    estimate = np.array(single.estimate)
    se = np.array(np.nan if single.reason else np.sqrt(single.variance))
    t, p_value = margin_test(estimate, se, single.df)
    half, half_ai = (
        interval_half(error, df, level) for error, df in ((se, single.df), (own, np.inf))
    )
    errors = error_of(np.diag(matrix), variance)
    halves = interval_half(errors, np.inf, level)
    spread = np.array(np.var(theta[others], ddof=1) if len(others) > 1 else np.nan)
    numbers: dict[str, Any] = {
        "estimate": estimate,
        "se": se,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "statistic": t,
        "df": np.array(np.nan if single.reason else single.df),
        "p_value": p_value,
        "var_reader_observed": spread,
        "ms_reader": single.ms_reader,
        "var_error": single.var_error,
        "cov2": single.cov2,
        f"{ask.name}_ai": theta[place],
        f"{ask.name}_readers": theta[others].mean() if len(others) else np.nan,
        f"{ask.name}_by_reader": theta[others],
        "se_ai": own,
        "ci_low_ai": np.maximum(theta[place] - half_ai, 0),
        "ci_high_ai": np.minimum(theta[place] + half_ai, 1),
        "estimate_by_reader": difference,
        "se_by_reader": errors,
        "ci_low_by_reader": difference - halves,
        "ci_high_by_reader": difference + halves,
        "p_value_by_reader": margin_test(difference, errors, np.inf).p_value,
    }
    truths = np.zeros(len(reads.cases), dtype=np.bool_)
    truths[reads.case] = reads.truth
    return AiVersusReaders(
        method="mrmc.ai_versus_readers",
        level=level,
        n=len(truths),
        n_diseased=int(np.count_nonzero(truths)),
        n_nondiseased=int(np.count_nonzero(~truths)),
        readers=tuple(reads.readers[other] for other in others),
        dropped=reads.dropped,
        negative_components=("cov2",) if single.cov2 < 0 else (),
        undefined=bool(single.reason),
        reason=single.reason,
        **{name: plain_array(value) for name, value in numbers.items()},
    )


def ai_versus_readers_test(
    score: Numbers,
    truth: Numbers,
    reader: Labels,
    case: Labels,
    *,
    ai: object,
    margin: float = 0.0,
    alternative: str = "greater",
    metric: str = "auc",
    covariance: str = "jackknife",
    random: str = "readers_cases",
    threshold: float | None = None,
    ai_threshold: float | None = None,
    fpr_max: float | None = None,
    cluster: Labels | None = None,
    level: float = 0.95,
) -> AiVersusReadersTest:
    """Superiority, non-inferiority or equivalence of a product alone to a group of readers.

    Parameters
    ----------
    score, truth, reader, case, ai
        As in :func:`ai_versus_readers`.
    margin
        The difference under the null hypothesis, signed (-0.05 for non-inferiority), in [-1, 1];
        with "equivalence" the largest difference in either direction.
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin), "two-sided"
        or "equivalence" (two one-sided tests).
    metric, covariance, random, threshold, ai_threshold, fpr_max, cluster, level
        As in :func:`ai_versus_readers`.

    Returns
    -------
    AiVersusReadersTest
        ``estimate``, ``se``, the two-sided limits ``ci_low`` and ``ci_high`` at ``level``,
        ``statistic``, ``df`` of t (none where it is normal) and ``p_value``. Undefined as
        :func:`ai_versus_readers`.

    Raises
    ------
    ValueError
        As :func:`ai_versus_readers`, for a margin outside [-1, 1], an unknown alternative, or an
        equivalence without a margin.

    Notes
    -----
    (estimate - margin)/se against t, the larger p value of two one-sided tests for equivalence.

    References
    ----------
    .. [1] Hillis 2007, Stat Med 26:596.

    Examples
    --------
    >>> score = [1, 2, 3, 4, 2, 1, 4, 3, 1, 2, 4, 5, 1, 3, 2, 4, 2, 3, 3, 5]
    >>> truth, case, reader = [0, 0, 1, 1] * 5, [1, 2, 3, 4] * 5, list("AAAABBBBCCCCDDDDPPPP")
    >>> result = ai_versus_readers_test(score, truth, reader, case, ai="P", margin=-0.2)
    >>> round(result.estimate, 4), round(result.p_value, 4)
    (-0.0625, 0.0576)
    """
    margin = margin_in(-1, 1, margin)
    check_option("alternative", alternative, ALTERNATIVES)
    if alternative == "equivalence" and margin == 0:
        raise ValueError("an equivalence needs a margin other than 0")
    found = ai_versus_readers(
        score,
        truth,
        reader,
        case,
        ai=ai,
        metric=metric,
        covariance=covariance,
        random=random,
        threshold=threshold,
        ai_threshold=ai_threshold,
        fpr_max=fpr_max,
        cluster=cluster,
        level=level,
    )
    statistic, p_value = margin_tested(found.estimate, found.se, found.df, margin, alternative)
    return AiVersusReadersTest(
        method="mrmc.ai_versus_readers_test",
        estimate=found.estimate,
        se=found.se,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        level=level,
        margin=margin,
        statistic=statistic,
        df=found.df,
        p_value=p_value,
        n=found.n or 0,
        undefined=found.undefined,
        reason=found.reason,
    )


def _from_thresholds(
    reads: Reads, ask: Asked, place: int, ai_threshold: float
) -> tuple[Reads, Asked]:
    """Return scores as distances from the threshold of their own scale."""
    if ask.metric not in {"sensitivity", "specificity"}:
        raise ValueError(f"metric {ask.metric!r} takes no ai_threshold")
    threshold = np.where(reads.reader == place, ai_threshold, ask.threshold)
    return replace(reads, score=reads.score - threshold), replace(ask, threshold=0.0)
