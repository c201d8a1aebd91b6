"""Means of modalities over random readers and random cases, with variances for any design."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clinval.stats.reader_study._bdg import Moments, degrees_of_freedom, moments
from clinval.stats.reader_study._model import interval_half, margin_test
from clinval.stats.reader_study._pair_moments import Kernels, kernels, pair_sums

if TYPE_CHECKING:
    from clinval.stats.reader_study._grid import Grid

__all__ = ["RandomReaders", "Spread", "random_readers"]

_LARGEST_T = 50  # degrees of freedom above which the normal distribution is used

_NEGATIVE = "the estimate of the variance is negative"
_ZERO = "the variance is 0"
_ONE_CLASS = "no reader with diseased and non-diseased cases"
_ONE_READER = "fewer than two readers"
_ONE_CASE = "fewer than two diseased or two non-diseased cases"
_NO_MOMENT = "no two reads that share neither the reader nor a case"
_NO_DF = "no degrees of freedom"


class Spread(NamedTuple):
    """The variance of an estimate, its degrees of freedom, and why there is no error if so.

    ``statistic`` names whose variance it is, "u_statistic" or "v_statistic". Degrees of freedom
    are None where they are infinite.
    """

    variance: float | None
    statistic: str
    df: float | None = None
    reason: str = ""

    @property
    def se(self) -> float | None:
        """The standard error; 0 where nothing varies."""
        if self.variance is None or self.variance < 0:
            return None
        return math.sqrt(self.variance)

    @property
    def student(self) -> float:
        """The degrees of freedom of the t distribution; infinite: the normal one."""
        return math.inf if self.df is None or self.df > _LARGEST_T else math.floor(self.df)

    def tested(
        self, estimate: float | None, margin: float = 0.0, alternative: str = "two-sided"
    ) -> tuple[float, float] | tuple[None, None]:
        """Return the statistic of an estimate against a margin, and its p value."""
        if self.reason or estimate is None or self.se is None:
            return None, None
        found = margin_test(
            np.array(estimate),
            np.array(self.se),
            self.student,
            margin=margin,
            alternative=alternative,
        )
        return float(found.statistic), float(found.p_value)

    def interval(
        self, estimate: float | None, level: float
    ) -> tuple[float, float] | tuple[None, None]:
        """Return the limits of an estimate, which are not cut."""
        if self.reason or estimate is None or self.se is None:
            return None, None
        half = float(interval_half(np.array(self.se), self.student, level))
        return estimate - half, estimate + half


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomReaders:
    """Means of all modalities, and the difference of two with what it is made of.

    With a single modality (``reference`` equals ``test``) the estimate is its mean.
    """

    diseased: int
    nondiseased: int
    means: tuple[float | None, ...]
    spreads: tuple[Spread, ...]
    reference: int
    test: int
    spread: Spread
    reference_moments: Moments
    test_moments: Moments
    cross_moments: Moments

    @property
    def estimate(self) -> float | None:
        """The difference, test minus reference, or the mean of the only modality."""
        test, reference = self.means[self.test], self.means[self.reference]
        if test is None or reference is None:
            return None
        return test if self.test == self.reference else test - reference


def random_readers(
    grid: Grid,
    *,
    metric: str,
    threshold: float,
    test: int,
    reference: int,
    statistic: str,
    negative_variance: str,
) -> RandomReaders:
    """Return means, their variances and the variance of a difference.

    Parameters
    ----------
    grid
        The scores.
    metric, threshold
        "auc", "sensitivity" or "specificity" and its threshold.
    test, reference
        Codes of the modalities that are compared; equal where there is only one.
    statistic
        Which variance: "u_statistic" or "v_statistic".
    negative_variance
        "report" it, or take that of the "v_statistic" instead.
    """
    modalities = len(grid.diseased)
    pairs = [*((i, i) for i in range(modalities)), (reference, test)]
    of = kernels(grid.diseased, grid.nondiseased, metric, threshold, set(pairs))
    found = [moments(pair_sums(of, a, b)) for a, b in pairs]
    single, cross = found[:-1], found[-1]

    def spread(which: list[int], crossed: Moments | None) -> Spread:
        return _spread(
            [single[i] for i in which],
            crossed,
            statistic=statistic,
            negative_variance=negative_variance,
            reason=_lacking(of, which),
        )

    alone = tuple(spread([i], None) for i in range(modalities))
    return RandomReaders(
        diseased=grid.diseased.shape[-1],
        nondiseased=grid.nondiseased.shape[-1],
        means=tuple(map(_mean, of.sums.sum(axis=1), of.pairs.sum(axis=1))),
        spreads=alone,
        reference=reference,
        test=test,
        spread=alone[test] if test == reference else spread([reference, test], cross),
        reference_moments=single[reference],
        test_moments=single[test],
        cross_moments=cross,
    )


def _mean(doubled: float, pairs: float) -> float | None:
    return float(doubled / (2 * pairs)) if pairs else None


def _lacking(of: Kernels, which: list[int]) -> str:
    """Return what some modalities have too few of for a variance, nothing if they have enough."""
    active = of.pairs[which] > 0  # a reader without reads of both classes has no kernel
    if not active.any(axis=1).all():
        return _ONE_CLASS
    for read in (of.read_diseased[which], of.read_nondiseased[which]):
        if (read & active[..., None]).any(axis=1).sum(axis=1).min() < 2:
            return _ONE_CASE
    return "" if active.sum(axis=1).min() > 1 else _ONE_READER


def _spread(
    of: list[Moments],
    cross: Moments | None,
    *,
    statistic: str,
    negative_variance: str,
    reason: str,
) -> Spread:
    """Return the variance of a mean or a difference, and what follows from it."""
    if reason == _ONE_CLASS:
        return Spread(None, statistic, reason=reason)
    variance = _variance(of, cross, unbiased=statistic == "u_statistic")
    if variance < 0 and negative_variance == "v_statistic":
        statistic, variance = "v_statistic", _variance(of, cross, unbiased=False)
    if math.isnan(variance):
        return Spread(None, statistic, reason=reason or _NO_MOMENT)
    if variance <= 0:
        return Spread(variance, statistic, reason=_NEGATIVE if variance < 0 else _ZERO)
    df = degrees_of_freedom(variance, of, cross)
    if df < 1:
        return Spread(variance, statistic, reason=reason or _NO_DF)
    return Spread(variance, statistic, df=df if math.isfinite(df) else None)


def _variance(of: list[Moments], cross: Moments | None, *, unbiased: bool) -> float:
    total = sum(one.covariance(unbiased=unbiased) for one in of)
    return total if cross is None else total - 2 * cross.covariance(unbiased=unbiased)
