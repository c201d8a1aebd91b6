"""Inputs that an endpoint declares, with their limits, source and date."""

from __future__ import annotations

from collections.abc import Iterable

from clinval.protocol.economics import Input
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Rich, Row, Table
from clinval.report.view import View

__all__ = ["inputs_table"]


def inputs_table(
    endpoint: Endpoint,
    view: View,
    inputs: Iterable[tuple[str, str, str, Input]],
    caption: str,
    notes: tuple[Rich, ...] = (),
) -> Block:
    """Return a row an input: its label, its name in the records, its unit, what was entered."""
    rows = []
    for label, name, unit, entered in inputs:
        record = view.record(endpoint.id, endpoint.set, f"input.{name}")
        limits: Rich = ""
        if getattr(entered, "low", None) is not None:
            names = (f"input_low.{name}", f"input_high.{name}")
            limits = view.limits(endpoint, names=names)
        when = f"{entered.date:%Y-%m-%d}" if entered.date else view.texts("value.none")
        rows.append(
            Row(
                cells=(
                    label,
                    (view.number(record), f" {unit}" if unit else ""),
                    limits,
                    view.say(entered.source),
                    when,
                )
            )
        )
    columns = (
        Column(header=view.texts("table.input"), share=3.2),
        Column(header=view.texts("table.value"), share=1.6, align="right"),
        Column(header=view.texts("declared.limits"), share=2, align="right"),
        Column(header=view.texts("table.source"), share=3.2),
        Column(header=view.texts("declared.date"), share=1.3),
    )
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)
