"""The hypothesis of an endpoint: read once from the protocol, decided by the interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clinval.protocol.endpoint import Margin

__all__ = ["Comparison", "Direction", "Hypothesis", "hypothesis"]

Comparison = Literal["non_inferiority", "equivalence", "superiority", "estimation"]
Direction = Literal["higher_is_better", "lower_is_better"]
Verdict = Literal["met", "not_met", "undefined", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What has to be shown of an effect (test minus, or over, reference).

    Attributes
    ----------
    above
        The lower limit of the interval has to lie above it; ``None`` where it does not matter.
    below
        The upper limit of the interval has to lie below it.
    null
        No effect: 0 for a difference, 1 for a ratio.
    """

    comparison: Comparison
    above: float | None
    below: float | None
    null: float

    def verdict(self, low: float | None, high: float | None) -> Verdict:
        """Decide by an interval; a limit that is needed and missing leaves it undefined.

        Examples
        --------
        >>> margin = Margin(value=0.05)
        >>> claim = hypothesis("non_inferiority", "higher_is_better", margin, ratio=False)
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
    def alternative(self) -> Literal["greater", "less", "two-sided"]:
        """Direction of the one-sided test that agrees with the verdict."""
        if self.above is not None and self.below is None:
            return "greater"
        return "less" if self.below is not None and self.above is None else "two-sided"

    @property
    def bound(self) -> float:
        """What the one-sided test tests against."""
        bound = self.above if self.above is not None else self.below
        return self.null if bound is None else bound


def hypothesis(
    comparison: Comparison, direction: Direction, margin: Margin | None, *, ratio: bool
) -> Hypothesis:
    """Return the hypothesis that a protocol declares.

    The margin of a difference is the size of the loss; its sign follows from the direction. The
    margin of a ratio is the ratio itself. Equivalence on a ratio is symmetric on the log scale.
    """
    null = 1.0 if ratio else 0.0
    value = None if margin is None else margin.value
    above: float | None = None
    below: float | None = None
    higher = direction == "higher_is_better"
    if comparison == "superiority":
        # with a margin, the effect itself has to be as large as claimed
        bound = null if value is None else value if ratio or higher else -value
        above, below = (bound, None) if higher else (None, bound)
    elif comparison == "non_inferiority" and value is not None:
        bound = value if ratio else -value if higher else value
        above, below = (bound, None) if higher else (None, bound)
    elif comparison == "equivalence" and value is not None:
        above, below = _symmetric(value, ratio=ratio)
    return Hypothesis(comparison=comparison, above=above, below=below, null=null)


def _symmetric(value: float, *, ratio: bool) -> tuple[float, float]:
    if not ratio:
        return -value, value
    return min(value, 1 / value), max(value, 1 / value)
