"""Pixels of CT slices as CT numbers, and the slices of a scan in the order of the table.

Images of detectors are read too: their pixels are a linear signal, and each image stands alone.
Whoever measures in slices has to know that they belong together, so everything that must not
differ between the slices of a scan is compared, and a scan in which it does is not measured.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

from clinval.capture.dicom.instance import hash_of_uid
from clinval.core.errors import SubmissionError
from clinval.core.problems import Place, Problems

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydicom import Dataset

__all__ = ["SAID", "Scan", "Slice", "read_slice", "scans_of"]

_PROJECTIONS = ("DX", "CR", "IO", "MG", "PX", "RF", "XA")
_SAME = (
    "Modality", "Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "ConvolutionKernel",
    "KVP", "SliceThickness", "ReconstructionDiameter", "FilterType", "ImageOrientationPatient",
)  # fmt: skip
SAID = (
    *_SAME, "XRayTubeCurrent", "Exposure", "SeriesDescription", "ProtocolName", "SeriesNumber",
    "SeriesTime", "AcquisitionTime", "AcquisitionDate", "StudyDate", "SoftwareVersions",
)  # fmt: skip
"""The attributes of scanner and settings that a slice keeps."""

_NEAR = 0.01  # mm: positions nearer than this are the same
_MOST_PIXELS = 4096 * 4096


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """Slices that belong together, in the order of their positions."""

    slices: tuple[Slice, ...]

    @property
    def said(self) -> Mapping[str, str]:
        """What the header of the first slice says."""
        return self.slices[0].said

    @property
    def unit(self) -> str:
        """The unit of the pixels."""
        return self.slices[0].unit

    @property
    def spacing(self) -> tuple[float, float]:
        """Distance of the columns and of the rows (mm)."""
        return self.slices[0].spacing

    @property
    def step(self) -> float | None:
        """The usual distance of neighbouring slices (mm), ``None`` of a single one."""
        import numpy as np

        places = [one.position for one in self.slices]
        return float(np.median(np.diff(places))) if len(places) > 1 else None

    @property
    def overlaps(self) -> bool:
        """Whether neighbouring slices are thicker than their distance, and share their noise."""
        thickness = _number(self.said["SliceThickness"])
        return self.step is not None and thickness is not None and self.step < 0.99 * thickness


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
    SubmissionError
        When it is no image that can be measured: ``slice-no-image`` (no pixels, several frames,
        colour, too large), ``slice-pixels-unreadable`` (damaged, or compressed in a way that
        nothing here decodes), ``slice-not-linear`` (pixels that are no linear signal), or
        ``slice-no-spacing``.
    """
    import numpy as np

    _check_image(dataset, place)
    stored = _stored(dataset, place)
    modality = str(dataset.get("Modality", ""))
    is_ct = modality == "CT"
    slope = float(dataset.get("RescaleSlope", 1) or 1)
    intercept = float(dataset.get("RescaleIntercept", 0) or 0)
    return Slice(
        uid=hash_of_uid(str(dataset.get("SOPInstanceUID", ""))),
        series=hash_of_uid(str(dataset.get("SeriesInstanceUID", ""))),
        acquisition=str(dataset.get("AcquisitionNumber", "") or ""),
        pixels=stored.astype(np.float64) * slope + intercept,
        clipped=_clipped(dataset, stored),
        unit="HU" if is_ct else "",
        spacing=_spacing(dataset, place),
        position=_position(dataset, place) if is_ct else float(dataset.get("InstanceNumber") or 0),
        said={name: _said(dataset, name) for name in SAID},
    )


def _check_image(dataset: Dataset, place: Place) -> None:
    """Refuse what is no single image with one linear value a pixel."""
    modality = str(dataset.get("Modality", ""))
    rows, columns = int(dataset.get("Rows", 0) or 0), int(dataset.get("Columns", 0) or 0)
    if "PixelData" not in dataset or not rows * columns:
        _refuse("slice-no-image", place, detail="no pixels")
    if int(dataset.get("NumberOfFrames", 1) or 1) > 1:
        _refuse("slice-no-image", place, detail="several frames in one file")
    if int(dataset.get("SamplesPerPixel", 1) or 1) > 1:
        _refuse("slice-no-image", place, detail="colour")
    if rows * columns > _MOST_PIXELS:
        _refuse("slice-no-image", place, detail=f"{rows} x {columns} pixels")
    if modality not in ("CT", *_PROJECTIONS):
        _refuse("slice-no-image", place, detail=f"modality {modality or '-'}")
    kind = str(dataset.get("RescaleType", "") or "HU")
    if modality == "CT" and (kind not in ("HU", "HU_MOD") or "RescaleSlope" not in dataset):
        _refuse("slice-not-linear", place, detail=f"RescaleType {kind}, no CT numbers")
    relation = str(dataset.get("PixelIntensityRelationship", "") or "LIN")
    if modality != "CT" and (relation != "LIN" or "ModalityLUTSequence" in dataset):
        _refuse("slice-not-linear", place, detail=f"PixelIntensityRelationship {relation}")


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
    bits = int(dataset.get("BitsStored", 16) or 16)
    signed = int(dataset.get("PixelRepresentation", 0) or 0) == 1
    lowest = -(1 << (bits - 1)) if signed else 0
    highest = (1 << (bits - 1 if signed else bits)) - 1
    found: NDArray[np.bool_] = (stored <= lowest) | (stored >= highest)
    padding = dataset.get("PixelPaddingValue")
    return found if padding is None else found | (stored == int(padding))


def _spacing(dataset: Dataset, place: Place) -> tuple[float, float]:
    rows, columns = 0.0, 0.0
    found = dataset.get("PixelSpacing") or dataset.get("ImagerPixelSpacing")
    if found is not None and len(found) == 2:
        rows, columns = float(found[0]), float(found[1])
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
    across, down = np.reshape([float(part) for part in directions], (2, 3))
    return float(np.cross(across, down) @ [float(part) for part in position])


def _said(dataset: Dataset, name: str) -> str:
    value = dataset.get(name)
    if value is None:
        return ""
    return "\\".join(str(part) for part in value) if _is_many(value) else str(value)


def _is_many(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _refuse(kind: str, place: Place, **parameters: object) -> NoReturn:
    raise SubmissionError.of(kind, place, **parameters)


def scans_of(slices: Sequence[Slice], problems: Problems, folder: str) -> list[Scan]:
    """Return the scans that slices make; what does not belong together is reported.

    Slices of a series are one scan where no two are at the same place. Where some are, the series
    holds repeats, which are told apart by their acquisition numbers.

    Parameters
    ----------
    slices
        In any order.
    problems
        Told of series whose slices differ (``slices-differ``), or lie on each other
        (``slices-twice``); those are no scans.
    folder
        Its name, for the place of problems.
    """
    series: dict[str, list[Slice]] = {}
    for one in slices:
        series.setdefault(one.series, []).append(one)
    scans = []
    for group in series.values():
        place = Place(file=folder, sheet=_series_name(group[0]))
        differing = _differing(group)
        if differing:
            problems.report("slices-differ", place, attributes=", ".join(differing))
            continue
        for part in _repeats(group):
            ordered = tuple(sorted(part, key=lambda one: (one.position, one.uid)))
            if _twice(ordered):
                problems.report("slices-twice", place, count=len(ordered))
            else:
                scans.append(Scan(slices=ordered))
    return sorted(scans, key=_order)


def _order(scan: Scan) -> tuple[str, str, float, str]:
    """Put scans in the order in which they were made."""
    first = scan.slices[0]
    day = first.said["AcquisitionDate"] or first.said["StudyDate"]
    time = min(one.said["AcquisitionTime"] for one in scan.slices)
    return day, time, _number(first.said["SeriesNumber"]) or 0.0, first.uid


def _series_name(one: Slice) -> str:
    """Return the number of a series; its description may say anything."""
    return f"series {one.said['SeriesNumber'] or '-'}"


def _differing(group: Sequence[Slice]) -> list[str]:
    """Return what differs between slices that have to be alike."""
    first = group[0]
    found = [name for name in _SAME if any(one.said[name] != first.said[name] for one in group)]
    if any(one.pixels.shape != first.pixels.shape for one in group):
        found.append("Rows, Columns")
    if any(one.spacing != first.spacing for one in group):
        found.append("PixelSpacing")
    return found


def _repeats(group: Sequence[Slice]) -> list[list[Slice]]:
    if not _twice(sorted(group, key=lambda one: one.position)):
        return [list(group)]
    parts: dict[str, list[Slice]] = {}
    for one in group:
        parts.setdefault(one.acquisition, []).append(one)
    return list(parts.values())


def _twice(ordered: Sequence[Slice]) -> bool:
    return any(b.position - a.position < _NEAR for a, b in pairwise(ordered))
