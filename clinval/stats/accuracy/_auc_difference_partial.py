"""Difference of two paired areas under a part of the ROC curve."""

from __future__ import annotations

from dataclasses import dataclass

from clinval.core.results import Estimate
from clinval.stats._checks import Numbers, check_level, count
from clinval.stats.accuracy._auc_comparison import AucDifference, compared
from clinval.stats.accuracy._auc_partial import Percentiles, check_draws, percentile_interval
from clinval.stats.accuracy._placements import ONE_CLASS, read_scores
from clinval.stats.accuracy._roc_areas import (
    bootstrap_areas,
    partial_area,
    partial_placements,
    read_part,
)

__all__ = ["BootstrapAucDifference", "partial_bootstrap", "partial_delong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapAucDifference(Estimate):
    """A difference of paired areas with a percentile interval over ``draws`` samples."""

    se: float | None = None
    auc_test: float | None = None
    auc_reference: float | None = None
    n_diseased: int = 0
    n_nondiseased: int = 0
    dropped: int = 0
    draws: int = 0


def partial_delong(
    truth: Numbers,
    test: Numbers,
    reference: Numbers,
    *,
    focus: str = "specificity",
    low: float = 0.9,
    high: float = 1.0,
    corrected: bool = False,
    level: float = 0.95,
) -> AucDifference:
    r"""Difference of paired areas under a part of the curve, variance in the manner of DeLong.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    test, reference
        The two scores of each subject, higher when more suspicious; ``None`` drops the row.
    focus
        "specificity" or "sensitivity": whose range [``low``, ``high``] bounds the part.
    low, high
        The range, 0 <= low < high <= 1.
    corrected
        True compares McClish's standardised areas.
    level
        Two-sided level of the interval.

    Returns
    -------
    AucDifference
        As :func:`clinval.stats.accuracy.auc_difference.delong`, of the partial areas.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, lists of different length, an
        unknown focus, a range that is not inside [0, 1] or a level outside (0, 1).

    Notes
    -----
    The values that each subject adds to a partial area, as in
    :func:`clinval.stats.accuracy.auc.partial_delong`, in place of the placement values.

    References
    ----------
    .. [1] DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837.
    .. [2] McClish 1989.

    Examples
    --------
    >>> truth, test = [0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 2, 4, 2, 3, 4, 5]
    >>> result = partial_delong(truth, test, [2, 1, 3, 4, 3, 1, 4, 2], low=0.5)
    >>> round(result.estimate, 4), round(result.auc_test, 4)
    (0.1719, 0.2969)
    """
    check_level(level)
    part = read_part(focus, low, high, corrected=corrected)
    return compared(
        "partial_delong",
        read_scores(truth, test=test, reference=reference),
        lambda diseased, score: partial_placements(diseased, score, part),
        level,
    )


def partial_bootstrap(
    truth: Numbers,
    test: Numbers,
    reference: Numbers,
    *,
    focus: str = "specificity",
    low: float = 0.9,
    high: float = 1.0,
    corrected: bool = False,
    draws: int = 2000,
    seed: int = 1,
    level: float = 0.95,
) -> BootstrapAucDifference:
    """Difference of paired areas under a part of the curve, percentile interval of a bootstrap.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    test, reference
        The two scores of each subject, higher when more suspicious; ``None`` drops the row.
    focus
        "specificity" or "sensitivity": whose range [``low``, ``high``] bounds the part.
    low, high
        The range, 0 <= low < high <= 1.
    corrected
        True compares McClish's standardised areas.
    draws
        Samples to draw, at least 1.
    seed
        Seed of the random numbers; the same seed gives the same interval.
    level
        Two-sided level of the interval.

    Returns
    -------
    BootstrapAucDifference
        ``estimate``, ``se`` over the draws, limits, both areas, ``draws`` and counts of
        subjects. Undefined without both classes; limits undefined where no draw differs.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, lists of different length, an
        unknown focus, a range that is not inside [0, 1], draws or a seed that are no counts or
        a level outside (0, 1).

    Notes
    -----
    Subjects are drawn with replacement within their class, with both scores; the limits are
    quantiles of the differences, linearly interpolated.

    References
    ----------
    .. [1] Efron & Tibshirani 1993.
    .. [2] McClish 1989.

    Examples
    --------
    >>> truth, test = [0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 2, 4, 2, 3, 4, 5]
    >>> result = partial_bootstrap(truth, test, [2, 1, 3, 4, 3, 1, 4, 2], low=0.5, draws=200)
    >>> result.ci_low < result.estimate < result.ci_high
    True
    """
    check_level(level)
    part = read_part(focus, low, high, corrected=corrected)
    draws_, seed_ = check_draws(draws), int(count("seed", seed))
    data = read_scores(truth, test=test, reference=reference)
    estimate = auc_test = auc_reference = None
    found = Percentiles(None, None, None, reason=ONE_CLASS)
    if data.n_diseased and data.n_nondiseased:
        auc_test, auc_reference = (partial_area(data.diseased, s, part) for s in data.scores)
        estimate = auc_test - auc_reference
        drawn = bootstrap_areas(data.diseased, data.scores, part, draws_, seed_)
        found = percentile_interval(drawn[0] - drawn[1], level)
    return BootstrapAucDifference(
        method="auc_difference.partial_bootstrap",
        estimate=estimate,
        se=found.se,
        ci_low=found.low,
        ci_high=found.high,
        auc_test=auc_test,
        auc_reference=auc_reference,
        level=level,
        n=data.n,
        n_diseased=data.n_diseased,
        n_nondiseased=data.n_nondiseased,
        dropped=data.dropped,
        draws=draws_,
        undefined=bool(found.reason),
        reason=found.reason,
    )
