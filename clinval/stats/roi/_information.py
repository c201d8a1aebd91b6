"""Which strategy is best in draws of cost and effect, and what it is worth to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import Labels, NotEstimableError, Numbers
from clinval.stats.roi._partial_information import explained_draws
from clinval.stats.roi._strategy_draws import (
    best_strategies,
    expected_loss,
    parameters_of,
    strategy_draws,
    thresholds_of,
)

__all__ = [
    "AcceptabilityCurve",
    "PartialInformation",
    "PerfectInformation",
    "ceac",
    "evpi",
    "evppi",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptabilityCurve(Result):
    """Probability that a strategy is the best: rows strategies, columns thresholds."""

    strategies: tuple[str, ...]
    probability_by_strategy_threshold: tuple[tuple[float, ...], ...]
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PerfectInformation(Result):
    """Expected value of perfect information per person, and what is best without it."""

    strategies: tuple[str, ...]
    evpi_by_threshold: tuple[float, ...]
    best_strategy_by_threshold: tuple[str, ...]
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialInformation(Result):
    """Expected value of knowing some parameters, beside that of knowing everything."""

    strategies: tuple[str, ...]
    evppi_by_threshold: tuple[float, ...] | None
    evpi_by_threshold: tuple[float, ...]
    n: int


def ceac(
    cost: Numbers, effect: Numbers, strategy: Labels, draw: Labels, *, willingness_to_pay: Numbers
) -> AcceptabilityCurve:
    """Cost-effectiveness acceptability curve: how often each strategy is the best.

    Parameters
    ----------
    cost, effect, strategy, draw
        Long columns of equal length: money, units, label, label.
    willingness_to_pay
        Thresholds, 0 or more (list, money a unit of effect).

    Returns
    -------
    AcceptabilityCurve
        ``strategies`` (sorted), ``probability_by_strategy_threshold`` and ``n`` draws.

    Raises
    ------
    ValueError
        For columns that do not fit, no threshold or a negative one.

    Notes
    -----
    Share of draws in which the strategy has the highest net benefit; a tie is shared equally.

    References
    ----------
    .. [1] van Hout et al. 1994.
    .. [2] Fenwick et al. 2001.

    Examples
    --------
    >>> ceac([10, 25, 10, 15], [1, 2, 1, 1], ["old", "new", "old", "new"], [1, 1, 2, 2],
    ...      willingness_to_pay=[0, 15, 30]).probability_by_strategy_threshold
    ((0.0, 0.25, 0.5), (1.0, 0.75, 0.5))
    """
    draws = strategy_draws(cost, effect, strategy, draw)
    best = best_strategies(draws, thresholds_of(willingness_to_pay))
    return AcceptabilityCurve(
        method="cost_effectiveness.ceac",
        strategies=draws.strategies,
        probability_by_strategy_threshold=tuple(map(tuple, best.probability.tolist())),
        n=len(draws.cost),
    )


def evpi(
    cost: Numbers, effect: Numbers, strategy: Labels, draw: Labels, *, willingness_to_pay: Numbers
) -> PerfectInformation:
    """Compute the expected value of perfect information per person.

    Parameters
    ----------
    cost, effect, strategy, draw
        Long columns of equal length: money, units, label, label.
    willingness_to_pay
        Thresholds, 0 or more (list, money a unit of effect).

    Returns
    -------
    PerfectInformation
        ``evpi_by_threshold`` (money), ``best_strategy_by_threshold`` (highest mean net benefit,
        of equals the first label), ``strategies`` and ``n`` draws.

    Raises
    ------
    ValueError
        For columns that do not fit, no threshold or a negative one.

    Notes
    -----
    Mean of the highest net benefit less the highest mean net benefit.

    References
    ----------
    .. [1] Claxton 1999.

    Examples
    --------
    >>> evpi([10, 25, 10, 15], [1, 2, 1, 1], ["old", "new", "old", "new"], [1, 1, 2, 2],
    ...      willingness_to_pay=[30]).evpi_by_threshold
    (2.5,)
    """
    draws = strategy_draws(cost, effect, strategy, draw)
    loss, chosen = expected_loss(draws, thresholds_of(willingness_to_pay))
    return PerfectInformation(
        method="cost_effectiveness.evpi",
        strategies=draws.strategies,
        evpi_by_threshold=tuple(loss.tolist()),
        best_strategy_by_threshold=tuple(chosen),
        n=len(draws.cost),
    )


def evppi(
    cost: Numbers,
    effect: Numbers,
    strategy: Labels,
    draw: Labels,
    parameters: Sequence[Numbers],
    *,
    willingness_to_pay: Numbers,
) -> PartialInformation:
    """Compute the expected value of knowing some parameters, by regression on their draws.

    Parameters
    ----------
    cost, effect, strategy, draw
        Long columns of equal length: money, units, label, label.
    parameters
        One long column a parameter (list of lists), the same value in all rows of a draw.
    willingness_to_pay
        Thresholds, 0 or more (list, money a unit of effect).

    Returns
    -------
    PartialInformation
        ``evppi_by_threshold`` (money; never above the value of perfect information),
        ``evpi_by_threshold``, ``strategies`` and ``n`` draws. Undefined with fewer than ten draws
        for each column of the regression.

    Raises
    ------
    ValueError
        For columns that do not fit, a parameter that varies within a draw, no threshold or a
        negative one.

    Notes
    -----
    The value of perfect information of what splines of the parameters and their products
    explain of cost and effect. What they explain by chance is taken off.

    References
    ----------
    .. [1] Strong, Oakley & Brennan 2014.

    Examples
    --------
    >>> volume = [draw % 10 for draw in range(100)]
    >>> result = evppi(
    ...     [0] * 100 + [4 - x for x in volume], [0] * 200, ["keep"] * 100 + ["buy"] * 100,
    ...     [*range(100), *range(100)], [volume + volume], willingness_to_pay=[0])
    >>> round(result.evppi_by_threshold[0], 6), result.evpi_by_threshold[0]
    (1.0, 1.0)
    """
    draws = strategy_draws(cost, effect, strategy, draw)
    thresholds = thresholds_of(willingness_to_pay)
    known = parameters_of(parameters, draw)
    loss, _ = expected_loss(draws, thresholds)
    reason, partial = "", None
    try:
        found, _ = expected_loss(explained_draws(draws, known), thresholds)
        partial = tuple(np.minimum(found, loss).tolist())
    except NotEstimableError as error:
        reason = error.reason
    return PartialInformation(
        method="cost_effectiveness.evppi",
        strategies=draws.strategies,
        evppi_by_threshold=partial,
        evpi_by_threshold=tuple(loss.tolist()),
        n=len(draws.cost),
        undefined=bool(reason),
        reason=reason,
    )
