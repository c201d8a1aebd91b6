"""Many simulated reader studies at once, each analysed as a study is.

Studies are made and analysed in batches of a size that depends on the study alone, each batch
from a seed of its own: whoever computes them, in whatever order, the numbers are the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats.reader_study._analysis import estimated_on
from clinval.stats.reader_study._model import reader_model
from clinval.stats.reader_study._trials import READER_MODEL, Trial, made, needed
from clinval.stats.reader_study._u_statistics import (
    ReaderVariance,
    u_statistic,
    v_statistic,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray
    from clinval.stats.reader_study._grid import Grid

__all__ = ["Intervals", "Tally", "batches", "results", "tally"]

_NUMBERS = 1_000_000  # scores of a batch
_LARGEST_BATCH = 500
_METHODS: dict[str, Callable[..., ReaderVariance]] = {
    "u_statistic": u_statistic,
    "v_statistic": v_statistic,
}


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


def results(trial: Trial, studies: int, seed: np.random.SeedSequence) -> Intervals:
    """Return estimates and intervals of the difference in simulated studies."""
    grid = made(needed(trial), studies, np.random.default_rng(seed))
    if trial.method != READER_MODEL:
        return _one_by_one(trial, grid)
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


def _one_by_one(trial: Trial, grid: Grid) -> Intervals:
    """Return what a method gives that takes one study at a time."""
    scores = np.concatenate([grid.diseased, grid.nondiseased], axis=-1)
    called = trial.ask.metric != "auc"
    policy = {}
    if trial.method == "u_statistic":  # whose variance alone can be below 0
        policy["negative_variance"] = trial.negative_variance
    found = np.full((4, len(scores)), np.nan)
    for study, score in enumerate(scores):
        modality, reader, case = np.nonzero(~np.isnan(score))
        one = _METHODS[trial.method](
            score[modality, reader, case],
            (case < grid.diseased.shape[-1]).astype(int),
            reader,
            modality,
            case,
            metric=trial.ask.metric,
            threshold=trial.ask.threshold if called else None,
            level=trial.level,
            **policy,
        )
        numbers = one.estimate, one.se, one.ci_low, one.ci_high
        found[:, study] = [np.nan if value is None else value for value in numbers]
    return Intervals(*found)


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
