"""Missing results of a binary outcome in pairs: all that they may have been."""

from __future__ import annotations

import dataclasses

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import Counts, FloatArray, NotEstimableError, check_option
from clinval.stats._distributions import normal_quantile
from clinval.stats._score import PairedTables, paired_variance, score_limits
from clinval.stats.comparison.paired_difference import tango
from clinval.stats.missing._completions import (
    Cells,
    TippingMapBinary,
    binary_map,
    successes_to_try,
)
from clinval.stats.missing._pairs import PairsWithGaps, pairs_with_gaps
from clinval.stats.missing._verdicts import ONE_SIDED

__all__ = ["tipping_map_paired_binary", "worst_case_paired"]


def worst_case_paired(
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
    level: float = 0.95,
    alternative: str = "greater",
) -> Estimate:
    """Paired difference of proportions with every missing result at its worst for the test.

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
    level
        Two-sided level of the interval.
    alternative
        "greater" where successes are good: missing ones are failures of the test, successes of
        the reference. "less" where they are bad: the other way round.

    Returns
    -------
    Estimate
        ``estimate`` with the interval of Tango; ``n`` pairs. Undefined without pairs.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, an unknown alternative or a level outside
        (0, 1).

    Notes
    -----
    :func:`paired_difference.tango` on the completed pairs. Its limit on the side of the claim is
    the least favorable of all completions: what is shown here holds whatever the missing results
    were.

    References
    ----------
    .. [1] Tango 1998, Stat Med 17:891.

    Examples
    --------
    >>> result = worst_case_paired(80, 6, 5, 4, 2, 1, 1, 0, 1)
    >>> round(result.estimate, 4), round(result.ci_low, 4)
    (-0.02, -0.1006)
    """
    p = pairs_with_gaps(n11, n10, n01, n00, nm1, nm0, n1m, n0m, nmm)
    if check_option("alternative", alternative, ONE_SIDED) == "less":
        cells = (p.n11 + p.nm1, p.n10 + p.nm0 + p.n1m + p.nmm, p.n01, p.n00 + p.n0m)
    else:
        cells = (p.n11 + p.n1m, p.n10, p.n01 + p.nm1 + p.n0m + p.nmm, p.n00 + p.nm0)
    both, test_only, reference_only, neither = map(int, cells)
    result = tango(both, test_only, reference_only, neither, level=level)
    return dataclasses.replace(result, method="missing_data.worst_case_paired")


def tipping_map_paired_binary(
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
    margin: float,
    level: float = 0.95,
    alternative: str = "greater",
    successes_test: Counts | None = None,
    successes_reference: Counts | None = None,
) -> TippingMapBinary:
    r"""Tipping map of pairs: the verdict for every number of successes among the missing results.

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
    margin
        The difference that has to be excluded, signed.
    level
        Two-sided level of the intervals.
    alternative
        "greater": non-inferior where the lower limit lies above the margin; "less": where the
        upper limit lies below it.
    successes_test, successes_reference
        Numbers of successes to be tried among the missing results of the test and of the
        reference (lists of counts); None tries all of them.

    Returns
    -------
    TippingMapBinary
        As :func:`tipping_map_binary`. Undefined without pairs.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, more successes than missing results, a margin
        outside [-1, 1], an unknown alternative or a level outside (0, 1).

    Notes
    -----
    The numbers of successes s1 of the test and s2 of the reference fix the difference, not in
    which pairs they lie. Here they lie where most pairs are discordant, which gives the widest of
    Tango's intervals: a verdict holds wherever they lie. Successes of a missing test go to pairs
    whose reference failed, and the reverse, as long as there are any; then to pairs without either
    result, one success a pair; so that only

    .. math:: n_{11} + \max(0, \max(0, s_1 - n_{m0}) + \max(0, s_2 - n_{0m}) - n_{mm})

    pairs are positive with both.

    References
    ----------
    .. [1] Yan, Lee & Li 2009.
    .. [2] Tango 1998, Stat Med 17:891.

    Examples
    --------
    >>> result = tipping_map_paired_binary(85, 6, 5, 4, 1, 0, 1, 1, 0, margin=-0.08)
    >>> result.non_inferior
    ((True, True, False), (True, True, True))
    """
    pairs = pairs_with_gaps(n11, n10, n01, n00, nm1, nm0, n1m, n0m, nmm)
    missing = pairs.missing
    rows = successes_to_try("successes_test", successes_test, missing[0])
    columns = successes_to_try("successes_reference", successes_reference, missing[1])

    def cells(s1: FloatArray, s2: FloatArray) -> Cells:
        completed = _most_discordant(pairs, s1, s2)
        low, high = score_limits(
            lambda d: (completed.difference - d, paired_variance(completed, d)),
            completed.difference,
            normal_quantile(level),
        )
        return completed.difference, low, high

    return binary_map(
        "tipping_map_paired_binary",
        rows,
        columns,
        cells,
        margin=margin,
        level=level,
        alternative=alternative,
    )


def _most_discordant(pairs: PairsWithGaps, s1: FloatArray, s2: FloatArray) -> PairedTables:
    """Return the completed pairs with so many successes among the missing results."""
    if pairs.n == 0:
        raise NotEstimableError("no pair")
    left1, left2 = np.maximum(s1 - pairs.nm0, 0), np.maximum(s2 - pairs.n0m, 0)
    both = pairs.n11 + np.maximum(left1 + left2 - pairs.nmm, 0)
    positive1, positive2 = pairs.positive
    return PairedTables(positive1 + s1 - both, positive2 + s2 - both, np.full(len(both), pairs.n))
