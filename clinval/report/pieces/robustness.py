"""Whether a decision holds: every other look at the data that was declared, in one table."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Number, Rich, Row, Table, runs
from clinval.report.pieces.common import undefined_notes, word
from clinval.report.pieces.sensitivity import analyses, analysis_words
from clinval.report.view import View

__all__ = ["depends_on", "robustness"]


def robustness(endpoint: Endpoint, view: View) -> list[Block]:
    """Return what the decision was held against, and what each look at it says.

    Nothing where the analysis took no look but that without each center.
    """
    rows = _yes_or_no(endpoint, view)
    rows += _verdicts(endpoint, view)
    if not rows:
        return []
    flips = _record(endpoint, view, "centers_that_flip")
    if flips is not None:
        rows.insert(0, Row(cells=(view.texts("robust.without"), _flips(flips, view))))
    columns = (
        Column(header=view.texts("robust.look"), share=3),
        Column(header=view.texts("robust.answer"), share=2),
    )
    return [
        Table(
            caption=view.texts("table.robust", endpoint=view.say(endpoint.label)),
            columns=columns,
            rows=tuple(rows),
            notes=tuple(undefined_notes(view, rows)),
        )
    ]


def depends_on(endpoint: Endpoint, view: View) -> Rich:
    """Return the sentence that a decision hangs on single centers, empty where it does not."""
    flips = _record(endpoint, view, "centers_that_flip")
    if flips is None or not flips.n:
        return ""
    return view.texts.rich("decision.depends", sites=view.number(flips))


def _yes_or_no(endpoint: Endpoint, view: View) -> list[Row]:
    """Return the looks that end in whether they agree with the decision."""
    rows = []
    for statistic, key in (
        ("sets_agree", "robust.sets"),
        ("center_models_agree", "robust.models"),
    ):
        record = _record(endpoint, view, statistic)
        if record is not None:
            rows.append(Row(cells=(view.texts(key), word(view, record, "robust"))))
    second = _record(endpoint, view, "second_engine")
    if second is not None:
        rows.append(Row(cells=(view.texts("robust.second"), word(view, second, "second"))))
    return rows


def _verdicts(endpoint: Endpoint, view: View) -> list[Row]:
    """Return the looks that end in a verdict of their own."""
    rows = []
    prediction = _record(endpoint, view, "prediction_verdict")
    if prediction is not None:
        label = view.texts("robust.prediction")
        rows.append(Row(cells=(label, word(view, prediction, "verdict"))))
    for analysis in analyses(endpoint, view):
        record = _record(endpoint, view, "verdict", {"sensitivity": analysis})
        if record is not None:
            label = view.texts("robust.missing", analysis=analysis_words(view, analysis))
            rows.append(Row(cells=(label, word(view, record, "verdict"))))
    shown = _record(endpoint, view, "n_shown", {"sensitivity": "tipping_map"})
    cells = _record(endpoint, view, "n_cells", {"sensitivity": "tipping_map"})
    if shown is not None and cells is not None:
        words = view.texts.rich("robust.map.held", shown=view.number(shown), all=view.number(cells))
        rows.append(Row(cells=(view.texts("robust.map"), words)))
    return rows


def _flips(flips: Record, view: View) -> Rich:
    if flips.undefined:
        return (view.number(flips),)
    if not flips.n:
        return (Number(view.texts("robust.yes"), flips.id),)
    return runs(view.texts.rich("robust.flips", sites=view.number(flips)))


def _record(
    endpoint: Endpoint, view: View, statistic: str, group: Mapping[str, str] | None = None
) -> Record | None:
    return view.record(endpoint.id, endpoint.set, statistic, group)
