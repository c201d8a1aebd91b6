import itertools

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.comparison import _exact_unconditional as exact, risk_difference as rd
from clinval.stats.second_engine import agrees, second_engine

quick = settings(deadline=None, max_examples=25, derandomize=True)
ALTERNATIVES = ["greater", "less", "two-sided"]


@st.composite
def tables(draw, largest=15):
    n1, n2 = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    return draw(st.integers(0, n1)), n1, draw(st.integers(0, n2)), n2


# --- a second computation: every table, a grid of differences and of nuisance proportions ---


def statistics(n1, n2, d):
    """Score statistics of all tables at a difference, the likelihood maximised by bisection."""
    x1, x2 = np.arange(n1 + 1.0)[:, None], np.arange(n2 + 1.0)
    shape = n1 + 1, n2 + 1
    low, high = np.full(shape, max(0.0, -d)), np.full(shape, min(1.0, 1.0 - d))
    for _ in range(80):
        p = (low + high) / 2
        score = p * (1 - p) * (x1 - n1 * (p + d)) + (p + d) * (1 - p - d) * (x2 - n2 * p)
        low, high = np.where(score > 0, p, low), np.where(score > 0, high, p)
    p2 = (low + high) / 2
    p1 = p2 + d
    variance = np.maximum(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2, 1e-300)
    return (x1 / n1 - x2 / n2 - d) / np.sqrt(variance)


def rejection(n1, n2, d, points=401):
    """The largest probabilities of tables at least as high as each, and at least as low."""
    low, high = max(0.0, -d), min(1.0, 1.0 - d)
    p2 = low + (high - low) * np.sin(np.linspace(0, np.pi / 2, points)) ** 2
    first = scipy_stats.binom.pmf(np.arange(n1 + 1), n1, np.clip(p2 + d, 0, 1)[:, None])
    second = scipy_stats.binom.pmf(np.arange(n2 + 1), n2, p2[:, None])
    probabilities = (first[:, :, None] * second[:, None, :]).reshape(points, -1)
    t = statistics(n1, n2, d).ravel()
    slack = 1e-7 * np.maximum(1, np.abs(t))[:, None]
    higher, lower = t >= t[:, None] - slack, t <= t[:, None] + slack
    return tuple(
        (probabilities @ side.T).max(axis=0).reshape(n1 + 1, n2 + 1) for side in (higher, lower)
    )


@pytest.mark.parametrize(("n1", "n2", "level"), [(5, 5, 0.95), (3, 6, 0.9), (1, 4, 0.8)])
def test_limits_are_the_outermost_differences_that_are_not_rejected(n1, n2, level):
    tail = (1 - level) / 2
    cells = list(itertools.product(range(n1 + 1), range(n2 + 1)))
    results = {cell: rd.chan_zhang(cell[0], n1, cell[1], n2, level=level) for cell in cells}
    for d in np.random.default_rng(1).uniform(-1, 1, 80):
        higher, lower = rejection(n1, n2, float(d))
        for cell, result in results.items():
            if d < result.ci_low - 1e-6:
                assert higher[cell] <= tail, (cell, d)
            if d > result.ci_high + 1e-6:
                assert lower[cell] <= tail, (cell, d)
    for cell, result in results.items():
        if -1 < result.ci_low < result.estimate:
            inside = [rejection(n1, n2, result.ci_low + by, 1001)[0][cell] for by in (0, 1e-6)]
            assert max(inside) > tail * (1 - 1e-5), cell
            if cell not in [(0, 0), (n1, n2)]:
                assert result.ci_low == pytest.approx(
                    -rd.chan_zhang(cell[1], n2, cell[0], n1, level=level).ci_high, abs=1e-11
                )


@pytest.mark.parametrize(
    ("table", "level", "low", "high"),
    [
        ((2, 2, 2, 30), 0.95, 0.000902, 0.991822),
        ((18, 20, 0, 2), 0.9, 0.016008, 0.981935),
        ((2, 24, 2, 2), 0.99, -0.997497, 0.025674),
        ((0, 29, 0, 2), 0.99, -0.929289, 0.288941),
    ],
)
def test_tables_that_come_to_count_and_cease_to_more_than_once(table, level, low, high):
    x1, n1, x2, n2 = table
    result = rd.chan_zhang(*table, level=level)
    assert (result.ci_low, result.ci_high) == pytest.approx((low, high), abs=1e-6)
    for limit, side, out in ((result.ci_low, 0, -1), (result.ci_high, 1, 1)):
        around = [rejection(n1, n2, limit + by, 2001)[side][x1, x2] for by in (0, -out * 1e-6)]
        assert max(around) > (1 - level) / 2 * (1 - 1e-5)
        for d in np.linspace(limit + out * 1e-6, out * 0.9999, 60):
            assert rejection(n1, n2, float(d))[side][x1, x2] <= (1 - level) / 2


def test_limits_are_those_of_the_second_engine():
    rng = np.random.default_rng(20260502)
    engine = second_engine("risk_difference.chan_zhang")
    for _ in range(60):
        n1, n2 = (int(rng.integers(1, rng.choice([4, 9, 13]))) for _ in range(2))
        table = int(rng.integers(0, n1 + 1)), n1, int(rng.integers(0, n2 + 1)), n2
        level = float(rng.choice([0.8, 0.9, 0.95, 0.99]))
        first, again = rd.chan_zhang(*table, level=level), engine(*table, level=level)
        assert agrees(first, again, 1e-6)[0], (table, level, first, again)


def test_coverage_is_never_below_the_level():
    n1, n2 = 6, 8
    limits = np.array(
        [
            [(r.ci_low, r.ci_high) for r in (rd.chan_zhang(a, n1, b, n2) for b in range(n2 + 1))]
            for a in range(n1 + 1)
        ]
    )
    lowest = 1.0
    for p1, p2 in itertools.product(np.linspace(0, 1, 41), repeat=2):
        weights = np.outer(
            scipy_stats.binom.pmf(range(n1 + 1), n1, p1),
            scipy_stats.binom.pmf(range(n2 + 1), n2, p2),
        )
        inside = (limits[..., 0] <= p1 - p2 + 1e-12) & (p1 - p2 - 1e-12 <= limits[..., 1])
        lowest = min(lowest, float(weights[inside].sum()))
    assert 0.95 <= lowest < 0.98


def test_the_statistic_grows_with_x1_and_falls_with_x2_and_with_the_difference():
    # what the search and the lists of smallest x1 rest on
    rng = np.random.default_rng(11)
    for _ in range(300):
        n1, n2 = (int(n) for n in rng.integers(1, 40, 2))
        d = float(rng.choice([rng.uniform(-1, 1), 0, rng.integers(-9, 10) / 10]))
        table = exact._Table(0, n1, 0, n2)
        x1, x2 = (grid.ravel() for grid in np.meshgrid(range(n1 + 1), range(n2 + 1)))
        t, further = (
            table.statistics(x1, x2, at).reshape(n2 + 1, n1 + 1)
            for at in (d, min(d + 0.01, 0.9999))
        )
        assert (np.diff(t, axis=1) > -1e-9).all()
        assert (np.diff(t, axis=0) < 1e-9).all()
        if d < 0.99:
            assert (further <= t + 1e-9).all()


def test_lists_of_smallest_x1():
    rng = np.random.default_rng(12)
    for _ in range(200):
        n1, n2 = (int(n) for n in rng.integers(1, 50, 2))
        table = exact._Table(0, n1, 0, n2)
        d, reached = float(rng.uniform(-0.99, 0.99)), float(rng.choice([0, rng.uniform(0, 5)]))
        x1, x2 = (grid.ravel() for grid in np.meshgrid(range(n1 + 1), range(n2 + 1)))
        there = table.statistics(x1, x2, d).reshape(n2 + 1, n1 + 1) >= reached - 1e-9
        wanted = n1 + 1 - there.sum(axis=1)
        assert (table.first_reaching(d, reached, *table.all_and_none) == wanted).all()
        below, above = table.around(d, reached)
        assert (below <= wanted).all()
        assert (wanted <= above).all()
        assert (above - below <= 1).all()


@quick
@given(tables(), st.sampled_from(ALTERNATIVES))
def test_suissa_shuster_is_barnard_s_test_of_scipy(table, alternative):
    x1, n1, x2, n2 = table
    result = rd.suissa_shuster_test(*table, alternative=alternative)
    if x1 + x2 in {0, n1 + n2}:
        assert result.p_value == 1
        assert result.statistic == 0
        return
    wanted = scipy_stats.barnard_exact(
        [[x1, x2], [n1 - x1, n2 - x2]], alternative=alternative, pooled=True, n=64
    )
    assert result.statistic == pytest.approx(wanted.statistic, abs=1e-12)
    # scipy's optimiser may stop short of the supremum, never beyond it
    assert result.p_value == pytest.approx(wanted.pvalue, rel=2e-4)
    assert result.p_value >= wanted.pvalue * (1 - 1e-9)


def test_size_of_suissa_shuster():
    n1, n2 = 12, 9
    p_values = np.array(
        [
            [rd.suissa_shuster_test(a, n1, b, n2).p_value for b in range(n2 + 1)]
            for a in range(n1 + 1)
        ]
    )
    for p in np.linspace(0, 1, 101):
        weights = np.outer(
            scipy_stats.binom.pmf(range(n1 + 1), n1, p), scipy_stats.binom.pmf(range(n2 + 1), n2, p)
        )
        assert weights[p_values <= 0.05].sum() <= 0.05 + 1e-12


# --- properties ---------------------------------------------------------------------------


@quick
@given(tables(), st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_interval_contains_the_estimate_and_mirrors(table, level):
    x1, n1, x2, n2 = table
    result = rd.chan_zhang(*table, level=level)
    assert -1 <= result.ci_low <= result.estimate <= result.ci_high <= 1
    assert result.n == n1 + n2
    swapped = rd.chan_zhang(x2, n2, x1, n1, level=level)
    assert (result.ci_low, result.ci_high) == (-swapped.ci_high, -swapped.ci_low)
    failures = rd.chan_zhang(n1 - x1, n1, n2 - x2, n2, level=level)
    assert result.ci_low == pytest.approx(-failures.ci_high, abs=1e-9)
    assert result.ci_high == pytest.approx(-failures.ci_low, abs=1e-9)


@quick
@given(tables())
def test_a_higher_level_is_wider(table):
    inner, outer = rd.chan_zhang(*table, level=0.8), rd.chan_zhang(*table, level=0.95)
    assert outer.ci_low <= inner.ci_low + 1e-11
    assert inner.ci_high <= outer.ci_high + 1e-11


@quick
@given(tables())
def test_two_sided_counts_both_sides(table):
    p = {a: rd.suissa_shuster_test(*table, alternative=a).p_value for a in ALTERNATIVES}
    x1, n1, x2, n2 = table
    smaller = min(p["greater"], p["less"])
    assert smaller <= p["two-sided"] + 1e-12
    assert all(0 < value <= 1 for value in p.values())
    swapped = rd.suissa_shuster_test(x2, n2, x1, n1, alternative="less")
    assert swapped.p_value == pytest.approx(p["greater"], rel=1e-12)


# --- edges --------------------------------------------------------------------------------


def test_corners():
    assert rd.chan_zhang(0, 5, 7, 7).ci_low == -1
    assert rd.chan_zhang(5, 5, 0, 7).ci_high == 1
    for table in ((0, 5, 0, 7), (5, 5, 7, 7)):
        result = rd.chan_zhang(*table)
        assert result.ci_low < 0 < result.ci_high
    one = rd.chan_zhang(1, 1, 0, 1)
    # only this table counts: sup p1 q2 is ((1 + d)/2)^2, 0.025 at d = 2 sqrt(0.025) - 1
    assert (one.ci_low, one.ci_high) == (pytest.approx(2 * 0.025**0.5 - 1, abs=1e-11), 1)


def test_larger_arms():
    exactly, score = rd.chan_zhang(240, 300, 225, 300), rd.farrington_manning(240, 300, 225, 300)
    assert exactly.ci_low == pytest.approx(score.ci_low, abs=0.005)
    assert exactly.ci_high == pytest.approx(score.ci_high, abs=0.005)
    assert rd.suissa_shuster_test(500, 2000, 600, 2000).p_value < 0.001


@pytest.mark.parametrize("table", [(0, 0, 3, 5), (3, 5, 0, 0), (0, 0, 0, 0)])
def test_an_empty_arm_is_undefined(table):
    result = rd.chan_zhang(*table)
    assert (result.estimate, result.ci_low, result.ci_high) == (None, None, None)
    assert result.reason == "an arm has no subject"
    test = rd.suissa_shuster_test(*table)
    assert (test.statistic, test.p_value, test.undefined) == (None, None, True)


def test_more_subjects_than_an_exact_method_takes():
    result = rd.chan_zhang(4300, 5000, 4400, 5001)
    assert (result.estimate, result.ci_low) == (pytest.approx(0.86 - 4400 / 5001), None)
    test = rd.suissa_shuster_test(4300, 10**9, 4400, 10**9)
    for one in (result, test):
        assert one.undefined
        assert one.reason == "the counts are too large for an exact method"


def test_invalid_input():
    for function in (rd.chan_zhang, rd.suissa_shuster_test):
        with pytest.raises(ValueError, match="x1 is 11, more than n1"):
            function(11, 10, 3, 10)
        with pytest.raises(ValueError, match="x2 must be a count"):
            function(1, 10, -3, 10)
    with pytest.raises(ValueError, match="level"):
        rd.chan_zhang(1, 2, 1, 2, level=1)
    with pytest.raises(ValueError, match="alternative"):
        rd.suissa_shuster_test(1, 2, 1, 2, alternative="bigger")
