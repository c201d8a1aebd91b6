"""Exact unconditional inference on two independent proportions: the tables count, not a limit law.

For fixed n1 and n2 the tables whose score statistic at a difference d reaches that of the observed
table are, for each x2, those from a smallest x1 on: the statistic grows with x1 and falls with
x2 (Barnard's convexity; the tests look at it). A list of smallest x1 therefore stands for a set
of tables, and its probability under p1 - p2 = d grows with d whatever p2 is.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import check_level, check_option, successes
from clinval.stats._distributions import ALTERNATIVES
from clinval.stats._roots import bracketed_roots
from clinval.stats._score import EMPTY_ARM, TwoArms, difference_variance

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["chan_zhang", "suissa_shuster_test"]

_TOO_LARGE = "the counts are too large for an exact method"
_MOST_SUBJECTS = 10_000  # of both arms: two minutes
_TIE = 1e-10  # relative: statistics that differ by rounding are equal
_START = 1e-12  # how near to -1 the search begins
_TOGETHER = 1e-13  # differences that are one: tables that count at any of them count together
_CUTS = 16  # of a bracket, a power of 2
_CLEARLY = 0.9  # the largest probability on the grid is above this part of the maximum
_LOOSE = 0.05  # of a table, more than interpolation errs
_TINY = float(np.finfo(np.float64).tiny)
_ROUNDS, _PIECES = 4, 16  # of a search around a maximum


def chan_zhang(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    r"""Exact unconditional interval of Chan and Zhang, from two one-sided score tests.

    Parameters
    ----------
    x1, n1
        Successes and subjects in the test arm (counts).
    x2, n2
        Successes and subjects in the reference arm (counts).
    level
        Two-sided level of the interval, which it covers with at least that probability.

    Returns
    -------
    Estimate
        ``estimate`` x1/n1 - x2/n2 with ``ci_low`` and ``ci_high`` inside [-1, 1]; ``n`` is
        n1 + n2. Undefined when an arm is empty; of more than 10,000 subjects the limits are.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, or a level outside
        (0, 1).

    Notes
    -----
    With T(x; d) the score statistic of :func:`farrington_manning_test`, without N/(N-1), and
    a = (1 - level)/2, the lower limit is

    .. math:: \inf \{d : \sup_{p_2} P(T(X; d) \ge T(x; d) \mid p_2 + d, p_2) > a\}

    and the upper limit its mirror image. The supremum falls where tables leave the set, so that
    the d that are not rejected need not be an interval: the limits are the outermost. They are
    found by branch and bound over d, the probability of the union of two sets at the right end
    bounding what lies between, and taken to 12 digits.

    References
    ----------
    .. [1] Chan & Zhang 1999, Biometrics 55:1202.

    Examples
    --------
    >>> result = chan_zhang(9, 10, 3, 10)
    >>> round(result.ci_low, 4), round(result.ci_high, 4)
    (0.1608, 0.8795)
    """
    a, m = successes("x1", x1, "n1", n1)
    b, k = successes("x2", x2, "n2", n2)
    tail = (1 - check_level(level)) / 2
    method, n = "risk_difference.chan_zhang", int(m + k)
    if 0 in {m, k}:
        return Estimate(
            method=method, estimate=None, level=level, n=n, undefined=True, reason=EMPTY_ARM
        )
    if n > _MOST_SUBJECTS:
        return Estimate(
            method=method,
            estimate=a / m - b / k,
            level=level,
            n=n,
            undefined=True,
            reason=_TOO_LARGE,
        )
    return Estimate(
        method=method,
        estimate=a / m - b / k,
        ci_low=_lower_limit(_Table(int(a), int(m), int(b), int(k)), tail),
        ci_high=-_lower_limit(_Table(int(b), int(k), int(a), int(m)), tail),
        level=level,
        n=n,
    )


def suissa_shuster_test(
    x1: int, n1: int, x2: int, n2: int, *, alternative: str = "two-sided"
) -> TestResult:
    r"""Exact unconditional test of no difference by Suissa and Shuster, tables in order of z.

    Parameters
    ----------
    x1, n1
        Successes and subjects in the test arm (counts).
    x2, n2
        Successes and subjects in the reference arm (counts).
    alternative
        "greater" (null: difference <= 0), "less" (null: difference >= 0) or "two-sided".

    Returns
    -------
    TestResult
        ``statistic`` (z with the pooled variance, without continuity correction; 0 when all
        subjects succeed, or none) and ``p_value``, one-sided unless "two-sided". Undefined when
        an arm is empty and with more than 10,000 subjects.

    Raises
    ------
    ValueError
        For counts that are negative, not whole or larger than their arm, or an unknown
        alternative.

    Notes
    -----
    .. math:: \sup_p P(Z \ge z \mid p, p), \quad
              Z = \frac{\hat p_1 - \hat p_2}{\sqrt{\bar p (1 - \bar p)(1/n_1 + 1/n_2)}}

    over all common proportions p, with abs(Z) >= abs(z) for "two-sided". Z is the score
    statistic at 0, so that :func:`chan_zhang` excludes 0 only where the one-sided test rejects.

    References
    ----------
    .. [1] Suissa & Shuster 1985, J R Stat Soc A 148:317.

    Examples
    --------
    >>> result = suissa_shuster_test(15, 25, 8, 25, alternative="greater")
    >>> round(result.statistic, 4), round(result.p_value, 6)
    (1.9863, 0.028978)
    """
    a, m = successes("x1", x1, "n1", n1)
    b, k = successes("x2", x2, "n2", n2)
    check_option("alternative", alternative, ALTERNATIVES)
    method = "risk_difference.suissa_shuster_test"
    if 0 in {m, k}:
        return TestResult(method=method, p_value=None, undefined=True, reason=EMPTY_ARM)
    if m + k > _MOST_SUBJECTS:
        return TestResult(method=method, p_value=None, undefined=True, reason=_TOO_LARGE)
    table = _Table(int(a), int(m), int(b), int(k))
    statistic = table.observed(0.0)
    if alternative == "less":
        table = _Table(int(b), int(k), int(a), int(m))
    both = alternative == "two-sided"
    reached = abs(statistic) if both else table.observed(0.0)
    p_value = 1.0
    if not (both and statistic == 0):
        first = table.first_reaching(0.0, reached, *table.all_and_none)
        p_value = min(_largest(table.probability(first, 0.0, both=both), table.points), 1.0)
    return TestResult(method=method, statistic=statistic, p_value=p_value)


@dataclass(frozen=True, slots=True)
class _Table:
    """An observed table, and all others with its arms."""

    x1: int
    n1: int
    x2: int
    n2: int

    @property
    def points(self) -> int:
        """How many points of the nuisance proportion show every hill of a probability."""
        return 16 + math.ceil(5 * math.sqrt(max(self.n1, self.n2)))

    @property
    def all_and_none(self) -> tuple[IntArray, IntArray]:
        """The smallest x1 of each x2 in the set of all tables and in that of none."""
        every = np.zeros(self.n2 + 1, dtype=np.intp)
        return every, every + self.n1 + 1

    def observed(self, d: float) -> float:
        """Return the score statistic of the observed table at a difference d."""
        return float(self.statistics(np.array([self.x1]), np.array([self.x2]), d)[0])

    def statistics(self, x1: IntArray, x2: IntArray, d: float | FloatArray) -> FloatArray:
        """Return the score statistics of tables at a difference d, 0 where they are 0/0."""
        sizes = np.array(float(self.n1)), np.array(float(self.n2))
        arms = TwoArms(x1.astype(np.float64), sizes[0], x2.astype(np.float64), sizes[1])
        variance = difference_variance(arms, np.array(d))
        flat = variance == 0
        statistics: FloatArray = (arms.difference - d) / np.sqrt(np.where(flat, 1.0, variance))
        return np.where(flat, 0.0, statistics)

    def first_reaching(
        self, d: float, reached: float, lowest: IntArray, highest: IntArray
    ) -> IntArray:
        """Return for each x2 the smallest x1 whose statistic is not below one, n1 + 1 if none.

        It is looked for from ``lowest`` to ``highest``.
        """
        reached -= _TIE * max(abs(reached), 1.0)
        x2, low, high = np.arange(self.n2 + 1), lowest, highest
        while bool((low < high).any()):
            middle = (low + high) // 2
            there = self.statistics(np.minimum(middle, self.n1), x2, d) >= reached
            there |= middle > self.n1
            low, high = (
                np.where(there, low, np.minimum(middle + 1, high)),
                np.where(there, middle, high),
            )
        return low

    def around(self, d: float, reached: float) -> tuple[IntArray, IntArray]:
        """Return lists a little below and above the smallest x1 that reach a statistic from 0 on.

        Where the statistic is t, the restricted estimates p1 = p2 + d and the restricted
        variance V give the table, x1 = n1 p1 + t p1 q1/sqrt(V), x2 = n2 p2 - t p2 q2/sqrt(V).
        """
        angle = np.linspace(0, math.pi / 2, 4 * (self.n1 + self.n2) + 32)
        p1, q1, p2, q2 = _proportions(d, angle)
        spread1, spread2 = p1 * q1, p2 * q2
        error = np.sqrt(np.maximum(spread1 / self.n1 + spread2 / self.n2, _TINY))
        x1 = self.n1 * p1 + reached * spread1 / error
        x2 = self.n2 * p2 - reached * spread2 / error
        start = max(int(np.count_nonzero(x2 <= 0)) - 1, 0)
        whole = np.arange(self.n2 + 1)
        on_curve = np.interp(whole, x2[start:], x1[start:], left=-1)
        on_curve = np.where(whole > x2[-1] + _LOOSE, self.n1 + 2, on_curve)
        below, above = (
            np.clip(np.ceil(on_curve + loose), 0, self.n1 + 1).astype(np.intp)
            for loose in (-_LOOSE, _LOOSE)
        )
        return below, above

    def always_counts(self, x1: IntArray, x2: IntArray) -> NDArray[np.bool_]:
        """Return which tables have the statistic of the observed one at every difference.

        It is that table, and in arms of one size its image with failures for successes.
        """
        same: NDArray[np.bool_] = (x1 == self.x1) & (x2 == self.x2)
        if self.n1 == self.n2:
            same |= (x1 == self.n2 - self.x2) & (x2 == self.n1 - self.x1)
        return same

    def probability(
        self, first: IntArray, d: float, *, both: bool = False
    ) -> Callable[[FloatArray], FloatArray]:
        """Return the probability of a set of tables as a function of an angle.

        p2 runs through its range as the squared sine of the angle: the tables change evenly
        with it, and it may go beyond a right angle. ``both`` adds the opposite set, with
        failures for successes.
        """
        opposite = self.n1 - first[::-1] + 1

        def of(angle: FloatArray) -> FloatArray:
            p1, q1, p2, q2 = _proportions(d, angle)
            test, reference = _binomial(self.n1, p1, q1), _binomial(self.n2, p2, q2)
            nothing = np.zeros((len(angle), 1))
            tail = np.concatenate([np.cumsum(test[:, ::-1], axis=1)[:, ::-1], nothing], axis=1)
            reached = tail[:, first]
            if both:
                lower = np.concatenate([nothing, np.cumsum(test, axis=1)], axis=1)
                reached = reached + lower[:, opposite]
            total: FloatArray = np.sum(reference * reached, axis=1)
            return total

        return of


def _proportions(
    d: float, angle: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return p1, 1 - p1, p2 and 1 - p2 on the line p1 - p2 = d, from its lower end at 0."""
    rising = (1 - abs(d)) * np.sin(angle) ** 2
    falling = (1 - abs(d)) * np.cos(angle) ** 2
    up, down = max(d, 0.0), max(-d, 0.0)
    return up + rising, down + falling, down + rising, up + falling


def _binomial(n: int, p: FloatArray, q: FloatArray) -> FloatArray:
    """Return the binomial probabilities of 0 to n successes, a row for each p = 1 - q."""
    x = np.arange(n + 1.0)
    log_p, log_q = (np.log(np.maximum(value, _TINY))[:, None] for value in (p, q))
    probabilities: FloatArray = np.exp(_log_choose(n) + x * log_p + (n - x) * log_q)
    return probabilities


@functools.lru_cache(maxsize=8)
def _log_choose(n: int) -> FloatArray:
    """Return the logarithms of the ways to choose 0 to n of n."""
    x = np.arange(n + 1.0)
    ways: FloatArray = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    return ways


def _largest(
    probability: Callable[[FloatArray], FloatArray], points: int, decisive: float | None = None
) -> float:
    """Return the largest probability, or, once it is above or below ``decisive``, what shows it.

    Every hill on a grid of angles is searched that may hold the largest value.
    """
    step = math.pi / 2 / points
    angles: FloatArray = step * np.arange(-1.0, points + 2)
    values = probability(angles)
    highest = float(values.max())
    if decisive is not None and not _CLEARLY * decisive < highest <= decisive:
        return highest
    hills = (values[1:-1] >= values[:-2]) & (values[1:-1] >= values[2:])
    centers = angles[1:-1][hills & (values[1:-1] >= _CLEARLY * highest)]
    around = np.arange(-_PIECES // 2, _PIECES // 2 + 1) * 2 / _PIECES
    rows = np.arange(len(centers))
    for _ in range(_ROUNDS):
        angles = centers[:, None] + step * around
        values = np.reshape(probability(angles.ravel()), angles.shape)
        best = np.clip(values.argmax(axis=1), 1, _PIECES - 1)
        centers = angles[rows, best]
        step = step * 2 / _PIECES
    # the top of the parabola through the last three points
    before, top, after = (values[rows, best + shift] for shift in (-1, 0, 1))
    bend = np.maximum(2 * top - before - after, _TINY)
    # of three points of which the middle one is the highest it is at most this much higher
    rise = np.minimum((after - before) ** 2 / (8 * bend), bend / 8)
    return float((top + rise).max())


def _lower_limit(table: _Table, tail: float) -> float:
    """Return the smallest difference that the one-sided test does not reject.

    All statistics fall with d. Between two differences the test therefore counts at most the
    tables that reach, at the lower one, what the observed table has at the higher one; their
    probability at the higher one bounds what the test finds in between.
    """
    estimate = table.x1 / table.n1 - table.x2 / table.n2
    if estimate <= -1 + _START:
        return -1.0
    rejection = _Rejection(table, tail)
    # brackets still to be searched, the leftmost last; what is left of it is rejected
    at_start, at_estimate = (table.observed(d) for d in (-1 + _START, estimate))
    brackets = [_Bracket(table, -1 + _START, estimate, at_start, at_estimate)]
    while brackets:
        bracket = brackets.pop()
        most, _ = table.around(bracket.low, bracket.at_high)
        if not rejection.exceeds(most, bracket.high):
            continue
        _, least = table.around(bracket.high, bracket.at_low)
        wide = bracket.high - bracket.low > _TOGETHER
        if wide and int((least - most).sum()) > table.n1 + table.n2:
            brackets += bracket.halves()
            continue
        limit = bracket.first_above(rejection, most, least)
        if limit is not None:
            return limit
    return estimate


@dataclass(frozen=True, slots=True)
class _Bracket:
    """Differences from low to high, and the statistics of the observed table at both."""

    table: _Table
    low: float
    high: float
    at_low: float
    at_high: float

    def halves(self) -> tuple[_Bracket, _Bracket]:
        """Return the right and the left half."""
        middle = (self.low + self.high) / 2
        there = self.table.observed(middle)
        return (
            _Bracket(self.table, middle, self.high, there, self.at_high),
            _Bracket(self.table, self.low, middle, self.at_low, there),
        )

    def first_above(self, rejection: _Rejection, most: IntArray, least: IntArray) -> float | None:
        """Return the first difference at which the probability of the test exceeds the tail.

        ``most`` and ``least`` are tables that may count and that do count all over the bracket.
        Those between may come to count and cease to more than once: the bracket is cut until none
        is left, or nothing of a width.
        """
        table, size = self.table, least - most
        x2 = np.repeat(np.arange(len(size)), size)
        x1 = np.arange(len(x2)) - np.repeat(np.cumsum(size) - size - most, size)
        cuts = np.linspace(self.low, self.high, _CUTS + 1)
        statistics = table.statistics(x1, x2, cuts[:, None])
        own = table.statistics(np.array([table.x1]), np.array([table.x2]), cuts[:, None])[:, 0]
        reached = own - _TIE * np.maximum(np.abs(own), 1.0)
        always = table.always_counts(x1, x2)
        searched = [(0, _CUTS)]
        while searched:
            start, end = searched.pop()
            low, high = float(cuts[start]), float(cuts[end])
            may = always | (statistics[start] >= reached[end])
            first = least - np.bincount(x2[may], minlength=len(least))
            if not rejection.exceeds(first, high):
                continue
            if high - low <= _TOGETHER:
                return low
            does = always | (statistics[end] >= reached[start])
            if bool((may == does).all()):
                return _crossing(table, first, rejection.tail, low, high)
            middle = (start + end) // 2
            if start < middle:
                searched += [(middle, end), (start, middle)]
                continue
            inside = _Bracket(table, low, high, float(own[start]), float(own[end]))
            sure = least - np.bincount(x2[does], minlength=len(least))
            limit = inside.first_above(rejection, first, sure)
            if limit is not None:
                return limit
        return None


class _Rejection:
    """Whether sets of tables are more probable than a tail.

    The probability of a set grows with the difference: what is known of one tells of others.
    """

    def __init__(self, table: _Table, tail: float) -> None:
        self.table, self.tail = table, tail
        self._known: dict[bytes, tuple[float, float]] = {}

    def exceeds(self, first: IntArray, d: float) -> bool:
        """Return whether a set of tables can be more probable than the tail at a difference."""
        tables = first.tobytes()
        below, above = self._known.get(tables, (-1.0, 1.0))
        if below < d < above:
            largest = _largest(self.table.probability(first, d), self.table.points, self.tail)
            below, above = (below, d) if largest > self.tail else (d, above)
            self._known[tables] = below, above
        return d >= above


def _crossing(table: _Table, tables: IntArray, tail: float, low: float, high: float) -> float:
    """Return where the probability of a set of tables passes the tail."""

    def below(d: FloatArray) -> FloatArray:
        return np.array(tail - _largest(table.probability(tables, float(d)), table.points))

    return float(bracketed_roots(below, np.array(low), np.array(high)))
