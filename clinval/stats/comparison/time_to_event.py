"""Time to an event in two arms: hazard ratio, log-rank test, restricted mean survival time.

A subject has a time and a status: 1 when the event came at that time, 0 when the subject was
last seen without it (censored).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import (
    Labels,
    NotEstimableError,
    Numbers,
    arm_indicator,
    check_level,
    check_same_length,
)
from clinval.stats._distributions import chi_square_p, normal_quantile
from clinval.stats._event_times import events_and_risk, subjects
from clinval.stats._labels import group_codes
from clinval.stats._roots import bracketed_roots
from clinval.stats.comparison._restricted_mean import (
    RestrictedMean,
    rmst_difference,
    rmst_ratio,
)

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = [
    "HazardRatio",
    "RestrictedMean",
    "cox_breslow",
    "cox_efron",
    "logrank_test",
    "rmst_difference",
    "rmst_ratio",
]

_FARTHEST = 100.0  # a finite log hazard ratio is well below
_SINGULAR = 1e-12  # of the covariance: below, arms are not compared


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardRatio(Estimate):
    """A hazard ratio; ``log_estimate`` and ``log_se`` are on the log scale."""

    log_estimate: float | None = None
    log_se: float | None = None
    events: int = 0


def cox_efron(time: Numbers, status: Numbers, arm: Numbers, *, level: float = 0.95) -> HazardRatio:
    r"""Hazard ratio of Cox's model, Efron's likelihood for tied events.

    Parameters
    ----------
    time
        Time to the event or to the last observation of each subject (list), 0 or more.
    status
        1 (event) or 0 (censored) for each subject (list).
    arm
        1 (test) or 0 (reference) for each subject (list).
    level
        Two-sided level of the interval.

    Returns
    -------
    HazardRatio
        ``estimate``, ``ci_low``, ``ci_high``, ``log_estimate``, ``log_se``, ``n`` subjects and
        ``events``. Undefined with an empty arm, without events, or where the likelihood has its
        maximum at 0 or infinity (as when all events are of one arm).

    Raises
    ------
    ValueError
        For lists of different length, values that are missing, times below 0, a status or an
        arm other than 0 and 1, or a level outside (0, 1).

    Notes
    -----
    With d events at a time, d_a of them in arm a, n_a of which are at risk, the likelihood is

    .. math:: \prod_t \frac{e^{\beta d_1}}
              {\prod_{l=0}^{d-1} [(n_0 - d_0 l/d) + (n_1 - d_1 l/d) e^\beta]}

    exp(beta -/+ z se), se from the observed information.

    References
    ----------
    .. [1] Cox 1972.
    .. [2] Efron 1977.

    Examples
    --------
    >>> time = [6, 6, 7, 10, 13, 1, 2, 2, 4, 8]
    >>> result = cox_efron(time, [1, 0, 1, 0, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
    >>> round(result.estimate, 4), round(result.log_se, 4)
    (0.1845, 0.8589)
    """
    return _cox("cox_efron", time, status, arm, level, shared=True)


def cox_breslow(
    time: Numbers, status: Numbers, arm: Numbers, *, level: float = 0.95
) -> HazardRatio:
    r"""Hazard ratio of Cox's model, Breslow's likelihood for tied events.

    Parameters
    ----------
    time
        Time to the event or to the last observation of each subject (list), 0 or more.
    status
        1 (event) or 0 (censored) for each subject (list).
    arm
        1 (test) or 0 (reference) for each subject (list).
    level
        Two-sided level of the interval.

    Returns
    -------
    HazardRatio
        As :func:`cox_efron`.

    Raises
    ------
    ValueError
        As :func:`cox_efron`.

    Notes
    -----
    With d events at a time, d_1 of them in the test arm, n_a at risk in arm a,

    .. math:: \prod_t \frac{e^{\beta d_1}}{(n_0 + n_1 e^\beta)^d}

    With many ties it lies nearer to 1 than :func:`cox_efron`.

    References
    ----------
    .. [1] Cox 1972.
    .. [2] Breslow 1974.

    Examples
    --------
    >>> time = [6, 6, 7, 10, 13, 1, 2, 2, 4, 8]
    >>> result = cox_breslow(time, [1, 0, 1, 0, 1, 1, 1, 1, 1, 1], [1] * 5 + [0] * 5)
    >>> round(result.estimate, 4), round(result.log_se, 4)
    (0.1913, 0.8617)
    """
    return _cox("cox_breslow", time, status, arm, level, shared=False)


def logrank_test(time: Numbers, status: Numbers, arm: Labels) -> TestResult:
    r"""Mantel's log-rank test of two or more arms.

    Parameters
    ----------
    time
        Time to the event or to the last observation of each subject (list), 0 or more.
    status
        1 (event) or 0 (censored) for each subject (list).
    arm
        Label of the arm of each subject (list).

    Returns
    -------
    TestResult
        ``statistic``, ``df`` arms - 1 and ``p_value``. Undefined with fewer than two arms,
        without events, or where the arms are not at risk together when events come.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing, times below 0, a status other
        than 0 and 1 or arms without a label.

    Notes
    -----
    With d events among n at risk at a time, d_a and n_a of them in arm a, the sums over times of
    d_a - d n_a/n are compared with their hypergeometric covariance

    .. math:: \sum_t \frac{d (n - d)}{n - 1} \frac{n_a}{n} (\delta_{ab} - \frac{n_b}{n})

    by a chi-square with arms - 1 degrees of freedom.

    References
    ----------
    .. [1] Mantel 1966.

    Examples
    --------
    >>> time = [6, 6, 7, 10, 13, 1, 2, 2, 4, 8]
    >>> result = logrank_test(time, [1, 0, 1, 0, 1, 1, 1, 1, 1, 1], ["A"] * 5 + ["B"] * 5)
    >>> round(result.statistic, 4), result.df, round(result.p_value, 4)
    (4.6227, 1, 0.0316)
    """
    times, events = subjects(time, status)
    labels, arms = group_codes("arm", arm)
    check_same_length(time=times, arm=arms)
    method = "time_to_event.logrank_test"
    try:
        statistic = _mantel(*events_and_risk(times, events, arms, len(labels)))
    except NotEstimableError as problem:
        return TestResult(method=method, p_value=None, undefined=True, reason=problem.reason)
    df = len(labels) - 1
    return TestResult(
        method=method, statistic=statistic, df=df, p_value=chi_square_p(statistic, df)
    )


def _cox(
    function: str,
    time: Numbers,
    status: Numbers,
    arm: Numbers,
    level: float,
    *,
    shared: bool,
) -> HazardRatio:
    times, events = subjects(time, status)
    arms = arm_indicator(arm)
    check_same_length(time=times, arm=arms)
    z = normal_quantile(check_level(level))
    method = f"time_to_event.{function}"
    try:
        beta, se = _maximum(times, events, arms.astype(np.intp), shared=shared)
    except NotEstimableError as problem:
        return HazardRatio(
            method=method,
            estimate=None,
            level=level,
            n=len(times),
            events=int(events.sum()),
            undefined=True,
            reason=problem.reason,
        )
    return HazardRatio(
        method=method,
        estimate=math.exp(beta),
        ci_low=math.exp(beta - z * se),
        ci_high=math.exp(beta + z * se),
        log_estimate=beta,
        log_se=se,
        level=level,
        n=len(times),
        events=int(events.sum()),
    )


def _maximum(
    times: FloatArray, events: FloatArray, arms: IntArray, *, shared: bool
) -> tuple[float, float]:
    """Return beta and its error; ``shared`` takes tied events out of the risk set in turn.

    An event with N_0 and N_1 at risk is one of the test arm with probability
    N_1 e^beta/(N_0 + N_1 e^beta); at the maximum their sum is the number of events of that arm.
    Only events with both arms at risk count.
    """
    if len(arms) == 0 or arms.min() == arms.max():
        raise NotEstimableError("an arm has no subject")
    died, at_risk = events_and_risk(times, events, arms, 2)
    deaths = died.sum(axis=1).astype(np.intp)
    row = np.repeat(np.arange(len(deaths)), deaths)
    turn = np.arange(len(row)) - (np.cumsum(deaths) - deaths)[row]
    out = (turn / deaths[row])[:, None] * died[row] if shared else 0.0
    risk = at_risk[row] - out
    both = risk[(risk > 0).all(axis=1)]
    if len(both) == 0:
        raise NotEstimableError("the arms are not at risk together")
    of_test = float(died[:, 1].sum() - (risk[:, 0] == 0).sum())
    if not 0 < of_test < len(both):
        raise NotEstimableError("the hazard ratio is 0 or infinite")
    odds = np.log(both[:, 1] / both[:, 0])
    end = np.array([-_FARTHEST]), np.array([_FARTHEST])
    (beta,) = bracketed_roots(
        lambda b: of_test - special.expit(odds + b[:, None]).sum(axis=1), *end
    )
    share = special.expit(odds + beta)
    return float(beta), 1 / math.sqrt(float((share * (1 - share)).sum()))


def _mantel(died: FloatArray, at_risk: FloatArray) -> float:
    """Return the log-rank statistic; the last arm follows from the others."""
    if died.shape[1] < 2:
        raise NotEstimableError("fewer than two groups")
    deaths, n = died.sum(axis=1), at_risk.sum(axis=1)
    share = at_risk / n[:, None]
    difference = (died - deaths[:, None] * share).sum(axis=0)[:-1]
    weight = deaths * (n - deaths) / np.maximum(n - 1, 1)
    covariance = np.diag(weight @ share) - share.T @ (weight[:, None] * share)
    covariance = covariance[:-1, :-1]
    least = _SINGULAR * float(weight.sum())
    if np.linalg.matrix_rank(covariance, tol=least, hermitian=True) < len(difference):
        raise NotEstimableError("the arms are not at risk together")
    return float(difference @ np.linalg.solve(covariance, difference))
