"""A result on every analysis set that it is shown on, and the subjects that make the difference."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Callout, Column, Figure, Paragraph, Rich, Row, Table
from clinval.report.figures import IntervalRow, Intervals
from clinval.report.numbers import factor
from clinval.report.pieces.centers import Scale
from clinval.report.pieces.common import (
    set_label,
    tone,
    undefined_notes,
    verdict_words,
    word,
)
from clinval.report.pieces.effect import effect_words, estimated
from clinval.report.view import View

__all__ = ["intervals", "side_by_side"]


def intervals(endpoint: Endpoint, view: View, scale: Scale) -> list[Block]:
    """Return the interval against its margin, on every set that the endpoint is shown on."""
    if scale.margin is None and view.word(endpoint, "verdict") == "none":
        return []
    rows, said = [], []
    for set_id in (endpoint.set, *endpoint.also_sets):
        estimate = view.value(endpoint, "estimate", set_id=set_id)
        low, high = (view.value(endpoint, name, set_id=set_id) for name in ("ci_low", "ci_high"))
        verdict = view.word(endpoint, "verdict", set_id=set_id)
        number = view.statistic(endpoint, "estimate", set_id=set_id)
        said.append(Row(cells=(set_id, (number,), view.limits(endpoint, set_id=set_id))))
        rows.append(
            IntervalRow(
                label=set_id,
                estimate=estimate,
                low=low,
                high=high,
                result=estimated(view, scale.unit, estimate, low, high),
                verdict=verdict_words(view, verdict),
                tone=tone(verdict),
            )
        )
    bound_low, bound_high = (view.value(endpoint, f"bound_{side}") for side in ("low", "high"))
    both = bound_low is not None and bound_high is not None
    margin = bound_low if bound_low is not None else bound_high
    if margin is None:
        return []
    chart = Intervals(
        rows=tuple(rows),
        axis=scale.axis,
        margin=margin,
        margin_label=scale.margin_label or view.texts("forest.null"),
        shade="both" if both else "left" if bound_low is not None else "right",
        upper_margin=bound_high if both else None,
        null=scale.null if scale.null != margin else None,
        null_label=view.texts("forest.null"),
        scale=scale.kind,
        factor=factor(scale.unit),
    )
    words = view.texts(
        "figure.intervals.alternative",
        endpoint=view.say(endpoint.label),
        rows=view.listed(
            (
                view.texts(
                    "label.value", name=row.label, value=view.listed((row.result, row.verdict))
                )
                for row in rows
            ),
            parts=True,
        ),
    )
    key = "figure.intervals" if scale.margin_label else "figure.intervals.null"
    caption = view.texts(key, endpoint=view.say(endpoint.label))
    sets = view.texts("sets.note", sets=view.listed(set_label(view, row.label) for row in rows))
    return [
        Figure(
            caption=caption,
            chart=chart,
            alternative=words,
            notes=(sets, *undefined_notes(view, said)),
            anchor=f"fig.{endpoint.id}.intervals",
            records=tuple(
                record.id
                for row in rows
                for name in ("estimate", "ci_low", "ci_high", "verdict")
                if (record := view.record(endpoint.id, row.label, name)) is not None
            ),
        )
    ]


def side_by_side(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the sets beside each other, the subjects that tell them apart, and what follows.

    Nothing where the analysis did not compare sets.
    """
    agree = view.record(endpoint.id, endpoint.set, "sets_agree")
    if agree is None:
        return []
    sets = (endpoint.set, *endpoint.also_sets)
    rows = [_row(endpoint, view, set_id) for set_id in sets]
    apart = [pair for set_id in sets for pair in _not_in(endpoint, view, set_id)]
    rows += [_difference(endpoint, view, *pair) for pair in apart]
    columns = (
        Column(header=view.texts("table.set"), share=3),
        Column(header="n", share=1, align="right"),
        Column(header=view.texts("table.estimate"), share=1.3, align="right"),
        Column(
            header=view.texts("table.interval", level=f"{endpoint.level:.0%}"),
            share=2.2,
            align="right",
        ),
        Column(header=view.texts("table.p_one_sided"), share=1.3, align="right"),
        Column(header=view.texts("table.decision"), share=1.4),
    )
    notes: list[Rich] = [effect_words(endpoint, view)]
    if getattr(endpoint, "comparison", "") in ("non_inferiority", "equivalence"):
        notes.append(view.texts("sets.cautious"))
    notes += undefined_notes(view, rows)
    table = Table(
        caption=view.texts("table.sets_side_by_side", endpoint=view.say(endpoint.label)),
        columns=columns,
        rows=tuple(rows),
        notes=tuple(notes),
    )
    return [_conclusion(endpoint, view, sets, str(agree.value)), table]


def _conclusion(endpoint: Endpoint, view: View, sets: tuple[str, ...], agree: str) -> Block:
    """Say whether the sets lead to the same decision, loudly where they do not."""
    if agree == "yes":
        return Paragraph(text=view.texts("sets.agree", sets=view.listed(sets)))
    verdicts = (
        view.texts(
            "label.value",
            name=set_label(view, set_id),
            value=verdict_words(view, view.word(endpoint, "verdict", set_id=set_id)),
        )
        for set_id in sets
    )
    return Callout(
        title=view.texts("sets.disagree", endpoint=view.say(endpoint.label)),
        text=view.texts("sets.disagree.text", sets=view.listed(verdicts, parts=True)),
        tone="bad",
    )


def _row(endpoint: Endpoint, view: View, set_id: str) -> Row:
    return Row(
        cells=(
            set_label(view, set_id),
            (view.statistic(endpoint, "n", set_id=set_id),),
            (view.statistic(endpoint, "estimate", set_id=set_id, suffix=False),),
            view.limits(endpoint, set_id=set_id),
            (view.statistic(endpoint, "p_value", set_id=set_id),),
            word(view, view.record(endpoint.id, set_id, "verdict"), "verdict"),
        )
    )


def _not_in(endpoint: Endpoint, view: View, set_id: str) -> list[tuple[str, str]]:
    """Return the pairs (set, other set) whose difference was analyzed."""
    found = view.results.where(endpoint=endpoint.id, analysis_set=set_id, statistic="n")
    return [(set_id, r.group["not_in"]) for r in found if set(r.group) == {"not_in"}]


def _difference(endpoint: Endpoint, view: View, set_id: str, other: str) -> Row:
    """Return the row of the subjects of a set that are not in the other."""
    group = {"not_in": other}
    return Row(
        cells=(
            view.texts("sets.not_in", set=set_id, other=other),
            (view.statistic(endpoint, "n", group, set_id=set_id),),
            (view.statistic(endpoint, "estimate", group, set_id=set_id, suffix=False),),
            view.limits(endpoint, group, set_id=set_id),
            view.texts("value.none"),
            view.texts("value.none"),
        ),
        indent=1,
    )
