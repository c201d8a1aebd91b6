"""Summaries: the claims, the key figures, the endpoints at a glance, the conclusions."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import (
    Block,
    Callout,
    Column,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Row,
    Strong,
    Table,
)
from clinval.report.pieces import of_kind
from clinval.report.pieces.common import (
    MONEY,
    interval_words,
    joined,
    sample_size,
    tone,
    undefined_notes,
    verdict_of,
    with_reasons,
)
from clinval.report.view import View

__all__ = ["at_a_glance", "claims", "conclusions", "key_figures"]

_FIGURES = 4  # on one page


def claims(view: View) -> list[Block]:
    """Return what the study shows: one sentence, then a row for each primary endpoint."""
    record = view.results.get("study.claim")
    word = str(record.value) if record else "undefined"
    if all(verdict_of(endpoint, view) == "none" for endpoint in _primaries(view)):
        word = "none"
    procedure = view.protocol.multiplicity
    text = view.texts(f"claim.procedure.{procedure.procedure}") if procedure else ""
    title = view.texts(f"claim.study.{word}")
    rows = []
    for endpoint in _primaries(view):
        headline = of_kind(endpoint.kind).headline(endpoint, view)
        hypothesis = of_kind(endpoint.kind).hypothesis(endpoint, view)
        rows.append(
            Row(
                cells=(
                    (Strong(endpoint.id), " " + view.say(endpoint.label)),
                    hypothesis,
                    joined(endpoint, view, headline),
                    (Strong(view.texts(f"claim.{_claim(endpoint, view)}")),),
                )
            )
        )
    columns = (
        Column(header=view.texts("table.claim"), share=2.4),
        Column(header=view.texts("table.has_to_be_shown"), share=3.4),
        Column(header=view.texts("table.result"), share=3.4),
        Column(header=view.texts("table.shown"), share=1.3),
    )
    notes = tuple(undefined_notes(view, rows))
    caption = view.texts("table.claims")
    table = Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)
    return [Callout(title=title, text=text, tone=tone(word)), table]


def key_figures(view: View) -> list[Block]:
    """Return the few numbers that a board decides by, each with its interval."""
    items, rows = [], []
    for endpoint in _deciding(view):
        what, estimate, limits = of_kind(endpoint.kind).headline(endpoint, view)
        rows.append(Row(cells=(view.say(endpoint.label), estimate, limits)))
        items.append(
            KeyFigure(
                value=estimate,
                label=view.texts("label.value", name=view.say(endpoint.label), value=what),
                detail=interval_words(endpoint, view, limits),
                tone=tone(_claim(endpoint, view)),
            )
        )
    if not items:
        return []
    notes = undefined_notes(view, rows)
    return [KeyFigures(items=tuple(items)), *(Paragraph(text=n, style="note") for n in notes)]


def _deciding(view: View) -> list[Endpoint]:
    """Return the endpoints of the key figures: quality, time, money, safety, then the primaries."""
    endpoints = view.protocol.endpoints
    wanted = [
        [endpoint for endpoint in endpoints if endpoint.role == "primary"],
        [endpoint for endpoint in endpoints if endpoint.kind == "throughput"],
        sorted(
            (endpoint for endpoint in endpoints if endpoint.kind in MONEY),
            key=lambda endpoint: endpoint.kind != "return_on_investment",
        ),
        [endpoint for endpoint in endpoints if endpoint.role == "safety"],
    ]
    first = [found[0] for found in wanted if found]
    chosen = list({e.id: e for e in (*first, *wanted[0])}.values())[:_FIGURES]
    return [endpoint for endpoint in endpoints if endpoint in chosen]


def at_a_glance(view: View) -> list[Block]:
    """Return every endpoint in one row: estimate, interval, what was decided."""
    rows, drawn = [], []
    for endpoint in view.protocol.endpoints:
        what, estimate, limits = of_kind(endpoint.kind).headline(endpoint, view)
        if endpoint.kind in MONEY:
            drawn.append(
                view.texts("glance.draws", endpoint=endpoint.id, level=f"{endpoint.level:.0%}")
            )
        rows.append(
            Row(
                cells=(
                    (Strong(endpoint.id), " " + view.say(endpoint.label)),
                    view.texts(f"role.{endpoint.role}"),
                    what,
                    sample_size(endpoint, view, estimate),
                    estimate,
                    limits,
                    view.texts(f"verdict.{verdict_of(endpoint, view)}"),
                )
            )
        )
    columns = (
        Column(header=view.texts("table.endpoint"), share=3),
        Column(header=view.texts("table.role"), share=1.2),
        Column(header=view.texts("table.measure"), share=2.8),
        Column(header=view.texts("table.set_n"), share=1.6),
        Column(header=view.texts("table.estimate"), share=1.1, align="decimal"),
        Column(header=_interval_header(view), share=2.1, align="right"),
        Column(header=view.texts("table.decision"), share=1.3),
    )
    notes = (*undefined_notes(view, rows), *drawn)
    caption = view.texts("table.glance")
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]


def conclusions(view: View) -> list[Block]:
    """Return, claim by claim, what may be said and what may not."""
    blocks: list[Block] = []
    for endpoint in _primaries(view):
        headline = of_kind(endpoint.kind).headline(endpoint, view)
        text = view.texts.rich(
            f"conclusion.{_claim(endpoint, view)}",
            endpoint=Strong(f"{endpoint.id} {view.say(endpoint.label)}"),
            result=joined(endpoint, view, headline),
        )
        blocks.append(Paragraph(text=with_reasons(view, text)))
    if view.results.provenance["synthetic"]:
        blocks.append(Paragraph(text=view.texts("conclusion.synthetic"), style="note"))
    return blocks


def _primaries(view: View) -> list[Endpoint]:
    return [endpoint for endpoint in view.protocol.endpoints if endpoint.role == "primary"]


def _claim(endpoint: Endpoint, view: View) -> str:
    """Return what became of an endpoint's claim; ``none`` where nothing was claimed."""
    if verdict_of(endpoint, view) == "none":
        return "none"
    record = view.results.get(f"{endpoint.id}.claim")
    return str(record.value) if record else "undefined"


def _interval_header(view: View) -> str:
    """Return the header of a column of intervals, with their level if they all have the same."""
    levels = {endpoint.level for endpoint in view.protocol.endpoints}
    if len(levels) != 1:
        return view.texts("table.interval.any")
    return view.texts("table.interval", level=f"{levels.pop():.0%}")
