"""Two masks on one grid: files may turn, flip and crop the same grid, never resample it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clinval.capture.masks.mask import Mask, check_size
from clinval.core.errors import SubmissionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.core.problems import Place

__all__ = ["Aligned", "on_one_grid"]

_TOLERANCE = 0.05  # of a voxel: rounding in headers


class Aligned(NamedTuple):
    """Two masks of one shape, and the distance of neighbouring voxels (None: not known)."""

    test: NDArray[np.bool_]
    reference: NDArray[np.bool_]
    spacing: tuple[float, ...] | None


def on_one_grid(test: Mask, reference: Mask, place: Place) -> Aligned:
    """Return both masks on the grid of the reference, as large as both need it.

    Raises
    ------
    SubmissionError
        ``masks-differ-in-grid`` when their voxels do not coincide, or only one says where they
        lie; ``mask-too-large`` when they lie far apart.
    """
    if test.affine is None or reference.affine is None:
        if test.affine is not reference.affine or test.inside.shape != reference.inside.shape:
            raise SubmissionError.of("masks-differ-in-grid", place)
        return Aligned(test.inside, reference.inside, None)
    to_reference = _to_reference(test, reference, place)
    turn, shift = to_reference[:3, :3], to_reference[:3, 3]
    order, signs = np.argmax(np.abs(turn), axis=1), turn.sum(axis=1)
    turned = test.inside.transpose(order)
    # the first voxel after flipping is the last one before
    start = shift + np.minimum(signs, 0) * (np.array(turned.shape) - 1)
    turned = turned[tuple(slice(None, None, int(sign)) for sign in signs)]
    first = np.minimum(start, 0)
    shape = np.maximum(start + turned.shape, reference.inside.shape) - first
    check_size(shape.tolist(), place)
    spacing = np.linalg.norm(reference.affine[:3, :3], axis=0)  # one column an axis
    return Aligned(
        _placed(turned, start - first, shape),
        _placed(reference.inside, -first, shape),
        tuple(spacing.tolist()),
    )


def _to_reference(test: Mask, reference: Mask, place: Place) -> NDArray[np.int64]:
    """Return how indices of the test become those of the reference: whole turns and a shift."""
    flips = np.diag([-1.0, -1.0, 1.0, 1.0]) if test.axes != reference.axes else np.eye(4)
    try:
        exact = np.linalg.inv(np.asarray(reference.affine)) @ flips @ np.asarray(test.affine)
    except np.linalg.LinAlgError as error:
        raise SubmissionError.of("masks-differ-in-grid", place) from error
    whole = np.rint(exact)
    # how far the last voxel lies from the voxel that it is taken for
    off = np.abs(exact - whole)[:3] @ np.array([*test.inside.shape, 1])
    ones = np.abs(whole[:3, :3])
    is_turn = (ones.sum(axis=0) == 1).all() and (ones.sum(axis=1) == 1).all()
    near = (np.abs(whole[:3, 3]) < 2**31).all()
    if not (is_turn and near and (off < _TOLERANCE).all()):
        raise SubmissionError.of("masks-differ-in-grid", place)
    return np.asarray(whole, dtype=np.int64)


def _placed(
    mask: NDArray[np.bool_], start: NDArray[np.int64], shape: NDArray[np.int64]
) -> NDArray[np.bool_]:
    if (start == 0).all() and (shape == mask.shape).all():
        return mask
    grid = np.zeros(tuple(shape.tolist()), dtype=np.bool_)
    grid[tuple(slice(a, a + n) for a, n in zip(start.tolist(), mask.shape, strict=True))] = mask
    return grid
