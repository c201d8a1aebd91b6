"""The appendix in which every printed number is found again: its record, method and inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from clinval.core.records import Record
from clinval.report.blocks import (
    Block,
    Column,
    Number,
    PagesOf,
    Paragraph,
    Rich,
    Row,
    Table,
    numbers,
)
from clinval.report.composed import Composed
from clinval.report.view import View

__all__ = ["alone_and_by_site", "paired", "records", "records_in_words", "said"]

_LARGE = 1e5  # printed whole, as money is in the text
_SMALL = 0.01  # in narrow columns fewer digits from here on
_ACROSS = 7  # values of a statistic side by side
_PLACE = "·"  # in an id, where the head of a column belongs


def records(view: View, composed: Composed) -> list[Block]:
    """Return the appendix of every record that the report prints or draws."""
    columns = (
        Column(header=view.texts("table.record"), share=8.0),
        Column(header=view.texts("table.value"), share=1.6, align="decimal"),
        Column(header=view.texts("table.unit"), share=1.2),
        Column(header="n", share=0.6, align="right"),
        Column(header=view.texts("table.method"), share=0.8),
        Column(header=view.texts("table.inputs_hash"), share=0.9),
        Column(header=view.texts("table.pages"), share=1.0),
    )
    rows = tuple(_row(record, view) for record in _cited(view, composed, drawn=True))
    return [Paragraph(text=view.texts("records.what")), _table(view, columns, rows)]


def records_in_words(view: View, composed: Composed) -> list[Block]:
    """Return those that texts and tables print: only their values, close together.

    It is for a short report that carries the results with it.
    """
    alone, tables = alone_and_by_site(view, _cited(view, composed, drawn=False))
    columns = (
        Column(header=view.texts("table.record"), share=4.0),
        Column(header=view.texts("table.value"), share=1.3, align="right"),
    )
    cells = [((Number(record.id, record.id),), said(record, view)) for record in alone]
    return [
        Paragraph(text=view.texts("records.what.words")),
        *([paired(view, columns, cells)] if cells else []),
        *([Paragraph(text=view.texts("records.by_site"), style="note")] if tables else []),
        *tables,
    ]


def alone_and_by_site(view: View, cited: Sequence[Record]) -> tuple[list[Record], list[Block]]:
    """Return the records of no site, and tables of the others: a statistic a row, a site a column.

    Quantiles across sites and the result of all sites stand beside those of the sites. What there
    is of one site only is alone.
    """
    families: dict[str, dict[str, Record]] = {}
    for record in cited:
        name, place = _family(record)
        families.setdefault(name, {})[place] = record
    several = {name: found for name, found in families.items() if len(found) > 1}
    alone = [record for record in cited if _family(record)[0] not in several]
    places = list(dict.fromkeys(place for found in several.values() for place in found))
    tables = []
    for number, start in enumerate(range(0, len(places), _ACROSS), start=1):
        shown = places[start : start + _ACROSS]
        tables.append(_across(view, several, shown, number))
    return alone, tables


def _family(record: Record) -> tuple[str, str]:
    """Return a record's id without its site, and what stood in that place."""
    for key in ("site", "sites"):
        if key in record.group:
            place = f"{key}={record.group[key]}"
            return record.id.replace(place, _PLACE, 1), place
    return record.id.replace(".all.", f".{_PLACE}.", 1), "all"


def _across(
    view: View, families: Mapping[str, Mapping[str, Record]], places: Sequence[str], number: int
) -> Table:
    rows = []
    for name, found in families.items():
        here = [found.get(place) for place in places]
        if any(here):
            values = ("" if record is None else said(record, view, narrow=True) for record in here)
            ids = tuple(record.id for record in here if record is not None)
            rows.append(Row(cells=(name, *values), records=ids))
    columns = (
        Column(header=view.texts("table.record"), share=3.4),
        *(Column(header=place, share=1.1, align="right") for place in places),
    )
    return Table(
        caption=view.texts("table.records.by_site"),
        columns=columns,
        rows=tuple(rows),
        anchor=f"records.{number}",
        dense=True,
    )


def paired(view: View, columns: tuple[Column, ...], cells: Sequence[tuple[Rich, ...]]) -> Table:
    """Return the table of records, two a row; ``columns`` and ``cells`` are those of one."""
    pairs = zip_longest(cells[::2], cells[1::2], fillvalue=("",) * len(columns))
    rows = tuple(Row(cells=(*first, *second)) for first, second in pairs)
    return _table(view, columns * 2, rows)


def _cited(view: View, composed: Composed, *, drawn: bool) -> list[Record]:
    """Return the records that the report prints, in the order of the results."""
    used = {number.record for number in numbers(tuple(composed.blocks), drawn=drawn)}
    return [record for record in view.results.records if record.id in used]


def _table(view: View, columns: tuple[Column, ...], rows: tuple[Row, ...]) -> Table:
    caption = view.texts("table.records")
    return Table(caption=caption, columns=columns, rows=rows, anchor="records", dense=True)


def said(record: Record, view: View, *, narrow: bool = False) -> str:
    """Return the value of a record as the appendix prints it, with fewer digits where narrow."""
    if record.undefined:
        return view.texts("value.undefined")
    if isinstance(record.value, float):
        if abs(record.value) >= _LARGE:
            return f"{record.value:.0f}"
        digits = 6 if not narrow else 5 if abs(record.value) >= _SMALL else 3
        return f"{record.value:.{digits}g}"
    return str(record.value)


def _row(record: Record, view: View) -> Row:
    value = said(record, view)
    if record.undefined:
        value = view.texts("label.value", name=value, value=view.reason(record))
    return Row(
        cells=(
            (Number(record.id, record.id),),
            value,
            record.unit,
            "" if record.n is None else f"{record.n}",
            view.methods.get(record.method, ""),
            record.inputs[:8],
            (PagesOf(record.id),),
        )
    )
