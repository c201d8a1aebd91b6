"""Tables of verdicts: what a map of limits says of a margin, and how a result holds it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinval.stats._checks import FloatArray

__all__ = ["ONE_SIDED", "nested", "shown"]

ONE_SIDED = ("greater", "less")


def shown(low: FloatArray, high: FloatArray, margin: float, alternative: str) -> NDArray[np.bool_]:
    """Return where an interval lies beyond the margin."""
    return low > margin if alternative == "greater" else high < margin


def nested(table: NDArray[Any]) -> tuple[tuple[Any, ...], ...]:
    """Return a table as a tuple of its rows."""
    return tuple(map(tuple, table.tolist()))
