"""Coefficients of agreement as functions of totals over subjects, for many samples at once.

``totals`` gives what each subject adds, in columns; a coefficient takes sums of these rows,
one sample a row, and is NaN where it is 0/0.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._chance_corrected import (
    brennan_prediger_chance,
    cohen_chance,
    conger_chance,
    fleiss_chance,
    gwet_chance,
    is_certain,
    pair_agreement,
)
from clinval.stats._ratings import MISSING, subjects_of_codes
from clinval.stats.agreement._krippendorff import alpha_of, distances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.stats._checks import FloatArray, IntArray
    from clinval.stats._labels import Label

__all__ = [
    "all_pair_totals",
    "brennan_prediger_of",
    "cohen_of",
    "coincidence_totals",
    "conger_of",
    "fleiss_of",
    "gwet_of",
    "krippendorff_of",
    "light_of",
    "observed_of",
    "pair_totals",
    "rater_totals",
    "share_totals",
]


def pair_totals(pairs: IntArray, weights: FloatArray) -> FloatArray:
    """Return agreement, and 1 in the category of the first and of the second rater."""
    unit = np.eye(len(weights))
    return np.column_stack(
        [weights[pairs[:, 0], pairs[:, 1]], unit[pairs[:, 0]], unit[pairs[:, 1]]]
    )


def cohen_of(totals: FloatArray, weights: FloatArray) -> FloatArray:
    """Return Cohen's kappa of totals of pairs."""
    first, second = np.split(totals[:, 1:], 2, axis=1)
    n = first.sum(axis=1)
    chance = cohen_chance(first, second, weights) / np.maximum(n, 1) ** 2
    return _beyond_chance(_ratio(totals[:, 0], n), chance)


def all_pair_totals(codes: IntArray, weights: FloatArray) -> FloatArray:
    """Return the totals of pairs of each pair of raters, 0 where one has not rated the subject."""
    totals = [np.empty((len(codes), 0))]
    for pair in (codes[:, two] for two in itertools.combinations(range(codes.shape[1]), 2)):
        both = (pair != MISSING).all(axis=1, keepdims=True)
        totals.append(np.where(both, pair_totals(pair, weights), 0.0))
    return np.hstack(totals)


def light_of(totals: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the mean of Cohen's kappas of totals of all pairs of raters."""
    width = 2 * len(weights) + 1
    pairs = [totals[:, start : start + width] for start in range(0, totals.shape[1], width)]
    mean: FloatArray = np.mean([cohen_of(pair, weights) for pair in pairs], axis=0)
    return mean


def _agreeing(categories: tuple[Label, ...], codes: IntArray, weights: FloatArray) -> FloatArray:
    """Return each subject's agreement, and 1 where it is rated twice."""
    agreement, twice = pair_agreement(subjects_of_codes(categories, codes).counts, weights)
    return np.column_stack([agreement, twice])


def share_totals(categories: tuple[Label, ...], codes: IntArray, weights: FloatArray) -> FloatArray:
    """Return agreement, rated twice, 1, and the share of a subject's ratings by category."""
    counts = subjects_of_codes(categories, codes).counts
    shares = counts / counts.sum(axis=1, keepdims=True)
    return np.column_stack([_agreeing(categories, codes, weights), np.ones(len(codes)), shares])


def observed_of(totals: FloatArray) -> FloatArray:
    """Return the share of agreeing pairs, of totals that start with agreement and rated twice."""
    return _ratio(totals[:, 0], totals[:, 1])


def fleiss_of(totals: FloatArray, weights: FloatArray) -> FloatArray:
    """Return Fleiss' kappa of totals of shares."""
    return _beyond_chance(observed_of(totals), fleiss_chance(_shares(totals), weights))


def gwet_of(totals: FloatArray, weights: FloatArray) -> FloatArray:
    """Return AC1 or AC2 of totals of shares."""
    return _beyond_chance(observed_of(totals), gwet_chance(_shares(totals), weights))


def brennan_prediger_of(totals: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the Brennan-Prediger coefficient of totals of shares."""
    chance = np.full(len(totals), brennan_prediger_chance(weights))
    return _beyond_chance(observed_of(totals), chance)


def rater_totals(categories: tuple[Label, ...], codes: IntArray, weights: FloatArray) -> FloatArray:
    """Return agreement, rated twice, and 1 in the category of each rater's rating."""
    ratings = np.vstack([np.eye(len(categories)), np.zeros(len(categories))])[codes]
    each = ratings.reshape(len(codes), codes.shape[1] * len(categories))
    return np.column_stack([_agreeing(categories, codes, weights), each])


def conger_of(totals: FloatArray, weights: FloatArray) -> FloatArray:
    """Return Conger's kappa of totals of raters; one without a rating takes no part."""
    tables = totals[:, 2:].reshape(len(totals), -1, len(weights))
    rated = tables.sum(axis=-1, keepdims=True)
    shares = tables / np.where(rated > 0, rated, 1.0)
    return _beyond_chance(observed_of(totals), conger_chance(shares, weights))


def coincidence_totals(categories: tuple[Label, ...], codes: IntArray, metric: str) -> FloatArray:
    """Return each subject's coincidences by category, and what they disagree.

    The ordinal distances go by the ratings of a sample: for these all pairs of categories are
    kept, for others the sum of coincidences times distance.
    """
    counts = subjects_of_codes(categories, codes).counts
    counts = np.where(counts.sum(axis=1, keepdims=True) > 1, counts, 0.0)
    weighted = counts / np.maximum(counts.sum(axis=1, keepdims=True) - 1, 1)
    if metric == "ordinal":
        pairs = weighted[:, :, None] * counts[:, None, :]
        return np.column_stack([counts, pairs.reshape(len(codes), len(categories) ** 2)])
    delta = distances(metric, categories, counts)
    return np.column_stack([counts, (weighted * (counts @ delta)).sum(axis=1)])


def krippendorff_of(totals: FloatArray, metric: str, categories: Sequence[Label]) -> FloatArray:
    """Return alpha of totals of coincidences."""
    margin, disagreement = np.split(totals, [len(categories)], axis=1)
    delta = distances(metric, categories, margin)
    if metric == "ordinal":
        disagreement = disagreement * delta.reshape(len(totals), -1)
    return alpha_of(disagreement.sum(axis=1), margin, delta)


def _shares(totals: FloatArray) -> FloatArray:
    shares: FloatArray = totals[:, 3:] / totals[:, 2:3]
    return shares


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    none = whole <= 0
    return np.where(none, np.nan, part / np.where(none, 1.0, whole))


def _beyond_chance(observed: FloatArray, expected: FloatArray) -> FloatArray:
    room = np.where(is_certain(expected), 0.0, 1 - expected)
    return _ratio(observed - expected, room)
