"""Who was studied: flow, disposition by site, analysis sets, completeness."""

from __future__ import annotations

from clinval.report.blocks import (
    Block,
    Column,
    Figure,
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

__all__ = [
    "analysis_sets",
    "completeness",
    "counts_by_site",
    "disposition",
    "exclusions_by_reason",
    "flow",
    "set_definitions",
    "set_exclusions",
]

_WHERE = "disposition"
_MANY = 5  # sets: more make a table of small type
_BREAK = "_\N{ZERO WIDTH SPACE}"  # where the name of a set may be broken


def analysis_sets(view: View) -> list[Block]:
    """Return the definition of each analysis set, and who is left out of it."""
    return [_sets(view, "definition", "left_out")]


def set_definitions(view: View) -> list[Block]:
    """Return the definition of each analysis set."""
    return [_sets(view, "definition")]


def set_exclusions(view: View) -> list[Block]:
    """Return who is left out of each analysis set."""
    return [_sets(view, "left_out")]


def _sets(view: View, *columns: str) -> Block:
    rows = []
    for name, declared in view.protocol.analysis_sets.items():
        reasons = (view.say(exclusion.reason) for exclusion in declared.exclude)
        cells = {
            "definition": view.say(declared.definition),
            "left_out": view.listed(reasons, parts=True) or view.texts("value.none"),
        }
        rows.append(Row(cells=(name, view.say(declared.label), *(cells[c] for c in columns))))
    headers = (
        Column(header=view.texts("table.set"), share=0.8),
        Column(header=view.texts("table.name"), share=1.8),
        *(Column(header=view.texts(f"table.{column}"), share=3.6) for column in columns),
    )
    return Table(caption=view.texts("table.sets"), columns=headers, rows=tuple(rows))


def disposition(view: View) -> list[Block]:
    """Return the flow of subjects and, for each set, every exclusion by reason."""
    return [*flow(view), *exclusions_by_reason(view)]


def exclusions_by_reason(view: View) -> list[Block]:
    """Return for each set every exclusion by reason."""
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
    return [Table(caption=view.texts("table.disposition"), columns=columns, rows=tuple(rows))]


def flow(view: View) -> list[Block]:
    """Return the flow diagram along the sets that lie within one another, widest first."""
    steps = [
        FlowStep(label=view.texts("flow.planned"), n=_count(view, "", "planned")),
        FlowStep(label=view.texts("flow.received"), n=_count(view, "", "received")),
    ]
    for name in chain(view):
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
    return [
        Figure(
            caption=view.texts("figure.flow"),
            chart=chart,
            alternative=view.texts("figure.flow.alternative", steps=words),
            anchor="fig.flow",
        )
    ]


def chain(view: View) -> list[str]:
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
