"""Kappa of many raters from each rater's own use of the categories: Conger, Light."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._agreement_weights import Weights, weight_matrix
from clinval.stats._chance_corrected import cohen_kappa, conger_chance
from clinval.stats._checks import FloatArray, Labels, NotEstimableError, Ratings, check_level
from clinval.stats._ratings import MISSING, rated_codes, subjects_of_codes, tabulate
from clinval.stats.agreement._linearised import chance_corrected
from clinval.stats.agreement._results import ChanceCorrected, MeanKappa, StratifiedAgreement
from clinval.stats.agreement._strata import by_stratum

if TYPE_CHECKING:
    from clinval.stats._checks import IntArray
    from clinval.stats._labels import Label

__all__ = ["conger", "conger_stratified", "light"]


def conger(
    ratings: Ratings,
    *,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> ChanceCorrected:
    r"""Conger's kappa: Cohen's kappa generalised to any number of raters, missing ones allowed.

    Parameters
    ----------
    ratings
        Subjects in rows, raters in columns, ``None`` or NaN where missing.
    weights, categories
        As in :func:`cohen`.
    level
        Two-sided level of the t interval with n - 1 degrees of freedom.

    Returns
    -------
    ChanceCorrected
        ``estimate``, ``se``, ``ci_low`` (not cut), ``ci_high`` (cut at 1),
        ``observed_agreement``, ``expected_agreement`` and ``n``. Undefined when expected
        agreement is 1; the error with one subject.

    Raises
    ------
    ValueError
        As :func:`cohen`.

    Notes
    -----
    With n_g ratings of rater g, p_gk the share of category k among them, r raters and the
    mean pbar_k of p_gk:

    .. math:: p_e = \sum_{kl} w_{kl} \left(\bar p_k \bar p_l - s_{kl}/r\right)

    s_kl the covariance (divisor r - 1) of p_gk and p_gl over raters, which is the mean of
    p_g' W p_h over all pairs of raters. The variance is that of :func:`fleiss` with

    .. math:: p_{e,i} = \sum_g \frac{1}{r (r - 1)} \sum_k (r \bar p_k - p_{gk}) \frac{n}{n_g}
              \sum_l w_{kl} \left(\delta_{igl} - (\epsilon_{ig} - n_g/n) p_{gl}\right)

    delta and epsilon being 1 where rater g put subject i into l, and rated it at all. With two
    raters and no missing rating the estimate is Cohen's kappa.

    References
    ----------
    .. [1] Conger 1980.
    .. [2] Gwet 2014.

    Examples
    --------
    >>> result = conger([[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2]])
    >>> round(result.estimate, 4), round(result.se, 4), result.n
    (0.4737, 0.286, 5)
    """
    labels, codes = rated_codes(ratings, categories)
    return _conger(labels, codes, weights, check_level(level))


def conger_stratified(
    ratings: Ratings,
    *,
    strata: Labels,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    level: float = 0.95,
) -> StratifiedAgreement:
    """Conger's kappa of each stratum, pooled by inverse variance, with a test of homogeneity.

    Parameters
    ----------
    ratings, weights
        As in :func:`conger`; a rater without a rating in a stratum takes no part there.
    strata, categories, level
        As in :func:`cohen_stratified`.

    Returns
    -------
    StratifiedAgreement
        As :func:`cohen_stratified`; the intervals by stratum are those of :func:`conger`.

    Raises
    ------
    ValueError
        As :func:`cohen_stratified`.

    Notes
    -----
    As :func:`cohen_stratified`.

    References
    ----------
    .. [1] Fleiss 1981.
    .. [2] Gwet 2014.

    Examples
    --------
    >>> site = [[1, 1, 1], [1, 1, 2], [2, 2, 2], [2, 2, 2], [1, 2, 2], [1, 1, 1]]
    >>> result = conger_stratified(site + site[1:], strata=["A"] * 6 + ["B"] * 5)
    >>> [round(value, 3) for value in result.estimate_by_stratum], result.df
    ([0.571, 0.474], 1)
    """
    check_level(level)
    return by_stratum(
        "kappa.conger_stratified",
        ratings,
        strata,
        categories,
        level,
        lambda labels, codes: _conger(
            labels, codes[:, (codes != MISSING).any(axis=0)], weights, level
        ),
    )


def light(
    ratings: Ratings, *, weights: Weights = "unweighted", categories: Labels | None = None
) -> MeanKappa:
    """Light's kappa: the mean of Cohen's kappas of all pairs of raters.

    Parameters
    ----------
    ratings
        Subjects in rows, raters in columns, ``None`` or NaN where missing.
    weights, categories
        As in :func:`cohen`; the categories are common to all pairs.

    Returns
    -------
    MeanKappa
        ``estimate``, ``pairs`` of raters and ``n``; no interval. Undefined when a pair has no
        kappa or there is a single rater.

    Raises
    ------
    ValueError
        As :func:`cohen`.

    Notes
    -----
    Each pair counts the subjects that both rated, and each kappa the same.

    References
    ----------
    .. [1] Light 1971.

    Examples
    --------
    >>> result = light([[1, 1, 1], [1, 1, 2], [2, 2, None], [2, 2, 2], [1, 2, 2]])
    >>> round(result.estimate, 4), result.pairs
    (0.4385, 3)
    """
    labels, codes = rated_codes(ratings, categories)
    matrix = weight_matrix(weights, labels)
    kappas = []
    for one, other in itertools.combinations(codes.T, 2):
        both = (one != MISSING) & (other != MISSING)
        table = tabulate(np.column_stack([one[both], other[both]]), len(labels))
        kappas.append(cohen_kappa(table, matrix).estimate if both.any() else None)
    known = [kappa for kappa in kappas if kappa is not None]
    reason = ""
    if not kappas:
        reason = "fewer than two raters"
    elif len(known) < len(kappas):
        reason = "a pair of raters has no kappa"
    return MeanKappa(
        method="kappa.light",
        estimate=None if reason else float(np.mean(known)),
        n=len(codes),
        pairs=len(kappas),
        undefined=bool(reason),
        reason=reason,
    )


def _conger(
    labels: tuple[Label, ...], codes: IntArray, weights: Weights, level: float
) -> ChanceCorrected:
    matrix = weight_matrix(weights, labels)
    symmetric = (matrix + matrix.T) / 2
    return chance_corrected(
        "kappa.conger",
        subjects_of_codes(labels, codes),
        matrix,
        level,
        lambda: _chance(codes, symmetric),
    )


def _chance(codes: IntArray, weights: FloatArray) -> tuple[float, FloatArray]:
    """Return the expected agreement and each subject's part in it, of raters with a rating."""
    n, raters = codes.shape
    q = len(weights)
    # a rater's codes, shifted so that 0 is a missing rating
    cells = np.bincount(
        (codes + 1 + np.arange(raters) * (q + 1)).ravel(), minlength=raters * (q + 1)
    )
    table = cells.reshape(raters, q + 1)[:, 1:].astype(np.float64)
    rated = table.sum(axis=1, keepdims=True)
    if len(rated) < 2:
        raise NotEstimableError("fewer than two raters")
    shares = table / rated
    others = (shares.sum(axis=0) - shares) @ weights
    own = (others * shares).sum(axis=1, keepdims=True)
    # what a rating of each category, or a missing one (last), adds for its subject
    part = np.hstack([n / rated * (others - own) + own, own]) / (raters * (raters - 1))
    by_subject: FloatArray = part[np.arange(raters), codes].sum(axis=1)
    return float(conger_chance(shares, weights)), by_subject
