"""Odds ratio of a higher category on an ordered scale, test over reference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg, special

from clinval.core.results import Estimate
from clinval.stats._checks import NotEstimableError, Numbers, check_level, sample
from clinval.stats._distributions import normal_quantile

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["OrdinalOddsRatio", "proportional_odds"]

_MOST_STEPS = 100  # of Newton's method; a handful suffices
_PRECISION = 1e-12  # of the last step
_ROUNDING = 1e-10  # of a likelihood that is compared with the one before


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinalOddsRatio(Estimate):
    """A common odds ratio; ``log_estimate`` and ``log_se`` are on the log scale."""

    log_estimate: float | None = None
    log_se: float | None = None
    categories: int = 0


def proportional_odds(
    test: Numbers, reference: Numbers, *, level: float = 0.95
) -> OrdinalOddsRatio:
    r"""Proportional odds: the common odds ratio of being above any cut of the scale.

    Parameters
    ----------
    test, reference
        The categories of each arm as numbers (lists, any lengths); only their order counts.
    level
        Two-sided level of the interval.

    Returns
    -------
    OrdinalOddsRatio
        ``estimate`` (above 1: the test arm tends to be higher), ``ci_low``, ``ci_high``,
        ``log_estimate``, ``log_se``, ``categories`` that occur and ``n``. Undefined with an
        empty arm, with a single category, or when no value of one arm lies above the lowest of
        the other, so that the odds ratio is 0 or infinite.

    Raises
    ------
    ValueError
        For values that are missing or infinite, or a level outside (0, 1).

    Notes
    -----
    Maximum likelihood of the cumulative logit model

    .. math:: \mathrm{logit}\, P(Y \le j) = \theta_j - \beta\, [test]

    by Newton's method; exp(beta -/+ z se), se from the observed information.

    References
    ----------
    .. [1] McCullagh 1980.

    Examples
    --------
    >>> test = [5, 4, 4, 3, 5, 4, 5, 3, 4, 4, 2, 5]
    >>> reference = [4, 4, 3, 3, 5, 4, 4, 2, 3, 5, 3, 4]
    >>> result = proportional_odds(test, reference)
    >>> round(result.estimate, 4), round(result.log_se, 4)
    (2.1434, 0.7663)
    """
    test_, reference_ = sample("test", test), sample("reference", reference)
    z = normal_quantile(check_level(level))
    method, n1 = "ordinal_odds_ratio.proportional_odds", len(test_)
    distinct, codes = np.unique(np.concatenate([test_, reference_]), return_inverse=True)
    counts = np.stack(
        [np.bincount(arm, minlength=len(distinct)) for arm in (codes[:n1], codes[n1:])]
    ).astype(np.float64)
    try:
        beta, se = _maximum(counts)
    except NotEstimableError as problem:
        return OrdinalOddsRatio(
            method=method,
            estimate=None,
            level=level,
            n=len(codes),
            categories=len(distinct),
            undefined=True,
            reason=problem.reason,
        )
    return OrdinalOddsRatio(
        method=method,
        estimate=math.exp(beta),
        ci_low=math.exp(beta - z * se),
        ci_high=math.exp(beta + z * se),
        log_estimate=beta,
        log_se=se,
        level=level,
        n=len(codes),
        categories=len(distinct),
    )


@dataclass(frozen=True, slots=True)
class _Likelihood:
    """The log likelihood of thresholds and beta, with what a step of Newton's method needs.

    ``bands`` holds the information of the thresholds (tridiagonal) as scipy's banded solvers
    take it.
    """

    value: float
    by_thresholds: FloatArray
    by_beta: float
    bands: FloatArray
    cross: FloatArray
    of_beta: float

    def step(self) -> tuple[FloatArray, float, float]:
        """Return the step of the thresholds and of beta, and the information on beta alone."""
        both = np.stack([self.by_thresholds, self.cross], axis=1)
        bands = self.bands[-len(both) :]  # a single threshold has no second band
        solved: FloatArray = linalg.solveh_banded(bands, both)
        slope, cross = solved[:, 0], solved[:, 1]
        information = self.of_beta - float(self.cross @ cross)
        beta = (self.by_beta - float(self.cross @ slope)) / information
        return slope - beta * cross, beta, information


def _maximum(counts: FloatArray) -> tuple[float, float]:
    """Return beta and its error; the rows of the counts are the test and the reference arm."""
    if (counts.sum(axis=1) == 0).any():
        raise NotEstimableError("an arm has no subject")
    if counts.shape[1] == 1:
        raise NotEstimableError("the values do not vary")
    below = np.cumsum(counts, axis=1) - counts
    if (counts[0] * below[1]).sum() == 0 or (counts[1] * below[0]).sum() == 0:
        raise NotEstimableError("the odds ratio is 0 or infinite")
    total = counts.sum(axis=0)
    thresholds, beta = special.logit(np.cumsum(total)[:-1] / total.sum()), 0.0
    likelihood = _likelihood(thresholds, beta, counts)
    for _ in range(_MOST_STEPS):
        by_thresholds, by_beta, _ = likelihood.step()
        least = likelihood.value - _ROUNDING * abs(likelihood.value)
        share = 1.0  # the likelihood is concave: a step that goes too far is halved
        while (
            new := _likelihood(thresholds + share * by_thresholds, beta + share * by_beta, counts)
        ).value < least:
            share /= 2
        thresholds, beta = thresholds + share * by_thresholds, beta + share * by_beta
        likelihood = new
        if max(abs(by_beta), float(np.abs(by_thresholds).max())) < _PRECISION:
            break
    *_, information = likelihood.step()
    return beta, 1 / math.sqrt(information)


def _likelihood(thresholds: FloatArray, beta: float, counts: FloatArray) -> _Likelihood:
    """Return the log likelihood and its derivatives.

    A category has the probability F(u) - F(l) = F(u) F(-l) (1 - exp(-(u - l))), which takes no
    difference of nearly equal numbers and whose logarithm is a sum of concave terms.
    """
    widths = np.diff(thresholds)
    inner = counts.sum(axis=0)[1:-1]
    if (widths <= 0).any():
        widths, value = np.ones_like(widths), -math.inf
    else:
        value = float(inner @ np.log(-np.expm1(-widths)))
    eta = thresholds - np.array([[beta], [0.0]])
    at_or_below, above = counts[:, :-1], counts[:, 1:]
    value += float((at_or_below * special.log_expit(eta)).sum())
    value += float((above * special.log_expit(-eta)).sum())
    slope = at_or_below * special.expit(-eta) - above * special.expit(eta)
    curvature = (at_or_below + above) * special.expit(eta) * special.expit(-eta)
    pushed = np.pad(inner / np.expm1(widths), 1)
    stiff = np.pad(inner / (4 * np.sinh(widths / 2) ** 2), 1)
    bands = np.stack([-stiff[:-1], curvature.sum(axis=0) + stiff[:-1] + stiff[1:]])
    return _Likelihood(
        value=value,
        by_thresholds=slope.sum(axis=0) + pushed[:-1] - pushed[1:],
        by_beta=-float(slope[0].sum()),
        bands=bands,
        cross=-curvature[0],
        of_beta=float(curvature[0].sum()),
    )
