"""What components have to demonstrate, what that takes, and whether failures become rarer."""

from __future__ import annotations

from typing import Any

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Callout, Column, Rich, Row, Table, runs
from clinval.report.pieces.common import tone, undefined_notes, with_reasons
from clinval.report.pieces.effect import unit_name
from clinval.report.view import View

__all__ = ["demonstrations"]

_ALLOWED = (0, 1, 2, 3)
_GROWTH = (
    "failures", "growth_shape", "growth_mtbf_end", "growth_mtbf_end_modified", "laplace_p_value",
)  # fmt: skip


def demonstrations(endpoint: Any, view: View) -> list[Block]:
    """Return what is to be demonstrated, and the trend of failures; what nobody declared is not."""
    if endpoint.kind != "failure_rate":
        return []
    unit = unit_name(view, endpoint.clock.unit)
    who = view.texts("components.test" if endpoint.test else "components.all")
    blocks: list[Block] = []
    if endpoint.target is not None:
        group = {"component": "test"} if endpoint.test else {}
        text = view.texts.rich(
            "components.target",
            target=view.statistic(endpoint, "target"),
            unit=unit,
            level=f"{endpoint.target.level:.0%}",
            who=who,
            failures=view.statistic(endpoint, "failures", group),
            served=view.statistic(endpoint, "time_in_service", group),
            bound=view.statistic(endpoint, "target_bound"),
            plan=_plan(endpoint, view, "demonstration"),
        )
        blocks.append(_shown(endpoint, view, "target_shown", text))
    if endpoint.mission is not None:
        text = view.texts.rich(
            "components.mission",
            reliability=view.statistic(endpoint, "mission_reliability"),
            time=view.statistic(endpoint, "mission_time"),
            unit=unit,
            level=f"{endpoint.mission.level:.0%}",
            who=who,
            survival=view.statistic(endpoint, "mission_survival"),
            bound=view.statistic(endpoint, "mission_lower_bound"),
            plan=_plan(endpoint, view, "mission_units"),
        )
        if endpoint.mission.units is not None:
            text = (*text, *view.texts.rich(
                "components.mission.time",
                units=f"{endpoint.mission.units}",
                shape=f"{endpoint.mission.shape:g}",
                time=view.statistic(endpoint, "mission_test_time"),
                unit=unit,
            ))  # fmt: skip
        blocks.append(_shown(endpoint, view, "mission_shown", text))
    return [*blocks, *([_growth(endpoint, view)] if endpoint.growth is not None else [])]


def _plan(endpoint: Endpoint, view: View, statistic: str) -> Rich:
    """Return what a demonstration needs, by the failures that it allows."""
    found: list[Any] = []
    for allowed in _ALLOWED:
        found += [view.texts("join.words")] if found else []
        found += view.texts.rich(
            "components.plan",
            allowed=f"{allowed}",
            needed=view.statistic(endpoint, f"{statistic}.{allowed}"),
        )
    return tuple(found)


def _shown(endpoint: Endpoint, view: View, statistic: str, text: Rich) -> Block:
    verdict = view.word(endpoint, statistic)
    return Callout(
        title=view.texts(f"components.{statistic}.{verdict}"),
        text=with_reasons(view, text),
        tone=tone(verdict),
    )


def _growth(endpoint: Any, view: View) -> Block:
    """Return the power law of failures and the test of a trend, a row a component."""
    rows = []
    for name in ("test", "reference", "") if endpoint.test else ("",):
        group = {"component": name} if name else {}
        cells: list[Rich] = [(view.statistic(endpoint, each, group),) for each in _GROWTH]
        names = ("growth_shape_ci_low", "growth_shape_ci_high")
        if view.value(endpoint, names[0], group) is not None:
            limits = view.limits(endpoint, group, names=names)
            cells[1] = (*runs(cells[1]), " (", *runs(limits), ")")
        label = view.texts(f"components.{name or 'all'}")
        rows.append(Row(cells=(label, *cells), summary=not name))
    columns = (
        Column(header=view.texts("components.component"), share=1.3),
        *(
            Column(
                header=view.texts(f"components.{name}", unit=unit_name(view, endpoint.clock.unit)),
                share=2.2 if name == "growth_shape" else 1.3,
                align="right",
            )
            for name in _GROWTH
        ),
    )
    note = view.texts("components.note.growth", level=f"{endpoint.level:.0%}")
    return Table(
        caption=view.texts("table.component_growth", endpoint=view.say(endpoint.label)),
        columns=columns,
        rows=tuple(rows),
        notes=(note, *undefined_notes(view, rows)),
        dense=True,
    )
