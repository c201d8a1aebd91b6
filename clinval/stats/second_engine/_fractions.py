"""Closed forms, evaluated in exact fractions up to the last square root."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from clinval.stats._checks import NotEstimableError
from clinval.stats.second_engine._answer import (
    NO_PAIR,
    NO_STRATA,
    TOO_MANY_CENTERS,
    Answer,
    without_limits,
)
from clinval.stats.second_engine._bisection import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clinval.stats._checks import Counts

__all__ = [
    "bonett_price",
    "mantel_haenszel_wald",
    "newcombe_effective_n",
    "newcombe_yan_su",
    "paired_newcombe",
    "sato",
]

_MOST_STRATA = 5_000  # whose denominators grow

Stratum = tuple[int, int, int, int]  # x1, n1, x2, n2


def sato(x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float) -> Answer:
    """Recompute the Mantel-Haenszel difference with Sato's variance."""
    strata = _strata(x1, n1, x2, n2)
    if not strata:
        return without_limits(NO_STRATA, 0)
    slope = _sum(
        (Fraction(m * m * b - k * k * a) + Fraction(m * k * (k - m), 2)) / (m + k) ** 2
        for a, m, b, k in strata
    )
    constant = _sum(Fraction(a * (k - b) + b * (m - a), 2 * (m + k)) for a, m, b, k in strata)
    estimate = _mean(strata)
    variance = (estimate * slope + constant) / _sum(map(_weight, strata)) ** 2
    return _normal(strata, estimate, variance, level)


def mantel_haenszel_wald(x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float) -> Answer:
    """Recompute the Mantel-Haenszel difference with unpooled variances."""
    strata = _strata(x1, n1, x2, n2)
    if not strata:
        return without_limits(NO_STRATA, 0)
    variance = _sum(
        share**2 * (Fraction(a * (m - a), m**3) + Fraction(b * (k - b), k**3))
        for share, (a, m, b, k) in _shares(strata)
    )
    return _normal(strata, _mean(strata), variance, level)


def newcombe_effective_n(x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float) -> Answer:
    """Recompute the stratified hybrid interval on effective sizes."""
    strata = _strata(x1, n1, x2, n2)
    if not strata:
        return without_limits(NO_STRATA, 0)
    z = normal_quantile(level)
    limits = []
    for arm in (0, 1):
        p = _sum(share * Fraction(*_of(arm, stratum)) for share, stratum in _shares(strata))
        limits.append(_wilson(p, 1 / _inverse_size(strata, arm), z))
    return _hybrid(strata, limits, z)


def newcombe_yan_su(x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, level: float) -> Answer:
    """Recompute Yan and Su's stratified hybrid interval."""
    strata = _strata(x1, n1, x2, n2)
    if not strata:
        return without_limits(NO_STRATA, 0)
    z, limits = normal_quantile(level), []
    for arm in (0, 1):
        spread = [
            (share, Fraction(x * (n - x), n**3))
            for share, (x, n) in ((share, _of(arm, s)) for share, s in _shares(strata))
        ]
        if not any(variance for _, variance in spread):
            return without_limits(
                "an arm varies in no stratum", _subjects(strata), estimate=float(_mean(strata))
            )
        together = math.sqrt(_sum(share**2 * variance for share, variance in spread))
        narrower = together / math.fsum(share * math.sqrt(v) for share, v in spread)
        own = [
            (share, _wilson(Fraction(x, n), Fraction(n), z * narrower))
            for share, (x, n) in ((share, _of(arm, s)) for share, s in _shares(strata))
        ]
        limits.append(
            (math.fsum(s * low for s, (low, _) in own), math.fsum(s * up for s, (_, up) in own))
        )
    return _hybrid(strata, limits, z)


def paired_newcombe(n11: int, n10: int, n01: int, n00: int, *, level: float) -> Answer:
    """Recompute the paired hybrid interval."""
    both, gained, lost, neither = (int(count) for count in (n11, n10, n01, n00))
    n = both + gained + lost + neither
    if n == 0:
        return without_limits(NO_PAIR, 0)
    association = Fraction(both * neither - gained * lost)
    if association > Fraction(n, 2):
        association -= Fraction(n, 2)
    elif association >= 0:
        association = Fraction(0)
    margins = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    phi = float(association) / math.sqrt(margins) if margins else 0.0
    z, difference = normal_quantile(level), Fraction(gained - lost, n)
    p1, p2 = Fraction(both + gained, n), Fraction(both + lost, n)
    (low1, high1), (low2, high2) = (_wilson(p, Fraction(n), z) for p in (p1, p2))
    reaches = [
        math.sqrt(max(a * a - 2 * phi * a * b + b * b, 0.0))
        for a, b in ((float(p1) - low1, high2 - float(p2)), (high1 - float(p1), float(p2) - low2))
    ]
    estimate = float(difference)
    return Answer(estimate=estimate, low=estimate - reaches[0], high=estimate + reaches[1], n=n)


def bonett_price(n11: int, n10: int, n01: int, n00: int, *, level: float) -> Answer:
    """Recompute the interval as mean and population variance of pairs, two of them added."""
    n = int(n11) + int(n10) + int(n01) + int(n00)
    if n == 0:
        return without_limits(NO_PAIR, 0)
    # each pair is worth 1, 0 or -1; one of 1 and one of -1 are added
    size, total = n + 2, int(n10) - int(n01)
    squares = int(n10) + int(n01) + 2
    mean = Fraction(total, size)
    variance = (Fraction(squares, size) - mean**2) / size
    half = normal_quantile(level) * math.sqrt(variance)
    center = float(mean)
    return Answer(estimate=total / n, low=center - half, high=center + half, n=n)


def _strata(x1: Counts, n1: Counts, x2: Counts, n2: Counts) -> list[Stratum]:
    rows = zip(x1, n1, x2, n2, strict=True)
    strata = [(int(a), int(m), int(b), int(k)) for a, m, b, k in rows if m > 0 and k > 0]
    if len(strata) > _MOST_STRATA:
        raise NotEstimableError(TOO_MANY_CENTERS)
    return strata


def _subjects(strata: list[Stratum]) -> int:
    return sum(m + k for _, m, _, k in strata)


def _of(arm: int, stratum: Stratum) -> tuple[int, int]:
    return (stratum[0], stratum[1]) if arm == 0 else (stratum[2], stratum[3])


def _weight(stratum: Stratum) -> Fraction:
    _, m, _, k = stratum
    return Fraction(m * k, m + k)


def _sum(values: Iterable[Fraction]) -> Fraction:
    """Return a sum, halves first: denominators then grow late."""
    parts = list(values)
    while len(parts) > 1:
        pairs = [a + b for a, b in zip(parts[::2], parts[1::2], strict=False)]
        parts = pairs + parts[len(parts) - len(parts) % 2 :]
    return parts[0] if parts else Fraction(0)


def _shares(strata: list[Stratum]) -> list[tuple[Fraction, Stratum]]:
    total = _sum(map(_weight, strata))
    return [(_weight(stratum) / total, stratum) for stratum in strata]


def _mean(strata: list[Stratum]) -> Fraction:
    gained = _sum(
        _weight((a, m, b, k)) * (Fraction(a, m) - Fraction(b, k)) for a, m, b, k in strata
    )
    return gained / _sum(map(_weight, strata))


def _inverse_size(strata: list[Stratum], arm: int) -> Fraction:
    return _sum(share**2 / _of(arm, stratum)[1] for share, stratum in _shares(strata))


def _wilson(p: Fraction, n: Fraction, z: float) -> tuple[float, float]:
    """Return Wilson's limits of a proportion as its shrunken mean, more or less its error."""
    squared = Fraction(z) ** 2
    center = (p + squared / (2 * n)) / (1 + squared / n)
    variance = (p * (1 - p) + squared / (4 * n)) / n
    half = z * math.sqrt(variance) / float(1 + squared / n)
    return float(center) - half, float(center) + half


def _normal(strata: list[Stratum], estimate: Fraction, variance: Fraction, level: float) -> Answer:
    half = normal_quantile(level) * math.sqrt(variance)
    center = float(estimate)
    return Answer(estimate=center, low=center - half, high=center + half, n=_subjects(strata))


def _hybrid(strata: list[Stratum], limits: list[tuple[float, float]], z: float) -> Answer:
    (low1, high1), (low2, high2) = limits
    size1, size2 = (float(_inverse_size(strata, arm)) for arm in (0, 1))
    estimate = float(_mean(strata))

    def reach(p1: float, p2: float) -> float:
        # limits at 0 and 1 are so up to rounding
        spread = size1 * p1 * (1 - p1) + size2 * p2 * (1 - p2)
        return z * math.sqrt(max(spread, 0.0))

    return Answer(
        estimate=estimate,
        low=estimate - reach(low1, high2),
        high=estimate + reach(high1, low2),
        n=_subjects(strata),
    )
