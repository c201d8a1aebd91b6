"""What the functions on images demand of them, and means over rings of equal frequency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from clinval.stats._checks import FloatArray

__all__ = ["Image", "Images", "Radial", "pixels_of", "radial_mean"]

Image: TypeAlias = Sequence[Sequence[float]] | NDArray[Any]
Images: TypeAlias = Sequence[Image] | NDArray[Any]
Radial: TypeAlias = tuple[FloatArray, FloatArray]


def pixels_of(name: str, values: Image | Images, dimensions: int, least: int) -> FloatArray:
    """Return the pixels, finite, at least so many along each side.

    ``dimensions`` is 2 for an image (rows, columns) and 3 for several of one size.
    """
    try:
        pixels = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must hold numbers, in rows of equal length") from error
    if pixels.ndim != dimensions or min(pixels.shape[-2:]) < least or len(pixels) == 0:
        what = "rows and columns" if dimensions == 2 else "regions, rows and columns"
        raise ValueError(
            f"{name} must be {what}, at least {least} pixels a side, not of shape {pixels.shape}"
        )
    if not np.isfinite(pixels).all():
        raise ValueError(f"{name} holds a missing or infinite value")
    return pixels


def radial_mean(values: FloatArray, pixel_x: float, pixel_y: float) -> Radial:
    """Return the frequencies and means of rings of a spectrum as ``numpy.fft.fft2`` orders it.

    A ring is as wide as the coarser of the two steps of frequency; the frequency 0 is left out,
    and what lies beyond the lower of the two Nyquist frequencies too.
    """
    rows, columns = values.shape
    across = np.fft.fftfreq(columns, pixel_x)
    along = np.fft.fftfreq(rows, pixel_y)
    frequency = np.hypot(across, along[:, None])
    width = max(1 / (columns * pixel_x), 1 / (rows * pixel_y))
    most = min(1 / (2 * pixel_x), 1 / (2 * pixel_y))
    inside = (frequency > 0) & (frequency <= most * (1 + 1e-9))
    ring = np.rint(frequency[inside] / width).astype(np.intp)
    times = np.bincount(ring)
    seen = times > 0
    mean_frequency = np.bincount(ring, frequency[inside])[seen] / times[seen]
    return mean_frequency, np.bincount(ring, values[inside])[seen] / times[seen]
