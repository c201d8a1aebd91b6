"""Modulation transfer from an edge, the rim of a disk, or a point."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, NotEstimableError, positive
from clinval.stats.imaging._images import Image, pixels_of, radial_mean

__all__ = ["ModulationTransfer", "first_below", "mtf_disk", "mtf_edge", "mtf_point"]

_BINS_A_PIXEL = 8  # of the supersampled edge profile
_PADDING = 4  # zeros are added until an image is so many times as wide
_RIM = 0.25  # of the contrast: pixels above it make the disk's centroid
_FILLED = 0.75  # share of the bins that must hold a pixel, so many pixels to either side
_NEAR = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulationTransfer(Result):
    """Modulation transfer by frequency (1/mm), 1 at 0, and where it falls to 0.5 and 0.1.

    ``angle`` is that of the edge against the columns or rows (degrees), None where there is none.
    """

    frequencies: tuple[float, ...] = ()
    mtf: tuple[float, ...] = ()
    mtf50: float | None = None
    mtf10: float | None = None
    angle: float | None = None


def mtf_edge(image: Image, pixel_x: float, pixel_y: float) -> ModulationTransfer:
    """Compute the modulation transfer across a straight edge that is slightly slanted.

    Parameters
    ----------
    image
        Region with the edge through all of its rows, or all of its columns; rows by columns, at
        least 16 pixels a side.
    pixel_x, pixel_y
        Distance of the columns and of the rows (mm).

    Returns
    -------
    ModulationTransfer
        ``frequencies`` (1/mm, up to the Nyquist frequency of the pixels), ``mtf``, ``mtf50``,
        ``mtf10`` (None where it does not fall so far) and ``angle``. Undefined without an edge,
        or where it is not slanted enough to sample it more finely than the pixels do.

    Raises
    ------
    ValueError
        For an image that is too small or holds a missing value, or pixels without a size.

    Notes
    -----
    The edge is a line through the centroids of the derivative of each row. Pixels are sorted by
    their distance from it into bins of an eighth of a pixel; the derivative of their means,
    tapered towards the ends, gives the transfer by its Fourier transform. What bins and differences
    take off is put back.

    References
    ----------
    .. [1] Samei, Flynn & Reimann 1998.

    Examples
    --------
    >>> import math
    >>> blurred = [
    ...     [100 * (1 + math.erf((x - 20 - 0.08 * y) / 2)) for x in range(40)] for y in range(40)]
    >>> result = mtf_edge(blurred, 0.5, 0.5)
    >>> round(result.mtf50, 2), round(result.angle, 1)
    (0.27, 4.6)
    """
    pixels = pixels_of("image", image, 2, 16)
    x, y = positive("pixel_x", pixel_x), positive("pixel_y", pixel_y)
    # an edge from top to bottom changes along the rows
    if np.abs(np.diff(pixels.mean(axis=0))).max() < np.abs(np.diff(pixels.mean(axis=1))).max():
        pixels, x, y = pixels.T, y, x
    try:
        offset, slope = _edge_line(pixels)
        tilt = np.arctan2(slope * x, y)
        rows, columns = np.indices(pixels.shape)
        distance = (columns - offset - slope * rows) * x * np.cos(tilt)
        return _from_distances(
            "image_quality.mtf_edge", distance, pixels, x, angle=float(np.degrees(tilt))
        )
    except NotEstimableError as error:
        return ModulationTransfer(
            method="image_quality.mtf_edge", undefined=True, reason=error.reason
        )


def mtf_disk(image: Image, pixel: float) -> ModulationTransfer:
    """Compute the modulation transfer across the rim of a disk (task transfer of a rod).

    Parameters
    ----------
    image
        Region with one disk in its middle, all of its rim inside; rows by columns, at least 16
        pixels a side. Noise is lowered by averaging slices beforehand.
    pixel
        Distance of the columns and of the rows (mm).

    Returns
    -------
    ModulationTransfer
        As :func:`mtf_edge`, without an angle. Undefined without a disk.

    Raises
    ------
    ValueError
        As :func:`mtf_edge`.

    Notes
    -----
    The center is the centroid of the pixels that lie nearer to the middle's value than to the
    border's; pixels are sorted by their distance from it, and read as in :func:`mtf_edge`.

    References
    ----------
    .. [1] AAPM Task Group 233, 2019.

    Examples
    --------
    >>> import math
    >>> rod = [
    ...     [math.erfc((math.hypot(x - 24.3, y - 23.8) - 12) / 2) for x in range(48)]
    ...     for y in range(48)]
    >>> round(mtf_disk(rod, 0.5).mtf50, 2)
    0.27
    """
    pixels, size = pixels_of("image", image, 2, 16), positive("pixel", pixel)
    try:
        distance = _from_rim(pixels) * size
        return _from_distances("image_quality.mtf_disk", distance, pixels, size)
    except NotEstimableError as error:
        return ModulationTransfer(
            method="image_quality.mtf_disk", undefined=True, reason=error.reason
        )


def mtf_point(image: Image, pixel_x: float, pixel_y: float) -> ModulationTransfer:
    """Compute the modulation transfer from the image of a point (a bead, a thin wire).

    Parameters
    ----------
    image
        Region with the point in its middle and background all around; rows by columns, at least
        16 pixels a side.
    pixel_x, pixel_y
        Distance of the columns and of the rows (mm).

    Returns
    -------
    ModulationTransfer
        As :func:`mtf_edge`: means over all directions, without an angle. Undefined without a
        point.

    Raises
    ------
    ValueError
        As :func:`mtf_edge`.

    Notes
    -----
    The mean of the border is the background. The size of the two-dimensional Fourier transform
    over its value at 0, averaged over rings.

    References
    ----------
    .. [1] AAPM Task Group 233, 2019.

    Examples
    --------
    >>> import math
    >>> bead = [
    ...     [math.exp(-((x - 16) ** 2 + (y - 16) ** 2) / 4) for x in range(32)] for y in range(32)]
    >>> round(mtf_point(bead, 0.5, 0.5).mtf50, 2)
    0.27
    """
    pixels = pixels_of("image", image, 2, 16)
    x, y = positive("pixel_x", pixel_x), positive("pixel_y", pixel_y)
    spread = pixels - _border(pixels).mean()
    if not abs(spread.sum()) > 1e-9 * np.abs(pixels).sum():
        return ModulationTransfer(
            method="image_quality.mtf_point", undefined=True, reason="the image shows no point"
        )
    shape = tuple(_PADDING * side for side in pixels.shape)
    size = np.abs(np.fft.fft2(spread, shape)) / abs(spread.sum())
    frequency, mtf = radial_mean(size, x, y)
    return _result("image_quality.mtf_point", frequency, mtf, None)


def first_below(frequency: FloatArray, mtf: FloatArray, target: float) -> float | None:
    """Return the first frequency at which the transfer falls to a value, None where it does not."""
    below = np.flatnonzero(mtf <= target)
    if len(below) == 0 or below[0] == 0:
        return None
    right = below[0]
    left = right - 1
    share = (mtf[left] - target) / (mtf[left] - mtf[right])
    return float(frequency[left] + share * (frequency[right] - frequency[left]))


def _border(pixels: FloatArray) -> FloatArray:
    return np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])


def _from_rim(pixels: FloatArray) -> FloatArray:
    """Return the distance of every pixel from the rim of the disk, below 0 inside (pixels)."""
    rows, columns = pixels.shape
    middle = pixels[rows // 2 - 1 : rows // 2 + 2, columns // 2 - 1 : columns // 2 + 2]
    background, inside = float(np.median(_border(pixels))), float(np.median(middle))
    if background == inside:
        raise NotEstimableError("the image shows no edge")
    share = (pixels - background) / (inside - background)
    # pixels on the rim count by the part of them that lies inside
    disk = np.argwhere(share > _RIM)
    weight = np.clip(share[share > _RIM], 0, 1)
    center = (disk * weight[:, None]).sum(axis=0) / weight.sum()
    radius = math.sqrt(float((share > 0.5).sum()) / math.pi)
    distance: FloatArray = np.hypot(*(np.indices(pixels.shape) - center[:, None, None])) - radius
    return distance


def _edge_line(pixels: FloatArray) -> tuple[float, float]:
    """Return column of the edge at row 0 and its columns a row."""
    slope = np.gradient(pixels, axis=1)
    if slope.sum() < 0:
        slope = -slope
    rows, columns = np.arange(len(pixels)), np.arange(pixels.shape[1])
    center = np.full(len(pixels), (pixels.shape[1] - 1) / 2)
    line = np.zeros(2)
    # far from the edge a derivative is noise: the second time a window follows the line
    for window in (pixels.shape[1], pixels.shape[1] / 4, pixels.shape[1] / 4):
        near = np.abs(columns - center[:, None]) <= window
        weight = np.where(near, slope, 0.0)
        total = weight.sum(axis=1)
        if (total <= 0).any():
            raise NotEstimableError("the image shows no edge")
        centroid = (weight * columns).sum(axis=1) / total
        line = np.polyfit(rows, centroid, 1)
        center = np.polyval(line, rows)
    if not ((center >= 0) & (center <= columns[-1])).all():
        raise NotEstimableError("the image shows no edge")
    return float(line[1]), float(line[0])


def _from_distances(
    method: str,
    distance: FloatArray,
    pixels: FloatArray,
    pixel: float,
    angle: float | None = None,
) -> ModulationTransfer:
    """Return the transfer from pixels at distances (mm) from an edge."""
    width = pixel / _BINS_A_PIXEL
    # as far on either side as there are pixels on both
    half = int(min(-distance.min(), distance.max()) / width) - 1
    place = np.rint(distance / width).astype(np.intp)
    near = np.abs(place) <= half
    bins = place[near] + half
    times = np.bincount(bins, minlength=2 * half + 1)
    filled = times > 0
    reach = min(half, _NEAR * _BINS_A_PIXEL)
    if filled[half - reach : half + reach + 1].mean() < _FILLED:
        raise NotEstimableError("the edge is not slanted enough")
    profile = np.bincount(bins, pixels[near], 2 * half + 1)[filled] / times[filled]
    everywhere = np.arange(2 * half + 1)
    profile = np.interp(everywhere, everywhere[filled], profile)
    spread = np.diff(profile)
    spread *= _window(len(spread))
    total = abs(spread.sum())
    if not total > 1e-9 * np.abs(pixels).max():
        raise NotEstimableError("the image shows no edge")
    length = _PADDING * len(spread)
    frequency: FloatArray = np.fft.rfftfreq(length, width).astype(np.float64)
    kept = (frequency > 0) & (frequency <= (1 + 1e-9) / (2 * pixel))
    mtf = np.abs(np.fft.rfft(spread, length)) / total
    # a bin is a mean over its width, a difference one over the same
    restored: FloatArray = mtf[kept] / np.sinc(frequency[kept] * width) ** 2
    return _result(method, frequency[kept], restored, angle)


def _window(size: int) -> FloatArray:
    """Return a window that is 1 in the middle half and falls to 0 as a cosine on both sides."""
    fall = size // 4
    slope = (1 - np.cos(np.pi * (np.arange(fall) + 1) / (fall + 1))) / 2
    return np.concatenate([slope, np.ones(size - 2 * fall), slope[::-1]])


def _result(
    method: str, frequency: FloatArray, mtf: FloatArray, angle: float | None
) -> ModulationTransfer:
    frequency, mtf = np.append(0.0, frequency), np.append(1.0, mtf)
    return ModulationTransfer(
        method=method,
        frequencies=tuple(frequency.tolist()),
        mtf=tuple(mtf.tolist()),
        mtf50=first_below(frequency, mtf, 0.5),
        mtf10=first_below(frequency, mtf, 0.1),
        angle=angle,
    )
