"""Each arm by itself, and the counts or means that a result was computed from, site by site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Number, Rich, Row, Table
from clinval.report.numbers import printed
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.common import method_note, undefined_notes
from clinval.report.pieces.effect import arm_labels, unit_name
from clinval.report.pieces.second_engine import second_note
from clinval.report.view import View

__all__ = ["by_arm", "by_site", "cells_of", "measure_unit"]

_OF_AN_ARM = ("proportion", "mean", "sd", "median", "events", "restricted_mean")
_PAIRED, _APART = ("n11", "n10", "n01", "n00"), ("x1", "n1", "x2", "n2")
_MEANS = ("mean_test", "sd_test", "mean_reference", "sd_reference")


def by_arm(endpoint: Endpoint, view: View, *, brief: bool) -> list[Block]:
    """Return each arm by itself: a proportion, or mean, standard deviation and median."""
    statistics = [name for name in _OF_AN_ARM if _record(endpoint, view, f"{name}_test")]
    rows = []
    for arm, label in arm_labels(endpoint, view).items():
        records = [_record(endpoint, view, f"{name}_{arm}") for name in statistics]
        first = records[0] if records else None
        n: Rich = "" if first is None else (Number(printed(first.n, "subjects"), first.id),)
        rows.append(Row(cells=(label, n, *_numbers(view, records))))
    columns = [
        Column(header=view.texts("table.arm"), share=3),
        Column(header="n", share=1, align="right"),
    ]
    unit = unit_name(view, measure_unit(endpoint, view))
    columns += [
        Column(header=view.texts(f"statistic.{name}", unit=unit), share=1.6, align="right")
        for name in statistics
    ]
    notes = method_note(endpoint, view, names=not brief)
    notes += second_note(endpoint, view)
    if _record(endpoint, view, "missing") is not None:
        missing = view.statistic(endpoint, "missing")
        rule = getattr(endpoint, "missing", "exclude")
        notes.append(view.texts.rich(f"missing.{rule}", n=missing))
    notes += undefined_notes(view, rows)
    caption = view.texts("table.by_arm", endpoint=view.say(endpoint.label), set=endpoint.set)
    return [Table(caption=caption, columns=tuple(columns), rows=tuple(rows), notes=tuple(notes))]


def by_site(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the cells behind the result, site by site, as a reviewer recomputes it from."""
    cells = cells_of(endpoint, view)
    if not cells:
        return _means_by_site(endpoint, view)
    rows = []
    for site in view.protocol.sites:
        group = {"site": site.id}
        numbers = [(view.statistic(endpoint, cell, group),) for cell in (*cells, "missing")]
        rows.append(Row(cells=(site_label(view, site.id), *numbers)))
    total = [(view.statistic(endpoint, cell),) for cell in (*cells, "missing")]
    rows.append(Row(cells=(view.texts("forest.all"), *total), summary=True))
    columns = (
        Column(header=view.texts("table.site"), share=4),
        *(
            Column(header=view.texts(f"cell.{cell}"), share=1.5, align="right")
            for cell in (*cells, "missing")
        ),
    )
    caption = view.texts("table.cells", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (view.texts("cells.measure", measure=getattr(endpoint, "measure", "")),)
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]


def cells_of(endpoint: Endpoint, view: View) -> tuple[str, ...]:
    """Return the names of the cells that a comparison was computed from, none for scores."""
    for cells in (_PAIRED, _APART):
        if _record(endpoint, view, cells[0]) is not None:
            return cells
    return ()


def measure_unit(endpoint: Endpoint, view: View) -> str:
    """Return the unit of what was measured, which is not always that of the effect."""
    for statistic in ("mean_test", "median_test", "restricted_mean_test"):
        record = _record(endpoint, view, statistic)
        if record is not None:
            return record.unit
    return "proportion"


def _means_by_site(endpoint: Endpoint, view: View) -> list[Block]:
    rows = []
    for site in view.protocol.sites:
        group = {"site": site.id}
        if _record(endpoint, view, "mean_test", group) is None:
            continue
        numbers = _numbers(view, (_record(endpoint, view, name, group) for name in _MEANS))
        n = view.statistic(endpoint, "n", group)
        rows.append(Row(cells=(site_label(view, site.id), (n,), *numbers)))
    if not rows:
        return []
    total = _numbers(view, (_record(endpoint, view, name) for name in _MEANS))
    n = view.statistic(endpoint, "n")
    rows.append(Row(cells=(view.texts("forest.all"), (n,), *total), summary=True))
    unit = unit_name(view, measure_unit(endpoint, view))
    columns = (
        Column(header=view.texts("table.site"), share=4),
        Column(header="n", share=1, align="right"),
        *(
            Column(header=view.texts(f"cell.{name}", unit=unit), share=1.5, align="right")
            for name in _MEANS
        ),
    )
    caption = view.texts("table.means", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = tuple(undefined_notes(view, rows))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]


def _numbers(view: View, records: Iterable[Record | None]) -> list[Rich]:
    """Return numbers whose unit, but that of proportions, stands in the header."""
    return [
        (view.number(record, suffix=record is not None and record.unit == "proportion"),)
        for record in records
    ]


def _record(
    endpoint: Endpoint, view: View, statistic: str, group: Mapping[str, str] | None = None
) -> Record | None:
    return view.record(endpoint.id, endpoint.set, statistic, group)
