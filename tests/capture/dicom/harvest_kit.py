"""Images and values of a made-up examination, written by hand, and a study that reads them."""

import kit

from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.instance import Instance, hash_of_uid
from clinval.capture.dicom.measured import Measured

CT, MR, REPORT = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("2", "4", "88.67"))
ARMS = {
    "TEST": [{"SeriesDescription": "*DL*"}, {"folder": "fast*"}],
    "REF": [{"SeriesDescription": "conv*", "Modality": "?T"}],
}
FORMS = ["F04", "F05", "F07", "F16"]


def study(*, arms=None, subject="patient_id", forms=FORMS, **more):
    """Return a study of two arms and two sites that reads headers."""
    dicom = {"subject": subject, "arms": ARMS if arms is None else arms}
    return kit.protocol(forms=list(forms), dicom=dicom, **more)


def image(uid, series, *, subject="S01-001", examination="E1", folder=(), refusals=(), **header):
    """Return an image; identifiers are words, which are hashed as identifiers are."""
    said = {
        "SOPClassUID": CT, "Modality": "CT", "ImageType": ("ORIGINAL", "PRIMARY", "AXIAL"),
        "SeriesDescription": f"{series}", "Manufacturer": "Maker", "ManufacturerModelName": "M1",
        "DeviceSerialNumber": "70001", "SoftwareVersions": ("V1", "SP2"),
    } | header  # fmt: skip
    texts = {name: (text,) if isinstance(text, str) else text for name, text in said.items()}
    if "IrradiationEventUID" in texts:
        texts["IrradiationEventUID"] = tuple(map(hash_of_uid, texts["IrradiationEventUID"]))
    return Instance(
        file=1, uid=hash_of_uid(uid), study=hash_of_uid(examination),
        series=hash_of_uid(examination + series), subject=subject, folder=tuple(folder),
        refusals=tuple(refusals), header=Header(texts),
    )  # fmt: skip


def report(uid, *, series="Dose report", **more):
    """Return a dose report; what it says stands in measured values."""
    about = {"SOPClassUID": REPORT, "Modality": "SR", "ImageType": ()}
    return image(uid, series, **about, **more)


def time(series, seconds, *, examination="E1", source="acquisition_duration", **more):
    """Return the scan time of a series."""
    about = {"confidence": "high", "instances": (hash_of_uid(f"{series} 1"),)} | more
    return Measured(
        quantity="scan_time", value=seconds, source=source, scope="series",
        study=hash_of_uid(examination), series=hash_of_uid(examination + series),
        original=f"{seconds}", **about,
    )  # fmt: skip


def dose(quantity, value, *, event="", series="", examination="E1", source="dose_report", **more):
    """Return a dose of an event, else of a series, else of an examination."""
    about = {"confidence": "high", "instances": (hash_of_uid("report 1"),)} | more
    return Measured(
        quantity=quantity, value=value, source=source,
        scope="event" if event else "series" if series else "examination",
        study=hash_of_uid(examination), event=hash_of_uid(event),
        series=hash_of_uid(examination + series) if series else "", original=f"{value}", **about,
    )  # fmt: skip
