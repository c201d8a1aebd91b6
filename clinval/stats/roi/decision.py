"""What an uncertain return says of a decision: which input matters, and what knowing more is worth.

Pure functions over the net present values of draws. The choice is between buying and not buying,
whose value is 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clinval.stats._checks import FloatArray
from clinval.stats._distributions import student_quantile
from clinval.stats.roi._partial_information import explained_draws
from clinval.stats.roi._strategy_draws import StrategyDraws
from clinval.stats.roi.chain import Frame, Values, outcome
from clinval.stats.roi.uncertain import Uncertain
from clinval.stats.throughput.days import Chance

__all__ = [
    "Swing",
    "break_even_exams",
    "break_even_price",
    "evpi",
    "evppi",
    "evsi",
    "further_site",
    "positive_by_price",
    "tornado",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Swing:
    """The net present value at the lower and the upper limit of one input alone."""

    name: str
    low: float
    high: float
    npv_low: float
    npv_high: float


def tornado(
    values: Values, inputs: Mapping[str, Uncertain], frame: Frame, chance: Chance, level: float
) -> list[Swing]:
    """Return the swing of each uncertain input, the widest first, all on the same days."""
    found = []
    for name, uncertain in inputs.items():
        low, high = uncertain.limits(level)
        npv = [float(outcome({**values, name: end}, frame, chance).npv[0]) for end in (low, high)]
        found.append(Swing(name=name, low=low, high=high, npv_low=npv[0], npv_high=npv[1]))
    return sorted(found, key=lambda swing: -abs(swing.npv_high - swing.npv_low))


def break_even_exams(npv: float, npv_of_exams: float, npv_of_one: float) -> float | None:
    """Return the extra examinations a day at which the net present value is 0.

    Parameters
    ----------
    npv, npv_of_exams, npv_of_one
        Of an outcome of the chain.

    Returns
    -------
    float or None
        None where an examination earns nothing, 0 where the product pays without any.
    """
    return max((npv_of_exams - npv) / npv_of_one, 0.0) if npv_of_one > 0 else None


def break_even_price(purchase: float, npv: float) -> float | None:
    """Return the purchase price at which the net present value is 0; None where none is."""
    return purchase + npv if purchase + npv >= 0 else None


def positive_by_price(
    npv: FloatArray, purchase: float | FloatArray, points: int = 61
) -> tuple[FloatArray, FloatArray]:
    """Return purchase prices from 0 up, and how probable a positive net present value is at each.

    Parameters
    ----------
    npv
        Of the draws, one currency.
    purchase
        The purchase price in them, one for all or one a draw.
    points
        Prices, at least 2; the highest is above that at which hardly any draw pays, and above
        what is asked.

    Notes
    -----
    The price is paid at time 0: a draw pays below the price at which its value is 0. Prices are
    certain here, whatever range the hospital entered.
    """
    pays = npv + purchase
    highest = max(float(np.quantile(pays, 0.995)), 1.5 * float(np.max(purchase)), 1.0)
    prices = np.linspace(0.0, highest, points)
    below = np.searchsorted(np.sort(pays), prices, side="right")
    return prices, 1 - below / len(pays)


def further_site(npv: FloatArray, level: float) -> tuple[float, float] | None:
    """Return limits for the net present value of one more hospital; None of fewer than two.

    Parameters
    ----------
    npv
        Of the hospitals of the study, one currency (each at its estimate).
    level
        Two-sided level.

    Notes
    -----
    mean -+ t(k-1) s sqrt(1 + 1/k): every hospital counts alike, however well its own return is
    known, and it has to be like those of the study.
    """
    number = len(npv)
    if number < 2:
        return None
    half = student_quantile(level, number - 1) * float(npv.std(ddof=1)) * (1 + 1 / number) ** 0.5
    return float(npv.mean()) - half, float(npv.mean()) + half


def evpi(npv: FloatArray) -> float:
    """Return the expected value of perfect information for one hospital's decision."""
    return float(np.maximum(npv, 0).mean() - max(npv.mean(), 0.0))


def evppi(npv: FloatArray, parameter: FloatArray) -> float:
    """Return the expected value of knowing one parameter, by regression on its draws.

    References
    ----------
    .. [1] Strong, Oakley & Brennan 2014.
    """
    return evpi(_explained(npv, parameter))


def evsi(npv: FloatArray, parameter: FloatArray, share: float) -> float:
    """Return the expected value of data that leave ``1 - share`` of a parameter's variance.

    Notes
    -----
    What will be expected of the parameter after the data has the mean that it has now and
    ``share`` of its variance; the regression on the parameter says what each expectation is
    worth.

    References
    ----------
    .. [1] Jalal & Alarid-Escudero 2018.
    """
    order = np.argsort(parameter, kind="stable")
    worth = _explained(npv, parameter)
    expected = parameter.mean() + np.sqrt(share) * (parameter - parameter.mean())
    after = np.interp(expected, parameter[order], worth[order])
    return float(np.maximum(after, 0).mean() - max(after.mean(), 0.0))


def _explained(npv: FloatArray, parameter: FloatArray) -> FloatArray:
    nothing = np.zeros_like(npv)
    draws = StrategyDraws(
        strategies=("not bought", "bought"),
        cost=np.column_stack([nothing, -npv]),
        effect=np.column_stack([nothing, nothing]),
    )
    return -explained_draws(draws, parameter[:, None]).cost[:, 1]
