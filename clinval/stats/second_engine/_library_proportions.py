"""Proportions, recomputed with statsmodels and SciPy where these are right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from clinval.stats._checks import NotEstimableError
from clinval.stats.second_engine._answer import (
    EMPTY_ARM,
    LOG_ZERO,
    NO_PAIR,
    NO_STRATA,
    RATIO_INFINITE,
    RATIO_UNDEFINED,
    TOO_MANY_SUBJECTS,
    Answer,
    without_limits,
)

if TYPE_CHECKING:
    from clinval.stats._checks import Counts, FloatArray, IntArray

__all__ = [
    "agresti_caffo",
    "agresti_coull",
    "clopper_pearson",
    "conditional_exact",
    "jeffreys",
    "katz",
    "logit",
    "mantel_haenszel_odds_ratio",
    "newcombe",
    "paired_cluster_robust",
    "paired_conditional_exact",
    "ratio_estimator",
    "tdas",
    "wald",
    "wilson",
    "woolf",
]

_NO_TRIAL = "no trial"
_MOST_TRIALS = 1_000_000  # a row each
_MOST_MARGIN = 3_000  # tables that share their margins


def newcombe(x1: int, n1: int, x2: int, n2: int, *, level: float) -> Answer:
    """Recompute with statsmodels."""
    return _difference(x1, n1, x2, n2, level, "newcomb")


def agresti_caffo(x1: int, n1: int, x2: int, n2: int, *, level: float) -> Answer:
    """Recompute with statsmodels."""
    return _difference(x1, n1, x2, n2, level, "agresti-caffo")


def wald(x1: int, n1: int, x2: int, n2: int, *, level: float) -> Answer:
    """Recompute with statsmodels."""
    return _difference(x1, n1, x2, n2, level, "wald")


def katz(x1: int, n1: int, x2: int, n2: int, *, level: float) -> Answer:
    """Recompute with statsmodels' table."""
    n = int(n1) + int(n2)
    if 0 in {n1, n2}:
        return without_limits(EMPTY_ARM, n)
    if 0 in {x1, x2}:
        return _one_sided(int(x1), int(x2), n)
    table = _table(x1, n1, x2, n2)
    low, high = table.riskratio_confint(alpha=1 - level)
    return Answer(estimate=float(table.riskratio), low=float(low), high=float(high), n=n)


def woolf(x1: int, n1: int, x2: int, n2: int, *, level: float) -> Answer:
    """Recompute with statsmodels' table."""
    n = int(n1) + int(n2)
    if 0 in {n1, n2}:
        return without_limits(EMPTY_ARM, n)
    if 0 in {x1, x2, n1 - x1, n2 - x2}:
        return _one_sided(int(x1) * int(n2 - x2), int(x2) * int(n1 - x1), n)
    table = _table(x1, n1, x2, n2)
    low, high = table.oddsratio_confint(alpha=1 - level)
    return Answer(estimate=float(table.oddsratio), low=float(low), high=float(high), n=n)


def conditional_exact(x1: int, n1: int, x2: int, n2: int, *, level: float) -> Answer:
    """Recompute with SciPy's noncentral hypergeometric law."""
    from scipy.stats.contingency import odds_ratio

    a, b, c, d = int(x1), int(n1 - x1), int(x2), int(n2 - x2)
    n = a + b + c + d
    if 0 in {a + b, c + d}:
        return without_limits(EMPTY_ARM, n)
    if 0 in {a + c, b + d}:
        return Answer(estimate=None, low=0.0, high=None, n=n, reason=RATIO_UNDEFINED)
    if min(a + b, c + d, a + c, b + d) > _MOST_MARGIN:
        raise NotEstimableError(TOO_MANY_SUBJECTS)
    result = odds_ratio(np.array([[a, b], [c, d]]), kind="conditional")
    low, high = result.confidence_interval(level)
    infinite = 0 in {b, c}
    return Answer(
        estimate=None if infinite else float(result.statistic),
        low=float(low),
        high=None if infinite else float(high),
        n=n,
        reason=RATIO_INFINITE if infinite else "",
    )


def paired_conditional_exact(n11: int, n10: int, n01: int, n00: int, *, level: float) -> Answer:
    """Recompute with SciPy's exact binomial interval, its odds."""
    from scipy.stats import binomtest

    b, c = int(n10), int(n01)
    n = int(n11) + b + c + int(n00)
    if n == 0:
        return without_limits(NO_PAIR, 0)
    if b + c == 0:
        return Answer(estimate=None, low=0.0, high=None, n=n, reason="no discordant pair")
    low, high = binomtest(b, b + c).proportion_ci(level, method="exact")
    return Answer(
        estimate=b / c if c > 0 else None,
        low=low / (1 - low),
        high=high / (1 - high) if c > 0 else None,
        n=n,
        reason="" if c > 0 else RATIO_INFINITE,
    )


def mantel_haenszel_odds_ratio(
    x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float
) -> Answer:
    """Recompute with statsmodels' stratified table."""
    from statsmodels.stats.contingency_tables import StratifiedTable

    table = _strata(x1, n1, x2, n2)
    a, m, b, k = table
    n = int(m.sum() + k.sum())
    if n == 0:
        return without_limits(NO_STRATA, 0)
    above, below = float(np.sum(a * (k - b))), float(np.sum(b * (m - a)))
    if 0 in {above, below}:
        return _one_sided(above, below, n)
    result = StratifiedTable(np.array([[a, m - a], [b, k - b]]))
    low, high = result.oddsratio_pooled_confint(alpha=1 - level)
    return Answer(estimate=float(result.oddsratio_pooled), low=float(low), high=float(high), n=n)


def tdas(x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float) -> Answer:
    """Recompute as a weighted regression of the strata's differences on a constant."""
    from statsmodels.regression.linear_model import WLS

    a, m, b, k = _strata(x1, n1, x2, n2)
    if len(m) == 0:
        return without_limits(NO_STRATA, 0)
    n, differences, weights = int(m.sum() + k.sum()), a / m - b / k, m * k / (m + k)
    if len(m) == 1:
        reason = "fewer than two strata with subjects in both arms"
        return without_limits(reason, n, estimate=float(differences[0]))
    fit = WLS(differences, np.ones(len(m)), weights=weights).fit()
    low, high = fit.conf_int(alpha=1 - level)[0]
    return Answer(estimate=float(fit.params[0]), low=float(low), high=float(high), n=n)


def wilson(x: int, n: int, *, level: float) -> Answer:
    """Recompute with statsmodels."""
    return _proportion(x, n, level, "wilson")


def clopper_pearson(x: int, n: int, *, level: float) -> Answer:
    """Recompute with SciPy, which inverts binomial tails."""
    from scipy.stats import binomtest

    if n == 0:
        return without_limits(_NO_TRIAL, 0)
    low, high = binomtest(int(x), int(n)).proportion_ci(level, method="exact")
    return Answer(estimate=x / n, low=float(low), high=float(high), n=int(n))


def jeffreys(x: int, n: int, *, level: float) -> Answer:
    """Recompute with statsmodels; the limit is 0 without a success, 1 without a failure."""
    answer = _proportion(x, n, level, "jeffreys")
    if n == 0:
        return answer
    return Answer(
        estimate=answer.estimate,
        low=answer.low if x > 0 else 0.0,
        high=answer.high if x < n else 1.0,
        n=answer.n,
    )


def agresti_coull(x: int, n: int, *, level: float) -> Answer:
    """Recompute with statsmodels."""
    return _proportion(x, n, level, "agresti_coull")


def logit(x: int, n: int, *, level: float) -> Answer:
    """Recompute as a logistic regression without covariates."""
    from scipy.special import expit
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    if n == 0:
        return without_limits(_NO_TRIAL, 0)
    if x in {0, n}:
        reason = "the logit of 0 or 1 is infinite"
        return without_limits(reason, int(n), estimate=x / n)
    successes_and_failures = np.array([[float(x), float(n - x)]])
    fit = GLM(successes_and_failures, np.ones((1, 1)), family=Binomial()).fit(tol=1e-14)
    low, high = expit(fit.conf_int(alpha=1 - level)[0])
    return Answer(estimate=float(expit(fit.params[0])), low=float(low), high=float(high), n=int(n))


def ratio_estimator(x: Counts, n: Counts, *, level: float) -> Answer:
    """Recompute as a regression of single trials on a constant, clusters in the error."""
    table = np.array([x, n], dtype=np.int64)
    own, size = table[:, table[1] > 0]
    _check_size(size)
    values = np.repeat(np.tile([1.0, 0.0], len(size)), np.column_stack([own, size - own]).ravel())
    return _cluster_robust(values, size, level, reason=_NO_TRIAL)


def paired_cluster_robust(
    n11: Counts, n10: Counts, n01: Counts, n00: Counts, *, level: float
) -> Answer:
    """Recompute as a regression of single pairs on a constant, clusters in the error."""
    cells = np.array([n11, n10, n01, n00], dtype=np.int64)
    same, size = cells[0] + cells[3], cells.sum(axis=0)
    used = size > 0
    _check_size(size)
    counts = np.column_stack([cells[1], cells[2], same])[used]
    values = np.repeat(np.tile([1.0, -1.0, 0.0], len(counts)), counts.ravel())
    return _cluster_robust(values, size[used], level, reason=NO_PAIR)


def _difference(
    x1: int,
    n1: int,
    x2: int,
    n2: int,
    level: float,
    method: Literal["newcomb", "agresti-caffo", "wald"],
) -> Answer:
    from statsmodels.stats.proportion import confint_proportions_2indep

    n = int(n1) + int(n2)
    if 0 in {n1, n2}:
        return without_limits(EMPTY_ARM, n)
    low, high = confint_proportions_2indep(
        int(x1), int(n1), int(x2), int(n2), method=method, compare="diff", alpha=1 - level
    )
    return Answer(estimate=x1 / n1 - x2 / n2, low=float(low), high=float(high), n=n)


def _proportion(x: int, n: int, level: float, method: str) -> Answer:
    from statsmodels.stats.proportion import proportion_confint

    if n == 0:
        return without_limits(_NO_TRIAL, 0)
    low, high = proportion_confint(int(x), int(n), alpha=1 - level, method=method)
    return Answer(estimate=x / n, low=float(low), high=float(high), n=int(n))


def _one_sided(numerator: float, denominator: float, n: int) -> Answer:
    """Return what is left of a ratio of which a part is 0."""
    if denominator > 0:
        return without_limits(LOG_ZERO, n, estimate=0.0)
    reason = RATIO_INFINITE if numerator > 0 else RATIO_UNDEFINED
    return without_limits(reason, n)


def _table(x1: int, n1: int, x2: int, n2: int) -> Any:
    from statsmodels.stats.contingency_tables import Table2x2

    cells = np.array([[x1, n1 - x1], [x2, n2 - x2]], dtype=np.float64)
    return Table2x2(cells, shift_zeros=False)


def _strata(x1: Counts, n1: Counts, x2: Counts, n2: Counts) -> FloatArray:
    table = np.array([x1, n1, x2, n2], dtype=np.float64)
    used: FloatArray = table[:, (table[1] > 0) & (table[3] > 0)]
    return used


def _check_size(size: IntArray) -> None:
    if int(size.sum()) > _MOST_TRIALS:
        raise NotEstimableError(TOO_MANY_SUBJECTS)


def _cluster_robust(values: FloatArray, size: IntArray, level: float, *, reason: str) -> Answer:
    """Return the mean of values with the interval that is robust to clusters of these sizes."""
    from statsmodels.regression.linear_model import OLS

    n = len(values)
    if n == 0:
        return without_limits(reason, 0)
    if len(size) == 1:
        reason = "fewer than two clusters"
        return without_limits(reason, n, estimate=float(values.mean()))
    cluster = np.repeat(np.arange(len(size)), size)
    model = OLS(values, np.ones(n))
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": cluster}, use_t=False)
    low, high = fit.conf_int(alpha=1 - level)[0]
    return Answer(estimate=float(fit.params[0]), low=float(low), high=float(high), n=n)
