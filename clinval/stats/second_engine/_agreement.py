"""Whether two engines say the same."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clinval.core.results import Estimate

__all__ = ["agrees"]

_ROUNDING = 1e-12  # what is left of a 0


def agrees(first: Estimate, again: Estimate, tolerance: float) -> tuple[bool, float | None]:
    """Return whether two results agree, and how far apart their numbers are at most.

    Parameters
    ----------
    first, again
        Two results of the same question: estimate, ``ci_low`` and ``ci_high`` are compared.
    tolerance
        The largest difference that counts as agreement, as a share of the number; of a limit
        also as a share of its distance from the estimate, and of the estimate as a share of its
        distance from the nearer limit, so that numbers near 0 are not held to more digits than
        the interval has.

    Returns
    -------
    tuple[bool, float | None]
        True when the same numbers have a value and each differs by no more than the tolerance.
        The largest absolute difference is taken over the numbers that both have, None if there
        is no such number.

    Examples
    --------
    >>> from clinval.core.results import Estimate
    >>> first = Estimate(method="m.f", estimate=0.2, ci_low=0.052830, ci_high=0.338173)
    >>> again = Estimate(method="m.g", estimate=0.2, ci_low=0.052552, ci_high=0.338173)
    >>> agreed, difference = agrees(first, again, 1e-6)
    >>> agreed, round(difference, 6)
    (False, 0.000278)
    """
    pairs = list(zip(_numbers(first), _numbers(again), _scales(first), strict=True))
    same = all((a is None) == (b is None) for a, b, _ in pairs)
    largest: float | None = None
    for a, b, scale in pairs:
        if a is None or b is None:
            continue
        difference = abs(a - b)
        largest = difference if largest is None else max(largest, difference)
        within = difference <= tolerance * max(scale, abs(a), abs(b)) + _ROUNDING
        same = same and within and math.isfinite(difference)
    return same, largest


def _numbers(result: Estimate) -> tuple[float | None, float | None, float | None]:
    return result.estimate, result.ci_low, result.ci_high


def _scales(result: Estimate) -> tuple[float, float, float]:
    """Return the distances between estimate and limits that tell what a small number is."""
    estimate, low, high = _numbers(result)
    below = 0.0 if estimate is None or low is None else abs(estimate - low)
    above = 0.0 if estimate is None or high is None else abs(high - estimate)
    return min(below, above), below, above
