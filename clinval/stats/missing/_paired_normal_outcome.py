"""Missing values of a normal outcome in pairs: imputed at random, shifted, or as the reference."""

from __future__ import annotations

from clinval.stats._checks import Numbers, finite
from clinval.stats.missing._imputed_pairs import imputed_pairs
from clinval.stats.missing._imputed_scores import Gappy
from clinval.stats.missing._rubin import PooledEstimate
from clinval.stats.missing._shifts import TippingMapNormal, shift_map, shifted_estimate

__all__ = [
    "delta_adjusted_paired_normal",
    "jump_to_reference_paired_normal",
    "missing_at_random_paired_normal",
    "tipping_map_paired_normal",
]


def missing_at_random_paired_normal(
    test: Gappy,
    reference: Gappy,
    *,
    seed: int,
    imputations: int = 100,
    level: float = 0.95,
) -> PooledEstimate:
    r"""Mean difference of pairs with missing values imputed as if missing at random.

    Parameters
    ----------
    test, reference
        The two values of each subject (lists of equal length, None or NaN where one is missing).
    seed
        Seed of the random numbers (count): the same seed gives the same result.
    imputations
        Imputed data sets, 2 or more.
    level
        Two-sided level of the interval.

    Returns
    -------
    PooledEstimate
        As :func:`rubin`, with ``n`` pairs. Undefined with fewer than two pairs; where values are
        missing, with fewer than three complete pairs or when these lie on a line; where none are,
        when the differences do not vary.

    Raises
    ------
    ValueError
        For lists of different length, infinite values, fewer than two imputations, a seed that is
        no count or a level outside (0, 1).

    Notes
    -----
    Test and reference values are bivariate normal. Means and covariances are drawn from their
    posterior given all observed values, prior :math:`|\Sigma|^{-3/2}`, by data augmentation: one
    chain an imputation starts from the complete pairs, and in turn completes the pairs with one
    value and draws the parameters anew; its number of steps is that of
    :func:`missing_at_random_paired_binary`. Missing values are then drawn given what is known of
    their pair. Each data set is analyzed by the paired t method; Rubin's rules with
    df_complete = n - 1.

    References
    ----------
    .. [1] Tanner & Wong 1987, J Am Stat Assoc 82:528.
    .. [2] Rubin 1987.
    .. [3] Barnard & Rubin 1999, Biometrika 86:948.

    Examples
    --------
    >>> test, reference = [5.1, None, 4.2, 5.0, 7.1, 6.0], [4.6, 5.9, 4.4, 4.1, None, 5.2]
    >>> result = missing_at_random_paired_normal(test, reference, seed=1)
    >>> result.ci_low < result.estimate < result.ci_high, result.n
    (True, 6)
    """
    return _pooled("missing_at_random_paired_normal", test, reference, seed, imputations, level)


def jump_to_reference_paired_normal(
    test: Gappy,
    reference: Gappy,
    *,
    seed: int,
    imputations: int = 100,
    level: float = 0.95,
) -> PooledEstimate:
    """Mean difference of pairs with missing test values drawn as those of the reference.

    Parameters
    ----------
    test, reference
        The two values of each subject (lists of equal length, None or NaN where one is missing).
    seed
        Seed of the random numbers (count): the same seed gives the same result.
    imputations
        Imputed data sets, 2 or more.
    level
        Two-sided level of the interval.

    Returns
    -------
    PooledEstimate
        As :func:`missing_at_random_paired_normal`.

    Raises
    ------
    ValueError
        As :func:`missing_at_random_paired_normal`.

    Notes
    -----
    As :func:`missing_at_random_paired_normal`, but missing test values have the mean of the
    reference: each is moved by the drawn mean of the reference minus that of the test. Their
    spread, and their tie to the subject's own reference value, stay those of the test: a value
    copied from the reference would have no difference at all, and the interval would be too
    narrow. Missing reference values are imputed at random. Values that are alike in both arms
    pull towards no difference: for non-inferiority this is no worst case.

    References
    ----------
    .. [1] Carpenter, Roger & Kenward 2013, J Biopharm Stat 23:1352.

    Examples
    --------
    >>> test, reference = [5.1, None, 4.9, 5.0, 7.1, 6.0], [4.6, 5.9, 4.4, 4.1, None, 5.2]
    >>> result = jump_to_reference_paired_normal(test, reference, seed=1)
    >>> result.estimate < missing_at_random_paired_normal(test, reference, seed=1).estimate
    True
    """
    return _pooled(
        "jump_to_reference_paired_normal",
        test,
        reference,
        seed,
        imputations,
        level,
        from_reference=True,
    )


def delta_adjusted_paired_normal(
    test: Gappy,
    reference: Gappy,
    *,
    delta_test: float,
    delta_reference: float = 0.0,
    seed: int,
    imputations: int = 100,
    level: float = 0.95,
) -> PooledEstimate:
    """Mean difference of pairs with the imputed values shifted, each arm by its own amount.

    Parameters
    ----------
    test, reference
        The two values of each subject (lists of equal length, None or NaN where one is missing).
    delta_test, delta_reference
        What is added to the values imputed in each arm, in the unit of the outcome.
    seed
        Seed of the random numbers (count): the same seed gives the same result.
    imputations
        Imputed data sets, 2 or more.
    level
        Two-sided level of the interval.

    Returns
    -------
    PooledEstimate
        As :func:`missing_at_random_paired_normal`.

    Raises
    ------
    ValueError
        As :func:`missing_at_random_paired_normal`, or for an infinite shift.

    Notes
    -----
    The imputations of :func:`missing_at_random_paired_normal` at the same seed, then the shift,
    then analysis and Rubin's rules.

    References
    ----------
    .. [1] Carpenter & Kenward 2013, Multiple Imputation and its Application.

    Examples
    --------
    >>> test, reference = [5.1, None, 4.2, 5.0, 7.1, 6.0], [4.6, 5.9, 4.4, 4.1, None, 5.2]
    >>> shifted = delta_adjusted_paired_normal(test, reference, delta_test=-3, seed=1)
    >>> plain = missing_at_random_paired_normal(test, reference, seed=1)
    >>> round(shifted.estimate - plain.estimate, 4)
    -0.5
    """
    shifts = finite("delta_test", delta_test), finite("delta_reference", delta_reference)
    return _pooled(
        "delta_adjusted_paired_normal", test, reference, seed, imputations, level, shifts=shifts
    )


def tipping_map_paired_normal(
    test: Gappy,
    reference: Gappy,
    deltas_test: Numbers,
    deltas_reference: Numbers,
    *,
    margin: float,
    seed: int,
    imputations: int = 100,
    level: float = 0.95,
    alternative: str = "greater",
) -> TippingMapNormal:
    """Tipping map of pairs: the verdict for every two shifts of the imputed values.

    Parameters
    ----------
    test, reference
        The two values of each subject (lists of equal length, None or NaN where one is missing).
    deltas_test, deltas_reference
        The shifts of each arm to be tried (lists, in the unit of the outcome).
    margin
        The difference that has to be excluded, signed, in the unit of the outcome.
    seed
        Seed of the random numbers (count): the same seed gives the same result.
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
        As :func:`tipping_map_normal`. Undefined as :func:`missing_at_random_paired_normal`.

    Raises
    ------
    ValueError
        As :func:`missing_at_random_paired_normal`, or for missing shifts, an infinite margin or
        an unknown alternative.

    Notes
    -----
    Each cell is :func:`delta_adjusted_paired_normal` at its shifts and the same seed. The variance
    between imputations does not depend on them, the mean square of the differences is quadratic
    in them: the map costs hardly more than one cell.

    References
    ----------
    .. [1] Yan, Lee & Li 2009.
    .. [2] Carpenter & Kenward 2013, Multiple Imputation and its Application.

    Examples
    --------
    >>> test, reference = [5.1, None, 4.2, 5.0, 7.1, 6.0], [4.6, 5.9, 4.4, 4.1, None, 5.2]
    >>> result = tipping_map_paired_normal(
    ...     test, reference, [-6, -3, 0], [0, 3], margin=-2, seed=1
    ... )
    >>> result.non_inferior, result.n_non_inferior
    (((False, False), (True, False), (True, True)), 3)
    """
    return shift_map(
        "tipping_map_paired_normal",
        lambda: imputed_pairs(test, reference, seed, imputations),
        deltas_test,
        deltas_reference,
        margin=margin,
        imputations=imputations,
        level=level,
        alternative=alternative,
    )


def _pooled(
    function: str,
    test: Gappy,
    reference: Gappy,
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
        lambda: imputed_pairs(test, reference, seed, imputations, from_reference=from_reference),
        shifts,
        n=len(test),
        imputations=imputations,
        level=level,
    )
