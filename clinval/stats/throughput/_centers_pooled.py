"""Ratios of times at a change, of each center by itself and pooled over centers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from clinval.core.results import Estimate
from clinval.stats._checks import (
    FloatArray,
    Labels,
    Numbers,
    check_level,
    check_same_length,
    sample,
)
from clinval.stats._distributions import student_p
from clinval.stats._labels import group_codes
from clinval.stats._moments import ratio_of
from clinval.stats._pooling import two_stage
from clinval.stats.throughput._interrupted import InterruptedSeries, interrupted_series
from clinval.stats.throughput._parallel_trends import (
    DifferenceInDifferences,
    difference_in_differences,
)

__all__ = [
    "PooledSeries",
    "difference_in_differences_two_stage",
    "interrupted_series_two_stage",
]

Columns: TypeAlias = dict[str, FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledSeries(Estimate):
    """Ratio of geometric means at the change over centers that differ at random."""

    se: float | None = None
    df: float | None = None
    p_value: float | None = None
    prediction_low: float | None = None
    prediction_high: float | None = None
    tau2: float | None = None
    centers: tuple[str, ...]
    ratio_by_center: tuple[float | None, ...]
    ci_low_by_center: tuple[float | None, ...]
    ci_high_by_center: tuple[float | None, ...]


def interrupted_series_two_stage(
    duration: Numbers,
    day: Numbers,
    after: Numbers,
    center: Labels,
    *,
    case_mix: Labels | None = None,
    level: float = 0.95,
) -> PooledSeries:
    r"""Ratio of times after over before a change in each center, pooled over centers.

    Parameters
    ----------
    duration, day, after, case_mix
        As in :func:`interrupted_series`.
    center
        Center (list of labels): each with its own level, trend, case mix and change.
    level
        Two-sided level of the intervals.

    Returns
    -------
    PooledSeries
        ``estimate``, ``ci_low``, ``ci_high``, ``p_value``, ``prediction_low`` and
        ``prediction_high`` (of another center), ``se`` and ``tau2`` (log scale), ``df``, and
        the ratio and limits of each center, None where it has none. Centers without a ratio are
        not pooled; undefined with fewer than two others.

    Raises
    ------
    ValueError
        As :func:`interrupted_series`.

    Notes
    -----
    :func:`interrupted_series` in each center; REML between them, Knapp and Hartung's standard
    error, Student's quantile with one degree of freedom less than centers.

    References
    ----------
    .. [1] Hartung & Knapp 2001.
    .. [2] Gebski et al. 2012.

    Examples
    --------
    >>> day = [k // 2 for k in range(80)] * 3
    >>> center = ["A"] * 80 + ["B"] * 80 + ["C"] * 80
    >>> effect = {"A": 0.7, "B": 0.75, "C": 0.65}
    >>> time = [20 * (effect[c] if d >= 20 else 1) * (1 + 0.03 * (k % 3))
    ...         for k, (d, c) in enumerate(zip(day, center))]
    >>> after = [int(d >= 20) for d in day]
    >>> round(interrupted_series_two_stage(time, day, after, center).estimate, 2)
    0.7
    """
    check_level(level)

    def alone(here: NDArray[np.bool_], columns: Columns) -> InterruptedSeries:
        mix = _labels_of(case_mix, here)
        return interrupted_series(**columns, case_mix=mix, slope=False, level=level)

    columns = {"duration": duration, "day": day, "after": after}
    return _pooled("time_trend.interrupted_series_two_stage", alone, columns, center, level)


def difference_in_differences_two_stage(
    duration: Numbers,
    day: Numbers,
    after: Numbers,
    changed: Numbers,
    center: Labels,
    *,
    case_mix: Labels | None = None,
    level: float = 0.95,
) -> PooledSeries:
    """Ratio of times at a change over that of rooms without it, in each center, then pooled.

    Parameters
    ----------
    duration, day, after, changed, case_mix
        As in :func:`difference_in_differences`.
    center
        Center (list of labels): each with its own level, case mix and change.
    level
        Two-sided level of the intervals.

    Returns
    -------
    PooledSeries
        As :func:`interrupted_series_two_stage`.

    Raises
    ------
    ValueError
        As :func:`difference_in_differences`.

    Notes
    -----
    :func:`difference_in_differences` in each center; REML between them, Knapp and Hartung's
    standard error, Student's quantile with one degree of freedom less than centers.

    References
    ----------
    .. [1] Hartung & Knapp 2001.
    .. [2] Dimick & Ryan 2014.

    Examples
    --------
    >>> day, room = [k // 4 for k in range(160)] * 2, [0, 1] * 160
    >>> center = ["A"] * 160 + ["B"] * 160
    >>> time = [20 * ((0.8 if c == "A" else 0.9) if d >= 20 and r else 1) * (1 + 0.02 * (k % 3))
    ...         for k, (d, r, c) in enumerate(zip(day, room, center))]
    >>> after = [int(d >= 20) for d in day]
    >>> result = difference_in_differences_two_stage(time, day, after, room, center)
    >>> [round(ratio, 2) for ratio in result.ratio_by_center]
    [0.8, 0.9]
    """
    check_level(level)

    def alone(here: NDArray[np.bool_], columns: Columns) -> DifferenceInDifferences:
        return difference_in_differences(
            **columns, case_mix=_labels_of(case_mix, here), level=level
        )

    columns = {"duration": duration, "day": day, "after": after, "changed": changed}
    return _pooled("time_trend.difference_in_differences_two_stage", alone, columns, center, level)


def _labels_of(labels: Labels | None, here: NDArray[np.bool_]) -> Labels | None:
    """Return the labels of a mask."""
    if labels is None:
        return None
    if len(labels) != len(here):
        raise ValueError(f"lengths differ: center {len(here)}, case_mix {len(labels)}")
    return [label for label, mine in zip(labels, here, strict=True) if mine]


def _pooled(
    method: str,
    alone: Callable[[NDArray[np.bool_], Columns], InterruptedSeries | DifferenceInDifferences],
    columns: dict[str, Numbers],
    center: Labels,
    level: float,
) -> PooledSeries:
    """Return the ratios of the centers, each computed alone, and their mean."""
    arrays = {name: sample(name, column) for name, column in columns.items()}
    labels, code = group_codes("center", center)
    check_same_length(**arrays, center=code)
    own = []
    for number in range(len(labels)):
        here = code == number
        own.append(alone(here, {name: array[here] for name, array in arrays.items()}))
    series = partial(
        PooledSeries,
        method=method,
        level=level,
        n=len(code),
        centers=tuple(map(str, labels)),
        ratio_by_center=tuple(one.estimate for one in own),
        ci_low_by_center=tuple(one.ci_low for one in own),
        ci_high_by_center=tuple(one.ci_high for one in own),
    )
    found = [(one.estimate, one.se) for one in own if one.estimate and one.se]
    if len(found) < 2:
        return series(estimate=None, undefined=True, reason="fewer than two centers")
    ratios, errors = np.array(found).T
    pooled = two_stage(np.log(ratios), errors**2, level)
    p_value = None
    if pooled.se > 0:
        p_value = student_p(pooled.estimate / pooled.se, pooled.df, "two-sided")
    return series(
        estimate=ratio_of(pooled.estimate),
        ci_low=ratio_of(pooled.interval[0]),
        ci_high=ratio_of(pooled.interval[1]),
        se=pooled.se,
        df=pooled.df,
        p_value=p_value,
        prediction_low=ratio_of(pooled.prediction[0]),
        prediction_high=ratio_of(pooled.prediction[1]),
        tau2=pooled.tau2,
    )
