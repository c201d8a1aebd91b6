"""The components and the phantom measurements of one site, as it returned them."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Row, Table
from clinval.report.pieces.common import undefined_notes
from clinval.report.pieces.component_details import left_out
from clinval.report.pieces.components import clocks
from clinval.report.pieces.effect import unit_name
from clinval.report.pieces.phantom import columns, scanner_rows
from clinval.report.view import View

__all__ = ["site_components"]


def site_components(view: View) -> list[Block]:
    """Return lives and failures at the site, and what its scanners' phantoms showed."""
    endpoints = view.protocol.endpoints
    lives = [e for e in endpoints if e.kind in ("component_life", "failure_rate")]
    phantoms = [e for e in endpoints if e.kind == "phantom_comparison"]
    return [*_lives(lives, view), *(block for e in phantoms for block in _scanners(e, view))]


def _lives(endpoints: list[Endpoint], view: View) -> list[Block]:
    rows, notes = [], []
    for endpoint in endpoints:
        for clock, group in clocks(endpoint):
            here = group | {"site": view.site}
            if view.record(endpoint.id, endpoint.set, "n", here) is None:
                continue
            unit = unit_name(view, clock.unit)
            label = view.texts(
                "site.components.row", id=endpoint.id, name=view.say(endpoint.label), unit=unit
            )
            names = ("n", "failures", "censored", "time_in_service")
            rows.append(Row(cells=(label, *((view.statistic(endpoint, n, here),) for n in names))))
            notes += [
                view.texts.rich("site.components.out", row=label, note=note)
                for note in left_out(endpoint, view, here)
            ]
    if not rows:
        return []
    headers = ("component", "n", "failures", "censored", "served")
    table = Table(
        caption=view.texts("table.site_components"),
        columns=tuple(
            Column(
                header=view.texts(f"components.{name}"),
                share=1.2 if number else 4.0,
                align="right" if number else "left",
            )
            for number, name in enumerate(headers)
        ),
        rows=tuple(rows),
        notes=tuple(notes),
        dense=True,
    )
    return [table]


def _scanners(endpoint: Endpoint, view: View) -> list[Block]:
    rows = scanner_rows(endpoint, view)
    if not rows:
        return []
    table = Table(
        caption=view.texts("table.phantom", endpoint=view.say(endpoint.label)),
        columns=columns(endpoint, view),
        rows=tuple(rows),
        notes=tuple(undefined_notes(view, rows)),
        dense=True,
    )
    return [table]
