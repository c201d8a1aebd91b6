"""Pictures of a time trend: weeks around the change by center, and the learning curve."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from clinval.core.records import Record, Series
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Figure
from clinval.report.figures import Panel, Panels, TimeCourse, TimeLine, TimePoints
from clinval.report.numbers import printed
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.effect import time_unit, unit_name
from clinval.report.view import View

__all__ = ["courses", "learning_curve"]

_STEPS = 16  # of the curve of learning
_CENTERS = 12  # more have no picture each
_PARTS = ("before", "after", "expected")


def courses(endpoint: Endpoint, view: View, *, columns: int = 2) -> list[Block]:
    """Return the weeks of each center with the lines of its model, each on its own scale."""
    weeks, levels = (
        list(_rows(view.results.points(f"{endpoint.id}.{endpoint.set}.{name}")))
        for name in ("weeks", "levels")
    )
    charts = {
        site.id: _course(endpoint, view, own, [row for row in levels if row["site"] == site.id])
        for site in view.protocol.sites
        if (own := [row for row in weeks if row["site"] == site.id])
    }
    if not 0 < len(charts) <= _CENTERS:
        return []
    name = view.say(endpoint.label)
    rows = (
        view.texts("label.value", name=site_label(view, site), value=_levels(view, levels, site))
        for site in charts
    )
    panels = tuple(
        Panel(title=site_label(view, site), chart=chart) for site, chart in charts.items()
    )
    drawn = [
        record
        for site in charts
        if (record := view.record(endpoint.id, endpoint.set, "estimate", {"site": site}))
    ]
    beside = any(row["room"] == "with" for row in weeks)
    note = view.texts(f"course.note.{'beside' if beside else 'alone'}")
    return [
        Figure(
            caption=view.texts("figure.course", endpoint=name, set=endpoint.set),
            chart=Panels(panels=panels, columns=min(len(panels), columns)),
            alternative=view.texts(
                "figure.course.alternative", endpoint=name, rows=view.listed(rows, parts=True)
            ),
            notes=(note, *_without_lines(drawn, view)),
            anchor=f"fig.{endpoint.id}.course",
            records=tuple(record.id for record in drawn),
        )
    ]


def learning_curve(endpoint: Endpoint, view: View) -> list[Block]:
    """Return mean times by the number of examinations done with the product."""
    rows = list(_rows(view.results.points(f"{endpoint.id}.{endpoint.set}.learning")))
    group = {"analysis": "learning"}
    first, last, ratio, cases = (
        view.value(endpoint, name, group) for name in ("first", "last", "estimate", "cases")
    )
    if not rows or first is None or last is None or ratio is None or cases is None:
        return []
    name, unit = view.say(endpoint.label), _unit(endpoint, view)
    numbers = [cases ** (step / _STEPS) for step in range(_STEPS + 1)]
    chart = TimeCourse(
        points=(_points(view.texts("learning.mean"), rows, "case"),),
        lines=(
            TimeLine(
                at=tuple(numbers),
                value=tuple(first * ratio ** math.log2(number) for number in numbers),
                of=0,
                label=view.texts("learning.line", ratio=printed(ratio, "ratio")),
            ),
        ),
        x_axis=view.texts("learning.axis"),
        y_axis=view.texts("course.time", unit=unit) if unit else view.texts("course.time.plain"),
        log=True,
    )
    record = view.record(endpoint.id, endpoint.set, "estimate", group)
    return [
        Figure(
            caption=view.texts("figure.learning", endpoint=name, set=endpoint.set),
            chart=chart,
            alternative=view.texts(
                "figure.learning.alternative",
                endpoint=name,
                first=printed(first, ""),
                last=printed(last, ""),
                ratio=printed(ratio, "ratio"),
            ),
            notes=(view.texts("learning.note"),),
            anchor=f"fig.{endpoint.id}.learning",
            records=() if record is None else (record.id,),
        )
    ]


def _rows(series: Series | None) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a series."""
    if series is not None:
        for values in zip(*series.columns.values(), strict=True):
            yield dict(zip(series.columns, values, strict=True))


def _unit(endpoint: Endpoint, view: View) -> str:
    """Return the unit of the times."""
    if getattr(endpoint, "clock", None) is not None:
        return unit_name(view, "min")
    return time_unit(endpoint, view)


def _points(label: str, rows: list[Mapping[str, Any]], at: str) -> TimePoints:
    return TimePoints(
        label=label,
        at=tuple(float(row[at]) for row in rows),
        value=tuple(float(row["time"]) for row in rows),
        n=tuple(int(row["n"]) for row in rows),
    )


def _course(
    endpoint: Endpoint,
    view: View,
    weeks: list[Mapping[str, Any]],
    levels: list[Mapping[str, Any]],
) -> TimeCourse:
    """Return the weeks of a center: rooms by room, with the lines of the model."""
    rooms = list(dict.fromkeys(row["room"] for row in weeks))
    points, lines = [], []
    for of, room in enumerate(rooms):
        mine = [row for row in weeks if row["room"] == room]
        points.append(_points(view.texts(f"course.room.{room}"), mine, "week"))
        for part in _PARTS:
            ends = [row for row in levels if (row["room"], row["part"]) == (room, part)]
            expected = part == "expected"
            if ends:
                lines.append(
                    TimeLine(
                        at=tuple(float(row["week"]) for row in ends),
                        value=tuple(float(row["time"]) for row in ends),
                        of=of,
                        label=view.texts("course.expected") if expected else "",
                        expected=expected,
                    )
                )
    unit = _unit(endpoint, view)
    return TimeCourse(
        points=tuple(points),
        lines=tuple(lines),
        x_axis=view.texts("course.weeks"),
        y_axis=view.texts("course.time", unit=unit) if unit else view.texts("course.time.plain"),
        change=0.0,
        change_label=view.texts("course.change"),
    )


def _without_lines(records: list[Record], view: View) -> Iterator[str]:
    """Yield why centers have no lines."""
    for reason in dict.fromkeys(view.reason(record) for record in records if record.undefined):
        sites = [r.group["site"] for r in records if r.undefined and view.reason(r) == reason]
        yield view.texts("course.none", sites=view.listed(sites), reason=reason)


def _levels(view: View, levels: list[Mapping[str, Any]], site: str) -> str:
    """Return the levels of a center's model at the change, or that there are none."""
    of_product = [row for row in levels if row["site"] == site and row["room"] in ("with", "all")]
    at_change = {row["part"]: float(row["time"]) for row in of_product if row["week"] == 0}
    if not {"before", "after"} <= at_change.keys():
        return view.texts("value.undefined")
    before, after = (f"{at_change[part]:.3g}" for part in ("before", "after"))
    return view.texts("course.in_words", before=before, after=after)
