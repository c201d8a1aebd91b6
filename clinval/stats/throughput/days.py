"""Days of a scanner, simulated: slots, no-shows, urgent patients, overtime; all are counted.

Days are computed side by side: one step serves the next patient of every day at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinval.stats._checks import FloatArray
from clinval.stats.throughput._day_service import serve

__all__ = ["Chance", "Days", "Plan", "draw_chance", "simulate"]

_SLACK = 1e-9  # minutes: what begins at closing but for rounding begins at closing


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a day is planned; each number is one for all days or an array of one a day.

    Attributes
    ----------
    open_time
        Minutes that the scanner is open.
    slot_time
        Minutes from one appointment to the next.
    slots
        Appointment times of the day on one scanner (count).
    booked
        Patients booked on one scanner. More than the slots are spread evenly over them, two at
        one time; fewer fill the slots from the morning. A part of a patient is one on that share
        of the days.
    exam_time
        Mean room minutes of an examination, above 0.
    exam_cv
        Standard deviation of the room minutes over their mean (log-normal).
    changeover
        Minutes from one patient out to the next in.
    no_show
        Probability that a booked patient does not come.
    urgent
        Patients a day who come without an appointment, at random times (Poisson), and go first;
        a running examination is not broken off.
    overtime_limit
        Minutes after closing before which an examination may still begin.
    scanners, teams
        Scanners, and teams that run them: so many patients at once as there are of the fewer.
        Every scanner has its own slots; whoever comes next takes the scanner that is free first.
    """

    open_time: float | FloatArray
    slot_time: float | FloatArray
    slots: float | FloatArray
    booked: float | FloatArray
    exam_time: float | FloatArray
    exam_cv: float | FloatArray = 0.0
    changeover: float | FloatArray = 0.0
    no_show: float | FloatArray = 0.0
    urgent: float | FloatArray = 0.0
    overtime_limit: float | FloatArray = 0.0
    scanners: int = 1
    teams: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """What is left to chance; two plans on the same chance are compared on the same days.

    Attributes
    ----------
    booking
        Uniform, one a day: whether a part of a patient is one.
    show, length
        Uniform and standard normal, days x booked patients.
    arrival
        Running sums of unit exponentials, days x urgent patients.
    urgent_length
        Standard normal, days x urgent patients.
    """

    booking: FloatArray
    show: FloatArray
    length: FloatArray
    arrival: FloatArray
    urgent_length: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """What became of each day's patients (arrays, one a day).

    ``booked`` = ``no_shows`` + served and turned away; ``overtime`` is the time from closing until
    the last changeover is over; ``work`` the room minutes that all who came need, ``busy`` those of
    the examinations that were made, on all scanners; ``wait`` the waiting minutes of all who were
    served together.
    """

    booked: FloatArray
    no_shows: FloatArray
    served: FloatArray
    turned_away: FloatArray
    urgent_served: FloatArray
    urgent_turned_away: FloatArray
    overtime: FloatArray
    work: FloatArray
    busy: FloatArray
    wait: FloatArray
    urgent_wait: FloatArray


def draw_chance(generator: np.random.Generator, days: int, plans: tuple[Plan, ...]) -> Chance:
    """Draw what is left to chance on ``days`` days, enough of it for each of the plans."""
    patients = max(int(np.max(np.ceil(_all(plan)))) for plan in plans)
    rate = max(float(np.max(plan.urgent)) for plan in plans)
    arrival = np.empty((days, 0))
    while rate > 0 and (arrival.shape[1] == 0 or (arrival[:, -1] <= rate).any()):
        more = generator.standard_exponential((days, int(rate + 3 * math.sqrt(rate)) + 4))
        last = arrival[:, -1:] if arrival.shape[1] else np.zeros((days, 1))
        arrival = np.hstack([arrival, last + np.cumsum(more, axis=1)])
    return Chance(
        booking=generator.random(days),
        show=generator.random((days, patients)),
        length=generator.standard_normal((days, patients)),
        arrival=arrival,
        urgent_length=generator.standard_normal(arrival.shape),
    )


def simulate(plan: Plan, chance: Chance) -> Days:
    """Simulate a plan on given days; see :func:`clinic_day.simulation` for the rules."""
    days = len(chance.booking)
    booked, times, come = _appointments(plan, chance)
    urgent, urgent_count = _urgent_arrivals(plan, chance)
    lengths = np.where(come, _lengths(plan, chance.length[:, : times.shape[1]]), 0.0)
    open_ = _column(plan.open_time, days)[:, 0]
    urgent_lengths = np.where(np.isfinite(urgent), _lengths(plan, chance.urgent_length), 0.0)
    served = serve(
        appointments=(times, lengths),
        urgent=(urgent, urgent_lengths),
        at_once=min(plan.scanners, plan.teams),
        begin_before=open_ + plan.overtime_limit - _SLACK,
        changeover=_column(plan.changeover, days)[:, 0],
    )
    attended = come.sum(axis=1).astype(np.float64)
    return Days(
        booked=booked,
        no_shows=booked - attended,
        served=served.scheduled,
        turned_away=attended - served.scheduled,
        urgent_served=served.urgent,
        urgent_turned_away=urgent_count - served.urgent,
        overtime=np.maximum(served.last - open_, 0.0),
        work=lengths.sum(axis=1) + urgent_lengths.sum(axis=1),
        busy=served.busy,
        wait=served.wait,
        urgent_wait=served.urgent_wait,
    )


def _all(plan: Plan) -> FloatArray:
    """Return the patients booked on all scanners."""
    return np.asarray(plan.booked, dtype=np.float64) * plan.scanners


def _column(value: float | FloatArray, days: int) -> FloatArray:
    """Return a number a day as a column."""
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (days,))[:, None]


def _appointments(plan: Plan, chance: Chance) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Return the patients booked, and of each the appointment (infinite: none) and who comes."""
    days = len(chance.booking)
    every = np.broadcast_to(_all(plan), (days,))
    booked = np.floor(every + chance.booking)
    width = int(booked.max(initial=0))
    place = np.arange(width) // plan.scanners
    slots = _column(plan.slots, days)
    share = slots / np.maximum(np.ceil(booked / plan.scanners)[:, None], np.maximum(slots, 1.0))
    times = np.floor(place * share + _SLACK) * _column(plan.slot_time, days)
    inside = np.arange(width) < booked[:, None]
    come = inside & (chance.show[:, :width] >= _column(plan.no_show, days))
    return booked, np.where(inside, times, np.inf), come


def _urgent_arrivals(plan: Plan, chance: Chance) -> tuple[FloatArray, FloatArray]:
    """Return when urgent patients come (infinite: not on this day) and how many do."""
    days = len(chance.booking)
    rate, open_ = _column(plan.urgent, days), _column(plan.open_time, days)
    inside = chance.arrival < rate
    times = np.where(inside, chance.arrival * open_ / np.maximum(rate, 1e-300), np.inf)
    return times, inside.sum(axis=1).astype(np.float64)


def _lengths(plan: Plan, normal: FloatArray) -> FloatArray:
    """Return log-normal lengths with the plan's mean and coefficient of variation."""
    mean, cv = _column(plan.exam_time, len(normal)), _column(plan.exam_cv, len(normal))
    if not cv.any():
        return np.broadcast_to(mean, normal.shape)
    variance = np.log1p(cv**2)
    lengths: FloatArray = mean * np.exp(np.sqrt(variance) * normal - variance / 2)
    return lengths
