"""The efficient frontier of strategies in the plane of effect and cost."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, Labels, Numbers, check_same_length, sample
from clinval.stats._labels import group_codes

__all__ = ["Frontier", "frontier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier(Result):
    """Of each strategy: mean cost and effect, status, and the ratio to the next cheaper one."""

    strategies: tuple[str, ...]
    mean_cost_by_strategy: tuple[float, ...]
    mean_effect_by_strategy: tuple[float, ...]
    status_by_strategy: tuple[str, ...]
    icer_by_strategy: tuple[float | None, ...]


def frontier(cost: Numbers, effect: Numbers, strategy: Labels) -> Frontier:
    """Efficient frontier: which strategies are dominated, and what a unit more costs on it.

    Parameters
    ----------
    cost, effect, strategy
        Long columns of equal length: money, units, label.

    Returns
    -------
    Frontier
        By strategy in the order of the labels: ``mean_cost_by_strategy``,
        ``mean_effect_by_strategy``, ``status_by_strategy`` ("non_dominated", "dominated",
        "extended_dominated") and ``icer_by_strategy``, None for the cheapest non-dominated
        strategy and for the dominated ones.

    Raises
    ------
    ValueError
        For columns of different length, no row or a missing value.

    Notes
    -----
    Dominated: another costs no more and yields no less. Extended dominated: on or above the
    line between two others. Of strategies that are equal in both the first label stays.

    References
    ----------
    .. [1] Drummond et al. 2015.

    Examples
    --------
    >>> result = frontier([0, 10, 30, 12], [0, 1, 2, 1], ["none", "mid", "high", "poor"])
    >>> dict(zip(result.strategies, result.icer_by_strategy, strict=True))
    {'high': 20.0, 'mid': 10.0, 'none': None, 'poor': None}
    """
    costs, effects = sample("cost", cost), sample("effect", effect)
    strategies, code = group_codes("strategy", strategy)
    check_same_length(cost=costs, effect=effects, strategy=code)
    if len(code) == 0:
        raise ValueError("cost is empty")
    times = np.bincount(code)
    mean_cost, mean_effect = np.bincount(code, costs) / times, np.bincount(code, effects) / times
    left = _not_dominated(mean_cost, mean_effect)
    hull = _lower_hull(left, mean_cost, mean_effect)
    status = ["dominated"] * len(strategies)
    ratio: list[float | None] = [None] * len(strategies)
    for place in left:
        status[place] = "non_dominated" if place in hull else "extended_dominated"
    for cheaper, dearer in itertools.pairwise(hull):
        ratio[dearer] = _slope(cheaper, dearer, mean_cost, mean_effect)
    return Frontier(
        method="cost_effectiveness.frontier",
        strategies=tuple(map(str, strategies)),
        mean_cost_by_strategy=tuple(mean_cost.tolist()),
        mean_effect_by_strategy=tuple(mean_effect.tolist()),
        status_by_strategy=tuple(status),
        icer_by_strategy=tuple(ratio),
    )


def _not_dominated(cost: FloatArray, effect: FloatArray) -> list[int]:
    """Return the strategies that yield more than every cheaper one, from the cheapest up."""
    left: list[int] = []
    for place in np.lexsort((-effect, cost)).tolist():
        if not left or effect[place] > effect[left[-1]]:
            left.append(place)
    return left


def _lower_hull(places: list[int], cost: FloatArray, effect: FloatArray) -> list[int]:
    hull: list[int] = []
    for place in places:
        while len(hull) > 1 and _slope(hull[-2], hull[-1], cost, effect) >= _slope(
            hull[-1], place, cost, effect
        ):
            hull.pop()
        hull.append(place)
    return hull


def _slope(cheaper: int, dearer: int, cost: FloatArray, effect: FloatArray) -> float:
    return float((cost[dearer] - cost[cheaper]) / (effect[dearer] - effect[cheaper]))
