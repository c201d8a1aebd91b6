"""From the arguments of a call to the estimates of all readers and modalities."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.stats._checks import check_option, finite
from clinval.stats.reader_study._covariance import (
    Estimates,
    clustered,
    delong,
    jackknife_of,
    unbiased,
    unknown,
    without_each_case,
)
from clinval.stats.reader_study._grid import Grid
from clinval.stats.reader_study._partial import partial_areas
from clinval.stats.reader_study._placements import Placed, binary, placements
from clinval.stats.reader_study._reads import Reads, place_of

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = [
    "COVARIANCES",
    "METRICS",
    "Asked",
    "asked",
    "estimated_on",
    "left_out_of",
    "pair_of",
    "plain_array",
]

METRICS = ("auc", "partial_auc", "sensitivity", "specificity")
COVARIANCES = {
    "delong": ("auc", "sensitivity", "specificity"),
    "jackknife": METRICS,
    "unbiased": ("auc",),
    "clustered": ("auc", "sensitivity", "specificity"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which estimate is asked for, with which covariance."""

    metric: str
    covariance: str
    threshold: float = 0.0
    fpr_max: float = 1.0

    @property
    def name(self) -> str:
        """How attributes call the metric: a partial area is an area."""
        return "auc" if self.metric == "partial_auc" else self.metric


def asked(
    metric: str, covariance: str, threshold: float | None = None, fpr_max: float | None = None
) -> Asked:
    """Check which estimate is asked for, with which covariance.

    Raises
    ------
    ValueError
        For an unknown word, a sensitivity or specificity without its threshold, a partial area
        without the range of its false positive rates, or a covariance that the metric lacks.
    """
    check_option("metric", metric, METRICS)
    check_option("covariance", covariance, tuple(COVARIANCES))
    ask = Asked(metric, covariance)
    if metric in {"sensitivity", "specificity"}:
        if threshold is None:
            raise ValueError(f"metric {metric!r} needs a threshold: positive is score >= threshold")
        ask = replace(ask, threshold=finite("threshold", threshold))
    if metric == "partial_auc":
        if fpr_max is None:
            raise ValueError("metric 'partial_auc' needs fpr_max, its largest false positive rate")
        ask = replace(ask, fpr_max=finite("fpr_max", fpr_max))
        if not 0 < ask.fpr_max <= 1:
            raise ValueError(f"fpr_max must lie above 0 and not above 1, not {fpr_max!r}")
    return ask


def estimated_on(grid: Grid, ask: Asked, *, random: str = "cases") -> Estimates:
    """Return the estimates of all modalities and readers with their covariance.

    Raises
    ------
    ValueError
        For a covariance that the metric or the design does not have, unless cases are fixed and
        no covariance is needed (then it is NaN), and for clusters that are not given.
    """
    problem = _problem(grid, ask)
    if problem and random != "readers":
        raise ValueError(problem)
    if ask.metric == "partial_auc" or ask.covariance == "jackknife":
        theta, left_out = left_out_of(grid, ask)
        return unknown(theta) if problem else jackknife_of(theta, left_out)
    placed = _placed(grid, ask)
    if problem:
        return unknown(placed.estimate)
    if ask.covariance == "unbiased":
        return unbiased(grid.diseased, grid.nondiseased)
    if ask.covariance == "clustered" and grid.clusters is not None:
        return clustered(placed, grid.clusters)
    return delong(placed)


def left_out_of(grid: Grid, ask: Asked) -> tuple[FloatArray, FloatArray]:
    """Return the estimates, and those without each case that has a part in the metric.

    The shapes are (..., modalities, readers) and (..., modalities, readers, cases left out), the
    diseased cases first.
    """
    if ask.metric == "partial_auc":
        return partial_areas(grid.diseased, grid.nondiseased, ask.fpr_max)
    placed = _placed(grid, ask)
    return placed.estimate, without_each_case(placed)


def _placed(grid: Grid, ask: Asked) -> Placed:
    if ask.metric == "auc":
        return placements(grid.diseased, grid.nondiseased)
    return binary(grid.diseased, grid.nondiseased, ask.threshold, ask.metric)


def _problem(grid: Grid, ask: Asked) -> str:
    """Return why the covariance cannot be had, in words for the caller."""
    if ask.metric not in COVARIANCES[ask.covariance]:
        fitting = [name for name, metrics in COVARIANCES.items() if ask.metric in metrics]
        return (
            f"covariance {ask.covariance!r} does not exist for metric {ask.metric!r}; "
            f"use {' or '.join(fitting)}"
        )
    if ask.covariance == "delong" and not grid.crossed:
        return (
            "covariance 'delong' needs every case to be read by every reader in every modality; "
            "use jackknife or unbiased"
        )
    if ask.covariance == "clustered" and grid.clusters is None:
        return "covariance 'clustered' needs the cluster of each row"
    return ""


def pair_of(reads: Reads, test: object, reference: object) -> tuple[int, int]:
    """Return the places of test and reference among the modalities: last and first by default."""
    labels = reads.modalities
    last = len(labels) - 1 if test is None else place_of("test", test, labels)
    first = 0 if reference is None else place_of("reference", reference, labels)
    if last == first and len(labels) > 1:
        raise ValueError(f"test and reference are both {labels[first]!r}")
    return last, first


def plain_array(values: FloatArray) -> Any:
    """Return an array as nested tuples of numbers, a single number as it is, NaN as None."""
    array = np.asarray(values, dtype=np.float64)
    return _plain(array.tolist(), all_finite=bool(np.isfinite(array).all()))


def _plain(value: Any, *, all_finite: bool) -> Any:
    if not isinstance(value, list):
        return value if all_finite or math.isfinite(value) else None
    if all_finite and value and not isinstance(value[0], list):
        return tuple(value)
    return tuple(_plain(item, all_finite=all_finite) for item in value)
