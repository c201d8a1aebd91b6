"""Counts of two tests in the same subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinval.stats._checks import Counts, counts

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["paired_cells"]


def paired_cells(name: str, values: Counts) -> FloatArray:
    """Return [both, test only, reference only, neither], counts of positive results."""
    cells = counts(name, values)
    if len(cells) != 4:
        raise ValueError(f"{name} must be [positive with both, test only, reference only, neither]")
    return cells
