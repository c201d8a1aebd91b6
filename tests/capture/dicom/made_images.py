"""Images that are made up: what a site sends after it has de-identified them properly."""

from __future__ import annotations

import io
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

CT = "1.2.840.10008.5.1.4.1.1.2"
SHARED = Path(__file__).resolve().parents[4] / "shared" / "dicom"


def clean_image(**values):
    """Return a CT image whose identity has been removed, with what a study reads left in it."""
    dataset = Dataset()
    dataset.SOPClassUID = CT
    dataset.SOPInstanceUID = "2.25.1001"
    dataset.StudyInstanceUID = "2.25.1002"
    dataset.SeriesInstanceUID = "2.25.1003"
    dataset.StudyDate = "20260304"
    dataset.StudyTime = "101500.125"
    dataset.AcquisitionTime = "101502.5"
    dataset.AccessionNumber = ""
    dataset.Modality = "CT"
    dataset.Manufacturer = "Maker"
    dataset.ManufacturerModelName = "Scanner 3000"
    dataset.DeviceSerialNumber = "13800138000"
    dataset.InstitutionName = "North Hospital"
    dataset.StudyDescription = "Thorax^Routine (Adult)"
    dataset.SeriesDescription = "Lung 1.0 B70f"
    dataset.PatientName = "Anonymized"
    dataset.PatientID = "S01-001"
    dataset.PatientBirthDate = ""
    dataset.PatientSex = "F"
    dataset.PatientAge = "061Y"
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "basic profile of PS3.15"
    dataset.KVP = "120"
    dataset.ExposureTime = "500"
    dataset.StudyID = ""
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def written(dataset, syntax=ExplicitVRLittleEndian, pixels=b"\0" * 512):
    """Return the bytes of a file."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    if pixels:
        dataset.Rows = dataset.Columns = 16
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation = 15, 0
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.add_new(0x7FE00010, "OW", pixels)
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()
