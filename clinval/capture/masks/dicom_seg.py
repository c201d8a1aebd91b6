"""DICOM Segmentation objects, read by highdicom after a look at the header."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clinval.capture.masks.mask import Mask, check_size
from clinval.core.errors import SubmissionError

if TYPE_CHECKING:
    from pathlib import Path

    from clinval.core.problems import Place

__all__ = ["read_dicom_seg"]

_SEGMENTATIONS = {"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"}
_DEFLATED = "1.2.840.10008.1.2.1.99"  # would be unpacked whole before a look at it


def read_dicom_seg(path: Path, label: int | None, place: Place) -> Mask:
    """Return a segment of a DICOM Segmentation, or all of them; axes point left, posterior (LPS).

    Raises
    ------
    SubmissionError
        When the file is no segmentation, has no such segment or claims too many voxels.
    """
    import highdicom
    from pydicom import dcmread
    from pydicom.filereader import read_file_meta_info

    if read_file_meta_info(path).get("TransferSyntaxUID") == _DEFLATED:
        raise SubmissionError.of("mask-unreadable", place, detail="deflated transfer syntax")
    header = dcmread(path, stop_before_pixels=True)
    if header.get("SOPClassUID") not in _SEGMENTATIONS:
        raise SubmissionError.of("mask-unreadable", place, detail="no DICOM Segmentation")
    check_size((header.Rows, header.Columns, header.get("NumberOfFrames", 1)), place)
    segmentation = highdicom.seg.segread(path)
    numbers = list(segmentation.segment_numbers)
    if label is not None and label not in numbers:
        raise SubmissionError.of(
            "mask-unreadable",
            place,
            detail=f"no segment {label}; there are {', '.join(map(str, numbers))}",
        )
    geometry = segmentation.get_volume_geometry(allow_missing_positions=True)
    if geometry is None:
        raise SubmissionError.of("mask-unreadable", place, detail="the frames are no regular grid")
    check_size(geometry.spatial_shape, place)
    chosen = np.zeros(geometry.spatial_shape, dtype=np.bool_)
    for number in numbers if label is None else [label]:
        volume = segmentation.get_volume(segment_numbers=[number], allow_missing_positions=True)
        chosen |= volume.array[..., 0] > 0
    return Mask(chosen, np.asarray(geometry.affine, dtype=np.float64), "LPS")
