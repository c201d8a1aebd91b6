"""How often the test of a reader study succeeds, in simulated studies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import check_option
from clinval.stats.planning._reader_study_power import aim, whole_number
from clinval.stats.reader_study._simulated_designs import reads_made
from clinval.stats.reader_study._simulated_studies import Tally, batches, tally
from clinval.stats.reader_study._simulation_arguments import (
    METRICS,
    both_classes,
    both_expected,
    latent_of_arguments,
    seed_of,
    ties_of,
)
from clinval.stats.reader_study._trials import Trial, planned

__all__ = ["Characteristics", "rejection_rate"]

Bounds: TypeAlias = list[tuple[float | None, float | None]]
_COVARIANCES = ("delong", "jackknife", "unbiased")


@dataclass(frozen=True, slots=True, kw_only=True)
class Characteristics(Result):
    """How often the test succeeds, with what estimates and intervals.

    Attributes
    ----------
    rejection_rate, monte_carlo_se
        Share of studies in which it does, and the standard error of that share.
    studies, without_result
        Simulated studies, and those without an interval, which do not succeed.
    mean_estimate, sd_estimate, mean_se
        Of the difference; ``mean_se`` is the root of the mean variance.
    coverage
        Share of intervals, at level 1 - alpha of two sides, with the expected difference in them.
    design
        The design, as it is recognised from the reads.
    """

    rejection_rate: float
    monte_carlo_se: float
    studies: int
    without_result: int
    mean_estimate: float | None
    sd_estimate: float | None
    mean_se: float | None
    coverage: float | None
    design: str


def rejection_rate(
    n_readers: int,
    n_diseased: int,
    n_nondiseased: int,
    auc_reference: float,
    auc_test: float,
    *,
    metric: str = "auc",
    structure: str = "HL",
    variances: Sequence[float] | None = None,
    b: float = 1.0,
    categories: int | None = None,
    design: str = "crossed",
    n_blocks: int = 1,
    missing: float = 0.0,
    covariance: str | None = None,
    random: str = "readers_cases",
    margin: float = 0.0,
    alternative: str = "two-sided",
    alpha: float = 0.05,
    n_studies: int = 1000,
    seed: int = 1,
) -> Characteristics:
    """How often the test of a reader study succeeds: its type I error, or its power.

    Parameters
    ----------
    n_readers, n_diseased, n_nondiseased
        As in :func:`roe_metz`.
    auc_reference, auc_test
        Expected areas; with another metric, that metric's expected values. The rate is the type I
        error where they differ by the margin.
    metric
        "auc", "sensitivity" or "specificity" (of calls).
    structure, variances, b, categories, design, n_blocks, missing
        As in :func:`roe_metz`; categories are those of areas.
    covariance
        "delong", "jackknife" or "unbiased"; without it "delong" where every reader reads every
        case in both modalities, else "jackknife".
    random
        "readers_cases", "cases" or "readers".
    margin
        What the difference is tested against; of an equivalence, above 0.
    alternative
        "two-sided", "greater", "less" or "equivalence".
    alpha
        Level; of both sides together if ``alternative`` is "two-sided", else of each test.
    n_studies
        Simulated studies.
    seed
        The same seed gives the same numbers.

    Returns
    -------
    Characteristics
        ``rejection_rate`` with its ``monte_carlo_se``, and what estimates and intervals are like.

    Raises
    ------
    ValueError
        For numbers out of range, categories that do not reach the areas, unknown words.

    Notes
    -----
    Each study is analysed by Obuchowski and Rockette's model, all studies of a batch at once. A
    two-sided test succeeds where the interval does not hold the margin.

    References
    ----------
    .. [1] Roe & Metz 1997; Hillis 2012.

    Examples
    --------
    >>> found = rejection_rate(5, 25, 25, 0.85, 0.85, n_studies=400)
    >>> found.rejection_rate < 0.1, found.without_result
    (True, 0)
    """
    check_option("metric", metric, METRICS)
    accuracies = both_expected(auc_reference, auc_test)
    latent = latent_of_arguments(structure, variances, b, accuracies)
    wanted = aim(0.0, margin, alternative, alpha)
    studies = whole_number("n_studies", n_studies, 1)
    sequence = np.random.SeedSequence(seed_of(seed))
    of_reads, of_scores = sequence.spawn(2)
    ill, well = reads_made(
        design,
        n_readers,
        both_classes(n_diseased, n_nondiseased),
        n_blocks=n_blocks,
        missing=missing,
        rng=np.random.default_rng(of_reads),
    )
    if covariance is not None:
        check_option("covariance", covariance, _COVARIANCES)
    trial = planned(
        latent, accuracies, ill, well,
        metric=metric,
        covariance=covariance,
        categories=ties_of(categories),
        random=random,
        level=1 - wanted.alpha * (1 if alternative == "two-sided" else 2),
    )  # fmt: skip
    bounds: dict[str, Bounds] = {
        "two-sided": [(wanted.margin, None), (None, wanted.margin)],
        "greater": [(wanted.margin, None)],
        "less": [(None, wanted.margin)],
        "equivalence": [(-wanted.margin, wanted.margin)],
    }
    return _characteristics(trial, studies, of_scores, bounds[alternative])


def _characteristics(
    trial: Trial,
    studies: int,
    seed: np.random.SeedSequence,
    bounds: Bounds,
) -> Characteristics:
    """Simulate all studies; of a two-sided test each side is counted by itself."""
    totals = [Tally() for _ in bounds]
    for number, own_seed in batches(trial, studies, seed):
        found = tally(trial, number, own_seed, bounds)
        totals = [total + part for total, part in zip(totals, found, strict=True)]
    shown = sum(total.shown for total in totals)
    whole = totals[0]
    rate, n = shown / studies, whole.defined
    mean = whole.estimate / n if n else None
    variance = (whole.square - n * mean**2) / (n - 1) if mean is not None and n > 1 else None
    return Characteristics(
        method="reader_simulation.rejection_rate",
        rejection_rate=rate,
        monte_carlo_se=math.sqrt(rate * (1 - rate) / studies),
        studies=studies,
        without_result=whole.undefined,
        mean_estimate=mean,
        sd_estimate=None if variance is None else math.sqrt(max(variance, 0.0)),
        mean_se=math.sqrt(whole.variance / n) if n else None,
        coverage=whole.covered / n if n else None,
        design=trial.design.name,
    )
