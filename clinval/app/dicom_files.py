"""The tables that are written of what headers say: values, devices, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.capture.dicom.harvest import numbered
from clinval.capture.dicom.study.harvest_file import hash_over
from clinval.capture.dicom.words import dicom_word
from clinval.core.csv_tables import write_rows

if TYPE_CHECKING:
    from clinval.capture.dicom.devices.device import DeviceChange
    from clinval.capture.dicom.harvest import Harvest

__all__ = [
    "CHANGES", "DEVICES", "REFUSALS", "VALUES", "write_changes", "write_devices", "write_refusals",
    "write_values",
]  # fmt: skip

VALUES = (
    "subject_id", "examination", "series", "event", "quantity", "value", "unit", "source",
    "confidence", "scope", "flags", "original", "instances", "instances_sha256",
)  # fmt: skip
DEVICES = (
    "kind", "manufacturer", "model", "serial", "software", "udi", "algorithm", "version",
    "modalities", "series", "instances",
)  # fmt: skip
CHANGES = ("site", "change", "manufacturer", "model", "serial", "before", "after", "instances")
REFUSALS = ("by", "reason", "meaning", "files")


def write_values(path: Path, harvest: Harvest) -> None:
    """Write every value with its source, unit, confidence, flags and the files it rests on.

    These are counted and have a hash over their identifiers; the file for the sponsor names each.
    What a scanner calls a series is left out: people type it, and it may hold any name.
    """
    numbers = numbered(harvest)
    subjects = {one.study: one.subject for one in harvest.instances if one.subject}
    rows = [
        (
            subjects.get(one.study, ""), numbers.get(one.study, ""),
            numbers.get(f"{one.study}/{one.series}", ""), one.event, one.quantity,
            "" if one.value is None else one.value, one.unit, one.source, one.confidence,
            one.scope, "; ".join(one.flags), one.original, len(one.instances),
            hash_over(one.instances),
        )
        for one in harvest.measured
    ]  # fmt: skip
    write_rows(path, VALUES, rows)


def write_devices(path: Path, harvest: Harvest) -> None:
    """Write each device, and each state of its software, without the days on which it was used."""
    rows = [
        (
            one.kind, one.manufacturer, one.model, one.serial, one.software, one.udi,
            one.algorithm, one.version, "; ".join(one.modalities), len(one.series), one.instances,
        )
        for one in harvest.devices
    ]  # fmt: skip
    write_rows(path, DEVICES, rows)


def write_changes(path: Path, changes: Sequence[DeviceChange]) -> None:
    """Write what was not the same all the time about the devices of each site, without days.

    Manufacturer, model and serial number are those after the change; ``instances`` is the number of
    files since.
    """
    rows = [
        (
            one.site, one.what, one.after.manufacturer, one.after.model, one.after.serial,
            one.values[0], one.values[1], one.after.instances,
        )
        for one in changes
    ]  # fmt: skip
    write_rows(path, CHANGES, rows)


def write_refusals(path: Path, harvest: Harvest, left_out: Mapping[str, int]) -> None:
    """Write how many files were left out, by who left them out and why; never which ones.

    Parameters
    ----------
    path
        The file.
    harvest
        What was read.
    left_out
        How many files of those that were read went into no row, by reason.
    """

    def rows() -> Iterator[tuple[str, str, str, int]]:
        for by, counts, group in (
            ("reader", harvest.unreadable, "refusal"),
            ("gate", harvest.refusals, "refusal"),
            ("study", left_out, "left_out"),
        ):
            for reason, count in counts.items():
                yield by, reason, dicom_word(group, reason), count

    write_rows(path, REFUSALS, rows())
