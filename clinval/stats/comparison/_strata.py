"""Two arms in strata such as sites: what every method of them takes and gives."""

from __future__ import annotations

from dataclasses import dataclass

from clinval.core.results import Estimate
from clinval.stats._checks import Counts, FloatArray, check_same_length, counts
from clinval.stats._score import TwoArms

__all__ = [
    "NO_STRATA",
    "ONE_STRATUM",
    "StandardErrorEstimate",
    "mantel_haenszel_weights",
    "strata_of",
    "subjects",
]

NO_STRATA = "no stratum has subjects in both arms"
ONE_STRATUM = "fewer than two strata with subjects in both arms"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardErrorEstimate(Estimate):
    """An estimate with its standard error ``se``."""

    se: float | None = None


def strata_of(x1: Counts, n1: Counts, x2: Counts, n2: Counts) -> TwoArms:
    """Return the strata that have subjects in both arms."""
    a, m, b, k = counts("x1", x1), counts("n1", n1), counts("x2", x2), counts("n2", n2)
    check_same_length(x1=a, n1=m, x2=b, n2=k)
    if (a > m).any() or (b > k).any():
        raise ValueError("a stratum has more successes than subjects in an arm")
    used = (m > 0) & (k > 0)
    return TwoArms(a[used], m[used], b[used], k[used])


def subjects(strata: TwoArms) -> int:
    """Return how many subjects the strata have."""
    return int((strata.n1 + strata.n2).sum())


def mantel_haenszel_weights(strata: TwoArms) -> FloatArray:
    """Return n1 n2/N of each stratum."""
    return strata.n1 * strata.n2 / (strata.n1 + strata.n2)
