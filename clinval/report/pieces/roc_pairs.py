"""Two areas under the ROC curve compared: the decision, both curves, and centers."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Rich, Row, Table
from clinval.report.pieces import Aspect, comparison
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.common import method_note, undefined_notes
from clinval.report.pieces.effect import arm_labels
from clinval.report.pieces.roc_curves import curves, operating_points
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return what is compared, its estimate and its interval."""
    return comparison.headline(endpoint, view)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words."""
    return comparison.hypothesis(endpoint, view)


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the decision, both curves and the picture across centers."""
    decision, _, *others = comparison.result(endpoint, view)
    return [decision, *curves(endpoint, view), *others]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return an aspect of the comparison; with the decision, both areas and their curves."""
    if which == "counts":
        return [_by_site(endpoint, view)]
    blocks = comparison.aspect(endpoint, view, which)
    if which != "decision":
        return blocks
    empty = view.texts("table.by_arm", endpoint=view.say(endpoint.label), set=endpoint.set)
    kept = [b for b in blocks if not (isinstance(b, Table) and b.caption == empty)]
    mine = [_areas(endpoint, view), *curves(endpoint, view), *operating_points(endpoint, view)]
    return [kept[0], *mine, *kept[1:]]


def _areas(endpoint: Endpoint, view: View) -> Block:
    """Return the area of each test by itself."""
    rows = []
    for role, label in arm_labels(endpoint, view).items():
        of = {"test": role}
        cells = [(view.statistic(endpoint, name, of),) for name in ("diseased", "healthy")]
        area = (view.statistic(endpoint, "estimate", of),)
        rows.append(Row(cells=(label, *cells, area, view.limits(endpoint, of))))
    columns = (
        Column(header=view.texts("table.arm"), share=3),
        Column(header=view.texts("cell.diseased"), share=1.3, align="right"),
        Column(header=view.texts("cell.healthy"), share=1.3, align="right"),
        Column(header=view.texts("roc.area.short"), share=1.3, align="right"),
        Column(
            header=view.texts("table.interval", level=f"{endpoint.level:.0%}"),
            share=2.2,
            align="right",
        ),
    )
    caption = view.texts("table.areas", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (*method_note(endpoint, view, names=True), *undefined_notes(view, rows))
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)


def _by_site(endpoint: Endpoint, view: View) -> Block:
    """Return by center how many have both scores, and how many have not."""
    shown = ("n", "missing", "estimate")

    def cells(site: str = "") -> list[Rich]:
        of = {"site": site} if site else {}
        found: list[Rich] = [(view.statistic(endpoint, name, of),) for name in shown]
        return [*found, view.limits(endpoint, of)]

    rows = [Row(cells=(site_label(view, s.id), *cells(s.id))) for s in view.protocol.sites]
    rows.append(Row(cells=(view.texts("forest.all"), *cells()), summary=True))
    columns = (
        Column(header=view.texts("table.site"), share=3.4),
        Column(header="n", share=1, align="right"),
        Column(header=view.texts("cell.missing"), share=1.3, align="right"),
        Column(header=view.texts("roc.difference"), share=2, align="right"),
        Column(
            header=view.texts("table.interval", level=f"{endpoint.level:.0%}"),
            share=2.2,
            align="right",
        ),
    )
    caption = view.texts("table.goal", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = tuple(undefined_notes(view, rows))
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)
