"""Replacements of one component within a horizon, simulated with its exchange and warranty."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import check_option, count, positive
from clinval.stats.reliability._renewal_histories import Policy, histories

__all__ = ["SimulatedRenewals", "simulation"]

_KINDS = ("free", "pro_rata")
_TERMS = ("own_term", "remaining_term")
_MOST_LIVES = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedRenewals(Result):
    """Mean replacements of a component, and what the supplier bears of them."""

    estimate: float
    se: float
    failures: float
    exchanges: float
    claims: float
    borne: float
    draws: int


def simulation(
    shape: float,
    scale: float,
    horizon: float,
    *,
    exchange_at: float | None = None,
    warranty: float | None = None,
    kind: str = "free",
    replaced: str = "own_term",
    draws: int = 40_000,
    seed: int = 1,
) -> SimulatedRenewals:
    """Simulate replacements within a horizon: failures, planned exchanges, warranty claims.

    Parameters
    ----------
    shape, scale
        Of the Weibull lives, above 0; the scale in any unit.
    horizon
        Length of the horizon, above 0, same unit; at most 100 mean lives.
    exchange_at
        Age at which a component is exchanged although it works; none where it is not given.
    warranty
        Age up to which the supplier bears a part of a failure; none where it is not given.
    kind
        "free": all of it; "pro_rata": the unused share of the term.
    replaced
        "own_term": a component that was replaced under warranty has a term of its own;
        "remaining_term": what is left of that of the one before.
    draws
        Histories to simulate (count), at least 2.
    seed
        Of the simulation (count).

    Returns
    -------
    SimulatedRenewals
        Means: ``estimate`` (replacements) with the ``se`` of the simulation, ``failures``,
        ``exchanges``, ``claims`` (failures of which the supplier bears a part) and ``borne``
        (components that the supplier bears, whole or in part).

    Raises
    ------
    ValueError
        For a number that is not above 0, an unknown kind or term, fewer than 2 histories, or a
        horizon of more than 100 mean lives.

    Notes
    -----
    The first component is new; one that fails, or reaches its age, is replaced at once by a new
    one. Age replacement of Barlow and Proschan; free-replacement and pro-rata warranty of
    Blischke and Murthy.

    References
    ----------
    .. [1] Barlow & Proschan 1965.
    .. [2] Blischke & Murthy 1994.

    Examples
    --------
    >>> result = simulation(1, 2, 6, exchange_at=4, warranty=1)
    >>> abs(result.failures - 3) < 0.05, result.claims < result.failures < result.estimate
    (True, True)
    """
    k, eta, end = positive("shape", shape), positive("scale", scale), positive("horizon", horizon)
    limit = math.inf if exchange_at is None else positive("exchange_at", exchange_at)
    term = 0.0 if warranty is None else positive("warranty", warranty)
    check_option("kind", kind, _KINDS)
    check_option("replaced", replaced, _TERMS)
    number = int(count("draws", draws))
    if number < 2:
        raise ValueError("a simulation needs two histories")
    life = min(eta * math.exp(math.lgamma(1 + 1 / k)), limit)
    if end > _MOST_LIVES * life:
        raise ValueError(f"the horizon holds {end / life:.3g} lives, too many")
    policy = Policy(
        exchange_at=limit,
        warranty=term,
        pro_rata=kind == "pro_rata",
        remaining=replaced == "remaining_term",
    )
    rng = np.random.default_rng(int(count("seed", seed)))
    found = histories(np.full(number, k), np.full(number, eta), end, 1, policy, rng)
    every = np.bincount(found.draw, minlength=number)
    exchanges = float(found.planned.sum()) / number
    return SimulatedRenewals(
        method="expected_renewals.simulation",
        estimate=float(every.mean()),
        se=float(every.std(ddof=1)) / math.sqrt(number),
        failures=float(every.mean()) - exchanges,
        exchanges=exchanges,
        claims=float((found.borne > 0).sum()) / number,
        borne=float(found.borne.sum()) / number,
        draws=number,
    )
