"""Dose reports: from a dataset to its totals and its irradiation events.

The same reading serves the reports of CT, projection, mammography and radiopharmaceuticals, and
those that makers keep in Enhanced SR: their items are found by their codes, wherever they stand,
because no two makers nest them alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from clinval.capture.dicom.dose_codes import (
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
from clinval.capture.dicom.dose_items import Code, Item, read_tree
from clinval.capture.dicom.dose_report import DoseReport, IrradiationEvent, Quantity
from clinval.capture.dicom.dose_units import converted, same_kind
from clinval.capture.dicom.header import Header
from clinval.capture.dicom.instance import hash_of_uid

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
_EXPOSURE = ("113824", "113735")
_DURATION = ("113742",)
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
    tree = read_tree(dataset)
    root = tree.root
    if root.concept.value not in DOCUMENTS:
        return None
    breasts = any(item.code.value in MAMMOGRAPHY for item in root.below(_PROCEDURE))
    events = tuple(_event(item, breasts=breasts) for item in root.below(*EVENTS))
    began, ended = _text(root, BEGAN), _text(root, ENDED)
    accumulated = [*root.below(*_ACCUMULATED)] or [root]
    totals = _totals(accumulated)
    planes = {_plane(item) for item in accumulated if _irradiated(item)}
    flags = tree.flags | ({"two_planes"} if {"A", "B"} <= planes else set())
    return DoseReport(
        kind=_kind(root, events, breasts=breasts),
        began=began,
        ended=ended,
        events=tuple(_plausible(event, _seconds(began, ended)) for event in events),
        totals=totals,
        stated_events=_count(root),
        flags=tuple(sorted(flags)),
    )


def _kind(root: Item, events: Sequence[IrradiationEvent], *, breasts: bool) -> str:
    if DOCUMENTS[root.concept.value]:
        return DOCUMENTS[root.concept.value]
    if events:
        return events[0].kind
    if root.first("113811") is not None:
        return "ct"
    return "mammography" if breasts else "projection"


def _event(item: Item, *, breasts: bool) -> IrradiationEvent:
    kind = EVENTS[item.concept.value]
    values = {
        name: quantity
        for name, asked in QUANTITIES.items()
        if (quantity := _quantity(item, asked)) is not None
    }
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
        started=_text(item, *_STARTED),
        exposure_seconds=_quantity(item, Asked(_EXPOSURE, "s")),
        duration_seconds=_quantity(item, Asked(_DURATION, "s")),
        values=values,
        label=" ".join(label.split())[:_LONGEST_LABEL],
    )
