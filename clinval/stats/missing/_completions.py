"""Missing results of a binary outcome: all that they may have been."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from clinval.core.results import Estimate, Result
from clinval.stats._checks import (
    Counts,
    FloatArray,
    NotEstimableError,
    check_level,
    check_option,
    counts,
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
    "Cells",
    "TippingMapBinary",
    "TippingPoint",
    "binary_map",
    "successes_to_try",
    "tipping_map_binary",
    "tipping_point",
    "worst_case",
]

# estimates, lower and upper limits, one a cell
Cells: TypeAlias = tuple[FloatArray, FloatArray, FloatArray]


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
    """Estimate, limits and verdict for completions of the data.

    A row is a number of successes among the missing of the test arm, a column one among those of
    the reference arm.
    """

    successes_test: tuple[int, ...]
    successes_reference: tuple[int, ...]
    n_cells: int
    n_non_inferior: int | None
    estimate: tuple[tuple[float, ...], ...] | None
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
    bound, rows, columns = margin_in(-1, 1, margin), *(int(arm.missing) + 1 for arm in arms)
    cells = rows * columns
    check_level(level)
    try:
        s1, s2 = np.divmod(np.arange(float(cells)), columns)
        low = _limits(_completed(*arms, s1, s2), level)[0].reshape(rows, columns)
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
    successes_test: Counts | None = None,
    successes_reference: Counts | None = None,
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
    successes_test, successes_reference
        Numbers of successes to be tried among the missing of each arm (lists of counts); None
        tries all of them.

    Returns
    -------
    TippingMapBinary
        ``estimate``, ``ci_low``, ``ci_high`` and ``non_inferior``, each with a row for every
        number of successes in the test arm and a column for every one in the reference arm;
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
    test, reference = arms_with_gaps(x1, observed1, missing1, x2, observed2, missing2)
    rows = successes_to_try("successes_test", successes_test, test.missing)
    columns = successes_to_try("successes_reference", successes_reference, reference.missing)

    def cells(s1: FloatArray, s2: FloatArray) -> Cells:
        completed = _completed(test, reference, s1, s2)
        low, high = _limits(completed, level)
        return completed.difference, low, high

    return binary_map(
        "tipping_map_binary",
        rows,
        columns,
        cells,
        margin=margin,
        level=level,
        alternative=alternative,
    )


def successes_to_try(name: str, successes: Counts | None, missing: float) -> FloatArray:
    """Return numbers of successes among the missing, by default all that there may be."""
    if successes is None:
        return np.arange(missing + 1)
    tried = counts(name, successes)
    if (tried > missing).any():
        raise ValueError(f"{name} holds {tried.max():g}, but {missing:g} results are missing")
    return tried


def binary_map(
    function: str,
    rows: FloatArray,
    columns: FloatArray,
    cells: Callable[[FloatArray, FloatArray], Cells],
    *,
    margin: float,
    level: float,
    alternative: str,
) -> TippingMapBinary:
    """Return the map of all pairs of a row and a column; ``cells`` computes them in one go."""
    check_option("alternative", alternative, ONE_SIDED)
    bound = margin_in(-1, 1, margin)
    check_level(level)
    method = f"missing_data.{function}"
    axes = [tuple(map(int, axis.tolist())) for axis in (rows, columns)]
    shape = len(rows), len(columns)
    try:
        computed = cells(np.repeat(rows, shape[1]), np.tile(columns, shape[0]))
    except NotEstimableError as problem:
        return TippingMapBinary(
            method=method,
            successes_test=axes[0],
            successes_reference=axes[1],
            n_cells=shape[0] * shape[1],
            n_non_inferior=None,
            estimate=None,
            ci_low=None,
            ci_high=None,
            non_inferior=None,
            margin=bound,
            level=level,
            undefined=True,
            reason=problem.reason,
        )
    estimate, low, high = (values.reshape(shape) for values in computed)
    non_inferior = shown(low, high, bound, alternative)
    return TippingMapBinary(
        method=method,
        successes_test=axes[0],
        successes_reference=axes[1],
        n_cells=shape[0] * shape[1],
        n_non_inferior=int(non_inferior.sum()),
        estimate=nested(estimate),
        ci_low=nested(low),
        ci_high=nested(high),
        non_inferior=nested(non_inferior),
        margin=bound,
        level=level,
    )


def _completed(
    test: ArmWithGaps, reference: ArmWithGaps, s1: FloatArray, s2: FloatArray
) -> TwoArms:
    """Return the tables with so many successes among the missing of each arm."""
    if test.n == 0 or reference.n == 0:
        raise NotEstimableError(EMPTY_ARM)
    return TwoArms(
        test.x + s1, np.full(len(s1), test.n), reference.x + s2, np.full(len(s2), reference.n)
    )


def _limits(completed: TwoArms, level: float) -> tuple[FloatArray, FloatArray]:
    """Return the limits of Miettinen and Nurminen."""
    z = normal_quantile(check_level(level))
    return difference_limits(completed, small_sample_factor(completed), z)
