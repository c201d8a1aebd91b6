"""Lives of components in detail: who was left out, each clock's comparison, ages, causes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Paragraph, Rich, Row, Table, runs
from clinval.report.pieces.common import undefined_notes
from clinval.report.pieces.effect import unit_name, unit_word
from clinval.report.view import View

__all__ = ["causes", "clocks_compared", "left_out", "survival_at"]

_LEFT_OUT = ("no_component", "no_time", "no_life", "no_cause", "no_entry", "late")
_COMPARED = ("life_ratio", "b10_ratio")
_TESTS = ("life_ratio_p_value", "shape_p_value", "logrank_p_value")


def left_out(endpoint: Endpoint, view: View, group: dict[str, str]) -> Iterator[Rich]:
    """Yield a note on the components that were not used, by why not; none where all were."""
    parts: list[Any] = []
    for reason in _LEFT_OUT:
        if view.value(endpoint, reason, group):
            number = view.statistic(endpoint, reason, group)
            parts += [view.texts("join.parts")] if parts else []
            parts += runs(view.texts.rich(f"components.{reason}", number=number))
    if parts:
        yield view.texts.rich("components.left_out", parts=tuple(parts))


def clocks_compared(endpoint: Any, view: View) -> list[Block]:
    """Return the ratios of lives on each clock, and whether one ratio holds at every age."""
    rows = []
    for clock in endpoint.clocks:
        group = {"clock": clock.id}
        cells: list[Rich] = []
        for name in _COMPARED:
            cell: Rich = (view.statistic(endpoint, name, group),)
            names = (f"{name}_ci_low", f"{name}_ci_high")
            if view.value(endpoint, names[0], group) is not None:
                cell = (*runs(cell), " (", *runs(view.limits(endpoint, group, names=names)), ")")
            cells.append(cell)
        cells += [(view.statistic(endpoint, name, group),) for name in _TESTS]
        rows.append(Row(cells=(unit_word(view, clock.unit), *cells)))
    headers = ("clock", *_COMPARED, *_TESTS)
    table = Table(
        caption=view.texts("table.components_compared", endpoint=view.say(endpoint.label)),
        columns=tuple(
            Column(
                header=view.texts(f"components.{name}"),
                share=2.2 if name in _COMPARED else 1.2,
                align="left" if name == "clock" else "right",
            )
            for name in headers
        ),
        rows=tuple(rows),
        notes=(view.texts("components.note.compared"), *undefined_notes(view, rows)),
        dense=True,
    )
    return [table]


def survival_at(endpoint: Any, view: View, *, compared: bool) -> list[Block]:
    """Return, for each clock with stated ages, how many components reach them."""
    sides = ("test", "reference") if compared else ("",)
    tables: list[Block] = []
    for clock in endpoint.clocks:
        rows = []
        for at in clock.at:
            cells: list[Rich] = []
            for side in sides:
                group = {"clock": clock.id} | ({"component": side} if side else {})
                cell: Rich = (view.statistic(endpoint, f"survival.{at:g}", group),)
                names = (f"survival_ci_low.{at:g}", f"survival_ci_high.{at:g}")
                if view.value(endpoint, names[0], group) is not None:
                    limits = view.limits(endpoint, group, names=names)
                    cell = (*runs(cell), " (", *runs(limits), ")")
                cells += [cell, (view.statistic(endpoint, f"at_risk.{at:g}", group),)]
            rows.append(Row(cells=(f"{at:,g}", *cells)))
        if not rows:
            continue
        unit = unit_name(view, clock.unit)
        columns = [Column(header=view.texts("components.age", unit=unit), share=1.0)]
        for side in sides:
            name = view.texts(f"components.{side or 'all'}")
            columns += [
                Column(
                    header=view.texts(f"components.{what}", component=name),
                    share=share,
                    align="right",
                )
                for what, share in (("reached", 2.0), ("followed", 1.2))
            ]
        tables.append(
            Table(
                caption=view.texts(
                    "table.components_at",
                    endpoint=view.say(endpoint.label),
                    unit=unit_word(view, clock.unit),
                ),
                columns=tuple(columns),
                rows=tuple(rows),
                notes=(
                    view.texts("components.note.at", level=f"{endpoint.level:.0%}"),
                    *undefined_notes(view, rows),
                ),
                dense=True,
            )
        )
    return tables


def causes(endpoint: Any, view: View) -> list[Block]:
    """Return how many components ended with each cause, in one sentence."""
    field = view.protocol.form(endpoint.form).field(endpoint.causes) if endpoint.causes else None
    if field is None:
        return []
    parts: list[Any] = []
    for code, label in field.codelist.items():
        number = view.record(endpoint.id, endpoint.set, "ended", {"cause": code})
        if number is not None:
            parts += [view.texts("join.parts")] if parts else []
            parts += runs(
                view.texts.rich(
                    "components.cause", cause=view.say(label), number=view.number(number)
                )
            )
    if not parts:
        return []
    return [Paragraph(text=view.texts.rich("components.causes", parts=tuple(parts)))]
