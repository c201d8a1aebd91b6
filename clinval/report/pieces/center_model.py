"""How centers enter a result: the declared model, the other one beside it, a further center."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Callout, Column, Paragraph, Rich, Row, Strong, Table
from clinval.report.pieces.common import undefined_notes, verdict_words, word
from clinval.report.view import View

__all__ = ["center_models"]

_OTHERS = ("fixed", "random")


def center_models(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the result under both models of centers, and whether they agree.

    Nothing where the analysis used one model only.
    """
    other = next((name for name in _OTHERS if _has(endpoint, view, name)), None)
    if other is None:
        return []
    group = {"center_model": other}
    declared = view.texts(f"centers.{view.word(endpoint, 'center_model')}")
    beside = view.texts(f"center_model.{other}")
    rows = [
        _row(endpoint, view, (Strong(declared),), view.texts("center_model.declared"), {}),
        _row(endpoint, view, beside, view.texts("center_model.beside"), group),
    ]
    columns = (
        Column(header=view.texts("table.center_model"), share=3),
        Column(header=view.texts("table.role"), share=1.6),
        Column(header=view.texts("table.estimate"), share=1.3, align="right"),
        Column(
            header=view.texts("table.interval", level=f"{endpoint.level:.0%}"),
            share=2.2,
            align="right",
        ),
        Column(header=view.texts("table.decision"), share=1.4),
    )
    table = Table(
        caption=view.texts("table.center_models", endpoint=view.say(endpoint.label)),
        columns=columns,
        rows=tuple(rows),
        notes=(_methods(endpoint, view, group), *undefined_notes(view, rows)),
    )
    agree = view.record(endpoint.id, endpoint.set, "center_models_agree")
    if agree is None:
        return [table]
    if agree.value == "yes":
        return [table, Paragraph(text=view.texts("center_model.agree"))]
    words = view.texts(
        "center_model.disagree.text",
        declared=declared,
        verdict=verdict_words(view, view.word(endpoint, "verdict")),
        other=beside,
        other_verdict=verdict_words(view, view.word(endpoint, "verdict", group)),
    )
    title = view.texts("center_model.disagree", endpoint=view.say(endpoint.label))
    return [Callout(title=title, text=words, tone="bad"), table]


def _has(endpoint: Endpoint, view: View, model: str) -> bool:
    group = {"center_model": model}
    return view.record(endpoint.id, endpoint.set, "estimate", group) is not None


def _row(endpoint: Endpoint, view: View, name: Rich, role: str, group: Mapping[str, str]) -> Row:
    verdict = view.record(endpoint.id, endpoint.set, "verdict", group)
    return Row(
        cells=(
            name,
            role,
            (view.statistic(endpoint, "estimate", group, suffix=False),),
            view.limits(endpoint, group),
            word(view, verdict, "verdict"),
        )
    )


def _methods(endpoint: Endpoint, view: View, other: Mapping[str, str]) -> str:
    """Return the methods behind both rows."""
    records = (
        view.record(endpoint.id, endpoint.set, "estimate", group) for group in ({}, dict(other))
    )
    words = [view.texts.method(r.method) for r in records if r is not None and r.method]
    named = (view.texts("label.variant", name=w["name"], variant=w["variant"]) for w in words)
    return view.texts("methods.note", methods=view.listed(named, parts=True))
