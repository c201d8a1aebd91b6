"""Calibration of predicted probabilities: how many have the condition against how many should.

``truth`` is 1 for diseased and 0 for non-diseased subjects. A subject without a probability is
dropped and counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result, TestResult
from clinval.stats._checks import Numbers, check_level, count
from clinval.stats._distributions import normal_p, normal_quantile
from clinval.stats._score import wilson_limits
from clinval.stats.accuracy._calibration_logistic import LogisticCalibration, logistic
from clinval.stats.accuracy._probabilities import NO_SUBJECT, read_probabilities

__all__ = [
    "Brier",
    "CalibrationCurve",
    "LogisticCalibration",
    "ObservedExpected",
    "SpiegelhalterTest",
    "brier",
    "curve",
    "logistic",
    "observed_expected",
    "spiegelhalter_test",
]

_NO_EXPECTED = "the predicted probabilities add up to 0"
_NO_VARIANCE = "the predicted variance is 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brier(Result):
    """Mean squared error of probabilities."""

    estimate: float | None
    n: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedExpected(Result):
    """Diseased subjects over the number that was predicted."""

    estimate: float | None
    observed: int = 0
    expected: float = 0.0
    n: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpiegelhalterTest(TestResult):
    """A test of calibration from the Brier score."""

    n: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationCurve(Result):
    """Observed against predicted, one entry a group of subjects with similar probabilities."""

    predicted_by_group: tuple[float, ...]
    observed_by_group: tuple[float, ...]
    observed_ci_low_by_group: tuple[float, ...]
    observed_ci_high_by_group: tuple[float, ...]
    n_by_group: tuple[int, ...]
    level: float = 0.95
    n: int = 0
    dropped: int = 0


def brier(truth: Numbers, probability: Numbers) -> Brier:
    """Brier score: mean squared difference of probability and truth.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    probability
        The predicted probability of disease of each subject, in [0, 1]; ``None`` drops the row.

    Returns
    -------
    Brier
        ``estimate`` (0 is perfect) and ``n`` subjects. Undefined without subjects.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, probabilities outside [0, 1] or lists of different length.

    Notes
    -----
    The mean of (p - y)^2.

    References
    ----------
    .. [1] Brier 1950.

    Examples
    --------
    >>> round(brier([0, 1, 1], [0.2, 0.6, 0.9]).estimate, 4)
    0.07
    """
    data = read_probabilities(truth, probability)
    n = len(data.diseased)
    return Brier(
        method="calibration.brier",
        estimate=float(np.mean((data.probability - data.diseased) ** 2)) if n else None,
        n=n,
        dropped=data.dropped,
        undefined=n == 0,
        reason="" if n else NO_SUBJECT,
    )


def observed_expected(truth: Numbers, probability: Numbers) -> ObservedExpected:
    """Ratio of observed to expected diseased subjects.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    probability
        The predicted probability of disease of each subject, in [0, 1]; ``None`` drops the row.

    Returns
    -------
    ObservedExpected
        ``estimate`` (1 is ideal), ``observed``, ``expected`` and ``n`` subjects. Undefined when
        the probabilities add up to 0.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, probabilities outside [0, 1] or lists of different length.

    Notes
    -----
    Sum of y over sum of p.

    References
    ----------
    .. [1] Steyerberg 2009.

    Examples
    --------
    >>> observed_expected([0, 1, 1], [0.25, 0.5, 0.75]).estimate
    1.3333333333333333
    """
    data = read_probabilities(truth, probability)
    observed, expected = int(data.diseased.sum()), float(data.probability.sum())
    return ObservedExpected(
        method="calibration.observed_expected",
        estimate=observed / expected if expected else None,
        observed=observed,
        expected=expected,
        n=len(data.diseased),
        dropped=data.dropped,
        undefined=not expected,
        reason="" if expected else _NO_EXPECTED,
    )


def spiegelhalter_test(truth: Numbers, probability: Numbers) -> SpiegelhalterTest:
    r"""Spiegelhalter's test that the probabilities are calibrated.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    probability
        The predicted probability of disease of each subject, in [0, 1]; ``None`` drops the row.

    Returns
    -------
    SpiegelhalterTest
        ``statistic`` (standard normal), two-sided ``p_value`` and ``n`` subjects. Undefined where
        its variance is 0 (every probability is 0, 1/2 or 1).

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, probabilities outside [0, 1] or lists of different length.

    Notes
    -----
    .. math:: z = \frac{\sum (y - p)(1 - 2p)}{\sqrt{\sum (1 - 2p)^2 p (1 - p)}}

    which is the Brier score less its expectation under calibration, over its standard deviation.

    References
    ----------
    .. [1] Spiegelhalter 1986, Stat Med 5:421.

    Examples
    --------
    >>> result = spiegelhalter_test([0, 1, 1, 0], [0.1, 0.3, 0.2, 0.9])
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (3.0816, 0.0021)
    """
    data = read_probabilities(truth, probability)
    p, lean = data.probability, 1 - 2 * data.probability
    variance = float(np.sum(lean**2 * p * (1 - p)))
    statistic = None
    if variance:
        statistic = float(np.sum((data.diseased - p) * lean)) / math.sqrt(variance)
    return SpiegelhalterTest(
        method="calibration.spiegelhalter_test",
        statistic=statistic,
        p_value=None if statistic is None else normal_p(statistic, "two-sided"),
        n=len(p),
        dropped=data.dropped,
        undefined=statistic is None,
        reason="" if variance else _NO_VARIANCE,
    )


def curve(
    truth: Numbers, probability: Numbers, *, groups: int = 10, level: float = 0.95
) -> CalibrationCurve:
    """Observed shares of diseased subjects in groups of ascending probability.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    probability
        The predicted probability of disease of each subject, in [0, 1]; ``None`` drops the row.
    groups
        How many groups of nearly equal size, at least 1. Subjects with the same probability stay
        together, so there may be fewer.
    level
        Two-sided level of the intervals.

    Returns
    -------
    CalibrationCurve
        Lists by group: mean ``predicted`` probability, ``observed`` share with its limits, and
        ``n``. Empty and undefined without subjects.

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, probabilities outside [0, 1], lists of different length,
        groups that are not a positive count or a level outside (0, 1).

    Notes
    -----
    A probability belongs to the group of its mid-rank r: floor((r - 1/2) groups/n). Limits are
    Wilson's.

    References
    ----------
    .. [1] Steyerberg 2009.

    Examples
    --------
    >>> result = curve([0, 0, 1, 0, 1, 1], [0.1, 0.3, 0.3, 0.6, 0.6, 0.8], groups=2)
    >>> result.n_by_group, result.observed_by_group
    ((3, 3), (0.3333333333333333, 0.6666666666666666))
    """
    z = normal_quantile(check_level(level))
    number = int(count("groups", groups))
    if number < 1:
        raise ValueError("groups must be at least 1")
    data = read_probabilities(truth, probability)
    n = len(data.diseased)
    _, same, times = np.unique(data.probability, return_inverse=True, return_counts=True)
    midrank = np.cumsum(times) - (times - 1) / 2
    _, group = np.unique(np.floor((midrank[same] - 0.5) * number / n), return_inverse=True)
    sizes = np.bincount(group)
    cases = np.bincount(group, data.diseased).astype(np.float64)
    low, high = wilson_limits(cases, sizes.astype(np.float64), z)
    return CalibrationCurve(
        method="calibration.curve",
        predicted_by_group=tuple((np.bincount(group, data.probability) / sizes).tolist()),
        observed_by_group=tuple((cases / sizes).tolist()),
        observed_ci_low_by_group=tuple(low.tolist()),
        observed_ci_high_by_group=tuple(high.tolist()),
        n_by_group=tuple(sizes.tolist()),
        level=level,
        n=n,
        dropped=data.dropped,
        undefined=n == 0,
        reason="" if n else NO_SUBJECT,
    )
