"""What imputations by random numbers ask for: a seed and how many."""

from __future__ import annotations

from clinval.stats._checks import count

__all__ = ["number_of_imputations", "seed_of"]


def seed_of(seed: int) -> int:
    """Return a seed, a count."""
    return int(count("seed", seed))


def number_of_imputations(imputations: int) -> int:
    """Return the number of imputed data sets, 2 or more."""
    number = int(count("imputations", imputations))
    if number < 2:
        raise ValueError(f"imputations must be 2 or more, not {number}")
    return number
