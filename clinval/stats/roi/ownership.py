"""What it costs to own components over a horizon: replacements, standstill, exams lost, money.

Pure functions over draws. A value is one number for all draws or an array of one a draw. Times are
years, hours of standstill are hours by the clock, nights and closed days included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from clinval.stats._checks import FloatArray, IntArray
from clinval.stats.reliability._renewal_histories import Histories, Policy, histories
from clinval.stats.roi._present_value import discount_factors
from clinval.stats.roi.chain import Frame

__all__ = [
    "HOURS",
    "Component",
    "Outcome",
    "Policy",
    "Use",
    "enough",
    "lost_per_day",
    "outcome",
    "spares",
]

HOURS = 8766.0  # of a year

Value: TypeAlias = float | FloatArray

_MOST_WINDOWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """What is known of a component and what it costs.

    Attributes
    ----------
    shape, scale
        Of its Weibull life, one a draw; the scale in years of use.
    price, first_price, replacement_cost, service
        Of a replacement, of the first component, of the work of a replacement, of a year's
        service; ``first_price`` none where it is the price.
    stops
        Share of the failures that stop the scanner unexpectedly; the others are noticed in time.
    downtime_hours, exchange_hours
        Of a failure that stops the scanner, and of a planned exchange or a failure that was noticed
        in time; with ``varies`` the former are exponential and this is their mean.
    policy
        Planned exchange and warranty, ages in years of use.
    """

    shape: FloatArray
    scale: FloatArray
    price: Value
    first_price: Value | None = None
    replacement_cost: Value = 0.0
    service: Value = 0.0
    stops: Value = 1.0
    downtime_hours: Value = 0.0
    exchange_hours: Value = 0.0
    varies: bool = False
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Components in use at once, exams lost in an hour of standstill, what an exam earns."""

    units: int
    lost_per_hour: Value
    contribution: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What comes of owning a component, one number a draw.

    ``parts`` are the discounted costs by what they are for, ``flows`` what is paid in each year
    from 0 on, draws x years, and ``per_price`` what the discounted cost rises with one unit of
    money more of the price. ``claims`` are failures of which the supplier bears a part.
    """

    failures: FloatArray
    exchanges: FloatArray
    claims: FloatArray
    hours: FloatArray
    lost_exams: FloatArray
    parts: dict[str, FloatArray]
    flows: FloatArray
    per_price: FloatArray
    histories: Histories

    @property
    def renewals(self) -> FloatArray:
        """Replacements of either kind."""
        return self.failures + self.exchanges

    @property
    def cost(self) -> FloatArray:
        """Discounted cost of all years."""
        return np.asarray(sum(self.parts.values()), dtype=np.float64)


def outcome(
    component: Component, use: Use, frame: Frame, generator: np.random.Generator
) -> Outcome:
    """Simulate what a component costs over the years, one draw a draw of its life.

    Notes
    -----
    A component is replaced as soon as it fails or has reached its age; hours of standstill take
    no wear away, no two scanners stand still at once, and none for longer than a year in a year.
    Money comes in its year as the frame says, at the prices of that year; year 0 buys the first
    components.
    """
    draws, years = len(component.shape), frame.years
    found = histories(
        component.shape, component.scale, float(years), use.units, component.policy, generator
    )
    year = np.maximum(np.ceil(found.time).astype(np.intp), 1)
    cell = found.draw * (years + 1) + year

    def by_year(weights: FloatArray | NDArray[np.bool_] | None = None) -> FloatArray:
        counts = np.bincount(cell, weights, draws * (years + 1))
        return np.asarray(counts, dtype=np.float64).reshape(draws, years + 1)

    every, exchanged = by_year(), by_year(found.planned)
    failed, borne = every - exchanged, by_year(found.borne)
    stopped = generator.binomial(failed.astype(np.intp), _column(component.stops))
    hours = _column(component.downtime_hours) * (
        generator.standard_gamma(stopped) if component.varies else stopped
    )
    hours = hours + _column(component.exchange_hours) * (every - stopped)
    hours = np.minimum(hours, HOURS * use.units)
    lost = hours * _column(use.lost_per_hour)
    price = _column(component.price)
    first = np.zeros((draws, years + 1))
    first[:, 0] = use.units
    shared = component.first_price is None
    first_price = price if component.first_price is None else _column(component.first_price)
    running = np.ones(years + 1)
    running[0] = 0.0
    yearly = {
        "first": first * first_price,
        "units": every * price,
        "warranty": -borne * price,
        "work": every * _column(component.replacement_cost),
        "service": use.units * running * _column(component.service),
        "lost_exams": lost * _column(use.contribution),
    }
    prices = (1 + frame.inflation) ** np.arange(years + 1)
    rate = np.asarray(frame.rate)
    worth = prices * discount_factors(rate, years + 1, frame.timing, 1)
    flows = np.sum([np.broadcast_to(each, first.shape) for each in yearly.values()], axis=0)
    bought = every - borne + (first if shared else 0.0)
    return Outcome(
        failures=failed.sum(axis=1),
        exchanges=exchanged.sum(axis=1),
        claims=by_year(found.borne > 0).sum(axis=1),
        hours=hours.sum(axis=1),
        lost_exams=lost.sum(axis=1),
        parts={name: np.broadcast_to(each, first.shape) @ worth for name, each in yearly.items()},
        flows=flows * prices,
        per_price=bought @ worth,
        histories=found,
    )


def lost_per_day(scanners: int, exams_per_day: Value, demand_per_day: Value) -> FloatArray:
    """Return the exams a day that are missed while one of several scanners stands still.

    Notes
    -----
    min(n c, demand) - min((n - 1) c, demand): the others take patients as far as they have room,
    and a scanner loses no exam that nobody asks for.
    """
    c, asked = np.asarray(exams_per_day, float), np.asarray(demand_per_day, float)
    missed: FloatArray = np.minimum(scanners * c, asked) - np.minimum((scanners - 1) * c, asked)
    return missed


def enough(counts: FloatArray | IntArray, level: float) -> int:
    """Return the smallest number that is not exceeded with a probability of ``level``."""
    return int(np.quantile(counts, level, method="inverted_cdf"))


def spares(found: Histories, draws: int, horizon: float, lead_time: float, level: float) -> int:
    """Return the components to hold so that failures of a lead time find one, at any time.

    Parameters
    ----------
    found
        Replacements of the fleets; planned exchanges are ordered in time.
    draws
        Fleets that were simulated.
    horizon, lead_time
        Years.
    level
        Probability that they are enough, in the lead time that needs the most.
    """
    length = min(lead_time, horizon)
    starts = np.linspace(0.0, horizon - length, min(_MOST_WINDOWS, 1 + int(2 * horizon / length)))
    failed = ~found.planned
    time, draw = found.time[failed], found.draw[failed]
    order = np.argsort(time, kind="stable")
    time, draw = time[order], draw[order]
    most = 0
    for start in starts.tolist():
        begin, end = np.searchsorted(time, [start, start + length], "right")
        most = max(most, enough(np.bincount(draw[begin:end], minlength=draws), level))
    return most


def _column(value: Value) -> FloatArray:
    return np.asarray(value, dtype=np.float64).reshape(-1, 1)
