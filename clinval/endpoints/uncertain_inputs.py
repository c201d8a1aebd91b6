"""Inputs that a protocol declares, as the numbers and distributions that statistics take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from clinval.protocol.economics import Input, Uncertain as Entered

if TYPE_CHECKING:
    from clinval.stats.roi.uncertain import Uncertain

__all__ = ["distributions"]


def distributions(
    inputs: Iterable[tuple[str, Input]],
) -> tuple[dict[str, float], dict[str, Uncertain]]:
    """Return the values of inputs by name, and the distributions of those that have limits."""
    from clinval.stats.roi import uncertain

    values: dict[str, float] = {}
    found: dict[str, Uncertain] = {}
    for name, entered in inputs:
        values[name] = float(entered.value)
        if isinstance(entered, Entered) and entered.low is not None and entered.high is not None:
            make = getattr(uncertain, entered.distribution)
            found[name] = make(entered.value, entered.low, entered.high)
    return values, found
