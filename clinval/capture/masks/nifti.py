"""NIfTI masks (.nii, .nii.gz), read by nibabel after a look at the header."""

from __future__ import annotations

import contextlib
import gzip
import logging
from typing import TYPE_CHECKING

import numpy as np

from clinval.capture.masks.mask import Mask, check_size, inside
from clinval.core.errors import SubmissionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clinval.core.problems import Place

__all__ = ["read_nifti"]

_MOST_BEFORE_DATA = 16 << 20  # bytes of notes between the header and the voxels
_MILLIMETRES = {"meter": 1000.0, "micron": 0.001}  # of a unit; what says nothing is in mm
_SIZES = {348: 1, 540: 2}  # of the header in bytes, by the version of the format


def read_nifti(path: Path, label: int | None, place: Place) -> Mask:
    """Return the mask of a NIfTI file; axes point right, anterior, superior (RAS).

    Raises
    ------
    SubmissionError
        When the file is no NIfTI, claims too many voxels or holds values that are no labels.
    """
    import nibabel

    with _quiet():
        version, shape = _claimed(path, place)
        check_size(shape, place)
        image = (nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image).from_filename(path)
        values = np.asanyarray(image.dataobj)
    while values.ndim > 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 3:
        raise SubmissionError.of(
            "mask-unreadable", place, detail=f"{values.ndim} dimensions instead of 3"
        )
    affine = np.array(image.affine, dtype=np.float64)
    affine[:3] *= _MILLIMETRES.get(image.header.get_xyzt_units()[0], 1.0)
    return Mask(inside(values, label, place), affine, "RAS")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep nibabel from printing what it mends in a header."""
    logger = logging.getLogger("nibabel.global")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _claimed(path: Path, place: Place) -> tuple[int, tuple[int, ...]]:
    """Return the version of the format and the shape, without unpacking what follows."""
    import nibabel

    opened = gzip.open if path.name.lower().endswith(".gz") else open
    with opened(path, "rb") as stream:
        first = stream.read(max(_SIZES))
    size = {int.from_bytes(first[:4], order) for order in ("little", "big")} & _SIZES.keys()
    if not size:
        raise SubmissionError.of("mask-unreadable", place, detail="no NIfTI header")
    version = _SIZES[size.pop()]
    kind = nibabel.Nifti1Header if version == 1 else nibabel.Nifti2Header
    header = kind(first[: kind.template_dtype.itemsize])  # type: ignore[no-untyped-call]
    if not 0 <= float(header["vox_offset"]) <= _MOST_BEFORE_DATA:
        raise SubmissionError.of(
            "mask-unreadable", place, detail="the voxels lie too far behind the header"
        )
    return version, tuple(header.get_data_shape())
