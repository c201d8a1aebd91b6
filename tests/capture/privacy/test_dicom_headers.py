"""Headers of DICOM files: attributes that identify, where they are filled."""

import io

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from clinval.capture.dicom.headers.by_pydicom import elements_of
from clinval.capture.phi_dicom import identifying_elements
from clinval.capture.phi_gate import screen


def header(**values):
    dataset = Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    dataset.SOPInstanceUID = "1.2.3"
    dataset.StudyDate = "20260304"
    dataset.InstitutionName = "North Hospital"
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def names(dataset, known=()):
    return {
        (found.kind, found.place) for found in identifying_elements(elements_of(dataset), known)
    }


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientName", "Wang^Fang"), ("PatientID", "445566"), ("PatientBirthDate", "19580304"),
        ("PatientAddress", "12 Baker Street"), ("PatientTelephoneNumbers", "13800138000"),
        ("OtherPatientNames", ["A^B", "C^D"]), ("AccessionNumber", "7788"),
        ("ReferringPhysicianName", "Muller^T"), ("OperatorsName", "Li^M"),
        ("PatientMotherBirthName", "X^Y"), ("ResponsiblePerson", "P^Q"),
        ("Occupation", "teacher"),
    ],
)  # fmt: skip
def test_a_filled_attribute_of_the_basic_profile(keyword, value):
    assert names(header(**{keyword: value})) == {("header", keyword)}
    assert names(header(**{keyword: None})) == set()


@pytest.mark.parametrize("value", ["", "ANONYMOUS", "Anon", "REMOVED", "^^^^", "00000000", "N/A"])
def test_what_an_anonymiser_leaves_is_nothing(value):
    assert names(header(PatientName=value, PatientID=value)) == set()


def test_identifiers_of_the_study_may_stand_there():
    dataset = header(PatientName="S01-001", PatientID="S01-001")
    assert names(dataset, {"S01-001"}) == set()
    assert names(dataset) == {("header", "PatientName"), ("header", "PatientID")}


def test_sequences_texts_ages_and_burned_in_annotation():
    item = Dataset()
    item.RequestedProcedureID = "RP1"
    item.PersonName = "Li^Ming"
    dataset = header(
        RequestAttributesSequence=[item], PatientAge="093Y", BurnedInAnnotation="YES",
        ImageComments="call 13800138000", StudyDescription="MR knee left",
    )  # fmt: skip
    assert names(dataset) == {
        ("header", "RequestedProcedureID"), ("header", "PersonName"), ("age", "PatientAge"),
        ("picture", "BurnedInAnnotation"), ("phone", "ImageComments"),
    }  # fmt: skip
    assert names(header(PatientAge="089Y", BurnedInAnnotation="NO")) == set()


def test_private_texts_are_looked_at():
    dataset = header()
    dataset.add_new((0x0009, 0x0010), "LO", "VENDOR")
    dataset.add_new((0x0009, 0x1001), "LO", "患者王芳诉膝痛")
    assert {kind for kind, _ in names(dataset)} == {"name"}


def test_a_file(tmp_path):
    dataset = header(PatientName="Wang^Fang")
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    path = tmp_path / "1.dcm"
    path.write_bytes(buffer.getvalue())
    screened = screen(path)
    assert {(found.kind, found.place) for found in screened.identifying} == {
        ("header", "PatientName")
    }
    assert "Wang" not in str(screened)
