"""Scores of simulated readers: the model of Roe and Metz, with diseased cases of another spread.

A score is a mean by truth and modality plus random effects of reader, reader by modality, case,
case by modality, reader by case, and the rest. Those of cases have variance 1 in sum where there
is no disease, 1/b^2 where there is; effects of readers are drawn anew for each truth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray

__all__ = ["STRUCTURES", "Latent", "category_cuts", "cut", "draw", "of_structure", "separation"]

STRUCTURES = ("HH", "HL", "LH", "LL")
_OF_CASES = {"H": (0.3, 0.3, 0.2, 0.2), "L": (0.1, 0.1, 0.2, 0.6)}
_LITTLE = 0.0055  # variance between readers, at every separation
_MUCH = {0.75: 0.011, 1.5: 0.03, 2.5: 0.056}  # by separation of the classes
_GRID = 4001
_REACH = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent:
    """Variances of scores, those of cases where there is no disease.

    Attributes
    ----------
    reader, reader_modality
        Of readers' own ways, drawn for each truth.
    case, case_modality, reader_case, error
        Of cases and of what is left; they sum to 1.
    b
        Standard deviation over cases without the disease, over that with it.
    """

    reader: float
    reader_modality: float
    case: float
    case_modality: float
    reader_case: float
    error: float
    b: float = 1.0

    def spread(self, metric: str) -> float:
        """Return the variance of what is compared: two scores for an area, one for a call."""
        readers = self.reader + self.reader_modality
        if metric == "auc":
            return 1 + self.diseased + 2 * readers
        return (self.diseased if metric == "sensitivity" else 1.0) + readers

    @property
    def diseased(self) -> float:
        """The variance over diseased cases."""
        return 1 / self.b**2


def of_structure(structure: str, accuracy: float, b: float = 1.0) -> Latent:
    """Return the variances of one of the structures of Roe and Metz.

    Parameters
    ----------
    structure
        Correlation over cases, then variance between readers: "HH", "HL", "LH" or "LL".
    accuracy
        Expected area; a large variance between readers is that of the nearest separation that
        they tabulate (0.75, 1.5, 2.5).
    b
        As in :class:`Latent`.
    """
    case, case_modality, reader_case, error = _OF_CASES[structure[0]]
    separated = math.sqrt(2) * abs(float(special.ndtri(accuracy)))
    nearest = min(_MUCH, key=lambda value: abs(value - separated))
    reader = _MUCH[nearest] if structure[1] == "H" else _LITTLE
    return Latent(
        reader=reader,
        reader_modality=reader,
        case=case,
        case_modality=case_modality,
        reader_case=reader_case,
        error=error,
        b=b,
    )


def draw(
    latent: Latent,
    mean: FloatArray,
    read: NDArray[np.bool_],
    studies: int,
    rng: np.random.Generator,
    *,
    diseased: bool,
) -> FloatArray:
    """Return scores of the cases of one truth, shape (studies, modalities, readers, cases).

    Parameters
    ----------
    latent
        The variances.
    mean
        Mean of each modality, shape (modalities,).
    read
        Which reads are made, shape (modalities, readers, cases); others are NaN.
    studies
        How many studies.
    rng
        Where the numbers come from.
    diseased
        Whether the cases have the disease.
    """
    i, j, n = read.shape
    scale = math.sqrt(latent.diseased) if diseased else 1.0
    effects = (
        (math.sqrt(latent.reader), (studies, 1, j, 1)),
        (math.sqrt(latent.reader_modality), (studies, i, j, 1)),
        (scale * math.sqrt(latent.case), (studies, 1, 1, n)),
        (scale * math.sqrt(latent.case_modality), (studies, i, 1, n)),
        (scale * math.sqrt(latent.reader_case), (studies, 1, j, n)),
    )
    scores: FloatArray = rng.standard_normal((studies, i, j, n))
    scores *= scale * math.sqrt(latent.error)
    scores += mean[:, None, None]
    for deviation, shape in effects:
        scores += deviation * rng.standard_normal(shape)
    if not read.all():
        scores[:, ~read] = np.nan
    return scores


def category_cuts(latent: Latent, separations: FloatArray, categories: int) -> FloatArray:
    """Return the scores between categories that are used equally often.

    Parameters
    ----------
    latent
        The variances.
    separations
        Means of the diseased cases by modality; those of the others are 0. Half of the cases
        count as diseased.
    categories
        2 or more.
    """
    readers = latent.reader + latent.reader_modality
    deviations = np.sqrt([1 + readers, latent.diseased + readers])
    grid = np.linspace(-_REACH * deviations[0], separations.max() + _REACH * deviations[1], _GRID)
    well = special.ndtr(grid / deviations[0])
    ill = special.ndtr((grid[:, None] - separations) / deviations[1]).mean(axis=1)
    wanted = np.arange(1, categories) / categories
    cuts: FloatArray = np.interp(wanted, (well + ill) / 2, grid)
    return cuts


def cut(scores: FloatArray, cuts: FloatArray) -> FloatArray:
    """Return the categories (0, 1, ...) of scores, NaN where there is none."""
    found = np.searchsorted(cuts, scores).astype(np.float64)
    return np.where(np.isnan(scores), np.nan, found)


def separation(latent: Latent, auc: float, cuts: FloatArray | None = None) -> float:
    """Return the mean of diseased scores at which the expected area has a value.

    Parameters
    ----------
    latent
        The variances.
    auc
        The area, of categories where there are cuts between them.
    cuts
        Scores between categories; none for scores as they are.
    """
    if cuts is None:
        return float(special.ndtri(auc)) * math.sqrt(latent.spread("auc"))
    from scipy.optimize import brentq

    readers = latent.reader + latent.reader_modality
    edges = np.concatenate([[-np.inf], cuts, [np.inf]])
    well = np.diff(special.ndtr(edges / math.sqrt(1 + readers)))
    below = np.concatenate([[0.0], np.cumsum(well)[:-1]]) + well / 2

    def beyond(mean: float) -> float:
        ill = np.diff(special.ndtr((edges - mean) / math.sqrt(latent.diseased + readers)))
        return float(ill @ below) - auc

    reach = _REACH * math.sqrt(latent.spread("auc"))
    if beyond(-reach) > 0 or beyond(reach) < 0:
        raise ValueError(f"{len(cuts) + 1} categories do not reach an area of {auc:g}")
    return float(brentq(beyond, -reach, reach, xtol=1e-12))
