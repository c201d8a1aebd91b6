"""Difference of two modalities where cases are compared within strata (sites) only."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from clinval.stats._checks import Labels, Numbers, check_level, check_option
from clinval.stats._pooling import pool
from clinval.stats.reader_study._analysis import (
    Asked,
    asked,
    estimated_on,
    pair_of,
    plain_array,
)
from clinval.stats.reader_study._components import ROUNDING
from clinval.stats.reader_study._covariance import Estimates
from clinval.stats.reader_study._designs import recognised
from clinval.stats.reader_study._grid import Grid, grid_of
from clinval.stats.reader_study._model import NEGATIVE_VARIANCE, RANDOM, interval_half
from clinval.stats.reader_study._reader_study import ReaderStudy, Row, result_of
from clinval.stats.reader_study._reads import coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray

__all__ = ["StratifiedReaderStudy", "obuchowski_rockette_stratified"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StratifiedReaderStudy(ReaderStudy):
    """Test minus reference within strata, with the heterogeneity of the strata.

    ``<name>_by_stratum`` is in the order of ``strata``; ``strata_left_out`` have no estimate with
    a variance.
    """

    strata: tuple[str, ...] = ()
    strata_left_out: tuple[str, ...] = ()
    n_by_stratum: tuple[int, ...] = ()
    estimate_by_stratum: Row = ()
    se_by_stratum: Row = ()
    ci_low_by_stratum: Row = ()
    ci_high_by_stratum: Row = ()
    q: float | None = None
    q_df: int = 0
    q_p_value: float | None = None


class _Stratum(NamedTuple):
    """Estimates of a stratum and their covariance, 0 where a reader has none, and weights.

    ``difference`` is the mean over the readers with both modalities, readers fixed.
    """

    theta: FloatArray
    covariance: FloatArray
    weight: FloatArray
    difference: float
    variance: float


def obuchowski_rockette_stratified(
    score: Numbers,
    truth: Numbers,
    reader: Labels,
    modality: Labels,
    case: Labels,
    *,
    stratum: Labels,
    metric: str = "auc",
    covariance: str = "delong",
    random: str = "readers_cases",
    threshold: float | None = None,
    fpr_max: float | None = None,
    cluster: Labels | None = None,
    test: object = None,
    reference: object = None,
    level: float = 0.95,
    negative_variance: str = "report",
) -> StratifiedReaderStudy:
    r"""Difference of two modalities over readers and cases, cases compared within strata only.

    Parameters
    ----------
    score, truth, reader, modality, case
        As in :func:`obuchowski_rockette`.
    stratum
        Label of the stratum (site) of each read (list), the same for all reads of a case.
    metric, covariance, random, threshold, fpr_max, cluster, test, reference, level
        As in :func:`obuchowski_rockette`.
    negative_variance
        As in :func:`obuchowski_rockette`.

    Returns
    -------
    StratifiedReaderStudy
        What :func:`obuchowski_rockette` returns, and for each stratum cases, the difference with
        its error and limits for fixed readers; ``q``, ``q_df`` and ``q_p_value`` test with fixed
        readers whether the strata have one difference. Strata without two cases of each class
        that the metric needs are left out and named. ``q`` has no value with fewer than two
        strata whose difference has a variance above 0.

    Raises
    ------
    ValueError
        As :func:`obuchowski_rockette`, and for a case in two strata.

    Notes
    -----
    Pairs of a diseased and a non-diseased case count only within a stratum. The estimate of a
    reader is the mean of the strata he has read, weighted by n1 n0/(n1 + n0) of his cases (n1 for
    a sensitivity, n0 for a specificity), and since strata share no case

    .. math:: \hat\theta_{ij} = \sum_s w_s \hat\theta_{ijs}, \quad S = \sum_s w_s^2 S_s

    The difference of a stratum is the mean over its readers, its variance that of S_s; q = sum
    (d_s - d)^2/v_s is chi-square with one degree of freedom less than strata.

    References
    ----------
    .. [1] Obuchowski & Rockette 1995, Commun Stat Simul 24:285.
    .. [2] van Elteren 1960, Bull Int Stat Inst 37:351.
    .. [3] Cochran 1954, Biometrics 10:101.

    Examples
    --------
    >>> score = [(7 * k * k) % 11 + 4 * (k % 4 > 1) for k in range(48)]
    >>> site = (["S1"] * 4 + ["S2"] * 4) * 6
    >>> truth, case = [0, 0, 1, 1] * 12, list(range(8)) * 6
    >>> modality, reader = list("x" * 24 + "y" * 24), list("AAAAAAAABBBBBBBBCCCCCCCC" * 2)
    >>> result = obuchowski_rockette_stratified(
    ...     score, truth, reader, modality, case, stratum=site, random="cases"
    ... )
    >>> round(result.estimate, 4), result.n_by_stratum, result.q_df
    (0.2708, (4, 4), 1)
    """
    check_level(level)
    check_option("random", random, RANDOM)
    check_option("negative_variance", negative_variance, NEGATIVE_VARIANCE)
    ask = asked(metric, covariance, threshold, fpr_max)
    reads = coded(score, truth, reader, modality, case, cluster=cluster, stratum=stratum)
    pair = pair_of(reads, test, reference)
    of_case = np.zeros(len(reads.cases), dtype=np.intp)
    of_case[reads.case] = 0 if reads.stratum is None else reads.stratum
    grid = grid_of(reads)
    parts = [
        _of_stratum(grid, of_case == code, ask, pair, random) for code in range(len(reads.strata))
    ]
    kept = [part for part in parts if part is not None]
    whole = result_of(
        "obuchowski_rockette_stratified",
        reads,
        recognised(reads, grid),
        ask,
        _joined(kept, (len(reads.modalities), len(reads.readers))),
        pair,
        random,
        level,
        negative_variance,
    )
    counts = np.bincount(of_case, minlength=len(parts)).tolist()
    used = [place for place, part in enumerate(parts) if part is not None]
    difference = np.array([part.difference for part in kept])
    error = np.sqrt(np.maximum([part.variance for part in kept], 0.0))
    half = interval_half(error, np.inf, level)
    q, q_df = _heterogeneity(difference, error)
    return StratifiedReaderStudy(
        **{field.name: getattr(whole, field.name) for field in dataclasses.fields(whole)},
        strata=tuple(reads.strata[place] for place in used),
        strata_left_out=tuple(name for place, name in enumerate(reads.strata) if place not in used),
        n_by_stratum=tuple(counts[place] for place in used),
        estimate_by_stratum=plain_array(difference),
        se_by_stratum=plain_array(error),
        ci_low_by_stratum=plain_array(difference - half),
        ci_high_by_stratum=plain_array(difference + half),
        q=q,
        q_df=q_df,
        q_p_value=None if q is None else float(special.chdtrc(q_df, q)),
    )


def _of_stratum(
    grid: Grid, chosen: NDArray[np.bool_], ask: Asked, pair: tuple[int, int], random: str
) -> _Stratum | None:
    """Return a stratum, or nothing where a reader of its cases has no estimate or variance."""
    ill, well = chosen[grid.diseased_cases], chosen[grid.nondiseased_cases]
    part = Grid(
        diseased=grid.diseased[..., ill],
        nondiseased=grid.nondiseased[..., well],
        diseased_cases=grid.diseased_cases[ill],
        nondiseased_cases=grid.nondiseased_cases[well],
        clusters=None if grid.clusters is None else (grid.clusters[0][ill], grid.clusters[1][well]),
    )
    theta, covariance = estimated_on(part, ask, random=random)
    n1, n0 = (
        np.sum(~np.isnan(scores), axis=-1).astype(np.float64)
        for scores in (part.diseased, part.nondiseased)
    )
    has = ~np.isnan(theta)
    known = np.outer(has, has)
    unknown = bool(np.isnan(covariance[known]).any()) and random != "readers"
    if not has.any() or (has != (n1 + n0 > 0)).any() or unknown:
        return None
    weight = {"sensitivity": n1, "specificity": n0}.get(
        ask.metric, n1 * n0 / np.maximum(n1 + n0, 1)
    )
    theta = np.where(has, theta, 0.0)
    covariance = np.where(known, covariance, 0.0)
    test, reference = pair
    both = has[test] & has[reference] & (test != reference)
    contrast = np.zeros(theta.shape)
    contrast[test, both], contrast[reference, both] = 1.0, -1.0
    if both.any():
        contrast /= np.count_nonzero(both)
    else:
        contrast[:] = np.nan
    one = contrast.ravel()
    return _Stratum(
        theta, covariance, weight, float(one @ theta.ravel()), float(one @ covariance @ one)
    )


def _joined(strata: list[_Stratum], shape: tuple[int, int]) -> Estimates:
    """Return the weighted means of the strata, NaN where a reader has none."""
    curves = shape[0] * shape[1]
    theta, total, covariance = np.zeros(shape), np.zeros(shape), np.zeros((curves, curves))
    for part in strata:
        weight = part.weight.ravel()
        theta += part.weight * part.theta
        covariance += np.outer(weight, weight) * part.covariance
        total += part.weight
    with np.errstate(invalid="ignore", divide="ignore"):
        return Estimates(theta / total, covariance / np.outer(total, total))


def _heterogeneity(difference: FloatArray, error: FloatArray) -> tuple[float | None, int]:
    """Return Cochran's q of the strata whose difference has a variance, and its df."""
    known = error**2 > ROUNDING
    df = int(np.count_nonzero(known)) - 1
    if df < 1:
        return None, max(df, 0)
    return float(pool(difference[known], error[known] ** -2).q), df
