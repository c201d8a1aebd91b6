"""From minutes saved to money: slots, simulated days, demand, yearly flows.

Pure functions over draws. A value is one number for all draws or an array of one a draw; the names
are those of a site's economics in a protocol, with ``saved`` (minutes saved an examination) and
``room`` (today's room minutes).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TypeAlias

import numpy as np

from clinval.stats._checks import FloatArray
from clinval.stats.roi._flows import flow_years
from clinval.stats.roi._mean_days import MeanDays, mean_days
from clinval.stats.roi.cash_flow import npv_draws
from clinval.stats.throughput.days import Chance, Plan, draw_chance

__all__ = [
    "Frame",
    "Grid",
    "MeanDays",
    "Outcome",
    "Values",
    "draw_days",
    "grids",
    "outcome",
    "plans",
]

Values: TypeAlias = Mapping[str, float | FloatArray]

_SLACK = 1e-9  # of a slot, as in capacity.slots_per_day
_SHORTEST = 1e-6  # minutes: a room time or a slot of no length is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Years of use, annual rate, rise of prices, when in a year its money comes, use by year."""

    years: int
    rate: float
    inflation: float = 0.0
    timing: str = "end"
    ramp_up: tuple[float, ...] = ()

    @property
    def periods_per_year(self) -> int:
        """Return 2 where the money of a year comes in its middle, else 1."""
        return 2 if self.timing == "mid" else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Minutes of a slot, slots a day of one scanner, patients booked on it."""

    slot: FloatArray
    slots: FloatArray
    booked: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the product brings, one number a draw; money in the currency of the inputs.

    Attributes
    ----------
    before, after
        Grids without and with the product.
    day_before, day_after
        Mean days without and with it, in the first year.
    extra
        Examinations added a year at full use, in the first year.
    steps
        Money a year at full use, in the first year, by the steps of the waterfall; they add up to
        ``total``.
    flows
        Draws x years, year 0 first.
    dated
        The same flows when they come, draws x periods (``Frame.periods_per_year``): those of a
        year at its end or in its middle, the residual value at the end in either case.
    npv, npv_of_exams, npv_of_one
        Net present values: of the product, of the extra examinations alone, and of one more
        examination a day.
    """

    before: Grid
    after: Grid
    day_before: MeanDays
    day_after: MeanDays
    extra: FloatArray
    steps: Mapping[str, FloatArray] = field(repr=False)
    flows: FloatArray = field(repr=False)
    dated: FloatArray = field(repr=False)
    npv: FloatArray
    npv_of_exams: FloatArray
    npv_of_one: FloatArray


def outcome(values: Values, frame: Frame, chance: Chance) -> Outcome:
    """Carry values through to money.

    Parameters
    ----------
    values
        ``saved``, ``room``, ``open_minutes_per_day``, ``operating_days_per_year``,
        ``demand_per_day``, ``changeover_minutes`` and ``purchase``, and either
        ``contribution_per_exam`` or ``payer_share.<i>``, ``reimbursement.<i>`` and
        ``variable_cost_per_exam``; what is not named of the others is 0, of ``scanners`` and
        ``teams`` 1 and as many, and slots are cut to any length.
    frame
        Years, rates and use.
    chance
        Days, at least one a draw and as many for each draw.

    Notes
    -----
    Extra examinations are those of the same simulated days with and without the product, over the
    operating days. A post is spared in the draws in which the minutes saved that no extra
    examination uses reach ``hire_minutes_per_day``; no minutes spare none. No more days are lost
    than there are working days. Demand that grows is met, as far as the slots go, in the year in
    which it is there. Prices rise until the money comes.
    """
    value = _Inputs(values)
    before, after = grids(values)
    days = [_simulated(values, (before, after), chance)]
    for year in range(2, frame.years + 1):
        grown = _grown(values, year)
        days.append(days[0] if grown is values else _simulated(grown, grids(grown), chance))
    benefits = [_benefits(value, after, *pair) for pair in days]
    running = value("licence_and_service_per_year") + value("extra_staff_per_year")
    flows, left = _flows(benefits, running, value, frame)
    dated = _dated(flows, left, frame)
    steps = _waterfall(value, before, after, *days[0], benefits[0], running)
    working = value("operating_days_per_year")
    of_exams = _over_years([benefit["exams"] for benefit in benefits], frame)
    of_one = _over_years([working * value.contribution] * frame.years, frame)
    first, second = days[0]
    return Outcome(
        before=before,
        after=after,
        day_before=first,
        day_after=second,
        extra=working * (second.served - first.served),
        steps=steps,
        flows=flows,
        dated=dated,
        npv=npv_draws(frame.rate, dated, periods_per_year=frame.periods_per_year),
        npv_of_exams=npv_draws(frame.rate, of_exams, timing=frame.timing),
        npv_of_one=npv_draws(frame.rate, of_one, timing=frame.timing),
    )


def draw_days(
    generator: np.random.Generator, cases: Sequence[Values], frame: Frame, days: int
) -> Chance:
    """Draw the chance of ``days`` days, enough of it for each of several values to be compared."""
    needed = [_grown(values, year) for values in cases for year in (1, frame.years)]
    pairs = [plan for values in needed for plan in plans(values, grids(values))]
    return draw_chance(generator, days, tuple(pairs))


def _grown(values: Values, year: int) -> Values:
    """Return the values of a year, whose demand may have grown."""
    growth = np.asarray(values.get("demand_growth_per_year", 0.0))
    if year == 1 or not growth.any():
        return values
    return {**values, "demand_per_day": values["demand_per_day"] * (1 + growth) ** (year - 1)}


def grids(values: Values) -> tuple[Grid, Grid]:
    """Return the slots without and with the product.

    Notes
    -----
    Today's slot is the one that was entered, or room time and changeover. The new one is shorter
    by the minutes saved: the room that today's slot leaves stays. Slots are cut up to whole steps
    where there are steps.
    """
    value = _Inputs(values)
    changeover = value("changeover_minutes")
    needed = value("room") + changeover
    given = "slot_minutes_today" in values
    today = value("slot_minutes_today") if given else needed
    new = np.maximum(today - value("saved"), changeover + _SHORTEST)
    step = value("slot_step_minutes")
    return (
        _grid(today if given else _cut(today, step), value),
        _grid(_cut(new, step), value),
    )


def _grid(slot: FloatArray, value: _Inputs) -> Grid:
    slots = np.floor(value("open_minutes_per_day") / np.maximum(slot, _SHORTEST) + _SLACK)
    asked = value("demand_per_day") / value("scanners", 1)
    booked = np.minimum(slots + value("overbooked_per_day"), asked)
    return Grid(slot=slot, slots=slots, booked=booked)


def _cut(slot: FloatArray, step: FloatArray) -> FloatArray:
    steps = np.ceil(slot / np.where(step > 0, step, 1.0) - _SLACK)
    cut: FloatArray = np.where(step > 0, steps * step, slot)
    return cut


def plans(values: Values, pair: tuple[Grid, Grid]) -> tuple[Plan, Plan]:
    """Return the plans of a day without and with the product."""
    value = _Inputs(values)
    scanners = int(value("scanners", 1))
    before = Plan(
        open_time=value("open_minutes_per_day"),
        slot_time=pair[0].slot,
        slots=pair[0].slots,
        booked=pair[0].booked,
        exam_time=value("room"),
        exam_cv=value("room_time_cv"),
        changeover=value("changeover_minutes"),
        no_show=np.minimum(value("no_show_share"), 1.0),
        urgent=value("urgent_per_day"),
        overtime_limit=value("overtime_limit_minutes"),
        scanners=scanners,
        teams=int(value("teams", scanners)),
    )
    after = replace(
        before, slot_time=pair[1].slot, slots=pair[1].slots, booked=pair[1].booked,
        exam_time=np.maximum(value("room") - value("saved"), _SHORTEST),
    )  # fmt: skip
    return before, after


class _Inputs:
    """Values by name, as arrays; what was not entered is 0."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def __call__(self, name: str, default: float = 0.0) -> FloatArray:
        return np.asarray(self._values.get(name, default), dtype=np.float64)

    @property
    def contribution(self) -> FloatArray:
        """What one more exam earns: as entered, or what payers pay less the variable cost."""
        if "contribution_per_exam" in self._values:
            return self("contribution_per_exam")
        paid = [
            self(f"payer_share.{number}") * self(f"reimbursement.{number}")
            for number in range(1, 1 + sum(name.startswith("payer_share") for name in self._values))
        ]
        return reduce(np.add, paid, np.zeros(())) - self("variable_cost_per_exam")


def _simulated(
    values: Values, pair: tuple[Grid, Grid], chance: Chance
) -> tuple[MeanDays, MeanDays]:
    before, after = plans(values, pair)
    draws = max(np.size(value) for value in values.values())
    return mean_days(before, chance, draws), mean_days(after, chance, draws)


def _benefits(
    value: _Inputs, after: Grid, day_before: MeanDays, day_after: MeanDays
) -> dict[str, FloatArray]:
    """Return the money of a year at full use that is cash: exams, overtime, a post, downtime."""
    working, earned = value("operating_days_per_year"), value.contribution
    added = day_after.served - day_before.served
    spare = day_before.served * value("saved") - np.maximum(added, 0) * after.slot
    spared = (spare > 0) & (spare >= value("hire_minutes_per_day"))
    lost = np.minimum(value("downtime_days_per_year"), working)
    late = (day_before.overtime - day_after.overtime) / 60
    return {
        "exams": working * added * earned,
        "overtime": working * late * value("overtime_cost_per_hour"),
        "hire": np.where(spared, value("hire_avoided_per_year"), 0.0),
        "downtime": 0.0 - lost * day_after.served * earned,
    }


def _flows(
    benefits: list[dict[str, FloatArray]], running: FloatArray, value: _Inputs, frame: Frame
) -> tuple[FloatArray, FloatArray]:
    """Return the flows, draws x years, and what of the last is residual value.

    Year 0 is paid at the start.
    """
    flows = _over_years([_sum(benefit) for benefit in benefits], frame)
    invested = value("purchase") + value("integration_and_training")
    left = value("residual_value") * (1 + frame.inflation) ** frame.years
    flows[:, 1:] -= running.reshape(-1, 1) * _prices(frame)[1:]
    flows[:, -1] += left
    flows[:, 0] = -invested
    return flows, left


def _dated(flows: FloatArray, left: FloatArray, frame: Frame) -> FloatArray:
    if frame.timing == "end":
        return flows
    dated = np.zeros((len(flows), 2 * frame.years + 1))
    dated[:, 0] = flows[:, 0]
    dated[:, 1::2] = flows[:, 1:]
    dated[:, -2] -= left
    dated[:, -1] = left
    return dated


def _prices(frame: Frame) -> FloatArray:
    """Return how far prices have risen when the money of each year comes."""
    prices: FloatArray = (1 + frame.inflation) ** flow_years(frame.years + 1, frame.timing, 1)
    return prices


def _over_years(yearly: list[FloatArray], frame: Frame) -> FloatArray:
    """Return what full use would bring in each year, as it is used and at the year's prices."""
    size = np.broadcast_shapes(*(np.shape(year) for year in yearly), (1,))
    flows = np.zeros((*size, frame.years + 1))
    prices = _prices(frame)
    for year, gained in enumerate(yearly, 1):
        use = frame.ramp_up[year - 1] if year <= len(frame.ramp_up) else 1.0
        flows[:, year] = use * gained * prices[year]
    return flows


def _waterfall(
    value: _Inputs,
    before: Grid,
    after: Grid,
    day_before: MeanDays,
    day_after: MeanDays,
    benefit: Mapping[str, FloatArray],
    running: FloatArray,
) -> dict[str, FloatArray]:
    """Return the steps from every minute saved, were it sold, to the money of a year."""
    scanners = value("scanners", 1)
    worth = value("operating_days_per_year") * value.contribution
    open_, today = value("open_minutes_per_day"), before.slot
    shorter = np.maximum(today - value("saved"), value("changeover_minutes") + _SHORTEST)
    sold = scanners * (open_ / shorter - open_ / today)
    slots = scanners * (after.slots - before.slots)
    booked = scanners * (after.booked - before.booked)
    served = day_after.served - day_before.served
    steps = {
        "minutes": worth * sold,
        "grid": worth * (slots - sold),
        "demand": worth * (booked - slots),
        "day": worth * (served - booked),
        "overtime": benefit["overtime"],
        "hire": benefit["hire"],
        "downtime": benefit["downtime"],
        "running": 0.0 - running,
    }
    size = np.shape(day_before.served)
    return {
        name: np.broadcast_to(step, size)
        for name, step in ({**steps, "total": _sum(steps)}).items()
    }


def _sum(parts: Mapping[str, FloatArray]) -> FloatArray:
    return reduce(np.add, parts.values())
