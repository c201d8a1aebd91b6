"""Draws of cost and effect by strategy, and which strategy is best in each of them.

Net benefit is a straight line in the willingness to pay. So in each draw a strategy is the best
one on an interval of thresholds, and its ends say all: nothing grows with draws x thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import check_same_length, sample
from clinval.stats._labels import group_codes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.stats._checks import FloatArray, IntArray, Labels, Numbers

__all__ = [
    "BestStrategies",
    "StrategyDraws",
    "best_strategies",
    "expected_loss",
    "parameters_of",
    "strategy_draws",
    "thresholds_of",
]

_CHUNK = 256  # draws that are looked at threshold by threshold, at once
_ROUNDING = 1e-12  # of the size of the net benefits: what is left of a loss of 0


@dataclass(frozen=True, slots=True)
class StrategyDraws:
    """Cost and effect, both of shape (draws, strategies)."""

    strategies: tuple[str, ...]
    cost: FloatArray
    effect: FloatArray


@dataclass(frozen=True, slots=True)
class BestStrategies:
    """Of each threshold: how often each strategy is best, and the mean of the highest benefit."""

    probability: FloatArray
    mean_highest: FloatArray


def strategy_draws(cost: Numbers, effect: Numbers, strategy: Labels, draw: Labels) -> StrategyDraws:
    """Return the long columns as tables of draws by strategies.

    Raises
    ------
    ValueError
        When the columns differ in length, hold nothing or a missing value, or a draw lacks a
        strategy or has one twice.
    """
    costs, effects = sample("cost", cost), sample("effect", effect)
    strategies, strategy_code = group_codes("strategy", strategy)
    draws, draw_code = group_codes("draw", draw)
    check_same_length(cost=costs, effect=effects, strategy=strategy_code, draw=draw_code)
    shape = (len(draws), len(strategies))
    cell = draw_code * shape[1] + strategy_code
    times = np.bincount(cell, minlength=shape[0] * shape[1])
    if len(cell) == 0:
        raise ValueError("cost is empty")
    if (times != 1).any():
        at, which = divmod(int(np.flatnonzero(times != 1)[0]), shape[1])
        raise ValueError(
            f"draw {_word(draws[at])} has strategy {_word(strategies[which])} "
            f"{times[at * shape[1] + which]} times; every draw has every strategy once"
        )
    order = np.argsort(cell)
    return StrategyDraws(
        strategies=tuple(map(_word, strategies)),
        cost=costs[order].reshape(shape),
        effect=effects[order].reshape(shape),
    )


def parameters_of(parameters: Sequence[Numbers], draw: Labels) -> FloatArray:
    """Return the parameters, shape (draws, parameters), in the order of the draws."""
    labels, code = group_codes("draw", draw)
    columns = [sample("parameters", column) for column in parameters]
    if not columns:
        raise ValueError("parameters is empty")
    known = np.empty((len(labels), len(columns)))
    for values, column in zip(columns, known.T, strict=True):
        check_same_length(parameters=values, draw=code)
        column[code] = values
        if (column[code] != values).any():
            raise ValueError("parameters must be the same in all rows of a draw")
    return known


def thresholds_of(willingness_to_pay: Numbers) -> FloatArray:
    """Return the thresholds, none below 0."""
    thresholds = sample("willingness_to_pay", willingness_to_pay)
    if len(thresholds) == 0 or (thresholds < 0).any():
        raise ValueError("willingness_to_pay must hold thresholds of 0 or more")
    return thresholds


def best_strategies(draws: StrategyDraws, thresholds: FloatArray) -> BestStrategies:
    """Return how often each strategy has the highest net benefit; a tie is shared equally."""
    place = np.argsort(thresholds)
    at = thresholds[place]
    first, beyond = _winning_intervals(draws, at)
    # a tie, or rounding where three lines nearly meet: these draws are looked at one by one
    doubtful = (beyond - first).sum(axis=1) != len(at)
    sure = ~doubtful
    strategies = len(draws.strategies)
    wins = np.empty((strategies, len(at)))
    effect, cost = np.zeros(len(at)), np.zeros(len(at))
    for code in range(strategies):
        ends = first[sure, code], beyond[sure, code], len(at)
        wins[code] = _running_sum(*ends)
        effect += _running_sum(*ends, draws.effect[sure, code])
        cost += _running_sum(*ends, draws.cost[sure, code])
    highest = at * effect - cost
    left = np.flatnonzero(doubtful)
    for rows in np.split(left, range(_CHUNK, len(left), _CHUNK)):
        benefit = draws.effect[rows, :, None] * at - draws.cost[rows, :, None]
        top = benefit.max(axis=1, initial=-np.inf, keepdims=True)
        best = benefit == top
        wins += (best / best.sum(axis=1, keepdims=True)).sum(axis=0)
        highest += top.sum(axis=(0, 1))
    n = len(draws.cost)
    probability, mean_highest = np.empty_like(wins), np.empty_like(highest)
    probability[:, place], mean_highest[place] = wins / n, highest / n
    return BestStrategies(probability=probability, mean_highest=mean_highest)


def expected_loss(draws: StrategyDraws, thresholds: FloatArray) -> tuple[FloatArray, list[str]]:
    """Return, of each threshold, the expected loss of choosing now, and what one would choose."""
    mean_effect, mean_cost = draws.effect.mean(axis=0), draws.cost.mean(axis=0)
    benefit = thresholds[:, None] * mean_effect - mean_cost
    loss = best_strategies(draws, thresholds).mean_highest - benefit.max(axis=1)
    size = thresholds * np.abs(draws.effect).mean() + np.abs(draws.cost).mean()
    chosen = [draws.strategies[code] for code in benefit.argmax(axis=1)]
    return np.where(loss <= _ROUNDING * size, 0.0, loss), chosen


def _word(label: float | str) -> str:
    return label if isinstance(label, str) else f"{label:g}"


def _winning_intervals(draws: StrategyDraws, at: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the places of the first threshold at which a strategy is best and of the next after.

    Both have the shape (draws, strategies); ``at`` ascends.
    """
    first = np.zeros(draws.cost.shape, dtype=np.intp)
    beyond = np.zeros_like(first)
    for code in range(len(draws.strategies)):
        dearer = draws.cost[:, [code]] - draws.cost
        better = draws.effect[:, [code]] - draws.effect
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            crossing = dearer / better
        low = np.where(better > 0, crossing, -np.inf)
        low[(better == 0) & (dearer > 0)] = np.inf
        high = np.where(better < 0, crossing, np.inf)
        first[:, code] = np.searchsorted(at, low.max(axis=1), "left")
        beyond[:, code] = np.searchsorted(at, high.min(axis=1), "right")
    return first, np.maximum(first, beyond)


def _running_sum(
    first: IntArray, beyond: IntArray, size: int, weight: FloatArray | None = None
) -> FloatArray:
    """Return, of each of ``size`` places, the sum of the weights of the intervals that hold it."""
    change = np.bincount(first, weight, size + 1) - np.bincount(beyond, weight, size + 1)
    total: FloatArray = np.cumsum(change)[:-1].astype(np.float64)
    return total
