"""Many simulated reader studies at once, each analysed as a study is.

Studies are made and analysed in batches of a size that depends on the study alone, each batch
from a seed of its own: whoever computes them, in whatever order, the numbers are the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.stats.reader_study._analysis import Asked, estimated_on
from clinval.stats.reader_study._designs import Design, recognised
from clinval.stats.reader_study._grid import Grid
from clinval.stats.reader_study._model import reader_model
from clinval.stats.reader_study._reads import Reads
from clinval.stats.reader_study._roe_metz import Latent, category_cuts, cut, draw, separation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray

__all__ = [
    "Intervals",
    "Tally",
    "Trial",
    "batches",
    "made",
    "needed",
    "planned",
    "results",
    "tally",
]

_NUMBERS = 1_000_000  # scores of a batch
_LARGEST_BATCH = 500


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
    design: Design
    truth: float
    random: str
    negative_variance: str
    level: float


@dataclass(frozen=True, slots=True)
class Intervals:
    """Estimate, standard error and limits of each study, NaN where there is none."""

    estimate: FloatArray
    se: FloatArray
    low: FloatArray
    high: FloatArray

    def shown(self, above: float | None, below: float | None) -> NDArray[np.bool_]:
        """Return which intervals lie above and below the bounds that there are."""
        with np.errstate(invalid="ignore"):
            over = self.low > (-math.inf if above is None else above)
            under = self.high < (math.inf if below is None else below)
        defined = np.isfinite(self.low) & np.isfinite(self.high)
        found: NDArray[np.bool_] = defined & over & under
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What many studies came to: counts and sums that add up."""

    studies: int = 0
    undefined: int = 0
    shown: int = 0
    covered: int = 0
    estimate: float = 0.0
    square: float = 0.0
    variance: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            studies=self.studies + other.studies,
            undefined=self.undefined + other.undefined,
            shown=self.shown + other.shown,
            covered=self.covered + other.covered,
            estimate=self.estimate + other.estimate,
            square=self.square + other.square,
            variance=self.variance + other.variance,
        )

    @property
    def rate(self) -> float:
        """The share of studies that show what is to be shown; those without a result do not."""
        return self.shown / self.studies

    @property
    def error(self) -> float:
        """The Monte Carlo standard error of the rate."""
        return math.sqrt(self.rate * (1 - self.rate) / self.studies)

    @property
    def defined(self) -> int:
        """Studies with a result."""
        return self.studies - self.undefined


def planned(
    latent: Latent,
    accuracies: tuple[float, float],
    diseased: NDArray[np.bool_],
    nondiseased: NDArray[np.bool_],
    *,
    metric: str = "auc",
    covariance: str | None = None,
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


def results(trial: Trial, studies: int, seed: np.random.SeedSequence) -> Intervals:
    """Return estimates and intervals of the difference in simulated studies."""
    grid = made(needed(trial), studies, np.random.default_rng(seed))
    theta, covariance = estimated_on(grid, trial.ask, random=trial.random)
    model = reader_model(
        theta,
        covariance,
        random=trial.random,
        nesting=trial.design.nesting,
        level=trial.level,
        negative_variance=trial.negative_variance,
    )
    return Intervals(model.estimate, model.se, model.ci_low, model.ci_high)


def needed(trial: Trial) -> Trial:
    """Return the study without the cases of a class that has no part in the metric."""
    if trial.ask.metric == "specificity":
        return replace(trial, diseased=trial.diseased[..., :0])
    if trial.ask.metric == "sensitivity":
        return replace(trial, nondiseased=trial.nondiseased[..., :0])
    return trial


def batches(
    trial: Trial, studies: int, seed: np.random.SeedSequence
) -> list[tuple[int, np.random.SeedSequence]]:
    """Return the batches in which studies are simulated: how many, and from which seed."""
    reads = trial.diseased.size + trial.nondiseased.size
    most = min(max(_NUMBERS // max(reads, 1), 1), _LARGEST_BATCH)
    sizes = [most] * (studies // most) + [studies % most] * (studies % most > 0)
    return list(zip(sizes, seed.spawn(len(sizes)), strict=True))


def tally(
    trial: Trial,
    studies: int,
    seed: np.random.SeedSequence,
    bounds: Sequence[tuple[float | None, float | None]],
) -> list[Tally]:
    """Simulate studies and count those whose interval lies within each pair of bounds."""
    found = results(trial, studies, seed)
    defined = np.isfinite(found.low) & np.isfinite(found.high)
    known = np.isfinite(found.estimate)
    estimate = found.estimate[known]
    covered = (found.low <= trial.truth) & (trial.truth <= found.high)
    return [
        Tally(
            studies=studies,
            undefined=int(np.count_nonzero(~defined)),
            shown=int(np.count_nonzero(found.shown(above, below))),
            covered=int(np.count_nonzero(covered & defined)),
            estimate=float(estimate.sum()),
            square=float(np.sum(estimate**2)),
            variance=float(np.sum(found.se[defined] ** 2)),
        )
        for above, below in bounds
    ]
