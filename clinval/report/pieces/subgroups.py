"""A result by declared subgroup: the forest, and the table that it is drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clinval.core.records import Record
from clinval.protocol.base import Text
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.forms import ENROLMENT
from clinval.report.blocks import Block, Column, Figure, Rich, Row, Strong, Table
from clinval.report.figures import ForestRow
from clinval.report.numbers import printed
from clinval.report.pieces.arms import cells_of, measure_unit
from clinval.report.pieces.centers import (
    Scale,
    drawn,
    forest_chart,
    forest_row,
    gaps,
    rows_in_words,
)
from clinval.report.pieces.common import undefined_notes
from clinval.report.pieces.effect import arm_headers, arm_ids, unit_name
from clinval.report.view import View

__all__ = ["subgroups"]

_OF_AN_ARM = ("mean_test", "mean_reference", "events_test", "events_reference")
_OF_A_CLASS = ("diseased", "nondiseased")  # where both arms have a metric of their own
_MISSING = "missing"


def subgroups(endpoint: Endpoint, view: View, scale: Scale) -> list[Block]:
    """Return the effect in every subgroup that was declared for the endpoint."""
    found = _levels(endpoint, view)
    if not found:
        return []
    return [_figure(endpoint, view, scale, found), _table(endpoint, view, found)]


def _levels(endpoint: Endpoint, view: View) -> dict[str, list[str]]:
    """Return the levels of each subgroup in the order of the records, those missing last."""
    found: dict[str, list[str]] = {}
    for record in view.results.where(
        endpoint=endpoint.id, analysis_set=endpoint.set, statistic="n"
    ):
        # of subjects without a level there is a row only where there are some
        counted = record.value or record.group.get("level") != _MISSING
        if set(record.group) == {"subgroup", "level"} and counted:
            found.setdefault(record.group["subgroup"], []).append(record.group["level"])
    return {name: sorted(levels, key=lambda code: code == _MISSING) for name, levels in
            found.items()}  # fmt: skip


def _figure(endpoint: Endpoint, view: View, scale: Scale, found: Mapping[str, list[str]]) -> Block:
    rows: list[ForestRow] = []
    groups: dict[str, Mapping[str, str]] = {}
    for name, levels in found.items():
        rows.append(_heading(endpoint, view, name))
        for level, label, group in _shown(view, name, levels):
            if level == _MISSING:
                continue
            rows.append(forest_row(endpoint, view, scale, group, label, indent=1))
            groups[view.texts("label.value", name=_name(view, name), value=label)] = group
    everyone = view.texts("subgroup.all")
    rows.append(forest_row(endpoint, view, scale, {}, everyone, summary=True))
    groups[everyone] = {}
    label = view.say(endpoint.label)
    return Figure(
        caption=view.texts("figure.subgroups", endpoint=label, set=endpoint.set),
        chart=forest_chart(endpoint, view, scale, tuple(rows), view.texts("table.subgroup")),
        alternative=view.texts(
            "figure.subgroups.alternative", endpoint=label, rows=rows_in_words(view, rows)
        ),
        anchor=f"fig.{endpoint.id}.subgroups",
        notes=(view.texts("figure.subgroups.note"), *gaps(endpoint, view, scale, groups)),
        records=(
            *drawn(endpoint, view, scale, groups.values()),
            *(r.id for name in found if (r := _interaction(endpoint, view, name)) is not None),
        ),
    )


def _heading(endpoint: Endpoint, view: View, name: str) -> ForestRow:
    """Return the row that names a subgroup, with the p value of its interaction."""
    record = _interaction(endpoint, view, name)
    result = ""
    if record is not None:
        p = view.texts("value.undefined") if record.undefined else printed(record.value, "p")
        result = view.texts("subgroup.interaction", p=p)
    return ForestRow(
        label=_name(view, name), n="", estimate=None, low=None, high=None, result=result,
        heading=True,
    )  # fmt: skip


def _table(endpoint: Endpoint, view: View, found: Mapping[str, list[str]]) -> Block:
    arms = _arms(endpoint, view)
    shown = _OF_A_CLASS if arms else cells_of(endpoint, view) or _OF_AN_ARM
    counted = [name for name in shown if _any(endpoint, view, name)]
    dense = bool(arms)  # estimate and interval in one column, so that all stand in one table
    width = 1 + len(counted) + len(arms) + (1 if dense else 2)
    rows = []
    for name, levels in found.items():
        rows.append(_interaction_row(endpoint, view, name, width))
        for level, label, group in _shown(view, name, levels):
            numbers = [
                (view.statistic(endpoint, statistic, group, suffix=False),) for statistic in counted
            ]
            numbers += [
                (view.statistic(endpoint, "estimate", {**group, "arm": arm}, suffix=False),)
                for arm in arms
            ]
            missing = level == _MISSING
            rows.append(
                Row(
                    cells=(
                        label,
                        (view.statistic(endpoint, "n", group),),
                        *numbers,
                        *_effect(endpoint, view, group, joined=dense, missing=missing),
                        "",
                    ),
                    indent=1,
                )
            )
    unit = unit_name(view, measure_unit(endpoint, view))
    columns = (
        Column(header=view.texts("table.subgroup"), share=2.8),
        Column(header="n", share=0.8, align="right"),
        *(
            Column(header=view.texts(f"cell.{name}", unit=unit), share=1.2, align="right")
            for name in counted
        ),
        *(Column(header=label, share=1.4, align="right") for label in arms.values()),
        *_effect_columns(endpoint, view, joined=dense),
        Column(header=view.texts("subgroup.interaction.header"), share=1.6, align="right"),
    )
    caption = view.texts("table.subgroups", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (view.texts("subgroup.note"), *undefined_notes(view, rows))
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=dense)


def _interaction_row(endpoint: Endpoint, view: View, name: str, width: int) -> Row:
    """Return the row that names a subgroup, with the test of whether its levels differ."""
    record = _interaction(endpoint, view, name)
    blank: list[Rich] = [""] * width
    p: Rich = "" if record is None else (view.number(record),)
    return Row(cells=((Strong(_name(view, name)),), *blank, p))


def _interaction(endpoint: Endpoint, view: View, name: str) -> Record | None:
    group = {"subgroup": name}
    return view.record(endpoint.id, endpoint.set, "interaction_p_value", group)


def _effect(
    endpoint: Endpoint, view: View, group: Mapping[str, str], *, joined: bool, missing: bool
) -> list[Rich]:
    """Return estimate and interval of a level, in one cell where they are joined."""
    if missing:
        return [view.texts("value.none")] * (1 if joined else 2)
    estimate = view.statistic(endpoint, "estimate", group, suffix=False)
    limits = view.limits(endpoint, group)
    if not joined:
        return [(estimate,), limits]
    if view.value(endpoint, "estimate", group) is None:
        return [(estimate,)]
    return [view.texts.rich("result.interval", estimate=estimate, interval=limits)]


def _effect_columns(endpoint: Endpoint, view: View, *, joined: bool) -> tuple[Column, ...]:
    level = f"{endpoint.level:.0%}"
    if joined:
        return (Column(header=view.texts("forest.result", level=level), share=3.6, align="right"),)
    return (
        Column(header=view.texts("table.estimate"), share=1.2, align="right"),
        Column(header=view.texts("table.interval", level=level), share=2, align="right"),
    )


def _arms(endpoint: Endpoint, view: View) -> Mapping[str, str]:
    """Return the arms that have results of their own by subgroup, with their headers."""
    keys = {"subgroup", "level", "arm"}
    found = view.results.where(
        endpoint=endpoint.id, analysis_set=endpoint.set, statistic="estimate"
    )
    if not any(set(record.group) == keys for record in found):
        return {}
    headers = arm_headers(endpoint, view)
    return {arm: headers[role] for role, arm in arm_ids(endpoint, view).items()}


def _any(endpoint: Endpoint, view: View, statistic: str) -> bool:
    found = view.results.where(endpoint=endpoint.id, analysis_set=endpoint.set, statistic=statistic)
    return any("subgroup" in record.group for record in found)


def _shown(
    view: View, name: str, levels: list[str]
) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Yield each level of a subgroup: its code, its name, its group of records."""
    labels = _codes(view, name)
    for level in levels:
        if level == _MISSING:
            label = view.texts("subgroup.missing")
        else:
            label = view.say(labels[level]) if level in labels else level
        yield level, label, {"subgroup": name, "level": level}


def _name(view: View, name: str) -> str:
    declared = getattr(view.protocol, "subgroups", {}).get(name)
    return view.say(declared.label) if declared is not None else name


def _codes(view: View, name: str) -> Mapping[str, Text]:
    """Return what a field's codes mean; bands and groups of sites name themselves."""
    declared = getattr(view.protocol, "subgroups", {}).get(name)
    if declared is None or declared.field is None:
        return {}
    form_id = declared.form or ENROLMENT
    form = next((form for form in view.protocol.forms if form.id == form_id), None)
    field = form.field(declared.field) if form is not None else None
    return field.codelist if field is not None else {}
