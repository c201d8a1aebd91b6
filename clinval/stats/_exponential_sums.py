"""All real zeros of a sum of exponentials, sum c_k exp(-t_k s).

With s = ln(1 + r) this is the present value of flows c_k at times t_k, whole periods or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._roots import bracketed_roots

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["end_signs", "merged_terms", "real_zeros"]

_NOTHING = 1e-250  # of the largest term
_TOUCHING = 1e-12  # a value below this share of the sum of its terms' sizes counts as 0


def merged_terms(c: FloatArray, t: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the terms in order of time, those of the same time added, those of 0 left out.

    So is a term so small beside the largest that their ratio is hardly a number.
    """
    times, place = np.unique(t, return_inverse=True)
    sums = np.bincount(place, c, minlength=len(times))
    kept = np.abs(sums) > _NOTHING * np.abs(sums).max(initial=0.0)
    return sums[kept], times[kept]


def end_signs(c: FloatArray) -> tuple[float, float]:
    """Return the sign of the sum far to the left (last term) and far to the right (first)."""
    return float(np.sign(c[-1])), float(np.sign(c[0]))


def real_zeros(c: FloatArray, t: FloatArray) -> list[float]:
    """Return the distinct real zeros in ascending order; c and t as from ``merged_terms``.

    A sum whose coefficients keep one sign has no zero. Otherwise, with tau between two times at
    which the sign changes, the derivative of exp(tau s) f(s) has the coefficients
    c_k (tau - t_k) and one change of sign less. Its zeros, found first, cut the line into
    pieces on which exp(tau s) f(s) is monotone and f has at most one zero: none is missed, and
    a zero that f only touches is one of the cuts.
    """
    if len(c) == 0:
        return []
    levels = [c / np.abs(c).max()]
    while True:
        signs = np.sign(levels[-1])
        changes = np.flatnonzero(signs[1:] != signs[:-1])
        if len(changes) == 0:
            break
        change = changes[len(changes) // 2]
        derived = levels[-1] * ((t[change] + t[change + 1]) / 2 - t)
        levels.append(derived / np.abs(derived).max())
    zeros: list[float] = []
    for coefficients in reversed(levels[:-1]):
        zeros = _zeros_between(coefficients, t, zeros)
    return zeros


def _values(c: FloatArray, t: FloatArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the sum and the sum of sizes at each s, scaled so that nothing overflows."""
    exponents = -s[:, None] * t
    terms = c * np.exp(exponents - exponents.max(axis=1, keepdims=True))
    value: FloatArray = np.sum(terms, axis=1)
    size: FloatArray = np.sum(np.abs(terms), axis=1)
    return value, size


def _zeros_between(c: FloatArray, t: FloatArray, cuts: list[float]) -> list[float]:
    """Return the zeros of a sum that is monotone, but for a positive factor, between cuts."""
    left, right = end_signs(c)
    inner = np.array(cuts)
    value, size = _values(c, t, inner)
    signs = np.where(np.abs(value) <= _TOUCHING * size, 0.0, np.sign(value))
    points = np.concatenate(
        [
            [_far_end(c, t, cuts[0] if cuts else 0.0, -1.0, left)],
            inner,
            [_far_end(c, t, cuts[-1] if cuts else 0.0, 1.0, right)],
        ]
    )
    signs = np.concatenate([[left], signs, [right]])
    crossing = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    side = signs[crossing]
    found = bracketed_roots(
        lambda s: side * _values(c, t, s)[0],
        points[crossing],
        points[crossing + 1],
    )
    touched: list[list[float]] = []
    for index in np.flatnonzero(signs == 0):
        # neighbouring cuts at which f is 0 are one zero: f is monotone between them
        if signs[index - 1] == 0:
            touched[-1].append(float(points[index]))
        else:
            touched.append([float(points[index])])
    means = [sum(group) / len(group) for group in touched]
    return sorted([*found.tolist(), *means])


def _far_end(c: FloatArray, t: FloatArray, start: float, direction: float, sign: float) -> float:
    """Return a point beyond which the sum keeps the sign that it has at infinity."""
    step = 1.0
    point = start + direction * step
    while float(np.sign(_values(c, t, np.array([point]))[0][0])) != sign:
        step *= 2
        point = start + direction * step
    return point
