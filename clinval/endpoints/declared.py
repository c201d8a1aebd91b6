"""Numbers that the protocol declares and reports print: inputs, sample sizes, exchange rates."""

from __future__ import annotations

from clinval.core.records import Record
from clinval.endpoints import ownership
from clinval.endpoints.comparison import TwoArms
from clinval.endpoints.margin_evidence import record_evidence
from clinval.endpoints.recorder import Recorder
from clinval.protocol.economics import Input, Uncertain
from clinval.protocol.model import Protocol

__all__ = ["declared", "input_unit"]

_UNITS = {
    "saved": "min",
    "open_minutes_per_day": "min",
    "operating_days_per_year": "days",
    "demand_per_day": "exams/day",
    "room_minutes_per_exam": "min",
    "changeover_minutes": "min",
    "payer_share": "proportion",
    "scanners": "",
    "teams": "",
    "slot_minutes_today": "min",
    "slot_step_minutes": "min",
    "room_time_cv": "",
    "no_show_share": "proportion",
    "overbooked_per_day": "exams/day",
    "urgent_per_day": "exams/day",
    "overtime_limit_minutes": "min",
    "hire_minutes_per_day": "min",
    "downtime_days_per_year": "days",
    "demand_growth_per_year": "proportion",
    "ramp_up": "proportion",
    "in_service": "components",
    "exams_per_day": "exams/day",
    "made_up_share": "proportion",
    "downtime_hours": "h",
    "exchange_downtime_hours": "h",
    "lead_time_days": "days",
}
_ON_THE_CLOCK = ("use_per_year", "exchange_at", "warranty_until")


def declared(protocol: Protocol) -> list[Record]:
    """Return a record for each declared number; their ids begin with ``inputs``."""
    recorder = Recorder(endpoint="inputs", analysis_set="")
    for size in protocol.sample_size:
        group = {"endpoint": size.endpoint}
        if size.subjects is not None:
            recorder.add("subjects", size.subjects, group=group, unit="subjects")
        recorder.add("alpha", size.alpha, group=group)
        recorder.add("power", size.power, group=group, unit="proportion")
        recorder.add("dropout", size.dropout, group=group, unit="proportion")
    for endpoint in protocol.endpoints:
        if isinstance(endpoint, TwoArms) and endpoint.margin is not None:
            record_evidence(endpoint.id, endpoint.margin, endpoint.hypothesis, recorder)
    economics = protocol.economics
    if economics is None:
        return recorder.records
    recorder.add("discount_rate", economics.discount_rate.value, unit="proportion")
    if economics.inflation is not None:
        recorder.add("inflation", economics.inflation.value, unit="proportion")
    for correlation in economics.correlations:
        recorder.add(f"correlation.{'+'.join(correlation.between)}", correlation.value)
    for currency, rate in economics.exchange_rates.items():
        recorder.add(f"exchange_rate.{currency}", rate.value, unit="rate")
    for site_id, inputs in economics.sites.items():
        money = protocol.site(site_id).currency
        for name, entered in inputs.inputs():
            unit = input_unit(name, money)
            _entered(name, entered, {"site": site_id}, unit, recorder)
    clock = next((ownership.clock_of(e, protocol).unit for e in protocol.endpoints
                  if isinstance(e, ownership.Spec)), "")  # fmt: skip
    for site_id, owned in economics.ownership.items():
        money = protocol.site(site_id).currency
        for side, name, entered in owned.inputs():
            group = {"site": site_id} | ({"component": side} if side else {})
            unit = clock if name in _ON_THE_CLOCK else _UNITS.get(name, money)
            _entered(f"ownership.{name}", entered, group, unit, recorder)
    return recorder.records


def _entered(
    name: str, entered: Input, group: dict[str, str], unit: str, recorder: Recorder
) -> None:
    """Record an input, and its limits where it has some."""
    recorder.add(name, entered.value, group=group, unit=unit)
    if isinstance(entered, Uncertain) and entered.low is not None:
        recorder.add(f"{name}.low", entered.low, group=group, unit=unit)
        recorder.add(f"{name}.high", entered.high, group=group, unit=unit)


def input_unit(name: str, money: str) -> str:
    """Return the unit of a hospital's input by its name; ``money`` is its currency."""
    return _UNITS.get(name.partition(".")[0], money)
