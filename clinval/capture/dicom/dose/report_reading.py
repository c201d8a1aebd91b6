"""Dose reports: from a dataset to its totals and its irradiation events.

The same reading serves the reports of CT, projection, mammography and radiopharmaceuticals, and
those that makers keep in Enhanced SR: their items are found by their codes, wherever they stand,
because no two makers nest them alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from clinval.capture.dicom.dose.codes import (
    BEGAN,
    DOCUMENTS,
    ENDED,
    EVENTS,
    MAMMOGRAPHY,
    MODES,
    PHANTOMS,
    PLANES,
    QUANTITIES,
    SIDES,
    TOTALS,
    Asked,
)
from clinval.capture.dicom.dose.items import Code, Item, read_tree
from clinval.capture.dicom.dose.report import DoseReport, IrradiationEvent, Quantity
from clinval.capture.dicom.dose.units import converted, same_unit, summed
from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.instance import hash_of_uid
from clinval.capture.dicom.times.moments import SECOND, on_one_axis, read_moment

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["is_dose_report", "read_dose_report"]

_STORAGE = "1.2.840.10008.5.1.4.1.1.88."
_CLASSES = {
    _STORAGE + "67",  # X-Ray Radiation Dose SR
    _STORAGE + "68",  # Radiopharmaceutical Radiation Dose SR
    _STORAGE + "22",  # Enhanced SR: older GE CT and Siemens C-arms
    _STORAGE + "33",  # Comprehensive SR: archives that convert
}
_ACCUMULATED = ("113811", "113702")
_EVENT_UID = ("113769", "113503")
_STARTED = ("111526", "123003")
_PROCEDURE, _PLANE, _STATED = "121058", "113764", "113812"
_TYPE = ("113820", "113721")
_PROTOCOL, _REGION = "125203", "123014"
_LATERALITY = ("G-C171", "272741003")
_PHANTOM = "113835"
# CT writes seconds, projection milliseconds: 113735 is what older systems call it
_EXPOSURE = Asked(("113824", "113735"), "s", "")
_DURATION = Asked(("113742",), "s", "")
_ASKED = (*QUANTITIES.values(), *chain(*TOTALS.values()), _EXPOSURE, _DURATION)
_WANTED = frozenset({
    *(concept for asked in _ASKED for concept in asked.concepts),
    *(BEGAN, ENDED, _PROCEDURE, _PLANE, _STATED, _PROTOCOL, _REGION, _PHANTOM),
    *(*_EVENT_UID, *_STARTED, *_TYPE, *_LATERALITY),
})  # fmt: skip
_LONGEST_LABEL = 64
# A time of exposure that is ten times all irradiation of its report has the wrong unit.
_WRONG_UNIT = 10


def is_dose_report(header: Header) -> bool:
    """Whether a file may be a dose report: by its class, which Enhanced SR shares with others."""
    return header.text("SOPClassUID") in _CLASSES


def read_dose_report(dataset: Dataset) -> DoseReport | None:
    """Return what a dose report says.

    Parameters
    ----------
    dataset
        A structured report. Nothing in it makes this fail: what cannot be read is left out and
        the report's `flags` say so.

    Returns
    -------
    DoseReport or None
        ``None`` for a structured report that is no dose report. Identifiers of events are hashes.
        Patients' and observers' names are not looked at.

    References
    ----------
    DICOM PS3.16, templates 10001 (projection), 10011 (CT) and 10021 (radiopharmaceutical).
    """
    tree = read_tree(dataset, _WANTED)
    root = tree.root
    if root.concept not in DOCUMENTS:
        return None
    breasts = any(item.code.value in MAMMOGRAPHY for item in root.below(_PROCEDURE))
    events = tuple(_event(item, breasts=breasts) for item in root.below(*EVENTS))
    began, ended = _moment(root, BEGAN), _moment(root, ENDED)
    accumulated = [*root.below(*_ACCUMULATED)] or [root]
    flags = tree.flags | ({"two_planes"} if _two_planes(accumulated) else set())
    return DoseReport(
        kind=_kind(root, events, breasts=breasts),
        began=began,
        ended=ended,
        events=_plausible(events, _seconds(began, ended)),
        totals=_totals(accumulated),
        stated_events=_count(root),
        flags=tuple(sorted(flags)),
    )


def _kind(root: Item, events: Sequence[IrradiationEvent], *, breasts: bool) -> str:
    if DOCUMENTS[root.concept]:
        return DOCUMENTS[root.concept]
    if events:
        return events[0].kind
    if root.first("113811") is not None:
        return "ct"
    return "mammography" if breasts else "projection"


def _event(item: Item, *, breasts: bool) -> IrradiationEvent:
    kind = EVENTS[item.concept]
    values = {
        name: quantity
        for name, asked in QUANTITIES.items()
        if (quantity := _quantity(item, asked)) is not None
    }
    if not breasts:
        values.pop("entrance_dose", None)  # some makers write the dose at the reference point twice
    phantom = item.first(_PHANTOM)
    if phantom is not None:
        values["ctdi_phantom"] = _diameter(phantom.code)
    type_of = item.first(*_TYPE)
    label = _text(item, _PROTOCOL)
    if not label and (region := item.first(_REGION)) is not None:
        label = region.code.meaning
    return IrradiationEvent(
        uid=hash_of_uid(_text(item, *_EVENT_UID)),
        kind="mammography" if breasts and kind == "projection" else kind,
        mode=MODES.get(type_of.code.value, "") if type_of else "",
        plane=_plane(item),
        side=_side(item) if breasts else "",
        started=_moment(item, *_STARTED),
        exposure_seconds=_quantity(item, _EXPOSURE),
        duration_seconds=_quantity(item, _DURATION),
        values=values,
        label=" ".join(label.split())[:_LONGEST_LABEL],
    )


def _totals(accumulated: Sequence[Item]) -> Mapping[str, Quantity]:
    """Return what is stated for all events; the planes of one system together."""
    found: dict[str, list[Quantity]] = {}
    for item in accumulated:
        for name, options in TOTALS.items():
            if name == "average_glandular_dose":
                for one in item.below(*options[0].concepts):
                    side = _side(one)
                    key = f"{name}.{side}" if side else name
                    found.setdefault(key, []).append(_one_of([one], options[0]))
            elif (stated := _stated(item, options)) is not None:
                found.setdefault(name, []).append(stated)
    return {name: summed(quantities) for name, quantities in found.items()}


def _stated(item: Item, options: Sequence[Asked]) -> Quantity | None:
    total = _quantity(item, options[0])
    if total is not None and total.value is not None:
        return total
    for asked in options[1:]:
        parts = [_quantity(item, asked._replace(concepts=(one,))) for one in asked.concepts]
        there = [part for part in parts if part is not None and part.value is not None]
        if there and len(there) == len(parts):
            whole = summed(there)
            return replace(whole, flags=(*whole.flags, "total_of_parts"))
    return total


def _quantity(item: Item, asked: Asked) -> Quantity | None:
    """Return a number anywhere below an item, ``None`` where it is not mentioned."""
    for concept in asked.concepts:
        there = [one for one in item.below(concept) if one.is_number]
        if there:
            return _one_of(there, asked)
    return None


def _one_of(items: Sequence[Item], asked: Asked) -> Quantity:
    """Return what items of one concept say in common."""
    found = dict.fromkeys(number for item in items for number in item.numbers)
    if not found:
        return Quantity(value=None, original="", flags=("empty",))
    if len(found) > 1:
        written = "; ".join(f"{number.text} {number.unit}" for number in found)
        return Quantity(value=None, original=written[:80], flags=("several_values",))
    number = next(iter(found))
    quantity = converted(number.text, number.unit, asked.unit, meaning=number.meaning)
    private = items[0].concept.startswith("99")
    if quantity.value is None or not asked.template or private:
        return quantity
    if same_unit(number.unit or number.meaning, asked.template):
        return quantity
    return replace(quantity, flags=(*quantity.flags, "unit_unusual"))


def _diameter(code: Code) -> Quantity:
    size = PHANTOMS.get(code.value)
    written = f"{code.value} {code.meaning}".strip()[:_LONGEST_LABEL]
    flags = () if size else ("phantom_unknown",) if code.value else ("empty",)
    return Quantity(value=float(size) if size else None, original=written, flags=flags)


def _plausible(
    events: Sequence[IrradiationEvent], span: float | None
) -> tuple[IrradiationEvent, ...]:
    """Take away times of exposure that the whole irradiation has no room for.

    Philips Brilliance Big Bore 4.2 writes ``11912 s`` within an irradiation of 116 s. That the unit
    is wrong is certain; which one is right is not: by table feed, pitch and rotation the scan took
    105 s, which neither milliseconds nor hundredths of a second give.
    """
    kept = []
    for event in events:
        exposure = event.exposure_seconds
        if span and exposure and exposure.value and exposure.value > _WRONG_UNIT * span:
            wrong = replace(exposure, value=None, flags=(*exposure.flags, "unit_wrong"))
            kept.append(replace(event, exposure_seconds=wrong))
        else:
            kept.append(event)
    return tuple(kept)


def _seconds(began: str, ended: str) -> float | None:
    """Return the seconds from one date and time to another, where both are known."""
    moments = [moment for text in (began, ended) if (moment := read_moment("", text))]
    if len(moments) < 2 or any(moment.day is None for moment in moments):
        return None
    (start, end), _ = on_one_axis(moments, dates_may_lag=False)
    return max(end - start, 0) / SECOND


def _two_planes(accumulated: Sequence[Item]) -> bool:
    """Whether both planes of a system irradiated."""
    used = set()
    for item in accumulated:
        totals = [_stated(item, options) for options in TOTALS.values()]
        if any(total is not None and total.value for total in totals):
            used.add(_plane(item))
    return {"A", "B"} <= used


def _plane(item: Item) -> str:
    plane = next((one for one in item.items if one.concept == _PLANE), None)
    return PLANES.get(plane.code.value, "") if plane else ""


def _side(item: Item) -> str:
    side = item.first(*_LATERALITY)
    return SIDES.get(side.code.value, "") if side else ""


def _text(item: Item, *concepts: str) -> str:
    found = item.first(*concepts)
    return found.text if found else ""


def _moment(item: Item, *concepts: str) -> str:
    """Return a date and time as written; a text that is none may be anything, and is left out."""
    written = _text(item, *concepts)
    return written if read_moment("", written) else ""


def _count(root: Item) -> int | None:
    """Return the Total Number of Irradiation Events."""
    stated = root.first(_STATED)
    text = stated.numbers[0].text if stated and len(stated.numbers) == 1 else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else None
