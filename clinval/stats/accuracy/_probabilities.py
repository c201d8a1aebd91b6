"""Predicted probabilities beside the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from clinval.stats._checks import Numbers
from clinval.stats.accuracy._placements import read_scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray

__all__ = ["NO_SUBJECT", "Probabilities", "read_probabilities"]

NO_SUBJECT = "no subject"


class Probabilities(NamedTuple):
    """Truth and predicted probability of the subjects that have one."""

    diseased: NDArray[np.bool_]
    probability: FloatArray
    dropped: int


def read_probabilities(truth: Numbers, probability: Numbers) -> Probabilities:
    """Return truth and probabilities; ``None`` is no probability and drops the subject."""
    data = read_scores(truth, probability=probability)
    values = data.scores[0]
    if ((values < 0) | (values > 1)).any():
        raise ValueError("probability must lie between 0 and 1")
    return Probabilities(data.diseased, values, data.dropped)
