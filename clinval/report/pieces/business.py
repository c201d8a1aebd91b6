"""A sheet for a buyer's own numbers."""

from __future__ import annotations

from clinval.report.blocks import Block, Column, Row, Table
from clinval.report.pieces.investment_inputs import input_label
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
    """Return the inputs with an empty column for the buyer's own; nothing without money."""
    kinds = {endpoint.kind for endpoint in view.protocol.endpoints}
    if "return_on_investment" not in kinds or view.protocol.economics is None:
        return []
    rows = []
    for name in _INPUTS:
        unit = _UNITS.get(name, "")
        words = view.texts(f"unit.{unit}") if unit else view.texts("sheet.money")
        label = input_label(view, name).partition("[")[0].strip()
        rows.append(Row(cells=(label, words, "", "")))
    columns = (
        Column(header=view.texts("table.input"), share=3),
        Column(header=view.texts("table.unit"), share=1.4),
        Column(header=view.texts("sheet.yours"), share=2),
        Column(header=view.texts("table.source"), share=3),
    )
    caption = view.texts("table.sheet")
    return [Table(caption=caption, columns=columns, rows=tuple(rows), dense=True)]
