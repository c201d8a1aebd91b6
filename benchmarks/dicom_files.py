"""Synthetic CT images, as a scanner writes them and a de-identifier leaves them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["SUBJECTS", "TAGS", "make_images"]

TAGS = (
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality",
    "ImageType", "Manufacturer", "ManufacturerModelName", "DeviceSerialNumber",
    "SoftwareVersions", "StationName", "InstitutionName", "DeviceUID", "DateOfLastCalibration",
    "StudyDate", "StudyTime", "SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime",
    "ContentDate", "ContentTime", "AcquisitionDateTime", "TimezoneOffsetFromUTC",
    "AcquisitionNumber", "InstanceNumber", "IrradiationEventUID", "KVP", "ExposureTime",
    "CTDIvol", "BurnedInAnnotation", "PatientIdentityRemoved", "DeidentificationMethod",
    "LongitudinalTemporalInformationModified", "PatientID",
)  # fmt: skip
"""What is read of each file: 35 attributes."""

SUBJECTS = r"S\d\d-\d{4}"
"""The codes that stand in PatientID."""

_ROOT = "1.2.826.0.1.3680043.8.498"
_SIDE = 512
_SLICES = 100  # of a series


def make_images(folder: Path, count: int) -> list[Path]:
    """Write ``count`` images of 512 x 512 pixels, a hundred a series; return their paths."""
    import pydicom
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    pixels = bytes(_SIDE * _SIDE * 2)
    paths = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(count):
            dataset = _image(number)
            dataset.PixelData = pixels
            dataset["PixelData"].VR = "OW"
            dataset.file_meta = pydicom.dataset.FileMetaDataset()
            dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            path = folder / f"{number:05}.dcm"
            pydicom.dcmwrite(path, dataset, enforce_file_format=True)
            paths.append(path)
    return paths


def _image(number: int) -> Dataset:
    series, slice_ = divmod(number, _SLICES)
    study = series // 4
    seconds = 0.43 * slice_
    at = f"10{series % 60:02}{int(seconds):02}.{int(seconds % 1 * 1e6):06}"
    return _of(
        SpecificCharacterSet="ISO_IR 100",
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"],
        InstanceCreationDate="20250317", InstanceCreationTime=at,
        SOPClassUID="1.2.840.10008.5.1.4.1.1.2",
        SOPInstanceUID=f"{_ROOT}.1.{study}.{series}.{slice_}",
        StudyDate="20250317", SeriesDate="20250317", AcquisitionDate="20250317",
        ContentDate="20250317", AcquisitionDateTime=f"20250317{at}", StudyTime="095812.437000",
        SeriesTime=f"10{series % 60:02}00.125000", AcquisitionTime=at, ContentTime=at,
        AccessionNumber="", Modality="CT", Manufacturer="ACME Imaging",
        InstitutionName="Site 03", ReferringPhysicianName="", TimezoneOffsetFromUTC="+0800",
        StationName="CT03", StudyDescription="Chest^Routine (Adult)",
        SeriesDescription=f"Chest 1.5 Br40 {series % 4 + 1}",
        ManufacturerModelName="Scanner Force 64", IrradiationEventUID=f"{_ROOT}.2.{series}",
        ReferencedImageSequence=[_of(
            ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2",
            ReferencedSOPInstanceUID=f"{_ROOT}.1.{study}.{series}.0",
        )],
        PatientName="", PatientID=f"S03-{study + 1:04}", PatientBirthDate="", PatientSex="F",
        PatientAge="061Y", PatientIdentityRemoved="YES",
        DeidentificationMethod="PS3.15 Basic Application Confidentiality Profile",
        DeidentificationMethodCodeSequence=[
            _of(CodeValue=value, CodingSchemeDesignator="DCM", CodeMeaning=meaning)
            for value, meaning in (
                ("113100", "Basic Application Confidentiality Profile"),
                ("113106", "Retain Longitudinal Temporal Information Full Dates Option"),
                ("113109", "Retain Device Identity Option"),
            )
        ],
        LongitudinalTemporalInformationModified="UNMODIFIED",
        BodyPartExamined="CHEST", ScanOptions="SPIRAL", SliceThickness="1.5", KVP="120",
        DataCollectionDiameter="500", DeviceSerialNumber="73819", DeviceUID=f"{_ROOT}.3.73819",
        SoftwareVersions=["syngo CT VB10A", "SP2"], ProtocolName="Chest routine",
        ReconstructionDiameter="350", DistanceSourceToDetector="1085.6",
        DistanceSourceToPatient="595", GantryDetectorTilt="0", TableHeight="154.5",
        RotationDirection="CW", ExposureTime="500", XRayTubeCurrent=str(180 + slice_),
        Exposure=str(90 + slice_ // 2), FilterType="FLAT", GeneratorPower="38",
        FocalSpots="1.2", DateOfLastCalibration="20250317", TimeOfLastCalibration="071502.000000",
        ConvolutionKernel=["Br40d", "3"], PatientPosition="HFS", SingleCollimationWidth=0.6,
        TotalCollimationWidth=57.6, TableSpeed=139.2, TableFeedPerRotation=69.6,
        SpiralPitchFactor=1.2, EstimatedDoseSaving=22.4, CTDIvol=6.81 + slice_ / 100,
        CTDIPhantomTypeCodeSequence=[_of(
            CodeValue="113691", CodingSchemeDesignator="DCM",
            CodeMeaning="IEC Body Dosimetry Phantom",
        )],
        StudyInstanceUID=f"{_ROOT}.4.{study}", SeriesInstanceUID=f"{_ROOT}.5.{series}",
        StudyID="", SeriesNumber=str(series % 4 + 2),
        AcquisitionNumber=str(series % 4 + 1), InstanceNumber=str(slice_ + 1),
        ImagePositionPatient=["-175", "-175", f"{-900 + 1.5 * slice_:.6g}"],
        ImageOrientationPatient=["1", "0", "0", "0", "1", "0"],
        FrameOfReferenceUID=f"{_ROOT}.6.{study}", PositionReferenceIndicator="",
        SliceLocation=f"{-900 + 1.5 * slice_:.6g}", SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2", Rows=_SIDE, Columns=_SIDE,
        PixelSpacing=["0.68359375", "0.68359375"], BitsAllocated=16, BitsStored=12, HighBit=11,
        PixelRepresentation=0, SmallestImagePixelValue=0, LargestImagePixelValue=2600,
        BurnedInAnnotation="NO", WindowCenter=["40", "-600"], WindowWidth=["400", "1200"],
        RescaleIntercept="-1024", RescaleSlope="1", RescaleType="HU",
        WindowCenterWidthExplanation=["MEDIASTINUM", "LUNG"],
        PerformedProcedureStepStartDate="20250317",
        PerformedProcedureStepStartTime="095812.437000",
    )  # fmt: skip


def _of(**values: object) -> Dataset:
    import pydicom

    dataset = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset
