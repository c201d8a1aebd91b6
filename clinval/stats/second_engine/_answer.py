"""What the roads of the second engine give back."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "EMPTY_ARM",
    "LOG_ZERO",
    "MOST_CENTERS",
    "NO_PAIR",
    "NO_RESULT",
    "NO_STRATA",
    "OUT_OF_REACH",
    "RATIO_INFINITE",
    "RATIO_UNDEFINED",
    "TOO_MANY_CATEGORIES",
    "TOO_MANY_CENTERS",
    "TOO_MANY_SUBJECTS",
    "Answer",
    "without_limits",
]

EMPTY_ARM = "an arm has no subject"
NO_PAIR = "no pair"
NO_STRATA = "no stratum has subjects in both arms"
LOG_ZERO = "the logarithm of 0 is infinite"
RATIO_INFINITE = "the ratio is infinite"
RATIO_UNDEFINED = "the ratio is 0/0"

TOO_MANY_SUBJECTS = "too many subjects for the second engine"
TOO_MANY_CENTERS = "too many centers for the second engine"
TOO_MANY_CATEGORIES = "too many categories for the second engine"
NO_RESULT = "the second engine came to no result"

MOST_CENTERS = 1_000  # or strata, where each has to be searched or takes a row of a matrix

# Reasons that say something of the second engine, not of the data: there is no second result that
# the first could agree with.
OUT_OF_REACH = frozenset({TOO_MANY_SUBJECTS, TOO_MANY_CENTERS, TOO_MANY_CATEGORIES, NO_RESULT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An estimate with its limits, None where there is none, and why."""

    estimate: float | None
    low: float | None
    high: float | None
    n: int
    reason: str = ""


def without_limits(reason: str, n: int, estimate: float | None = None) -> Answer:
    """Return the answer that there is no interval, and perhaps no estimate, and why."""
    return Answer(estimate=estimate, low=None, high=None, n=n, reason=reason)
