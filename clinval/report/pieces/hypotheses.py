"""What had to be shown: hypotheses in words and as formulas, margins and estimands."""

from __future__ import annotations

from typing import Any

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint, Margin
from clinval.report.blocks import Block, Column, Number, Paragraph, Rich, Row, Strong, Table
from clinval.report.numbers import interval, printed
from clinval.report.pieces import of_kind
from clinval.report.pieces.common import in_parts, undefined_notes, verdict_of
from clinval.report.pieces.effect import unit_of
from clinval.report.pieces.mrmc_words import inference
from clinval.report.view import View

__all__ = ["estimands", "hypotheses"]


def hypotheses(view: View) -> list[Block]:
    """Return what has to be shown for each endpoint that has a margin or a goal, and why."""
    rows = []
    for endpoint in view.protocol.endpoints:
        margin = _margin(endpoint)
        hypothesis = of_kind(endpoint.kind).hypothesis(endpoint, view)
        if margin is None and endpoint.role != "primary":
            continue
        rows.append(Row(cells=(_named(endpoint, view), hypothesis, _why(margin, endpoint, view))))
    if not rows:
        return [Paragraph(text=view.texts("hypothesis.none_declared"))]
    columns = (
        Column(header=view.texts("table.endpoint"), share=2.4),
        Column(header=view.texts("table.has_to_be_shown"), share=3.4),
        Column(header=view.texts("table.margin_why"), share=4),
    )
    caption = view.texts("table.hypotheses")
    table = Table(caption=caption, columns=columns, rows=tuple(rows))
    return [table, *_tests(view), *_evidence(view)]


def estimands(view: View) -> list[Block]:
    """Return what is estimated, in the attributes of ICH E9(R1), where it was declared."""
    return [
        _estimand(endpoint, declared, view)
        for endpoint in view.protocol.endpoints
        if (declared := getattr(endpoint, "estimand", None)) is not None
    ]


def _named(endpoint: Endpoint, view: View) -> Rich:
    return (Strong(endpoint.id), " " + view.say(endpoint.label))


def _margin(endpoint: Endpoint) -> Margin | None:
    found = getattr(endpoint, "margin", None) or getattr(endpoint, "goal", None)
    return found if isinstance(found, Margin) else None


def _why(margin: Margin | None, endpoint: Endpoint, view: View) -> str:
    if margin is None:
        tested = verdict_of(endpoint, view) != "none"
        return view.texts("margin.none" if tested else "value.none")
    words = view.say(margin.justification) if margin.justification else ""
    if words and words[-1] not in ".。!?！？":
        words += view.texts("sentence.end")
    return view.texts(
        "margin.why",
        status=view.texts(f"margin.{margin.status}"),
        source=view.say(margin.source) if margin.source else "",
        justification=words,
    )


# ---------------------------------------------------------------------- as formulas


def _tests(view: View) -> list[Block]:
    """Return null and alternative hypothesis as formulas, and how they are tested."""
    rows = []
    for endpoint in view.protocol.endpoints:
        key, bounds = _bounds(endpoint, view)
        if not bounds:
            continue
        what, *_ = of_kind(endpoint.kind).headline(endpoint, view)
        numbers = {name: _bound(record) for name, record in bounds.items()}
        formulas = (
            view.texts.rich(f"hypothesis.{side}.{key}", **numbers)
            for side in ("null", "alternative")
        )
        tested = _side(endpoint, view, key), _how(endpoint, view)
        rows.append(Row(cells=(_named(endpoint, view), *formulas, what, *tested)))
    if not rows:
        return []
    columns = (
        Column(header=view.texts("table.endpoint"), share=1.8),
        Column(header="H₀", share=1.4),
        Column(header="H₁", share=1.4),
        Column(header=view.texts("table.theta"), share=2),
        Column(header=view.texts("table.side"), share=2.2),
        Column(header=view.texts("table.tested_by"), share=3.2),
    )
    caption = view.texts("table.tests")
    return [Table(caption=caption, columns=columns, rows=tuple(rows), dense=True)]


def _bound(record: Record) -> Number:
    """Return a bound as it is printed; a goal keeps its sign of percent."""
    suffix = record.unit == "proportion"
    return Number(printed(record.value, record.unit, suffix=suffix), record.id)


def _bounds(endpoint: Endpoint, view: View) -> tuple[str, dict[str, Record]]:
    """Return which side the bounds stand on, and their records by the blank they fill."""
    found = {
        name: record
        for name in ("low", "high")
        if (record := view.record(endpoint.id, endpoint.set, f"bound_{name}")) is not None
    }
    goal = view.record(endpoint.id, endpoint.set, "goal")
    if goal is not None:
        higher = getattr(endpoint, "direction", "higher_is_better") == "higher_is_better"
        found = {"low" if higher else "high": goal}
    key = "between" if len(found) == 2 else "above" if "low" in found else "below"
    return key, found


def _side(endpoint: Endpoint, view: View, key: str) -> str:
    alpha = f"{(1 - endpoint.level) / 2:.4g}"
    return view.texts(f"hypothesis.side.{key}", alpha=alpha, level=f"{endpoint.level:.0%}")


def _how(endpoint: Endpoint, view: View) -> str:
    """Return method, analysis set and model of centers."""
    target = inference(endpoint)
    parts = _of_readers(endpoint, view) if target else _methods(endpoint, view)
    parts += [view.texts(f"mrmc.target.name.{target}")] if target else []
    parts.append(endpoint.set)
    centers = getattr(endpoint, "centers", None)
    if centers:
        parts.append(view.texts(f"centers.{centers}"))
    return view.listed(dict.fromkeys(parts), parts=True)


def _methods(endpoint: Endpoint, view: View) -> list[str]:
    """Return the methods of the interval and of the test with their variants."""
    parts = []
    for statistic in ("estimate", "p_value"):
        record = view.record(endpoint.id, endpoint.set, statistic)
        if record is not None and record.method:
            words = view.texts.method(record.method)
            parts.append(view.texts("label.variant", name=words["name"], variant=words["variant"]))
    return parts


def _of_readers(endpoint: Endpoint, view: View) -> list[str]:
    """Return the method of a reader study, whose test is that of its interval, and its covariance.

    The variants are those that the method has; the covariance is the one that was used.
    """
    record = view.record(endpoint.id, endpoint.set, "estimate")
    if record is None or not record.method:
        return []
    parts = [view.texts.method(record.method)["name"]]
    used = view.record(endpoint.id, endpoint.set, "covariance")
    if used is not None and record.method == "mrmc.obuchowski_rockette":
        name = view.texts(f"mrmc.covariance.{used.value}")
        parts.append(view.texts("hypothesis.covariance", covariance=name))
    return parts


# ---------------------------------------------------------------------- evidence of margins


def _evidence(view: View) -> list[Block]:
    """Return the historical effect behind each margin that declares one: M1, M2, share kept."""
    found = [
        endpoint
        for endpoint in view.protocol.endpoints
        if view.record("inputs", "", "margin_m1", {"endpoint": endpoint.id}) is not None
    ]
    if not found:
        return []
    rows = [_evidence_row(endpoint, view) for endpoint in found]
    synthesis = [view.record(e.id, e.set, "synthesis_p_value") for e in found]
    if any(synthesis):
        rows = [
            Row(cells=(*row.cells, (view.number(p),)))
            for row, p in zip(rows, synthesis, strict=True)
        ]
    combined = [Column(header=view.texts("evidence.synthesis"), share=1.6, align="right")]
    columns = (
        Column(header=view.texts("table.endpoint"), share=1.2),
        Column(header=view.texts("evidence.historical"), share=3, align="right"),
        Column(header="M1", share=1.1, align="right"),
        Column(header=view.texts("evidence.preserve"), share=1.5, align="right"),
        Column(header="M2", share=1.1, align="right"),
        Column(header=view.texts("evidence.margin"), share=1.6, align="right"),
        *(combined if any(synthesis) else ()),
    )
    notes: list[Rich] = [view.texts("evidence.note")]
    if any(synthesis):
        notes.append(view.texts("evidence.synthesis.note"))
    for endpoint in found:
        declared = getattr(_margin(endpoint), "evidence", None)
        if declared is not None:
            words = {"endpoint": endpoint.id, "source": view.say(declared.source)}
            notes.append(view.texts("evidence.source", **words))
    notes += undefined_notes(view, rows)
    caption = view.texts("table.evidence")
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=tuple(notes))]


def _evidence_row(endpoint: Endpoint, view: View) -> Row:
    """Return the effect of the reference and what follows, in the unit of the effect."""
    unit = unit_of(endpoint, view)

    def number(name: str) -> Number | str:
        record = view.record("inputs", "", name, {"endpoint": endpoint.id})
        if record is None or record.undefined:
            return view.number(record)
        return Number(printed(record.value, unit, suffix=False), record.id)

    low, high = number("historical_ci_low"), number("historical_ci_high")
    limits = (low, interval("", "", view.language), high)
    historical = view.texts.rich(
        "result.interval", estimate=number("historical_estimate"), interval=limits
    )
    bounds: list[Rich] = [
        (view.statistic(endpoint, f"bound_{side}", suffix=False),)
        for side in ("low", "high")
        if view.record(endpoint.id, endpoint.set, f"bound_{side}") is not None
    ]
    kept = view.statistic("inputs", "preserve", {"endpoint": endpoint.id})
    return Row(
        cells=(
            (Strong(endpoint.id),),
            historical,
            (number("margin_m1"),),
            (kept,),
            (number("margin_m2"),),
            in_parts(view, bounds) or view.texts("value.none"),
        )
    )


# ---------------------------------------------------------------------- estimands


def _estimand(endpoint: Endpoint, declared: Any, view: View) -> Block:
    rows = [
        Row(cells=(view.texts(f"estimand.{name}"), view.say(getattr(declared, name))))
        for name in ("population", "treatment", "variable")
    ]
    for event in declared.intercurrent_events:
        strategy = view.texts(f"estimand.strategy.{event.strategy}")
        words: Rich = (
            Strong(view.texts("label.value", name=view.say(event.event), value=strategy)),
            view.texts("estimand.handling", handling=view.say(event.handling)),
        )
        rows.append(Row(cells=(view.texts("estimand.event"), words)))
    if not declared.intercurrent_events:
        none = view.texts("estimand.no_event")
        rows.append(Row(cells=(view.texts("estimand.event"), none)))
    rows.append(Row(cells=(view.texts("estimand.summary"), _summary(endpoint, view))))
    columns = (
        Column(header=view.texts("estimand.attribute"), share=1.4),
        Column(header=view.texts("table.definition"), share=4),
    )
    caption = view.texts("table.estimand", endpoint=f"{endpoint.id} {view.say(endpoint.label)}")
    return Table(caption=caption, columns=columns, rows=tuple(rows))


def _summary(endpoint: Endpoint, view: View) -> Rich:
    """Return the summary measure, which follows from the endpoint itself."""
    what, *_ = of_kind(endpoint.kind).headline(endpoint, view)
    centers = getattr(endpoint, "centers", None)
    parts = [what] if not centers else [what, view.texts(f"centers.{centers}")]
    return in_parts(view, parts)
