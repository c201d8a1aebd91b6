"""What a folder of images gives: values, devices, and what could not be read or is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from clinval.capture.dicom.instance import Instance
from clinval.capture.dicom.measured import Measured
from clinval.capture.dicom.observing import Outcome, Refused

if TYPE_CHECKING:
    from clinval.capture.dicom.devices.device import Device

__all__ = ["Harvest", "harvest_of", "numbered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """All of it, in an order that depends on the files alone.

    Attributes
    ----------
    files
        How many files there were to read.
    read
        How many of them could be read.
    instances
        Those that were read, each object once, in the order of the folder.
    measured
        Their values, by examination in the order of the folder; those of dose reports and of
        images are merged.
    devices
        What made them.
    unreadable
        How many files could not be read, and what else was left out, by reason.
    refusals
        How many files the gate does not take, by reason; one file may have several.
    refused
        How many files the gate does not take.
    copies
        How many files hold an object that another one held before.
    """

    files: int
    read: int
    instances: tuple[Instance, ...]
    measured: tuple[Measured, ...]
    devices: tuple[Device, ...]
    unreadable: Mapping[str, int] = field(default_factory=dict)
    refusals: Mapping[str, int] = field(default_factory=dict)
    refused: int = 0
    copies: int = 0


def harvest_of(outcomes: Iterable[Outcome], left_out: Mapping[str, int] | None = None) -> Harvest:
    """Return what files give together.

    Parameters
    ----------
    outcomes
        What became of each file, in their order.
    left_out
        What was not a file to read, by reason.
    """
    from clinval.capture.dicom.devices.device import devices
    from clinval.capture.dicom.dose.image_dose import image_doses, merge_doses
    from clinval.capture.dicom.dose.report_doses import report_doses
    from clinval.capture.dicom.times.scan_time import scan_times

    unreadable, refusals = Counter(left_out or {}), Counter[str]()
    objects: dict[str, Instance] = {}
    files = read = refused = copies = 0
    for outcome in outcomes:
        files += 1
        reasons = outcome.reasons if isinstance(outcome, Refused) else outcome.refusals
        if isinstance(outcome, Refused) and outcome.by == "reader":
            unreadable.update(reasons)
            continue
        read += 1
        refused += bool(reasons)
        refusals.update(reasons)
        if isinstance(outcome, Instance):
            # an object without an identifier is like no other
            known = objects.setdefault(outcome.uid or f"file {outcome.file}", outcome)
            copies += known is not outcome
    instances = tuple(objects.values())
    measured = [
        *scan_times(instances),
        *merge_doses(report_doses(instances), image_doses(instances)),
    ]
    place = {uid: at for at, uid in enumerate(dict.fromkeys(one.study for one in instances))}
    measured.sort(key=lambda one: place[one.study])
    return Harvest(
        files=files,
        read=read,
        instances=instances,
        measured=_without_labels_of_refused(measured, instances),
        devices=tuple(devices(instances)),
        unreadable=dict(sorted(unreadable.items())),
        refusals=dict(sorted(refusals.items())),
        refused=refused,
        copies=copies,
    )


def numbered(harvest: Harvest) -> dict[str, str]:
    """Return numbers of examinations and series (``E01``, ``E01.2``) by their hashes.

    They stand in the order of the folder, and tell nothing else. A series is known by the hashes
    of its examination and its own, joined by a slash.
    """
    places: dict[str, dict[str, None]] = {}
    for instance in harvest.instances:
        places.setdefault(instance.study, {}).setdefault(instance.series)
    width = max(2, len(str(len(places))))
    numbers = {}
    for at, (study, series) in enumerate(places.items(), start=1):
        numbers[study] = f"E{at:0{width}}"
        for inner, uid in enumerate(series, start=1):
            numbers[f"{study}/{uid}"] = f"{numbers[study]}.{inner}"
    return numbers


def _without_labels_of_refused(
    measured: Iterable[Measured], instances: Iterable[Instance]
) -> tuple[Measured, ...]:
    """Return the values, without what files call them that may identify somebody.

    A description that somebody typed may hold any name, not only one that stands elsewhere in the
    file.
    """
    refused = {instance.uid for instance in instances if instance.refusals}
    return tuple(
        replace(one, label="") if one.label and not refused.isdisjoint(one.instances) else one
        for one in measured
    )
