"""A result computed a second time, in another way, when the study is analyzed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clinval.endpoints.clusters import NO_WIDTH, with_width

if TYPE_CHECKING:
    from clinval.core.results import Estimate
    from clinval.endpoints.recorder import Recorder

__all__ = ["recompute"]

_ROUNDING = 1e-9  # of an interval without width, computed in another way
_GROUP = {"engine": "second"}


def recompute(
    first: Estimate,
    call: str,
    arguments: tuple[Any, ...],
    options: Mapping[str, Any],
    *,
    recorder: Recorder,
    unit: str,
    n: int,
) -> None:
    """Record what the second engine gives, and whether it agrees with the first.

    Parameters
    ----------
    first
        What the method gave.
    call, arguments, options
        The method, and what it was given.
    recorder, unit, n
        Where the records go, the unit of the result and how many stand behind it.
    """
    from clinval.stats.second_engine import OUT_OF_REACH, agrees, second_engine

    engine = second_engine(call)
    if engine is None:
        reason = "no second engine computes this method"
        recorder.add("second_engine", None, n=n, reason=reason)
        return
    again = engine(*arguments, **options)
    if first.reason == NO_WIDTH:
        again = with_width(again, _ROUNDING)
    limits = dict.fromkeys(("estimate", "ci_low", "ci_high"), unit)
    recorder.result(again, limits, group=_GROUP, n=n)
    if again.reason in OUT_OF_REACH:
        recorder.add("second_engine", None, n=n, reason=again.reason, method=again.method)
        return
    same, difference = agrees(first, again, engine.tolerance)
    word = "agrees" if same else "disagrees"
    recorder.add("second_engine", word, n=n, method=again.method)
    reason = "a number that is undefined cannot be compared"
    recorder.add(
        "second_engine_difference",
        difference,
        unit=unit,
        n=n,
        method=again.method,
        reason=reason,
    )
