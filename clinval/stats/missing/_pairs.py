"""Pairs of a binary result: known in both arms, in one of them, or in neither."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinval.stats._checks import FloatArray, count

__all__ = ["PairsWithGaps", "pairs_with_gaps"]


@dataclass(frozen=True, slots=True)
class PairsWithGaps:
    """Pairs by the result of the test, then of the reference: 1, 0, or m where it is missing."""

    n11: float
    n10: float
    n01: float
    n00: float
    nm1: float
    nm0: float
    n1m: float
    n0m: float
    nmm: float

    @property
    def cells(self) -> FloatArray:
        """The pairs with both results, 11, 10, 01 and 00, shape (4, 1)."""
        return np.array([self.n11, self.n10, self.n01, self.n00])[:, None]

    @property
    def complete(self) -> float:
        """Pairs with both results."""
        return self.n11 + self.n10 + self.n01 + self.n00

    @property
    def partial(self) -> float:
        """Pairs with one result."""
        return self.nm1 + self.nm0 + self.n1m + self.n0m

    @property
    def n(self) -> float:
        """All pairs."""
        return self.complete + self.partial + self.nmm

    @property
    def positive(self) -> tuple[float, float]:
        """Known successes of the test and of the reference."""
        return self.n11 + self.n10 + self.n1m, self.n11 + self.n01 + self.nm1

    @property
    def missing(self) -> tuple[float, float]:
        """Missing results of the test and of the reference."""
        return self.nm1 + self.nm0 + self.nmm, self.n1m + self.n0m + self.nmm


def pairs_with_gaps(
    n11: int,
    n10: int,
    n01: int,
    n00: int,
    nm1: int,
    nm0: int,
    n1m: int,
    n0m: int,
    nmm: int,
) -> PairsWithGaps:
    """Return the checked counts."""
    return PairsWithGaps(
        count("n11", n11),
        count("n10", n10),
        count("n01", n01),
        count("n00", n00),
        count("nm1", nm1),
        count("nm0", nm0),
        count("n1m", n1m),
        count("n0m", n0m),
        count("nmm", nmm),
    )
