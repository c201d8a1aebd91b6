"""Signal and contrast over noise, of given numbers and of the pixels of regions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, Numbers, check_option, finite, not_negative

__all__ = [
    "Index",
    "RegionIndex",
    "cnr_background",
    "cnr_pooled",
    "cnr_regions",
    "snr",
    "snr_region",
]

_NO_NOISE = "the noise is 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Result):
    """One number of an image."""

    estimate: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionIndex(Index):
    """A number from regions of an image, with their means and the noise it is held against."""

    mean: float
    mean_background: float | None = None
    noise: float
    n: int


def snr(mean: float, sd: float) -> Index:
    """Signal-to-noise ratio.

    Parameters
    ----------
    mean, sd
        Mean and standard deviation (not negative) of the pixels of a region.

    Returns
    -------
    Index
        ``estimate``. Undefined without noise.

    Raises
    ------
    ValueError
        For a missing number or a negative deviation.

    Notes
    -----
    mean/sd.

    Examples
    --------
    >>> snr(112, 14).estimate
    8.0
    """
    return _over_noise("image_quality.snr", finite("mean", mean), not_negative("sd", sd))


def snr_region(values: Numbers) -> RegionIndex:
    """Signal-to-noise ratio of the pixels of a region.

    Parameters
    ----------
    values
        Pixels of a uniform region, an array of any shape with at least two.

    Returns
    -------
    RegionIndex
        ``estimate``, ``mean``, ``noise`` and ``n`` pixels. Undefined without noise.

    Raises
    ------
    ValueError
        For fewer than two pixels or a missing value.

    Notes
    -----
    mean/sd, the standard deviation with n - 1.

    Examples
    --------
    >>> snr_region([9, 10, 11]).estimate
    10.0
    """
    pixels = _region("values", values)
    mean, noise = float(pixels.mean()), float(pixels.std(ddof=1))
    ratio = snr(mean, noise)
    return RegionIndex(
        method="image_quality.snr_region",
        estimate=ratio.estimate,
        mean=mean,
        noise=noise,
        n=len(pixels),
        undefined=ratio.undefined,
        reason=ratio.reason,
    )


def cnr_background(mean_signal: float, mean_background: float, sd_background: float) -> Index:
    """Contrast-to-noise ratio, noise of the background.

    Parameters
    ----------
    mean_signal, mean_background
        Means of the two regions.
    sd_background
        Standard deviation of the background (not negative).

    Returns
    -------
    Index
        ``estimate``. Undefined without noise.

    Raises
    ------
    ValueError
        For a missing number or a negative deviation.

    Notes
    -----
    abs(difference)/sd of the background: one of several ratios of this name.

    Examples
    --------
    >>> round(cnr_background(112, 61, 13).estimate, 4)
    3.9231
    """
    difference = abs(
        finite("mean_signal", mean_signal) - finite("mean_background", mean_background)
    )
    noise = not_negative("sd_background", sd_background)
    return _over_noise("image_quality.cnr_background", difference, noise)


def cnr_pooled(
    mean_signal: float, mean_background: float, sd_signal: float, sd_background: float
) -> Index:
    """Contrast-to-noise ratio, noise of both regions.

    Parameters
    ----------
    mean_signal, mean_background
        Means of the two regions.
    sd_signal, sd_background
        Their standard deviations (not negative).

    Returns
    -------
    Index
        ``estimate``. Undefined without noise.

    Raises
    ------
    ValueError
        For a missing number or a negative deviation.

    Notes
    -----
    abs(difference)/sqrt of the mean of the two variances: one of several ratios of this name.

    Examples
    --------
    >>> round(cnr_pooled(112, 61, 14, 13).estimate, 4)
    3.7752
    """
    difference = abs(
        finite("mean_signal", mean_signal) - finite("mean_background", mean_background)
    )
    first, second = (
        not_negative("sd_signal", sd_signal),
        not_negative("sd_background", sd_background),
    )
    noise = math.hypot(first, second) / math.sqrt(2)
    return _over_noise("image_quality.cnr_pooled", difference, noise)


def cnr_regions(signal: Numbers, background: Numbers, *, noise: str = "background") -> RegionIndex:
    """Contrast-to-noise ratio of the pixels of two regions.

    Parameters
    ----------
    signal, background
        Pixels of the two regions, arrays of any shape with at least two each.
    noise
        "background": that of the background. "pooled": that of both.

    Returns
    -------
    RegionIndex
        ``estimate``, ``mean``, ``mean_background``, ``noise`` and ``n`` pixels. Undefined
        without noise.

    Raises
    ------
    ValueError
        For fewer than two pixels, a missing value or an unknown noise.

    Notes
    -----
    :func:`cnr_background` or :func:`cnr_pooled` of the means and of the standard deviations with
    n - 1.

    Examples
    --------
    >>> cnr_regions([30, 32, 34], [9, 10, 11]).estimate
    22.0
    """
    check_option("noise", noise, ("background", "pooled"))
    pixels, behind = _region("signal", signal), _region("background", background)
    mean, mean_behind = float(pixels.mean()), float(behind.mean())
    deviation = float(behind.std(ddof=1))
    if noise == "pooled":
        deviation = math.hypot(float(pixels.std(ddof=1)), deviation) / math.sqrt(2)
    ratio = cnr_background(mean, mean_behind, deviation)
    return RegionIndex(
        method="image_quality.cnr_regions",
        estimate=ratio.estimate,
        mean=mean,
        mean_background=mean_behind,
        noise=deviation,
        n=len(pixels) + len(behind),
        undefined=ratio.undefined,
        reason=ratio.reason,
    )


def _region(name: str, values: Numbers) -> FloatArray:
    try:
        pixels = np.asarray(values, dtype=np.float64).ravel()
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must hold numbers") from error
    if len(pixels) < 2:
        raise ValueError(f"{name} must hold at least two pixels")
    if not np.isfinite(pixels).all():
        raise ValueError(f"{name} holds a missing or infinite value")
    return pixels


def _over_noise(method: str, signal: float, noise: float) -> Index:
    if noise == 0:
        return Index(method=method, estimate=None, undefined=True, reason=_NO_NOISE)
    return Index(method=method, estimate=signal / noise)
