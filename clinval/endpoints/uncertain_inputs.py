"""Inputs that an endpoint declares, as the numbers and distributions that statistics take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from clinval.endpoints.business_case import distribution
from clinval.protocol.economics import Input

if TYPE_CHECKING:
    from clinval.stats.roi.uncertain import Uncertain

__all__ = ["distributions"]


def distributions(
    inputs: Iterable[tuple[str, Input]],
) -> tuple[dict[str, float], dict[str, Uncertain]]:
    """Return the values of inputs by name, and the distributions of those that have limits."""
    values: dict[str, float] = {}
    found: dict[str, Uncertain] = {}
    for name, entered in inputs:
        values[name] = float(entered.value)
        made = distribution(entered)
        if made is not None:
            found[name] = made
    return values, found
