"""The same effect by other methods than the declared one, side by side."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Rich, Row, Strong, Table
from clinval.report.pieces.common import method_names, undefined_notes, word
from clinval.report.view import View

__all__ = ["other_methods"]


def other_methods(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the supplementary methods beside the declared one, with their names elsewhere."""
    groups = [
        dict(group)
        for group in dict.fromkeys(
            tuple(record.group.items())
            for record in view.results.where(endpoint=endpoint.id, analysis_set=endpoint.set)
            if set(record.group) == {"method"}
        )
    ]
    if not groups:
        return []
    rows = [_row(endpoint, view, {}), *(_row(endpoint, view, group) for group in groups)]
    columns = (
        Column(header=view.texts("table.method"), share=4.2),
        Column(header=view.texts("table.elsewhere"), share=2.4),
        Column(header=view.texts("table.estimate"), share=1.2, align="right"),
        Column(
            header=view.texts("table.interval", level=f"{endpoint.level:.0%}"),
            share=2,
            align="right",
        ),
        Column(header="p", share=1, align="right"),
        Column(header=view.texts("table.decision"), share=1.2),
    )
    notes = (view.texts("other_methods.note"), *undefined_notes(view, rows))
    return [
        Table(
            caption=view.texts("table.other_methods", endpoint=view.say(endpoint.label)),
            columns=columns,
            rows=tuple(rows),
            notes=notes,
            dense=True,
        )
    ]


def _row(endpoint: Endpoint, view: View, group: Mapping[str, str]) -> Row:
    call = _call(endpoint, view, group)
    words = view.texts.method(call) if call else {"name": group.get("method", ""), "variant": ""}
    declared = view.texts("other_methods.declared")
    name: Rich = (
        Strong(words["name"]),
        view.texts("other_methods.variant", variant=words["variant"]) if words["variant"] else "",
        "" if group else declared,
    )
    verdict = view.record(endpoint.id, endpoint.set, "verdict", group)
    limits = _first(endpoint, view, group, ("ci_low", "tau2_low")).replace("_low", "")
    p_value = _first(endpoint, view, group, ("p_value", "q_p_value"))
    return Row(
        cells=(
            name,
            method_names(view, call) if call else "",
            (view.statistic(endpoint, "estimate", group, suffix=False),),
            view.limits(endpoint, group, names=(f"{limits}_low", f"{limits}_high")),
            (view.statistic(endpoint, p_value, group),),
            word(view, verdict, "verdict"),
        )
    )


def _first(endpoint: Endpoint, view: View, group: Mapping[str, str], names: tuple[str, ...]) -> str:
    """Return the first of some statistics that a method gives, the last where it gives none."""
    given = (n for n in names if view.record(endpoint.id, endpoint.set, n, group) is not None)
    return next(given, names[-1])


def _call(endpoint: Endpoint, view: View, group: Mapping[str, str]) -> str:
    """Return the statistical function behind a row: of its interval, of its test, or its name."""
    for statistic in ("estimate", "p_value"):
        record = view.record(endpoint.id, endpoint.set, statistic, group)
        if record is not None and record.method:
            return record.method
    found = view.results.where(endpoint=endpoint.id, analysis_set=endpoint.set, group=dict(group))
    return next((record.method for record in found if record.method), "")
