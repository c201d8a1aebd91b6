"""Missing results of a binary outcome in pairs: imputed at random, shifted, or as the reference."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import special

from clinval.stats._checks import FloatArray, NotEstimableError, check_level, finite
from clinval.stats._moments import variance_of
from clinval.stats.missing._draws import chain_steps, number_of_imputations, seed_of
from clinval.stats.missing._pairs import PairsWithGaps, pairs_with_gaps
from clinval.stats.missing._rubin import Combined, PooledEstimate, combine, pooled_estimate

__all__ = [
    "delta_adjusted_paired_binary",
    "jump_to_reference_paired_binary",
    "missing_at_random_paired_binary",
]

_PRIOR = 0.5  # pairs that Jeffreys' prior adds to each cell
_TEST = np.array([1.0, 1.0, 0.0, 0.0])[:, None]  # of the cells 11, 10, 01, 00
_REFERENCE = np.array([1.0, 0.0, 1.0, 0.0])[:, None]


def missing_at_random_paired_binary(
    n11: int,
    n10: int,
    n01: int,
    n00: int,
    nm1: int,
    nm0: int,
    n1m: int,
    n0m: int,
    nmm: int,
    *,
    seed: int,
    imputations: int = 100,
    level: float = 0.95,
) -> PooledEstimate:
    r"""Paired difference of proportions with missing results imputed as if missing at random.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs positive with both, with the test only, with the reference only, with neither.
    nm1, nm0
        Pairs without a test result, whose reference result is positive, negative (counts).
    n1m, n0m
        Pairs without a reference result, whose test result is positive, negative (counts).
    nmm
        Pairs without either result (count).
    seed
        Seed of the random numbers (count): the same seed gives the same result.
    imputations
        Imputed data sets, 2 or more.
    level
        Two-sided level of the interval.

    Returns
    -------
    PooledEstimate
        As :func:`rubin`, with ``n`` pairs; the limits lie about n/(n + 2) times ``estimate`` and
        are not cut at -1 and 1. Undefined with fewer than two pairs, or without a complete one.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, fewer than two imputations, a seed that is no
        count or a level outside (0, 1).

    Notes
    -----
    The probabilities of the four cells are drawn from their posterior given all observed results,
    prior Dirichlet(1/2, 1/2, 1/2, 1/2), by data augmentation: one chain an imputation starts
    from the complete pairs, and in turn completes the pairs with one result and draws the
    probabilities anew. A chain takes ln(1e-4)/ln(r) steps, at most 1000, r the share of pairs
    with one result among those with any: r is above the largest fraction of missing information,
    as whose powers the distance from the posterior falls. Every pair is then completed given what
    is known of it. Completed pairs are analyzed by :func:`paired_difference.bonett_price`, whose
    variance is above 0 even without a discordant pair; Rubin's rules with df_complete = n - 1.

    References
    ----------
    .. [1] Tanner & Wong 1987, J Am Stat Assoc 82:528.
    .. [2] Rubin 1987.
    .. [3] Barnard & Rubin 1999, Biometrika 86:948.
    .. [4] Bonett & Price 2012.

    Examples
    --------
    >>> result = missing_at_random_paired_binary(80, 6, 5, 4, 2, 1, 1, 0, 1, seed=1)
    >>> result.ci_low < result.estimate < result.ci_high, result.n
    (True, 100)
    """
    pairs = pairs_with_gaps(n11, n10, n01, n00, nm1, nm0, n1m, n0m, nmm)
    return _pooled("missing_at_random_paired_binary", pairs, seed, imputations, level)


def delta_adjusted_paired_binary(
    n11: int,
    n10: int,
    n01: int,
    n00: int,
    nm1: int,
    nm0: int,
    n1m: int,
    n0m: int,
    nmm: int,
    *,
    delta_test: float,
    delta_reference: float = 0.0,
    seed: int,
    imputations: int = 100,
    level: float = 0.95,
) -> PooledEstimate:
    r"""Paired difference of proportions with the log odds of the imputed results shifted by arm.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs positive with both, with the test only, with the reference only, with neither.
    nm1, nm0
        Pairs without a test result, whose reference result is positive, negative (counts).
    n1m, n0m
        Pairs without a reference result, whose test result is positive, negative (counts).
    nmm
        Pairs without either result (count).
    delta_test, delta_reference
        What is added to the log odds that a missing result of each arm is a success, given the
        other result of its pair.
    seed
        Seed of the random numbers (count): the same seed gives the same result.
    imputations
        Imputed data sets, 2 or more.
    level
        Two-sided level of the interval.

    Returns
    -------
    PooledEstimate
        As :func:`missing_at_random_paired_binary`.

    Raises
    ------
    ValueError
        As :func:`missing_at_random_paired_binary`, or for an infinite shift.

    Notes
    -----
    As :func:`missing_at_random_paired_binary`, but missing results are drawn from the
    probabilities

    .. math:: \pi_{ij} \exp(i\,\delta_{test} + j\,\delta_{reference}), \quad i, j \in \{0, 1\}

    scaled to a sum of 1: given the result of the one arm, the log odds of the other are shifted
    by its delta, and pairs without either result follow both.

    References
    ----------
    .. [1] Carpenter & Kenward 2013, Multiple Imputation and its Application.

    Examples
    --------
    >>> pairs = (80, 6, 5, 4, 2, 1, 1, 0, 1)
    >>> result = delta_adjusted_paired_binary(*pairs, delta_test=-2, seed=1)
    >>> result.estimate < missing_at_random_paired_binary(*pairs, seed=1).estimate
    True
    """
    pairs = pairs_with_gaps(n11, n10, n01, n00, nm1, nm0, n1m, n0m, nmm)
    shifts = finite("delta_test", delta_test), finite("delta_reference", delta_reference)
    return _pooled("delta_adjusted_paired_binary", pairs, seed, imputations, level, shifts=shifts)


def jump_to_reference_paired_binary(
    n11: int,
    n10: int,
    n01: int,
    n00: int,
    nm1: int,
    nm0: int,
    n1m: int,
    n0m: int,
    nmm: int,
    *,
    seed: int,
    imputations: int = 100,
    level: float = 0.95,
) -> PooledEstimate:
    """Paired difference of proportions with missing test results drawn as those of the reference.

    Parameters
    ----------
    n11, n10, n01, n00
        Pairs positive with both, with the test only, with the reference only, with neither.
    nm1, nm0
        Pairs without a test result, whose reference result is positive, negative (counts).
    n1m, n0m
        Pairs without a reference result, whose test result is positive, negative (counts).
    nmm
        Pairs without either result (count).
    seed
        Seed of the random numbers (count): the same seed gives the same result.
    imputations
        Imputed data sets, 2 or more.
    level
        Two-sided level of the interval.

    Returns
    -------
    PooledEstimate
        As :func:`missing_at_random_paired_binary`.

    Raises
    ------
    ValueError
        As :func:`missing_at_random_paired_binary`.

    Notes
    -----
    As :func:`missing_at_random_paired_binary`, but a missing test result behaves as the subject's
    result with the reference would if it were taken once more: as likely a success as one of the
    reference, and as closely tied to the subject's own reference result (the same odds ratio) as
    the test is. It is not copied from it: pairs that agree by construction would make the interval
    too narrow. Missing reference results are imputed at random. Results that are alike in both
    arms pull towards no difference: for non-inferiority this is no worst case.

    References
    ----------
    .. [1] Carpenter, Roger & Kenward 2013, J Biopharm Stat 23:1352.

    Examples
    --------
    >>> pairs = (50, 25, 5, 10, 5, 5, 0, 0, 0)
    >>> result = jump_to_reference_paired_binary(*pairs, seed=1)
    >>> result.estimate < missing_at_random_paired_binary(*pairs, seed=1).estimate
    True
    """
    pairs = pairs_with_gaps(n11, n10, n01, n00, nm1, nm0, n1m, n0m, nmm)
    function = "jump_to_reference_paired_binary"
    return _pooled(function, pairs, seed, imputations, level, from_reference=True)


def _pooled(
    function: str,
    pairs: PairsWithGaps,
    seed: int,
    imputations: int,
    level: float,
    *,
    shifts: tuple[float, float] = (0.0, 0.0),
    from_reference: bool = False,
) -> PooledEstimate:
    """Draw all imputed data sets and return their combined analysis."""
    check_level(level)
    draw, m = np.random.default_rng(seed_of(seed)), number_of_imputations(imputations)
    n = int(pairs.n)
    try:
        weights = _posterior(pairs, draw, m)
        tilted = weights + shifts[0] * _TEST + shifts[1] * _REFERENCE
        for_test = _alike(weights) if from_reference else tilted
        combined = _combined(_completed(pairs, for_test, tilted, draw), n)
    except NotEstimableError as problem:
        return PooledEstimate(
            method=f"missing_data.{function}",
            estimate=None,
            level=level,
            n=n,
            imputations=m,
            undefined=True,
            reason=problem.reason,
        )
    pooled = pooled_estimate(function, combined, level, imputations=m, n=n)
    # the limits lie about (n10 - n01)/(n + 2), the estimate is not drawn towards 0
    return dataclasses.replace(pooled, estimate=float(combined.estimate) * (n + 2) / n)


def _combined(cells: FloatArray, n: int) -> Combined:
    """Return Bonett and Price's analyses combined, the cells of each data set a column."""
    p, q = (cells[1] + 1) / (n + 2), (cells[2] + 1) / (n + 2)
    within = float(np.mean(p + q - (p - q) ** 2)) / (n + 2)
    return combine(float(np.mean(p - q)), within, variance_of(p - q), cells.shape[1], n - 1)


def _posterior(pairs: PairsWithGaps, draw: np.random.Generator, m: int) -> FloatArray:
    """Draw logarithms of the probabilities of the cells, up to a constant, shape (4, m)."""
    if pairs.n < 2:
        raise NotEstimableError("fewer than two pairs")
    if pairs.complete == 0:
        raise NotEstimableError("no complete pair")
    cells, weights = np.repeat(pairs.cells, m, axis=1), np.empty((4, m))
    for step in range(1 + chain_steps(pairs.complete, pairs.partial)):
        if step:
            cells = pairs.cells + _of_partial(pairs, weights, weights, draw)
        weights[:] = np.log(draw.standard_gamma(cells + _PRIOR))
    return weights


def _completed(
    pairs: PairsWithGaps,
    for_test: FloatArray,
    for_reference: FloatArray,
    draw: np.random.Generator,
) -> FloatArray:
    """Return the completed cells, shape (4, m); pairs without a result follow ``for_test``."""
    cells = _of_partial(pairs, for_test, for_reference, draw)
    shares: FloatArray = special.softmax(for_test, axis=0)
    cells += draw.multinomial(int(pairs.nmm), shares.T).T
    return pairs.cells + cells


def _of_partial(
    pairs: PairsWithGaps,
    for_test: FloatArray,
    for_reference: FloatArray,
    draw: np.random.Generator,
) -> FloatArray:
    """Draw the cells of the pairs with one result, shape (4, m), by the weights of the other."""
    a11, a10, a01, a00 = for_test
    b11, b10, b01, b00 = for_reference
    m1, m0 = (
        draw.binomial(int(number), special.expit(odds))
        for number, odds in ((pairs.nm1, a11 - a01), (pairs.nm0, a10 - a00))
    )
    one, zero = (
        draw.binomial(int(number), special.expit(odds))
        for number, odds in ((pairs.n1m, b11 - b10), (pairs.n0m, b01 - b00))
    )
    return np.array(
        [
            m1 + one,
            m0 + pairs.n1m - one,
            pairs.nm1 - m1 + zero,
            pairs.nm0 - m0 + pairs.n0m - zero,
        ],
        dtype=np.float64,
    )


def _alike(weights: FloatArray) -> FloatArray:
    """Return the log probabilities of pairs of two reference results with the same odds ratio.

    Both margins are the probability p of a success of the reference, q = 1 - p. A share u of the
    pairs has only the first result positive, as many only the second: with the odds ratio w,
    (p - u)(q - u) = w u^2.
    """
    shares: FloatArray = special.softmax(weights, axis=0)
    p, q = shares[0] + shares[2], shares[1] + shares[3]
    ratio = np.exp(weights[0] + weights[3] - weights[1] - weights[2])
    u = 2 * p * q / (1 + np.sqrt((p - q) ** 2 + 4 * p * q * ratio))
    # the larger of p - u and q - u, and from it the smaller one: both without cancellation
    larger = (np.abs(p - q) + np.sqrt((p - q) ** 2 + 4 * ratio * u**2)) / 2
    smaller = ratio * u**2 / larger
    both, neither = np.where(p > q, [larger, smaller], [smaller, larger])
    alike: FloatArray = np.log(np.stack([both, u, u, neither]))
    return alike
