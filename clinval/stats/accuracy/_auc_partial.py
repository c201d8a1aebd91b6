"""Area under a part of the ROC curve: alone, with DeLong's variance, with a bootstrap."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import NotEstimableError, Numbers, check_level, count
from clinval.stats._distributions import normal_quantile
from clinval.stats.accuracy._auc_delong import Auc
from clinval.stats.accuracy._placements import NO_VARIANCE, ONE_CLASS, covariance, read_scores
from clinval.stats.accuracy._roc_areas import (
    bootstrap_areas,
    partial_area,
    partial_placements,
    read_part,
)

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = [
    "BootstrapAuc",
    "PartialAuc",
    "Percentiles",
    "check_draws",
    "partial",
    "partial_bootstrap",
    "partial_delong",
    "percentile_interval",
]

_NO_SPREAD = "no draw of the bootstrap differs from another"


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapAuc(Auc):
    """An area with a percentile interval over ``draws`` samples."""

    draws: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialAuc(Result):
    """The area under a part of the ROC curve."""

    estimate: float | None
    n: int = 0
    n_diseased: int = 0
    n_nondiseased: int = 0
    dropped: int = 0


class Percentiles(NamedTuple):
    """What the draws of a bootstrap say, or why they say nothing."""

    se: float | None
    low: float | None
    high: float | None
    reason: str


def partial(
    truth: Numbers,
    score: Numbers,
    *,
    focus: str = "specificity",
    low: float = 0.9,
    high: float = 1.0,
    corrected: bool = False,
) -> PartialAuc:
    r"""Area under a part of the empirical ROC curve.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    score
        The score of each subject, higher when more suspicious; ``None`` drops the row.
    focus
        "specificity" or "sensitivity": whose range [``low``, ``high``] bounds the part.
    low, high
        The range, 0 <= low < high <= 1.
    corrected
        True gives McClish's standardised area, 0.5 for a useless and 1 for a perfect score.

    Returns
    -------
    PartialAuc
        ``estimate`` and counts of subjects, no interval. Undefined without both classes.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, lists of different length, an
        unknown focus or a range that is not inside [0, 1].

    Notes
    -----
    Trapezoids under the empirical curve, straight lines between its points and at the bounds.
    With least = ((1 - low)^2 - (1 - high)^2)/2 and most = high - low, the standardised area is
    (1 + (A - least)/(most - least))/2.

    References
    ----------
    .. [1] McClish 1989.

    Examples
    --------
    >>> truth, score = [0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 2, 4, 2, 3, 4, 5]
    >>> round(partial(truth, score, low=0.5, high=1.0).estimate, 4)
    0.2969
    """
    part = read_part(focus, low, high, corrected=corrected)
    data = read_scores(truth, score=score)
    area, reason = None, ""
    try:
        area = partial_area(data.diseased, data.scores[0], part)
    except NotEstimableError as problem:
        reason = problem.reason
    return PartialAuc(
        method="auc.partial",
        estimate=area,
        n=data.n,
        n_diseased=data.n_diseased,
        n_nondiseased=data.n_nondiseased,
        dropped=data.dropped,
        undefined=bool(reason),
        reason=reason,
    )


def partial_delong(
    truth: Numbers,
    score: Numbers,
    *,
    focus: str = "specificity",
    low: float = 0.9,
    high: float = 1.0,
    corrected: bool = False,
    level: float = 0.95,
) -> Auc:
    r"""Area under a part of the empirical ROC curve with a variance in the manner of DeLong.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    score
        The score of each subject, higher when more suspicious; ``None`` drops the row.
    focus
        "specificity" or "sensitivity": whose range [``low``, ``high``] bounds the part.
    low, high
        The range, 0 <= low < high <= 1.
    corrected
        True gives McClish's standardised area and its interval.
    level
        Two-sided level of the interval.

    Returns
    -------
    Auc
        ``estimate``, ``se``, ``variance``, limits cut to the range of the area and counts of
        subjects. Undefined without both classes; limits undefined where the variance is 0.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, lists of different length, an
        unknown focus, a range that is not inside [0, 1] or a level outside (0, 1).

    Notes
    -----
    Linearisation: a diseased subject adds the length of the false positive rates in [a, b] at
    which it is positive; a non-diseased subject of rate W, which moves the thresholds, takes
    R(b) - R(max(a, W)) if W < b, R being the curve. The variance is S10/m + S01/n of these values;
    over the whole curve they are the placement values of :func:`delong`.

    References
    ----------
    .. [1] DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837.
    .. [2] McClish 1989.

    Examples
    --------
    >>> truth, score = [0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 2, 4, 2, 3, 4, 5]
    >>> result = partial_delong(truth, score, low=0.0, high=1.0)
    >>> round(result.estimate, 4), round(result.se, 4)
    (0.7812, 0.1749)
    """
    z = normal_quantile(check_level(level))
    part = read_part(focus, low, high, corrected=corrected)
    data = read_scores(truth, score=score)
    area = variance = limits = None
    try:
        placed = partial_placements(data.diseased, data.scores[0], part)
        area = placed.auc
        variance = covariance(placed, placed).test
        reason = "" if variance else NO_VARIANCE
    except NotEstimableError as problem:
        reason = problem.reason
    if area is not None and variance:
        least, most = part.ends
        half = z * math.sqrt(variance)
        limits = (max(area - half, least), min(area + half, most))
    low_limit, high_limit = limits or (None, None)
    return Auc(
        method="auc.partial_delong",
        estimate=area,
        se=None if variance is None else math.sqrt(variance),
        variance=variance,
        ci_low=low_limit,
        ci_high=high_limit,
        level=level,
        n=data.n,
        n_diseased=data.n_diseased,
        n_nondiseased=data.n_nondiseased,
        dropped=data.dropped,
        undefined=bool(reason),
        reason=reason,
    )


def partial_bootstrap(
    truth: Numbers,
    score: Numbers,
    *,
    focus: str = "specificity",
    low: float = 0.9,
    high: float = 1.0,
    corrected: bool = False,
    draws: int = 2000,
    seed: int = 1,
    level: float = 0.95,
) -> BootstrapAuc:
    """Area under a part of the empirical ROC curve with a percentile interval of a bootstrap.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    score
        The score of each subject, higher when more suspicious; ``None`` drops the row.
    focus
        "specificity" or "sensitivity": whose range [``low``, ``high``] bounds the part.
    low, high
        The range, 0 <= low < high <= 1.
    corrected
        True gives McClish's standardised area and its interval.
    draws
        Samples to draw, at least 1.
    seed
        Seed of the random numbers; the same seed gives the same interval.
    level
        Two-sided level of the interval.

    Returns
    -------
    BootstrapAuc
        ``estimate``, ``se`` and ``variance`` over the draws, limits, ``draws`` and counts of
        subjects. Undefined without both classes; limits undefined where no draw differs.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, lists of different length, an
        unknown focus, a range that is not inside [0, 1], draws or a seed that are no counts or
        a level outside (0, 1).

    Notes
    -----
    Diseased and non-diseased subjects are drawn with replacement, each within their class. The
    limits are quantiles (1 - level)/2 and (1 + level)/2 of the areas, linearly interpolated.

    References
    ----------
    .. [1] Efron & Tibshirani 1993.
    .. [2] McClish 1989.

    Examples
    --------
    >>> truth, score = [0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 2, 4, 2, 3, 4, 5]
    >>> result = partial_bootstrap(truth, score, low=0.5, high=1.0, draws=200)
    >>> result.ci_low < result.estimate < result.ci_high
    True
    """
    check_level(level)
    part = read_part(focus, low, high, corrected=corrected)
    draws_, seed_ = check_draws(draws), int(count("seed", seed))
    data = read_scores(truth, score=score)
    area, found = None, Percentiles(None, None, None, reason=ONE_CLASS)
    if data.n_diseased and data.n_nondiseased:
        area = partial_area(data.diseased, data.scores[0], part)
        drawn = bootstrap_areas(data.diseased, data.scores, part, draws_, seed_)[0]
        found = percentile_interval(drawn, level)
    return BootstrapAuc(
        method="auc.partial_bootstrap",
        estimate=area,
        se=found.se,
        variance=None if found.se is None else found.se**2,
        ci_low=found.low,
        ci_high=found.high,
        level=level,
        n=data.n,
        n_diseased=data.n_diseased,
        n_nondiseased=data.n_nondiseased,
        dropped=data.dropped,
        draws=draws_,
        undefined=bool(found.reason),
        reason=found.reason,
    )


def check_draws(draws: int) -> int:
    """Return the number of draws of a bootstrap."""
    number = int(count("draws", draws))
    if number < 1:
        raise ValueError("draws must be at least 1")
    return number


def percentile_interval(drawn: FloatArray, level: float) -> Percentiles:
    """Return the standard error and the percentile limits of draws."""
    if drawn.min() == drawn.max():
        return Percentiles(None, None, None, reason=_NO_SPREAD)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Percentiles(float(drawn.std(ddof=1)), float(low), float(high), reason="")
