"""U- and V-statistic analyses of reader studies of any design."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import Labels, Numbers, check_level, check_option, finite
from clinval.stats.reader_study._analysis import pair_of, plain_array
from clinval.stats.reader_study._bdg import COMPONENTS
from clinval.stats.reader_study._grid import grid_of
from clinval.stats.reader_study._random_readers import RandomReaders, random_readers
from clinval.stats.reader_study._reads import Reads, coded

__all__ = ["ReaderVariance", "compared", "u_statistic", "v_statistic"]

_METRICS = ("auc", "sensitivity", "specificity")
_NEGATIVE_VARIANCE = ("report", "v_statistic")
# The factor that a metric has no component of: the cases it does not look at.
_NO_FACTOR = {"auc": "-", "sensitivity": "N", "specificity": "D"}

_Numbers = tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderVariance(Estimate):
    """A metric of modalities over random readers and random cases; ``n`` counts cases."""

    metric: str
    test: str
    reference: str
    modalities: tuple[str, ...]
    readers: int
    diseased: int
    nondiseased: int
    reads: int
    dropped: int
    variance: float | None = None
    covariance: float | None = None
    variance_statistic: str
    se: float | None = None
    statistic: float | None = None
    df: float | None = None
    p_value: float | None = None
    p_value_normal: float | None = None
    ci_low_normal: float | None = None
    ci_high_normal: float | None = None
    auc_by_modality: _Numbers | None = None
    sensitivity_by_modality: _Numbers | None = None
    specificity_by_modality: _Numbers | None = None
    variance_by_modality: _Numbers
    variance_statistic_by_modality: tuple[str, ...]
    se_by_modality: _Numbers
    df_by_modality: _Numbers
    p_value_by_modality: _Numbers
    ci_low_by_modality: _Numbers
    ci_high_by_modality: _Numbers
    moments_reference: _Numbers
    moments_test: _Numbers
    moments_cross: _Numbers
    coefficients_reference: _Numbers
    coefficients_test: _Numbers
    coefficients_cross: _Numbers
    components_reference: _Numbers
    components_test: _Numbers
    components_cross: _Numbers


def u_statistic(
    score: Numbers,
    truth: Numbers,
    reader: Labels,
    modality: Labels,
    case: Labels,
    *,
    metric: str = "auc",
    threshold: float | None = None,
    test: object = None,
    reference: object = None,
    negative_variance: str = "report",
    level: float = 0.95,
) -> ReaderVariance:
    r"""Reader-averaged metric with the unbiased variance of Gallas, for any design.

    Parameters
    ----------
    score
        Score of each read, larger when more suspicious (list); ``None`` is a read not made.
    truth
        1 for a read of a diseased, 0 for one of a non-diseased case (list).
    reader, modality, case
        Labels of each read (lists). Readers need not have all cases nor all modalities.
    metric
        "auc", or "sensitivity" or "specificity" of the reads that are at or above the threshold.
    threshold
        The lowest positive score, for sensitivity and specificity.
    test, reference
        Labels of the modalities to compare; the last and the first one by default.
    negative_variance
        The unbiased variance can come out negative. "report": it is reported and error, interval
        and test are undefined. "v_statistic": the V-statistic's variance, which cannot, is taken
        in its place, and ``variance_statistic`` says so.
    level
        Two-sided level of the intervals.

    Returns
    -------
    ReaderVariance
        ``estimate`` (test minus reference; with one modality its metric, tested against 0.5),
        ``variance``, ``se``, ``df``, ``statistic``, ``p_value``, ``ci_low``, ``ci_high``, the
        same by the normal distribution, the metric of every modality with variance, error and
        interval, and moments, coefficients and components of variance (in order of non-diseased,
        diseased, both, reader, reader x non-diseased, reader x diseased, all) of both modalities
        and of their covariance. No limit is cut. Undefined without a reader who has cases of both
        classes; the error and what follows also with one reader, one case of a class, and with a
        variance of 0 or below.

    Raises
    ------
    ValueError
        For reads that do not fit together (lists of different length, a case with two truths, a
        read twice, an infinite score), a truth that is not 0 or 1, an unknown modality or option,
        no threshold where one is needed, or a level outside (0, 1).

    Notes
    -----
    With the kernel of a diseased case x and a non-diseased case y read by reader r (1, 1/2 or 0
    for the order of the scores; for sensitivity and specificity whether the case is called
    right), the metric is its mean over all reads of a modality, so that a reader counts by
    N1 N0 pairs. The variance is

    .. math:: var = \sum_{m=1}^{8} c_m M_m

    of the moments M of two kernels that share (1) reader and both cases, (2) reader and diseased
    case, (3) reader and non-diseased case, (4) the reader, (5-8) the same without the reader. The
    coefficients count how many pairs of kernels are of each kind, less 1 for the last. Each
    moment is the mean over the pairs of exactly that kind. In the covariance of two modalities
    the components of the cases that a binary metric does not look at are ``None``.

    The degrees of freedom are var^2 / sum(V_f^2/df_f^3) over the factors f (reader, diseased and
    non-diseased cases) with their V-statistic components, and no fewer than the smallest df_f.
    Student's t is taken with their whole part, above 50 the normal distribution.

    References
    ----------
    .. [1] Gallas 2006, Acad Radiol 13:353.
    .. [2] Gallas, Pennello & Myers 2007, J Opt Soc Am A 24:B70.

    Examples
    --------
    >>> case = [1, 2, 3, 4, 5, 6] * 4
    >>> reader, modality = (["A"] * 6 + ["B"] * 6) * 2, ["CT"] * 12 + ["MR"] * 12
    >>> score = [1, 2, 3, 2, 4, 5] + [2, 1, 4, 3, 3, 5] + [2, 3, 1, 1, 4, 4] + [1, 2, 1, 3, 4, 5]
    >>> result = u_statistic(score, [0, 0, 0, 1, 1, 1] * 4, reader, modality, case)
    >>> [round(area, 4) for area in result.auc_by_modality], round(result.se, 4)
    ([0.8056, 0.8611], 0.2115)
    """
    check_level(level)
    reads = coded(score, truth, reader, modality, case)
    found = compared("u_statistic", reads, metric, threshold, test, reference, negative_variance)
    return _result("u_statistic", reads, found, metric, level)


def v_statistic(
    score: Numbers,
    truth: Numbers,
    reader: Labels,
    modality: Labels,
    case: Labels,
    *,
    metric: str = "auc",
    threshold: float | None = None,
    test: object = None,
    reference: object = None,
    level: float = 0.95,
) -> ReaderVariance:
    """Reader-averaged metric with the variance of the bootstrap of readers and cases.

    Parameters
    ----------
    score, truth, reader, modality, case, metric, threshold, test, reference, level
        As in :func:`u_statistic`.

    Returns
    -------
    ReaderVariance
        As :func:`u_statistic`. One reader is enough: the variance is then that of the cases.

    Raises
    ------
    ValueError
        As :func:`u_statistic`.

    Notes
    -----
    The sum of :func:`u_statistic`, with each moment the mean over all pairs of kernels that share
    at least what the moment asks for: the moments under resampling of the readers and cases there
    are. It is biased upwards and never negative in a crossed design.

    References
    ----------
    .. [1] Gallas, Bandos, Samuelson & Wagner 2009, Commun Stat Theory Methods 38:2586.

    Examples
    --------
    >>> case = [1, 2, 3, 4, 5, 6] * 4
    >>> reader, modality = (["A"] * 6 + ["B"] * 6) * 2, ["CT"] * 12 + ["MR"] * 12
    >>> score = [1, 2, 3, 2, 4, 5] + [2, 1, 4, 3, 3, 5] + [2, 3, 1, 1, 4, 4] + [1, 2, 1, 3, 4, 5]
    >>> result = v_statistic(score, [0, 0, 0, 1, 1, 1] * 4, reader, modality, case)
    >>> round(result.estimate, 4), round(result.se, 4)
    (0.0556, 0.2201)
    """
    check_level(level)
    reads = coded(score, truth, reader, modality, case)
    found = compared("v_statistic", reads, metric, threshold, test, reference)
    return _result("v_statistic", reads, found, metric, level)


def compared(
    statistic: str,
    reads: Reads,
    metric: str,
    threshold: float | None,
    test: object,
    reference: object,
    negative_variance: str = "report",
) -> RandomReaders:
    """Return the means of the modalities and the difference of two of them.

    Raises
    ------
    ValueError
        For an unknown option or modality, the same modality twice, or no threshold where one is
        needed.
    """
    check_option("metric", metric, _METRICS)
    check_option("negative_variance", negative_variance, _NEGATIVE_VARIANCE)
    if metric != "auc" and threshold is None:
        raise ValueError(f"{metric} needs a threshold")
    cut = 0.0 if threshold is None else finite("threshold", threshold)
    if not reads.modalities:
        raise ValueError("there is no read with a score")
    tested, referred = pair_of(reads, test, reference)
    return random_readers(
        grid_of(reads),
        metric=metric,
        threshold=cut,
        test=tested,
        reference=referred,
        statistic=statistic,
        negative_variance=negative_variance,
    )


def _result(
    name: str, reads: Reads, found: RandomReaders, metric: str, level: float
) -> ReaderVariance:
    spread, estimate = found.spread, found.estimate
    # with a single modality its mean is held against that of guessing
    null = 0.5 if found.test == found.reference else 0.0
    statistic, p_value = spread.tested(estimate, null)
    low, high = spread.interval(estimate, level)
    normal = spread._replace(df=None)
    low_normal, high_normal = normal.interval(estimate, level)
    means = list(zip(found.spreads, found.means, strict=True))
    intervals = [one.interval(mean, level) for one, mean in means]
    unbiased = name == "u_statistic"
    of_pair = (found.reference_moments, found.test_moments, found.cross_moments)
    moments_ = [plain_array(one.unbiased if unbiased else one.biased) for one in of_pair]
    coefficients = [plain_array(one.coefficients) for one in of_pair]
    components = [plain_array(one.components(unbiased=unbiased)) for one in of_pair]
    return ReaderVariance(
        method=f"mrmc.{name}",
        metric=metric,
        test=reads.modalities[found.test],
        reference=reads.modalities[found.reference],
        modalities=reads.modalities,
        readers=len(reads.readers),
        diseased=found.diseased,
        nondiseased=found.nondiseased,
        n=len(reads.cases),
        reads=len(reads.score),
        dropped=reads.dropped,
        estimate=estimate,
        variance=spread.variance,
        covariance=plain_array(np.array(found.cross_moments.covariance(unbiased=unbiased))),
        variance_statistic=spread.statistic,
        se=spread.se,
        statistic=statistic,
        df=spread.df,
        p_value=p_value,
        ci_low=low,
        ci_high=high,
        level=level,
        p_value_normal=normal.tested(estimate, null)[1],
        ci_low_normal=low_normal,
        ci_high_normal=high_normal,
        **{f"{metric}_by_modality": found.means},
        variance_by_modality=tuple(one.variance for one in found.spreads),
        variance_statistic_by_modality=tuple(one.statistic for one in found.spreads),
        se_by_modality=tuple(one.se for one in found.spreads),
        df_by_modality=tuple(one.df for one in found.spreads),
        p_value_by_modality=tuple(one.tested(mean, 0.5)[1] for one, mean in means),
        ci_low_by_modality=tuple(low for low, _ in intervals),
        ci_high_by_modality=tuple(high for _, high in intervals),
        moments_reference=moments_[0],
        moments_test=moments_[1],
        moments_cross=moments_[2],
        coefficients_reference=coefficients[0],
        coefficients_test=coefficients[1],
        coefficients_cross=coefficients[2],
        components_reference=components[0],
        components_test=components[1],
        components_cross=_without(_NO_FACTOR[metric], components[2]),
        undefined=bool(spread.reason),
        reason=spread.reason,
    )


def _without(factor: str, components: _Numbers) -> _Numbers:
    """Return the components but those of a factor that a metric does not have."""
    return tuple(
        None if factor in name else value
        for name, value in zip(COMPONENTS, components, strict=True)
    )
