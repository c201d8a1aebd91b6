"""Successes, subjects with a result and subjects without, by arm."""

from __future__ import annotations

from dataclasses import dataclass

from clinval.stats._checks import count, successes

__all__ = ["ArmWithGaps", "arms_with_gaps"]


@dataclass(frozen=True, slots=True)
class ArmWithGaps:
    """Successes and subjects with a result, and subjects without."""

    x: float
    observed: float
    missing: float

    @property
    def n(self) -> float:
        """All subjects of the arm."""
        return self.observed + self.missing


def arms_with_gaps(
    x1: int, observed1: int, missing1: int, x2: int, observed2: int, missing2: int
) -> tuple[ArmWithGaps, ArmWithGaps]:
    """Return the checked counts of the test arm and the reference arm."""
    return (
        ArmWithGaps(*successes("x1", x1, "observed1", observed1), count("missing1", missing1)),
        ArmWithGaps(*successes("x2", x2, "observed2", observed2), count("missing2", missing2)),
    )
