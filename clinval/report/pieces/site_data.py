"""How many took part at a site and where they went, and how complete its data are."""

from __future__ import annotations

from clinval.report.blocks import Block, Figure, Paragraph, Table
from clinval.report.figures import Flow, FlowExclusion, FlowStep
from clinval.report.numbers import printed
from clinval.report.pieces.common import set_label
from clinval.report.pieces.population import chain
from clinval.report.pieces.site_common import columns, compared
from clinval.report.view import View

__all__ = ["site_flow", "site_quality"]

_WHERE = "disposition"


def site_flow(view: View) -> list[Block]:
    """Return the flow of the site's subjects, and its exclusions by reason."""
    sets = view.protocol.analysis_sets
    rows = [
        compared(view, view.texts(f"flow.{name}"), _WHERE, "", name)
        for name in ("planned", "received")
    ]
    for name, declared in sets.items():
        rows += [
            compared(view, view.say(exclusion.reason), _WHERE, name, f"excluded.{index}")
            for index, exclusion in enumerate(declared.exclude)
        ]
        rows.append(compared(view, set_label(view, name), _WHERE, name, "n"))
    table = Table(
        caption=view.texts("table.site_flow"),
        columns=columns(view, "table.step"),
        rows=tuple(rows),
        dense=True,
    )
    return [_flow(view), table]


def _flow(view: View) -> Block:
    """Return the flow diagram of the site; masked numbers are words in it too."""
    records: list[str] = []

    def count(set_id: str, statistic: str) -> int | str:
        record = view.record(_WHERE, set_id, statistic, {"site": view.site})
        if record is None:
            return view.texts("value.none")
        if record.id not in view.masks:
            records.append(record.id)
        return record.value if isinstance(record.value, int) else str(record.value)

    steps = [
        FlowStep(label=view.texts(f"flow.{name}"), n=count("", name))
        for name in ("planned", "received")
    ]
    for name in chain(view):
        left = tuple(
            FlowExclusion(reason=view.say(exclusion.reason), n=count(name, f"excluded.{index}"))
            for index, exclusion in enumerate(view.protocol.analysis_sets[name].exclude)
        )
        out = count(name, "left_out")
        n, label = count(name, "n"), set_label(view, name)
        steps.append(FlowStep(label=label, n=n, excluded=left, left=out))
    words = view.listed(
        (
            view.texts("label.value", name=step.label, value=printed(step.n, "subjects"))
            for step in steps
        ),
        parts=True,
    )
    return Figure(
        caption=view.texts("figure.site_flow"),
        chart=Flow(steps=tuple(steps), excluded_title=view.texts("flow.excluded"), compact=True),
        alternative=view.texts("figure.flow.alternative", steps=words),
        anchor="fig.site.flow",
        records=tuple(records),
    )


def site_quality(view: View) -> list[Block]:
    """Return completeness by form, open questions, and deviations."""
    texts = view.texts
    named = [
        (texts(f"site.quality.{part}", form=view.say(form.name)), f"{part}.{form.id}")
        for form in view.protocol.forms
        for part in ("without", "incomplete", "held")
    ]
    named += [(texts("queries.error"), "open.error"), (texts("queries.query"), "open.query")]
    named += _events(view)
    there = [
        (label, statistic)
        for label, statistic in named
        if view.record(_WHERE, "", statistic, {"site": view.site}) is not None
    ]
    nothing = [label for label, statistic in there if _nowhere(view, statistic)]
    none: tuple[str, ...] = ()
    if nothing:
        none = (texts("site.quality.nothing", what=view.listed(nothing, parts=True)),)
    table = Table(
        caption=texts("table.site_quality"),
        columns=columns(view, "site.quality.what"),
        rows=tuple(
            compared(view, label, _WHERE, "", statistic)
            for label, statistic in there
            if label not in nothing
        ),
        notes=(texts("site.quality.note"), *none),
        dense=True,
    )
    return [table] if table.rows else [Paragraph(text=words) for words in none]


def _nowhere(view: View, statistic: str) -> bool:
    """Whether something is 0 at the site and, as far as may be said, at all sites."""
    records = (
        view.record(_WHERE, "", statistic, group)
        for group in ({"site": view.site}, {"sites": "greatest"})
    )
    return all(record is None or record.value == 0 for record in records)


def _events(view: View) -> list[tuple[str, str]]:
    """Return what may have happened at the site: events, deviations and failed examinations."""
    found = []
    for form in view.protocol.forms:
        prefix = f"events.{form.id}."
        for record in view.results.where(endpoint=_WHERE, group={"site": view.site}):
            if record.statistic.startswith(prefix):
                field_id, _, code = record.statistic.removeprefix(prefix).partition(".")
                field = form.field(field_id)
                label = code if field is None else view.say(field.codelist[code])
                what = view.say(form.name) if field is None else view.say(field.label)
                name = view.texts("label.value", name=what, value=label)
                found.append((name, record.statistic))
    return found
