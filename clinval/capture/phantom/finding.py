"""Find a phantom in a slice, and the pixels of a region in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.capture.phantom.plan import Find, Region
    from clinval.capture.phantom.slices import Slice

__all__ = ["Found", "block_of", "find", "inside", "pixels_inside"]

_THIN = 0.1  # of the diameter: what is thinner (the table, a holder) is no part of the phantom


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a phantom is in a slice: millimeters from the middle of the first pixel.

    ``diameter`` is that of a disk of the same area, 0 where the whole picture is meant; ``cut`` is
    whether the phantom goes beyond the picture.
    """

    x: float
    y: float
    diameter: float
    cut: bool = False


def find(image: Slice, wanted: Find) -> Found | None:
    """Return the largest object of a slice, ``None`` where nothing is bright enough.

    What is thinner than a tenth of the phantom is taken off first, so that a phantom that lies on
    the table is told from it. Holes count as the phantom: an insert of air moves nothing.

    Parameters
    ----------
    image
        The slice.
    wanted
        How the phantom is found. By the picture alone its middle is where it is.
    """
    import numpy as np
    from scipy import ndimage

    across, down = image.spacing
    rows, columns = image.pixels.shape
    if wanted.by == "image" or wanted.diameter_mm is None:
        return Found(x=(columns - 1) / 2 * across, y=(rows - 1) / 2 * down, diameter=0.0)
    filled = _without_holes(image.pixels > wanted.above)
    reach = wanted.diameter_mm * _THIN / 2
    sizes = tuple(2 * max(round(reach / step), 1) + 1 for step in (down, across))
    core, count = ndimage.label(_box(filled, sizes, ndimage.minimum_filter1d))
    if not count:
        return None
    largest = core == np.bincount(core.ravel())[1:].argmax() + 1
    opened = _box(largest, sizes, ndimage.maximum_filter1d)
    # boxes that fit into a round object miss a little of its rim, which is taken back
    rim = wanted.diameter_mm / 2 * (1 - math.sqrt(1 - _THIN**2))
    margins = tuple(2 * math.ceil(rim / step) + 1 for step in (down, across))
    whole = filled & _box(opened, margins, ndimage.maximum_filter1d)
    y, x = (float(at.mean()) for at in whole.nonzero())
    border = whole[0].any() or whole[-1].any() or whole[:, 0].any() or whole[:, -1].any()
    return Found(
        x=x * across,
        y=y * down,
        diameter=2 * math.sqrt(float(whole.sum()) * across * down / math.pi),
        cut=bool(border),
    )


def _without_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill what is not connected with the border of the picture."""
    import numpy as np
    from scipy import ndimage

    labels, _ = ndimage.label(~mask)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    outside = np.unique(edge[edge > 0])
    filled: NDArray[np.bool_] = ~np.isin(labels, outside)
    return filled


def _box(mask: NDArray[np.bool_], sizes: Sequence[int], choose: Any) -> NDArray[np.bool_]:
    """Return the least or the greatest within a box around each pixel; beyond it goes on."""
    import numpy as np

    found = mask.astype(np.uint8)
    for axis, size in enumerate(sizes):
        found = choose(found, size, axis=axis, mode="nearest")
    whole: NDArray[np.bool_] = found > 0
    return whole


def inside(region: Region, found: Found, image: Slice) -> bool:
    """Return whether all of a region lies on the picture, and within the phantom that was found."""
    across, down = image.spacing
    rows, columns = image.pixels.shape
    x, y, half = found.x + region.x_mm, found.y + region.y_mm, region.size_mm / 2
    on_picture = (
        min(x - half, y - half) >= 0
        and x + half <= (columns - 1) * across
        and y + half <= (rows - 1) * down
    )
    return on_picture and (found.diameter == 0 or region.reach <= found.diameter / 2)


def pixels_inside(region: Region, found: Found, image: Slice) -> NDArray[np.bool_]:
    """Return which pixels of a slice have their middle in a region; rows by columns."""
    import numpy as np

    across, down = image.spacing
    rows, columns = image.pixels.shape
    x = np.arange(columns) * across - found.x - region.x_mm
    y = (np.arange(rows) * down - found.y - region.y_mm)[:, None]
    half = region.size_mm / 2 * (1 + 1e-9)
    within: NDArray[np.bool_]
    if region.shape == "disk":
        within = np.hypot(x, y) <= half
    else:
        within = (np.abs(x) <= half) & (np.abs(y) <= half)
    return within


def block_of(region: Region, found: Found, image: Slice) -> tuple[slice, slice]:
    """Return the rows and columns of a square; squares of one size have the same number of each."""
    across, down = image.spacing
    sides = []
    for middle, step in ((found.y + region.y_mm, down), (found.x + region.x_mm, across)):
        count = round(region.size_mm / step)
        first = round(middle / step - (count - 1) / 2)
        sides.append(slice(max(first, 0), max(first, 0) + count))
    return sides[0], sides[1]
