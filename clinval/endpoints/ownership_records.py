"""Records of the cost of ownership; their names stand in ``ownership``."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clinval.endpoints.components import Clock
from clinval.endpoints.ownership_case import SIDES, TOO_MANY, Case, Wear
from clinval.endpoints.recorder import Recorder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.component_costs import Ownership
    from clinval.stats.roi.chain import Frame
    from clinval.stats.roi.ownership import Outcome

__all__ = ["record_case", "record_difference", "record_limits", "record_wear"]

_SIMULATED = "expected_renewals.simulation"
_MONEY = "cash_flow.npv"
_NO_GIFT = "the component under test is dearer even as a gift"
_NO_PRICE = "the price does not change the cost"
_NO_LOSS = "no exam is lost while one scanner stands still"
_PLANNED = "planned exchanges come on top of failures"
_NO_WARRANTY = "no warranty was declared"
_NO_LEAD_TIME = "no lead time was declared"
_NOT_DAYS = "the clock does not count days"
_TOO_FEW_FAILURES = "fewer than two distinct failure times tell no life"


def record_limits(
    statistic: str,
    draws: NDArray[np.float64],
    group: Mapping[str, str],
    unit: str,
    level: float,
    recorder: Recorder,
    n: int,
    method: str = _MONEY,
) -> None:
    """Record the quantiles of draws that hold the middle of them."""
    import numpy as np

    for name, value in zip(
        ("low", "high"), np.quantile(draws, [(1 - level) / 2, (1 + level) / 2]), strict=True
    ):
        recorder.add(
            f"{statistic}_{name}", float(value), group=group, unit=unit, n=n,
            method=method, level=level,
        )  # fmt: skip


def record_wear(side: str, worn: Wear, clock: Clock, level: float, recorder: Recorder) -> None:
    """Record what is known of a component's life, and of its hours of standstill."""
    from scipy import special

    from clinval.stats.reliability import availability

    group, fit = {"component": side}, worn.fit
    n, unit = fit.n, clock.unit
    recorder.add("n", n, group=group, unit="components", n=n)
    recorder.add("failures", fit.failures, group=group, unit="components", n=n)
    recorder.result(fit, {"shape": "", "mean_time_to_failure": unit}, group=group, n=n,
                    rename={"mean_time_to_failure": "mean_life"})  # fmt: skip
    recorder.add("longest_seen", worn.longest or None, group=group, unit=unit, n=n,
                 reason="no unit was observed")  # fmt: skip
    if worn.reason:
        recorder.add("refusal.life", None, group=group, n=n,
                     reason=_TOO_FEW_FAILURES if fit.undefined else worn.reason)  # fmt: skip
    else:
        means = worn.scale * special.gamma(1 + 1 / worn.shape)
        record_limits("mean_life", means, group, unit, level, recorder, n, fit.method)
    if worn.stopped is not None:
        stopped, known = worn.stopped
        recorder.add("stopped_share", stopped / known if known else None, group=group,
                     unit="proportion", n=known, reason="no failure")  # fmt: skip
    hours = worn.hours
    if hours is None:
        return
    recorder.add("downtime_n", len(hours), group=group, unit="components")
    recorder.add("downtime_mean", float(hours.mean()) if len(hours) else None, group=group,
                 unit="h", n=len(hours), reason="no failure")  # fmt: skip
    if unit != "days":
        recorder.add("availability_observed", None, group=group, unit="proportion",
                     reason=_NOT_DAYS)  # fmt: skip
        return
    stops = fit.failures if worn.stopped is None else worn.stopped[0]
    up = [24 * worn.served / max(stops, 1)] * stops
    found = availability.exponential_f(up, hours, level=level)
    names = {"estimate": "availability_observed", "ci_low": "availability_observed_ci_low",
             "ci_high": "availability_observed_ci_high"}  # fmt: skip
    recorder.result(found, dict.fromkeys(names, "proportion"), rename=names, group=group,
                    n=stops)  # fmt: skip


def record_case(
    site: str,
    money: str,
    owned: Ownership,
    worn: Mapping[str, Wear],
    made: Case,
    frame: Frame,
    endpoint: Any,
    recorder: Recorder,
) -> None:
    """Record what each component comes to at a site, and the difference."""
    for side in SIDES:
        group = {"site": site, "component": side}
        center, draws = made.center[side], made.draws[side]
        _record_replacements(center, draws, group, endpoint, recorder)
        _record_reserves(side, owned, worn[side], made, frame, group, endpoint, recorder)
        _record_standstill(center, draws, made, frame, group, endpoint, recorder)
        _record_cost(center, draws, frame, group, money, endpoint, recorder)
    group = {"site": site}
    recorder.add("lost_per_day", made.lost_per_day, group=group, unit="exams/day",
                 method="capacity.demand_cap")  # fmt: skip
    if made.lost_per_day == 0:
        recorder.add("refusal.lost_exams", None, group=group, reason=_NO_LOSS)
    expected = float(made.center["test"].cost.mean() - made.center["reference"].cost.mean())
    drawn = made.draws["test"].cost - made.draws["reference"].cost
    record_difference(expected, drawn, group, money, endpoint.level, recorder, endpoint.draws)
    recorder.add("annual_difference", _annual(expected, frame), group=group, unit=money,
                 method="cash_flow.equivalent_annual_cost")  # fmt: skip
    slope = float(made.center["test"].per_price.mean())
    even = made.values["test.price"] - expected / slope if slope else None
    recorder.add(
        "break_even_price", even if even is not None and even >= 0 else None, group=group,
        unit=money, method=_MONEY, reason=_NO_PRICE if even is None else _NO_GIFT,
    )  # fmt: skip


def record_difference(
    expected: float,
    draws: NDArray[np.float64],
    group: Mapping[str, str],
    money: str,
    level: float,
    recorder: Recorder,
    n: int,
) -> None:
    """Record the difference in cost, test minus reference, and how sure a lower cost is."""
    recorder.add("difference", expected, group=group, unit=money, n=n, method=_MONEY)
    record_limits("difference", draws, group, money, level, recorder, n)
    recorder.add("difference_mean", float(draws.mean()), group=group, unit=money, n=n,
                 method=_MONEY)  # fmt: skip
    recorder.add("probability_cheaper", float((draws < 0).mean()), group=group,
                 unit="proportion", n=n)  # fmt: skip


def _record_replacements(
    center: Outcome, draws: Outcome, group: dict[str, str], endpoint: Any, recorder: Recorder
) -> None:
    for statistic in ("renewals", "failures", "exchanges", "claims"):
        expected = float(getattr(center, statistic).mean())
        recorder.add(statistic, expected, group=group, unit="components", method=_SIMULATED)
        record_limits(statistic, getattr(draws, statistic), group, "components", endpoint.level,
                      recorder, endpoint.draws, _SIMULATED)  # fmt: skip


def _record_reserves(
    side: str,
    owned: Ownership,
    worn: Wear,
    made: Case,
    frame: Frame,
    group: dict[str, str],
    endpoint: Any,
    recorder: Recorder,
) -> None:
    """Record replacements that are enough, claims to reserve for, and components to hold."""
    from clinval.stats.reliability import expected_renewals
    from clinval.stats.roi import ownership

    level, draws, costs = endpoint.reserve_level, made.draws[side], getattr(owned, side)
    units = int(made.values["in_service"])

    def keep(statistic: str, value: int | None, reason: str, method: str = _SIMULATED) -> None:
        recorder.add(statistic, value, group=group, unit="components", n=endpoint.draws,
                     method=method, level=level, reason=reason)  # fmt: skip

    keep("reserve", ownership.enough(draws.renewals, level), "")
    known, fit = None, worn.fit
    missing = _PLANNED
    if costs.exchange_at is None:
        horizon = frame.years * made.values["use_per_year"]
        missing = TOO_MANY
        with contextlib.suppress(ValueError):
            known = expected_renewals.weibull_reserve(
                fit.shape or 0.0, fit.scale or 0.0, horizon, ages=[0.0] * units, level=level
            ).reserve
    keep("reserve_known_life", known, missing, "expected_renewals.weibull_reserve")
    claimed = ownership.enough(draws.claims, level) if costs.warranty else None
    keep("claims_reserve", claimed, _NO_WARRANTY)
    held = None
    if costs.lead_time_days is not None:
        lead = costs.lead_time_days.value / 365.25
        held = ownership.spares(draws.histories, endpoint.draws, float(frame.years), lead, level)
    keep("spares", held, _NO_LEAD_TIME)


def _record_standstill(
    center: Outcome,
    draws: Outcome,
    made: Case,
    frame: Frame,
    group: dict[str, str],
    endpoint: Any,
    recorder: Recorder,
) -> None:
    from clinval.stats.roi.ownership import HOURS

    whole = HOURS * frame.years * made.values["in_service"]
    for statistic, expected, drawn, unit in (
        ("downtime", center.hours, draws.hours, "h"),
        ("lost_exams", center.lost_exams, draws.lost_exams, "exams"),
        ("availability", 1 - center.hours / whole, 1 - draws.hours / whole, "proportion"),
    ):
        recorder.add(statistic, float(expected.mean()), group=group, unit=unit, method=_SIMULATED)
        record_limits(statistic, drawn, group, unit, endpoint.level, recorder, endpoint.draws,
                      _SIMULATED)  # fmt: skip


def _record_cost(
    center: Outcome,
    draws: Outcome,
    frame: Frame,
    group: dict[str, str],
    money: str,
    endpoint: Any,
    recorder: Recorder,
) -> None:
    """Record the discounted cost, its parts, its equivalent a year, and the flows."""
    expected = float(center.cost.mean())
    recorder.add("cost", expected, group=group, unit=money, method=_MONEY)
    record_limits("cost", draws.cost, group, money, endpoint.level, recorder, endpoint.draws)
    recorder.add("cost_mean", float(draws.cost.mean()), group=group, unit=money,
                 n=endpoint.draws, method=_MONEY)  # fmt: skip
    for part, worth in center.parts.items():
        recorder.add(f"part.{part}", float(worth.mean()), group=group, unit=money, method=_MONEY)
    recorder.add("annual_cost", _annual(expected, frame), group=group, unit=money,
                 method="cash_flow.equivalent_annual_cost")  # fmt: skip
    for year, paid in enumerate(center.flows.mean(axis=0).tolist()):
        recorder.add(f"flow.{year}", paid, group=group, unit=money)


def _annual(cost: float, frame: Frame) -> float | None:
    """Return the equal yearly payments that are worth a discounted cost."""
    from clinval.stats.roi import cash_flow

    return cash_flow.equivalent_annual_cost(cost, frame.years, frame.rate).estimate
