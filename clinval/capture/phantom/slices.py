"""Pixels of CT slices as CT numbers; of images of detectors as their linear signal."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from clinval.capture.dicom.instance import hash_of_uid
from clinval.core.errors import SubmissionError
from clinval.core.problems import Place

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydicom import Dataset

__all__ = ["NO_SLICES", "SAID", "SAME", "NoSliceError", "Slice", "read_slice"]

_PROJECTIONS = ("DX", "CR", "IO", "MG", "PX", "RF", "XA")
SAME = (
    "Modality", "Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "ConvolutionKernel",
    "KVP", "SliceThickness", "ReconstructionDiameter", "FilterType", "ImageOrientationPatient",
)  # fmt: skip
"""The attributes that do not differ between the slices of a scan."""

SAID = (
    *SAME, "XRayTubeCurrent", "Exposure", "SeriesDescription", "ProtocolName", "SeriesNumber",
    "SeriesTime", "AcquisitionTime", "AcquisitionDate", "StudyDate", "SoftwareVersions",
)  # fmt: skip
"""The attributes of scanner and settings that a slice keeps."""

NO_SLICES = (
    "no_pixels", "other_modality", "localizer", "several_frames", "colour", "large", "odd_header",
)  # fmt: skip
"""Why a file is no slice that could be measured."""

_MOST_PIXELS = 4096 * 4096


class NoSliceError(Exception):
    """A file that is no slice, by one of `NO_SLICES`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slice:
    """One image.

    Attributes
    ----------
    uid, series
        Hashes of SOPInstanceUID and SeriesInstanceUID.
    acquisition
        AcquisitionNumber: repeats of a scan may lie in one series.
    pixels
        Rows by columns, in ``unit``.
    clipped
        Which pixels are at the lowest or the highest value that the file can hold.
    unit
        ``HU`` of CT, empty for the linear signal of a detector.
    spacing
        Distance of the columns and of the rows (mm).
    position
        Along the normal of the slice (mm); the number of the instance for a detector.
    said
        What the header says of scanner and settings, by the names of the attributes.
    """

    uid: str
    series: str
    acquisition: str
    pixels: NDArray[np.float64]
    clipped: NDArray[np.bool_]
    unit: str
    spacing: tuple[float, float]
    position: float
    said: Mapping[str, str]


def read_slice(dataset: Dataset, place: Place) -> Slice:
    """Return the pixels of an image with what is known of them.

    Parameters
    ----------
    dataset
        The whole object, pixels included.
    place
        The file, for problems; no name of a person may be in it.

    Raises
    ------
    NoSliceError
        When it is no slice and no image of a detector, with its reason.
    SubmissionError
        When it is one that cannot be measured: ``slice-pixels-unreadable`` (damaged, or compressed
        in a way that nothing here decodes), ``slice-not-linear`` (pixels that are no linear
        signal), or ``slice-no-spacing``.
    """
    import numpy as np

    _check_image(dataset, place)
    stored = _stored(dataset, place)
    modality = str(dataset.get("Modality", ""))
    is_ct = modality == "CT"
    slope, intercept = _real(
        [dataset.get("RescaleSlope") or 1, dataset.get("RescaleIntercept") or 0]
    )
    return Slice(
        uid=hash_of_uid(str(dataset.get("SOPInstanceUID", ""))),
        series=hash_of_uid(str(dataset.get("SeriesInstanceUID", ""))),
        acquisition=str(dataset.get("AcquisitionNumber", "") or ""),
        pixels=stored.astype(np.float64) * slope + intercept,
        clipped=_clipped(dataset, stored),
        unit="HU" if is_ct else "",
        spacing=_spacing(dataset, place),
        position=_position(dataset, place) if is_ct else _whole(dataset, "InstanceNumber", 0),
        said={name: _said(dataset, name) for name in SAID},
    )


def _check_image(dataset: Dataset, place: Place) -> None:
    """Refuse what is no single image with one linear value a pixel."""
    modality = str(dataset.get("Modality", ""))
    rows, columns = _whole(dataset, "Rows", 0), _whole(dataset, "Columns", 0)
    if "PixelData" not in dataset or not rows * columns:
        raise NoSliceError("no_pixels")
    if modality not in ("CT", *_PROJECTIONS):
        raise NoSliceError("other_modality")
    if "LOCALIZER" in _said(dataset, "ImageType").upper():
        raise NoSliceError("localizer")
    if _whole(dataset, "NumberOfFrames", 1) > 1:
        raise NoSliceError("several_frames")
    if _whole(dataset, "SamplesPerPixel", 1) > 1:
        raise NoSliceError("colour")
    if rows * columns > _MOST_PIXELS:
        raise NoSliceError("large")
    kind = str(dataset.get("RescaleType", "") or "HU")
    if modality == "CT" and (kind not in ("HU", "HU_MOD") or "RescaleSlope" not in dataset):
        _refuse("slice-not-linear", place, detail=f"RescaleType {kind}")
    relation = str(dataset.get("PixelIntensityRelationship", "") or "LIN")
    if modality != "CT" and (relation != "LIN" or "ModalityLUTSequence" in dataset):
        _refuse("slice-not-linear", place, detail=f"PixelIntensityRelationship {relation}")


def _whole(dataset: Dataset, name: str, otherwise: int) -> int:
    """Return a whole number of the header; one that is none tells of a damaged file."""
    value = dataset.get(name)
    try:
        return otherwise if value is None or value == "" else int(value)
    except (TypeError, ValueError) as error:
        raise NoSliceError("odd_header") from error


def _real(values: Sequence[Any]) -> list[float]:
    try:
        return [float(value) for value in values]
    except (TypeError, ValueError) as error:
        raise NoSliceError("odd_header") from error


def _stored(dataset: Dataset, place: Place) -> NDArray[Any]:
    """Return the stored values, decoded by pydicom and the plugins that it finds."""
    import numpy as np

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of padding behind the pixels
            return np.asarray(dataset.pixel_array)
    except Exception as error:  # decoders and damaged files lead anywhere
        syntax = dataset.file_meta.get("TransferSyntaxUID") if hasattr(dataset, "file_meta") else ""
        detail = str(getattr(syntax, "name", "")) or type(error).__name__
        raise SubmissionError.of("slice-pixels-unreadable", place, detail=detail) from error


def _clipped(dataset: Dataset, stored: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which stored values are the lowest or the highest that there can be."""
    bits = _whole(dataset, "BitsStored", 16)
    signed = _whole(dataset, "PixelRepresentation", 0) == 1
    lowest = -(1 << (bits - 1)) if signed else 0
    highest = (1 << (bits - 1 if signed else bits)) - 1
    found: NDArray[np.bool_] = (stored <= lowest) | (stored >= highest)
    if dataset.get("PixelPaddingValue") is not None:
        found |= stored == _whole(dataset, "PixelPaddingValue", 0)
    return found


def _spacing(dataset: Dataset, place: Place) -> tuple[float, float]:
    rows, columns = 0.0, 0.0
    found = dataset.get("PixelSpacing") or dataset.get("ImagerPixelSpacing")
    if found is not None and len(found) == 2:
        rows, columns = _real(found)
    if not (rows > 0 and columns > 0):
        _refuse("slice-no-spacing", place, attribute="PixelSpacing")
    return columns, rows


def _position(dataset: Dataset, place: Place) -> float:
    """Return where the slice is along its normal."""
    import numpy as np

    position = dataset.get("ImagePositionPatient")
    directions = dataset.get("ImageOrientationPatient")
    if not position or not directions or len(position) != 3 or len(directions) != 6:
        _refuse("slice-no-spacing", place, attribute="ImagePositionPatient")
    across, down = np.reshape(_real(directions), (2, 3))
    return float(np.cross(across, down) @ _real(position))


def _said(dataset: Dataset, name: str) -> str:
    value = dataset.get(name)
    if value is None:
        return ""
    return "\\".join(str(part) for part in value) if _is_many(value) else str(value)


def _is_many(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _refuse(kind: str, place: Place, **parameters: object) -> NoReturn:
    raise SubmissionError.of(kind, place, **parameters)
