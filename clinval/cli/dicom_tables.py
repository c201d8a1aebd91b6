"""What was read from headers, as tables for the terminal.

No date is among them, no name of a file, and nothing that a file says of a person; examinations
have numbers in the order of the folder.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from clinval.capture.dicom.harvest import Harvest, numbered
from clinval.capture.dicom.words import dicom_word
from clinval.capture.writing.words import cut
from clinval.core.i18n import tr
from clinval.report.blocks import Block, Column, Row, Table

if TYPE_CHECKING:
    from clinval.capture.dicom.devices.device import DeviceChange
    from clinval.capture.dicom.measured import Measured

__all__ = ["changes_of_devices", "reasons", "tables"]

_SCOPES = ("examination", "series", "event")
_TIMES = ("scan_time", "examination_time")
_MOST = 200  # rows of a table on a screen
_LONGEST = 60  # characters of a list of versions
_NOTHING = "–"
_DIGITS = 4  # significant ones at least; all of the whole part


def tables(harvest: Harvest) -> list[Block]:
    """Return what there is to show: times, doses, devices, refusals."""
    numbers = numbered(harvest)
    blocks: list[Block] = [
        _times(harvest, numbers), _doses(harvest, numbers), _devices(harvest),
    ]  # fmt: skip
    return [*blocks, *reasons(harvest)]


def reasons(harvest: Harvest, left_out: Mapping[str, int] | None = None) -> list[Block]:
    """Return why files were not read, are refused, or (``left_out``) went into no row."""
    blocks: list[Block] = []
    if harvest.refusals:
        note = tr("a file may have several reasons")
        title = tr("What a study does not take, and why")
        blocks.append(_reasons(title, harvest.refusals, (note,)))
    if harvest.unreadable:
        blocks.append(_reasons(tr("Not read"), harvest.unreadable))
    if left_out:
        blocks.append(_reasons(tr("In no row"), left_out, group="left_out"))
    return blocks


def changes_of_devices(changes: Sequence[DeviceChange]) -> list[Block]:
    """Return what changed about the devices of each site; nothing where nothing did."""
    rows = [
        Row(
            cells=(
                one.site,
                dicom_word("change", one.what),
                " ".join(filter(None, (one.after.manufacturer, one.after.model))) or _NOTHING,
                *(cut(text.replace("\\", ", "), _LONGEST) for text in one.values),
                str(one.after.instances),
            )
        )
        for one in changes
    ]
    heads = (
        Column(header=tr("site")), Column(header=tr("change")), Column(header=tr("device")),
        Column(header=tr("before")), Column(header=tr("after")),
        Column(header=tr("files"), align="right"),
    )  # fmt: skip
    return [_table(tr("Changes of devices"), heads, rows)] if rows else []


def _times(harvest: Harvest, numbers: Mapping[str, str]) -> Table:
    """Return the time of each examination, then of its series, and of its irradiations together."""
    modalities = _modalities(harvest)
    found: dict[tuple[str, str, str], list[Measured]] = {}
    for one in harvest.measured:
        if one.quantity in _TIMES:
            key = numbers.get(one.study, _NOTHING), _number(one, numbers), one.scope
            found.setdefault(key, []).append(one)
    rows = []
    for (_, number, scope), parts in sorted(
        found.items(), key=lambda item: (item[0][0], _SCOPES.index(item[0][2]), item[0][1])
    ):
        first = parts[0]
        name = first.label or dicom_word("quantity", first.quantity)
        if scope == "event":
            name = tr("{quantity}, {count} events").format(quantity=name, count=len(parts))
        place = f"{first.study}/{first.series}" if first.series else first.study
        value, source, confidence, remarks = _said(parts)
        cells = (number, modalities.get(place, _NOTHING), name, value, source, confidence, remarks)
        rows.append(Row(cells=cells, summary=scope == "examination"))
    heads = (
        Column(header=tr("examination")), Column(header=tr("modality")),
        Column(header=tr("quantity")), Column(header=tr("time")), Column(header=tr("source")),
        Column(header=tr("confidence")), Column(header=tr("remarks")),
    )  # fmt: skip
    return _table(tr("Times"), heads, _aligned(rows, 3))


def _doses(harvest: Harvest, numbers: Mapping[str, str]) -> Table:
    """Return one row an examination and quantity: its total, or else the range of its parts."""
    found: dict[tuple[str, str], list[Measured]] = {}
    for one in harvest.measured:
        if one.quantity not in _TIMES:
            found.setdefault((numbers.get(one.study, _NOTHING), one.quantity), []).append(one)
    rows = []
    for (number, quantity), parts in sorted(found.items(), key=lambda item: item[0][0]):
        wholes = [one for one in parts if one.scope == "examination"]
        single = [one for one in parts if one.scope != "examination"]
        for shown in [[one] for one in wholes] or [single]:
            value, source, confidence, remarks = _said(shown)
            name, events = dicom_word("quantity", quantity), str(len(single) or _NOTHING)
            rows.append(Row(cells=(number, name, value, events, source, confidence, remarks)))
    heads = (
        Column(header=tr("examination")), Column(header=tr("quantity")),
        Column(header=tr("dose")), Column(header=tr("events"), align="right"),
        Column(header=tr("source")), Column(header=tr("confidence")), Column(header=tr("remarks")),
    )  # fmt: skip
    return _table(tr("Doses"), heads, _aligned(rows, 2))


def _said(parts: Sequence[Measured]) -> tuple[str, str, str, str]:
    """Return the value or range of values, their sources, least confidence and remarks."""
    sources = dict.fromkeys(dicom_word("source", one.source) for one in parts)
    flags = dict.fromkeys(flag for one in parts for flag in one.flags)
    remarks = ", ".join(dicom_word("flag", flag) for flag in flags)
    return _range(parts), ", ".join(sources), _least(parts), remarks or _NOTHING


def _devices(harvest: Harvest) -> Table:
    rows = [
        Row(
            cells=(
                dicom_word("device", one.kind),
                _or_nothing(one.manufacturer),
                _or_nothing(one.algorithm or one.model),
                _or_nothing(one.serial),
                _or_nothing(cut((one.version or one.software).replace("\\", ", "), _LONGEST)),
                str(one.instances),
            )
        )
        for one in harvest.devices
    ]
    heads = (
        Column(header=tr("device")), Column(header=tr("manufacturer")), Column(header=tr("model")),
        Column(header=tr("serial number")), Column(header=tr("software")),
        Column(header=tr("files"), align="right"),
    )  # fmt: skip
    return _table(tr("Devices"), heads, rows)


def _reasons(
    caption: str, counts: Mapping[str, int], notes: tuple[str, ...] = (), group: str = "refusal"
) -> Table:
    rows = [
        Row(cells=(dicom_word(group, reason), str(count)))
        for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    heads = (Column(header=tr("reason")), Column(header=tr("files"), align="right"))
    return replace(_table(caption, heads, rows), notes=notes)


def _table(caption: str, columns: Sequence[Column], rows: Sequence[Row]) -> Table:
    notes: tuple[str, ...] = ()
    if not rows:
        notes = (tr("none found"),)
    elif len(rows) > _MOST:
        more = tr("{count} more rows; --csv writes all of them to a file")
        notes = (more.format(count=len(rows) - _MOST),)
    return Table(caption=caption, columns=tuple(columns), rows=tuple(rows[:_MOST]), notes=notes)


def _told(one: Measured) -> str:
    """Return a value with its unit, as it is shown."""
    if one.value is None:
        return _NOTHING
    return f"{_digits(one.value)} {one.unit.replace('*', '·').replace('cm2', 'cm²')}"


def _aligned(rows: Sequence[Row], column: int) -> list[Row]:
    """Return rows whose values of a column end below each other, whatever their units are."""
    texts = [str(row.cells[column]) for row in rows]
    width = max((len(text.rpartition(" ")[0]) for text in texts), default=0)
    padded = [" " * (width - len(text.rpartition(" ")[0])) + text for text in texts]
    return [
        replace(row, cells=(*row.cells[:column], text, *row.cells[column + 1 :]))
        for row, text in zip(rows, padded, strict=True)
    ]


def _digits(value: float) -> str:
    """Return a number with the digits that mean something: four, and all of a larger whole part.

    Examples
    --------
    >>> _digits(236.09), _digits(0.000510), _digits(12345.678), _digits(0.0)
    ('236.09', '0.00051', '12345.68', '0')
    """
    if value == 0:
        return "0"
    places = max(2, _DIGITS - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".")


def _range(parts: Sequence[Measured]) -> str:
    known = sorted((one for one in parts if one.value is not None), key=lambda one: one.value or 0)
    if not known:
        return _NOTHING
    low, high = known[0], known[-1]
    if low.value == high.value:
        return _told(low)
    return f"{_digits(low.value or 0)} – {_told(high)}"


def _least(parts: Sequence[Measured]) -> str:
    order = ("low", "medium", "high")
    known = [one.confidence for one in parts if one.value is not None]
    return dicom_word("confidence", min(known, key=order.index)) if known else _NOTHING


def _modalities(harvest: Harvest) -> dict[str, str]:
    found: dict[str, dict[str, None]] = {}
    for instance in harvest.instances:
        modality = instance.header.text("Modality")
        for place in (instance.study, f"{instance.study}/{instance.series}"):
            found.setdefault(place, {})[modality] = None
    return {place: ", ".join(filter(None, names)) or _NOTHING for place, names in found.items()}


def _number(one: Measured, numbers: Mapping[str, str]) -> str:
    whole = numbers.get(one.study, _NOTHING)
    return numbers.get(f"{one.study}/{one.series}", whole) if one.series else whole


def _or_nothing(text: str) -> str:
    return text or _NOTHING
