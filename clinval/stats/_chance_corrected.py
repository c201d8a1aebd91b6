"""Chance-corrected agreement: coefficients and their linearised variances.

Two families: Cohen's kappa from the table of two raters, and the coefficients of Gwet's
framework (Fleiss, AC1, ...) from the counts of any number of raters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import NotEstimableError
from clinval.stats._distributions import student_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray
    from clinval.stats._ratings import RatingCounts

__all__ = [
    "ZERO_OVER_ZERO",
    "CohenKappa",
    "ObservedAgreement",
    "agreement_interval",
    "brennan_prediger_chance",
    "category_shares",
    "cohen_chance",
    "cohen_influence",
    "cohen_kappa",
    "cohen_standard_error",
    "cohen_standard_error_null",
    "conger_chance",
    "fleiss_chance",
    "gwet_chance",
    "is_certain",
    "linearised_standard_error",
    "mean_standard_error",
    "observed_agreement",
    "pair_agreement",
]

ZERO_OVER_ZERO = "expected agreement is 1, so the coefficient is 0/0"
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class CohenKappa:
    """Cohen's kappa of a table; ``estimate`` is None where expected agreement is 1."""

    estimate: float | None
    observed: float
    expected: float
    n: int


@dataclass(frozen=True, slots=True)
class ObservedAgreement:
    """Agreement of each subject (0 where it has a single rating) and of all."""

    by_subject: FloatArray
    rated_twice: FloatArray
    share_rated_twice: float
    overall: float


def is_certain(expected: FloatArray | float) -> NDArray[np.bool_]:
    """Tell whether expected agreement is 1 but for rounding: chance cannot disagree."""
    return np.asarray(1 - expected) <= 1e-13


def cohen_kappa(table: FloatArray, weights: FloatArray) -> CohenKappa:
    """Return kappa = (p_o - p_e) / (1 - p_e) of a table with subjects."""
    n = float(table.sum())
    shares = table / n
    observed = float((shares * weights).sum())
    expected = float(cohen_chance(shares.sum(axis=1), shares.sum(axis=0), weights))
    estimate = None if is_certain(expected) else (observed - expected) / (1 - expected)
    return CohenKappa(estimate, observed, expected, int(n))


def _gains(table: FloatArray, weights: FloatArray, kappa: float) -> FloatArray:
    """Return w_ij - (1 - kappa) ((W c)_i + (W' r)_j), which carry the variance of kappa."""
    shares = table / table.sum()
    row = (weights @ shares.sum(axis=0))[:, None]
    column = (weights.T @ shares.sum(axis=1))[None, :]
    gains: FloatArray = weights - (1 - kappa) * (row + column)
    return gains


def cohen_influence(table: FloatArray, weights: FloatArray, kappa: CohenKappa) -> FloatArray:
    """Return what a subject of each cell adds to kappa, 0 on average over the table."""
    if kappa.estimate is None:
        raise NotEstimableError(ZERO_OVER_ZERO)
    gains = _gains(table, weights, kappa.estimate)
    centered: FloatArray = gains - float((table * gains).sum()) / kappa.n
    return centered / (1 - kappa.expected)


def _spread(values: FloatArray, shares: FloatArray) -> float:
    """Return the variance of values with probabilities, exactly 0 if they do not differ."""
    used = values[shares > 0]
    if float(np.ptp(used)) <= _ROUNDING * max(1.0, float(np.abs(used).max())):
        return 0.0
    centered = values - float((shares * values).sum())
    return float((shares * centered**2).sum())


def cohen_standard_error(table: FloatArray, weights: FloatArray, kappa: CohenKappa) -> float:
    """Return the non-null standard error of Fleiss, Cohen and Everitt."""
    if kappa.estimate is None:
        raise NotEstimableError(ZERO_OVER_ZERO)
    gains = _gains(table, weights, kappa.estimate)
    return math.sqrt(_spread(gains, table / kappa.n) / kappa.n) / (1 - kappa.expected)


def cohen_standard_error_null(table: FloatArray, weights: FloatArray, kappa: CohenKappa) -> float:
    """Return the standard error of Fleiss, Cohen and Everitt under independent raters."""
    if kappa.estimate is None:
        raise NotEstimableError(ZERO_OVER_ZERO)
    shares = table / kappa.n
    independent = shares.sum(axis=1)[:, None] * shares.sum(axis=0)
    gains = _gains(table, weights, 0.0)
    return math.sqrt(_spread(gains, independent) / kappa.n) / (1 - kappa.expected)


def category_shares(ratings: RatingCounts) -> FloatArray:
    """Return pi_k, the mean over all subjects of the share of their ratings in category k."""
    per_subject = ratings.counts / ratings.counts.sum(axis=1, keepdims=True)
    shares: FloatArray = ratings.frequency @ per_subject / ratings.frequency.sum()
    return shares


def cohen_chance(first: FloatArray, second: FloatArray, weights: FloatArray) -> FloatArray:
    """Return r' W c of the shares of two raters; leading axes are many samples."""
    chance: FloatArray = (first @ weights * second).sum(axis=-1)
    return chance


def fleiss_chance(shares: FloatArray, weights: FloatArray) -> FloatArray:
    """Return pi' W pi of shares of the categories; leading axes as above."""
    return cohen_chance(shares, shares, weights)


def gwet_chance(shares: FloatArray, weights: FloatArray) -> FloatArray:
    """Return T sum pi (1 - pi) with T = sum(w)/(q (q - 1)); leading axes as above."""
    q = len(weights)
    chance: FloatArray = weights.sum() / (q * (q - 1)) * (shares * (1 - shares)).sum(axis=-1)
    return chance


def brennan_prediger_chance(weights: FloatArray) -> float:
    """Return the mean weight, the agreement of ratings that fall anywhere alike."""
    return float(weights.mean())


def conger_chance(shares: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the mean of p_g' W p_h over pairs of raters of shares (..., raters, categories).

    A rater whose shares are all 0 takes no part; with a single rater the mean is 1.
    """
    raters, total = (shares.sum(axis=-1) > 0).sum(axis=-1), shares.sum(axis=-2)
    own = (shares @ weights * shares).sum(axis=(-2, -1))
    pairs = raters * (raters - 1)
    mean = ((total @ weights * total).sum(axis=-1) - own) / np.maximum(pairs, 1)
    return np.where(pairs > 0, mean, 1.0)


def pair_agreement(counts: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the agreement of each subject's pairs of ratings (0 without), and 1 if it has some."""
    size = counts.sum(axis=1)
    twice = size >= 2
    agreeing = (counts * (counts @ weights.T - 1)).sum(axis=1)
    by_subject = np.where(twice, agreeing / np.where(twice, size * (size - 1), 1.0), 0.0)
    return by_subject, twice.astype(np.float64)


def observed_agreement(ratings: RatingCounts, weights: FloatArray) -> ObservedAgreement:
    """Return the weighted share of agreeing pairs of ratings."""
    if ratings.n == 0:
        raise NotEstimableError("no rating")
    by_subject, twice = pair_agreement(ratings.counts, weights)
    n_twice = float(ratings.frequency @ twice)
    if n_twice == 0:
        raise NotEstimableError("no subject has two ratings")
    return ObservedAgreement(
        by_subject=by_subject,
        rated_twice=twice,
        share_rated_twice=n_twice / float(ratings.frequency.sum()),
        overall=float(ratings.frequency @ by_subject) / n_twice,
    )


def linearised_standard_error(
    ratings: RatingCounts,
    observed: ObservedAgreement,
    expected: float,
    expected_by_subject: FloatArray,
) -> float:
    """Return Gwet's linearised standard error of (p_a - p_e) / (1 - p_e).

    ``expected_by_subject`` is a subject's part in the expected agreement; a constant
    ``expected`` for all subjects makes chance agreement known.
    """
    kappa = (observed.overall - expected) / (1 - expected)
    own = observed.by_subject - expected * observed.rated_twice
    own = own / observed.share_rated_twice / (1 - expected)
    values = own - 2 * (1 - kappa) * (expected_by_subject - expected) / (1 - expected)
    return mean_standard_error(values, ratings.frequency)


def mean_standard_error(values: FloatArray, frequency: FloatArray) -> float:
    """Return the standard error of the mean of values that occur with a frequency."""
    n = float(frequency.sum())
    if n < 2:
        raise NotEstimableError("fewer than two subjects")
    return math.sqrt(_spread(values, frequency / n) / (n - 1))


def agreement_interval(estimate: float, se: float, n: int, level: float) -> tuple[float, float]:
    """Return the t(n - 1) interval, its upper limit cut at 1."""
    half = student_quantile(level, n - 1) * se
    return estimate - half, min(estimate + half, 1.0)
