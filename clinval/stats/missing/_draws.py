"""What imputations by random numbers ask for: a seed, how many, and how long their chains are."""

from __future__ import annotations

import math

from clinval.stats._checks import count

__all__ = ["chain_steps", "number_of_imputations", "seed_of"]

_NEAR = 1e-4  # of its start, how far a chain may still be from its posterior
_MOST_STEPS = 1000  # enough where one of a hundred pairs is complete


def seed_of(seed: int) -> int:
    """Return a seed, a count."""
    return int(count("seed", seed))


def number_of_imputations(imputations: int) -> int:
    """Return the number of imputed data sets, 2 or more."""
    number = int(count("imputations", imputations))
    if number < 2:
        raise ValueError(f"imputations must be 2 or more, not {number}")
    return number


def chain_steps(complete: float, partial: float) -> int:
    """Return how many steps of data augmentation bring a chain to its posterior.

    With each step its distance falls by the largest fraction of missing information, which is no
    more than the share of pairs with one result among those with any.
    """
    if partial == 0:
        return 0
    share = partial / (complete + partial)
    return min(_MOST_STEPS, math.ceil(math.log(_NEAR) / math.log(share)))
