"""Agreement between readers, and of readers with themselves."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Paragraph, Rich, Row, Table
from clinval.report.pieces import Aspect
from clinval.report.pieces.agreement_groups import (
    coefficient_name,
    groups_of,
    in_full,
)
from clinval.report.pieces.agreement_pictures import by_pair, pictures
from clinval.report.pieces.agreement_tables import (
    coefficients,
    components,
    panel,
    unused,
    width_note,
)
from clinval.report.pieces.centers import Scale, forest, heterogeneity, without_each
from clinval.report.pieces.common import readers_words, set_label, undefined_notes
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]

_COMPLETE = (
    "kappa.cohen", "kappa.cohen_clustered", "kappa.scott", "kappa.pabak", "icc.shrout_fleiss",
    "kendall_w.kendall",
)  # fmt: skip


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the coefficient of the readers; of several pairs, the lowest."""
    groups = groups_of(endpoint, view)
    what = coefficient_name(endpoint, view)
    if not groups:
        return what, view.texts("value.none"), ""

    def key(readers: str) -> float:
        value = view.value(endpoint, "estimate", {"readers": readers})
        return 2.0 if value is None else value

    lowest = min(groups, key=key)
    group = {"readers": lowest}
    if len(groups) > 1:
        one = "+" not in lowest
        what = view.texts(
            "agreement.lowest_reader" if one else "agreement.lowest",
            coefficient=what,
            readers=readers_words(view, lowest),
        )
    return what, (view.statistic(endpoint, "estimate", group),), view.limits(endpoint, group)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words."""
    for readers in groups_of(endpoint, view):
        goal = view.record(endpoint.id, endpoint.set, "goal", {"readers": readers})
        if goal is not None:
            level = f"{endpoint.level:.0%}"
            return view.texts.rich(
                "hypothesis.above", level=level, bound=view.number(goal), unit=""
            )
    return view.texts("hypothesis.none")


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the coefficients."""
    return [_what(endpoint, view), coefficients(endpoint, view, brief=True)]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the coefficients and their pictures, how they hold across centers, or the counts."""
    if which == "decision":
        return [
            _what(endpoint, view),
            coefficients(endpoint, view, brief=False),
            *by_pair(endpoint, view),
            *components(endpoint, view),
            *panel(endpoint, view),
            *pictures(endpoint, view),
        ]
    if which == "counts":
        return unused(endpoint, view)
    return _sites(endpoint, view) if which == "sites" else []


def _what(endpoint: Endpoint, view: View) -> Block:
    call = f"{getattr(endpoint, 'coefficient', '')}.{getattr(endpoint, 'method', '')}"
    used = "complete" if call in _COMPLETE else "partial" if call.startswith("agr") else "all"
    between = getattr(endpoint, "between", "readers")
    key = "agreement.what" if between == "readers" else "agreement.what.sessions"
    images = view.texts(f"agreement.{used}")
    text = view.texts(key, set=set_label(view, endpoint.set), images=images)
    return Paragraph(text=text)


def _sites(endpoint: Endpoint, view: View) -> list[Block]:
    """Return forests of centers: of each pair where they are few, else of all readers together."""
    groups = groups_of(endpoint, view)
    drawn = in_full(endpoint, view)
    blocks: list[Block] = []
    if len(drawn) < len(groups):
        text = view.texts("agreement.centers.cut", shown=len(drawn), all=len(groups))
        blocks.append(Paragraph(text=text, style="note"))
    for group in drawn:
        name = coefficient_name(endpoint, view, group)
        scale = Scale(axis=name, unit="", null=0.0)
        sites = [{**group, "site": site.id} for site in view.protocol.sites]
        blocks += forest(endpoint, view, scale, group, width_note(endpoint, view, sites))
        blocks += heterogeneity(endpoint, view, group)
        blocks += without_each(endpoint, view, scale, group)
    return [*blocks, *_homogeneity(endpoint, view, drawn)]


def _homogeneity(endpoint: Endpoint, view: View, drawn: list[Mapping[str, str]]) -> list[Block]:
    """Return the test of homogeneity of the pairs that have no forest of their own."""
    rows = []
    for readers in groups_of(endpoint, view):
        group = {"readers": readers}
        if group in drawn or view.record(endpoint.id, endpoint.set, "q", group) is None:
            continue
        cells = [(view.statistic(endpoint, name, group),) for name in ("q", "q_df", "q_p_value")]
        rows.append(Row(cells=(readers_words(view, readers), *cells)))
    if not rows:
        return []
    columns = (
        Column(header=view.texts("table.readers"), share=3),
        *(
            Column(header=view.texts(f"statistic.{name}"), share=2, align="right")
            for name in ("q", "q_df", "q_p_value")
        ),
    )
    caption = view.texts("table.heterogeneity", endpoint=view.say(endpoint.label))
    notes = tuple(undefined_notes(view, rows))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)]
