"""Simulated replacements of components one by one: planned exchange, warranty, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["Histories", "Policy", "histories"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When a component is exchanged although it works, and what the supplier bears.

    ``exchange_at`` is an age, ``warranty`` the age up to which the supplier bears a part of a
    failure: all of it, or with ``pro_rata`` the unused share of the term. A component that was
    replaced under warranty has a term of its own, or with ``remaining`` what is left of the one
    before. Ages are one number or one a draw; infinite and 0 stand for none.
    """

    exchange_at: float | FloatArray = np.inf
    warranty: float | FloatArray = 0.0
    pro_rata: bool = False
    remaining: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """Replacements, one element each: its draw, its time, whether planned, what is borne.

    ``borne`` is the share of the price that the supplier bears.
    """

    draw: IntArray
    time: FloatArray
    planned: NDArray[np.bool_]
    borne: FloatArray


def histories(
    shape: FloatArray,
    scale: FloatArray,
    horizon: float,
    units: int,
    policy: Policy,
    rng: np.random.Generator,
) -> Histories:
    """Simulate fleets of new components, one a draw of shape and scale, up to a horizon.

    A component that fails, or has reached its age, is replaced at once by a new one.
    """
    draws = len(shape)
    draw: IntArray = np.repeat(np.arange(draws), units)
    k, eta, limit, full = (
        np.repeat(np.broadcast_to(np.asarray(each, dtype=np.float64), draws), units)
        for each in (shape, scale, policy.exchange_at, policy.warranty)
    )
    now, left = np.zeros(len(draw)), full
    found = []
    while len(draw):
        with np.errstate(over="ignore"):
            life = eta * rng.standard_exponential(len(draw)) ** (1 / k)
        now = now + np.minimum(life, limit)
        within = now <= horizon
        draw, now, life, left = draw[within], now[within], life[within], left[within]
        k, eta, limit, full = k[within], eta[within], limit[within], full[within]
        planned = life >= limit
        claimed = ~planned & (life < left)
        whole = claimed.astype(np.float64)
        unused = np.where(claimed, (left - life) / np.where(full > 0, full, 1.0), 0.0)
        found.append((draw, now, planned, unused if policy.pro_rata else whole))
        left = np.where(claimed & policy.remaining, left - life, full)
    drawn, time, exchanged, borne = (np.concatenate(each) for each in zip(*found, strict=True))
    return Histories(draw=drawn, time=time, planned=exchanged, borne=borne)
