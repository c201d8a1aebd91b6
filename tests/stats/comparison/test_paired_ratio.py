import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize, stats as scipy_stats

from clinval.stats.comparison.paired_ratio import tang, tang_test

quick = settings(deadline=None, max_examples=60, derandomize=True)
cell = st.integers(0, 40)
tables = st.tuples(cell, cell, cell, cell).filter(any)
levels = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


def brute_statistic(table, ratio):
    """Maximise the multinomial likelihood on p11 + p10 = ratio (p11 + p01), p00 as observed."""
    n11, n10, n01, n00 = table
    n = sum(table)
    share = 1 - n00 / n

    def cells(p01):
        p11 = (share - (1 + ratio) * p01) / ratio
        return p11, share - p11 - p01, p01

    def minus_log_likelihood(p01):
        return -sum(
            k * math.log(max(p, 1e-300))
            for k, p in zip((n11, n10, n01), cells(p01), strict=True)
            if k
        )

    low, high = max(0.0, (1 - ratio) * share), share / (1 + ratio)
    found = optimize.minimize_scalar(
        minus_log_likelihood, bounds=(low, high), method="bounded", options={"xatol": 1e-14}
    )
    p11, p10, p01 = cells(min((low, high, found.x), key=minus_log_likelihood))
    variance = n * (p10 + ratio**2 * p01 + (1 - ratio) ** 2 * p11)
    gap = (n11 + n10) - ratio * (n11 + n01)
    return gap / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, gap)


@pytest.mark.parametrize(
    "table",
    [
        (1, 1, 7, 12),
        (32, 3, 11, 54),
        (40, 0, 0, 0),
        (43, 0, 1, 0),
        (0, 5, 3, 2),
        (0, 9, 0, 3),
        (0, 0, 6, 3),
        (5, 0, 6, 3),
        (5, 6, 0, 3),
    ],
)
def test_limits_solve_the_brute_force_equation(table):
    result = tang(*table)
    z = scipy_stats.norm.ppf(0.975)
    for limit, wanted in ((result.ci_low, z), (result.ci_high, -z)):
        if limit in (0, None):
            continue
        before, after = (
            brute_statistic(table, limit * factor) - wanted for factor in (1 - 1e-4, 1 + 1e-4)
        )
        assert before > 0 > after


@quick
@given(tables, st.sampled_from([0.2, 0.8, 1.0, 1.25, 4.0]))
def test_the_test_agrees_with_brute_force(table, margin):
    greater = tang_test(*table, margin=margin)
    n11, n10, n01, _ = table
    if greater.undefined:
        assert n11 + n10 == pytest.approx(margin * (n11 + n01))
        return
    assert greater.statistic == pytest.approx(brute_statistic(table, margin), rel=1e-4, abs=1e-6)
    z = greater.statistic
    less, both = (
        tang_test(*table, margin=margin, alternative=alternative).p_value
        for alternative in ("less", "two-sided")
    )
    assert greater.p_value == pytest.approx(scipy_stats.norm.sf(z), rel=1e-12)
    assert less == pytest.approx(scipy_stats.norm.cdf(z), rel=1e-12)
    assert both == pytest.approx(2 * scipy_stats.norm.sf(abs(z)), rel=1e-12)


def test_size_at_the_margin():
    # p11 + p10 = 0.9 (p11 + p01)
    rng = np.random.default_rng(6)
    draws = rng.multinomial(150, [0.55, 0.08, 0.15, 0.22], 5000)
    p = np.array([tang_test(*table, margin=0.9).p_value for table in draws.tolist()])
    assert 0.018 < np.mean(p < 0.025) < 0.032  # three standard errors


@quick
@given(tables, levels)
def test_interval_contains_the_estimate(table, level):
    n11, n10, n01, _ = table
    result = tang(*table, level=level)
    high = math.inf if result.ci_high is None else result.ci_high
    assert 0 <= result.ci_low < high
    assert (result.ci_low == 0) == (n11 + n10 == 0)
    assert (result.ci_high is None) == (n11 + n01 == 0) == result.undefined
    if result.estimate is not None:
        assert result.estimate == pytest.approx((n11 + n10) / (n11 + n01))
        assert result.ci_low <= result.estimate <= high
    assert result.n == sum(table)


@quick
@given(tables.filter(lambda t: t[0] + t[1] and t[0] + t[2]), levels)
def test_swapping_the_methods_inverts_the_interval(table, level):
    n11, n10, n01, n00 = table
    one, other = tang(*table, level=level), tang(n11, n01, n10, n00, level=level)
    assert one.ci_low == pytest.approx(1 / other.ci_high, rel=1e-11)
    assert one.ci_high == pytest.approx(1 / other.ci_low, rel=1e-11)


@quick
@given(tables)
def test_pairs_without_a_positive_do_not_count_and_a_higher_level_is_wider(table):
    n11, n10, n01, n00 = table
    result, more = tang(*table), tang(n11, n10, n01, n00 + 50)
    assert result.ci_low == pytest.approx(more.ci_low, rel=1e-12)
    if result.ci_high is not None:
        assert result.ci_high == pytest.approx(more.ci_high, rel=1e-12)
    assert tang(*table, level=0.8).ci_low >= result.ci_low * (1 - 1e-12)


def test_simulated_coverage():
    rng = np.random.default_rng(5)
    ratio = (0.5 + 0.15) / (0.5 + 0.1)
    draws = rng.multinomial(60, [0.5, 0.15, 0.1, 0.25], 1500)
    inside = [r.ci_low <= ratio <= r.ci_high for r in (tang(*map(int, t)) for t in draws)]
    assert 0.933 < np.mean(inside) < 0.967  # three standard errors


def test_edges():
    none = tang(0, 0, 0, 0)
    assert (none.estimate, none.ci_low, none.n, none.reason) == (None, None, 0, "no pair")
    negative = tang(0, 0, 0, 7)
    assert (negative.estimate, negative.ci_low, negative.ci_high) == (None, 0, None)
    assert negative.reason == "the ratio is 0/0"
    infinite = tang(0, 3, 0, 7)
    assert (infinite.estimate, infinite.ci_high) == (None, None)
    assert infinite.reason == "the ratio is infinite"
    assert infinite.ci_low > 0
    zero = tang(0, 0, 3, 7)
    assert (zero.estimate, zero.ci_low, zero.undefined) == (0, 0, False)
    for table in ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0)):
        assert tang(*table).n == 1


def test_the_test_at_its_edges():
    assert tang_test(0, 0, 0, 0).reason == "no pair"
    for table, margin in (((0, 0, 0, 7), 0.8), ((30, 0, 0, 10), 1)):
        flat = tang_test(*table, margin=margin)
        assert (flat.statistic, flat.p_value) == (None, None)
        assert flat.reason == "the variance under the null hypothesis is 0"
    assert tang_test(30, 0, 0, 10, margin=0.8).p_value < 0.01
    assert tang_test(0, 0, 9, 3, margin=0.8).p_value > 0.95
    huge = tang_test(8 * 10**8, 10**8 + 20_000, 10**8, 10**3)
    assert huge.statistic == pytest.approx(20_000 / math.sqrt(2 * 10**8 + 20_000))
    for margin in (0, -0.1, math.inf, math.nan, None, "x"):
        with pytest.raises(ValueError, match="margin"):
            tang_test(1, 2, 3, 4, margin=margin)
    with pytest.raises(ValueError, match="alternative"):
        tang_test(1, 2, 3, 4, alternative="bigger")
    with pytest.raises(ValueError, match="n01 must be a count"):
        tang_test(1, 2, -3, 4)


def test_invalid_input():
    for place, name in enumerate(("n11", "n10", "n01", "n00")):
        table = [3, 4, 5, 6]
        table[place] = -1
        with pytest.raises(ValueError, match=f"{name} must be a count"):
            tang(*table)
    with pytest.raises(ValueError, match="level"):
        tang(1, 2, 3, 4, level=1)
