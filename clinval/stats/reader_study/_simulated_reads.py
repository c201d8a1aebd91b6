"""The reads of one simulated study, and the variance components that such studies have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import check_option
from clinval.stats.reader_study._latent_components import Cases, parts_of
from clinval.stats.reader_study._simulated_designs import reads_made
from clinval.stats.reader_study._simulation_arguments import (
    METRICS,
    both_classes,
    both_expected,
    latent_of_arguments,
    seed_of,
    ties_of,
)
from clinval.stats.reader_study._trials import made, planned

__all__ = ["Components", "Scores", "components", "roe_metz"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores(Result):
    """The reads of a simulated study, one element a read, and its design."""

    score: tuple[float, ...]
    truth: tuple[int, ...]
    reader: tuple[int, ...]
    modality: tuple[int, ...]
    case: tuple[int, ...]
    design: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Components(Result):
    """The variance components that estimates of simulated studies have."""

    var_reader: float
    var_reader_modality: float
    var_error: float
    cov1: float
    cov2: float
    cov3: float


def roe_metz(
    n_readers: int,
    n_diseased: int,
    n_nondiseased: int,
    auc_reference: float,
    auc_test: float,
    *,
    structure: str = "HL",
    variances: Sequence[float] | None = None,
    b: float = 1.0,
    categories: int | None = None,
    design: str = "crossed",
    n_blocks: int = 1,
    missing: float = 0.0,
    seed: int = 1,
) -> Scores:
    r"""Simulate the reads of a study by the model of Roe and Metz.

    Parameters
    ----------
    n_readers
        Readers in each modality.
    n_diseased, n_nondiseased
        Cases.
    auc_reference, auc_test
        Expected areas, of the categories where there are such.
    structure
        Correlation over cases, then variance between readers, high or low: "HH", "HL", "LH" or
        "LL".
    variances
        In its place, those of reader, reader by modality, case, case by modality, reader by case,
        and the rest; the last four are scaled to a sum of 1.
    b
        Standard deviation over non-diseased cases, over that of diseased ones.
    categories
        Cut scores into so many categories (ties), which are used equally often; none for scores
        as they are.
    design
        "crossed", "split_plot" (``n_blocks`` groups of readers with cases of their own),
        "cases_nested_in_readers", "cases_nested_in_modalities", "readers_nested_in_modalities",
        "unpaired" or "partially_paired" (half of the cases are read in both modalities).
    n_blocks
        Blocks of a split plot.
    missing
        Share of reads that are not made, at random.
    seed
        The same seed gives the same reads.

    Returns
    -------
    Scores
        ``score``, ``truth`` (1 is diseased), ``reader``, ``modality`` (0 reference, 1 test) and
        ``case``, and the ``design`` as recognised from them.

    Raises
    ------
    ValueError
        For numbers out of range, categories that do not reach the areas, unknown words.

    Notes
    -----
    .. math:: X_{ijkt} = \mu_{it} + R_{jt} + (\tau R)_{ijt} + C_{kt} + (\tau C)_{ikt}
              + (RC)_{jkt} + E_{ijkt}

    with normal effects, drawn for each truth t; where there is disease those of cases have 1/b^2
    times the variance (Hillis 2012). The separation of the means is that of the expected area
    over readers and cases.

    References
    ----------
    .. [1] Roe & Metz 1997; Hillis 2012.

    Examples
    --------
    >>> found = roe_metz(4, 20, 30, 0.8, 0.85, categories=5)
    >>> len(found.score), sorted(set(found.score)), found.design
    (400, [0.0, 1.0, 2.0, 3.0, 4.0], 'crossed')
    """
    accuracies = both_expected(auc_reference, auc_test)
    latent = latent_of_arguments(structure, variances, b, accuracies)
    rng = np.random.default_rng(seed_of(seed))
    cases = both_classes(n_diseased, n_nondiseased)
    ill, well = reads_made(design, n_readers, cases, n_blocks=n_blocks, missing=missing, rng=rng)
    trial = planned(latent, accuracies, ill, well, categories=ties_of(categories))
    grid = made(trial, 1, rng)
    score = np.concatenate([grid.diseased[0], grid.nondiseased[0]], axis=-1)
    modality, reader, case = np.nonzero(~np.isnan(score))
    return Scores(
        method="reader_simulation.roe_metz",
        score=tuple(score[modality, reader, case].tolist()),
        truth=tuple((case < cases[0]).astype(int).tolist()),
        reader=tuple(reader.tolist()),
        modality=tuple(modality.tolist()),
        case=tuple(case.tolist()),
        design=trial.design.name,
    )


def components(
    auc_reference: float,
    auc_test: float,
    n_diseased: int,
    n_nondiseased: int,
    *,
    metric: str = "auc",
    structure: str = "HL",
    variances: Sequence[float] | None = None,
    b: float = 1.0,
) -> Components:
    r"""Variance components of estimates that the model of Roe and Metz leads to.

    Parameters
    ----------
    auc_reference, auc_test
        Expected areas; with another metric, that metric's expected values.
    n_diseased, n_nondiseased
        Cases that each reader reads in each modality.
    metric
        "auc", "sensitivity" or "specificity".
    structure, variances, b
        As in :func:`roe_metz`.

    Returns
    -------
    Components
        ``var_reader``, ``var_reader_modality``, ``var_error``, ``cov1``, ``cov2``, ``cov3``: what
        ``mrmc_power.obuchowski_rockette`` asks for, with the cases as pilot.

    Raises
    ------
    ValueError
        For numbers out of range and unknown words.

    Notes
    -----
    An empirical area is a mean over pairs of cases, so the covariance of two of them is a mean of
    probabilities that two comparisons go the same way:

    .. math:: \frac{M_{11} + (n_0 - 1) M_{10} + (n_1 - 1) M_{01} + (n_1 - 1)(n_0 - 1) M_{00}}
              {n_1 n_0}

    each a bivariate normal probability whose correlation is what the comparisons share: readers
    (M00), and a diseased case, a non-diseased one, or both. What readers share is taken off for
    the errors.

    References
    ----------
    .. [1] Gallas & Hillis 2014; Hillis 2018.

    Examples
    --------
    >>> round(components(0.85, 0.85, 50, 50).cov1, 6)
    0.000616
    """
    check_option("metric", metric, METRICS)
    accuracies = both_expected(auc_reference, auc_test)
    ill, well = both_classes(n_diseased, n_nondiseased)
    latent = latent_of_arguments(structure, variances, b, accuracies)
    parts = parts_of(latent, accuracies, Cases(metric=metric, diseased=ill, nondiseased=well))
    return Components(
        method="reader_simulation.components",
        var_reader=parts.var_reader,
        var_reader_modality=parts.var_reader_modality,
        var_error=parts.var_error,
        cov1=parts.cov1,
        cov2=parts.cov2,
        cov3=parts.cov3,
    )
