"""Who was studied: the characteristics of the subjects, for all centers and by center."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clinval.core.records import Record
from clinval.protocol.forms import ENROLMENT, Field
from clinval.report.blocks import Block, Column, NotSupplied, Rich, Row, Table
from clinval.report.pieces.common import set_label, undefined_notes
from clinval.report.view import View

__all__ = ["baseline"]

_WHERE = "baseline"
_WIDE = 8  # columns: of more sites, only all of them stand in the table


def baseline(view: View) -> list[Block]:
    """Return a table for each analysis set that was described."""
    sets = dict.fromkeys(r.analysis_set for r in view.results.where(endpoint=_WHERE))
    if not sets:
        return [NotSupplied(slot=f"forms.{ENROLMENT}", text=view.texts("baseline.none"))]
    return [_table(view, set_id) for set_id in sets]


def _table(view: View, set_id: str) -> Block:
    sites = view.protocol.sites if len(view.protocol.sites) < _WIDE else ()
    groups: list[Mapping[str, str]] = [{}, *({"site": site.id} for site in sites)]
    counted = [(view.number(view.record("disposition", set_id, "n", g)),) for g in groups]
    rows = [Row(cells=(view.texts("baseline.subjects"), *counted), summary=True)]
    form = view.protocol.form(ENROLMENT)
    for field in form.fields:
        if view.record(_WHERE, set_id, f"{field.id}.missing") is not None:
            rows += _rows(view, set_id, field, groups)
    columns = (
        Column(header=view.texts("baseline.what"), share=4),
        Column(header=view.texts("forest.all"), share=1.6, align="right"),
        *(Column(header=site.id, share=1.4, align="right") for site in sites),
    )
    notes: list[Rich] = [view.texts("baseline.note")]
    if len(groups) == 1 and len(view.protocol.sites) > 1:
        notes.append(view.texts("baseline.by_site"))
    notes += undefined_notes(view, rows)
    caption = view.texts("table.baseline", set=set_label(view, set_id))
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=tuple(notes), dense=True)


def _rows(view: View, set_id: str, field: Field, groups: list[Mapping[str, str]]) -> Iterator[Row]:
    """Yield the rows of a characteristic: its name, then codes or moments, then those missing."""

    def cells(key: str, *statistics: str) -> list[Rich]:
        return [_cell(view, set_id, field, group, key, statistics) for group in groups]

    name = view.say(field.label)
    if field.unit:
        name = view.texts("baseline.unit", name=name, unit=field.unit)
    if field.numeric:
        yield Row(cells=(view.texts("baseline.mean", name=name), *cells("pair", "mean", "sd")))
        for statistic in ("median", "lowest", "highest"):
            words = view.texts(f"baseline.{statistic}")
            yield Row(cells=(words, *cells("one", statistic)), indent=1)
    else:
        yield Row(cells=(name, *("" for _ in groups)))
        for code, label in field.codelist.items():
            shares = cells("pair", f"count.{code}", f"share.{code}")
            yield Row(cells=(view.say(label), *shares), indent=1)
    yield Row(cells=(view.texts("subgroup.missing"), *cells("one", "missing")), indent=1)


def _cell(
    view: View,
    set_id: str,
    field: Field,
    group: Mapping[str, str],
    key: str,
    statistics: tuple[str, ...],
) -> Rich:
    """Return numbers of a group in one cell; an undefined one says so once."""
    records = [view.record(_WHERE, set_id, f"{field.id}.{name}", group) for name in statistics]
    first: Record | None = records[0]
    if first is None or first.undefined:
        return (view.number(first),)
    numbers = {f"n{i}": view.number(record) for i, record in enumerate(records)}
    return view.texts.rich(f"baseline.{key}", **numbers)
