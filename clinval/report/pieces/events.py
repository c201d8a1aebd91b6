"""What happened that should not: adverse events, device deficiencies, deviations, failed exams."""

from __future__ import annotations

from collections.abc import Callable

from clinval.core.records import Record
from clinval.protocol.forms import Form
from clinval.report.blocks import (
    Block,
    Column,
    Heading,
    NotSupplied,
    Paragraph,
    Rich,
    Row,
    Table,
)
from clinval.report.view import View

__all__ = ["adverse_events", "deviations", "device_deficiencies", "failures", "safety"]

_WHERE = "disposition"
_EVENTS, _DEVIATIONS, _FAILURES = "F08", "F09", "F10"
_DEFICIENCY = "device_deficiency"
_WIDE = 12  # columns of counts: of more sites, they stand below one another


def safety(view: View) -> list[Block]:
    """Return adverse events, device deficiencies, deviations and failed exams by site."""
    blocks = [block for form in view.protocol.forms for block in _form(view, form.id)]
    if not blocks:
        return [Paragraph(text=view.texts("safety.none"))]
    return [Heading(level=2, text=view.texts("safety.events"), anchor="safety.events"), *blocks]


def adverse_events(view: View) -> list[Block]:
    """Return the adverse events, and how many reports were serious."""
    return _of(view, _EVENTS, lambda code: code != _DEFICIENCY)


def device_deficiencies(view: View) -> list[Block]:
    """Return the device deficiencies."""
    return _of(view, _EVENTS, lambda code: code == _DEFICIENCY)


def deviations(view: View) -> list[Block]:
    """Return the deviations from the protocol."""
    return _of(view, _DEVIATIONS)


def failures(view: View) -> list[Block]:
    """Return the exams that failed or could not be evaluated."""
    return _of(view, _FAILURES)


def _of(view: View, form_id: str, keep: Callable[[str], bool] = bool) -> list[Block]:
    """Return the events of a form; that they are not recorded where there is no such form."""
    found = _form(view, form_id, keep)
    if found:
        return found
    return [NotSupplied(slot=f"forms.{form_id}", text=view.texts(f"events.none.{form_id}"))]


def _form(view: View, form_id: str, keep: Callable[[str], bool] = bool) -> list[Block]:
    records = [
        record
        for record in view.results.where(endpoint=_WHERE, group={})
        if record.statistic.startswith(f"events.{form_id}.")
        and keep(record.statistic.rpartition(".")[2])
    ]
    if not records:
        return []
    returned = view.record(_WHERE, "", f"rows.{form_id}")
    if returned is not None and not returned.value:
        name, rows = view.say(view.protocol.form(form_id).name), view.number(returned)
        return [Paragraph(text=view.texts.rich("safety.form_none", form=name, rows=rows))]
    return [_events(view, form_id, records)]


def _events(view: View, form_id: str, records: list[Record]) -> Block:
    """Return the events by site: sites across, or downwards where they are many."""
    form = view.protocol.form(form_id)
    labels = [_label(view, form, record) for record in records]
    everywhere = view.texts("forest.all")
    counts: dict[str, list[Rich]] = {everywhere: [(view.number(record),) for record in records]}
    for site in view.protocol.sites:
        counts[site.id] = [
            (view.number(view.record(_WHERE, "", record.statistic, {"site": site.id})),)
            for record in records
        ]
    if len(counts) <= _WIDE:
        first = view.texts("table.event")
        headers, share = list(counts), 0.8
        rows = [
            Row(cells=(label, *(column[index] for column in counts.values())))
            for index, label in enumerate(labels)
        ]
    else:
        first, headers, share = view.texts("table.site"), labels, 2.0
        rows = [
            Row(cells=(name, *numbers), summary=name == everywhere)
            for name, numbers in counts.items()
        ]
    columns = (
        Column(header=first, share=4),
        *(Column(header=header, share=share, align="right") for header in headers),
    )
    caption = view.texts("table.events", form=view.say(form.name))
    return Table(caption=caption, columns=columns, rows=tuple(rows))


def _label(view: View, form: Form, record: Record) -> str:
    _, _, field_id, code = record.statistic.split(".", 3)
    field = form.field(field_id)
    if field is None or code not in field.codelist:
        return code
    return view.texts(
        "label.value", name=view.say(field.label), value=view.say(field.codelist[code])
    )
