"""A mask as it stands in its file, and what a file may not be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.core.errors import SubmissionError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from clinval.core.problems import Place

__all__ = ["MOST_VOXELS", "Mask", "check_size", "inside"]

MOST_VOXELS = 1 << 29  # 512 x 512 x 2,048; a header that claims more is not followed


@dataclass(frozen=True, slots=True)
class Mask:
    """Which voxels belong to the object.

    Attributes
    ----------
    inside
        One boolean a voxel.
    affine
        From indices of voxels to millimetres (4 x 4), in the axes of the file's format; None
        where the file does not say where its voxels lie.
    axes
        The format's axes, "LPS" or "RAS", empty without an affine.
    """

    inside: NDArray[np.bool_]
    affine: NDArray[np.float64] | None = None
    axes: str = ""


def check_size(shape: Iterable[int], place: Place) -> None:
    """Refuse what a header claims before memory is taken for it.

    Raises
    ------
    SubmissionError
        ``mask-too-large``.
    """
    voxels = 1
    for size in shape:
        voxels *= int(size)
    if voxels > MOST_VOXELS:
        raise SubmissionError.of("mask-too-large", place, voxels=voxels, most=MOST_VOXELS)


def inside(values: NDArray[Any], label: int | None, place: Place) -> NDArray[np.bool_]:
    """Return the voxels of a label, of any label but 0 without one.

    Raises
    ------
    SubmissionError
        ``mask-not-labels`` for values that are not whole numbers: an image, or probabilities.
    """
    kind = values.dtype.kind
    labels = kind in "biu" or (kind == "f" and bool((values == np.floor(values)).all()))
    if not labels:
        raise SubmissionError.of("mask-not-labels", place)
    chosen: NDArray[np.bool_] = values != 0 if label is None else values == label
    return chosen
