"""Difference of two modalities by the method of Obuchowski, Rockette and Hillis."""

from __future__ import annotations

from clinval.stats._checks import Labels, Numbers, check_level, check_option, margin_in
from clinval.stats.reader_study._analysis import asked, estimated_on, pair_of
from clinval.stats.reader_study._designs import recognised
from clinval.stats.reader_study._grid import grid_of
from clinval.stats.reader_study._model import ALTERNATIVES, NEGATIVE_VARIANCE, RANDOM
from clinval.stats.reader_study._reader_study import (
    ReaderStudy,
    ReaderStudyTest,
    result_of,
    tested,
)
from clinval.stats.reader_study._reads import coded

__all__ = ["obuchowski_rockette", "obuchowski_rockette_test"]


def obuchowski_rockette(
    score: Numbers,
    truth: Numbers,
    reader: Labels,
    modality: Labels,
    case: Labels,
    *,
    metric: str = "auc",
    covariance: str = "delong",
    random: str = "readers_cases",
    threshold: float | None = None,
    fpr_max: float | None = None,
    cluster: Labels | None = None,
    test: object = None,
    reference: object = None,
    level: float = 0.95,
    negative_variance: str = "report",
) -> ReaderStudy:
    r"""Difference of two modalities over readers and cases, Obuchowski-Rockette with Hillis df.

    Parameters
    ----------
    score
        Score of each read (list), larger when more suspicious; ``None`` is a read not made.
    truth
        1 for a diseased, 0 for a non-diseased case (list).
    reader, modality, case
        Labels of each read (lists); one read of a case by a reader in a modality.
    metric
        "auc", "partial_auc", "sensitivity" or "specificity", of each reader in each modality.
    covariance
        "delong" (fully crossed studies), "jackknife" (any design), "unbiased" (areas, any design)
        or "clustered" (cases that are several targets of a patient).
    random
        What the result is to hold for: "readers_cases" (readers and cases like these), "cases"
        (these readers only) or "readers" (these cases only).
    threshold
        Positive is score >= threshold, for sensitivity and specificity.
    fpr_max
        Largest false positive rate of a partial area, which is not divided by it.
    cluster
        Label of the patient of each read, for ``covariance="clustered"``.
    test, reference
        Labels of the modalities that are compared; the last and the first by default.
    level
        Two-sided level of the intervals.
    negative_variance
        "report" leaves components of variance below 0 as they are, but for cov2 - cov3, which
        counts as 0 where readers are random; "truncate" takes them as 0 in the denominators too.

    Returns
    -------
    ReaderStudy
        ``estimate`` (test minus reference), ``se``, ``ci_low``, ``ci_high``, the global
        ``statistic`` (F; chi-square with fixed readers), ``df``, ``df2``, ``p_value``,
        ``p_value_difference`` of the pair with ``df_difference``, mean squares, components of
        variance, covariances, and tables by modality and by reader. ``negative_components`` names
        what was below 0. Undefined with a single modality, with a single reader unless readers are
        fixed, with a reader who lacks a modality (unless each has one only), without two cases of
        each class for a reader, and where the variance is not above 0.

    Raises
    ------
    ValueError
        For lists of different length, a truth other than 0 and 1 or not the same in all rows of a
        case, two reads of a case by a reader in a modality, unknown options or labels, a metric
        without its threshold or range, a covariance that does not fit, or a level outside (0, 1).

    Notes
    -----
    With J readers, I modalities and the covariances cov1 (same reader), cov2 (same modality) and
    cov3 (neither) of the estimates,

    .. math:: F = \frac{MS(T)}{MS(TR) + J \max(cov_2 - cov_3, 0)}, \quad
              df_2 = \frac{[MS(TR) + J \max(cov_2 - cov_3, 0)]^2}{MS(TR)^2/[(I-1)(J-1)]}

    With fixed readers (I - 1) MS(T)/(var - cov1 + (J - 1)(cov2 - cov3)) is chi-square; with fixed
    cases MS(T)/MS(TR) is F. Where readers are nested in modalities the mean square is that of
    readers within modalities and J becomes (n^2 - sum n_i^2)/(n(I - 1)). Readers count the same
    whatever they have read.

    References
    ----------
    .. [1] Obuchowski & Rockette 1995, Commun Stat Simul 24:285.
    .. [2] Hillis 2007, Stat Med 26:596.
    .. [3] Hillis 2014, Stat Med 33:330.
    .. [4] Obuchowski 1997, Biometrics 53:567.

    Examples
    --------
    >>> score = [1, 2, 3, 4, 2, 1, 4, 3, 1, 2, 4, 5, 1, 3, 2, 4, 2, 3, 3, 5, 1, 2, 4, 4]
    >>> truth, case = [0, 0, 1, 1] * 6, [1, 2, 3, 4] * 6
    >>> modality, reader = list("x" * 12 + "y" * 12), list("AAAABBBBCCCC" * 2)
    >>> result = obuchowski_rockette(score, truth, reader, modality, case)
    >>> round(result.estimate, 4), round(result.se, 4), round(result.df2, 2)
    (-0.125, 0.1614, 50.0)
    """
    check_level(level)
    check_option("random", random, RANDOM)
    check_option("negative_variance", negative_variance, NEGATIVE_VARIANCE)
    ask = asked(metric, covariance, threshold, fpr_max)
    reads = coded(score, truth, reader, modality, case, cluster=cluster)
    pair = pair_of(reads, test, reference)
    grid = grid_of(reads)
    design = recognised(reads, grid)
    estimates = estimated_on(grid, ask, random=random)
    return result_of(
        "obuchowski_rockette", reads, design, ask, estimates, pair, random, level, negative_variance
    )


def obuchowski_rockette_test(
    score: Numbers,
    truth: Numbers,
    reader: Labels,
    modality: Labels,
    case: Labels,
    *,
    margin: float = 0.0,
    alternative: str = "greater",
    metric: str = "auc",
    covariance: str = "delong",
    random: str = "readers_cases",
    threshold: float | None = None,
    fpr_max: float | None = None,
    cluster: Labels | None = None,
    test: object = None,
    reference: object = None,
    level: float = 0.95,
    negative_variance: str = "report",
) -> ReaderStudyTest:
    """Superiority, non-inferiority or equivalence of a modality over readers and cases.

    Parameters
    ----------
    score, truth, reader, modality, case
        As in :func:`obuchowski_rockette`.
    margin
        The difference under the null hypothesis, signed (-0.05 for non-inferiority), in [-1, 1];
        with "equivalence" the largest difference in either direction.
    alternative
        "greater" (null: difference <= margin), "less" (null: difference >= margin), "two-sided"
        or "equivalence" (two one-sided tests).
    metric, covariance, random, threshold, fpr_max, cluster, test, reference, level
        As in :func:`obuchowski_rockette`.
    negative_variance
        As in :func:`obuchowski_rockette`.

    Returns
    -------
    ReaderStudyTest
        ``estimate``, ``se``, the two-sided limits ``ci_low`` and ``ci_high`` at ``level``,
        ``statistic``, ``df`` of t (none where it is normal) and ``p_value``. Undefined as
        :func:`obuchowski_rockette`.

    Raises
    ------
    ValueError
        As :func:`obuchowski_rockette`, for a margin outside [-1, 1], an unknown alternative, or
        an equivalence without a margin.

    Notes
    -----
    (estimate - margin)/se against t. For equivalence the larger p value of the tests against
    -|margin| and +|margin|, with its statistic: below alpha exactly when the interval at level
    1 - 2 alpha lies between them.

    References
    ----------
    .. [1] Obuchowski & Rockette 1995, Commun Stat Simul 24:285.
    .. [2] Hillis 2007, Stat Med 26:596.

    Examples
    --------
    >>> score = [1, 2, 3, 4, 2, 1, 4, 3, 1, 2, 4, 5, 1, 3, 2, 4, 2, 3, 3, 5, 1, 2, 4, 4]
    >>> truth, case = [0, 0, 1, 1] * 6, [1, 2, 3, 4] * 6
    >>> modality, reader = list("x" * 12 + "y" * 12), list("AAAABBBBCCCC" * 2)
    >>> result = obuchowski_rockette_test(score, truth, reader, modality, case, margin=-0.3)
    >>> round(result.estimate, 4), round(result.p_value, 4)
    (-0.125, 0.1417)
    """
    margin = margin_in(-1, 1, margin)
    check_option("alternative", alternative, ALTERNATIVES)
    if alternative == "equivalence" and margin == 0:
        raise ValueError("an equivalence needs a margin other than 0")
    found = obuchowski_rockette(
        score,
        truth,
        reader,
        modality,
        case,
        metric=metric,
        covariance=covariance,
        random=random,
        threshold=threshold,
        fpr_max=fpr_max,
        cluster=cluster,
        test=test,
        reference=reference,
        level=level,
        negative_variance=negative_variance,
    )
    return tested("obuchowski_rockette_test", found, margin, alternative)
