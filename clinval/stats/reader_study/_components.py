"""Mean squares, covariances and components of variance of the reader model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray

__all__ = ["NESTING", "ROUNDING", "Components", "components", "rounding_of"]

ROUNDING = 1e-24  # a variance that is nothing but the rounding of differences that are equal

_SHARE = 1e-12  # of the variances that a variance is the difference of

# the covariances that are 0 by design
NESTING = {
    "none": (),
    "cases_in_readers": ("cov2", "cov3"),
    "cases_in_modalities": ("cov1", "cov3"),
    "cases_in_both": ("cov1", "cov2", "cov3"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """What estimates and covariance hold, shape (...) or (..., modalities); NaN without a value.

    Attributes
    ----------
    crossed
        Whether every reader has every modality; else readers are nested in modalities.
    means, sizes
        Mean of the readers in each modality, and how many readers it has.
    ms_modality, ms_reader, ms_reader_modality
        Mean squares. Where readers are nested ``ms_reader`` is that within modalities and
        ``ms_reader_modality`` is NaN.
    ms_reader_by_modality, var_by_modality, cov2_by_modality
        Within each modality: variance of its readers' estimates, mean variance, mean covariance.
    var_error, cov1, cov2, cov3
        Mean variance; mean covariance of estimates with the same reader, with the same modality,
        with neither.
    spread, spread_df
        Mean square that modalities are compared with but for covariance between readers, and its
        degrees of freedom.
    weight
        How often cov2 - cov3 enters the expected mean square of modalities.
    """

    crossed: bool
    means: FloatArray
    sizes: FloatArray
    ms_modality: FloatArray
    ms_reader: FloatArray
    ms_reader_modality: FloatArray
    ms_reader_by_modality: FloatArray
    var_by_modality: FloatArray
    cov2_by_modality: FloatArray
    var_error: FloatArray
    cov1: FloatArray
    cov2: FloatArray
    cov3: FloatArray
    spread: FloatArray
    spread_df: float
    weight: FloatArray

    @property
    def between_readers(self) -> FloatArray:
        """cov2 - cov3; 0 with a single reader, who has no other to covary with."""
        if self.crossed and self.sizes.flat[0] == 1:
            return np.zeros_like(self.cov2)
        difference: FloatArray = self.cov2 - self.cov3
        return difference

    def fixed_spread(self, between: FloatArray) -> FloatArray:
        """Return what ``spread`` is on average if readers are fixed."""
        if self.crossed:
            fixed: FloatArray = self.var_error - self.cov1 - between
            return fixed
        return self.var_error - self.cov2

    @property
    def var_reader(self) -> FloatArray:
        """Variance of readers; where they are nested, with that of readers by modality."""
        if self.crossed:
            variance: FloatArray = (self.ms_reader - self.ms_reader_modality) / self.means.shape[-1]
            return variance - self.cov1 + self.cov3
        return self.ms_reader - self.var_error + self.cov2

    @property
    def var_reader_modality(self) -> FloatArray:
        """Variance of readers by modality."""
        variance: FloatArray = (
            self.ms_reader_modality - self.var_error + self.cov1 + self.cov2 - self.cov3
        )
        return variance


def components(theta: FloatArray, covariance: FloatArray, nesting: str = "none") -> Components:
    """Return mean squares and covariances; the arguments are those of ``reader_model``."""
    i, j = theta.shape[-2:]
    has = ~np.isnan(theta)
    crossed = bool(has.all())
    means, sizes, apart, grand = _means(theta, has)
    n = sizes.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = _rounded(np.sum(apart**2, axis=-1))
        ms_modality = np.sum(sizes * (means - grand[..., None]) ** 2, axis=-1) / np.float64(i - 1)
        if crossed:
            of_reader = theta.mean(axis=-2) - grand[..., None]
            spread_df = (i - 1) * (j - 1)
            residual = apart - of_reader[..., None, :]
            spread = _rounded(np.sum(residual**2, axis=(-2, -1))) / np.float64(spread_df)
            ms_reader = i * np.sum(of_reader**2, axis=-1) / np.float64(j - 1)
            ms_reader_modality = spread
            weight = np.full(n.shape, float(j))
        else:
            spread_df = int(n.flat[0]) - i
            spread = ms_reader = squares.sum(axis=-1) / np.float64(spread_df)
            ms_reader_modality = np.full(n.shape, np.nan)
            weight = (n**2 - np.sum(sizes**2, axis=-1)) / (n * np.float64(i - 1))
        ms_by_modality = squares / (sizes - 1)
    covariances = _covariances(covariance, has)
    covariances |= dict.fromkeys(NESTING[nesting], np.zeros(n.shape))
    if "cov2" in NESTING[nesting]:
        covariances["cov2_by_modality"] = np.zeros(means.shape)
    return Components(
        crossed=crossed,
        means=means,
        sizes=sizes,
        ms_modality=ms_modality,
        ms_reader=ms_reader,
        ms_reader_modality=ms_reader_modality,
        ms_reader_by_modality=ms_by_modality,
        spread=spread,
        spread_df=float(spread_df),
        weight=weight,
        **covariances,
    )


def _means(
    theta: FloatArray, has: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the mean and number of readers by modality, deviations from it, and the grand mean."""
    filled = np.where(has, theta, 0.0)
    sizes = has.sum(axis=-1).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = filled.sum(axis=-1) / sizes
        grand = filled.sum(axis=(-2, -1)) / sizes.sum(axis=-1)
    return means, sizes, np.where(has, theta - means[..., None], 0.0), grand


def rounding_of(variance: FloatArray | float) -> FloatArray:
    """Return up to which value a combination of such variances is nothing but rounding."""
    least: FloatArray = np.fmax(ROUNDING, _SHARE * np.asarray(variance))
    return least


def _rounded(squares: FloatArray) -> FloatArray:
    """Return sums of squares, 0 where they are nothing but rounding."""
    kept: FloatArray = np.where(squares <= ROUNDING, 0.0, squares)
    return kept


def _covariances(covariance: FloatArray, has: NDArray[np.bool_]) -> dict[str, FloatArray]:
    """Return the mean variance and covariances; only estimates that there are take part."""
    i, j = has.shape[-2:]
    both = has[..., :, :, None, None] & has[..., None, None, :, :]
    blocks = np.where(both, covariance.reshape(*covariance.shape[:-2], i, j, i, j), 0.0)
    variances = np.einsum("...ijij->...i", blocks)
    by_modality = np.einsum("...ijik->...i", blocks)
    same_reader = np.einsum("...ijlj->...", blocks)
    total = blocks.sum(axis=(-4, -3, -2, -1))
    in_modality = has.sum(axis=-1).astype(np.float64)
    of_reader = has.sum(axis=-2).astype(np.float64)
    n = in_modality.sum(axis=-1)
    variance, within = variances.sum(axis=-1), by_modality.sum(axis=-1)
    pairs_within = np.sum(in_modality**2, axis=-1)
    pairs_reader = np.sum(of_reader**2, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "var_error": variance / n,
            "var_by_modality": variances / in_modality,
            "cov1": (same_reader - variance) / (pairs_reader - n),
            "cov2": (within - variance) / (pairs_within - n),
            "cov3": (total - within - same_reader + variance)
            / (n**2 - pairs_within - pairs_reader + n),
            "cov2_by_modality": (by_modality - variances) / (in_modality * (in_modality - 1)),
        }
