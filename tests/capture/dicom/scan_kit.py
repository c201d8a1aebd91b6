"""Images and reports as the reader hands them on, for tests of scan times."""

from __future__ import annotations

from itertools import count

from clinval.capture.dicom.dose.report import DoseReport, IrradiationEvent, Quantity
from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.instance import Instance
from clinval.capture.dicom.measured import Measured
from clinval.capture.dicom.times.scan_time import scan_times

_FILES = count(1)

ORIGINAL = ("ORIGINAL", "PRIMARY")


def header(modality="MR", image_type=ORIGINAL, **values) -> Header:
    """A header; a text stands for one value."""
    values = {"Modality": modality, "ImageType": image_type, **values}
    return Header({k: (v,) if isinstance(v, str) else tuple(v) for k, v in values.items() if v})


def image(series="s1", study="e1", modality="MR", image_type=ORIGINAL, private=(), **values):
    """An acquired image; ``private`` has attributes whose names are no identifiers."""
    file = next(_FILES)
    return Instance(
        file=file,
        uid=f"uid{file}",
        study=study,
        series=series,
        header=header(modality, image_type, **dict(private), **values),
    )


def images(times, **values):
    """One image for each time of acquisition."""
    return [image(AcquisitionTime=time, **values) for time in times]


def event(uid, seconds=None, started="", kind="ct", mode="", flags=(), duration=None):
    """An irradiation event."""
    spans = (seconds, duration)
    told = [None if s is None else Quantity(value=s, original=f"{s} s", flags=flags) for s in spans]
    return IrradiationEvent(
        uid=uid, kind=kind, mode=mode, started=started,
        exposure_seconds=told[0], duration_seconds=told[1],
    )  # fmt: skip


def report(*events, study="e1", kind="ct", began="", ended="", **values):
    """A dose report."""
    file = next(_FILES)
    return Instance(
        file=file,
        uid=f"uid{file}",
        study=study,
        series="reports",
        header=header("SR", (), **values),
        report=DoseReport(kind=kind, began=began, ended=ended, events=tuple(events)),
    )


def scans(instances) -> list[Measured]:
    """Scan times of series and events."""
    return [one for one in scan_times(instances) if one.quantity == "scan_time"]


def only_scan(instances) -> Measured:
    """The one scan time that there is."""
    (one,) = scans(instances)
    return one


def examination(instances) -> Measured:
    """The one examination time that there is."""
    (one,) = (one for one in scan_times(instances) if one.quantity == "examination_time")
    return one
