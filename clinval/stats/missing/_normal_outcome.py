"""Missing values of a normal outcome: imputed at random, shifted, or drawn from the reference."""

from __future__ import annotations

from clinval.stats._checks import Numbers, finite
from clinval.stats.missing._imputed_scores import Gappy, imputed_scores
from clinval.stats.missing._rubin import PooledEstimate
from clinval.stats.missing._shifts import TippingMapNormal, shift_map, shifted_estimate

__all__ = [
    "delta_adjusted_normal",
    "jump_to_reference_normal",
    "missing_at_random_normal",
    "tipping_map_normal",
]


def missing_at_random_normal(
    score: Gappy,
    arm: Numbers,
    *,
    seed: int,
    baseline: Numbers | None = None,
    imputations: int = 100,
    level: float = 0.95,
) -> PooledEstimate:
    r"""Difference of means with missing values imputed as if missing at random.

    Parameters
    ----------
    score
        The outcome of each subject (list, None or NaN where it is missing).
    arm
        1 (test) or 0 (reference) of each subject (list).
    seed
        Seed of the random numbers (count): the same seed gives the same result.
    baseline
        A covariate without gaps (list); without one the arms alone explain the outcome.
    imputations
        Imputed data sets, 2 or more.
    level
        Two-sided level of the interval.

    Returns
    -------
    PooledEstimate
        As :func:`rubin`, with ``n`` subjects. Undefined when an arm has no observed result, the
        observed ones leave no degrees of freedom or no error, or the baseline does not vary
        within the arms.

    Raises
    ------
    ValueError
        For lists of different length, infinite values, arms other than 0 and 1, a baseline with
        gaps, fewer than two imputations, a seed that is no count or a level outside (0, 1).

    Notes
    -----
    Bayesian normal regression on the observed results, prior 1/sigma^2: for each imputation
    sigma^2 = RSS/chi2(df), coefficients normal about the least-squares ones with covariance
    sigma^2 (X'X)^-1, missing values normal about their regression. Each data set is analyzed by
    least squares (Student's t, or analysis of covariance); Rubin's rules with df_complete =
    n - columns of X.

    References
    ----------
    .. [1] Rubin 1987.
    .. [2] Barnard & Rubin 1999, Biometrika 86:948.

    Examples
    --------
    >>> score = [5.1, None, 4.2, 5.0, 7.1, 7.7, 6.0, None]
    >>> result = missing_at_random_normal(score, [0, 0, 0, 0, 1, 1, 1, 1], seed=1)
    >>> result.ci_low < result.estimate < result.ci_high, result.imputations
    (True, 100)
    """
    return _pooled("missing_at_random_normal", score, arm, baseline, seed, imputations, level)


def jump_to_reference_normal(
    score: Gappy,
    arm: Numbers,
    *,
    seed: int,
    baseline: Numbers | None = None,
    imputations: int = 100,
    level: float = 0.95,
) -> PooledEstimate:
    """Difference of means with missing values of the test arm drawn from the reference arm.

    Parameters
    ----------
    score
        The outcome of each subject (list, None or NaN where it is missing).
    arm
        1 (test) or 0 (reference) of each subject (list).
    seed
        Seed of the random numbers (count): the same seed gives the same result.
    baseline
        A covariate without gaps (list), on which the drawn values depend as well.
    imputations
        Imputed data sets, 2 or more.
    level
        Two-sided level of the interval.

    Returns
    -------
    PooledEstimate
        As :func:`missing_at_random_normal`.

    Raises
    ------
    ValueError
        As :func:`missing_at_random_normal`.

    Notes
    -----
    As :func:`missing_at_random_normal`, but missing values of either arm have the mean of the
    reference arm at their baseline. Rubin's variance is then larger than that of repeated
    studies: the interval is on the safe side. Towards a margin of non-inferiority, missing
    values that are alike in both arms pull towards no difference: this is no worst case.

    References
    ----------
    .. [1] Carpenter, Roger & Kenward 2013, J Biopharm Stat 23:1352.

    Examples
    --------
    >>> score = [5.1, None, 4.2, 5.0, 7.1, 7.7, 6.0, None]
    >>> result = jump_to_reference_normal(score, [0, 0, 0, 0, 1, 1, 1, 1], seed=1)
    >>> result.estimate < missing_at_random_normal(score, [0] * 4 + [1] * 4, seed=1).estimate
    True
    """
    return _pooled(
        "jump_to_reference_normal",
        score,
        arm,
        baseline,
        seed,
        imputations,
        level,
        from_reference=True,
    )


def delta_adjusted_normal(
    score: Gappy,
    arm: Numbers,
    *,
    delta_test: float,
    delta_reference: float = 0.0,
    seed: int,
    baseline: Numbers | None = None,
    imputations: int = 100,
    level: float = 0.95,
) -> PooledEstimate:
    """Difference of means with the imputed values shifted, each arm by its own amount.

    Parameters
    ----------
    score
        The outcome of each subject (list, None or NaN where it is missing).
    arm
        1 (test) or 0 (reference) of each subject (list).
    delta_test, delta_reference
        What is added to the values imputed in each arm, in the unit of the outcome.
    seed
        Seed of the random numbers (count): the same seed gives the same result.
    baseline
        A covariate without gaps (list).
    imputations
        Imputed data sets, 2 or more.
    level
        Two-sided level of the interval.

    Returns
    -------
    PooledEstimate
        As :func:`missing_at_random_normal`.

    Raises
    ------
    ValueError
        As :func:`missing_at_random_normal`, or for an infinite shift.

    Notes
    -----
    The imputations of :func:`missing_at_random_normal` at the same seed, then the shift, then
    analysis and Rubin's rules.

    References
    ----------
    .. [1] Carpenter & Kenward 2013, Multiple Imputation and its Application.

    Examples
    --------
    >>> score, arm = [5.1, None, 4.2, 5.0, 7.1, 7.7, 6.0, None], [0, 0, 0, 0, 1, 1, 1, 1]
    >>> shifted = delta_adjusted_normal(score, arm, delta_test=-2, seed=1)
    >>> round(shifted.estimate - missing_at_random_normal(score, arm, seed=1).estimate, 4)
    -0.5
    """
    shifts = finite("delta_test", delta_test), finite("delta_reference", delta_reference)
    return _pooled(
        "delta_adjusted_normal", score, arm, baseline, seed, imputations, level, shifts=shifts
    )


def tipping_map_normal(
    score: Gappy,
    arm: Numbers,
    deltas_test: Numbers,
    deltas_reference: Numbers,
    *,
    margin: float,
    seed: int,
    baseline: Numbers | None = None,
    imputations: int = 100,
    level: float = 0.95,
    alternative: str = "greater",
) -> TippingMapNormal:
    """Tipping map: the verdict for every pair of shifts of the imputed values.

    Parameters
    ----------
    score
        The outcome of each subject (list, None or NaN where it is missing).
    arm
        1 (test) or 0 (reference) of each subject (list).
    deltas_test, deltas_reference
        The shifts of each arm to be tried (lists, in the unit of the outcome).
    margin
        The difference that has to be excluded, signed, in the unit of the outcome.
    seed
        Seed of the random numbers (count): the same seed gives the same result.
    baseline
        A covariate without gaps (list).
    imputations
        Imputed data sets, 2 or more.
    level
        Two-sided level of the intervals.
    alternative
        "greater": non-inferior where the lower limit lies above the margin; "less": where the
        upper limit lies below it.

    Returns
    -------
    TippingMapNormal
        ``estimate``, ``ci_low``, ``ci_high`` and ``non_inferior``, each with a row for every
        shift of the test arm and a column for every one of the reference arm; ``n_cells`` and
        ``n_non_inferior``. Undefined as :func:`missing_at_random_normal`.

    Raises
    ------
    ValueError
        As :func:`missing_at_random_normal`, or for missing shifts, an infinite margin or an
        unknown alternative.

    Notes
    -----
    Each cell is :func:`delta_adjusted_normal` at its shifts and the same seed. The variance
    between imputations does not depend on them, the mean square of the errors is quadratic in
    them: the map costs hardly more than one cell.

    References
    ----------
    .. [1] Yan, Lee & Li 2009.
    .. [2] Carpenter & Kenward 2013, Multiple Imputation and its Application.

    Examples
    --------
    >>> score, arm = [5.1, None, 4.2, 5.0, 7.1, 7.7, 6.0, None], [0, 0, 0, 0, 1, 1, 1, 1]
    >>> result = tipping_map_normal(score, arm, [-8, -4, 0], [0, 4], margin=-0.5, seed=1)
    >>> result.non_inferior, result.n_non_inferior
    (((False, False), (False, False), (True, False)), 1)
    """
    return shift_map(
        "tipping_map_normal",
        lambda: imputed_scores(score, arm, baseline, seed, imputations),
        deltas_test,
        deltas_reference,
        margin=margin,
        imputations=imputations,
        level=level,
        alternative=alternative,
    )


def _pooled(
    function: str,
    score: Gappy,
    arm: Numbers,
    baseline: Numbers | None,
    seed: int,
    imputations: int,
    level: float,
    *,
    shifts: tuple[float, float] = (0.0, 0.0),
    from_reference: bool = False,
) -> PooledEstimate:
    """Return the combined analysis at one pair of shifts."""
    return shifted_estimate(
        function,
        lambda: imputed_scores(
            score, arm, baseline, seed, imputations, from_reference=from_reference
        ),
        shifts,
        n=len(score),
        imputations=imputations,
        level=level,
    )
