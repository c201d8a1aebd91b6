"""Read a mask file, whatever its format; nothing that a file claims is believed before it fits."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clinval.capture.masks.mask import Mask, check_size, inside
from clinval.core.errors import ClinvalError, SubmissionError, UsageError
from clinval.core.problems import Place

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["case_of", "is_mask_name", "read_mask"]

_MOST_BYTES = 4 << 30


def read_mask(path: Path, label: int | None = None) -> Mask:
    """Return the voxels of a label of a mask file; without a label all that are not 0.

    Parameters
    ----------
    path
        A file .nii, .nii.gz, .dcm (a DICOM Segmentation) or .npy.
    label
        The value of the object in the file, the number of the segment in DICOM.

    Raises
    ------
    UsageError
        ``masks-not-installed`` where the format needs a library that is not there.
    SubmissionError
        When the file cannot be read as a mask, claims too much or holds no labels.
    """
    place = Place(file=path.name)
    suffix = _suffix(path.name)
    if not suffix:
        raise SubmissionError.of("mask-other-format", place)
    library, read = _READERS[suffix]
    if find_spec(library) is None:
        raise UsageError.of("masks-not-installed", place, library=library)
    if path.stat().st_size > _MOST_BYTES:
        raise SubmissionError.of(
            "mask-unreadable", place, detail=f"more than {_MOST_BYTES >> 30} GB"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parsers, in their words
            return read(path, label, place)
    except ClinvalError:
        raise
    except Exception as error:  # whatever a parser makes of a damaged file is the file's fault
        said = str(error).replace(str(path), path.name)
        detail = " ".join(said.split())[:160] or type(error).__name__
        raise SubmissionError.of("mask-unreadable", place, detail=detail) from error


def is_mask_name(name: str) -> bool:
    """Tell whether a file has the name of a mask file.

    Examples
    --------
    >>> is_mask_name("case01.nii.gz"), is_mask_name("notes.txt")
    (True, False)
    """
    return bool(_suffix(name)) and not name.startswith(".")


def case_of(name: str) -> str:
    """Return the name of a mask file without what names its format.

    Examples
    --------
    >>> case_of("case01.nii.gz"), case_of("a.b.npy")
    ('case01', 'a.b')
    """
    return name[: len(name) - len(_suffix(name))]


def _suffix(name: str) -> str:
    return next((suffix for suffix in _READERS if name.lower().endswith(suffix)), "")


def _read_npy(path: Path, label: int | None, place: Place) -> Mask:
    values = np.lib.format.open_memmap(path, mode="r")  # no pickles, nothing larger than the file
    check_size(values.shape, place)
    return Mask(inside(np.asarray(values), label, place))


def _read_nifti(path: Path, label: int | None, place: Place) -> Mask:
    from clinval.capture.masks.nifti import read_nifti

    return read_nifti(path, label, place)


def _read_dicom_seg(path: Path, label: int | None, place: Place) -> Mask:
    from clinval.capture.masks.dicom_seg import read_dicom_seg

    return read_dicom_seg(path, label, place)


# suffix -> the library that it needs, and the reader
_READERS: dict[str, tuple[str, Callable[[Path, int | None, Place], Mask]]] = {
    ".nii.gz": ("nibabel", _read_nifti),
    ".nii": ("nibabel", _read_nifti),
    ".dcm": ("highdicom", _read_dicom_seg),
    ".npy": ("numpy", _read_npy),
}
