"""Who was studied: flow, disposition by site, analysis sets, completeness, safety events."""

from __future__ import annotations

from clinval.core.records import Record
from clinval.report.blocks import (
    Block,
    Column,
    Figure,
    Heading,
    Paragraph,
    Rich,
    Row,
    Strong,
    Table,
)
from clinval.report.figures import Flow, FlowExclusion, FlowStep
from clinval.report.numbers import printed
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.common import set_label
from clinval.report.view import View

__all__ = ["analysis_sets", "completeness", "counts_by_site", "disposition", "safety"]

_WHERE = "disposition"
_MANY = 5  # sets: more make a table of small type
_BREAK = "_\N{ZERO WIDTH SPACE}"  # where the name of a set may be broken


def analysis_sets(view: View) -> list[Block]:
    """Return the definition of each analysis set."""
    rows = tuple(
        Row(
            cells=(
                name,
                view.say(declared.label),
                view.say(declared.definition),
                view.listed(
                    (view.say(exclusion.reason) for exclusion in declared.exclude), parts=True
                )
                or view.texts("value.none"),
            )
        )
        for name, declared in view.protocol.analysis_sets.items()
    )
    columns = (
        Column(header=view.texts("table.set"), share=0.8),
        Column(header=view.texts("table.name"), share=1.8),
        Column(header=view.texts("table.definition"), share=3.6),
        Column(header=view.texts("table.left_out"), share=3.6),
    )
    return [Table(caption=view.texts("table.sets"), columns=columns, rows=rows)]


def disposition(view: View) -> list[Block]:
    """Return the flow of subjects and, for each set, every exclusion by reason."""
    blocks: list[Block] = [_flow(view)]
    rows: list[Row] = []
    for name, declared in view.protocol.analysis_sets.items():
        start = declared.within or view.texts("flow.all_received")
        candidates = view.number(view.record(_WHERE, name, "candidates"))
        rows.append(
            Row(cells=((Strong(set_label(view, name)),), view.texts("flow.from", start=start),
                       (candidates,)))
        )  # fmt: skip
        for index, exclusion in enumerate(declared.exclude):
            number = view.number(view.record(_WHERE, name, f"excluded.{index}"))
            rows.append(Row(cells=("", view.say(exclusion.reason), (number,)), indent=1))
        members = view.number(view.record(_WHERE, name, "n"))
        rows.append(Row(cells=("", view.texts("flow.members"), (members,)), summary=True))
    columns = (
        Column(header=view.texts("table.set"), share=3),
        Column(header=view.texts("table.step"), share=5),
        Column(header=view.texts("table.subjects"), share=1.2, align="right"),
    )
    blocks.append(Table(caption=view.texts("table.disposition"), columns=columns, rows=tuple(rows)))
    return blocks


def _flow(view: View) -> Block:
    """Return the flow diagram along the sets that lie within one another, widest first."""
    chain = _chain(view)
    steps = [
        FlowStep(label=view.texts("flow.planned"), n=_count(view, "", "planned")),
        FlowStep(label=view.texts("flow.received"), n=_count(view, "", "received")),
    ]
    for name in chain:
        declared = view.protocol.analysis_sets[name]
        left = tuple(
            FlowExclusion(
                reason=view.say(exclusion.reason),
                n=_count(view, name, f"excluded.{index}"),
            )
            for index, exclusion in enumerate(declared.exclude)
        )
        steps.append(
            FlowStep(label=set_label(view, name), n=_count(view, name, "n"), excluded=left)
        )
    chart = Flow(steps=tuple(steps), excluded_title=view.texts("flow.excluded"))
    words = view.listed(
        (
            view.texts("label.value", name=step.label, value=printed(step.n, "subjects"))
            for step in steps
        ),
        parts=True,
    )
    return Figure(
        caption=view.texts("figure.flow"),
        chart=chart,
        alternative=view.texts("figure.flow.alternative", steps=words),
        anchor="fig.flow",
    )


def _chain(view: View) -> list[str]:
    """Return the longest line of sets that lie within one another."""
    sets = view.protocol.analysis_sets

    def line(name: str) -> list[str]:
        parent = sets[name].within
        return [*(line(parent) if parent else []), name]

    return max((line(name) for name in sets), key=len)


def _count(view: View, set_id: str, statistic: str) -> int:
    record = view.record(_WHERE, set_id, statistic)
    return int(record.value) if record is not None and record.value is not None else 0


def counts_by_site(view: View) -> list[Block]:
    """Return planned, returned and analysed subjects by site."""
    sets = list(view.protocol.analysis_sets)
    statistics = [("", "planned"), ("", "received"), *((name, "n") for name in sets)]
    rows = [
        Row(cells=(site_label(view, site.id), *_cells(view, statistics, {"site": site.id})))
        for site in view.protocol.sites
    ]
    rows.append(Row(cells=(view.texts("forest.all"), *_cells(view, statistics, {})), summary=True))
    columns = (
        Column(header=view.texts("table.site"), share=4),
        Column(header=view.texts("table.planned"), share=1.3, align="right"),
        Column(header=view.texts("table.returned"), share=1.3, align="right"),
        *(Column(header=name.replace("_", _BREAK), share=1, align="right") for name in sets),
    )
    by_site = Table(
        caption=view.texts("table.by_site"),
        columns=columns,
        rows=tuple(rows),
        dense=len(sets) > _MANY,
    )
    return [by_site]


def _cells(view: View, statistics: list[tuple[str, str]], group: dict[str, str]) -> list[Rich]:
    return [
        (view.number(view.record(_WHERE, set_id, statistic, group)),)
        for set_id, statistic in statistics
    ]


def completeness(view: View) -> list[Block]:
    """Return, for each form, rows received and held, and enrolled subjects without any."""
    rows = []
    gaps: list[Block] = []
    for form in view.protocol.forms:
        numbers = [
            (view.number(view.record(_WHERE, "", f"{name}.{form.id}")),)
            for name in ("rows", "held", "without", "incomplete")
        ]
        rows.append(Row(cells=(f"{form.id} {view.say(form.name)}", *numbers)))
        series = view.results.points(f"{_WHERE}.without.{form.id}")
        subjects = [str(name) for name in series.columns["subject"]] if series else []
        if 0 < len(subjects) <= 40:
            text = view.texts(
                "completeness.without", form=f"{form.id} {view.say(form.name)}",
                subjects=view.listed(subjects),
            )  # fmt: skip
            gaps.append(Paragraph(text=text, style="note"))
    columns = (
        Column(header=view.texts("table.form"), share=4),
        Column(header=view.texts("completeness.rows"), share=1.2, align="right"),
        Column(header=view.texts("completeness.held"), share=1.2, align="right"),
        Column(header=view.texts("completeness.no_row"), share=1.6, align="right"),
        Column(header=view.texts("completeness.some"), share=1.6, align="right"),
    )
    notes: tuple[Rich, ...] = (view.texts("completeness.note"),)
    table = Table(
        caption=view.texts("table.completeness"), columns=columns, rows=tuple(rows), notes=notes
    )
    return [table, *gaps]


def safety(view: View) -> list[Block]:
    """Return adverse events, device deficiencies, deviations and failed exams by site."""
    blocks: list[Block] = []
    for form in view.protocol.forms:
        records = [
            record
            for record in view.results.where(endpoint=_WHERE)
            if record.statistic.startswith(f"events.{form.id}.") and not record.group
        ]
        if not records:
            continue
        returned = view.record(_WHERE, "", f"rows.{form.id}")
        if returned is not None and not returned.value:
            name, rows = view.say(form.name), view.number(returned)
            text = view.texts.rich("safety.form_none", form=name, rows=rows)
            blocks.append(Paragraph(text=text))
        else:
            blocks.append(_events(view, form.id, records))
    if not blocks:
        return [Paragraph(text=view.texts("safety.none"))]
    return [Heading(level=2, text=view.texts("safety.events"), anchor="safety.events"), *blocks]


def _events(view: View, form_id: str, records: list[Record]) -> Block:
    form = view.protocol.form(form_id)
    rows = []
    for record in records:
        _, _, field_id, code = record.statistic.split(".", 3)
        field = form.field(field_id)
        label = code
        if field is not None and code in field.codelist:
            label = view.texts(
                "label.value", name=view.say(field.label), value=view.say(field.codelist[code])
            )
        by_site = [
            (view.number(view.record(_WHERE, "", record.statistic, {"site": site.id})),)
            for site in view.protocol.sites
        ]
        rows.append(Row(cells=(label, (view.number(record),), *by_site)))
    columns = (
        Column(header=view.texts("table.event"), share=4),
        Column(header=view.texts("forest.all"), share=1, align="right"),
        *(Column(header=site.id, share=0.8, align="right") for site in view.protocol.sites),
    )
    caption = view.texts("table.events", form=view.say(form.name))
    return Table(caption=caption, columns=columns, rows=tuple(rows))
