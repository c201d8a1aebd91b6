"""Costs and benefits of each hospital, and a sheet for a buyer's own numbers."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Rich, Row, Table, runs
from clinval.report.pieces.common import undefined_notes
from clinval.report.view import View

__all__ = ["costs_and_benefits"]

_INPUTS = (
    "open_minutes_per_day", "operating_days_per_year", "demand_per_day", "room_minutes_per_exam",
    "changeover_minutes", "contribution_per_exam", "purchase", "integration_and_training",
    "licence_and_service_per_year",
)  # fmt: skip
_UNITS = {
    "demand_per_day": "exams/day", "operating_days_per_year": "days",
    "open_minutes_per_day": "min", "room_minutes_per_exam": "min", "changeover_minutes": "min",
}  # fmt: skip


def costs_and_benefits(view: View) -> list[Block]:
    """Return benefits with those that release cash apart, and the sheet; nothing without money."""
    money = [e for e in view.protocol.endpoints if e.kind == "return_on_investment"]
    if not money or view.protocol.economics is None:
        return []
    return [*(_benefits(endpoint, view) for endpoint in money), _sheet(view)]


def _benefits(endpoint: Endpoint, view: View) -> Block:
    throughput = getattr(endpoint, "throughput", "")
    rows = []
    for site in view.protocol.sites:
        group = {"site": site.id}
        saved = _with_limits(
            view, throughput, endpoint.set, group, "saved", ("saved_ci_low", "saved_ci_high")
        )
        numbers: list[Rich] = [
            (view.statistic(endpoint, name, group),)
            for name in ("yearly_cost", "yearly_flow", "discounted_payback", "irr")
        ]
        extra = _with_limits(
            view, endpoint.id, endpoint.set, group, "extra_exams",
            ("extra_exams_low", "extra_exams_high"),
        )  # fmt: skip
        rows.append(Row(cells=(site.id, site.currency, saved, extra, *numbers)))
    columns = (
        Column(header=view.texts("table.site"), share=0.9),
        Column(header=view.texts("table.currency"), share=1.1),
        Column(header=view.texts("benefit.time"), share=2.3, align="right"),
        Column(header=view.texts("benefit.exams"), share=2.3, align="right"),
        Column(header=view.texts("benefit.cost"), share=1.5, align="right"),
        Column(header=view.texts("benefit.cash"), share=1.5, align="right"),
        Column(header=view.texts("benefit.payback"), share=1.5, align="right"),
        Column(header=view.texts("benefit.irr"), share=1.2, align="right"),
    )
    economics = view.protocol.economics
    year = economics.price_year if economics else ""
    perspective = view.say(economics.perspective) if economics else ""
    notes = (
        view.texts("benefit.note", year=year, perspective=perspective),
        *undefined_notes(view, rows),
    )
    caption = view.texts("table.benefits")
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)


def _with_limits(
    view: View,
    endpoint: str,
    set_id: str,
    group: dict[str, str],
    statistic: str,
    names: tuple[str, str],
) -> Rich:
    number = view.number(view.record(endpoint, set_id, statistic, group))
    limits = view.limits(endpoint, group, set_id=set_id, names=names)
    if isinstance(limits, str):
        return (number,)
    return runs(view.texts.rich("result.interval", estimate=number, interval=limits))


def _sheet(view: View) -> Block:
    """Return the inputs with an empty column for the buyer's own."""
    rows = []
    for name in _INPUTS:
        unit = _UNITS.get(name, "")
        words = view.texts(f"unit.{unit}") if unit else view.texts("sheet.money")
        label = view.texts(f"input.{name}").partition("[")[0].strip()
        rows.append(Row(cells=(label, words, "", "")))
    columns = (
        Column(header=view.texts("table.input"), share=3),
        Column(header=view.texts("table.unit"), share=1.4),
        Column(header=view.texts("sheet.yours"), share=2),
        Column(header=view.texts("table.source"), share=3),
    )
    caption = view.texts("table.sheet")
    return Table(caption=caption, columns=columns, rows=tuple(rows), dense=True)
