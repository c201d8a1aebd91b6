"""Endpoints decided together: the procedure, adjusted p values, the graph; looks at the data."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, permutations

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import (
    Block,
    Column,
    Facts,
    Figure,
    Heading,
    Paragraph,
    Rich,
    Row,
    Strong,
    Table,
)
from clinval.report.figures import Boundaries, BoundaryLook, Graph, GraphEdge, GraphNode
from clinval.report.numbers import printed
from clinval.report.pieces.common import tone, undefined_notes, word
from clinval.report.view import View

__all__ = ["decided_together", "looks", "multiplicity_and_size"]

_MOST = 4  # endpoints: of more, arrows from each to each show nothing
_OF_A_LOOK = ("subjects", "information", "critical_value", "stage_alpha", "cumulative_alpha")


def multiplicity_and_size(view: View) -> list[Block]:
    """Return how several endpoints are decided, and what the sample size rests on."""
    return [*_plan(view), *_size(view)]


def decided_together(view: View) -> list[Block]:
    """Return p values, adjusted p values and claims side by side, and the graph of the procedure.

    Nothing where no p value was adjusted.
    """
    plan = view.protocol.multiplicity
    found = list(view.results.where(statistic="adjusted_p"))
    if plan is None or not found:
        return []
    method = found[0].method
    words = view.texts.method(method) if method else {"name": "", "variant": ""}
    rows = [_decided(record, view) for record in found]
    weighted = any(record.value is not None for record in _weights(view))
    start = [Column(header=view.texts("multiplicity.weight"), share=1.2, align="right")]
    columns = (
        Column(header=view.texts("table.endpoint"), share=3),
        *(start if weighted else ()),
        Column(header=view.texts("table.p_one_sided"), share=1.4, align="decimal"),
        Column(header=view.texts("multiplicity.adjusted"), share=1.4, align="decimal"),
        Column(header=view.texts("table.claim"), share=1.4),
    )
    if weighted:
        rows = [_with_weight(row, record, view) for row, record in zip(rows, found, strict=True)]
    notes: list[Rich] = [
        view.texts("multiplicity.note", name=words["name"], variant=words["variant"])
    ]
    alpha = view.record("multiplicity", "", "alpha")
    if alpha is not None:
        notes.append(view.texts.rich("multiplicity.alpha", alpha=view.number(alpha)))
    notes += undefined_notes(view, rows)
    table = Table(
        caption=view.texts("table.decided_together"),
        columns=columns,
        rows=tuple(rows),
        notes=tuple(notes),
    )
    title = view.texts("heading.decided_together")
    heading = Heading(level=2, text=title, anchor="result.multiplicity")
    procedure = Paragraph(text=view.texts(f"claim.procedure.{plan.procedure}"))
    return [heading, procedure, table, *_graph([record.endpoint for record in found], view)]


def looks(view: View) -> list[Block]:
    """Return the looks at the data: their boundaries, and what the current one says."""
    found = [
        record
        for record in view.results.where(endpoint="interim", statistic="critical_value")
        if set(record.group) == {"look"}
    ]
    if not found:
        return []
    current = view.record("interim", "", "current_look")
    heading = Heading(level=2, text=view.texts("heading.looks"), anchor="result.looks")
    blocks: list[Block] = [heading, _current(current, view)]
    blocks += [_boundaries(found, current, view), _picture(found, current, view)]
    return [*blocks, *_repeated(view)]


# ---------------------------------------------------------------------- the plan


def _plan(view: View) -> list[Block]:
    plan = view.protocol.multiplicity
    if plan is None:
        return []
    words = view.texts(f"claim.procedure.{plan.procedure}")
    rows: list[tuple[str, Rich]] = [(view.texts("multiplicity"), words)]
    if plan.order:
        rows.append((view.texts("multiplicity.order"), " > ".join(plan.order)))
    alpha = view.record("multiplicity", "", "alpha")
    if alpha is not None:
        rows.append((view.texts("size.alpha"), (view.number(alpha),)))
    rows.append((view.texts("multiplicity.why"), view.say(plan.justification)))
    return [Facts(rows=tuple(rows))]


def _size(view: View) -> list[Block]:
    if not view.protocol.sample_size:
        return [Paragraph(text=view.texts("size.none"))]
    sizes = tuple(
        Row(
            cells=(
                size.endpoint,
                *(
                    (view.number(view.record("inputs", "", name, {"endpoint": size.endpoint})),)
                    for name in ("subjects", "alpha", "power", "dropout")
                ),
                view.say(size.assumptions),
                view.say(size.source),
            )
        )
        for size in view.protocol.sample_size
    )
    columns = (
        Column(header=view.texts("table.endpoint"), share=1.2),
        Column(header=view.texts("size.subjects"), share=1.2, align="right"),
        Column(header=view.texts("size.alpha"), share=1.2, align="right"),
        Column(header=view.texts("size.power"), share=1.1, align="right"),
        Column(header=view.texts("size.dropout"), share=1.1, align="right"),
        Column(header=view.texts("size.assumptions"), share=3.6),
        Column(header=view.texts("table.source"), share=2),
    )
    return [Table(caption=view.texts("table.size"), columns=columns, rows=sizes)]


# ---------------------------------------------------------------------- the decision


def _decided(record: Record, view: View) -> Row:
    """Return the row of an endpoint: its p value, the adjusted one, the claim."""
    endpoint = view.protocol.endpoint(record.endpoint)
    return Row(
        cells=(
            (Strong(endpoint.id), " " + view.say(endpoint.label)),
            (view.statistic(endpoint, "p_value"),),
            (view.number(record),),
            word(view, view.results.get(f"{endpoint.id}.claim"), "claim"),
        )
    )


def _with_weight(row: Row, record: Record, view: View) -> Row:
    weight = view.record("multiplicity", "", "weight", {"endpoint": record.endpoint})
    return Row(cells=(row.cells[0], (view.number(weight),), *row.cells[1:]))


def _weights(view: View) -> Iterator[Record]:
    return view.results.where(endpoint="multiplicity", statistic="weight")


def _graph(family: list[str], view: View) -> list[Block]:
    """Return the graph of the procedure, where it has one."""
    weights, edges, drawn = _shares(family, view)
    if not weights:
        return []
    place = {name: index for index, name in enumerate(weights)}
    nodes = tuple(_node(view.protocol.endpoint(name), weight, view) for name, weight in
                  weights.items())  # fmt: skip
    arrows = tuple(
        GraphEdge(start=place[start], end=place[end], weight=weight)
        for (start, end), weight in edges.items()
        if start in place and end in place
    )
    said = [
        view.texts("label.value", name=n.label, value=view.listed((n.weight, n.result)))
        for n in nodes
    ]
    passed = [
        view.texts("graph.passes", start=nodes[e.start].label, end=nodes[e.end].label, w=e.weight)
        for e in arrows
    ]
    return [
        Figure(
            caption=view.texts("figure.graph"),
            chart=Graph(nodes=nodes, edges=arrows),
            alternative=view.texts(
                "figure.graph.alternative", nodes=view.listed([*said, *passed], parts=True)
            ),
            notes=(view.texts("figure.graph.note"),),
            anchor="fig.multiplicity.graph",
            records=tuple(record.id for record in drawn),
        )
    ]


def _shares(
    family: list[str], view: View
) -> tuple[dict[str, str], dict[tuple[str, str], str], list[Record]]:
    """Return weights and transitions as printed, and the records that they are.

    Holm's procedure and a fixed sequence are graphs by definition: equal shares that all pass
    on to all others, or the whole that goes from one to the next.
    """
    records = list(_weights(view))
    if records:
        passed = list(view.results.where(endpoint="multiplicity", statistic="transition"))
        weights = {r.group["endpoint"]: _plain(r) for r in records}
        edges = {(r.group["from"], r.group["to"]): _plain(r) for r in passed}
        return weights, edges, [*records, *passed]
    procedure, count = str(getattr(view.protocol.multiplicity, "procedure", "")), len(family)
    if procedure == "holm" and 1 < count <= _MOST:
        share = "1" if count == 2 else f"1/{count - 1}"
        edges = dict.fromkeys(permutations(family, 2), share)
        return dict.fromkeys(family, f"1/{count}"), edges, []
    if procedure == "fixed_sequence":
        first = {name: "0" if index else "1" for index, name in enumerate(family)}
        return first, dict.fromkeys(pairwise(family), "1"), []
    return {}, {}, []


def _plain(record: Record) -> str:
    """Return a share as it is written: 0.5, 1."""
    return f"{record.value:.4g}" if isinstance(record.value, float | int) else ""


def _node(endpoint: Endpoint, weight: str, view: View) -> GraphNode:
    claim = view.results.get(f"{endpoint.id}.claim")
    found = str(claim.value) if claim is not None else "undefined"
    return GraphNode(
        label=endpoint.id,
        name=view.say(endpoint.label),
        weight=view.texts("graph.weight", weight=weight),
        result=view.texts(f"claim.{found}"),
        tone=tone(found),
    )


# ---------------------------------------------------------------------- looks at the data


def _current(current: Record | None, view: View) -> Block:
    if current is None or not current.value:
        return Paragraph(text=view.texts("looks.before"))
    return Paragraph(text=view.texts.rich("looks.current", look=view.number(current)))


def _boundaries(found: list[Record], current: Record | None, view: View) -> Block:
    """Return the looks with what each spends."""
    rows = []
    for record in found:
        look = record.group["look"]
        now = current is not None and str(current.value) == look
        label = view.texts("looks.now" if now else "looks.look", look=look)
        numbers = [(view.statistic("interim", name, record.group),) for name in _OF_A_LOOK]
        rows.append(Row(cells=(label, *numbers), summary=now))
    columns = (
        Column(header=view.texts("looks.header"), share=2),
        *(Column(header=view.texts(f"looks.{name}"), share=1.4, align="right")
          for name in _OF_A_LOOK),
    )  # fmt: skip
    notes: list[Rich] = []
    if found[0].method:
        words = view.texts.method(found[0].method)
        notes.append(view.texts("looks.note", name=words["name"], variant=words["variant"]))
    notes += undefined_notes(view, rows)
    caption = view.texts("table.looks")
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=tuple(notes))


def _picture(found: list[Record], current: Record | None, view: View) -> Block:
    """Return the boundaries over the share of information."""
    marks = []
    for record in found:
        look = record.group["look"]
        information = view.value("interim", "information", record.group)
        critical = record.value if isinstance(record.value, float | int) else None
        marks.append(
            BoundaryLook(
                label=look,
                information=information or 0.0,
                critical=critical,
                text=printed(critical) if critical is not None else view.texts("value.undefined"),
                current=current is not None and str(current.value) == look,
            )
        )
    rows = (view.texts("label.value", name=mark.label, value=mark.text) for mark in marks)
    drawn = [
        r.id
        for record in found
        for name in ("information", "critical_value")
        if (r := view.record("interim", "", name, record.group)) is not None
    ]
    return Figure(
        caption=view.texts("figure.looks"),
        chart=Boundaries(
            looks=tuple(marks),
            x_axis=view.texts("looks.axis.information"),
            y_axis=view.texts("looks.axis.critical"),
            shown_label=view.texts("looks.above"),
            continue_label=view.texts("looks.below"),
            current_label=view.texts("looks.marked"),
        ),
        alternative=view.texts("figure.looks.alternative", looks=view.listed(rows, parts=True)),
        anchor="fig.interim.boundaries",
        records=tuple(drawn),
    )


def _repeated(view: View) -> list[Block]:
    """Return the repeated intervals of the endpoints at the look that the data are."""
    rows = []
    for endpoint in view.protocol.endpoints:
        for record in view.results.where(endpoint=endpoint.id, statistic="critical_value"):
            if set(record.group) != {"look"}:
                continue
            group = record.group
            verdict = view.record(endpoint.id, endpoint.set, "verdict", group)
            powers = [
                (view.statistic(endpoint, name, group),)
                for name in ("conditional_power", "conditional_power_planned")
            ]
            rows.append(
                Row(
                    cells=(
                        (Strong(endpoint.id), " " + view.say(endpoint.label)),
                        group["look"],
                        (view.number(record),),
                        (view.statistic(endpoint, "estimate", suffix=False),),
                        view.limits(endpoint, group),
                        word(view, verdict, "verdict"),
                        *powers,
                    )
                )
            )
    if not rows:
        return []
    columns = (
        Column(header=view.texts("table.endpoint"), share=2.6),
        Column(header=view.texts("looks.header"), share=0.8),
        Column(header=view.texts("looks.critical_value"), share=1.2, align="right"),
        Column(header=view.texts("table.estimate"), share=1.2, align="right"),
        Column(header=view.texts("looks.repeated"), share=2.4, align="right"),
        Column(header=view.texts("table.decision"), share=1.2),
        Column(header=view.texts("looks.power.trend"), share=1.4, align="right"),
        Column(header=view.texts("looks.power.planned"), share=1.4, align="right"),
    )
    notes = (view.texts("looks.repeated.note"), *undefined_notes(view, rows))
    caption = view.texts("table.repeated")
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]
