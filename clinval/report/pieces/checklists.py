"""What closes a report: where it answers each item of the checklists, and what is missing.

Whether a topic is dealt with well enough is for a person to judge; these pages say where to look,
and name what there is nothing to look at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from clinval.core.records import Record
from clinval.report.blocks import (
    Block,
    Column,
    Contents,
    Cover,
    Heading,
    NotSupplied,
    PageOf,
    Paragraph,
    Rich,
    Row,
    Strong,
    Table,
)
from clinval.report.checklists import Applicability, Checklist, Item, load
from clinval.report.composed import Composed, Placed
from clinval.report.pieces.common import in_parts
from clinval.report.view import View

__all__ = ["Answer", "answer", "checklists", "gaps"]

_COVER, _CONTENTS = "A", "B"  # letters of what is no section
_SHOWN = 3  # records of an item
_MARK = "*"  # behind the number of an unverified item


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a report has to say to an item.

    ``words`` name the section that answers it, or say why nothing does; ``anchor`` is that of the
    section, also of one that is there and empty; ``records`` are the numbers that answer it.
    """

    kind: Literal["answered", "not_supplied", "not_here", "not_applicable"]
    words: str
    anchor: str = ""
    records: tuple[Record, ...] = ()


def checklists(view: View, composed: Composed) -> list[Block]:
    """Return, for each checklist of the report, where its items are answered."""
    blocks: list[Block] = []
    for checklist in map(load, composed.checklists):
        heading = Heading(level=2, text=checklist.name, anchor=f"checklist.{checklist.id}")
        blocks += [heading, *_crosswalk(checklist, view, composed)]
    return blocks


def _crosswalk(checklist: Checklist, view: View, composed: Composed) -> list[Block]:
    texts, reference = view.texts, _say(checklist.reference, view)
    unmet = _unmet(checklist.applies, view)
    if unmet:
        return [Paragraph(text=texts("checklist.not_for", list=reference, reason=unmet))]
    if checklist.to_load:
        return [Paragraph(text=texts("checklist.to_load", list=reference))]
    answers = [(item, answer(item, view, composed)) for item in checklist.items]
    kinds = [found.kind for _, found in answers]
    lead = texts(
        "checklist.counts",
        list=reference,
        items=len(kinds),
        answered=kinds.count("answered"),
        not_supplied=kinds.count("not_supplied") + kinds.count("not_here"),
        not_applicable=kinds.count("not_applicable"),
    )
    unverified = any(item.status == "unverified" for item in checklist.items)
    columns = (
        Column(header=texts("checklist.item"), share=1.1),
        Column(header=texts("checklist.topic"), share=4.6),
        Column(header=texts("checklist.where"), share=4.6),
        Column(header=texts("checklist.page"), share=0.8, align="right"),
    )
    table = Table(
        caption=texts("table.checklist", list=checklist.name),
        columns=columns,
        rows=tuple(_row(item, found, view) for item, found in answers),
        notes=(
            texts("checklist.note"),
            *([texts("checklist.unverified", mark=_MARK)] if unverified else []),
        ),
        dense=True,
    )
    return [Paragraph(text=lead), table]


def _row(item: Item, found: Answer, view: View) -> Row:
    where: Rich = found.words if found.kind == "answered" else (Strong(found.words),)
    if found.records:
        numbers = in_parts(view, [_number_of(record, view) for record in found.records])
        where = view.texts.rich("label.value", name=found.words, value=numbers)
    page: Rich = (PageOf(found.anchor),) if found.anchor else ""
    return Row(cells=(_number(item), _say(item.topic, view), where, page))


def _number_of(record: Record, view: View) -> Rich:
    """Return a record by its endpoint and statistic, with its value."""
    money = record.unit.partition("/")[0]
    currency = f" {money}" if len(money) == 3 and money.isupper() else ""
    return (f"{record.endpoint} {record.statistic} ", view.number(record), currency)


def _number(item: Item) -> str:
    return item.number if item.status == "verified" else f"{item.number}{_MARK}"


def answer(item: Item, view: View, composed: Composed) -> Answer:
    """Return what a report, as far as it is composed, has to say to an item."""
    unmet = _unmet(item.applies, view)
    if unmet:
        words = view.texts("checklist.not_applicable", reason=unmet)
        return Answer(kind="not_applicable", words=words)
    places = list(_places(item, composed))
    records = tuple(_records(item, view))
    for place in places if records or not item.records else ():
        if place.supplied:
            return Answer(
                kind="answered", words=place.title, anchor=place.anchor, records=records[:_SHOWN]
            )
    for letter, block, key in ((_COVER, Cover, "cover"), (_CONTENTS, Contents, "contents")):
        if letter in item.neutral and any(isinstance(one, block) for one in composed.blocks):
            return Answer(kind="answered", words=view.texts(f"checklist.{key}"))
    if places:
        words = view.texts("checklist.not_supplied", section=places[0].title)
        return Answer(kind="not_supplied", words=words, anchor=places[0].anchor)
    return Answer(kind="not_here", words=view.texts("checklist.not_here"))


def _places(item: Item, composed: Composed) -> Iterator[Placed]:
    """Yield where an item may be answered: at its pieces in their order, then in its sections."""
    for name in item.pieces:
        yield from (placed for placed in composed.placed if placed.piece == name)
    for letter in item.neutral:
        yield from (placed for placed in composed.placed if letter in placed.neutral.split())


def _records(item: Item, view: View) -> Iterator[Record]:
    """Yield the records of the item's statistics that have a value and are not of a part."""
    wanted = [
        record
        for record in view.results.records
        if record.statistic in item.records and not record.group and not record.undefined
    ]
    own = {endpoint.id: endpoint.set for endpoint in view.protocol.endpoints}
    yield from (record for record in wanted if own.get(record.endpoint) == record.analysis_set)


def _unmet(applies: Applicability, view: View) -> str:
    """Say which restriction the study does not meet; empty where it meets all."""
    unmet, texts = applies.unmet(view.protocol), view.texts
    if unmet == "endpoints":
        kinds = view.listed(texts(f"kind.{kind}") for kind in applies.endpoints)
        return texts("checklist.reason.endpoints", kinds=kinds)
    if unmet == "products":
        return texts("checklist.reason.products", kind=texts(f"product.kind.{_kind(view)}"))
    if unmet == "designs":
        design = texts(f"design.type.{view.protocol.design.type}")
        return texts("checklist.reason.designs", design=design)
    return texts("checklist.reason.reference_standard") if unmet else ""


def _kind(view: View) -> str:
    return view.protocol.product.kind


def gaps(view: View, composed: Composed) -> list[Block]:
    """Return what the study did not supply, and the items of checklists that nothing answers."""
    texts, missing = view.texts, _missing(composed)
    blocks: list[Block] = [Paragraph(text=texts("gaps.what"))]
    if missing:
        columns = (
            Column(header=texts("gaps.slot"), share=2.2),
            Column(header=texts("gaps.missing"), share=5.6),
            Column(header=texts("checklist.where"), share=2.8),
            Column(header=texts("checklist.page"), share=0.8, align="right"),
        )
        rows = tuple(
            Row(cells=(block.slot, block.text, texts("checklist.cover"), ""))
            if head is None
            else Row(cells=(block.slot, block.text, head.text, (PageOf(head.anchor),)))
            for block, head in missing
        )
        caption = texts("table.gaps", n=len(rows))
        blocks.append(Table(caption=caption, columns=columns, rows=rows, dense=True))
    else:
        blocks.append(Paragraph(text=texts("gaps.none")))
    return blocks + _unanswered(view, composed)


def _missing(composed: Composed) -> list[tuple[NotSupplied, Heading | None]]:
    """Return what was not supplied, each once, with the heading that it stands below first.

    What the cover lacks stands below none.
    """
    found: dict[str, tuple[NotSupplied, Heading | None]] = {
        block.slot: (block, None) for block in composed.unfilled
    }
    head = None
    for block in composed.blocks:
        if isinstance(block, Heading):
            head = block
        elif isinstance(block, NotSupplied):
            found.setdefault(block.slot, (block, head))
    return list(found.values())


def _unanswered(view: View, composed: Composed) -> list[Block]:
    """Return the items of checklists that suit the study and that nothing answers."""
    texts = view.texts
    rows, open_items = [], 0
    suited = [
        checklist
        for checklist in map(load, composed.checklists)
        if not checklist.applies.unmet(view.protocol)
    ]
    for checklist in suited:
        items = [
            f"{_number(item)} {_say(item.topic, view)}"
            for item in checklist.items
            if answer(item, view, composed).kind in ("not_supplied", "not_here")
        ]
        open_items += len(items)
        if items:
            rows.append(Row(cells=(checklist.name, view.listed(items, parts=True))))
    unloaded = [checklist.name for checklist in suited if checklist.to_load]
    blocks: list[Block] = []
    if rows:
        columns = (
            Column(header=texts("checklist.list"), share=1.5),
            Column(header=texts("checklist.items"), share=8.5),
        )
        notes: tuple[Rich, ...] = (texts("checklist.unverified", mark=_MARK),)
        blocks.append(
            Table(
                caption=texts("table.unanswered", n=open_items),
                columns=columns,
                rows=tuple(rows),
                notes=notes if any(_MARK in str(row.cells[1]) for row in rows) else (),
                dense=True,
            )
        )
    elif suited:
        blocks.append(Paragraph(text=texts("gaps.all_answered")))
    if unloaded:
        words = texts("gaps.to_load", lists=view.listed(unloaded))
        blocks.append(Paragraph(text=words))
    return blocks


def _say(text: object, view: View) -> str:
    return str(getattr(text, view.language))
