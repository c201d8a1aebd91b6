"""The hypothesis of an endpoint: read once from the protocol, decided by the interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from clinval.core.results import TestResult
from clinval.protocol.endpoint import Margin

if TYPE_CHECKING:
    from clinval.core.results import Estimate

__all__ = [
    "Comparison",
    "Direction",
    "Hypothesis",
    "Scale",
    "Side",
    "Verdict",
    "hypothesis",
    "inverted_test",
]

Comparison = Literal["non_inferiority", "equivalence", "superiority", "estimation"]
Direction = Literal["higher_is_better", "lower_is_better"]
Verdict = Literal["met", "not_met", "undefined", "none"]
Side = Literal["greater", "less"]
Scale = Literal["difference", "ratio", "probability"]

_NO_EFFECT: dict[Scale, float] = {"difference": 0.0, "ratio": 1.0, "probability": 0.5}

# Standard errors between which a limit is sought: levels of nearly 0 and, in the last digits, 1.
_NEAREST, _FURTHEST = 1e-6, 7.0
_OUTSIDE = 1e300


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What has to be shown of an effect (test minus, or over, reference).

    Test, interval, verdict, figure, number of subjects and sentence are all read from it.

    Attributes
    ----------
    above
        The lower limit of the interval has to lie above it; ``None`` where it does not matter.
    below
        The upper limit of the interval has to lie below it.
    null
        No effect: 0 for a difference, 1 for a ratio, 1/2 for a probability.
    level
        Two-sided level of the deciding interval; each side is tested at (1 - level)/2.
    """

    comparison: Comparison
    above: float | None
    below: float | None
    null: float
    level: float = 0.95

    def verdict(self, low: float | None, high: float | None) -> Verdict:
        """Decide by an interval; a limit that is needed and missing leaves it undefined.

        Examples
        --------
        >>> margin = Margin(value=0.05)
        >>> claim = hypothesis("non_inferiority", "higher_is_better", margin)
        >>> claim.above, claim.verdict(-0.04, 0.02), claim.verdict(-0.05, 0.02)
        (-0.05, 'met', 'not_met')
        """
        if self.above is None and self.below is None:
            return "none"
        needed = [(self.above, low, 1.0), (self.below, high, -1.0)]
        asked = [(bound, limit, sign) for bound, limit, sign in needed if bound is not None]
        if any(limit is None for _, limit, _ in asked):
            return "undefined"
        met = all(sign * (limit - bound) > 0 for bound, limit, sign in asked if limit is not None)
        return "met" if met else "not_met"

    @property
    def alpha(self) -> float:
        """The one-sided level of each test."""
        return (1 - self.level) / 2

    @property
    def sides(self) -> tuple[tuple[Side, float], ...]:
        """The one-sided tests that agree with the verdict, each with what it tests against."""
        above: tuple[tuple[Side, float], ...] = (
            () if self.above is None else (("greater", self.above),)
        )
        below: tuple[tuple[Side, float], ...] = (
            () if self.below is None else (("less", self.below),)
        )
        return above + below

    @property
    def alternative(self) -> Literal["greater", "less", "two-sided"]:
        """Direction of the one-sided test that agrees with the verdict."""
        return self.sides[0][0] if len(self.sides) == 1 else "two-sided"

    @property
    def bound(self) -> float:
        """What the one-sided test tests against."""
        return self.sides[0][1] if self.sides else self.null


def hypothesis(
    comparison: Comparison,
    direction: Direction,
    margin: Margin | None,
    *,
    scale: Scale = "difference",
    level: float = 0.95,
) -> Hypothesis:
    """Return the hypothesis that a protocol declares.

    The margin of a difference is the size of the loss; its sign follows from the direction. The
    margin of a ratio is the ratio itself; that of a probability its distance from 1/2.
    Equivalence on a ratio is symmetric on the log scale.
    """
    null, ratio = _NO_EFFECT[scale], scale == "ratio"
    value = None if margin is None else margin.value
    above: float | None = None
    below: float | None = None
    higher = direction == "higher_is_better"
    if comparison == "superiority":
        # with a margin, the effect itself has to be as large as claimed
        bound = null if value is None else value if ratio else null + (value if higher else -value)
        above, below = (bound, None) if higher else (None, bound)
    elif comparison == "non_inferiority" and value is not None:
        bound = value if ratio else null + (-value if higher else value)
        above, below = (bound, None) if higher else (None, bound)
    elif comparison == "equivalence" and value is not None:
        above, below = (
            (min(value, 1 / value), max(value, 1 / value))
            if ratio
            else (null - value, null + value)
        )
    return Hypothesis(comparison=comparison, above=above, below=below, null=null, level=level)


def inverted_test(interval: Callable[[float], Estimate], side: Side, bound: float) -> TestResult:
    """Return the one-sided test that agrees with an interval, under the interval's name.

    Its p value is (1 - level)/2 at the level at which the limit falls on the bound; where the
    data lie on the wrong side of it, the complement, by the other limit.

    Parameters
    ----------
    interval
        Returns the interval at a two-sided level; its limits move outwards with the level.
    side, bound
        The alternative, and what is tested against.

    Examples
    --------
    >>> from clinval.stats.comparison import risk_difference
    >>> def interval(level):
    ...     return risk_difference.farrington_manning(85, 100, 88, 100, level=level)
    >>> found = inverted_test(interval, "greater", -0.1)
    >>> test = risk_difference.farrington_manning_test(85, 100, 88, 100, margin=-0.1)
    >>> abs(found.p_value - test.p_value) < 1e-9
    True
    """
    from scipy.optimize import brentq

    def beyond(z: float, *, near: bool) -> float:
        """Return how far a limit lies beyond the bound; one without a value lies far outside."""
        result = interval(math.erf(z / math.sqrt(2)))
        limit = result.ci_low if near == (side == "greater") else result.ci_high
        if limit is None or not math.isfinite(limit):
            return -_OUTSIDE if near else _OUTSIDE
        return limit - bound if side == "greater" else bound - limit

    narrow = interval(math.erf(_NEAREST / math.sqrt(2)))
    if narrow.ci_low is None or narrow.ci_high is None:
        return TestResult(method=narrow.method, p_value=None, undefined=True, reason=narrow.reason)
    shown = beyond(_NEAREST, near=True) > 0
    if not shown and beyond(_NEAREST, near=False) >= 0:
        return TestResult(
            method=narrow.method,
            p_value=None,
            undefined=True,
            reason="the bound lies inside the interval at every level",
        )
    sign = 1 if shown else -1
    if sign * beyond(_FURTHEST, near=shown) > 0:
        z = _FURTHEST
    else:
        z = brentq(lambda z: beyond(z, near=shown), _NEAREST, _FURTHEST, xtol=1e-12)
    tail = math.erfc(z / math.sqrt(2)) / 2
    return TestResult(method=narrow.method, p_value=tail if shown else 1 - tail)
