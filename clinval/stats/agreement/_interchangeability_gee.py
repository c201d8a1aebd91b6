"""Interchangeability by generalised estimating equations over patients."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.core.results import Estimate
from clinval.stats._checks import Labels, NotEstimableError, Numbers, check_level
from clinval.stats._distributions import normal_quantile
from clinval.stats.agreement._read_pairs import ClusterPairs, read_pairs

if TYPE_CHECKING:
    from clinval.stats._agreement_weights import Weights
    from clinval.stats._checks import FloatArray

__all__ = ["EquivalenceOdds", "gee_exchangeable"]

_MOST_STEPS = 200
_SETTLED = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class EquivalenceOdds(Estimate):
    """The index and the odds ratio of disagreement from one model; ``n`` counts subjects."""

    se: float | None = None
    odds_ratio: float | None = None
    odds_ratio_ci_low: float | None = None
    odds_ratio_ci_high: float | None = None
    disagreement_test_reference: float | None = None
    disagreement_reference_reference: float | None = None
    working_correlation: float | None = None
    clusters: int = 0


@dataclass(frozen=True, slots=True)
class _Fit:
    """Rates of disagreement (test-reference, reference-reference) and their logits' covariance."""

    rates: FloatArray
    covariance: FloatArray
    correlation: float


def gee_exchangeable(
    value: Labels,
    *,
    subject: Labels,
    reader: Labels,
    arm: Numbers,
    cluster: Labels | None = None,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> EquivalenceOdds:
    r"""Individual equivalence index from a logistic model of disagreement, GEE over patients.

    Parameters
    ----------
    value
        One read an entry (list): a category, ``None`` or NaN where missing.
    subject, reader
        Label of the subject (what is read) and of the reader of each read (lists).
    arm
        1 for a read with the test, 0 for one with the reference (list).
    cluster
        Label of the patient of each read where patients have several subjects (lesions, knees);
        by default each subject is a patient of its own.
    weights
        "unweighted" counts any difference as disagreement; a q x q matrix of 1 (agreement) and 0
        lets neighbouring categories agree.
    categories
        The labels in order; by default the distinct labels, sorted.
    level
        Two-sided level of the normal intervals.

    Returns
    -------
    EquivalenceOdds
        ``estimate`` (index, a difference of probabilities), ``se``, ``ci_low``, ``ci_high``,
        ``odds_ratio`` with its limits, ``disagreement_test_reference``,
        ``disagreement_reference_reference``, ``working_correlation``, ``clusters`` and ``n``
        subjects. Undefined with fewer than two clusters, when there is no pair of one of both
        kinds or all pairs of one agree or disagree, and where the working correlation does not
        settle.

    Raises
    ------
    ValueError
        As :func:`individual_equivalence`, or for weights other than 0 and 1.

    Notes
    -----
    Each pair of reads of a subject by different readers is one observation: 1 when they disagree.
    Logistic regression on the kind of pair, clusters with an exchangeable working correlation
    (moment estimate), robust covariance without a correction for few clusters. With the fitted
    probabilities p the index is p_tr - p_rr, its error by the delta method, the odds ratio that
    of both kinds. The weight of a cluster falls with the number of its pairs, so that with
    missing reads the index differs from that of :func:`individual_equivalence`.

    References
    ----------
    .. [1] Liang & Zeger 1986, Biometrika 73:13.
    .. [2] Obuchowski, Subhas & Schoenhagen 2014, Acad Radiol 21:1483.

    Examples
    --------
    >>> value = [1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0]
    >>> subject, reader = [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4, ["A", "B"] * 8
    >>> arm = [0, 0, 1, 1] * 4
    >>> result = gee_exchangeable(value, subject=subject, reader=reader, arm=arm)
    >>> round(result.estimate, 3), round(result.odds_ratio, 2)
    (0.125, 1.8)
    """
    z = normal_quantile(check_level(level))
    of = read_pairs(value, subject, reader, arm, cluster, None, weights, categories)
    if not np.allclose(of.squares, of.disagreement):
        raise ValueError("weights must be 0 or 1: a pair of reads agrees or it does not")
    method, clusters = "interchangeability.gee_exchangeable", len(of.pairs)
    try:
        fit = _fit(of)
    except NotEstimableError as problem:
        return EquivalenceOdds(
            method=method,
            estimate=None,
            level=level,
            n=of.subjects,
            clusters=clusters,
            undefined=True,
            reason=problem.reason,
        )
    crossed, within = fit.rates.tolist()
    slope = fit.rates * (1 - fit.rates) * np.array([1.0, -1.0])
    contrast = np.array([1.0, -1.0])
    se = math.sqrt(float(slope @ fit.covariance @ slope))
    of_odds = math.sqrt(float(contrast @ fit.covariance @ contrast))
    log_odds = float(contrast @ special.logit(fit.rates))
    index = crossed - within
    return EquivalenceOdds(
        method=method,
        estimate=index,
        se=se,
        ci_low=index - z * se,
        ci_high=index + z * se,
        odds_ratio=math.exp(log_odds),
        odds_ratio_ci_low=math.exp(log_odds - z * of_odds),
        odds_ratio_ci_high=math.exp(log_odds + z * of_odds),
        disagreement_test_reference=crossed,
        disagreement_reference_reference=within,
        working_correlation=fit.correlation,
        level=level,
        n=of.subjects,
        clusters=clusters,
    )


def _fit(of: ClusterPairs) -> _Fit:
    pairs, disagreement = of.pairs.sum(axis=0), of.disagreement.sum(axis=0)
    if len(of.pairs) < 2:
        raise NotEstimableError("fewer than two clusters")
    if pairs.min() == 0:
        raise NotEstimableError("no pair of reads of one of both kinds")
    if (disagreement == 0).any() or (disagreement == pairs).any():
        raise NotEstimableError("all pairs of one kind agree, or none")
    rates = disagreement / pairs
    for _ in range(_MOST_STEPS):
        correlation = _correlation(of, rates)
        scores, information = _equations(of, rates, correlation)
        step = np.linalg.solve(information, scores.sum(axis=0))
        rates = special.expit(special.logit(rates) + step)
        if float(np.abs(step).max()) < _SETTLED:
            break
    else:
        raise NotEstimableError("the working correlation does not settle")
    scores, information = _equations(of, rates, correlation)
    bread = np.linalg.inv(information)
    return _Fit(rates, bread @ (scores.T @ scores) @ bread, correlation)


def _correlation(of: ClusterPairs, rates: FloatArray) -> float:
    """Return the moment estimate from the products of Pearson residuals within clusters."""
    variance = rates * (1 - rates)
    residuals = ((of.disagreement - rates * of.pairs) / np.sqrt(variance)).sum(axis=1)
    squares = of.disagreement * (1 - 2 * rates) + of.pairs * rates**2
    squares_of = (squares / variance).sum(axis=1)
    size = of.pairs.sum(axis=1)
    scale = float(squares_of.sum()) / (float(size.sum()) - 2)
    products = float((residuals**2 - squares_of).sum()) / 2
    couples = float((size * (size - 1)).sum()) / 2
    if couples <= 2 or scale <= 0:
        raise NotEstimableError("the correlation within clusters has no value")
    return products / (scale * (couples - 2))


def _equations(
    of: ClusterPairs, rates: FloatArray, correlation: float
) -> tuple[FloatArray, FloatArray]:
    """Return the score of each cluster and the information, on the logits of both rates."""
    sd = np.sqrt(rates * (1 - rates))
    size = of.pairs.sum(axis=1)
    inflation = 1 + (size - 1) * correlation
    if correlation >= 1 or (inflation <= 0).any():
        raise NotEstimableError("the working correlation leaves no positive variance")
    shared = (correlation / inflation)[:, None]
    residuals = (of.disagreement - rates * of.pairs) / sd
    scores = sd * (residuals - shared * of.pairs * residuals.sum(axis=1, keepdims=True))
    crossed = of.pairs.T @ (shared * of.pairs)
    information = np.outer(sd, sd) * (np.diag(of.pairs.sum(axis=0)) - crossed)
    return scores / (1 - correlation), information / (1 - correlation)
