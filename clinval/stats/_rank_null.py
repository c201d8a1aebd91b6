"""Exact null distributions of the rank-sum and the signed-rank statistic, with and without ties.

All are built from sums of positive terms, or from differences that do not cancel, so that small
tail probabilities keep their digits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray

__all__ = [
    "doubled_midranks",
    "order_statistic",
    "rank_sum",
    "signed_rank",
    "tied_rank_sum",
    "two_sided",
]

_MOST_STEPS = 100  # of the recursion: its rounding grows with them
_MOST_DIGITS = 290  # of 1/P(U = 0): below, nothing underflows
_NEGLIGIBLE = 45.0  # exp(-45) is below the last digit of 1
_ROUNDING = 1e-12  # of a probability that is compared with alpha / 2


def rank_sum(m: int, n: int) -> FloatArray:
    """Return P(U = u), u = 0 ... m n, for samples of m and n values without ties.

    The probabilities are the coefficients of prod_i (1 - q^(n+i)) / (1 - q^i), taken over the
    number of ways; i runs to the smaller size. Where the smallest would underflow, the
    characteristic function is inverted instead: right to the last digit of 1.
    """
    small, large = min(m, n), max(m, n)
    ways = special.gammaln(m + n + 1) - special.gammaln(m + 1) - special.gammaln(n + 1)
    if small > _MOST_STEPS or ways > _MOST_DIGITS * math.log(10):
        return _inverted(small, large)
    half = m * n // 2
    lower = np.zeros(half + 1)
    lower[0] = 1.0
    for i in range(1, small + 1):
        lower = _strided_sums(lower, i)
        if large + i <= half:
            lower[large + i :] -= lower[: -(large + i)].copy()
        lower *= i / (large + i)
    return np.concatenate([lower, lower[::-1][1 - m * n % 2 :]])


def _strided_sums(values: FloatArray, stride: int) -> FloatArray:
    """Return the coefficients after a division by 1 - q^stride."""
    padded = np.pad(values, (0, -len(values) % stride))
    return padded.reshape(-1, stride).cumsum(axis=0).ravel()[: len(values)]


def _inverted(m: int, n: int) -> FloatArray:
    size = m * n + 1
    reach = math.sqrt(2 * _NEGLIGIBLE * 12 / (m * n * (m + n + 1)))
    angles = 2 * np.pi / size * np.arange(1, min(math.ceil(reach * size / (2 * np.pi)), size // 2))
    i = np.arange(1, m + 1)[:, None]
    factors = np.sin((n + i) * angles / 2) / np.sin(i * angles / 2) * (i / (n + i))
    spectrum = np.zeros(size // 2 + 1, dtype=np.complex128)
    spectrum[0] = 1.0
    spectrum[1 : len(angles) + 1] = factors.prod(axis=0) * np.exp(-0.5j * m * n * angles)
    return np.maximum(np.fft.irfft(spectrum, size), 0.0)


def tied_rank_sum(test: IntArray, reference: IntArray, most: int) -> FloatArray:
    """Return P(2U = u), u = 0 ... most, over all ways to choose the test arm.

    Parameters
    ----------
    test, reference
        How many values of each arm are equal to the first, second, ... distinct value.
    most
        The largest 2U that is of interest; the work grows with it.
    """
    m, n = int(test.sum()), int(reference.sum())
    # after a number of values: for i of them in the test arm, the ways to reach each 2U
    ways = {0: np.ones(1)}
    before = 0
    for size in (test + reference).tolist():
        new: dict[int, FloatArray] = {}
        for i, old in ways.items():
            for chosen in range(max(0, before + size - i - n), min(size, m - i) + 1):
                total = i + chosen
                room = min(2 * total * (before + size - total), most) + 1
                gained = chosen * (2 * (before - i) + size - chosen)
                kept = old[: max(room - gained, 0)] * (math.comb(size, chosen) / 2**size)
                into = new.setdefault(total, np.zeros(room))
                into[gained : gained + len(kept)] += kept
        ways, before = new, before + size
    probabilities: FloatArray = ways[m] / (math.comb(m + n, m) / 2 ** (m + n))
    return probabilities


def signed_rank(doubled_ranks: IntArray) -> FloatArray:
    """Return P(2V = v), v = 0 ... sum of the doubled ranks, when every sign is a fair coin."""
    probabilities = np.zeros(int(doubled_ranks.sum()) + 1)
    probabilities[0] = 1.0
    reached = 0
    for rank in np.sort(doubled_ranks).tolist():
        reached += rank
        probabilities[: reached + 1] /= 2
        probabilities[rank : reached + 1] += probabilities[: reached + 1 - rank].copy()
    return probabilities


def doubled_midranks(codes: IntArray) -> IntArray:
    """Return twice the midrank of every value, given the rank of its group of ties."""
    size = np.bincount(codes)
    doubled: IntArray = (2 * np.cumsum(size) - size + 1)[codes]
    return doubled


def order_statistic(probabilities: FloatArray, level: float) -> tuple[int, float]:
    """Return c, the smallest k with P(X <= k) >= (1 - level)/2 but at least 1, and the coverage.

    The coverage of the interval from the c-th smallest to the c-th largest is
    1 - 2 P(X <= c - 1).
    """
    below = np.cumsum(probabilities)
    c = max(int(np.searchsorted(below, (1 - level) / 2 * (1 - _ROUNDING))), 1)
    return c, max(1 - 2 * float(below[c - 1]), 0.0)


def two_sided(probabilities: FloatArray, observed: int) -> float:
    """Return twice the smaller tail, at most 1; the observed value is in the lower half.

    What lies above the observed value need not be there.
    """
    lower = float(probabilities[: observed + 1].sum())
    upper = 1 - lower + float(probabilities[observed])
    return min(1.0, 2 * min(lower, upper))
