"""Bootstrap of the individual equivalence index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import Labels, Numbers, check_level
from clinval.stats.agreement._bootstrap import bootstrap
from clinval.stats.agreement._read_pairs import index_of, read_pairs
from clinval.stats.agreement._results import BootstrapAgreement

if TYPE_CHECKING:
    from clinval.stats._agreement_weights import Weights
    from clinval.stats._checks import FloatArray

__all__ = ["individual_equivalence_bootstrap"]


def individual_equivalence_bootstrap(
    value: Labels,
    *,
    subject: Labels,
    reader: Labels,
    arm: Numbers,
    cluster: Labels | None = None,
    strata: Labels | None = None,
    weights: Weights = "unweighted",
    categories: Labels | None = None,
    draws: int = 2000,
    seed: int,
    level: float = 0.95,
) -> BootstrapAgreement:
    """Individual equivalence index with a bootstrap interval: patients drawn within each center.

    Parameters
    ----------
    value, subject, reader, arm, cluster, weights, categories
        As in :func:`individual_equivalence`.
    strata
        Label of the stratum (center) of the patient of each read (list); a draw has as many
        patients of each stratum as there are. By default all are of one.
    draws
        Number of draws, at least 100.
    seed
        Start of the random numbers; the same seed gives the same limits.
    level
        Two-sided level of the percentile interval.

    Returns
    -------
    BootstrapAgreement
        ``estimate`` of all patients, ``se`` (standard deviation of the draws), ``ci_low``,
        ``ci_high`` (percentiles), ``n`` subjects, ``clusters``, ``draws`` and
        ``undefined_draws``, which lack a pair of one of both kinds. Error and interval are
        undefined when no stratum has two clusters, or more than a share 1 - level of the draws
        are undefined; everything where the index is.

    Raises
    ------
    ValueError
        As :func:`individual_equivalence`, or when a cluster lies in two strata, or for fewer than
        100 draws.

    Notes
    -----
    The limits are the quantiles (1 -/+ level)/2 of the draws that have a value. The readers are
    the same in every draw.

    References
    ----------
    .. [1] Davison & Hinkley 1997, Bootstrap Methods and their Application.

    Examples
    --------
    >>> value = [1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0]
    >>> subject, reader = [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4, ["A", "B"] * 8
    >>> arm = [0, 0, 1, 1] * 4
    >>> result = individual_equivalence_bootstrap(
    ...     value, subject=subject, reader=reader, arm=arm, seed=1
    ... )
    >>> result.estimate, round(result.se, 1), result.clusters
    (0.125, 0.2, 4)
    """
    check_level(level)
    of = read_pairs(value, subject, reader, arm, cluster, strata, weights, categories)
    index = index_of(of)
    point = Estimate(
        method="interchangeability.individual_equivalence",
        estimate=index.estimate,
        level=level,
        n=of.subjects,
        undefined=bool(index.reason),
        reason=index.reason,
    )
    return bootstrap(
        point,
        np.concatenate([of.disagreement, of.pairs], axis=1),
        np.arange(len(of.pairs)),
        _indices,
        rows=len(of.pairs),
        cluster=None,
        strata=of.stratum,
        draws=draws,
        seed=seed,
        level=level,
    )


def _indices(totals: FloatArray) -> FloatArray:
    """Return the index of each row of totals: disagreement and pairs of both kinds."""
    pairs = totals[:, 2:]
    known = pairs > 0
    rates: FloatArray = np.where(known, totals[:, :2] / np.where(known, pairs, 1.0), np.nan)
    return rates[:, 0] - rates[:, 1]
