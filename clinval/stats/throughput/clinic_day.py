"""A day of a scanner, simulated."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import count, fraction, not_negative, positive
from clinval.stats.throughput.days import Plan, draw_chance, simulate

__all__ = ["SimulatedDay", "simulation"]

_SLACK = 1e-9  # of a slot, as in capacity.slots_per_day


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedDay(Result):
    """Means over simulated days; the estimate is the number of examinations a day."""

    estimate: float
    se: float
    no_shows: float
    turned_away: float
    urgent_served: float
    urgent_turned_away: float
    overtime: float
    utilization: float
    mean_wait: float | None
    urgent_mean_wait: float | None
    days: int


def simulation(
    open_time: float,
    slot_time: float,
    exam_time: float,
    *,
    booked: float | None = None,
    exam_cv: float = 0,
    changeover: float = 0,
    no_show: float = 0,
    urgent: float = 0,
    overtime_limit: float = 0,
    scanners: int = 1,
    teams: int = 1,
    days: int = 10_000,
    seed: int = 1,
) -> SimulatedDay:
    """Simulate days of a scanner with an appointment grid and count what becomes of the patients.

    Parameters
    ----------
    open_time, slot_time, exam_time, exam_cv, changeover, no_show, urgent, overtime_limit
        As in :class:`clinval.stats.throughput.days.Plan`, minutes; there are as many slots as fit
        into the open time.
    booked
        Patients booked on one scanner; as many as there are slots where it is not given.
    scanners, teams
        Counts from 1.
    days
        Days to simulate, from 2.
    seed
        Seed of the random numbers (count).

    Returns
    -------
    SimulatedDay
        Means a day: ``estimate`` (examinations, urgent ones included) with the ``se`` of the
        simulation, ``no_shows``, ``turned_away``, ``urgent_served``, ``urgent_turned_away``,
        ``overtime`` (minutes), ``utilization`` (share of the open time in which patients are
        examined), ``mean_wait`` and ``urgent_mean_wait`` (minutes; undefined where nobody was
        served).

    Raises
    ------
    ValueError
        For times that are negative or missing, a slot or an examination of no length, a
        probability outside [0, 1], or fewer than one scanner or team.

    Notes
    -----
    Patients come on time and are examined in the order in which they come, urgent ones first. An
    examination begins only before closing and the overtime limit; who is not served then is turned
    away and counted.

    References
    ----------
    .. [1] LaGanga & Lawrence 2007.

    Examples
    --------
    >>> result = simulation(600, 25, 20, no_show=0.1, days=4000)
    >>> abs(result.estimate - 24 * 0.9) < 0.1, result.turned_away
    (True, 0.0)
    """
    slot, length = positive("slot_time", slot_time), positive("exam_time", exam_time)
    open_ = not_negative("open_time", open_time)
    number = int(count("days", days))
    at_once = {"scanners": int(count("scanners", scanners)), "teams": int(count("teams", teams))}
    if min(at_once.values()) < 1 or number < 2:
        raise ValueError("a simulation needs a scanner, a team and two days")
    slots = float(math.floor(open_ / slot + _SLACK))
    plan = Plan(
        open_time=open_, slot_time=slot, slots=slots,
        booked=slots if booked is None else not_negative("booked", booked),
        exam_time=length, exam_cv=not_negative("exam_cv", exam_cv),
        changeover=not_negative("changeover", changeover), no_show=fraction("no_show", no_show),
        urgent=not_negative("urgent", urgent),
        overtime_limit=not_negative("overtime_limit", overtime_limit), **at_once,
    )  # fmt: skip
    generator = np.random.default_rng(int(count("seed", seed)))
    found = simulate(plan, draw_chance(generator, number, (plan,)))
    served, urgent_served = found.served.sum(), found.urgent_served.sum()
    every = found.served + found.urgent_served
    minutes = open_ * plan.scanners * number
    return SimulatedDay(
        method="clinic_day.simulation",
        estimate=float(every.mean()),
        se=float(every.std(ddof=1)) / math.sqrt(number),
        no_shows=float(found.no_shows.mean()),
        turned_away=float(found.turned_away.mean()),
        urgent_served=float(found.urgent_served.mean()),
        urgent_turned_away=float(found.urgent_turned_away.mean()),
        overtime=float(found.overtime.mean()),
        utilization=float(found.busy.sum() / minutes) if minutes else 0.0,
        mean_wait=float(found.wait.sum() / served) if served else None,
        urgent_mean_wait=float(found.urgent_wait.sum() / urgent_served) if urgent_served else None,
        days=number,
        undefined=not served,
        reason="" if served else "nobody was served",
    )
