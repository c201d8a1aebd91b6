"""The claims as a reviewer ticks them off, and the balance of benefits and risks."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Rich, Row, Strong, Table
from clinval.report.pieces import of_kind
from clinval.report.pieces.common import (
    sample_size,
    undefined_notes,
    verdict_of,
    verdict_words,
    word,
)
from clinval.report.pieces.summary import claims
from clinval.report.view import View

__all__ = ["benefit_and_risk", "claim_table"]


def claim_table(view: View) -> list[Block]:
    """Return what the study shows, then each claim: bound, estimate, interval, whether met."""
    [verdict, *_] = claims(view)
    rows = []
    for endpoint in view.protocol.endpoints:
        if endpoint.role != "primary" and verdict_of(endpoint, view) == "none":
            continue
        kind = of_kind(endpoint.kind)
        what, estimate, limits = kind.headline(endpoint, view)
        cells = (_named(endpoint, view), what, kind.hypothesis(endpoint, view))
        rows.append(Row(cells=(*cells, estimate, limits, _met(endpoint, view))))
    columns = (
        Column(header=view.texts("table.claim"), share=2.4),
        Column(header=view.texts("table.measure"), share=2.4),
        Column(header=view.texts("table.has_to_be_shown"), share=3),
        Column(header=view.texts("table.estimate"), share=1.2, align="right"),
        Column(header=view.texts("table.interval.any"), share=2, align="right"),
        Column(header=view.texts("table.met"), share=1.2),
    )
    notes = (view.texts("claims.note"), *undefined_notes(view, rows))
    caption = view.texts("table.claims")
    return [verdict, Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]


def benefit_and_risk(view: View) -> list[Block]:
    """Return what the records say on benefits and on risks, each with its interval.

    The endpoints of safety, and the counts of what went wrong, are the risks.
    """
    rows = [Row(cells=((Strong(view.texts("balance.benefits")),), "", "", ""))]
    rows += [_result(e, view) for e in view.protocol.endpoints if e.role != "safety"]
    rows.append(Row(cells=((Strong(view.texts("balance.risks")),), "", "", "")))
    rows += [_result(e, view) for e in view.protocol.endpoints if e.role == "safety"]
    rows += _counted(view)
    columns = (
        Column(header=view.texts("table.endpoint"), share=3.4),
        Column(header=view.texts("table.measure"), share=3),
        Column(header=view.texts("table.result"), share=2.6, align="right"),
        Column(header=view.texts("table.decision"), share=1.4),
    )
    notes = (view.texts("balance.note"), *undefined_notes(view, rows))
    caption = view.texts("table.balance")
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]


def _named(endpoint: Endpoint, view: View) -> Rich:
    return (Strong(endpoint.id), " " + view.say(endpoint.label))


def _met(endpoint: Endpoint, view: View) -> Rich:
    """Return what became of a claim; of an endpoint outside the family, its verdict."""
    verdict = verdict_of(endpoint, view)
    claim = view.results.get(f"{endpoint.id}.claim")
    if verdict != "none" and claim is not None:
        return word(view, claim, "claim")
    return verdict_words(view, verdict)


def _result(endpoint: Endpoint, view: View) -> Row:
    what, estimate, limits = of_kind(endpoint.kind).headline(endpoint, view)
    both = view.texts.rich("result.interval", estimate=estimate, interval=limits)
    measure = view.texts.rich(
        "balance.measure", what=what, sample=sample_size(endpoint, view, estimate)
    )
    decision = verdict_words(view, verdict_of(endpoint, view))
    return Row(cells=(_named(endpoint, view), measure, both, decision), indent=1)


def _counted(view: View) -> list[Row]:
    """Return the counts of adverse events, deficiencies and failed exams as rows."""
    rows = []
    for form_id, key in (("F08", "balance.reports"), ("F10", "balance.failures")):
        returned = view.record("disposition", "", f"rows.{form_id}")
        if returned is not None:
            rows.append(Row(cells=(view.texts(key), "", (view.number(returned),), ""), indent=1))
    return rows
