"""What a second, independent computation of a result says, beside the result and in a table."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Number, Rich, Row, Table
from clinval.report.numbers import power_of_ten
from clinval.report.pieces.common import undefined_notes, with_reasons, word
from clinval.report.view import View

__all__ = ["second_computations", "second_note"]

_SECOND = {"engine": "second"}
Group = Mapping[str, str]


def second_note(endpoint: Endpoint, view: View) -> list[Rich]:
    """Return in one line whether a second computation agrees, by which road and how closely."""
    found = view.record(endpoint.id, endpoint.set, "second_engine")
    if found is None:
        return []
    if found.undefined:
        return [view.texts("second.undefined", reason=view.reason(found))]
    road = _road(found, view)
    if not road:
        return [view.texts("second.not_made")]
    words = view.texts.method(road)
    said = Number(view.texts(f"second.{found.value}"), found.id)
    note = view.texts.rich(
        "second.note",
        road=view.texts("label.variant", name=words["name"], variant=words["variant"]),
        agrees=said,
        difference=_difference(found, view),
    )
    return [with_reasons(view, note)]


def second_computations(view: View) -> list[Block]:
    """Return every result that was computed a second time, with both results."""
    rows = [_row(record, view) for record in view.results.where(statistic="second_engine")]
    if not rows:
        return []
    columns = (
        Column(header=view.texts("table.endpoint"), share=1),
        Column(header=view.texts("table.set"), share=0.7),
        Column(header=view.texts("second.first"), share=2.6, align="right"),
        Column(header=view.texts("second.road"), share=2.6),
        Column(header=view.texts("second.result"), share=2.6, align="right"),
        Column(header=view.texts("second.difference"), share=1.3, align="right"),
        Column(header=view.texts("second.agreement"), share=1.2),
    )
    caption, notes = view.texts("table.second"), (view.texts("second.what"),)
    return [
        Table(
            caption=caption,
            columns=columns,
            rows=tuple(rows),
            notes=(*notes, *undefined_notes(view, rows)),
            dense=True,
        )
    ]


def _row(record: Record, view: View) -> Row:
    road, none = _road(record, view), view.texts("value.none")
    label = view.listed([record.endpoint, *record.group.values()])
    return Row(
        cells=(
            label,
            record.analysis_set,
            _result(record, view, record.group),
            view.texts.method(road)["variant"] if road else none,
            _result(record, view, {**record.group, **_SECOND}) if road else none,
            _difference(record, view) if road else none,
            word(view, record, "second"),
        )
    )


def _result(record: Record, view: View, group: Group) -> Rich:
    """Return estimate and interval of a group, of the endpoint that a record belongs to."""
    endpoint, set_id = record.endpoint, record.analysis_set
    return view.texts.rich(
        "result.interval",
        estimate=view.statistic(endpoint, "estimate", group, set_id=set_id, suffix=False),
        interval=view.limits(endpoint, group, set_id=set_id),
    )


def _road(record: Record, view: View) -> str:
    """Return the method of the second computation, empty where there is none."""
    group = {**record.group, **_SECOND}
    found = view.record(record.endpoint, record.analysis_set, "estimate", group)
    return found.method if found is not None else ""


def _difference(record: Record, view: View) -> Rich:
    statistic = "second_engine_difference"
    found = view.record(record.endpoint, record.analysis_set, statistic, record.group)
    if found is None or not isinstance(found.value, float | int):
        return (view.number(found),)
    return (Number(power_of_ten(found.value), found.id),)
