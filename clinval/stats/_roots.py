"""Roots of many equations at once, bracketed, to machine precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["bracketed_roots", "bracketed_roots_by_row"]

_MOST_STEPS = 200  # bisection alone needs 66
_RELATIVE = 2 * float(np.finfo(float).eps)
_ABSOLUTE = 1e-20  # of the width of the bracket: what is left of a root at 0
_NEGATIVE = -1e-300  # stands for a value of 0, which counts as not positive


def bracketed_roots(
    function: Callable[[FloatArray], FloatArray], positive: FloatArray, other: FloatArray
) -> FloatArray:
    """Return, elementwise, the point where a function stops being positive.

    Chandrupatla's method: inverse quadratic interpolation where it can be trusted, bisection
    elsewhere. Whatever happens at a jump or at the ends of the range, the answer stays inside
    the bracket; no start value and no derivative is needed.

    Parameters
    ----------
    function
        Takes an array of points, one an equation, and returns an array of the same shape.
    positive
        The end of each bracket on whose side the function is positive. Where it is not even
        there, that end is the answer.
    other
        The other end, above or below the first. Where the function is positive there too, that
        end is the answer.
    """
    shape = np.broadcast_shapes(positive.shape, other.shape)
    roots = _roots(
        lambda points, _: function(points.reshape(shape)).ravel(),
        np.array(np.broadcast_to(positive, shape), dtype=np.float64).ravel(),
        np.array(np.broadcast_to(other, shape), dtype=np.float64).ravel(),
        shrink=False,
    )
    return roots.reshape(shape)


def bracketed_roots_by_row(
    function: Callable[[FloatArray, IntArray], FloatArray],
    positive: FloatArray,
    other: FloatArray,
) -> FloatArray:
    """Return the roots of a long list of equations, asking no more for those that are found.

    Nearly all of many thousand equations are solved after a few steps; what the others still
    take then costs what those others cost.

    Parameters
    ----------
    function
        Takes points, shape (rows,), and the rows of the equations that they belong to; returns
        an array of that shape.
    positive, other
        As in :func:`bracketed_roots`, shape (equations,).
    """
    return _roots(function, positive, other, shrink=True)


def _roots(
    function: Callable[[FloatArray, IntArray], FloatArray],
    b: FloatArray,
    a: FloatArray,
    *,
    shrink: bool,
) -> FloatArray:
    """Return the root of every equation; ``shrink`` leaves out those that are found."""
    # a holds the newest point, b the end of the other sign, c the point before
    rows, roots = np.arange(len(a)), np.empty_like(a)
    f_b, f_a = _signed(function(b, rows)), _signed(function(a, rows))
    start, end = b, a
    never, always = f_b <= 0, f_a > 0
    tolerance_of_zero = _ABSOLUTE * np.abs(a - b)
    done = never | always
    c, f_c = b, f_b
    t = np.full(len(a), 0.5)
    for _ in range(_MOST_STEPS):
        x = a + t * (b - a)
        f_x = _signed(function(np.where(done, a, x), rows))
        same_side = (f_x > 0) == (f_a > 0)
        new_c, new_f_c = np.where(same_side, a, b), np.where(same_side, f_a, f_b)
        new_b, new_f_b = np.where(same_side, b, a), np.where(same_side, f_b, f_a)
        c, f_c = np.where(done, c, new_c), np.where(done, f_c, new_f_c)
        b, f_b = np.where(done, b, new_b), np.where(done, f_b, new_f_b)
        a, f_a = np.where(done, a, x), np.where(done, f_a, f_x)
        width = np.abs(b - a)
        best = np.where(np.abs(f_a) < np.abs(f_b), a, b)
        tolerance = _RELATIVE * np.abs(best) + tolerance_of_zero
        done = done | (width <= 2 * tolerance)
        if bool(done.all()):
            break
        # at least a tolerance away from the ends, so that the bracket closes
        least = np.where(done, 0.5, tolerance / np.where(done, 1.0, width))
        t = np.clip(_interpolated(a, b, c, f_a, f_b, f_c), least, 1 - least)
        if shrink and 2 * np.count_nonzero(done) > len(done):
            roots[rows] = best
            left = ~done
            rows, done, t = rows[left], done[left], t[left]
            tolerance_of_zero = tolerance_of_zero[left]
            a, b, c, f_a, f_b, f_c = (values[left] for values in (a, b, c, f_a, f_b, f_c))
    roots[rows] = np.where(np.abs(f_a) < np.abs(f_b), a, b)
    return np.where(never, start, np.where(always, end, roots))


def _signed(values: FloatArray) -> FloatArray:
    return np.where(values == 0, _NEGATIVE, values)


def _interpolated(
    a: FloatArray,
    b: FloatArray,
    c: FloatArray,
    f_a: FloatArray,
    f_b: FloatArray,
    f_c: FloatArray,
) -> FloatArray:
    """Return how far from a to b the next point lies, 1/2 where interpolation is not safe."""
    with np.errstate(all="ignore"):  # what is not finite is not safe
        xi, phi = (a - b) / (c - b), (f_a - f_b) / (f_c - f_b)
        safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
        t = f_a / (f_b - f_a) * f_c / (f_b - f_c)
        t = t + (c - a) / (b - a) * f_a / (f_c - f_a) * f_b / (f_c - f_b)
    return np.where(safe & np.isfinite(t), t, 0.5)
