"""What the reference standard said of the subjects, and how long after the test it was set."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, NotSupplied, Row, Strong, Table
from clinval.report.pieces.common import set_label, undefined_notes
from clinval.report.view import View

__all__ = ["reference_interval", "reference_results"]

_COUNTS = (
    "reference_positive", "reference_negative", "reference_indeterminate", "no_reference",
)  # fmt: skip
_CALLS = ("indeterminate", "missing")
_DAYS = ("days_least", "days_lower_quartile", "days_median", "days_upper_quartile", "days_greatest")


def reference_results(view: View) -> list[Block]:
    """Return how many have the condition, and how many have no reference or no result."""
    endpoints = _judged(view)
    if not endpoints:
        return []
    shown = (*_COUNTS, *_CALLS)
    rows = [
        Row(
            cells=(
                (Strong(endpoint.id), " " + view.say(endpoint.label)),
                set_label(view, endpoint.set),
                *((view.statistic(endpoint, name),) for name in shown),
            )
        )
        for endpoint in endpoints
    ]
    columns = (
        Column(header=view.texts("table.endpoint"), share=2.6),
        Column(header=view.texts("table.set"), share=2),
        *(Column(header=view.texts(f"reference.{name}"), share=1.2, align="right")
          for name in shown),
    )  # fmt: skip
    caption = view.texts("table.reference_results")
    rules = dict.fromkeys(_rules(endpoint, view) for endpoint in endpoints)
    notes = (*rules, view.texts("reference.results.note"))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)]


def reference_interval(view: View) -> list[Block]:
    """Return the days between test and reference, or that they were not recorded."""
    endpoints = _judged(view)
    if not endpoints:
        return []
    dated = [e for e in endpoints if view.value(e, "days_median") is not None]
    if not dated:
        text = view.texts("reference.days.none")
        return [NotSupplied(slot="reference.days", text=text)]
    rows = []
    for endpoint in dated:
        record = view.record(endpoint.id, endpoint.set, "days_median")
        n = "" if record is None or record.n is None else f"{record.n:,}"
        days = ((view.statistic(endpoint, name),) for name in _DAYS)
        rows.append(Row(cells=((Strong(endpoint.id), " " + view.say(endpoint.label)), n, *days)))
    columns = (
        Column(header=view.texts("table.endpoint"), share=3),
        Column(header="n", share=0.8, align="right"),
        *(Column(header=view.texts(f"reference.{name}"), share=1.2, align="right")
          for name in _DAYS),
    )  # fmt: skip
    caption = view.texts("table.reference_days")
    notes = (view.texts("reference.days.note"), *undefined_notes(view, rows))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]


def _judged(view: View) -> list[Endpoint]:
    """Return the endpoints whose analysis says what the reference said."""
    return [
        endpoint
        for endpoint in view.protocol.endpoints
        if view.record(endpoint.id, endpoint.set, "reference_positive") is not None
    ]


def _rules(endpoint: Endpoint, view: View) -> str:
    """Return by which rules of which form the condition is present or absent."""
    reference = getattr(endpoint, "reference", None)
    if reference is None:
        return ""
    return view.texts(
        "reference.rules",
        form=reference.form,
        positive=reference.positive,
        negative=reference.negative,
    )
