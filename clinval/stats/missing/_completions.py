"""Missing results of a binary outcome: all that they may have been."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Estimate, Result
from clinval.stats._checks import (
    FloatArray,
    NotEstimableError,
    check_level,
    check_option,
    margin_in,
)
from clinval.stats._distributions import normal_quantile
from clinval.stats._score import (
    EMPTY_ARM,
    TwoArms,
    difference_limits,
    small_sample_factor,
)
from clinval.stats.comparison.risk_difference import miettinen_nurminen
from clinval.stats.missing._arms import ArmWithGaps, arms_with_gaps
from clinval.stats.missing._verdicts import ONE_SIDED, nested, shown

__all__ = [
    "TippingMapBinary",
    "TippingPoint",
    "tipping_map_binary",
    "tipping_point",
    "worst_case",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TippingPoint(Result):
    """What all completions of the data say of a margin, in few numbers.

    ``min_test_successes_by_reference_successes`` holds, for 0, 1, ... successes among the
    missing of the reference arm, the fewest among those of the test arm that are enough, None
    where none are.
    """

    n_cells: int
    n_non_inferior: int | None
    worst_case_ci_low: float | None
    best_case_ci_low: float | None
    min_test_successes_by_reference_successes: tuple[int | None, ...]
    margin: float
    level: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class TippingMapBinary(Result):
    """Limits and verdict for every completion of the data.

    A row is a number of successes among the missing of the test arm (0, 1, ...), a column one
    among those of the reference arm.
    """

    n_cells: int
    n_non_inferior: int | None
    ci_low: tuple[tuple[float, ...], ...] | None
    ci_high: tuple[tuple[float, ...], ...] | None
    non_inferior: tuple[tuple[bool, ...], ...] | None
    margin: float
    level: float = 0.95


def worst_case(
    x1: int,
    observed1: int,
    missing1: int,
    x2: int,
    observed2: int,
    missing2: int,
    *,
    level: float = 0.95,
    alternative: str = "greater",
) -> Estimate:
    """Difference of proportions with every missing result at its worst for the test arm.

    Parameters
    ----------
    x1, observed1, missing1
        Successes, subjects with and subjects without a result in the test arm (counts).
    x2, observed2, missing2
        The same in the reference arm (counts).
    level
        Two-sided level of the interval.
    alternative
        "greater" where successes are good: missing ones are failures in the test arm, successes
        in the reference arm. "less" where they are bad: the other way round.

    Returns
    -------
    Estimate
        ``estimate`` with the interval of Miettinen and Nurminen; ``n`` subjects. Undefined when
        an arm is empty.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, an unknown alternative
        or a level outside (0, 1).

    Notes
    -----
    :func:`risk_difference.miettinen_nurminen` on the completed counts. What is shown here holds
    whatever the missing results were.

    References
    ----------
    .. [1] Miettinen & Nurminen 1985, Stat Med 4:213.

    Examples
    --------
    >>> result = worst_case(88, 95, 5, 90, 96, 4)
    >>> round(result.estimate, 4), round(result.ci_low, 4)
    (-0.06, -0.1463)
    """
    test, reference = arms_with_gaps(x1, observed1, missing1, x2, observed2, missing2)
    bad = check_option("alternative", alternative, ONE_SIDED) == "less"
    completed1 = test.x + (test.missing if bad else 0)
    completed2 = reference.x + (0 if bad else reference.missing)
    result = miettinen_nurminen(
        int(completed1), int(test.n), int(completed2), int(reference.n), level=level
    )
    return dataclasses.replace(result, method="missing_data.worst_case")


def tipping_point(
    x1: int,
    observed1: int,
    missing1: int,
    x2: int,
    observed2: int,
    missing2: int,
    *,
    margin: float,
    level: float = 0.95,
) -> TippingPoint:
    """Tipping point: which results of the missing subjects would undo non-inferiority.

    Parameters
    ----------
    x1, observed1, missing1
        Successes, subjects with and subjects without a result in the test arm (counts).
    x2, observed2, missing2
        The same in the reference arm (counts).
    margin
        The difference that has to be exceeded, signed (-0.1 where successes are good).
    level
        Two-sided level of the intervals.

    Returns
    -------
    TippingPoint
        ``n_cells`` completions and ``n_non_inferior`` of them, ``worst_case_ci_low`` (test
        failures, reference successes), ``best_case_ci_low``, and
        ``min_test_successes_by_reference_successes``. Undefined when an arm is empty.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, a margin outside
        [-1, 1] or a level outside (0, 1).

    Notes
    -----
    Every completion, s1 = 0 ... missing1 and s2 = 0 ... missing2 successes, is non-inferior
    when the lower limit of Miettinen and Nurminen lies above the margin.

    References
    ----------
    .. [1] Yan, Lee & Li 2009.

    Examples
    --------
    >>> result = tipping_point(88, 95, 5, 90, 96, 4, margin=-0.1)
    >>> result.n_non_inferior, result.min_test_successes_by_reference_successes
    (16, (1, 2, 3, 4, 4))
    """
    arms = arms_with_gaps(x1, observed1, missing1, x2, observed2, missing2)
    bound, columns = margin_in(-1, 1, margin), int(arms[1].missing) + 1
    cells = (int(arms[0].missing) + 1) * columns
    try:
        low, _ = _limits(*arms, level)
    except NotEstimableError as problem:
        return TippingPoint(
            method="missing_data.tipping_point",
            n_cells=cells,
            n_non_inferior=None,
            worst_case_ci_low=None,
            best_case_ci_low=None,
            min_test_successes_by_reference_successes=(None,) * columns,
            margin=bound,
            level=level,
            undefined=True,
            reason=problem.reason,
        )
    enough = low > bound
    fewest = np.where(enough.any(axis=0), enough.argmax(axis=0), -1)
    return TippingPoint(
        method="missing_data.tipping_point",
        n_cells=cells,
        n_non_inferior=int(enough.sum()),
        worst_case_ci_low=float(low[0, -1]),
        best_case_ci_low=float(low[-1, 0]),
        min_test_successes_by_reference_successes=tuple(
            None if number < 0 else number for number in fewest.tolist()
        ),
        margin=bound,
        level=level,
    )


def tipping_map_binary(
    x1: int,
    observed1: int,
    missing1: int,
    x2: int,
    observed2: int,
    missing2: int,
    *,
    margin: float,
    level: float = 0.95,
    alternative: str = "greater",
) -> TippingMapBinary:
    """Tipping map: the verdict for every number of successes among the missing of both arms.

    Parameters
    ----------
    x1, observed1, missing1
        Successes, subjects with and subjects without a result in the test arm (counts).
    x2, observed2, missing2
        The same in the reference arm (counts).
    margin
        The difference that has to be excluded, signed.
    level
        Two-sided level of the intervals.
    alternative
        "greater": non-inferior where the lower limit lies above the margin; "less": where the
        upper limit lies below it.

    Returns
    -------
    TippingMapBinary
        ``ci_low``, ``ci_high`` and ``non_inferior``, each with a row for 0 ... missing1
        successes in the test arm and a column for 0 ... missing2 in the reference arm;
        ``n_cells`` and ``n_non_inferior``. Undefined when an arm is empty.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, a margin outside
        [-1, 1], an unknown alternative or a level outside (0, 1).

    Notes
    -----
    The interval of Miettinen and Nurminen of each completed table, all in one computation.

    References
    ----------
    .. [1] Yan, Lee & Li 2009.
    .. [2] Miettinen & Nurminen 1985, Stat Med 4:213.

    Examples
    --------
    >>> result = tipping_map_binary(88, 95, 1, 90, 96, 2, margin=-0.1)
    >>> result.non_inferior
    ((True, True, False), (True, True, True))
    """
    method = "missing_data.tipping_map_binary"
    arms, bound = (
        arms_with_gaps(x1, observed1, missing1, x2, observed2, missing2),
        margin_in(-1, 1, margin),
    )
    cells = (int(arms[0].missing) + 1) * (int(arms[1].missing) + 1)
    check_option("alternative", alternative, ONE_SIDED)
    try:
        low, high = _limits(*arms, level)
    except NotEstimableError as problem:
        return TippingMapBinary(
            method=method,
            n_cells=cells,
            n_non_inferior=None,
            ci_low=None,
            ci_high=None,
            non_inferior=None,
            margin=bound,
            level=level,
            undefined=True,
            reason=problem.reason,
        )
    non_inferior = shown(low, high, bound, alternative)
    return TippingMapBinary(
        method=method,
        n_cells=cells,
        n_non_inferior=int(non_inferior.sum()),
        ci_low=nested(low),
        ci_high=nested(high),
        non_inferior=nested(non_inferior),
        margin=bound,
        level=level,
    )


def _limits(
    test: ArmWithGaps, reference: ArmWithGaps, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return the limits for all successes among the missing, by test (rows) and reference."""
    z = normal_quantile(check_level(level))
    if test.n == 0 or reference.n == 0:
        raise NotEstimableError(EMPTY_ARM)
    rows, columns = int(test.missing) + 1, int(reference.missing) + 1
    completed = TwoArms(
        test.x + np.repeat(np.arange(rows, dtype=np.float64), columns),
        np.full(rows * columns, test.n),
        reference.x + np.tile(np.arange(columns, dtype=np.float64), rows),
        np.full(rows * columns, reference.n),
    )
    low, high = difference_limits(completed, small_sample_factor(completed), z)
    return low.reshape(rows, columns), high.reshape(rows, columns)
