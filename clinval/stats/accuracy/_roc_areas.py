"""Areas under part of the empirical ROC curve, and the placement values of such an area.

The curve is the polygon through one point a distinct score: a tied group is a slope. The area
over false positive rates from a to b is taken with straight lines; an area over sensitivities is
the same area with the classes exchanged and the score reversed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clinval.stats._checks import NotEstimableError, check_option, fraction
from clinval.stats.accuracy._placements import ONE_CLASS, Placements, tie_groups

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["Part", "bootstrap_areas", "partial_area", "partial_placements", "read_part"]

FOCUS = ("specificity", "sensitivity")
_CELLS_AT_A_TIME = 4_000_000
_ROUNDING = 1e-13  # values that differ by no more are equal
_SAME_RATE = 1e-12  # 1 - 0.9 is not quite 10 of 100


class Part(NamedTuple):
    """Which part of the curve is meant, and whether its area is standardised."""

    focus: str
    low: float
    high: float
    corrected: bool

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest area that there can be."""
        low, high = self.scaled(np.array([0.0, self.high - self.low])).tolist()
        return low, high

    def scaled(self, area: FloatArray) -> FloatArray:
        """Return McClish's standardised area, or the area itself."""
        if not self.corrected:
            return area
        least = ((1 - self.low) ** 2 - (1 - self.high) ** 2) / 2
        return 0.5 * (1 + (area - least) / (self.high - self.low - least))


def read_part(focus: str, low: float, high: float, *, corrected: bool) -> Part:
    """Check which part of the curve is asked for."""
    check_option("focus", focus, FOCUS)
    part = Part(focus, fraction("low", low), fraction("high", high), bool(corrected))
    if part.low >= part.high:
        raise ValueError(f"low must be below high, not {low!r} and {high!r}")
    return part


def partial_area(diseased: NDArray[np.bool_], score: FloatArray, part: Part) -> float:
    """Return the area of a part of the empirical curve."""
    diseased, score = _turned(diseased, score, part)
    _, _, m, n = tie_groups(diseased, score)
    if not (m.any() and n.any()):
        raise NotEstimableError(ONE_CLASS)
    return float(np.clip(part.scaled(_areas(m[None, ::-1], n[None, ::-1], part))[0], *part.ends))


def partial_placements(diseased: NDArray[np.bool_], score: FloatArray, part: Part) -> Placements:
    """Return what each subject adds to the area: the placement values of DeLong for a part.

    A diseased subject adds the length of the rates in the part at which it is positive. A
    non-diseased subject moves the thresholds: with W its false positive rate, R the curve, it
    takes R(b) - R(max(a, W)) when W < b. Over the whole curve both are DeLong's values.
    """
    turned, score = _turned(diseased, score, part)
    order, sizes, m, n = tie_groups(turned, score)
    if not (m.any() and n.any()):
        raise NotEstimableError(ONE_CLASS)
    a, b = 1 - part.high, 1 - part.low
    f, s = (np.append(0.0, np.cumsum(x[::-1]) / x.sum()) for x in (n, m))
    area = float(_areas(m[None, ::-1], n[None, ::-1], part)[0])
    f0, f1, s0 = f[:-1], f[1:], s[:-1]
    width = f1 - f0
    slope = np.divide(s[1:] - s0, width, out=np.zeros_like(width), where=width > 0)

    def positive_up_to(x: float) -> FloatArray:
        """Return the integral to x of the share of each tied group that is positive."""
        inside = np.clip(x - f0, 0, width)
        part_of: FloatArray = np.divide(
            inside**2, 2 * width, out=np.zeros_like(width), where=width > 0
        )
        return part_of + np.maximum(x - f1, 0)

    gained = positive_up_to(b) - positive_up_to(a)
    at_a, at_b = _height(a, f, s), _height(b, f, s)
    x0, x1 = np.clip(f0, a, b), np.clip(f1, a, b)
    under = (x1 - x0) * (s0 + slope * ((x0 + x1) / 2 - f0))
    before = np.clip(a - f0, 0, width)
    taken = at_b * (np.minimum(f1, b) - f0).clip(min=0) - at_a * before - under
    lost = np.divide(taken, width, out=np.zeros_like(width), where=width > 0)

    per_row = np.empty((2, len(score)))
    per_row[:, order] = np.repeat(np.array([gained, -lost])[:, ::-1], sizes, axis=1)
    of_diseased, of_others = per_row[0, turned], per_row[1, ~turned]
    of_others += area - of_others.mean()
    value = float(np.clip(part.scaled(np.array(area)), *part.ends))
    first, second = (
        np.full_like(added, value) if np.ptp(added) < _ROUNDING else part.scaled(added)
        for added in (of_diseased, of_others)
    )
    if part.focus == "sensitivity":
        first, second = second, first
    return Placements(first, second, value)


def _height(rate: float, f: FloatArray, s: FloatArray) -> float:
    """Return the height of the curve at a rate, half way up where the curve rises there."""
    here = np.flatnonzero(np.abs(f - rate) < _SAME_RATE)
    if len(here):
        return float(s[here[0]] + s[here[-1]]) / 2
    return float(np.interp(rate, f, s))


def bootstrap_areas(
    diseased: NDArray[np.bool_],
    scores: tuple[FloatArray, ...],
    part: Part,
    draws: int,
    seed: int,
) -> FloatArray:
    """Return the areas of each score (rows) in samples drawn within the classes (columns)."""
    rng = np.random.default_rng(seed)
    curves = []
    for score in scores:
        turned, values = _turned(diseased, score, part)
        order, sizes, _, _ = tie_groups(turned, values)
        first = np.cumsum(sizes) - sizes
        curves.append((turned[order], order, first))
    found = np.empty((len(scores), draws))
    rows = max(1, _CELLS_AT_A_TIME // len(diseased))
    for start in range(0, draws, rows):
        stop = min(start + rows, draws)
        weights = np.empty((stop - start, len(diseased)))
        for chosen in (diseased, ~diseased):
            size = int(np.count_nonzero(chosen))
            weights[:, chosen] = rng.multinomial(size, np.full(size, 1 / size), stop - start)
        for index, (turned, order, first) in enumerate(curves):
            drawn = weights[:, order]
            m = np.add.reduceat(drawn * turned, first, axis=1)
            n = np.add.reduceat(drawn * ~turned, first, axis=1)
            found[index, start:stop] = part.scaled(_areas(m[:, ::-1], n[:, ::-1], part))
    return found


def _turned(
    diseased: NDArray[np.bool_], score: FloatArray, part: Part
) -> tuple[NDArray[np.bool_], FloatArray]:
    return (~diseased, -score) if part.focus == "sensitivity" else (diseased, score)


def _areas(m: FloatArray | IntArray, n: FloatArray | IntArray, part: Part) -> FloatArray:
    """Return the area of each row: counts of the classes by score, from high to low."""
    a, b = 1 - part.high, 1 - part.low
    s1, f1 = (np.cumsum(x, axis=1) / x.sum(axis=1, keepdims=True) for x in (m, n))
    f0 = np.pad(f1[:, :-1], ((0, 0), (1, 0)))
    s0 = np.pad(s1[:, :-1], ((0, 0), (1, 0)))
    width = f1 - f0
    slope = np.divide(s1 - s0, width, out=np.zeros_like(width), where=width > 0)
    x0, x1 = np.clip(f0, a, b), np.clip(f1, a, b)
    areas: FloatArray = np.sum((x1 - x0) * (s0 + slope * ((x0 + x1) / 2 - f0)), axis=1)
    return areas
