"""Pairs of reads of a subject by different readers, with the reference or one with each test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._agreement_weights import Weights, weight_matrix
from clinval.stats._checks import Labels, Numbers, arm_indicator, check_same_length
from clinval.stats._labels import MISSING, factorize, group_codes

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray
    from clinval.stats._labels import Label

__all__ = ["ClusterPairs", "EquivalenceIndex", "index_of", "read_pairs"]


@dataclass(frozen=True, slots=True)
class ClusterPairs:
    """What each cluster has, shape (clusters, 2): first test-reference, then reference-reference.

    Attributes
    ----------
    pairs
        Pairs of reads by different readers.
    disagreement
        Sum over these pairs of 1 less the agreement weight.
    squares
        Sum over these pairs of its square.
    stratum
        Stratum of each cluster.
    subjects, readers
        Subjects and readers who have a read.
    """

    pairs: FloatArray
    disagreement: FloatArray
    squares: FloatArray
    stratum: IntArray
    subjects: int
    readers: int


@dataclass(frozen=True, slots=True)
class EquivalenceIndex:
    """The index, its error and both rates; ``reason`` says why one of them has no value."""

    estimate: float | None = None
    se: float | None = None
    crossed: float | None = None
    within: float | None = None
    reason: str = ""


def read_pairs(
    value: Labels,
    subject: Labels,
    reader: Labels,
    arm: Numbers,
    cluster: Labels | None,
    strata: Labels | None,
    weights: Weights,
    categories: Labels | None,
) -> ClusterPairs:
    """Return the pairs of reads that are not missing, by cluster.

    Raises
    ------
    ValueError
        For lists of different length, a row without its labels, an arm other than 0 and 1, a
        value outside the categories, unknown weights, two reads of a subject by a reader with
        one arm, or a subject in two clusters or a cluster in two strata.
    """
    _, subjects = group_codes("subject", subject)
    _, readers = group_codes("reader", reader)
    labels, values = _values(value, categories)
    arms = arm_indicator(arm).astype(np.intp)
    _, clusters = (None, subjects) if cluster is None else group_codes("cluster", cluster)
    stratum = np.zeros(len(subjects), np.intp)
    if strata is not None:
        _, stratum = group_codes("strata", strata)
    check_same_length(
        value=values, subject=subjects, reader=readers, arm=arms, cluster=clusters, strata=stratum
    )
    matrix = weight_matrix(weights, labels)
    read = values != MISSING
    subjects, readers, values, arms, clusters, stratum = (
        column[read] for column in (subjects, readers, values, arms, clusters, stratum)
    )
    used, subjects = np.unique(subjects, return_inverse=True)
    who, readers = np.unique(readers, return_inverse=True)
    cells = np.full((2, len(used), len(who)), MISSING, dtype=np.intp)
    if len(np.unique((arms * len(used) + subjects) * len(who) + readers)) < len(values):
        raise ValueError("a reader has two reads of a subject with one arm; replicates are no pair")
    cells[arms, subjects, readers] = values
    of_subject = _constant("a subject lies in two clusters", subjects, clusters)
    names, place = np.unique(of_subject, return_inverse=True)
    of_cluster = _constant("a cluster lies in two strata", clusters, stratum)
    sums = np.zeros((3, len(names), 2))
    for kind, per_subject in enumerate(_sums(cells, len(labels), 1 - matrix)):
        np.add.at(sums[kind], place, per_subject)
    return ClusterPairs(
        pairs=sums[0],
        disagreement=sums[1],
        squares=sums[2],
        stratum=of_cluster[names] if len(names) else of_cluster,
        subjects=len(used),
        readers=len(who),
    )


def index_of(of: ClusterPairs) -> EquivalenceIndex:
    """Return the excess disagreement of pairs with the test, with its error over clusters."""
    pairs, clusters = of.pairs.sum(axis=0), len(of.pairs)
    if pairs.min() == 0:
        return EquivalenceIndex(reason="no pair of reads of one of both kinds")
    rates = of.disagreement.sum(axis=0) / pairs
    influence = (of.disagreement - rates * of.pairs) / pairs
    u = influence[:, 0] - influence[:, 1]
    crossed, within = rates.tolist()
    if clusters < 2:
        return EquivalenceIndex(crossed - within, None, crossed, within, "fewer than two clusters")
    se = math.sqrt(clusters / (clusters - 1) * float(u @ u))
    return EquivalenceIndex(crossed - within, se, crossed, within)


def _values(value: Labels, categories: Labels | None) -> tuple[tuple[Label, ...], IntArray]:
    labels, codes = factorize("value", value)
    if categories is None:
        return labels, codes
    declared, order = factorize("categories", categories)
    if (order == MISSING).any() or len(declared) != len(order):
        raise ValueError("categories holds a label twice or a missing one")
    place = {declared[code]: rank for rank, code in enumerate(order.tolist())}
    unknown = [label for label in labels if label not in place]
    if unknown:
        raise ValueError(f"value holds {unknown[0]}, which is not among the categories")
    recode = np.array([*(place[label] for label in labels), MISSING], dtype=np.intp)
    return tuple(declared[code] for code in order.tolist()), recode[codes]


def _constant(problem: str, groups: IntArray, values: IntArray) -> IntArray:
    """Return the one value of each group, an array by group code (0 where a code is not used)."""
    constant = np.zeros(int(groups.max(initial=-1)) + 1, dtype=np.intp)
    constant[groups] = values
    if (constant[groups] != values).any():
        raise ValueError(problem)
    return constant


def _sums(cells: IntArray, q: int, distance: FloatArray) -> list[FloatArray]:
    """Return pairs, disagreement and its square of each subject, shape (subjects, 2) each."""
    reference, test = cells  # arm 0, arm 1
    unit = np.vstack([np.eye(q), np.zeros(q)])  # the code -1 of a missing read picks the last row
    by_test, by_reference = unit[test].sum(axis=1), unit[reference].sum(axis=1)
    tests, references = by_test.sum(axis=1), by_reference.sum(axis=1)
    both = (test != MISSING) & (reference != MISSING)
    pairs = np.stack(
        [tests * references - both.sum(axis=1), references * (references - 1) / 2], axis=1
    )
    sums = [pairs]
    for power in (1, 2):
        apart = distance**power
        own = np.where(both, apart[test, reference], 0.0).sum(axis=1)
        crossed = np.einsum("sk,kl,sl->s", by_test, apart, by_reference) - own
        within = np.einsum("sk,kl,sl->s", by_reference, apart, by_reference) / 2
        sums.append(np.stack([crossed, within], axis=1))
    return sums
