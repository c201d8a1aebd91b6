"""The mean day of each draw of a plan, freed of what chance alone made of its few days."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from clinval.stats._checks import FloatArray
from clinval.stats.throughput.days import Chance, Days, Plan, simulate

__all__ = ["MeanDays", "mean_days"]

_DRAWS_A_COLUMN = 10
_ROUNDING = 1e-9  # a deviation that is none
_ALIKE = 1e-13  # directions with a smaller share of the squares are rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanDays:
    """What a day brings on average, one number a draw, urgent patients included.

    ``served``, ``no_shows`` and ``turned_away`` are patients; ``overtime``, ``busy`` and ``wait``
    (of all patients together) minutes.
    """

    served: FloatArray
    no_shows: FloatArray
    turned_away: FloatArray
    overtime: FloatArray
    busy: FloatArray
    wait: FloatArray


def mean_days(plan: Plan, chance: Chance, draws: int) -> MeanDays:
    """Return the mean day of each draw.

    Parameters
    ----------
    plan
        Numbers that are one for all draws or one a draw.
    chance
        Days; each draw has as many of them. One draw has them all.
    draws
        Number of draws.

    Notes
    -----
    Patients booked, those who stay away, urgent patients and the minutes they need have known
    means: what an outcome follows their deviations is taken off (control variates). A few days a
    draw leave more spread between draws than the plans have; what the outcomes deviate from
    their regression on the plan is shrunk by the share of it that the days of one draw have among
    themselves. That share needs two days a draw.
    """
    number = len(chance.booking)
    repeats = number // draws
    every = _every_day(plan, draws, repeats)
    days = simulate(every, chance)
    columns = {
        "served": days.served + days.urgent_served,
        "no_shows": days.no_shows,
        "turned_away": days.turned_away + days.urgent_turned_away,
        "overtime": days.overtime,
        "busy": days.busy,
        "wait": days.wait + days.urgent_wait,
    }
    outcomes = np.column_stack(list(columns.values()))
    deviations, known = _deviations(days, every), _known(every, number)
    if deviations.any():
        fitted = _fit(np.hstack([known, deviations]), outcomes)
        outcomes = outcomes - deviations @ fitted[known.shape[1] :]
    by_draw = outcomes.reshape(draws, repeats, len(columns))
    means = by_draw.mean(axis=1)
    if draws > _DRAWS_A_COLUMN * known.shape[1] and repeats > 1:
        noise = by_draw.var(axis=1, ddof=1).mean(axis=0) / repeats
        means = _without_noise(means, known[::repeats], noise)
    return MeanDays(**dict(zip(columns, means.T, strict=True)))


def _every_day(plan: Plan, draws: int, repeats: int) -> Plan:
    """Return the plan with the numbers of each draw on each of its days."""

    def long(numbers: float | FloatArray) -> FloatArray:
        return np.repeat(np.broadcast_to(numbers, (draws,)), repeats)

    return replace(
        plan, open_time=long(plan.open_time), slot_time=long(plan.slot_time),
        slots=long(plan.slots), booked=long(plan.booked), exam_time=long(plan.exam_time),
        exam_cv=long(plan.exam_cv), changeover=long(plan.changeover), no_show=long(plan.no_show),
        urgent=long(plan.urgent), overtime_limit=long(plan.overtime_limit),
    )  # fmt: skip


def _deviations(days: Days, plan: Plan) -> FloatArray:
    """Return the deviations of each day from what has a known mean."""
    booked = plan.booked * plan.scanners
    came = booked * (1 - np.asarray(plan.no_show))
    urgent = days.urgent_served + days.urgent_turned_away
    expected = plan.exam_time * (came + plan.urgent)
    found = np.column_stack([
        days.booked - booked,
        days.no_shows - days.booked * plan.no_show,
        urgent - plan.urgent,
        (days.work - expected) / np.maximum(expected, 1.0),
    ])  # fmt: skip
    found[np.abs(found) < _ROUNDING] = 0.0
    return found


def _known(plan: Plan, number: int) -> FloatArray:
    """Return what of a day is known beforehand, a column each."""
    booked = np.asarray(plan.booked * plan.scanners)
    came = booked * (1 - np.asarray(plan.no_show)) + plan.urgent
    at_once = min(plan.scanners, plan.teams)
    minutes = np.maximum(at_once * np.asarray(plan.open_time), 1.0)
    load = came * (np.asarray(plan.exam_time) + plan.changeover) / minutes
    return np.column_stack([np.ones(number), booked, came, plan.urgent, plan.exam_time,
                            plan.slot_time, load, load**2])  # fmt: skip


def _fit(columns: FloatArray, outcomes: FloatArray) -> FloatArray:
    """Return least squares, the columns brought to one size; alike columns share a weight."""
    size = np.abs(columns).max(axis=0)
    size[size == 0] = 1.0
    alike = columns / size
    squares, directions = np.linalg.eigh(alike.T @ alike)
    kept = squares > _ALIKE * squares[-1]
    directions = directions[:, kept]
    weights = directions @ (directions.T @ (alike.T @ outcomes) / squares[kept, None])
    found: FloatArray = weights / size[:, None]
    return found


def _without_noise(means: FloatArray, known: FloatArray, noise: FloatArray) -> FloatArray:
    fitted = known @ _fit(known, means)
    left = means - fitted
    spread = left.var(axis=0)
    share = np.clip(1 - noise / np.where(spread > 0, spread, 1.0), 0.0, None)
    cleared: FloatArray = fitted + left * np.sqrt(share)
    return cleared
