"""Simulated scans of a cylinder of water with a rod, of which everything is known."""

from __future__ import annotations

import io

import numpy as np
from pydicom import Dataset, FileMetaDataset, dcmwrite
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from scipy.special import erfc

PIXEL = 0.8  # mm
SIDE = 288
MIDDLE = (118.3, 112.9)  # mm: not that of the picture
SPREAD = 0.7  # mm: standard deviation of the blur of every edge
ROD = (50.0, 30.0, 100.0)  # mm to the right, mm wide, HU
_MOTIONLESS = {"SeriesDescription": "water 120", "ProtocolName": "Head", "KVP": "120"}


def disk(x, y, diameter, *, side=SIDE, pixel=PIXEL, middle=MIDDLE, spread=SPREAD):
    """A disk of height 1 whose rim is blurred; x, y from the middle of the phantom."""
    at = np.arange(side) * pixel
    far = np.hypot(at - middle[0] - x, (at - middle[1] - y)[:, None])
    return erfc((far - diameter / 2) / (np.sqrt(2) * spread)) / 2


def picture(*, water=0.0, rod=None, cupping=0.0, diameter=200.0, **shape):
    """Air, the cylinder of water that is higher at its edge by ``cupping``, and a rod."""
    at = np.arange(shape.get("side", SIDE)) * shape.get("pixel", PIXEL)
    middle = shape.get("middle", MIDDLE)
    far = np.hypot(at - middle[0], (at - middle[1])[:, None])
    image = -1000 + disk(0, 0, diameter, **shape) * (1000 + water + cupping * (far / 100) ** 2)
    if rod is not None:
        x, width, height = rod
        image += height * disk(x, 0, width, **shape)
    return image


def slice_of(pixels, position, *, series, number, pixel=PIXEL, **header):
    """A CT slice of these CT numbers, rounded as scanners do."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[series, str(number)])
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[series])
    dataset.Modality, dataset.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PatientName, dataset.PatientID = "Phantom", "QA"
    dataset.PatientIdentityRemoved, dataset.DeidentificationMethod = "YES", "no patient"
    dataset.Manufacturer, dataset.ManufacturerModelName = "Maker", "Scanner 64"
    dataset.DeviceSerialNumber, dataset.SoftwareVersions = "CT-1", "VA30"
    dataset.StudyDate = dataset.AcquisitionDate = "20260401"
    dataset.AcquisitionTime, dataset.SeriesNumber = "101500.00", "2"
    dataset.AcquisitionNumber, dataset.InstanceNumber = "1", str(number)
    dataset.ConvolutionKernel, dataset.SliceThickness = "FC01", "5"
    dataset.XRayTubeCurrent, dataset.Exposure = "200", "100"
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [-100, -100, position]
    dataset.PixelSpacing = [pixel, pixel]
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = "1", "-8192", "HU"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    stored = np.clip(np.rint(pixels) + 8192, 0, 65535).astype("<u2")
    dataset.PixelData = stored.tobytes()
    for name, value in {**_MOTIONLESS, **header}.items():
        setattr(dataset, name, value)
    return dataset


def noisy(image, sd, draw):
    """White noise on a picture."""
    return image + draw.normal(0.0, sd, image.shape)


def scan(
    *, series="a", slices=12, sd=5.0, step=10.0, seed=1, water=1.0, cupping=3.0, first=0.0,
    rod=ROD, **header,
):  # fmt: skip
    """A scan whose lower half is water and whose upper half has the rod."""
    draw = np.random.default_rng(seed)
    plain = picture(water=water, cupping=cupping)
    with_rod = picture(water=water, rod=rod)
    found = []
    for number in range(slices):
        image = plain if number < slices // 2 else with_rod
        position = first + number * step
        found.append(
            slice_of(noisy(image, sd, draw), position, series=series, number=number + 1, **header)
        )
    return found


def write(datasets, folder):
    """Write slices into a folder under names that say nothing of their order."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, dataset in enumerate(datasets):
        stream = io.BytesIO()
        dcmwrite(stream, dataset, enforce_file_format=True)
        (folder / f"{(number * 7919) % 997:03d}.dcm").write_bytes(stream.getvalue())
    return folder
