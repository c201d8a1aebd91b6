"""Noise power spectra of uniform regions, and the detectability of a disk in such noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import j1

from clinval.core.results import Result
from clinval.stats._checks import (
    FloatArray,
    Numbers,
    check_option,
    check_same_length,
    finite,
    not_negative,
    positive,
    sample,
)
from clinval.stats.imaging._images import Images, pixels_of, radial_mean

__all__ = ["Detectability", "NoisePower", "WhiteNoise", "detectability_npw", "nps", "nps_white"]

_TRENDS = {"mean": 0, "plane": 1, "quadratic": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class WhiteNoise(Result):
    """Noise power of white noise, and its integral, the variance."""

    estimate: float
    integral: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisePower(Result):
    """Noise power spectrum: by direction (rows y, columns x) and as a mean over directions.

    ``frequencies_x`` and ``frequencies_y`` ascend through 0; ``frequencies`` are those of the
    rings of ``nps``.
    """

    frequencies: tuple[float, ...]
    nps: tuple[float, ...]
    frequencies_x: tuple[float, ...]
    frequencies_y: tuple[float, ...]
    nps_2d: tuple[tuple[float, ...], ...]
    noise: float
    mean_frequency: float | None
    peak_frequency: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Detectability(Result):
    """Detectability index of an observer."""

    estimate: float | None


def nps_white(sd: float, pixel_x: float, pixel_y: float) -> WhiteNoise:
    """Noise power spectrum of white noise.

    Parameters
    ----------
    sd
        Standard deviation of the pixels (not negative).
    pixel_x, pixel_y
        Distance of the columns and of the rows (mm).

    Returns
    -------
    WhiteNoise
        ``estimate`` (square of the pixel's unit x mm2) and ``integral`` over all frequencies up
        to those of Nyquist, the variance.

    Raises
    ------
    ValueError
        For a negative deviation or pixels without a size.

    Notes
    -----
    sd^2 dx dy, the same at every frequency.

    References
    ----------
    .. [1] AAPM Task Group 233, 2019.

    Examples
    --------
    >>> result = nps_white(10, 0.5, 0.5)
    >>> result.estimate, result.integral
    (25.0, 100.0)
    """
    variance = not_negative("sd", sd) ** 2
    x, y = positive("pixel_x", pixel_x), positive("pixel_y", pixel_y)
    return WhiteNoise(
        method="image_quality.nps_white", estimate=variance * x * y, integral=variance
    )


def nps(regions: Images, pixel_x: float, pixel_y: float, *, trend: str = "quadratic") -> NoisePower:
    r"""Noise power spectrum of regions of uniform images.

    Parameters
    ----------
    regions
        Regions of one size: regions by rows by columns, at least 8 pixels a side.
    pixel_x, pixel_y
        Distance of the columns and of the rows (mm).
    trend
        What is taken off each region: its "mean", a "plane" or a "quadratic" surface.

    Returns
    -------
    NoisePower
        ``nps`` by ``frequencies`` (mean over rings, 1/mm, without 0), ``nps_2d`` by
        ``frequencies_y`` and ``frequencies_x``, ``noise`` (square root of the integral),
        ``mean_frequency`` (weighted by power) and ``peak_frequency`` of the rings (None without
        noise), and ``n`` regions.

    Raises
    ------
    ValueError
        For regions of different size, too small or with a missing value, or an unknown trend.

    Notes
    -----
    .. math:: \frac{d_x d_y}{N_x N_y} \overline{|\mathrm{DFT}(I - \text{trend})|^2}

    The integral over all frequencies is the mean variance of the regions about their trend.

    References
    ----------
    .. [1] AAPM Task Group 233, 2019.

    Examples
    --------
    >>> checks = [[[(-1) ** (x + y) for x in range(8)] for y in range(8)]]
    >>> round(nps(checks, 0.5, 0.5, trend="mean").noise, 6)
    1.0
    """
    pixels = pixels_of("regions", regions, 3, 8)
    x, y = positive("pixel_x", pixel_x), positive("pixel_y", pixel_y)
    degree = _TRENDS[check_option("trend", trend, tuple(_TRENDS))]
    _, rows, columns = pixels.shape
    spectrum = np.fft.fft2(_without_trend(pixels, degree))
    power = np.mean(np.abs(spectrum) ** 2, axis=0) * x * y / (rows * columns)
    frequency, ring = radial_mean(power, x, y)
    total = float(ring.sum())
    noisy = total > 0
    return NoisePower(
        method="image_quality.nps",
        frequencies=tuple(frequency.tolist()),
        nps=tuple(ring.tolist()),
        frequencies_x=tuple(np.fft.fftshift(np.fft.fftfreq(columns, x)).tolist()),
        frequencies_y=tuple(np.fft.fftshift(np.fft.fftfreq(rows, y)).tolist()),
        nps_2d=tuple(map(tuple, np.fft.fftshift(power).tolist())),
        noise=math.sqrt(float(power.sum()) / (rows * columns * x * y)),
        mean_frequency=float(frequency @ ring) / total if noisy else None,
        peak_frequency=float(frequency[ring.argmax()]) if noisy else None,
        n=len(pixels),
    )


def detectability_npw(
    frequencies: Numbers, mtf: Numbers, nps: Numbers, *, contrast: float, diameter: float
) -> Detectability:
    r"""Compute the detectability of a disk by an observer who does not prewhiten (NPW).

    Parameters
    ----------
    frequencies
        Frequencies, ascending from 0 or more (list, 1/mm).
    mtf, nps
        Modulation transfer and noise power at these frequencies, the same in all directions
        (lists of equal length, not negative).
    contrast
        Difference of the disk from its background, in the unit of the pixels.
    diameter
        Diameter of the disk (mm, above 0).

    Returns
    -------
    Detectability
        ``estimate``, d'. Undefined where no noise at the frequencies of the disk.

    Raises
    ------
    ValueError
        For lists of different length, fewer than two frequencies, frequencies that do not
        ascend, or numbers outside their range.

    Notes
    -----
    .. math:: d'^2 = \frac{\left(\int W^2 T^2\, 2 \pi f\, df\right)^2}
        {\int W^2 T^2 N\, 2 \pi f\, df}, \qquad
        W(f) = \text{contrast}\; \frac{d}{2 f} J_1(\pi d f)

    by the trapezoidal rule over the given frequencies; beyond the last there is nothing.

    References
    ----------
    .. [1] AAPM Task Group 233, 2019.

    Examples
    --------
    >>> f = [0.01 * k for k in range(101)]
    >>> blur = [2.718281828 ** (-4 * x * x) for x in f]
    >>> round(detectability_npw(f, blur, [20.0] * 101, contrast=10, diameter=5).estimate, 2)
    8.85
    """
    f, transfer, noise = (
        sample(name, values)
        for name, values in (("frequencies", frequencies), ("mtf", mtf), ("nps", nps))
    )
    check_same_length(frequencies=f, mtf=transfer, nps=noise)
    if len(f) < 2 or f[0] < 0 or (np.diff(f) <= 0).any():
        raise ValueError("frequencies must be at least two, ascending from 0 or more")
    if (transfer < 0).any() or (noise < 0).any():
        raise ValueError("mtf and nps must not be negative")
    size, difference = positive("diameter", diameter), finite("contrast", contrast)
    at = np.where(f > 0, f, 1.0)
    task = np.where(f > 0, size / (2 * at) * j1(math.pi * size * at), math.pi * size**2 / 4)
    signal = (difference * task * transfer) ** 2 * 2 * math.pi * f
    variance = float(np.trapezoid(signal * noise, f))
    total = float(np.trapezoid(signal, f))
    if total > 0 and variance == 0:
        return Detectability(
            method="image_quality.detectability_npw",
            estimate=None,
            undefined=True,
            reason="no noise at the frequencies of the disk",
        )
    return Detectability(
        method="image_quality.detectability_npw",
        estimate=total / math.sqrt(variance) if total > 0 else 0.0,
    )


def _without_trend(pixels: FloatArray, degree: int) -> FloatArray:
    """Return the regions without the polynomial surface of the degree that fits each best."""
    _, rows, columns = pixels.shape
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    terms = [x**i * y**j for i in range(degree + 1) for j in range(degree + 1 - i)]
    base = np.linalg.qr(np.column_stack([term.ravel() for term in terms]))[0]
    flat = pixels.reshape(len(pixels), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    left: FloatArray = (flat - (flat @ base) @ base.T).reshape(pixels.shape)
    return left
