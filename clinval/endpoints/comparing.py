"""Everything that is recorded of a comparison of two arms, in the order it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinval.endpoints.beside import (
    record_also_methods,
    record_not_in_sets,
    record_second_engine,
)
from clinval.endpoints.center_models import record_heterogeneity, record_other_model
from clinval.endpoints.subgroups import record_subgroups
from clinval.endpoints.two_arms import Comparison

if TYPE_CHECKING:
    from clinval.core.results import Estimate

__all__ = ["record_comparison"]


def record_comparison(comparison: Comparison) -> Estimate:
    """Record the result, its second engine, centers, other methods, subgroups, and sets."""
    result = comparison.result()
    record_second_engine(comparison, result)
    alone = comparison.centers()
    record_heterogeneity(comparison, alone)
    record_other_model(comparison, alone)
    record_also_methods(comparison, alone)
    record_subgroups(comparison)
    record_not_in_sets(comparison)
    return result
