"""Quality of images: signal, contrast, noise, sharpness. Lengths in mm, frequencies in 1/mm."""

from __future__ import annotations

import math

from clinval.stats._checks import finite, not_negative, positive
from clinval.stats.imaging._noise_power import (
    Detectability,
    NoisePower,
    WhiteNoise,
    detectability_npw,
    nps,
    nps_white,
)
from clinval.stats.imaging._ratios import (
    Index,
    RegionIndex,
    cnr_background,
    cnr_pooled,
    cnr_regions,
    snr,
    snr_region,
)
from clinval.stats.imaging._transfer import ModulationTransfer, mtf_disk, mtf_edge, mtf_point

__all__ = [
    "Detectability",
    "Index",
    "ModulationTransfer",
    "NoisePower",
    "RegionIndex",
    "WhiteNoise",
    "cnr_background",
    "cnr_pooled",
    "cnr_regions",
    "detectability_npw",
    "dqe",
    "figure_of_merit",
    "mtf_disk",
    "mtf_edge",
    "mtf_gaussian",
    "mtf_point",
    "nps",
    "nps_white",
    "quantum_noise",
    "snr",
    "snr_region",
]


def figure_of_merit(cnr: float, dose: float) -> Index:
    """Square of the contrast-to-noise ratio a unit of dose.

    Parameters
    ----------
    cnr
        Contrast-to-noise ratio; which one must be said beside it.
    dose
        Dose, any unit, above 0.

    Returns
    -------
    Index
        ``estimate``.

    Raises
    ------
    ValueError
        For a missing number or a dose that is not positive.

    Notes
    -----
    cnr^2/dose; it does not depend on the dose where noise falls with its square root.

    References
    ----------
    .. [1] Samei et al. 2005.

    Examples
    --------
    >>> figure_of_merit(4, 8).estimate
    2.0
    """
    value = finite("cnr", cnr) ** 2 / positive("dose", dose)
    return Index(method="image_quality.figure_of_merit", estimate=value)


def quantum_noise(noise: float, dose_ratio: float) -> Index:
    """Noise expected at another dose, of a linear reconstruction.

    Parameters
    ----------
    noise
        Noise at the first dose (not negative).
    dose_ratio
        Second dose over the first, above 0.

    Returns
    -------
    Index
        ``estimate``.

    Raises
    ------
    ValueError
        For a negative noise or a ratio that is not positive.

    Notes
    -----
    noise/sqrt(dose ratio). It does not hold for iterative or learned reconstruction.

    References
    ----------
    .. [1] Barrett et al. 1976.

    Examples
    --------
    >>> quantum_noise(12, 0.25).estimate
    24.0
    """
    value = not_negative("noise", noise) / math.sqrt(positive("dose_ratio", dose_ratio))
    return Index(method="image_quality.quantum_noise", estimate=value)


def mtf_gaussian(sigma: float) -> ModulationTransfer:
    r"""Modulation transfer of a Gaussian blur.

    Parameters
    ----------
    sigma
        Standard deviation of the blur (mm, above 0).

    Returns
    -------
    ModulationTransfer
        ``mtf50`` and ``mtf10``, the frequencies (1/mm) at which it falls to 0.5 and 0.1.

    Raises
    ------
    ValueError
        For a blur that is not positive.

    Notes
    -----
    .. math:: \mathrm{MTF}(f) = \exp(-2 \pi^2 \sigma^2 f^2)

    Examples
    --------
    >>> result = mtf_gaussian(0.5)
    >>> round(result.mtf50, 4), round(result.mtf10, 4)
    (0.3748, 0.6831)
    """
    width = math.sqrt(2) * math.pi * positive("sigma", sigma)
    half, tenth = (math.sqrt(-math.log(share)) / width for share in (0.5, 0.1))
    return ModulationTransfer(method="image_quality.mtf_gaussian", mtf50=half, mtf10=tenth)


def dqe(mtf: float, nnps: float, fluence: float) -> Index:
    """Compute the detective quantum efficiency at one frequency.

    Parameters
    ----------
    mtf
        Modulation transfer (not negative).
    nnps
        Noise power over the square of the mean signal (mm2, above 0).
    fluence
        Quanta a mm2, above 0.

    Returns
    -------
    Index
        ``estimate``.

    Raises
    ------
    ValueError
        For numbers outside their range.

    Notes
    -----
    mtf^2/(nnps fluence).

    References
    ----------
    .. [1] IEC 62220-1-1.

    Examples
    --------
    >>> round(dqe(0.6, 1.2e-5, 60000).estimate, 6)
    0.5
    """
    value = not_negative("mtf", mtf) ** 2 / (positive("nnps", nnps) * positive("fluence", fluence))
    return Index(method="image_quality.dqe", estimate=value)
