"""What an interim analysis says: conditional power, combined stages, repeated intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.core.results import Result, TestResult
from clinval.stats._checks import (
    Numbers,
    check_level,
    check_option,
    check_same_length,
    finite,
    sample,
)

__all__ = [
    "ConditionalPower",
    "RepeatedIntervals",
    "conditional_power",
    "conditional_power_trend",
    "inverse_normal",
    "repeated_interval",
]

_ONE_SIDED = ("greater", "less")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionalPower(Result):
    """The probability to reach the final critical value, given an interim statistic."""

    power: float
    drift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedIntervals(Result):
    """Intervals of all looks so far that hold at once, and where they show a margin.

    ``stage`` is the first look (1, 2, ...) whose interval excludes the margin, None where none
    does or no margin was given.
    """

    estimate_by_stage: tuple[float, ...]
    ci_low_by_stage: tuple[float, ...]
    ci_high_by_stage: tuple[float, ...]
    stage: int | None = None
    margin: float | None = None


def conditional_power(
    statistic: float, information_fraction: float, critical_value: float, drift: float
) -> ConditionalPower:
    r"""Conditional power of the final analysis under an assumed effect.

    Parameters
    ----------
    statistic
        The statistic at the interim analysis (standard normal, high is better).
    information_fraction
        Share of the final information at that look, strictly between 0 and 1.
    critical_value
        Critical value of the final statistic.
    drift
        Expected final statistic under the effect that is assumed.

    Returns
    -------
    ConditionalPower
        ``power``, and the ``drift`` that it rests on.

    Raises
    ------
    ValueError
        For a missing number or a fraction outside (0, 1).

    Notes
    -----
    .. math:: \Phi\left(\frac{z \sqrt t + d (1 - t) - c}{\sqrt{1 - t}}\right)

    References
    ----------
    .. [1] Lan & Wittes 1988.

    Examples
    --------
    >>> round(conditional_power(1.2, 0.5, 1.959964, 3.2415).power, 4)
    0.7643
    """
    z, t = finite("statistic", statistic), check_level(information_fraction, "information_fraction")
    return _conditional("conditional_power", z, t, critical_value, finite("drift", drift))


def conditional_power_trend(
    statistic: float, information_fraction: float, critical_value: float
) -> ConditionalPower:
    """Conditional power of the final analysis if the observed trend goes on.

    Parameters
    ----------
    statistic
        The statistic at the interim analysis (standard normal, high is better).
    information_fraction
        Share of the final information at that look, strictly between 0 and 1.
    critical_value
        Critical value of the final statistic.

    Returns
    -------
    ConditionalPower
        ``power``, and the ``drift`` z/sqrt(t) that it rests on.

    Raises
    ------
    ValueError
        For a missing number or a fraction outside (0, 1).

    Notes
    -----
    :func:`conditional_power` at the drift z/sqrt(t).

    References
    ----------
    .. [1] Lan & Wittes 1988.

    Examples
    --------
    >>> round(conditional_power_trend(1.2, 0.5, 1.959964).power, 4)
    0.355
    """
    z, t = finite("statistic", statistic), check_level(information_fraction, "information_fraction")
    return _conditional("conditional_power_trend", z, t, critical_value, z / math.sqrt(t))


def inverse_normal(p: Numbers, *, weights: Numbers) -> TestResult:
    r"""Inverse normal combination of the p values of separate stages.

    Parameters
    ----------
    p
        One-sided p value of each stage, from its own data alone (list, in [0, 1]).
    weights
        Squared weight of each stage, fixed beforehand (list, above 0); the stages' shares of
        the information are the usual choice.

    Returns
    -------
    TestResult
        ``statistic`` (standard normal) and one-sided ``p_value``. Undefined when a p value is 0
        or 1.

    Raises
    ------
    ValueError
        For no stages, p values outside [0, 1], weights that are not positive or lists of
        different length.

    Notes
    -----
    .. math:: \sum_k \sqrt{v_k}\, \Phi^{-1}(1 - p_k) \Big/ \sqrt{\textstyle\sum_k v_k}

    The design of a later stage may depend on the earlier ones: the level holds all the same.

    References
    ----------
    .. [1] Lehmacher & Wassmer 1999.

    Examples
    --------
    >>> result = inverse_normal([0.04, 0.02], weights=[0.5, 0.5])
    >>> round(result.statistic, 4), round(result.p_value, 6)
    (2.6901, 0.003571)
    """
    method = "group_sequential.inverse_normal"
    values, v = sample("p", p), sample("weights", weights)
    check_same_length(p=values, weights=v)
    if len(values) == 0:
        raise ValueError("p holds no stage")
    if ((values < 0) | (values > 1)).any():
        raise ValueError("p must lie between 0 and 1")
    if (v <= 0).any():
        raise ValueError("weights must be above 0")
    if ((values == 0) | (values == 1)).any():
        return TestResult(
            method=method,
            p_value=None,
            undefined=True,
            reason="a stage has a p value of 0 or 1",
        )
    statistic = float(-np.sqrt(v) @ special.ndtri(values) / math.sqrt(v.sum()))
    return TestResult(method=method, statistic=statistic, p_value=float(special.ndtr(-statistic)))


def repeated_interval(
    estimates: Numbers,
    standard_errors: Numbers,
    critical_values: Numbers,
    *,
    margin: float | None = None,
    alternative: str = "greater",
) -> RepeatedIntervals:
    """Repeated confidence intervals of an effect, and the look at which they show a margin.

    Parameters
    ----------
    estimates, standard_errors
        The effect and its standard error at each look so far, from all data up to it (lists).
    critical_values
        Critical values of the design, one a look; those of looks to come may be there too.
    margin
        The bound that has to be excluded, signed, on the scale of the estimates.
    alternative
        "greater": the lower limit has to lie above the margin; "less": the upper limit below.

    Returns
    -------
    RepeatedIntervals
        ``estimate_by_stage``, ``ci_low_by_stage``, ``ci_high_by_stage`` and ``stage``, the
        first look (1, 2, ...) whose interval excludes the margin.

    Raises
    ------
    ValueError
        For no looks, more looks than critical values, standard errors or critical values that
        are not positive, an infinite margin or an unknown alternative.

    Notes
    -----
    estimate -/+ c_k se. With the critical values of a design of one-sided alpha, each side of
    all intervals together misses the effect with a probability of at most alpha, whether or not
    the study stops where it may. Whatever the margin, its test and the interval agree.

    References
    ----------
    .. [1] Jennison & Turnbull 1989, J R Stat Soc B 51:305.

    Examples
    --------
    >>> result = repeated_interval(
    ...     [-0.01, 0.005], [0.04, 0.028], [2.9626, 1.9686], margin=-0.1
    ... )
    >>> [round(value, 4) for value in result.ci_low_by_stage], result.stage
    ([-0.1285, -0.0501], 2)
    """
    y, s = sample("estimates", estimates), sample("standard_errors", standard_errors)
    critical = sample("critical_values", critical_values)
    check_same_length(estimates=y, standard_errors=s)
    check_option("alternative", alternative, _ONE_SIDED)
    bound = None if margin is None else finite("margin", margin)
    if not 0 < len(y) <= len(critical):
        raise ValueError(f"there are {len(y)} estimates and {len(critical)} critical_values")
    if (s <= 0).any() or (critical <= 0).any():
        raise ValueError("standard_errors and critical_values must be above 0")
    half = critical[: len(y)] * s
    low, high = y - half, y + half
    stage = None
    if bound is not None:
        shown = np.flatnonzero(low > bound if alternative == "greater" else high < bound)
        stage = int(shown[0]) + 1 if len(shown) else None
    return RepeatedIntervals(
        method="group_sequential.repeated_interval",
        estimate_by_stage=tuple(y.tolist()),
        ci_low_by_stage=tuple(low.tolist()),
        ci_high_by_stage=tuple(high.tolist()),
        stage=stage,
        margin=bound,
    )


def _conditional(
    function: str, z: float, t: float, critical: float, drift: float
) -> ConditionalPower:
    final = finite("critical_value", critical)
    power = special.ndtr((z * math.sqrt(t) + drift * (1 - t) - final) / math.sqrt(1 - t))
    return ConditionalPower(method=f"group_sequential.{function}", power=float(power), drift=drift)
