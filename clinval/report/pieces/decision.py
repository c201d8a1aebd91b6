"""What a hospital's committee decides by: the question, what follows, evidence by level."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import (
    Block,
    Column,
    PageOf,
    Paragraph,
    Rich,
    Row,
    Strong,
    Table,
)
from clinval.report.composed import Composed
from clinval.report.pieces import of_kind
from clinval.report.pieces.common import (
    MONEY,
    undefined_notes,
    verdict_of,
    verdict_words,
)
from clinval.report.view import View

__all__ = ["contract_questions", "decision_asked", "evidence_by_level", "software"]

_LEVELS = 7  # of the RADAR framework: from the image to the hospital's own setting
_QUESTIONS = {  # what buyers ask (after ECLAIR), and the pieces that answer it
    "use": ("product",),
    "status": ("narrative.regulatory_status",),
    "population": ("counts_by_site", "narrative.contraindications"),
    "performance": ("quality_results",),
    "own_site": ("counts_by_site",),
    "failure": ("safety", "narrative.safety_review"),
    "fallback": ("narrative.downtime",),
    "integration": ("narrative.integration",),
    "training": ("narrative.training_of_users",),
    "cost": ("economic_results",),
    "monitoring": ("narrative.monitoring_plan",),
    "contract": ("narrative.contract_terms",),
    "interests": ("narrative.conflicts",),
}


_OF_READINGS = ("reader_agreement", "interchangeability", "method_comparison")  # no patient outcome


def decision_asked(view: View) -> list[Block]:
    """Return the decision that is asked for, and what the results support."""
    product = view.protocol.product
    record = view.results.get("study.claim")
    word = str(record.value) if record else "undefined"
    if all(verdict_of(e, view) == "none" for e in view.protocol.endpoints if e.role == "primary"):
        word = "none"
    asked = view.texts("decision.asked", product=f"{product.name} {product.version}")
    return [
        Paragraph(text=asked, style="lead"),
        Paragraph(text=view.texts(f"decision.follows.{word}")),
    ]


def evidence_by_level(view: View, composed: Composed) -> list[Block]:
    """Return the evidence of the study by the levels of RADAR, with the page of each result."""
    del composed
    rows = []
    for level in range(1, _LEVELS + 1):
        found = [e for e in view.protocol.endpoints if _level(e, view) == level]
        title = (Strong(f"{level} {view.texts(f'radar.{level}')}"),)
        if not found:
            own = view.texts("radar.local" if level == _LEVELS else "radar.nothing")
            rows.append(Row(cells=(title, own, "", "", "")))
        for index, endpoint in enumerate(found):
            rows.append(_evidence(endpoint, view, "" if index else title))
    columns = (
        Column(header=view.texts("radar.level"), share=2.2),
        Column(header=view.texts("table.endpoint"), share=3.4),
        Column(header=view.texts("table.result"), share=2.6, align="right"),
        Column(header=view.texts("table.decision"), share=1.3),
        Column(header=view.texts("table.page"), share=0.7, align="right"),
    )
    notes = (view.texts("radar.note"), *undefined_notes(view, rows))
    caption = view.texts("table.radar")
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)]


def contract_questions(view: View, composed: Composed) -> list[Block]:
    """Return what buyers ask, and the page that answers it."""
    rows = []
    for question, pieces in _QUESTIONS.items():
        placed = [p for p in composed.placed if p.piece in pieces]
        placed.sort(key=lambda p: not p.supplied)
        where: Rich = view.texts("question.open")
        page: Rich = view.texts("value.none")
        if placed:
            first = placed[0]
            if first.supplied:
                where = first.title
            page = (PageOf(first.anchor),)
        rows.append(Row(cells=(view.texts(f"question.{question}"), where, page)))
    columns = (
        Column(header=view.texts("question"), share=5),
        Column(header=view.texts("question.answered"), share=3.4),
        Column(header=view.texts("table.page"), share=0.7, align="right"),
    )
    caption = view.texts("table.questions")
    return [Table(caption=caption, columns=columns, rows=tuple(rows), dense=True)]


def software(view: View) -> list[Block]:
    """Return what the numbers were computed with."""
    versions = view.results.provenance["software"]
    words = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
    return [Paragraph(text=view.texts("methods.software", software=words), style="note")]


def _level(endpoint: Endpoint, view: View) -> int:
    """Return the level that the kind of an endpoint speaks to; outcomes of patients to none."""
    if endpoint.kind in ("throughput", "time_trend", *MONEY):
        return 6
    if endpoint.kind in _OF_READINGS or view.protocol.design.reference_standard is None:
        return 1
    return 2


def _evidence(endpoint: Endpoint, view: View, title: Rich) -> Row:
    what, estimate, limits = of_kind(endpoint.kind).headline(endpoint, view)
    name: Rich = (Strong(endpoint.id), " " + view.texts(
        "label.value", name=view.say(endpoint.label), value=what
    ))  # fmt: skip
    both = view.texts.rich("result.interval", estimate=estimate, interval=limits)
    decision = verdict_words(view, verdict_of(endpoint, view))
    return Row(cells=(title, name, both, decision, (PageOf(f"result.{endpoint.id}"),)))
