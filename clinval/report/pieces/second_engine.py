"""What a second, independent computation of a result says, beside the result and in a table."""

from __future__ import annotations

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Number, Paragraph, Rich, Row, Table
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
    if found.value == "none":
        return [view.texts("second.none")]
    words = view.texts.method(_by(endpoint.id, endpoint.set, view))
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
        Column(header=view.texts("second.first"), share=2),
        Column(header=view.texts("second.road"), share=2.6),
        Column(header=view.texts("second.result"), share=2.6, align="right"),
        Column(header=view.texts("second.difference"), share=1.5, align="right"),
        Column(header=view.texts("second.agreement"), share=1.2),
    )
    table = Table(
        caption=view.texts("table.second"),
        columns=columns,
        rows=tuple(rows),
        notes=tuple(undefined_notes(view, rows)),
        dense=True,
    )
    return [Paragraph(text=view.texts("second.what")), table]


def _row(record: Record, view: View) -> Row:
    endpoint, set_id = record.endpoint, record.analysis_set
    road = _by(endpoint, set_id, view)
    result: Rich = view.texts("value.none")
    if road:
        estimate = view.statistic(endpoint, "estimate", _SECOND, set_id=set_id, suffix=False)
        limits = view.limits(endpoint, _SECOND, set_id=set_id)
        result = view.texts.rich("result.interval", estimate=estimate, interval=limits)
    return Row(
        cells=(
            endpoint,
            set_id,
            (view.statistic(endpoint, "estimate", set_id=set_id, suffix=False),),
            view.texts.method(road)["variant"] if road else view.texts("value.none"),
            result,
            _difference(endpoint, set_id, view) if road else view.texts("value.none"),
            word(view, record, "second"),
        )
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
