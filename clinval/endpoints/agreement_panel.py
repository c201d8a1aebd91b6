"""What stands beside a coefficient of agreement, so that a paradox of kappa shows.

Raw agreement with an interval, the coefficients that do not depend on how frequent categories are,
and agreement and prevalence of each category.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clinval.endpoints.coefficients import Coefficient, counts_of_pairs
from clinval.endpoints.rating_matrix import Ratings
from clinval.endpoints.recorder import Recorder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LARGEST_MATRIX", "beside", "record_panel", "record_raw"]

LARGEST_MATRIX = 15
"""Categories; beyond, a table of counts is no picture any more."""

_LIMITS = ("estimate", "ci_low", "ci_high")


def beside(call: str, *, two: bool, binary: bool) -> tuple[str, ...]:
    """Return the coefficients that are shown beside a declared one: kappa, AC1, PABAK.

    Parameters
    ----------
    call
        The declared coefficient, which is not among them.
    two
        Whether there are two raters.
    binary
        Whether there are two categories.
    """
    kappa = "kappa.cohen" if two else "kappa.fleiss"
    adjusted = "kappa.pabak" if two and binary else "kappa.brennan_prediger"
    own = {"kappa.cohen_clustered": "kappa.cohen"}.get(call, call)
    return tuple(name for name in (kappa, "kappa.gwet", adjusted) if name != own)


def record_panel(
    ratings: Ratings, coefficient: Coefficient, group: Mapping[str, str], recorder: Recorder
) -> None:
    """Record the coefficients beside the declared one, and agreement by category."""
    two, binary = len(ratings.raters) == 2, len(ratings.levels) == 2
    n = int((ratings.rated >= 2).sum())
    for call in beside(coefficient.call, two=two, binary=binary):
        other = Coefficient(call=call, weights=coefficient.weights, level=coefficient.level)
        result = other.fit(ratings)
        recorder.result(
            result, dict.fromkeys(_LIMITS, ""), group={**group, "coefficient": call}, n=n
        )
    if len(ratings.levels) <= LARGEST_MATRIX:
        _record_categories(ratings, group, recorder)


def _record_categories(ratings: Ratings, group: Mapping[str, str], recorder: Recorder) -> None:
    """Record how far raters agree on each category, and its share of all ratings."""
    from clinval.stats.agreement import agreement

    counts = _counts(ratings)
    several = counts[counts.sum(axis=1) >= 2]
    size = several.sum(axis=1, keepdims=True)
    # pairs of ratings of a case: both in the category, one of them, neither
    both = (several * (several - 1) // 2).sum(axis=0)
    one = (several * (size - several)).sum(axis=0)
    rest = size - several
    neither = (rest * (rest - 1) // 2).sum(axis=0)
    ratings_in = counts.sum(axis=0)
    total = int(ratings_in.sum())
    for place, label in enumerate(ratings.labels):
        here = {**group, "category": label}
        pairs = (int(both[place]), int(one[place]), 0, int(neither[place]))
        result: Any = agreement.two_by_two(*pairs)
        recorder.add(
            "specific_agreement",
            result.positive_agreement,
            group=here,
            unit="proportion",
            n=len(several),
            method=result.method,
            reason="no pair of ratings has the category",
        )
        share = int(ratings_in[place]) / total if total else None
        recorder.add("share", share, group=here, unit="proportion", n=total, reason="no rating")
    if len(ratings.raters) == 2 and len(ratings.levels) == 2:
        (n00, n01), (n10, n11) = counts_of_pairs(ratings).tolist()
        result = agreement.two_by_two(n11, n10, n01, n00)
        indices = {"prevalence_index": "", "bias_index": ""}
        recorder.result(result, indices, group={**group, "analysis": "panel"}, n=len(several))


def _counts(ratings: Ratings) -> NDArray[np.int64]:
    """Return how many raters put each case (rows) into each category (columns)."""
    import numpy as np

    found = [(ratings.values == level).sum(axis=1) for level in ratings.levels]
    return np.stack(found, axis=1) if found else np.zeros((len(ratings.values), 0), dtype=np.int64)


def record_raw(
    ratings: Ratings, coefficient: Coefficient, group: Mapping[str, str], recorder: Recorder
) -> None:
    """Record the raw agreement with its interval; a binomial one only for independent cases."""
    import numpy as np

    from clinval import stats

    complete = ratings.of(ratings.complete)
    unweighted = coefficient.weights == "unweighted"
    if len(ratings.raters) == 2 and unweighted and len(complete.values):
        same = (complete.values[:, 0] == complete.values[:, 1]).astype(int)
        if complete.clustered:
            _, patient = np.unique(complete.patient, return_inverse=True)
            x, n = np.bincount(patient, same).astype(int), np.bincount(patient)
            call, arguments = "clustered_proportion.ratio_estimator", (x.tolist(), n.tolist())
        else:
            call, arguments = "proportion.clopper_pearson", (int(same.sum()), len(same))
        result: Any = stats.find(call)(*arguments, level=coefficient.level)
        count = len(same)
    else:
        raw = Coefficient(
            call="agreement.observed", weights=coefficient.weights, level=coefficient.level
        )
        result, count = raw.fit(ratings), int((ratings.rated >= 2).sum())
    place = {**group, "analysis": "raw"}
    recorder.result(result, dict.fromkeys(_LIMITS, "proportion"), group=place, n=count)
