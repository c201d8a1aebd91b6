"""The Weibull distribution of components' lives, with limits that suit the number of failures."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from clinval.endpoints.components import Clock, Lives, numbers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.endpoints.kind import Context
    from clinval.stats.reliability.survival import WeibullFit

__all__ = ["ends_of", "record_distribution"]

_LIMITS = ("", "_ci_low", "_ci_high")


def ends_of(
    lives: Lives, rule: str | None, form: str, context: Context
) -> NDArray[np.float64] | None:
    """Return where the observation of each life ends, or would have ended; NaN where unknown."""
    import numpy as np

    if rule is None:
        return None
    told = numbers(rule, context.data, form)[lives.row]
    return np.where(lives.event == 1, np.maximum(told, lives.time), lives.time)


def record_distribution(
    given: tuple[Any, Any, Any],
    ends: NDArray[np.float64] | None,
    clock: Clock,
    group: dict[str, str],
    level: float,
    few: int,
    context: Context,
) -> None:
    """Record the distribution of some lives: time, event, entry, and where observation ends.

    Where it is known of every failure where observation would have ended, and there are fewer than
    ``few``, the limits are those of a parametric bootstrap; profile likelihood otherwise, and where
    too many of the simulated studies would have no estimate.
    """
    import numpy as np

    from clinval.stats.reliability import survival

    (time, event, entry), recorder, n = given, context.recorder, len(given[0])
    unknown = 0 if ends is None else int(np.isnan(ends).sum())
    if ends is not None:
        recorder.add("no_limit", unknown, group=group, unit="components", n=n)
    fit: WeibullFit = survival.weibull_profile(time, event, entry=entry, level=level)
    if ends is not None and not unknown and not fit.undefined and event.sum() < few:
        seed = zlib.crc32(f"{context.seed}.{sorted(group.items())}".encode())
        drawn = survival.weibull_bootstrap(time, event, ends, entry=entry, level=level, seed=seed)
        fit = fit if drawn.undefined else drawn
    units = {f"shape{limit}": "" for limit in _LIMITS}
    units |= {f"{name}{limit}": clock.unit for name in ("scale", "b10") for limit in _LIMITS}
    units["mean_time_to_failure"] = clock.unit
    recorder.result(fit, units, rename={"mean_time_to_failure": "mean_life"}, group=group, n=n)
