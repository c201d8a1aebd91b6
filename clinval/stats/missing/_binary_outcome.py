"""Missing results of a binary outcome: imputed at random, shifted, or drawn from the reference."""

from __future__ import annotations

import numpy as np
from scipy import special

from clinval.stats._checks import FloatArray, NotEstimableError, check_level, finite
from clinval.stats._moments import variance_of
from clinval.stats.missing._arms import ArmWithGaps, arms_with_gaps
from clinval.stats.missing._draws import number_of_imputations, seed_of
from clinval.stats.missing._rubin import PooledEstimate, combine, pooled_estimate

__all__ = ["delta_adjusted_binary", "jump_to_reference_binary", "missing_at_random_binary"]


def missing_at_random_binary(
    x1: int,
    observed1: int,
    missing1: int,
    x2: int,
    observed2: int,
    missing2: int,
    *,
    seed: int,
    imputations: int = 100,
    level: float = 0.95,
) -> PooledEstimate:
    """Difference of proportions with missing results imputed as if missing at random.

    Parameters
    ----------
    x1, observed1, missing1
        Successes, subjects with and subjects without a result in the test arm (counts).
    x2, observed2, missing2
        The same in the reference arm (counts).
    seed
        Seed of the random numbers (count): the same seed gives the same result.
    imputations
        Imputed data sets, 2 or more.
    level
        Two-sided level of the interval.

    Returns
    -------
    PooledEstimate
        As :func:`rubin`, with ``n`` subjects. Undefined when an arm has no observed result, or
        when in every imputed data set each arm has successes only or none.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, fewer than two
        imputations, a seed that is no count or a level outside (0, 1).

    Notes
    -----
    For each imputation p ~ Beta(x + 1/2, observed - x + 1/2) in each arm, then successes among
    the missing ~ Binomial(missing, p). The difference of the completed proportions has the
    variance p1 q1/n1 + p2 q2/n2; Rubin's rules with df_complete = n1 + n2 - 2.

    References
    ----------
    .. [1] Rubin 1987.
    .. [2] Barnard & Rubin 1999, Biometrika 86:948.

    Examples
    --------
    >>> result = missing_at_random_binary(88, 95, 5, 90, 96, 4, seed=1)
    >>> result.ci_low < result.estimate < result.ci_high, result.n
    (True, 200)
    """
    arms = arms_with_gaps(x1, observed1, missing1, x2, observed2, missing2)
    return _pooled("missing_at_random_binary", arms, seed, imputations, level)


def jump_to_reference_binary(
    x1: int,
    observed1: int,
    missing1: int,
    x2: int,
    observed2: int,
    missing2: int,
    *,
    seed: int,
    imputations: int = 100,
    level: float = 0.95,
) -> PooledEstimate:
    """Difference of proportions with missing results of both arms drawn from the reference arm.

    Parameters
    ----------
    x1, observed1, missing1
        Successes, subjects with and subjects without a result in the test arm (counts).
    x2, observed2, missing2
        The same in the reference arm (counts).
    seed
        Seed of the random numbers (count): the same seed gives the same result.
    imputations
        Imputed data sets, 2 or more.
    level
        Two-sided level of the interval.

    Returns
    -------
    PooledEstimate
        As :func:`missing_at_random_binary`.

    Raises
    ------
    ValueError
        As :func:`missing_at_random_binary`.

    Notes
    -----
    As :func:`missing_at_random_binary`, but both arms use the p drawn for the reference arm.
    Rubin's variance is then larger than that of repeated studies; and results that are alike in
    both arms pull towards no difference: for non-inferiority this is no worst case.

    References
    ----------
    .. [1] Carpenter, Roger & Kenward 2013, J Biopharm Stat 23:1352.

    Examples
    --------
    >>> result = jump_to_reference_binary(60, 80, 20, 30, 80, 20, seed=1)
    >>> result.estimate < missing_at_random_binary(60, 80, 20, 30, 80, 20, seed=1).estimate
    True
    """
    arms = arms_with_gaps(x1, observed1, missing1, x2, observed2, missing2)
    return _pooled("jump_to_reference_binary", arms, seed, imputations, level, from_reference=True)


def delta_adjusted_binary(
    x1: int,
    observed1: int,
    missing1: int,
    x2: int,
    observed2: int,
    missing2: int,
    *,
    delta_test: float,
    delta_reference: float = 0.0,
    seed: int,
    imputations: int = 100,
    level: float = 0.95,
) -> PooledEstimate:
    """Difference of proportions with the log odds of the imputed results shifted by arm.

    Parameters
    ----------
    x1, observed1, missing1
        Successes, subjects with and subjects without a result in the test arm (counts).
    x2, observed2, missing2
        The same in the reference arm (counts).
    delta_test, delta_reference
        What is added to the log odds of a success among the missing of each arm.
    seed
        Seed of the random numbers (count): the same seed gives the same result.
    imputations
        Imputed data sets, 2 or more.
    level
        Two-sided level of the interval.

    Returns
    -------
    PooledEstimate
        As :func:`missing_at_random_binary`.

    Raises
    ------
    ValueError
        As :func:`missing_at_random_binary`, or for an infinite shift.

    Notes
    -----
    As :func:`missing_at_random_binary`, with successes among the missing ~ Binomial(missing,
    expit(logit(p) + delta)).

    References
    ----------
    .. [1] Carpenter & Kenward 2013, Multiple Imputation and its Application.

    Examples
    --------
    >>> result = delta_adjusted_binary(60, 80, 20, 62, 80, 20, delta_test=-1, seed=1)
    >>> result.estimate < missing_at_random_binary(60, 80, 20, 62, 80, 20, seed=1).estimate
    True
    """
    arms = arms_with_gaps(x1, observed1, missing1, x2, observed2, missing2)
    shifts = finite("delta_test", delta_test), finite("delta_reference", delta_reference)
    return _pooled("delta_adjusted_binary", arms, seed, imputations, level, shifts=shifts)


def _pooled(
    function: str,
    arms: tuple[ArmWithGaps, ArmWithGaps],
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
    n = int(arms[0].n + arms[1].n)
    try:
        p1, p2 = _completed(arms, draw, m, shifts, from_reference=from_reference)
        within = p1 * (1 - p1) / arms[0].n + p2 * (1 - p2) / arms[1].n
        between = variance_of(p1 - p2)
        combined = combine(float(np.mean(p1 - p2)), float(np.mean(within)), between, m, n - 2)
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
    return pooled_estimate(function, combined, level, imputations=m, n=n)


def _completed(
    arms: tuple[ArmWithGaps, ArmWithGaps],
    draw: np.random.Generator,
    m: int,
    shifts: tuple[float, float],
    *,
    from_reference: bool,
) -> tuple[FloatArray, FloatArray]:
    """Return the proportions of both arms in each imputed data set."""
    if min(arm.observed for arm in arms) == 0:
        raise NotEstimableError("an arm has no observed result")
    chances = [draw.beta(arm.x + 0.5, arm.observed - arm.x + 0.5, m) for arm in arms]
    if from_reference:
        chances[0] = chances[1]
    p1, p2 = (
        (arm.x + draw.binomial(int(arm.missing), _shifted(p, shift)).astype(np.float64)) / arm.n
        for arm, p, shift in zip(arms, chances, shifts, strict=True)
    )
    return p1, p2


def _shifted(p: FloatArray, shift: float) -> FloatArray:
    """Return probabilities whose log odds are shifted."""
    moved: FloatArray = special.expit(special.logit(p) + shift)
    return moved
