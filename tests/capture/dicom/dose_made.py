"""Made-up dose reports, item by item."""

from __future__ import annotations

from io import BytesIO

from pydicom import Dataset, FileMetaDataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian


def code(value, meaning="", scheme="DCM"):
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, scheme, meaning or value
    return made


def item(kind, concept, *below, scheme="DCM"):
    made = Dataset()
    made.RelationshipType, made.ValueType = "CONTAINS", kind
    made.ConceptNameCodeSequence = [code(concept, scheme=scheme)]
    if below:
        made.ContentSequence = list(below)
    return made


def number(concept, value, unit, *below, scheme="DCM"):
    made = item("NUM", concept, *below, scheme=scheme)
    measured = Dataset()
    measured.NumericValue = value
    measured.MeasurementUnitsCodeSequence = [code(unit, scheme="UCUM")]
    made.MeasuredValueSequence = [measured]
    return made


def coded(concept, value, *below, scheme="DCM"):
    made = item("CODE", concept, *below)
    made.ConceptCodeSequence = [code(value, scheme=scheme)]
    return made


def uid(concept, value):
    made = item("UIDREF", concept)
    made.UID = value
    return made


def moment(concept, value):
    made = item("DATETIME", concept)
    made.DateTime = value
    return made


def text(concept, value):
    made = item("TEXT", concept)
    made.TextValue = value
    return made


def report(*below, title="113701", storage="67"):
    """A report of these items."""
    made = item("CONTAINER", title, *below)
    del made.RelationshipType
    made.SOPClassUID = f"1.2.840.10008.5.1.4.1.1.88.{storage}"
    made.SOPInstanceUID = "1.2.3"
    return made


def ct(*events, total=None, unit="mGy.cm"):
    """A report of CT acquisitions: (identifier, DLP) each."""
    stated = [] if total is None else [number("113813", total, unit)]
    return report(
        item("CONTAINER", "113811", *stated),
        *(
            item(
                "CONTAINER",
                "113819",
                uid("113769", name),
                item("CONTAINER", "113829", number("113838", dlp, unit)),
            )
            for name, dlp in events
        ),
    )


def written(dataset):
    """A report as it comes back from a file."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return dcmread(BytesIO(out.getvalue()))
