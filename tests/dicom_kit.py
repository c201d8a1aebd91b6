"""Files of made-up examinations, written by pydicom: images and a dose report, without identity."""

from __future__ import annotations

import warnings

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

CT = "1.2.840.10008.5.1.4.1.1.2"
REPORT = "1.2.840.10008.5.1.4.1.1.88.67"
ROOT = "1.2.826.0.1.3680043.8.498"


def uid(*parts):
    """Return an identifier that is the same each time."""
    return UID(f"{ROOT}.{'.'.join(map(str, parts))}")


def header(kind, examination, series, number, **said):
    """Return a dataset of an examination, as an anonymiser leaves it."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = kind
    dataset.file_meta.MediaStorageSOPInstanceUID = uid(examination, series, number)
    values = {
        "SOPClassUID": kind, "SOPInstanceUID": uid(examination, series, number),
        "StudyInstanceUID": uid(examination), "SeriesInstanceUID": uid(examination, series),
        "PatientID": "S01-001", "PatientName": "", "PatientIdentityRemoved": "YES",
        "DeidentificationMethod": "basic profile", "StudyDate": "20260301",
        "StudyTime": "090000", "SeriesNumber": series, "InstanceNumber": number,
        "Manufacturer": "Maker", "ManufacturerModelName": "M1", "DeviceSerialNumber": "70001",
        "SoftwareVersions": "V1",
    } | said  # fmt: skip
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def image(examination=1, series=1, number=1, **said):
    """Return a slice of a CT series whose slices are a second apart, without pixels."""
    about = {
        "Modality": "CT", "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SeriesDescription": f"Series {series}", "AcquisitionDate": "20260301",
        "AcquisitionTime": f"09{series:02}{number:02}", "AcquisitionNumber": 1,
        "ExposureTime": "500", "KVP": "120", "BurnedInAnnotation": "NO",
    } | said  # fmt: skip
    return header(CT, examination, series, number, **about)


def code(value, meaning, scheme="DCM"):
    """Return a coded concept."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def content(kind, concept, **said):
    """Return an item of a report."""
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", kind
    item.ConceptNameCodeSequence = Sequence([code(*concept)])
    for name, value in said.items():
        setattr(item, name, value)
    return item


def number(concept, value, unit):
    """Return a number of a report with its unit."""
    measured = Dataset()
    measured.NumericValue = str(value)
    measured.MeasurementUnitsCodeSequence = Sequence([code(unit, unit, "UCUM")])
    return content("NUM", concept, MeasuredValueSequence=Sequence([measured]))


def dose_report(examination=1, series=90, number_=1, dlp=(100.5, 20.25), protocol="Chest", **said):
    """Return a CT dose report with one event for each DLP, and their total."""
    events = [
        content("CONTAINER", ("113819", "CT Acquisition"), ContentSequence=Sequence([
            content("TEXT", ("125203", "Acquisition Protocol"), TextValue=protocol),
            content("UIDREF", ("113769", "Irradiation Event UID"), UID=uid(examination, 7, at)),
            content("CONTAINER", ("113829", "CT Dose"), ContentSequence=Sequence([
                number(("113830", "Mean CTDIvol"), 5, "mGy"),
                number(("113838", "DLP"), value, "mGy.cm"),
            ])),
        ]))
        for at, value in enumerate(dlp, start=1)
    ]  # fmt: skip
    accumulated = content(
        "CONTAINER", ("113811", "CT Accumulated Dose Data"), ContentSequence=Sequence([
            number(("113812", "Total Number of Irradiation Events"), len(dlp), "{events}"),
            number(("113813", "CT Dose Length Product Total"), sum(dlp), "mGy.cm"),
        ]),
    )  # fmt: skip
    about = {
        "Modality": "SR", "ValueType": "CONTAINER", "CompletionFlag": "COMPLETE",
        "ConceptNameCodeSequence": Sequence([code("113701", "X-Ray Radiation Dose Report")]),
        "ContentSequence": Sequence([
            content("DATETIME", ("113809", "Irradiation began"), DateTime="20260301090001"),
            content("DATETIME", ("113810", "Irradiation ended"), DateTime="20260301090131"),
            accumulated, *events,
        ]),
    } | said  # fmt: skip
    return header(REPORT, examination, series, number_, **about)


def save(dataset, path):
    """Write a dataset as a file of its folder, which is made; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that are not as the standard has them
        dataset.save_as(path, enforce_file_format=True)
    return path


def examination(folder, at=1, **said):
    """Write two series of three slices and a dose report of one examination."""
    for series in (1, 2):
        for slice_ in (1, 2, 3):
            one = image(at, series, slice_, **said)
            save(one, folder / f"e{at}" / f"s{series}" / f"{slice_}.dcm")
    about = {name: value for name, value in said.items() if name.startswith("Patient")}
    save(dose_report(at, **about), folder / f"e{at}" / "report.dcm")
    return folder


SUBJECTS = ("S01-001", "S01-002", "S02-001")
ARMS = {"TEST": [{"SeriesDescription": "*DL*"}], "REF": [{"SeriesDescription": "conv*"}]}
FORMS = ("F04", "F05", "F07", "F16")


def study(root, **more):
    """Write the protocol of a study of two arms that reads headers; return its folder."""
    import kit

    from clinval.app.folder import StudyFolder

    said = kit.content(forms=list(FORMS), dicom={"arms": ARMS}, **more)
    root.mkdir(parents=True, exist_ok=True)
    (root / "protocol.yaml").write_text(kit.text(said), encoding="utf-8")
    return StudyFolder(root)


def images_of_study(folder, subjects=SUBJECTS, **said):
    """Write for each subject an examination of each arm: three slices and a dose report."""
    for at, subject in enumerate(subjects, start=1):
        for arm, description in enumerate(("DL fast", "conventional"), start=1):
            number_ = 10 * at + arm
            place = folder / f"{at}" / description
            for slice_ in (1, 2, 3):
                about = {"PatientID": subject, "SeriesDescription": description} | said
                save(image(number_, 1, slice_, **about), place / f"{slice_}.dcm")
            dlp = (100.5 + at, 20.25)
            save(dose_report(number_, dlp=dlp, PatientID=subject, **said), place / "report.dcm")
    return folder
