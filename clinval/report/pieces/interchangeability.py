"""Interchangeability of a test with a reference, by the disagreement of readers."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Callout, Column, Paragraph, Rich, Row, Table, runs
from clinval.report.pieces import Aspect
from clinval.report.pieces.agreement_tables import unused
from clinval.report.pieces.centers import forest, site_label, without_each
from clinval.report.pieces.common import (
    method_note,
    set_label,
    tone,
    undefined_notes,
    with_reasons,
)
from clinval.report.pieces.comparison import hypothesis
from clinval.report.pieces.effect import effect_words, scale_of
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]

_NAMES = (
    "n", "pairs_test_reference", "disagreement_test_reference", "pairs_reference_reference",
    "disagreement_reference_reference", "estimate",
)  # fmt: skip


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the index and its interval."""
    estimate = view.statistic(endpoint, "estimate", suffix=False)
    return effect_words(endpoint, view), (estimate,), view.limits(endpoint)


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the index against its margin, its picture across centers and both rates."""
    return [
        _decision(endpoint, view),
        *forest(endpoint, view, scale_of(endpoint, view)),
        _counts(endpoint, view),
    ]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the index against its margin, how it varies across centers, or the pairs."""
    if which == "decision":
        notes = method_note(endpoint, view, names=True)
        return [
            _decision(endpoint, view),
            Paragraph(text=view.texts("interchangeability.what")),
            *(Paragraph(text=note, style="note") for note in [*notes, *_drawn(endpoint, view)]),
        ]
    if which == "counts":
        return [_counts(endpoint, view), *unused(endpoint, view)]
    if which == "sites":
        scale = scale_of(endpoint, view)
        return [*forest(endpoint, view, scale), *without_each(endpoint, view, scale)]
    return []


def _decision(endpoint: Endpoint, view: View) -> Block:
    verdict = view.word(endpoint, "verdict")
    decided = view.record(endpoint.id, endpoint.set, "verdict") is not None
    text = view.texts.rich(
        "interchangeability.decision" if decided else "interchangeability.estimate",
        crossed=view.statistic(endpoint, "disagreement_test_reference"),
        within=view.statistic(endpoint, "disagreement_reference_reference"),
        estimate=view.statistic(endpoint, "estimate", suffix=False),
        interval=view.limits(endpoint),
        level=f"{endpoint.level:.0%}",
        n=view.statistic(endpoint, "n"),
        set=set_label(view, endpoint.set),
        hypothesis=hypothesis(endpoint, view),
    )
    text = with_reasons(view, text)
    if not decided:
        return Paragraph(text=text)
    title = view.texts(f"verdict.interchangeability.{verdict}", endpoint=view.say(endpoint.label))
    return Callout(title=title, text=runs(text), tone=tone(verdict))


def _drawn(endpoint: Endpoint, view: View) -> list[Rich]:
    """Return the interval of patients drawn again, beside the one that decides."""
    group = {"analysis": "bootstrap"}
    if view.record(endpoint.id, endpoint.set, "ci_high", group) is None:
        return []
    text = view.texts.rich(
        "interchangeability.bootstrap",
        level=f"{endpoint.level:.0%}",
        interval=view.limits(endpoint, group),
        draws=view.statistic(endpoint, "draws", group),
        clusters=view.statistic(endpoint, "clusters", group),
    )
    return [with_reasons(view, text)]


def _counts(endpoint: Endpoint, view: View) -> Block:
    """Return the pairs of reads and their disagreement by center."""
    rows = [
        Row(
            cells=(
                site_label(view, site.id),
                *((view.statistic(endpoint, name, {"site": site.id}),) for name in _NAMES),
                view.limits(endpoint, {"site": site.id}),
            )
        )
        for site in view.protocol.sites
    ]
    total = tuple((view.statistic(endpoint, name),) for name in _NAMES)
    rows.append(
        Row(
            cells=(view.texts("forest.all"), *total, view.limits(endpoint)),
            summary=True,
        )
    )
    columns = (
        Column(header=view.texts("table.site"), share=3),
        *(
            Column(header=view.texts(f"interchangeability.column.{name}"), share=1.5, align="right")
            for name in _NAMES
        ),
        Column(
            header=view.texts("table.interval", level=f"{endpoint.level:.0%}"),
            share=2,
            align="right",
        ),
    )
    caption = view.texts(
        "table.interchangeability", endpoint=view.say(endpoint.label), set=endpoint.set
    )
    notes = (view.texts("interchangeability.note"), *undefined_notes(view, rows))
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)
