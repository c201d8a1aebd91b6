"""The attributes that are read from every header, by who needs them.

A name is a keyword of the standard, or keywords of sequences and an attribute joined by dots. An
attribute of a vendor is ``gggg,xxee CREATOR``: the block is looked up by its private creator.
"""

from __future__ import annotations

__all__ = ["ATTRIBUTES", "DEVICE", "DOSE", "GATE", "PLACE", "TIMES", "UIDS"]

PLACE = (
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality",
    "ImageType", "PatientID", "ClinicalTrialSubjectID", "SeriesDescription", "ProtocolName",
    "StudyDescription", "SeriesNumber", "InstanceNumber", "AcquisitionNumber", "BodyPartExamined",
)  # fmt: skip
"""Whose and what it is, and its place in the examination."""

TIMES = (
    "StudyDate", "StudyTime", "SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime",
    "ContentDate", "ContentTime", "AcquisitionDateTime", "TimezoneOffsetFromUTC",
    "AcquisitionDuration", "NumberOfTemporalPositions", "TriggerTime", "ActualFrameDuration",
    "AcquisitionUID",
    "ScanOptions",
    "AcquisitionType",
    "SharedFunctionalGroupsSequence.CTAcquisitionTypeSequence.AcquisitionType",
    "RevolutionTime",
    "SpiralPitchFactor",
    "NumberOfFrames",
    "FrameTime",
    "FrameTimeVector",
    "PerFrameFunctionalGroupsSequence.FrameContentSequence.FrameAcquisitionDateTime",
    "PerFrameFunctionalGroupsSequence.FrameContentSequence.FrameAcquisitionDuration",
    "RotationInformationSequence.ActualFrameDuration",
    "RotationInformationSequence.NumberOfFramesInRotation",
    "PhaseInformationSequence.ActualFrameDuration",
    "PhaseInformationSequence.NumberOfFramesInPhase",
    "PhaseInformationSequence.PauseBetweenFrames",
    "SharedFunctionalGroupsSequence.IrradiationEventIdentificationSequence.IrradiationEventUID",
    "0019,xx5A GEMS_ACQU_01",
    "0051,xx0A SIEMENS MR HEADER",
    "2005,xx33 Philips MR Imaging DD 001",
)  # fmt: skip
"""When, and how long."""

DOSE = (
    "IrradiationEventUID", "KVP", "ExposureTime", "CTDIvol",
    "CTDIPhantomTypeCodeSequence.CodeValue",
    "SharedFunctionalGroupsSequence.CTExposureSequence.CTDIvol",
    "PerFrameFunctionalGroupsSequence.CTExposureSequence.CTDIvol",
    "ImageAndFluoroscopyAreaDoseProduct", "OrganDose", "OrganExposed", "EntranceDoseInmGy",
    "EntranceDose", "ImageLaterality", "Laterality",
    "ExposureDoseSequence.CTDIvol", "ExposureDoseSequence.SeriesDescription",
    "ExposureDoseSequence.00e1,xx21 ELSCINT1",
    "RadiopharmaceuticalInformationSequence.RadionuclideTotalDose",
    "RadiopharmaceuticalInformationSequence.Radiopharmaceutical",
    "RadiopharmaceuticalInformationSequence.RadiopharmaceuticalStartDateTime",
    "RadiopharmaceuticalInformationSequence.RadiopharmaceuticalStartTime",
    "RadiopharmaceuticalInformationSequence.RadiopharmaceuticalAdministrationEventUID",
)  # fmt: skip
"""Dose, as images carry it."""

DEVICE = (
    "Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions",
    "StationName", "InstitutionName", "DeviceUID", "DateOfLastCalibration",
    "UDISequence.UniqueDeviceIdentifier",
    "ContributingEquipmentSequence.Manufacturer",
    "ContributingEquipmentSequence.ManufacturerModelName",
    "ContributingEquipmentSequence.SoftwareVersions",
    "ContributingEquipmentSequence.PurposeOfReferenceCodeSequence.CodeValue",
)  # fmt: skip
"""What made it."""

GATE = (
    "PatientIdentityRemoved", "DeidentificationMethod",
    "DeidentificationMethodCodeSequence.CodeValue", "BurnedInAnnotation",
    "RecognizableVisualFeatures", "LongitudinalTemporalInformationModified",
)  # fmt: skip
"""What it says of being de-identified."""

UIDS = (
    "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "IrradiationEventUID", "DeviceUID",
    "RadiopharmaceuticalInformationSequence.RadiopharmaceuticalAdministrationEventUID",
    "AcquisitionUID",
    "SharedFunctionalGroupsSequence.IrradiationEventIdentificationSequence.IrradiationEventUID",
)  # fmt: skip
"""Identifiers that leave the folder as hashes only."""

ATTRIBUTES = tuple(dict.fromkeys((*PLACE, *TIMES, *DOSE, *DEVICE, *GATE)))
"""All of them."""
