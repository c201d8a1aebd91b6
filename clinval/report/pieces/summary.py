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
    Rich,
    Row,
    Strong,
    Table,
    runs,
)
from clinval.report.pieces import of_kind
from clinval.report.pieces.common import tone, undefined_notes, with_reasons
from clinval.report.view import View

__all__ = ["at_a_glance", "claims", "conclusions", "key_figures"]


def claims(view: View) -> list[Block]:
    """Return what the study shows: one sentence, then a row for each primary endpoint."""
    word = view.word("study", "claim", set_id="")
    record = view.results.get("study.claim")
    word = str(record.value) if record else "undefined"
    procedure = view.protocol.multiplicity
    text = view.texts(f"claim.procedure.{procedure.procedure}") if procedure else ""
    title = view.texts(f"claim.study.{word}")
    rows = []
    for endpoint in _primaries(view):
        what, estimate, limits = of_kind(endpoint.kind).headline(endpoint, view)
        claim = view.results.get(f"{endpoint.id}.claim")
        verdict = str(claim.value) if claim else "undefined"
        hypothesis = of_kind(endpoint.kind).hypothesis(endpoint, view)
        rows.append(
            Row(
                cells=(
                    (Strong(endpoint.id), " " + view.say(endpoint.label)),
                    hypothesis,
                    _joined(what, estimate, limits),
                    (Strong(view.texts(f"claim.{verdict}")),),
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
    for endpoint in view.protocol.endpoints:
        wanted = endpoint.role == "primary" or endpoint.kind in (
            "throughput",
            "return_on_investment",
        )
        if not wanted:
            continue
        what, estimate, limits = of_kind(endpoint.kind).headline(endpoint, view)
        claim = view.results.get(f"{endpoint.id}.claim")
        rows.append(Row(cells=(view.say(endpoint.label), estimate, limits)))
        items.append(
            KeyFigure(
                value=estimate,
                label=f"{view.say(endpoint.label)}: {what}",
                detail=(
                    f"{endpoint.level:.0%} ",
                    view.texts("interval.short"),
                    " ",
                    *runs(limits),
                ),
                tone=tone(str(claim.value)) if claim else "neutral",
            )
        )
    if not items:
        return []
    notes = undefined_notes(view, rows[:4])
    return [KeyFigures(items=tuple(items[:4])), *(Paragraph(text=n, style="note") for n in notes)]


def at_a_glance(view: View) -> list[Block]:
    """Return every endpoint in one row: estimate, interval, what was decided."""
    rows = []
    for endpoint in view.protocol.endpoints:
        what, estimate, limits = of_kind(endpoint.kind).headline(endpoint, view)
        verdict = view.word(endpoint, "verdict")
        decided = (
            view.texts(f"verdict.{verdict}") if verdict in ("met", "not_met", "undefined") else ""
        )
        if view.record(endpoint.id, endpoint.set, "verdict") is None:
            decided = view.texts("verdict.none")
        rows.append(
            Row(
                cells=(
                    (Strong(endpoint.id), " " + view.say(endpoint.label)),
                    view.texts(f"role.{endpoint.role}"),
                    what,
                    estimate,
                    limits,
                    decided,
                )
            )
        )
    columns = (
        Column(header=view.texts("table.endpoint"), share=3),
        Column(header=view.texts("table.role"), share=1.3),
        Column(header=view.texts("table.measure"), share=3),
        Column(header=view.texts("table.estimate"), share=1.3, align="right"),
        Column(header=view.texts("table.interval.any"), share=1.9, align="right"),
        Column(header=view.texts("table.decision"), share=1.5),
    )
    notes = tuple(undefined_notes(view, rows))
    caption = view.texts("table.glance")
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]


def conclusions(view: View) -> list[Block]:
    """Return, claim by claim, what may be said and what may not."""
    blocks: list[Block] = []
    for endpoint in _primaries(view):
        claim = view.results.get(f"{endpoint.id}.claim")
        verdict = str(claim.value) if claim else "undefined"
        what, estimate, limits = of_kind(endpoint.kind).headline(endpoint, view)
        text = view.texts.rich(
            f"conclusion.{verdict}",
            endpoint=Strong(f"{endpoint.id} {view.say(endpoint.label)}"),
            result=_joined(what, estimate, limits),
        )
        blocks.append(Paragraph(text=with_reasons(view, text)))
    if view.results.provenance["synthetic"]:
        blocks.append(Paragraph(text=view.texts("conclusion.synthetic"), style="note"))
    return blocks


def _primaries(view: View) -> list[Endpoint]:
    return [endpoint for endpoint in view.protocol.endpoints if endpoint.role == "primary"]


def _joined(what: Rich, estimate: Rich, limits: Rich) -> Rich:
    """Return "what: estimate (interval)"."""
    return (*runs(what), ": ", *runs(estimate), " (", *runs(limits), ")")
