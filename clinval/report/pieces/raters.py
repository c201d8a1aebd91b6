"""How many readers, images and ratings the endpoints of agreement were computed from."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Rich, Row, Strong, Table
from clinval.report.view import View

__all__ = ["rating_numbers"]

_NUMBERS = ("readers", "images", "subjects", "sessions", "ratings")
_UNUSED = "unused."


def rating_numbers(view: View) -> list[Block]:
    """Return the actual numbers of raters, images, subjects, repeats and ratings, by endpoint."""
    rows = []
    for endpoint in view.protocol.endpoints:
        group = _data(endpoint, view)
        if group is None:
            continue
        name: Rich = (Strong(endpoint.id), " " + view.say(endpoint.label))
        numbers = [(view.statistic(endpoint, statistic, group),) for statistic in _NUMBERS]
        rows.append(Row(cells=(name, *numbers, _unused(endpoint, view, group))))
    if not rows:
        return []
    columns = (
        Column(header=view.texts("table.endpoint"), share=3),
        *(
            Column(header=view.texts(f"raters.{name}"), share=1.1, align="right")
            for name in _NUMBERS
        ),
        Column(header=view.texts("raters.unused"), share=3.4),
    )
    caption = view.texts("table.raters")
    notes = (view.texts("raters.note"),)
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)]


def _data(endpoint: Endpoint, view: View) -> Mapping[str, str] | None:
    """Return the group under which the ratings of an endpoint are counted, if they are."""
    for record in view.results.where(
        endpoint=endpoint.id, analysis_set=endpoint.set, statistic="ratings"
    ):
        return {key: record.group[key] for key in ("readers", "analysis") if key in record.group}
    return None


def _unused(endpoint: Endpoint, view: View, group: Mapping[str, str]) -> Rich:
    """Return how many ratings were not used, by reason; only reasons that occurred."""
    found: list[Rich] = []
    for record in view.results.where(endpoint=endpoint.id, analysis_set=endpoint.set):
        if record.group == group and record.statistic.startswith(_UNUSED) and record.value:
            reason = view.texts(record.statistic)
            found.append(view.texts.rich("raters.reason", reason=reason, n=view.number(record)))
    if not found:
        return view.texts("raters.all")
    comma = view.texts("join.parts")
    words = [run for part in found for run in (comma, *part)]
    return tuple(words[1:])
