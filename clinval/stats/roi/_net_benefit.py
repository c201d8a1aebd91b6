"""Differences of cost and effect of two strategies: their ratio and their net benefit."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtr

from clinval.core.results import Result
from clinval.stats._checks import Labels, Numbers, finite, not_negative
from clinval.stats.roi._strategy_draws import strategy_draws

__all__ = [
    "IncrementalNetBenefit",
    "IncrementalRatio",
    "NormalNetBenefit",
    "icer",
    "incremental_net_benefit",
    "normal_net_benefit",
]

_QUADRANTS = {(1, 1): "NE", (-1, 1): "SE", (-1, -1): "SW", (1, -1): "NW"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IncrementalRatio(Result):
    """Cost of one more unit of effect; ``quadrant`` is None on an axis of the plane."""

    estimate: float | None
    quadrant: str | None
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncrementalNetBenefit(Result):
    """Mean difference of net benefit, and how often it is above 0."""

    estimate: float
    icer: float | None
    probability_positive: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalNetBenefit(Result):
    """Probability of a positive incremental net benefit, and what perfect information is worth."""

    probability_positive: float
    evpi: float


def icer(delta_cost: float, delta_effect: float) -> IncrementalRatio:
    """Incremental cost-effectiveness ratio, with the quadrant without which it says nothing.

    Parameters
    ----------
    delta_cost
        Cost of the test strategy less that of the reference (money).
    delta_effect
        Effect of the test strategy less that of the reference.

    Returns
    -------
    IncrementalRatio
        ``estimate``, ``quadrant`` of the plane (NE dearer and better, SE cheaper and better, SW
        cheaper and worse, NW dearer and worse; None on an axis) and ``status``: "trade_off",
        "dominant", "dominated" or "equal". Undefined unless a trade-off.

    Raises
    ------
    ValueError
        For a missing number.

    Notes
    -----
    delta cost/delta effect. In NE it is what a unit gained costs, in SW what a unit lost saves:
    the same number stands for opposite decisions.

    References
    ----------
    .. [1] Black 1990.

    Examples
    --------
    >>> result = icer(-500, -0.1)
    >>> result.estimate, result.quadrant
    (5000.0, 'SW')
    """
    cost, effect = finite("delta_cost", delta_cost), finite("delta_effect", delta_effect)
    quadrant = _QUADRANTS.get((_sign(cost), _sign(effect)))
    method = "cost_effectiveness.icer"
    if quadrant in {"NE", "SW"}:
        estimate = cost / effect
        return IncrementalRatio(
            method=method, estimate=estimate, quadrant=quadrant, status="trade_off"
        )
    if cost == effect == 0:
        status, reason = "equal", "neither cost nor effect differs"
    elif cost <= 0 <= effect:
        status, reason = "dominant", "the test strategy dominates"
    else:
        status, reason = "dominated", "the test strategy is dominated"
    return IncrementalRatio(
        method=method,
        estimate=None,
        quadrant=quadrant,
        status=status,
        undefined=True,
        reason=reason,
    )


def incremental_net_benefit(
    cost: Numbers,
    effect: Numbers,
    strategy: Labels,
    draw: Labels,
    *,
    test_strategy: str,
    reference_strategy: str,
    willingness_to_pay: float,
) -> IncrementalNetBenefit:
    """Incremental net benefit of one strategy over another, paired by draw.

    Parameters
    ----------
    cost, effect, strategy, draw
        Long columns of equal length: money, units, label, label.
    test_strategy, reference_strategy
        The labels of the two.
    willingness_to_pay
        Money a unit of effect is worth, 0 or more.

    Returns
    -------
    IncrementalNetBenefit
        ``estimate`` (mean difference of net benefit), ``icer`` (ratio of the mean differences,
        None when the effects do not differ), ``probability_positive`` (share of draws with a
        difference above 0) and ``n`` draws.

    Raises
    ------
    ValueError
        For columns that do not fit, an unknown label or a negative threshold.

    Notes
    -----
    Net benefit = willingness to pay x effect - cost.

    References
    ----------
    .. [1] Stinnett & Mullahy 1998.

    Examples
    --------
    >>> result = incremental_net_benefit(
    ...     [10, 25, 10, 15], [1, 2, 1, 1], ["old", "new", "old", "new"], [1, 1, 2, 2],
    ...     test_strategy="new", reference_strategy="old", willingness_to_pay=30)
    >>> result.estimate, result.icer, result.probability_positive
    (5.0, 20.0, 0.5)
    """
    draws = strategy_draws(cost, effect, strategy, draw)
    value = not_negative("willingness_to_pay", willingness_to_pay)
    codes = []
    for name, label in (
        ("test_strategy", test_strategy),
        ("reference_strategy", reference_strategy),
    ):
        if str(label) not in draws.strategies:
            raise ValueError(f"{name} must be one of {', '.join(draws.strategies)}, not {label!r}")
        codes.append(draws.strategies.index(str(label)))
    test, reference = codes
    more_cost = draws.cost[:, test] - draws.cost[:, reference]
    more_effect = draws.effect[:, test] - draws.effect[:, reference]
    benefit = value * more_effect - more_cost
    mean_effect = float(more_effect.mean())
    return IncrementalNetBenefit(
        method="cost_effectiveness.incremental_net_benefit",
        estimate=float(benefit.mean()),
        icer=float(more_cost.mean()) / mean_effect if mean_effect else None,
        probability_positive=float((benefit > 0).mean()),
        n=len(benefit),
    )


def normal_net_benefit(mean: float, sd: float) -> NormalNetBenefit:
    r"""Probability of a positive incremental net benefit that is normal, and its EVPI.

    Parameters
    ----------
    mean, sd
        Mean and standard deviation (not negative) of the incremental net benefit (money).

    Returns
    -------
    NormalNetBenefit
        ``probability_positive`` and ``evpi`` (money).

    Raises
    ------
    ValueError
        For a missing number or a negative standard deviation.

    Notes
    -----
    .. math:: \Phi(\mu/\sigma), \qquad \sigma(\varphi(u) - u\,\Phi(-u)), \quad u = |\mu|/\sigma

    References
    ----------
    .. [1] Unit normal loss.

    Examples
    --------
    >>> result = normal_net_benefit(1200, 3000)
    >>> round(result.probability_positive, 4), round(result.evpi, 2)
    (0.6554, 691.32)
    """
    center, spread = finite("mean", mean), not_negative("sd", sd)
    method = "cost_effectiveness.normal_net_benefit"
    if spread == 0:
        return NormalNetBenefit(method=method, probability_positive=float(center > 0), evpi=0.0)
    u = abs(center) / spread
    loss = spread * (math.exp(-u * u / 2) / math.sqrt(2 * math.pi) - u * float(ndtr(-u)))
    return NormalNetBenefit(
        method=method,
        probability_positive=float(ndtr(center / spread)),
        evpi=max(loss, 0.0),
    )


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
