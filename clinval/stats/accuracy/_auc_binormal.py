"""Area under the binormal ROC curve, by maximum likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.stats._checks import NotEstimableError, Numbers, check_level
from clinval.stats._distributions import normal_quantile
from clinval.stats.accuracy._auc_delong import Auc
from clinval.stats.accuracy._placements import ONE_CLASS, read_scores, tie_groups

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["BinormalAuc", "binormal"]

_NO_MAXIMUM = "the likelihood of the binormal curve has no maximum"
_MOST_STEPS = 200
_MOST_HALVES = 30
_LARGEST = 50.0  # of a, b and 1/b: beyond, the fit runs to an edge of the square
_MOST_SPREAD = 5.0  # of the argument of Phi: a larger error is that of a fit on its way to an edge
_CONVERGED = 1e-11


@dataclass(frozen=True, slots=True, kw_only=True)
class BinormalAuc(Auc):
    """An area with intercept ``a`` and slope ``b`` of the curve on normal deviates."""

    a: float | None = None
    b: float | None = None


def binormal(truth: Numbers, score: Numbers, *, level: float = 0.95) -> BinormalAuc:
    r"""Area under the binormal ROC curve, maximum likelihood on the categories of the score.

    Parameters
    ----------
    truth
        1 for diseased, 0 for non-diseased subjects.
    score
        The score of each subject, higher when more suspicious, of few or many distinct values;
        ``None`` drops the row.
    level
        Two-sided level of the interval.

    Returns
    -------
    BinormalAuc
        ``estimate``, ``a``, ``b``, ``se``, ``variance``, limits and counts of subjects. Undefined
        without both classes and where the likelihood has no maximum (separated classes, or a
        curve along the edges of the square).

    Raises
    ------
    ValueError
        For a truth that is not 0 or 1, scores that are infinite, lists of different length or a
        level outside (0, 1).

    Notes
    -----
    Non-diseased subjects fall below cut-off c with probability Phi(c), diseased ones with
    Phi(b c - a); a, b and the cut-offs between categories maximise the multinomial likelihood
    (Fisher scoring). Neighbouring categories with subjects of one class only are joined, which
    leaves the maximum where it is.

    .. math:: A = \Phi\left(\frac{a}{\sqrt{1 + b^2}}\right)

    The se of the argument of Phi comes from the expected information by the delta method; the
    limits are those of the argument, transformed.

    References
    ----------
    .. [1] Dorfman & Alf 1969.
    .. [2] Metz, Herman & Shen 1998.

    Examples
    --------
    >>> truth = [0] * 10 + [1] * 10
    >>> score = [1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 1, 2, 2, 3, 3, 3, 4, 4, 4, 4]
    >>> result = binormal(truth, score)
    >>> round(result.estimate, 3), round(result.a, 2), round(result.b, 2)
    (0.768, 1.04, 1.0)
    """
    z = normal_quantile(check_level(level))
    data = read_scores(truth, score=score)
    numbers: dict[str, float | None] = {"estimate": None}
    reason = ""
    try:
        _, _, m, n = tie_groups(data.diseased, data.scores[0])
        a, b, argument, spread = _fit(m.astype(np.float64), n.astype(np.float64))
    except NotEstimableError as problem:
        reason = problem.reason
    else:
        se = math.exp(-(argument**2) / 2) / math.sqrt(2 * math.pi) * spread
        numbers = {
            "estimate": float(special.ndtr(argument)),
            "a": a,
            "b": b,
            "se": se,
            "variance": se**2,
            "ci_low": float(special.ndtr(argument - z * spread)),
            "ci_high": float(special.ndtr(argument + z * spread)),
        }
    return BinormalAuc(
        method="auc.binormal",
        level=level,
        n=data.n,
        n_diseased=data.n_diseased,
        n_nondiseased=data.n_nondiseased,
        dropped=data.dropped,
        undefined=bool(reason),
        reason=reason,
        **numbers,
    )


def _joined(m: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Join neighbouring categories that hold subjects of one and the same class only."""
    kind = np.where(n == 0, 1, np.where(m == 0, 2, 0))
    starts = np.flatnonzero(np.append(True, (kind[1:] != kind[:-1]) | (kind[1:] == 0)))
    return np.add.reduceat(m, starts), np.add.reduceat(n, starts)


def _fit(m: FloatArray, n: FloatArray) -> tuple[float, float, float, float]:
    """Return a, b, the argument of Phi in the area and its error at the maximum."""
    if not (m.any() and n.any()):
        raise NotEstimableError(ONE_CLASS)
    m, n = _joined(m, n)
    if _runs_to_an_edge(m, n):
        raise NotEstimableError(_NO_MAXIMUM)
    theta, information = _maximum(m, n)
    a, b = float(theta[0]), float(theta[1])
    root = math.sqrt(1 + b**2)
    gradient = np.zeros(len(theta))
    gradient[:2] = 1 / root, -a * b / root**3
    spread = math.sqrt(abs(float(gradient @ np.linalg.solve(information, gradient))))
    if spread > _MOST_SPREAD:
        raise NotEstimableError(_NO_MAXIMUM)
    return a, b, a / root, spread


def _maximum(m: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a, b and the cut-offs with the greatest likelihood, and their information."""
    theta = _start(m, n)
    state = _likelihood(theta, m, n)
    for _ in range(_MOST_STEPS):
        if state is None:
            break
        value, gradient, information = state
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            break
        if gradient @ step < _CONVERGED:
            return theta, information
        for _ in range(_MOST_HALVES):
            trial = theta + step
            state = _likelihood(trial, m, n)
            if state is not None and state[0] >= value:
                break
            step = step / 2
        else:
            break
        theta = trial
    raise NotEstimableError(_NO_MAXIMUM)


def _runs_to_an_edge(m: FloatArray, n: FloatArray) -> bool:
    """Tell whether an edge of the square fits the points better than any curve inside of it.

    So it is when all of a class share a category (b goes to 0 or infinity), and when the classes
    share one category at most, at which one ends and the other begins (a goes to infinity).
    """
    diseased, others = np.flatnonzero(m), np.flatnonzero(n)
    return bool(
        diseased[0] >= others[-1]
        or diseased[-1] <= others[0]
        or len(diseased) == 1
        or len(others) == 1
    )


def _start(m: FloatArray, n: FloatArray) -> FloatArray:
    """Return a straight line through the points on normal deviates, and their cut-offs."""
    below_n = (np.cumsum(n)[:-1] + 0.5) / (n.sum() + 1)
    below_m = (np.cumsum(m)[:-1] + 0.5) / (m.sum() + 1)
    cuts, other = special.ndtri(below_n), special.ndtri(below_m)
    # both classes tell where a cut-off lies; strictly ascending, since each category has somebody
    b = float(np.std(other) / np.std(cuts)) if np.std(cuts) > 0 and np.std(other) > 0 else 1.0
    a = float(b * cuts.mean() - other.mean())
    return np.concatenate(([a, b], (cuts + (other + a) / b) / 2))


def _likelihood(
    theta: FloatArray, m: FloatArray, n: FloatArray
) -> tuple[float, FloatArray, FloatArray] | None:
    """Return the log likelihood, its gradient and expected information, None where it ends."""
    a, b, cuts = theta[0], theta[1], theta[2:]
    if not (abs(a) < _LARGEST and 1 / _LARGEST < b < _LARGEST) or (np.diff(cuts) <= 0).any():
        return None
    size, categories = len(theta), len(m)
    value, gradient, information = 0.0, np.zeros(size), np.zeros((size, size))
    at = np.arange(categories - 1)
    for counts, points, slope in ((n, cuts, 1.0), (m, b * cuts - a, b)):
        p = _between(points)
        if (p <= 0).any():
            return None
        density = np.exp(-(points**2) / 2) / math.sqrt(2 * math.pi)
        jacobian = np.zeros((categories, size))
        jacobian[at, 2 + at] = slope * density
        jacobian[at + 1, 2 + at] = -slope * density
        if counts is m:
            jacobian[:, 0] = -np.diff(density, prepend=0.0, append=0.0)
            jacobian[:, 1] = np.diff(cuts * density, prepend=0.0, append=0.0)
        value += float(counts @ np.log(p))
        gradient += jacobian.T @ (counts / p)
        information += counts.sum() * (jacobian.T / p) @ jacobian
    return value, gradient, information


def _between(points: FloatArray) -> FloatArray:
    """Return normal probabilities between points, from the tail that keeps their digits."""
    edges = np.concatenate(([-np.inf], points, [np.inf]))
    low, high = edges[:-1], edges[1:]
    mirrored = low > 0
    return special.ndtr(np.where(mirrored, -low, high)) - special.ndtr(
        np.where(mirrored, -high, low)
    )
