"""Reader studies of two modalities from each reader's own difference, by all pairs of cases.

No mean square and no matrix of covariances is formed: readers are a sample of differences, and
what their cases have in common is what the variance of their sum has beyond their own variances.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clinval.stats.second_engine._answer import (
    NO_RESULT,
    TOO_MANY_SUBJECTS,
    Answer,
    without_limits,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, Labels, Numbers

__all__ = ["differences_of_readers"]

_MOST_PAIRS = 40_000_000  # of a diseased and a non-diseased case, over all readers and modalities
_ROUNDING = 1e-24  # a variance that is nothing but the rounding of equal numbers
_EQUAL = 1e-12  # sums that differ by no more, as a share, differ by rounding
_NOT_COMPARED = "a reader has no estimate in one of the modalities"
_NO_VARIANCE = "the differences have no variance"


class _Influence(NamedTuple):
    """Estimates by modality and reader, and what each case does to them (last axis)."""

    theta: FloatArray
    parts: list[tuple[FloatArray, float]]
    """Values by modality, reader and case, and what their sum of squares is multiplied by."""


def differences_of_readers(
    score: Numbers,
    truth: Numbers,
    reader: Labels,
    modality: Labels,
    case: Labels,
    *,
    level: float,
    metric: str = "auc",
    covariance: str = "delong",
    random: str = "readers_cases",
    threshold: float | None = None,
    negative_variance: str = "report",
    **others: object,
) -> Answer:
    """Recompute the mean difference and its limits, of readers, cases, or both as a sample."""
    known = ~np.isnan(np.array(score, dtype=float))
    columns = [np.asarray(column)[known] for column in (score, truth, reader, modality, case)]
    values, ill = columns[0].astype(float), columns[1].astype(int) == 1
    (readers, r), (arms, m), (cases, k) = (
        np.unique(column, return_inverse=True) for column in columns[2:]
    )
    named = (others.get("test"), others.get("reference"))
    ways = metric in {"auc", "sensitivity", "specificity"} and covariance in {"delong", "jackknife"}
    nested = len(set(zip(r.tolist(), m.tolist(), strict=True))) == len(readers)
    if not ways or len(arms) > 2 or negative_variance != "report" or (nested and len(arms) > 1):
        return without_limits(NO_RESULT, len(cases))
    if len(arms) < 2:
        return without_limits(_NOT_COMPARED, len(cases))
    table = np.full((2, len(readers), len(cases)), np.nan)
    table[m, r, k] = values
    if named[0] is not None and str(named[0]) == str(arms[0]):
        table = table[::-1]
    diseased = np.zeros(len(cases), dtype=bool)
    diseased[k] = ill
    if 2 * len(readers) * int(diseased.sum()) * int((~diseased).sum()) > _MOST_PAIRS:
        return without_limits(TOO_MANY_SUBJECTS, len(cases))
    found = _influence(table, diseased, metric, float(threshold or 0.0), covariance)
    if np.isnan(found.theta).any():
        return without_limits(_NOT_COMPARED, len(cases))
    difference = found.theta[1] - found.theta[0]
    estimate = float(difference.mean())
    variance, df = _variance(found, table, difference, random)
    if not variance > _ROUNDING:
        return without_limits(_NO_VARIANCE, len(cases), estimate=estimate)
    half = _quantile(level, df) * math.sqrt(variance)
    return Answer(estimate=estimate, low=estimate - half, high=estimate + half, n=len(cases))


def _influence(
    table: FloatArray, diseased: NDArray[np.bool_], metric: str, threshold: float, covariance: str
) -> _Influence:
    """Return estimates, and placements (DeLong) or estimates without each case (jackknife)."""
    classes = [] if metric == "specificity" else [diseased]
    classes += [] if metric == "sensitivity" else [~diseased]
    theta = np.full(table.shape[:2], np.nan)
    share = np.full((len(classes), *table.shape), np.nan)  # of pairs, or calls, that are right
    for place in np.ndindex(theta.shape):
        scores = table[place]
        read = ~np.isnan(scores)
        if metric == "auc":
            x, y = scores[diseased & read], scores[~diseased & read]
            above = (x[:, None] > y).astype(float) + (x[:, None] == y) / 2
            share[(0, *place)][diseased & read] = above.mean(axis=1)
            share[(1, *place)][~diseased & read] = above.mean(axis=0)
            theta[place] = above.mean() if above.size else np.nan
        else:
            right = (scores >= threshold) if metric == "sensitivity" else (scores < threshold)
            own = classes[0] & read
            share[(0, *place)][own] = right[own]
            theta[place] = right[own].mean() if own.any() else np.nan
    parts: list[tuple[FloatArray, float]] = []
    for values, members in zip(share, classes, strict=True):
        n = int(members.sum())
        inside = values[..., members]
        if covariance == "delong":
            parts.append((inside, 1 / n / (n - 1) if n > 1 else math.nan))
            continue
        count = (~np.isnan(inside)).sum(axis=-1, keepdims=True)
        without = (count * theta[..., None] - inside) / (count - 1)
        parts.append((np.where(np.isnan(inside), theta[..., None], without), 1.0))
    if covariance == "jackknife":
        whole = np.concatenate([values for values, _ in parts], axis=-1)
        n = whole.shape[-1]
        parts = [(whole, (n - 1) / n if n else math.nan)]
    return _Influence(theta, parts)


def _variance(
    found: _Influence, table: FloatArray, difference: FloatArray, random: str
) -> tuple[float, float]:
    """Return the variance of the mean difference and its degrees of freedom."""
    j = len(difference)
    between = float(difference.var(ddof=1)) if j > 1 else math.nan
    if random == "readers":
        return between / j, j - 1.0
    read = ~np.isnan(table)
    one_reader = j > 1 and bool((read.any(axis=0).sum(axis=0) == 1).all())
    one_arm = bool((read.any(axis=1).sum(axis=0) == 1).all())
    own = _squares(found, apart=one_arm).sum()
    together = _squares(found, apart=one_arm, summed=True).sum()
    beyond = together - own
    nothing = one_reader or j == 1 or abs(beyond) <= _EQUAL * own
    shared = 0.0 if nothing else beyond / (j * (j - 1))
    if random == "cases":
        return float(own + j * (j - 1) * shared) / j**2, math.inf
    if math.isnan(shared):
        return math.nan, math.nan
    between = between if between > _ROUNDING else 0.0
    whole = between + j * max(shared, 0.0)
    df = (whole / between) ** 2 * (j - 1) if between else math.inf
    return whole / j, df


def _squares(found: _Influence, *, apart: bool, summed: bool = False) -> FloatArray:
    """Return the variance of each reader's difference, or of their sum.

    Arms that share no case are ``apart``: the variances of the two are added.
    """
    total = np.zeros(1)
    for values, factor in found.parts:
        arms = [values[0], values[1]] if apart else [values[1] - values[0]]
        for influence in arms:
            one = influence.sum(axis=0, keepdims=True) if summed else influence
            centered = one - one.mean(axis=-1, keepdims=True)
            total = total + factor * (centered**2).sum(axis=-1)
    return total


def _quantile(level: float, df: float) -> float:
    from scipy.stats import norm, t

    tail = (1 + level) / 2
    return float(norm.ppf(tail) if math.isinf(df) else t.ppf(tail, df))
