"""Reader studies that are planned: who reads what, how scores come about, how they are analysed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.stats.reader_study._analysis import Asked
from clinval.stats.reader_study._designs import Design, recognised
from clinval.stats.reader_study._grid import Grid
from clinval.stats.reader_study._reads import Reads
from clinval.stats.reader_study._roe_metz import Latent, category_cuts, cut, draw, separation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray

__all__ = ["READER_MODEL", "Trial", "made", "needed", "planned"]

READER_MODEL = "reader_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A reader study that is planned: who reads what, how scores come about, how it is analysed.

    Attributes
    ----------
    latent
        Variances of scores.
    diseased, nondiseased
        Which reads are made, shape (2 modalities, readers, cases of the class): reference, test.
    means
        Means of the scores of diseased and of non-diseased cases, each of shape (2,).
    cuts
        Scores between categories; ``None`` where scores are not cut.
    ask
        Metric and covariance.
    method
        "reader_model", or "u_statistic" or "v_statistic", which have their own variance.
    design
        The design, as it is recognised from the reads.
    truth
        Expected difference, test less reference.
    """

    latent: Latent
    diseased: NDArray[np.bool_]
    nondiseased: NDArray[np.bool_]
    means: tuple[FloatArray, FloatArray]
    cuts: FloatArray | None
    ask: Asked
    method: str
    design: Design
    truth: float
    random: str
    negative_variance: str
    level: float


def planned(
    latent: Latent,
    accuracies: tuple[float, float],
    diseased: NDArray[np.bool_],
    nondiseased: NDArray[np.bool_],
    *,
    metric: str = "auc",
    covariance: str | None = None,
    method: str = READER_MODEL,
    categories: int | None = None,
    usual: tuple[float, float] | None = None,
    random: str = "readers_cases",
    negative_variance: str = "report",
    level: float = 0.95,
) -> Trial:
    """Return a planned study.

    Parameters
    ----------
    latent
        Variances of scores.
    accuracies
        Expected metric in the reference and in the test.
    diseased, nondiseased
        Which reads are made.
    metric
        "auc", "sensitivity" or "specificity".
    covariance
        "delong", "jackknife" or "unbiased"; without it DeLong's where every reader reads every
        case in both modalities, else the jackknife.
    method
        "reader_model", "u_statistic" or "v_statistic".
    categories
        How many categories readers use; ``None`` for scores without ties. Calls are cut already.
    usual
        Accuracies at which categories are used equally often; those of the study if none.
    random, negative_variance, level
        As in the reader model.

    Raises
    ------
    ValueError
        When categories do not reach the areas.
    """
    cuts: FloatArray | None = None
    if metric == "auc":
        if categories is not None:
            around = np.array([separation(latent, value) for value in usual or accuracies])
            cuts = category_cuts(latent, around, categories)
        ill = np.array([separation(latent, value, cuts) for value in accuracies])
        means = ill, np.zeros(2)
    else:
        distance = special.ndtri(np.array(accuracies)) * math.sqrt(latent.spread(metric))
        means = (distance, np.zeros(2)) if metric == "sensitivity" else (np.zeros(2), -distance)
    whole = bool(diseased.all() and nondiseased.all())
    return Trial(
        latent=latent,
        diseased=diseased,
        nondiseased=nondiseased,
        means=means,
        cuts=cuts,
        ask=Asked(metric, covariance or ("delong" if whole else "jackknife")),
        method=method,
        design=_design(diseased, nondiseased),
        truth=accuracies[1] - accuracies[0],
        random=random,
        negative_variance=negative_variance,
        level=level,
    )


def _design(diseased: NDArray[np.bool_], nondiseased: NDArray[np.bool_]) -> Design:
    """Return the design of reads that are made."""
    read = np.concatenate([diseased, nondiseased], axis=-1)
    modality, reader, case = np.nonzero(read)
    return recognised(
        Reads(
            score=np.zeros(len(case)),
            truth=case < diseased.shape[-1],
            reader=reader,
            modality=modality,
            case=case,
            readers=tuple(map(str, range(read.shape[1]))),
            modalities=("reference", "test"),
            cases=tuple(map(str, range(read.shape[2]))),
            cluster=None,
            dropped=0,
        )
    )


def made(trial: Trial, studies: int, rng: np.random.Generator) -> Grid:
    """Return the reads of studies, arrays with the studies on the first axis."""
    scores = [
        draw(trial.latent, mean, read, studies, rng, diseased=ill)
        for mean, read, ill in zip(
            trial.means, (trial.diseased, trial.nondiseased), (True, False), strict=True
        )
    ]
    if trial.cuts is not None:
        scores = [cut(values, trial.cuts) for values in scores]
    ill, well = scores
    return Grid(
        diseased=ill,
        nondiseased=well,
        diseased_cases=np.arange(ill.shape[-1]),
        nondiseased_cases=np.arange(well.shape[-1]),
    )


def needed(trial: Trial) -> Trial:
    """Return the study without the cases of a class that has no part in the analysis."""
    if trial.method != READER_MODEL:  # which weigh readers by the cases of both classes
        return trial
    if trial.ask.metric == "specificity":
        return replace(trial, diseased=trial.diseased[..., :0])
    if trial.ask.metric == "sensitivity":
        return replace(trial, nondiseased=trial.nondiseased[..., :0])
    return trial
