"""One hospital's cost of ownership: lives and inputs carried through draws to money."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.endpoints.business_case import distribution
from clinval.endpoints.components import Clock, Lives, numbers, truths

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.endpoints.kind import Context
    from clinval.protocol.component_costs import ComponentCosts, Ownership
    from clinval.protocol.economics import Economics
    from clinval.stats.reliability.survival import WeibullFit
    from clinval.stats.roi.chain import Frame
    from clinval.stats.roi.ownership import Outcome

__all__ = ["SIDES", "TOO_MANY", "Case", "NoCase", "Wear", "case", "frame_of", "wear"]

SIDES = ("test", "reference")

_HISTORIES = 40_000  # from which expectations at the estimates are taken
_MOST_LIVES = 100.0
_DAYS = 365.25

_TOO_FEW_HOURS = "fewer than two failures with known hours of standstill"
TOO_MANY = "the horizon holds too many lives of a component"
_UNUSED = "the components are not used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wear:
    """The life of one component as it was measured, and what that leaves open.

    ``reason`` says why nothing follows from it, and is empty where something does; ``shape`` and
    ``scale`` are draws then. ``longest`` is the longest life that was seen, failed or not;
    ``hours`` those of standstill, one a failure; ``stopped`` how many failures stopped the scanner,
    of how many of which that is known.
    """

    fit: WeibullFit
    reason: str
    shape: NDArray[np.float64]
    scale: NDArray[np.float64]
    longest: float
    served: float
    hours: NDArray[np.float64] | None
    stopped: tuple[int, int] | None

    def expected(self) -> dict[str, float]:
        """Return the share of failures that stop the scanner and the mean hours, as observed."""
        found = {}
        if self.stopped is not None and self.stopped[1]:
            found["stops"] = self.stopped[0] / self.stopped[1]
        if self.hours is not None:
            found["hours"] = float(self.hours.mean())
        return found

    def drawn(self, draws: int, generator: np.random.Generator) -> dict[str, Any]:
        """Return draws of the same: Jeffreys' of the share, of the mean of exponential hours."""
        found = {}
        if self.stopped is not None and self.stopped[1]:
            stopped, known = self.stopped
            found["stops"] = generator.beta(stopped + 0.5, known - stopped + 0.5, draws)
        if self.hours is not None:
            found["hours"] = self.hours.sum() / generator.standard_gamma(len(self.hours), draws)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A hospital's outcome by component: expected at the estimates, and of every draw."""

    center: Mapping[str, Outcome]
    draws: Mapping[str, Outcome]
    values: Mapping[str, float]
    lost_per_day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NoCase:
    """Why a hospital has no case."""

    reason: str


def wear(lives: Lives, code: int, endpoint: Any, form: str, context: Context) -> Wear:
    """Return what the lives of a component (1 under test, 0 the reference) tell."""
    import numpy as np

    from clinval.stats.reliability import survival

    here = lives.component == code
    given = lives.time[here], lives.event[here]
    entry = lives.entry[here]
    fit = survival.weibull(*given, entry=entry)
    failed = lives.row[here & (lives.event == 1)]
    hours = stopped = None
    stops = np.ones(len(failed), dtype=bool)
    if endpoint.stops is not None:
        known, true = (each[failed] for each in truths(endpoint.stops, context.data, form))
        stops = known & true
        stopped = int(stops.sum()), int(known.sum())
    if endpoint.downtime is not None:
        hours = numbers(endpoint.downtime, context.data, form)[failed[stops]]
        hours = hours[hours >= 0]
    reason = fit.reason if fit.undefined else ""
    if not reason and hours is not None and len(hours) < 2:
        reason = _TOO_FEW_HOURS
    shape = scale = np.empty(0)
    if not reason:
        seed = np.random.SeedSequence([*divmod(context.seed, 2**32), code])
        shape, scale = survival.weibull_draws(*given, entry=entry, draws=endpoint.draws, seed=seed)
    return Wear(
        fit=fit,
        reason=reason,
        shape=shape,
        scale=scale,
        longest=float(given[0].max()) if len(given[0]) else 0.0,
        served=lives.exposure(here)[1],
        hours=hours,
        stopped=stopped,
    )


def frame_of(economics: Economics) -> Frame:
    """Return the years over which money is counted, and how."""
    from clinval.stats.roi.chain import Frame

    return Frame(
        years=economics.horizon_years,
        rate=economics.discount_rate.value,
        inflation=economics.inflation.value if economics.inflation else 0.0,
        timing=economics.timing,
    )


def case(
    site: str,
    owned: Ownership,
    worn: Mapping[str, Wear],
    clock: Clock,
    frame: Frame,
    draws: int,
    seed: int,
) -> Case | NoCase:
    """Carry a hospital's case through, or say why nothing follows.

    The same seed and site give the same numbers; the lives drawn are the same at every site, so
    that what is not known of them does not average out over the sites.
    """
    import numpy as np

    from clinval.stats.roi import ownership, uncertain

    for side in SIDES:
        if worn[side].reason:
            return NoCase(reason=worn[side].reason)
    values = {"in_service": 1.0}
    if clock.unit == "days":
        values["use_per_year"] = _DAYS
    spread = {}
    for side, name, entered in owned.inputs():
        key = f"{side}.{name}" if side else name
        values[key] = float(entered.value)
        made = distribution(entered)
        if made is not None:
            spread[key] = made
    if values["use_per_year"] == 0:
        return NoCase(reason=_UNUSED)
    for side in SIDES:
        life = min(worn[side].fit.mean_time_to_failure or 0.0,
                   values.get(f"{side}.exchange_at", float("inf")))  # fmt: skip
        if frame.years * values["use_per_year"] > _MOST_LIVES * life:
            return NoCase(reason=TOO_MANY)
    words = [*divmod(seed, 2**32), zlib.crc32(site.encode())]
    generator = np.random.default_rng(words)
    drawn: dict[str, Any] = {**values, **uncertain.draw(generator, spread, draws)}
    center, every = {}, {}
    for side in SIDES:
        costs: ComponentCosts = getattr(owned, side)
        known = worn[side]
        fitted = (
            np.full(_HISTORIES, known.fit.shape, dtype=np.float64),
            np.full(_HISTORIES, known.fit.scale, dtype=np.float64),
        )
        component = _component(side, costs, values | known.expected(), fitted)
        center[side] = ownership.outcome(component, _use(values), frame, generator)
        seen = drawn | known.drawn(draws, generator)
        component = _component(side, costs, seen, (known.shape, known.scale))
        every[side] = ownership.outcome(component, _use(drawn), frame, generator)
    return Case(center=center, draws=every, values=values, lost_per_day=float(_lost(values)))


def _component(
    side: str, costs: ComponentCosts, values: Mapping[str, Any], life: tuple[Any, Any]
) -> Any:
    """Return a component at one set of numbers; ``hours`` are of the data, where they are."""
    from clinval.stats.roi.ownership import Component, Policy

    def value(name: str, default: float | None = 0.0) -> Any:
        return values.get(f"{side}.{name}", default)

    use, warranty = values["use_per_year"], costs.warranty
    return Component(
        shape=life[0],
        scale=life[1] / use,
        price=value("price"),
        first_price=value("first_price", None),
        replacement_cost=value("replacement_cost"),
        service=value("service_per_year"),
        stops=values.get("stops", 1.0),
        downtime_hours=values.get("hours", value("downtime_hours")),
        exchange_hours=value("exchange_downtime_hours"),
        varies="hours" in values,
        policy=Policy(
            exchange_at=value("exchange_at", float("inf")) / use,
            warranty=value("warranty_until") / use,
            pro_rata=warranty is not None and warranty.kind == "pro_rata",
            remaining=warranty is not None and warranty.replaced == "remaining_term",
        ),
    )


def _use(values: Mapping[str, Any]) -> Any:
    from clinval.stats.roi.ownership import HOURS, Use

    return Use(
        units=int(values["in_service"]),
        lost_per_hour=_lost(values) * values["operating_days_per_year"] / HOURS,
        contribution=values["contribution_per_exam"],
    )


def _lost(values: Mapping[str, Any]) -> Any:
    """Return the exams lost on a day that one scanner stands still and not made up later."""
    from clinval.stats.roi import ownership

    missed = ownership.lost_per_day(
        int(values["in_service"]), values["exams_per_day"], values["demand_per_day"]
    )
    return missed * (1 - values["made_up_share"])
