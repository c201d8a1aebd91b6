"""What a second, independent computation of a result says, beside the result and in a table."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Number, Rich, Row, Table
from clinval.report.numbers import power_of_ten
from clinval.report.pieces.common import undefined_notes, word
from clinval.report.view import View

__all__ = ["second_computations", "second_note"]

_SECOND = {"engine": "second"}


def second_note(endpoint: Endpoint, view: View) -> list[Rich]:
    """Return in one line whether a second computation agrees, by which road and how closely."""
    found = view.record(endpoint.id, endpoint.set, "second_engine")
    if found is None:
        return []
    if found.undefined:
        return [view.texts("second.undefined", reason=view.reason(found))]
    road = _by(endpoint.id, endpoint.set, view)
    if not road:
        return [view.texts("second.not_made")]
    words = view.texts.method(road)
    said = Number(view.texts(f"second.{found.value}"), found.id)
    return [
        view.texts.rich(
            "second.note",
            road=view.texts("label.variant", name=words["name"], variant=words["variant"]),
            agrees=said,
            difference=_difference(endpoint.id, endpoint.set, view),
        )
    ]


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
    endpoint, set_id = record.endpoint, record.analysis_set
    road, none = _by(endpoint, set_id, view), view.texts("value.none")
    return Row(
        cells=(
            endpoint,
            set_id,
            _result(endpoint, set_id, view, {}),
            view.texts.method(road)["variant"] if road else none,
            _result(endpoint, set_id, view, _SECOND) if road else none,
            _difference(endpoint, set_id, view) if road else none,
            word(view, record, "second"),
        )
    )


def _result(endpoint: str, set_id: str, view: View, group: Mapping[str, str]) -> Rich:
    return view.texts.rich(
        "result.interval",
        estimate=view.statistic(endpoint, "estimate", group, set_id=set_id, suffix=False),
        interval=view.limits(endpoint, group, set_id=set_id),
    )


def _by(endpoint: str, set_id: str, view: View) -> str:
    """Return the method of the second computation, empty where there is none."""
    record = view.record(endpoint, set_id, "estimate", _SECOND)
    return record.method if record is not None else ""


def _difference(endpoint: str, set_id: str, view: View) -> Rich:
    record = view.record(endpoint, set_id, "second_engine_difference")
    if record is None or not isinstance(record.value, float | int):
        return (view.number(record),)
    return (Number(power_of_ten(record.value), record.id),)
