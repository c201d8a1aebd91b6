"""What a shorter examination does to a scanner's day."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import count, finite, fraction, not_negative, positive

__all__ = [
    "AddedExaminations",
    "Overbooking",
    "Slots",
    "TimeGain",
    "amdahl",
    "demand_cap",
    "overbooking",
    "slots_per_day",
]

_SLACK = 1e-9  # of a slot: 1.2 / 0.1 is 12 slots, though not in floating point


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeGain(Result):
    """Gain in examinations a unit of time, when only a part of the time shrinks."""

    estimate: float | None
    new_total_time: float | None = None
    naive_gain: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots(Result):
    """Slots of a day; ``exam_fits_slot`` is None when no examination time was given."""

    estimate: int
    exam_fits_slot: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedExaminations(Result):
    """Examinations and margin that added capacity brings, demand permitting."""

    estimate: float
    extra_margin: float
    naive_margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Overbooking(Result):
    """Arrivals on a day booked beyond its slots."""

    mean_arrivals: float
    overflow_probability: float
    expected_overflow: float


def amdahl(total_time: float, part_time: float, reduction: float) -> TimeGain:
    """Gain in throughput when only a part of the total time shrinks (Amdahl's law).

    Parameters
    ----------
    total_time
        Time of the whole (room time), above 0, any unit.
    part_time
        Time of the part that shrinks (scan time), same unit, at most the total.
    reduction
        Share by which the part shrinks; 0.53 is 53 percent, negative is a longer part.

    Returns
    -------
    TimeGain
        ``estimate`` total/new - 1, ``new_total_time`` and ``naive_gain`` 1/(1 - reduction) - 1,
        which forgets the rest of the time. A gain is undefined when no time is left.

    Raises
    ------
    ValueError
        For times that are not positive, a part longer than the total or a reduction above 1.

    Notes
    -----
    new = total - part x reduction.

    References
    ----------
    .. [1] Amdahl 1967.

    Examples
    --------
    >>> result = amdahl(30, 18, 0.53)
    >>> round(result.estimate, 4), round(result.naive_gain, 4)
    (0.4663, 1.1277)
    """
    total, part = positive("total_time", total_time), not_negative("part_time", part_time)
    share = finite("reduction", reduction)
    if part > total:
        raise ValueError(f"part_time {part:g} is longer than total_time {total:g}")
    if share > 1:
        raise ValueError(f"reduction is a share of at most 1, not {share:g}")
    new = total - part * share
    reason = ""
    if new <= 0:
        reason = "no time is left"
    elif share == 1:
        reason = "no time is left for the part"
    return TimeGain(
        method="capacity.amdahl",
        estimate=total / new - 1 if new > 0 else None,
        new_total_time=new,
        naive_gain=1 / (1 - share) - 1 if share < 1 else None,
        undefined=bool(reason),
        reason=reason,
    )


def slots_per_day(open_time: float, slot_time: float, *, exam_time: float | None = None) -> Slots:
    """Whole slots of a day; the length of the examination does not change them.

    Parameters
    ----------
    open_time
        Time that the scanner is open, any unit.
    slot_time
        Length of a slot, same unit, above 0.
    exam_time
        Length of an examination, same unit; tells whether it fits the slot.

    Returns
    -------
    Slots
        ``estimate`` floor(open_time/slot_time) and ``exam_fits_slot``.

    Raises
    ------
    ValueError
        For a slot that is not positive or negative times.

    Notes
    -----
    A shorter examination adds none until the slot template is cut anew.

    Examples
    --------
    >>> result = slots_per_day(600, 25, exam_time=20.46)
    >>> result.estimate, result.exam_fits_slot
    (24, True)
    """
    open_, slot = not_negative("open_time", open_time), positive("slot_time", slot_time)
    fits = None if exam_time is None else not_negative("exam_time", exam_time) <= slot
    if not math.isfinite(open_ / slot):
        raise ValueError(f"slot_time {slot:g} is too short for open_time {open_:g}")
    return Slots(
        method="capacity.slots_per_day",
        estimate=math.floor(open_ / slot + _SLACK),
        exam_fits_slot=fits,
    )


def demand_cap(
    capacity_before: float,
    capacity_after: float,
    demand: float,
    days: float,
    *,
    unit_margin: float = 0,
) -> AddedExaminations:
    """Count the examinations that added capacity brings, no more than are asked for.

    Parameters
    ----------
    capacity_before, capacity_after
        Examinations a day that are possible.
    demand
        Examinations a day that are asked for.
    days
        Working days.
    unit_margin
        Money earned by one more examination.

    Returns
    -------
    AddedExaminations
        ``estimate`` (examinations), ``extra_margin`` (money) and ``naive_margin``, which
        forgets the demand.

    Raises
    ------
    ValueError
        For negative capacities, demand or days.

    Notes
    -----
    days x (min(after, demand) - min(before, demand)).

    Examples
    --------
    >>> result = demand_cap(20, 28, 23, 250, unit_margin=180)
    >>> result.estimate, result.extra_margin, result.naive_margin
    (750.0, 135000.0, 360000.0)
    """
    before = not_negative("capacity_before", capacity_before)
    after = not_negative("capacity_after", capacity_after)
    asked, working = not_negative("demand", demand), not_negative("days", days)
    margin = finite("unit_margin", unit_margin)
    extra = working * (min(after, asked) - min(before, asked))
    return AddedExaminations(
        method="capacity.demand_cap",
        estimate=extra,
        extra_margin=extra * margin,
        naive_margin=working * (after - before) * margin,
    )


def overbooking(slots: int, booked: int, show_probability: float) -> Overbooking:
    """Arrivals when more patients are booked than there are slots, shows being independent.

    Parameters
    ----------
    slots
        Slots of the day (count).
    booked
        Patients booked (count).
    show_probability
        Probability that a patient comes.

    Returns
    -------
    Overbooking
        ``mean_arrivals``, ``overflow_probability`` P(A > slots) and ``expected_overflow``
        E max(A - slots, 0).

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or a probability outside [0, 1].

    Notes
    -----
    A is binomial with ``booked`` trials.

    References
    ----------
    .. [1] LaGanga & Lawrence 2007.

    Examples
    --------
    >>> result = overbooking(24, 26, 0.88)
    >>> round(result.mean_arrivals, 2), round(result.overflow_probability, 4)
    (22.88, 0.1637)
    """
    capacity, trials = count("slots", slots), count("booked", booked)
    p = fraction("show_probability", show_probability)
    # E max(A - s, 0) is the sum of P(A > a) over a = s, s + 1, ..., booked - 1
    beyond = np.arange(capacity, trials)
    tails = special.betainc(beyond + 1, trials - beyond, p)
    return Overbooking(
        method="capacity.overbooking",
        mean_arrivals=trials * p,
        overflow_probability=float(tails[0]) if len(tails) else 0.0,
        expected_overflow=float(tails.sum()),
    )
