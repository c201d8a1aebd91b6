"""Lives of components as the reliability statistics need them, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import check_same_length, sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, Numbers

__all__ = ["Lives", "positive_lives", "read_lives"]


@dataclass(frozen=True, slots=True)
class Lives:
    """Times at the end of observation, whether each was a failure, and when observation began.

    ``entry`` is None where every unit was observed from the beginning, which an entry of 0 means.
    """

    time: FloatArray
    event: FloatArray
    entry: FloatArray | None

    @property
    def failures(self) -> FloatArray:
        """Return the failure times, as they come."""
        failures: FloatArray = self.time[self.event == 1]
        return failures

    def of(self, chosen: NDArray[np.bool_]) -> Lives:
        """Return the lives of some units."""
        entry = None if self.entry is None else self.entry[chosen]
        return Lives(self.time[chosen], self.event[chosen], entry)


def read_lives(time: Numbers, event: Numbers, entry: Numbers | None) -> Lives:
    """Return checked lives; an entry after time 0 must lie before the end of its observation."""
    times, events = sample("time", time), sample("event", event)
    check_same_length(time=times, event=events)
    if (times < 0).any():
        raise ValueError(f"time holds {times.min():g}; a time must not be below 0")
    if not np.isin(events, (0.0, 1.0)).all():
        raise ValueError("event must be 1 (failure) or 0 (censored)")
    if entry is None:
        return Lives(times, events, None)
    entries = sample("entry", entry)
    check_same_length(time=times, entry=entries)
    if (entries < 0).any():
        raise ValueError(f"entry holds {entries.min():g}; a time must not be below 0")
    late = (entries >= times) & (entries > 0)
    if late.any():
        raise ValueError(
            f"an observation that ends at {times[late][0]:g} must begin before it, "
            f"not at {entries[late][0]:g}"
        )
    return Lives(times, events, entries if entries.any() else None)


def positive_lives(time: Numbers, event: Numbers, entry: Numbers | None) -> Lives:
    """Return checked lives of which none ends at 0, where a Weibull life has no density."""
    lives = read_lives(time, event, entry)
    if (lives.time == 0).any():
        raise ValueError("time holds 0; a Weibull life must be above 0")
    return lives
