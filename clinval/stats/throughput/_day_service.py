"""Who is examined when: the next patient of every day at once, urgent patients first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinval.stats._checks import FloatArray, IntArray

__all__ = ["Served", "serve"]

_SLACK = 1e-9  # minutes: whoever waits for less does not wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Patients served, minutes of examination, of waiting, and the end of the last (by day)."""

    scheduled: FloatArray
    urgent: FloatArray
    last: FloatArray
    busy: FloatArray
    wait: FloatArray
    urgent_wait: FloatArray


def serve(
    *,
    appointments: tuple[FloatArray, FloatArray],
    urgent: tuple[FloatArray, FloatArray],
    at_once: int,
    begin_before: FloatArray,
    changeover: FloatArray,
) -> Served:
    """Serve the next patient of every day, until no day has one who may still begin.

    Parameters
    ----------
    appointments, urgent
        Times of arrival, which do not fall (infinite: nobody), and room minutes, days x patients.
        Who has 0 minutes did not come and is passed over.
    at_once
        Patients who can be examined at the same time.
    begin_before, changeover
        Minutes, one a day.

    Notes
    -----
    The times at which examinations begin do not fall from step to step, so a day is over when one
    would begin too late.
    """
    days = len(begin_before)
    free = np.zeros((days, at_once))
    row = np.arange(days)
    patients, emergencies = _Queue(*appointments), _Queue(*urgent)
    scheduled, first_served, last, busy, wait, urgent_wait = np.zeros((6, days))
    for _ in range(appointments[0].shape[1] + urgent[0].shape[1]):
        scanner = free.argmin(axis=1)
        idle = free[row, scanner]
        next_patient, next_urgent = patients.time(), emergencies.time()
        start = np.maximum(idle, np.minimum(next_patient, next_urgent))
        begins = start < begin_before
        if not begins.any():
            break
        first = begins & (next_urgent <= start)
        second = begins & ~first
        length = np.where(first, emergencies.length(), patients.length()) * begins
        examined = length > 0
        end = start + length + changeover * examined
        free[row, scanner] = np.where(begins, end, idle)
        last = np.where(examined, np.maximum(last, end), last)
        busy += length
        scheduled += second & examined
        first_served += first
        arrival = np.where(first, next_urgent, next_patient)
        waited = np.where(begins, start, 0.0) - np.where(begins, arrival, 0.0)
        waited[waited < _SLACK] = 0.0
        wait += waited * (second & examined)
        urgent_wait += waited * first
        patients.move_on(second)
        emergencies.move_on(first)
    return Served(
        scheduled=scheduled, urgent=first_served, last=last, busy=busy, wait=wait,
        urgent_wait=urgent_wait,
    )  # fmt: skip


class _Queue:
    """The patients of each day in the order in which they come, and who is next."""

    def __init__(self, times: FloatArray, lengths: FloatArray) -> None:
        nobody = ((0, 0), (0, 1))
        self._times = np.pad(times, nobody, constant_values=np.inf).ravel()
        self._lengths = np.pad(lengths, nobody).ravel()
        self._at: IntArray = np.arange(len(times), dtype=np.intp) * (times.shape[1] + 1)

    def time(self) -> FloatArray:
        return self._times[self._at]

    def length(self) -> FloatArray:
        return self._lengths[self._at]

    def move_on(self, served: NDArray[np.bool_]) -> None:
        self._at += served
