"""Times to events: the checks they need, and the table of who was at risk when events came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import NotEstimableError, check_same_length, sample

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray, Numbers

__all__ = ["events_and_risk", "subjects"]


def subjects(time: Numbers, status: Numbers) -> tuple[FloatArray, FloatArray]:
    """Return the times and whether each ended in an event (1) or not (0)."""
    times, events = sample("time", time), sample("status", status)
    check_same_length(time=times, status=events)
    if (times < 0).any():
        raise ValueError(f"time holds {times.min():g}; a time must not be below 0")
    if not np.isin(events, (0.0, 1.0)).all():
        raise ValueError("status must be 1 (event) or 0 (censored)")
    return times, events


def events_and_risk(
    times: FloatArray, events: FloatArray, groups: IntArray, number: int
) -> tuple[FloatArray, FloatArray]:
    """Return the events and the subjects at risk, a row a distinct event time, a column a group.

    A subject censored at the time of an event was still at risk.
    """
    at = np.unique(times[events == 1])
    if len(at) == 0:
        raise NotEstimableError("no event")
    died = np.zeros((len(at), number))
    np.add.at(died, (np.searchsorted(at, times[events == 1]), groups[events == 1]), 1)
    # everybody is at risk from the first event time to the last that is not after his own
    last = np.searchsorted(at, times, "right") - 1
    ended = np.zeros((len(at), number))
    np.add.at(ended, (last[last >= 0], groups[last >= 0]), 1)
    return died, ended[::-1].cumsum(axis=0)[::-1]
