"""Margins of non-inferiority from the effect of the reference in earlier studies.

Everything is on the ratio scale (risk, odds or hazard ratio) of an undesirable event: the
historical ratio is reference over placebo, below 1 where the reference works, and the trial's
ratio is test over reference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from clinval.core.results import Result, TestResult
from clinval.stats._checks import NotEstimableError, check_level, finite, fraction
from clinval.stats._distributions import normal_p, normal_quantile

__all__ = [
    "FixedMargin",
    "FixedMarginTest",
    "SynthesisTest",
    "fixed_margin",
    "fixed_margin_test",
    "synthesis_test",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedMargin(Result):
    """The whole effect of the reference (``m1``) and the part that may be lost (``m2``)."""

    m1: float | None
    m2: float | None
    preserve: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedMarginTest(FixedMargin):
    """Whether the upper limit of a trial lies below the margin ``m2``."""

    non_inferior: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisTest(TestResult):
    """A test that a share ``preserve`` of the effect of the reference is kept."""

    preserve: float = 0.5


def fixed_margin(
    historical_estimate: float,
    historical_ci_low: float,
    historical_ci_high: float,
    *,
    preserve: float = 0.5,
) -> FixedMargin:
    """Compute the fixed margin: a limit of the historical effect, and how much of it may be lost.

    Parameters
    ----------
    historical_estimate, historical_ci_low, historical_ci_high
        Ratio of reference over placebo with its interval, usually at 95 percent (positive
        numbers; below 1 where the reference works).
    preserve
        Share of the effect that has to be kept, in [0, 1], on the log scale.

    Returns
    -------
    FixedMargin
        ``m1`` and ``m2``, ratios of test over reference above 1. Undefined when the historical
        interval reaches 1: an effect that was not shown gives no margin.

    Raises
    ------
    ValueError
        For ratios that are not positive, limits that do not enclose the estimate or a share
        outside [0, 1].

    Notes
    -----
    m1 = 1/historical_ci_high, the smallest effect that the interval leaves; m2 =
    exp((1 - preserve) ln m1). The estimate itself takes no part. The method assumes that the
    effect of the reference is still what it was (constancy).

    References
    ----------
    .. [1] FDA, Non-Inferiority Clinical Trials to Establish Effectiveness, 2016.

    Examples
    --------
    >>> result = fixed_margin(0.361, 0.248, 0.527)
    >>> round(result.m1, 3), round(result.m2, 3)
    (1.898, 1.378)
    """
    method = "margin.fixed_margin"
    share = fraction("preserve", preserve)
    interval = _ratio("historical", historical_estimate, historical_ci_low, historical_ci_high)
    try:
        m1, m2 = _margins(interval, share)
    except NotEstimableError as problem:
        return FixedMargin(
            method=method, m1=None, m2=None, preserve=share, undefined=True, reason=problem.reason
        )
    return FixedMargin(method=method, m1=m1, m2=m2, preserve=share)


def fixed_margin_test(
    historical_estimate: float,
    historical_ci_low: float,
    historical_ci_high: float,
    trial_ci_high: float,
    *,
    preserve: float = 0.5,
) -> FixedMarginTest:
    """Fixed-margin (95-95) test: the upper limit of the trial against the fixed margin.

    Parameters
    ----------
    historical_estimate, historical_ci_low, historical_ci_high
        Ratio of reference over placebo with its interval, as in :func:`fixed_margin`.
    trial_ci_high
        Upper limit of the trial's ratio of test over reference (positive).
    preserve
        Share of the effect that has to be kept, in [0, 1], on the log scale.

    Returns
    -------
    FixedMarginTest
        ``m1``, ``m2`` and ``non_inferior``. Undefined when the historical interval reaches 1.

    Raises
    ------
    ValueError
        As :func:`fixed_margin`, or for a limit of the trial that is not positive.

    Notes
    -----
    Non-inferior when trial_ci_high < m2.

    References
    ----------
    .. [1] FDA, Non-Inferiority Clinical Trials to Establish Effectiveness, 2016.

    Examples
    --------
    >>> fixed_margin_test(0.361, 0.248, 0.527, 2.12).non_inferior
    False
    """
    method = "margin.fixed_margin_test"
    share, limit = fraction("preserve", preserve), _positive("trial_ci_high", trial_ci_high)
    interval = _ratio("historical", historical_estimate, historical_ci_low, historical_ci_high)
    try:
        m1, m2 = _margins(interval, share)
    except NotEstimableError as problem:
        return FixedMarginTest(
            method=method, m1=None, m2=None, preserve=share, undefined=True, reason=problem.reason
        )
    return FixedMarginTest(method=method, m1=m1, m2=m2, preserve=share, non_inferior=limit < m2)


def synthesis_test(
    historical_estimate: float,
    historical_ci_low: float,
    historical_ci_high: float,
    trial_estimate: float,
    trial_ci_low: float,
    trial_ci_high: float,
    *,
    preserve: float = 0.5,
    level: float = 0.95,
) -> SynthesisTest:
    r"""Synthesis test: both studies in one statistic, without a margin fixed beforehand.

    Parameters
    ----------
    historical_estimate, historical_ci_low, historical_ci_high
        Ratio of reference over placebo with its interval (below 1 where the reference works).
    trial_estimate, trial_ci_low, trial_ci_high
        The trial's ratio of test over reference with its interval.
    preserve
        Share of the effect that has to be kept, in [0, 1], on the log scale.
    level
        Two-sided level of both intervals.

    Returns
    -------
    SynthesisTest
        ``statistic`` (standard normal) and one-sided ``p_value``: a small one shows that the
        share is kept. Undefined when the historical estimate is 1 or more: there is no effect
        of which a share could be kept.

    Raises
    ------
    ValueError
        For ratios that are not positive, limits that do not enclose their estimate or have no
        width, a share outside [0, 1] or a level outside (0, 1).

    Notes
    -----
    With f = preserve, T the trial's ratio, H the historical one and s = (ln high - ln low)/(2z),

    .. math:: \frac{\ln T + (1 - f) \ln H}{\sqrt{s_T^2 + (1 - f)^2 s_H^2}}

    and p = Phi(statistic).

    References
    ----------
    .. [1] Snapinn & Jiang 2008.
    .. [2] FDA, Non-Inferiority Clinical Trials to Establish Effectiveness, 2016.

    Examples
    --------
    >>> result = synthesis_test(0.6, 0.45, 0.8, 0.91, 0.74, 1.11)
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (-2.7575, 0.0029)
    """
    method = "margin.synthesis_test"
    share, z = fraction("preserve", preserve), normal_quantile(check_level(level))
    historical = _ratio("historical", historical_estimate, historical_ci_low, historical_ci_high)
    trial = _ratio("trial", trial_estimate, trial_ci_low, trial_ci_high)
    error_h, error_t = _log_error("historical", historical, z), _log_error("trial", trial, z)
    if historical[0] >= 1:
        return SynthesisTest(
            method=method,
            p_value=None,
            preserve=share,
            undefined=True,
            reason="the historical estimate shows no effect",
        )
    kept = math.log(trial[0]) + (1 - share) * math.log(historical[0])
    statistic = kept / math.hypot(error_t, (1 - share) * error_h)
    return SynthesisTest(
        method=method, statistic=statistic, p_value=normal_p(statistic, "less"), preserve=share
    )


def _margins(historical: tuple[float, float, float], preserve: float) -> tuple[float, float]:
    """Return m1 and m2 of a historical estimate with its limits."""
    high = historical[2]
    if high >= 1:
        raise NotEstimableError("the historical interval shows no effect")
    m1 = 1 / high
    return m1, m1 ** (1 - preserve)  # a power: what keeps nothing is m1 to the last digit


def _positive(name: str, value: float) -> float:
    number = finite(name, value)
    if number <= 0:
        raise ValueError(f"{name} is a ratio and must be above 0, not {number:g}")
    return number


def _ratio(of: str, estimate: float, low: float, high: float) -> tuple[float, float, float]:
    """Return a ratio and its limits, which enclose it."""
    names = (f"{of}_estimate", f"{of}_ci_low", f"{of}_ci_high")
    values = [_positive(name, v) for name, v in zip(names, (estimate, low, high), strict=True)]
    if not values[1] <= values[0] <= values[2]:
        raise ValueError(f"{names[1]} and {names[2]} must enclose {names[0]}, {values[0]:g}")
    return values[0], values[1], values[2]


def _log_error(of: str, interval: tuple[float, float, float], z: float) -> float:
    _, low, high = interval
    if low == high:
        raise ValueError(f"{of}_ci_low and {of}_ci_high are the same: there is no standard error")
    return (math.log(high) - math.log(low)) / (2 * z)
