"""Records of one hospital's business case; their names stand in ``return_on_investment``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.endpoints.business_case import Case, Simulation
from clinval.endpoints.declared import input_unit
from clinval.endpoints.recorder import Recorder
from clinval.protocol.endpoint import Endpoint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.stats.roi.chain import Outcome

__all__ = ["record_case", "record_limits"]

_ABOVE_DEMAND = "slots above demand earn nothing"
_NO_CASH = "no slot, overtime or post turns the minutes into cash"
_NO_GIFT = "the product does not pay even as a gift"
_EARNS_NOTHING = "a unit earns nothing"
_NO_MONTH = "the protocol does not say what one more month brings"
_OWN_DATA = "the hospital's own data decide"
_HIGHEST_RATE = 2.0  # of the profile, which shows the roots up to it
_QUARTERS = {"q25": 0.25, "q75": 0.75}


def record_case(
    site: str, money: str, case: Case, found: Simulation, endpoint: Any, recorder: Recorder
) -> None:
    """Record a site's effect, days, money and return."""
    group = {"site": site}
    _record_effect(case, endpoint, group, recorder)
    _record_days(case, found.center, group, recorder)
    _record_year(case, found, endpoint, group, money, recorder)
    _record_years(found, case, endpoint, group, money, recorder)
    _record_return(case, found, endpoint, group, money, recorder)
    _record_decision(case, found, endpoint, group, money, recorder)
    _record_refusals(case, found.center, group, recorder)


def record_limits(
    statistic: str,
    draws: NDArray[np.float64],
    group: dict[str, str],
    unit: str,
    endpoint: Endpoint,
    recorder: Recorder,
    n: int,
) -> None:
    """Record the quantiles of draws at the endpoint's level."""
    import numpy as np

    tails = (1 - endpoint.level) / 2, (1 + endpoint.level) / 2
    for name, value in zip(("low", "high"), np.quantile(draws, tails), strict=True):
        recorder.add(
            f"{statistic}_{name}", float(value), group=group, unit=unit, n=n, level=endpoint.level,
            method="cash_flow.npv" if unit != "exams/year" else "capacity.demand_cap",
        )  # fmt: skip


def _record_effect(case: Case, endpoint: Any, group: dict[str, str], recorder: Recorder) -> None:
    effect = case.effect
    saved = case.inputs.get("saved")
    low, high = saved.limits(endpoint.level) if saved else (effect.saved, effect.saved)
    for statistic, value, unit in (
        ("saved", effect.saved, "min"),
        ("saved_low", low, "min"),
        ("saved_high", high, "min"),
        ("saved_scale", effect.scale, "min"),
        ("saved_df", effect.df, ""),
        ("saved_source", effect.source, ""),
        ("room_reference", effect.room, "min"),
        ("room_test", effect.room - effect.saved, "min"),
    ):
        level = endpoint.level if statistic in {"saved_low", "saved_high"} else None
        recorder.add(statistic, value, group=group, unit=unit, n=effect.n, level=level)


def _record_days(case: Case, center: Outcome, group: dict[str, str], recorder: Recorder) -> None:
    """Record the grids and the mean days without and with the product."""
    values = case.values
    scanners = values.get("scanners", 1.0)
    open_minutes = scanners * values["open_minutes_per_day"]
    for arm, grid, day in (
        ("reference", center.before, center.day_before),
        ("test", center.after, center.day_after),
    ):
        served = float(day.served[0])
        for statistic, value, unit in (
            ("slot", float(grid.slot), "min"),
            ("slots", float(scanners * grid.slots), "exams/day"),
            ("served", served, "exams/day"),
            ("no_shows", float(day.no_shows[0]), "exams/day"),
            ("turned_away", float(day.turned_away[0]), "exams/day"),
            ("wait", float(day.wait[0]) / served if served else None, "min"),
            ("overtime", float(day.overtime[0]), "min"),
            (
                "utilization",
                float(day.busy[0]) / open_minutes if open_minutes else None,
                "proportion",
            ),
        ):
            recorder.add(
                f"{statistic}_{arm}", value, group=group, unit=unit, method="clinic_day.simulation",
                reason="nobody was served",
            )  # fmt: skip
    recorder.add("demand", values["demand_per_day"], group=group, unit="exams/day")


def _record_year(
    case: Case, found: Simulation, endpoint: Any, group: dict[str, str], money: str,
    recorder: Recorder,
) -> None:  # fmt: skip
    """Record what a year at full use brings, and the steps from minutes to money."""
    center, n = found.center, case.effect.n
    values = case.values
    recorder.add("extra_exams", float(center.extra[0]), group=group, unit="exams/year", n=n)
    record_limits("extra_exams", found.draws.extra, group, "exams/year", endpoint, recorder, n)
    above = values["operating_days_per_year"] * _above_demand(case, center)
    recorder.add("slots_above_demand", above, group=group, unit="exams/year", n=n)
    running = values["licence_and_service_per_year"] + values.get("extra_staff_per_year", 0.0)
    for statistic, value in (
        ("investment", -float(center.flows[0, 0])),
        ("yearly_cost", running),
        ("yearly_flow", float(center.steps["total"][0])),
    ):
        recorder.add(statistic, value, group=group, unit=money, n=n)
    for step, worth in center.steps.items():
        recorder.add(f"waterfall.{step}", float(worth[0]), group=group, unit=money, n=n)


def _above_demand(case: Case, center: Outcome) -> float:
    """Return the slots a day with the product that nobody asks for."""
    scanners = case.values.get("scanners", 1.0)
    return max(float(scanners * center.after.slots) - case.values["demand_per_day"], 0.0)


def _record_years(
    found: Simulation, case: Case, endpoint: Any, group: dict[str, str], money: str,
    recorder: Recorder,
) -> None:  # fmt: skip
    """Record the flow of each year and the discounted running sum with its fan."""
    import numpy as np

    n, frame = case.effect.n, case.frame
    time = np.arange(frame.years + 1.0)
    time[1:] -= 0.5 if frame.timing == "mid" else 0.0
    discount = (1 + frame.rate) ** -time
    center = np.cumsum(found.center.flows[0] * discount)
    running = np.cumsum(found.draws.flows * discount, axis=1)
    tails = {"low": (1 - endpoint.level) / 2, "high": (1 + endpoint.level) / 2, **_QUARTERS}
    fan = {name: np.quantile(running, share, axis=0) for name, share in tails.items()}
    for year in range(frame.years + 1):
        recorder.add(
            f"flow.{year}", float(found.center.flows[0, year]), group=group, unit=money, n=n
        )
        recorder.add(f"cumulative.{year}", float(center[year]), group=group, unit=money, n=n)
        for name, line in fan.items():
            recorder.add(
                f"cumulative_{name}.{year}", float(line[year]), group=group, unit=money, n=n
            )


def _record_return(
    case: Case, found: Simulation, endpoint: Any, group: dict[str, str], money: str,
    recorder: Recorder,
) -> None:  # fmt: skip
    """Record present value, chance of a return, paybacks and internal rates."""
    import numpy as np

    from clinval.stats.roi import cash_flow, decision

    n, rate, timing = case.effect.n, case.frame.rate, case.frame.timing
    flows, npv = found.center.flows[0].tolist(), found.draws.npv
    center = float(found.center.npv[0])
    recorder.add("npv", center, group=group, unit=money, n=n, method="cash_flow.npv")
    record_limits("npv", npv, group, money, endpoint, recorder, n)
    recorder.add("npv_mean", float(npv.mean()), group=group, unit=money, n=n)
    recorder.add(
        "probability_positive", float((npv > 0).mean()), group=group, unit="proportion",
        n=endpoint.draws, method="cash_flow.npv",
    )  # fmt: skip
    for name, result in (
        ("payback", cash_flow.payback(flows)),
        ("discounted_payback", cash_flow.discounted_payback(flows, rate=rate, timing=timing)),
    ):
        recorder.result(result, {"estimate": "years"}, rename={"estimate": name}, group=group)
    irr = cash_flow.irr(flows, timing=case.frame.timing)
    recorder.result(irr, {"estimate": "proportion"}, rename={"estimate": "irr"}, group=group)
    recorder.add("irr_status", irr.status, group=group, method=irr.method)
    for number, root in enumerate(irr.roots, 1):
        recorder.add(f"irr_root.{number}", root, group=group, unit="proportion", method=irr.method)
    if irr.status == "multiple":
        recorder.add("refusal.irr", None, group=group, reason=irr.reason)
    exams = decision.break_even_exams(
        center, float(found.center.npv_of_exams[0]), float(found.center.npv_of_one[0])
    )
    recorder.add(
        "break_even_exams", exams, group=group, unit="exams/day", reason=_EARNS_NOTHING
    )  # fmt: skip
    price = decision.break_even_price(case.values["purchase"], center)
    recorder.add("break_even_price", price, group=group, unit=money, reason=_NO_GIFT)
    highest = min(1.1 * max((*irr.roots, 0.0)), _HIGHEST_RATE)
    profile = cash_flow.npv_profile(
        flows, rates=np.linspace(0.0, max(highest, 0.5), 51), timing=case.frame.timing
    )
    recorder.points(f"{group['site']}.npv_profile",
                    {"rate": profile.rates, "npv": profile.npv_by_rate})  # fmt: skip
    asked = found.drawn.get("purchase", case.values["purchase"])
    prices, probability = decision.positive_by_price(npv, asked)
    recorder.points(f"{group['site']}.probability_by_price",
                    {"price": prices, "probability": probability})  # fmt: skip


def _record_decision(
    case: Case, found: Simulation, endpoint: Any, group: dict[str, str], money: str,
    recorder: Recorder,
) -> None:  # fmt: skip
    """Record the swing of each uncertain input, and what knowing more is worth."""
    from clinval.stats.roi import decision

    swings = decision.tornado(case.values, case.inputs, case.frame, found.chance, endpoint.level)
    for swing in swings:
        for statistic, value, unit in (
            ("tornado_low", swing.npv_low, money),
            ("tornado_high", swing.npv_high, money),
            ("tornado_from", swing.low, input_unit(swing.name, money)),
            ("tornado_to", swing.high, input_unit(swing.name, money)),
        ):
            recorder.add(f"{statistic}.{swing.name}", value, group=group, unit=unit)
    npv = found.draws.npv
    recorder.add("evpi", decision.evpi(npv), group=group, unit=money, n=endpoint.draws)
    for name, drawn in found.drawn.items():
        worth = decision.evppi(npv, drawn)
        recorder.add(f"evppi.{name}", worth, group=group, unit=money, n=endpoint.draws)
    saved, effect = found.drawn.get("saved"), case.effect
    more = endpoint.subjects_per_month if effect.source == "own" else None
    month = site = None
    if saved is not None and more:
        month = decision.evsi(npv, saved, more / (effect.n + more))
    if saved is not None and effect.further_site:
        site = decision.evsi(npv, saved, effect.further_site)
    recorder.add(
        "value_of_month", month, group=group, unit=money, n=endpoint.draws, reason=_NO_MONTH
    )
    recorder.add("value_of_site", site, group=group, unit=money, n=endpoint.draws, reason=_OWN_DATA)


def _record_refusals(
    case: Case, center: Outcome, group: dict[str, str], recorder: Recorder
) -> None:
    """Record what is not counted as money, and why."""
    if _above_demand(case, center) > 0:
        recorder.add("refusal.demand", None, group=group, reason=_ABOVE_DEMAND)
    cash = sum(abs(float(center.steps[step][0])) for step in ("overtime", "hire"))
    if case.effect.saved > 0 and center.extra[0] <= 0 and cash == 0:
        recorder.add("refusal.minutes", None, group=group, reason=_NO_CASH)
