"""What is recorded of pairs of readers: counts of their ratings, limits of their differences."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from clinval.endpoints.agreement_panel import LARGEST_MATRIX
from clinval.endpoints.coefficients import counts_of_pairs
from clinval.endpoints.rating_matrix import Ratings

if TYPE_CHECKING:
    from clinval.endpoints.reader_agreement import Spec
    from clinval.endpoints.recorder import Recorder

__all__ = ["PAIRS_IN_FULL", "record_differences", "record_matrix"]

PAIRS_IN_FULL = 10
"""Pairs of readers up to which each is shown in full: by center, without each center, counts."""


def record_matrix(ratings: Ratings, group: Mapping[str, str], recorder: Recorder) -> None:
    """Record how often each pair of ratings was given, unless there are too many categories."""
    if len(ratings.labels) > LARGEST_MATRIX:
        return
    table = counts_of_pairs(ratings)
    total = int(table.sum())
    for row, column in itertools.product(range(len(ratings.labels)), repeat=2):
        recorder.add(
            f"count.{ratings.labels[row]}.{ratings.labels[column]}",
            int(table[row, column]),
            group=group,
            unit="images",
            n=total,
        )


def record_differences(ratings: Ratings, readers: str, endpoint: Spec, recorder: Recorder) -> None:
    """Record the limits of agreement of each pair, or of all readers with their mean."""
    pairs = list(itertools.combinations(range(len(ratings.raters)), 2))
    if len(pairs) <= PAIRS_IN_FULL:
        for pair in pairs:
            both = ratings.among(pair)
            name = "+".join(both.raters) if endpoint.between == "readers" else readers
            _record_limits(both, name, endpoint, recorder)
    if len(pairs) > 1 and endpoint.between == "readers":
        _record_with_mean(ratings, readers, endpoint, recorder)


def _record_with_mean(ratings: Ratings, readers: str, endpoint: Spec, recorder: Recorder) -> None:
    """Record how far a reader lies from the mean of all, on the cases that all rated."""
    from clinval.stats.agreement import limits_of_agreement

    complete = ratings.values[ratings.complete]
    result = limits_of_agreement.with_mean(complete, level=endpoint.level)
    names = ("loa_low", "loa_low_ci_low", "loa_low_ci_high",
             "loa_high", "loa_high_ci_low", "loa_high_ci_high")  # fmt: skip
    group = {"readers": readers, "analysis": "with_mean"}
    recorder.result(result, dict.fromkeys(names, "points"), group=group, n=len(complete))


def _record_limits(ratings: Ratings, name: str, endpoint: Spec, recorder: Recorder) -> None:
    """Record the limits of agreement of two readers, with the points of the figure."""
    from clinval.stats.agreement import limits_of_agreement

    both = ratings.values[ratings.complete]
    pair = {"readers": name, "analysis": "limits"}
    if len(both) < 2:
        recorder.add(
            "estimate", None, group=pair, reason="fewer than two images rated by both readers"
        )
        return
    result = limits_of_agreement.bland_altman(both[:, 0], both[:, 1], level=endpoint.level)
    names = (
        "estimate", "ci_low", "ci_high", "sd",
        "loa_low", "loa_low_ci_low", "loa_low_ci_high",
        "loa_high", "loa_high_ci_low", "loa_high_ci_high",
    )  # fmt: skip
    recorder.result(result, dict.fromkeys(names, "points"), group=pair, n=len(both))
    columns = {"mean": both.mean(axis=1), "difference": both[:, 0] - both[:, 1]}
    recorder.points(f"limits.{name}", columns)
