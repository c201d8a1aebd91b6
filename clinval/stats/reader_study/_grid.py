"""The reads as dense arrays (modality, reader, case), diseased and non-diseased cases apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray
    from clinval.stats.reader_study._reads import Reads

__all__ = ["Grid", "grid_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Scores by modality, reader and case; NaN where there is no read.

    Attributes
    ----------
    diseased, nondiseased
        Shape (..., modalities, readers, cases of the class). Simulated studies have leading axes.
    diseased_cases, nondiseased_cases
        Code of the case of each place of the last axis.
    clusters
        Code of the cluster of each diseased and of each non-diseased case, or None.
    """

    diseased: FloatArray
    nondiseased: FloatArray
    diseased_cases: IntArray
    nondiseased_cases: IntArray
    clusters: tuple[IntArray, IntArray] | None = None

    @property
    def cases(self) -> int:
        """All cases, of both classes."""
        return int(self.diseased.shape[-1] + self.nondiseased.shape[-1])

    @property
    def crossed(self) -> bool:
        """Whether every reader has every case in every modality."""
        return not (np.isnan(self.diseased).any() or np.isnan(self.nondiseased).any())


def grid_of(reads: Reads) -> Grid:
    """Return the reads as dense arrays; memory is readers x modalities x cases."""
    truth = np.zeros(len(reads.cases), dtype=np.bool_)
    truth[reads.case] = reads.truth
    diseased, nondiseased = np.flatnonzero(truth), np.flatnonzero(~truth)
    place = np.empty(len(truth), dtype=np.intp)
    place[diseased] = np.arange(len(diseased))
    place[nondiseased] = np.arange(len(diseased), len(truth))
    score = np.full((len(reads.modalities), len(reads.readers), len(truth)), np.nan)
    curve = reads.modality * len(reads.readers) + reads.reader
    score.ravel()[curve * len(truth) + place[reads.case]] = reads.score
    clusters = None
    if reads.cluster is not None:
        cluster = np.zeros(len(truth), dtype=np.intp)
        cluster[reads.case] = reads.cluster
        clusters = (cluster[diseased], cluster[nondiseased])
    return Grid(
        diseased=score[..., : len(diseased)],
        nondiseased=score[..., len(diseased) :],
        diseased_cases=diseased,
        nondiseased_cases=nondiseased,
        clusters=clusters,
    )
