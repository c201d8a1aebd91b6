"""DeLong's variance of one area under the ROC curve, and what serves where it is 0."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import NotEstimableError, Numbers, check_level, check_option, fraction
from clinval.stats._distributions import ALTERNATIVES, normal_p, normal_quantile
from clinval.stats._roots import bracketed_roots
from clinval.stats.accuracy._placements import (
    NO_VARIANCE,
    Scores,
    covariance,
    placements,
    read_scores,
)

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["Auc", "AucTest", "delong", "delong_logit", "delong_test", "newcombe", "separated"]

_NOT_SEPARATED = "the area is neither 0 nor 1"
_INFINITE_LOGIT = "the area is 0 or 1: its logit is infinite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Auc(Estimate):
    """An area under the ROC curve; ``dropped`` rows had no score."""

    se: float | None = None
    variance: float | None = None
    n_diseased: int = 0
    n_nondiseased: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AucTest(TestResult):
    """A test of an area under the ROC curve."""

    estimate: float | None
    se: float | None = None
    n: int = 0
    n_diseased: int = 0
    n_nondiseased: int = 0
    dropped: int = 0


def delong(truth: Numbers, score: Numbers, *, level: float = 0.95) -> Auc:
    r"""Area under the empirical ROC curve with the variance of DeLong, Wald interval.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    score
        The score of each subject, higher when more suspicious; ``None`` drops the row.
    level
        Two-sided level of the interval.

    Returns
    -------
    Auc
        ``estimate``, ``se``, ``variance``, limits cut to [0, 1], ``n`` subjects, ``n_diseased``,
        ``n_nondiseased`` and ``dropped`` rows. Undefined without both classes. Where the
        variance is 0 (an area of 0 or 1, a constant score) the limits are undefined: see
        :func:`newcombe` and :func:`separated`.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, lists of different length or a
        level outside (0, 1).

    Notes
    -----
    With placement values V10 of the m diseased and V01 of the n non-diseased, ties counting half,

    .. math:: A = \bar V_{10} = \bar V_{01}, \quad var(A) = S_{10}/m + S_{01}/n

    where S are sample variances (divisors m - 1 and n - 1); A -/+ z se.

    References
    ----------
    .. [1] DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837.
    .. [2] Sun & Xu 2014.

    Examples
    --------
    >>> result = delong([0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 2, 4, 2, 3, 4, 5])
    >>> round(result.estimate, 4), round(result.se, 4), round(result.ci_low, 4)
    (0.7812, 0.1749, 0.4384)
    """
    z = normal_quantile(check_level(level))
    data = read_scores(truth, score=score)
    area = _area(data)
    limits = None
    if area.value is not None and area.variance:
        half = z * math.sqrt(area.variance)
        limits = (max(area.value - half, 0.0), min(area.value + half, 1.0))
    return _auc("delong", data, area, limits, level, area.reason)


def delong_logit(truth: Numbers, score: Numbers, *, level: float = 0.95) -> Auc:
    r"""Area under the empirical ROC curve with the variance of DeLong, interval on the logit.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    score
        The score of each subject, higher when more suspicious; ``None`` drops the row.
    level
        Two-sided level of the interval.

    Returns
    -------
    Auc
        As :func:`delong`, with limits inside (0, 1) that need no cutting. They are undefined for
        an area of 0 or 1 and where the variance is 0.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, lists of different length or a
        level outside (0, 1).

    Notes
    -----
    .. math:: logit(A) \mp z \frac{se}{A (1 - A)}

    transformed back.

    References
    ----------
    .. [1] DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837.
    .. [2] Pepe 2003.

    Examples
    --------
    >>> result = delong_logit([0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 2, 4, 2, 3, 4, 5])
    >>> round(result.ci_low, 4), round(result.ci_high, 4)
    (0.3245, 0.9637)
    """
    z = normal_quantile(check_level(level))
    data = read_scores(truth, score=score)
    area = _area(data)
    limits, reason = None, area.reason
    if area.value in {0.0, 1.0}:
        reason = _INFINITE_LOGIT
    elif area.value is not None and area.variance:
        odds = area.value * (1 - area.value)
        center, half = special.logit(area.value), z * math.sqrt(area.variance) / odds
        limits = (float(special.expit(center - half)), float(special.expit(center + half)))
    return _auc("delong_logit", data, area, limits, level, reason)


def newcombe(truth: Numbers, score: Numbers, *, level: float = 0.95) -> Auc:
    r"""Area under the empirical ROC curve with Newcombe's score-type interval (his method 5).

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    score
        The score of each subject, higher when more suspicious; ``None`` drops the row.
    level
        Two-sided level of the interval.

    Returns
    -------
    Auc
        ``estimate`` with limits inside [0, 1] that exist for every area, 0 and 1 too; ``se`` and
        ``variance`` are not used and left empty. Undefined without both classes.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, lists of different length or a
        level outside (0, 1).

    Notes
    -----
    The limits are the roots t of abs(A - t) = z sqrt(V(t)) with the variance of Hanley and
    McNeil under exponential scores, m and n replaced in its bracket by their mean:

    .. math:: V(t) = \frac{t (1 - t)}{m n} \left[1 + \left(\frac{m + n}{2} - 1\right)
              \left(\frac{1 - t}{2 - t} + \frac{t}{1 + t}\right)\right]

    References
    ----------
    .. [1] Newcombe 2006, Stat Med 25:559.
    .. [2] Hanley & McNeil 1982, Radiology 143:29.

    Examples
    --------
    >>> result = newcombe([0, 0, 0, 1, 1], [1, 2, 3, 4, 5])
    >>> result.estimate, round(result.ci_low, 4), result.ci_high
    (1.0, 0.4389, 1.0)
    """
    z = normal_quantile(check_level(level))
    data = read_scores(truth, score=score)
    area = _area(data)
    limits, reason = None, area.reason
    if area.value is not None:
        reason = ""
        limits = _score_limits(area.value, data.n_diseased, data.n_nondiseased, z)
    return _auc("newcombe", data, area._replace(variance=None), limits, level, reason)


def separated(truth: Numbers, score: Numbers, *, level: float = 0.95) -> Auc:
    r"""Exact interval of an area that is observed to be 0 or 1.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    score
        The score of each subject, higher when more suspicious; ``None`` drops the row.
    level
        Two-sided level of the interval.

    Returns
    -------
    Auc
        ``estimate`` 0 or 1 with limits, one of them the estimate; ``se`` and ``variance`` 0 with
        two subjects a class. Limits are undefined for any other area, everything without both
        classes.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, lists of different length or a
        level outside (0, 1).

    Notes
    -----
    The smaller class, of k subjects, gives k pairs of a diseased and a non-diseased subject that
    share nobody. Whatever the distributions, and however ties fall, each is in order with a
    probability of at most the area; when classes are separated all k are, so Clopper and
    Pearson's limits for k of k pairs (or 0 of k) hold for the area, whichever pairs are taken:

    .. math:: A \ge ((1 - level)/2)^{1/k}

    The level is kept always; the interval is wide, because it uses k pairs of the m n.

    References
    ----------
    .. [1] Clopper & Pearson 1934.

    Examples
    --------
    >>> result = separated([0, 0, 0, 1, 1], [1, 2, 3, 4, 5])
    >>> result.estimate, round(result.ci_low, 4), result.ci_high
    (1.0, 0.1581, 1.0)
    """
    check_level(level)
    data = read_scores(truth, score=score)
    area = _area(data)
    limits, reason = None, area.reason
    if area.value in {0.0, 1.0}:
        reason = ""
        bound = ((1 - level) / 2) ** (1 / min(data.n_diseased, data.n_nondiseased))
        limits = (bound, 1.0) if area.value == 1 else (0.0, 1 - bound)
    elif area.value is not None:
        reason = _NOT_SEPARATED
    return _auc("separated", data, area, limits, level, reason)


def delong_test(
    truth: Numbers, score: Numbers, *, null: float = 0.5, alternative: str = "greater"
) -> AucTest:
    r"""Test of an area under the ROC curve against a goal, by DeLong's variance.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    score
        The score of each subject, higher when more suspicious; ``None`` drops the row.
    null
        The area under the null hypothesis, in [0, 1].
    alternative
        "greater" (null: area <= ``null``), "less" (null: area >= ``null``) or "two-sided".

    Returns
    -------
    AucTest
        ``estimate``, ``se``, ``statistic`` (standard normal), ``p_value`` and counts of
        subjects. Undefined where the variance is 0 or not estimable.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, lists of different length, a
        null outside [0, 1] or an unknown alternative.

    Notes
    -----
    (A - null)/se with the se of :func:`delong`: the test rejects at a one-sided alpha exactly
    when the interval at level 1 - 2 alpha excludes the null.

    References
    ----------
    .. [1] DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837.

    Examples
    --------
    >>> result = delong_test([0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 2, 4, 2, 3, 4, 5], null=0.5)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (1.6078, 0.0539)
    """
    fraction("null", null)
    check_option("alternative", alternative, ALTERNATIVES)
    data = read_scores(truth, score=score)
    area = _area(data)
    statistic = None
    if area.value is not None and area.variance:
        statistic = (area.value - null) / math.sqrt(area.variance)
    return AucTest(
        method="auc.delong_test",
        estimate=area.value,
        se=None if area.variance is None else math.sqrt(area.variance),
        statistic=statistic,
        p_value=None if statistic is None else normal_p(statistic, alternative),
        n=data.n,
        n_diseased=data.n_diseased,
        n_nondiseased=data.n_nondiseased,
        dropped=data.dropped,
        undefined=bool(area.reason),
        reason=area.reason,
    )


class _Area(NamedTuple):
    """An area, its variance and why an interval by that variance does not exist."""

    value: float | None
    variance: float | None
    reason: str


def _area(data: Scores) -> _Area:
    area = None
    try:
        placed = placements(data.diseased, data.scores[0])
        area = placed.auc
        variance = covariance(placed, placed).test
    except NotEstimableError as problem:
        return _Area(area, None, reason=problem.reason)
    return _Area(area, variance, reason="" if variance else NO_VARIANCE)


def _score_limits(area: float, m: int, n: int, z: float) -> tuple[float, float]:
    def spread(t: FloatArray) -> FloatArray:
        """Return z^2 V(t) over t (1 - t)."""
        return z**2 / (m * n) * (1 + ((m + n) / 2 - 1) * ((1 - t) / (2 - t) + t / (1 + t)))

    if area in {0.0, 1.0}:  # one factor of the equation is that of the estimate itself
        far = bracketed_roots(lambda t: spread(t) * t - (1 - t), np.array([1.0]), np.array([0.0]))
        return (float(far[0]), 1.0) if area == 1 else (0.0, 1 - float(far[0]))
    low, high = bracketed_roots(
        lambda t: spread(t) * t * (1 - t) - (area - t) ** 2,
        np.array([area, area]),
        np.array([0.0, 1.0]),
    )
    return float(low), float(high)


def _auc(
    function: str,
    data: Scores,
    area: _Area,
    limits: tuple[float, float] | None,
    level: float,
    reason: str,
) -> Auc:
    low, high = limits or (None, None)
    return Auc(
        method=f"auc.{function}",
        estimate=area.value,
        se=None if area.variance is None else math.sqrt(area.variance),
        variance=area.variance,
        ci_low=low,
        ci_high=high,
        level=level,
        n=data.n,
        n_diseased=data.n_diseased,
        n_nondiseased=data.n_nondiseased,
        dropped=data.dropped,
        undefined=bool(reason),
        reason=reason,
    )
