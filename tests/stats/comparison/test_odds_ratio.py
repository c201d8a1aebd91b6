import math
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize, stats as scipy_stats

from clinval.stats.comparison import odds_ratio as odds
from clinval.stats.comparison.stratified_odds_ratio import cochran_mantel_haenszel_test

quick = settings(deadline=None, max_examples=60, derandomize=True)
BOUNDED = [odds.miettinen_nurminen, odds.conditional_exact]
INTERVALS = [*BOUNDED, odds.woolf]
ALTERNATIVES = ["greater", "less", "two-sided"]


@st.composite
def tables(draw, largest=60):
    n1, n2 = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    return draw(st.integers(0, n1)), n1, draw(st.integers(0, n2)), n2


levels = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


def ends(result):
    return result.ci_low, math.inf if result.ci_high is None else result.ci_high


# --- a second computation: the likelihood itself ------------------------------------------


def restricted(x1, n1, x2, n2, ratio):
    """Maximise the binomial likelihood at an odds ratio, over the logit of p2."""

    def minus_log_likelihood(logit):
        total = 0.0
        for k, sign, shift in ((x1, 1, 1), (n1 - x1, -1, 1), (x2, 1, 0), (n2 - x2, -1, 0)):
            eta = logit + shift * math.log(ratio)
            total += k * math.log1p(math.exp(-sign * eta)) if k else 0.0
        return total

    found = optimize.minimize_scalar(
        minus_log_likelihood, bounds=(-40, 40), method="bounded", options={"xatol": 1e-13}
    )
    return 1 / (1 + math.exp(-found.x) / ratio), 1 / (1 + math.exp(-found.x))


def brute_statistic(x1, n1, x2, n2, ratio):
    p1, p2 = restricted(x1, n1, x2, n2, ratio)
    spread1, spread2 = p1 * (1 - p1), p2 * (1 - p2)
    score = (x1 / n1 - p1) / spread1 - (x2 / n2 - p2) / spread2
    variance = 1 / (n1 * spread1) + 1 / (n2 * spread2)
    return score / math.sqrt(variance * (n1 + n2) / (n1 + n2 - 1))


TABLES = [
    (56, 70, 48, 80),
    (7, 34, 1, 34),
    (0, 20, 5, 22),
    (5, 20, 0, 22),
    (10, 10, 3, 20),
    (3, 20, 20, 20),
    (55, 100, 69, 69),
    (100, 100, 30, 69),
    (173, 174, 169, 181),
]


@pytest.mark.parametrize("table", TABLES)
def test_score_limits_solve_the_brute_force_equation(table):
    result = odds.miettinen_nurminen(*table)
    z = scipy_stats.norm.ppf(0.975)
    for limit, wanted in ((result.ci_low, z), (result.ci_high, -z)):
        if limit in (0, None):
            continue
        before, after = (
            brute_statistic(*table, limit * factor) - wanted for factor in (1 - 1e-4, 1 + 1e-4)
        )
        assert before > 0 > after


@quick
@given(tables(largest=200), st.sampled_from([0.1, 0.8, 1.0, 1.25, 7.0]))
def test_the_score_test_agrees_with_brute_force(table, margin):
    x1, n1, x2, n2 = table
    greater = odds.miettinen_nurminen_test(*table, margin=margin)
    if x1 + x2 in {0, n1 + n2}:
        assert greater.reason == "the variance under the null hypothesis is 0"
        return
    wanted = brute_statistic(*table, margin)
    assert greater.statistic == pytest.approx(wanted, rel=1e-4, abs=1e-6)
    less, both = (
        odds.miettinen_nurminen_test(*table, margin=margin, alternative=alternative)
        for alternative in ("less", "two-sided")
    )
    z = greater.statistic
    assert greater.p_value == pytest.approx(scipy_stats.norm.sf(z), rel=1e-12)
    assert less.p_value == pytest.approx(scipy_stats.norm.cdf(z), rel=1e-12)
    assert both.p_value == pytest.approx(2 * scipy_stats.norm.sf(abs(z)), rel=1e-12)


@quick
@given(tables(largest=200))
def test_at_1_it_is_the_test_of_cochran_mantel_and_haenszel(table):
    one = odds.miettinen_nurminen_test(*table).statistic
    known = cochran_mantel_haenszel_test(*([value] for value in table)).statistic
    if known is None:
        assert one is None
    else:
        assert one**2 == pytest.approx(known, rel=1e-9, abs=1e-15)


@quick
@given(tables(largest=300), levels)
def test_limits_with_an_empty_cell_lie_where_the_data_are(table, level):
    # at 0 and infinity expected and observed successes differ by less than rounding
    x1, n1, x2, n2 = table
    for emptied in ((0, n1, x2, n2), (n1, n1, x2, n2), (x1, n1, 0, n2), (x1, n1, n2, n2)):
        result = odds.miettinen_nurminen(*emptied, level=level)
        if result.ci_low > 0:
            assert 1e-3 < result.ci_low < 1e6
        if result.ci_high is not None:
            assert 1e-6 < result.ci_high < 1e3


@pytest.mark.parametrize(
    ("table", "level", "side", "wanted"),
    [((28, 51, 30, 30), 0.99, "ci_high", 0.29566), ((7, 157, 0, 2), 0.95, "ci_low", 0.02119)],
)
def test_limits_with_an_empty_cell_and_their_test(table, level, side, wanted):
    limit = getattr(odds.miettinen_nurminen(*table, level=level), side)
    assert limit == pytest.approx(wanted, rel=1e-4)
    tested = odds.miettinen_nurminen_test(*table, margin=limit, alternative="two-sided")
    assert tested.p_value == pytest.approx(1 - level, rel=1e-9)


@quick
@given(tables(), levels)
def test_conditional_limits_and_fisher_agree_with_scipy(table, level):
    x1, n1, x2, n2 = table
    matrix = [[x1, x2], [n1 - x1, n2 - x2]]
    result = odds.conditional_exact(*table, level=level)
    for alternative in ALTERNATIVES:
        wanted = scipy_stats.fisher_exact(matrix, alternative=alternative).pvalue
        p = odds.fisher_exact_test(*table, alternative=alternative).p_value
        assert p == pytest.approx(wanted, rel=1e-9)
    if 0 in (x1 + x2, n1 + n2 - x1 - x2):
        assert (ends(result), result.estimate) == ((0, math.inf), None)
        return
    wanted = scipy_stats.contingency.odds_ratio(matrix, kind="conditional")
    if result.estimate is None:
        assert wanted.statistic == math.inf
    else:
        assert result.estimate == pytest.approx(wanted.statistic, rel=1e-6)
    assert ends(result) == pytest.approx(tuple(wanted.confidence_interval(level)), rel=1e-6)


@quick
@given(tables(), levels)
def test_woolf_agrees_with_scipy(table, level):
    x1, n1, x2, n2 = table
    result = odds.woolf(*table, level=level)
    if 0 in (x1, n1 - x1, x2, n2 - x2):
        assert (result.ci_low, result.ci_high, result.undefined) == (None, None, True)
        assert result.estimate in (0, None)
        return
    wanted = scipy_stats.contingency.odds_ratio([[x1, x2], [n1 - x1, n2 - x2]], kind="sample")
    assert result.estimate == pytest.approx(wanted.statistic, rel=1e-12)
    interval = wanted.confidence_interval(level)
    assert (result.ci_low, result.ci_high) == pytest.approx(tuple(interval), rel=1e-9)


def test_coverage():
    n1, n2 = 12, 16
    for function, lowest, highest in (
        (odds.miettinen_nurminen, 0.93, 0.98),
        (odds.conditional_exact, 0.95, 1),
    ):
        limits = [[ends(function(a, n1, b, n2)) for b in range(n2 + 1)] for a in range(n1 + 1)]
        for p1, p2 in ((0.5, 0.5), (0.8, 0.6), (0.2, 0.6)):
            ratio = p1 * (1 - p2) / (p2 * (1 - p1))
            coverage = sum(
                scipy_stats.binom.pmf(a, n1, p1) * scipy_stats.binom.pmf(b, n2, p2)
                for a in range(n1 + 1)
                for b in range(n2 + 1)
                if limits[a][b][0] <= ratio <= limits[a][b][1]
            )
            assert lowest < coverage <= highest


# --- properties ---------------------------------------------------------------------------


@quick
@given(tables(), levels)
def test_interval_contains_the_estimate(table, level):
    x1, n1, x2, n2 = table
    for function in BOUNDED:
        result = function(*table, level=level)
        low, high = ends(result)
        assert 0 <= low < high
        assert (result.estimate is None) == (high == math.inf) == result.undefined
        if result.estimate is not None:
            assert low <= result.estimate <= high
        assert (low == 0) == (x1 * (n2 - x2) == 0)
        assert result.n == n1 + n2


@quick
@given(tables(), levels)
def test_swapping_arms_and_counting_failures_invert_the_interval(table, level):
    x1, n1, x2, n2 = table
    for function in BOUNDED:
        low, high = ends(function(*table, level=level))
        inverse = (1 / high, 1 / low if low else math.inf)
        for other in ((x2, n2, x1, n1), (n1 - x1, n1, n2 - x2, n2)):
            assert ends(function(*other, level=level)) == pytest.approx(inverse, rel=1e-10)


@quick
@given(tables())
def test_a_higher_level_is_wider(table):
    for function in BOUNDED:
        inner, outer = (ends(function(*table, level=level)) for level in (0.8, 0.95))
        assert outer[0] <= inner[0] * (1 + 1e-12)
        assert outer[1] >= inner[1] * (1 - 1e-12)


@quick
@given(tables())
def test_fisher_is_symmetric(table):
    x1, n1, x2, n2 = table
    p = {a: odds.fisher_exact_test(*table, alternative=a).p_value for a in ALTERNATIVES}
    swapped = {a: odds.fisher_exact_test(x2, n2, x1, n1, alternative=a).p_value for a in p}
    assert p["greater"] == pytest.approx(swapped["less"], rel=1e-12)
    assert p["two-sided"] == pytest.approx(swapped["two-sided"], rel=1e-9)
    assert p["greater"] + p["less"] >= 1
    assert max(p.values()) <= 1


def test_large_counts():
    table = (85_000, 10**6, 84_000, 10**6)
    woolf = odds.woolf(*table)
    for function in BOUNDED:
        result = function(*table)
        assert result.ci_low == pytest.approx(woolf.ci_low, rel=2e-5)
        assert result.ci_high == pytest.approx(woolf.ci_high, rel=2e-5)
    p = odds.fisher_exact_test(*table, alternative="greater").p_value
    wanted = scipy_stats.hypergeom.sf(84_999, 2 * 10**6, 169_000, 10**6)
    assert p == pytest.approx(wanted, rel=1e-8)


def test_counts_that_are_too_many_to_look_at_each_table():
    # 3 and 10 of 10^9 each: P(X <= 3), and the limits of a binomial of 13
    rare = (3, 10**9, 10, 10**9)
    tail = sum(
        Fraction(comb(10**9, k) * comb(10**9, 13 - k), comb(2 * 10**9, 13)) for k in range(4)
    )
    less = odds.fisher_exact_test(*rare, alternative="less").p_value
    assert less == pytest.approx(float(tail), rel=1e-12)
    result = odds.conditional_exact(*rare)
    for limit, wanted in zip(
        (result.ci_low, result.ci_high),
        scipy_stats.binomtest(3, 13).proportion_ci(method="exact"),
        strict=True,
    ):
        assert limit / (1 + limit) == pytest.approx(wanted, rel=1e-7)
    many = odds.conditional_exact(85 * 10**6, 10**8, 84_990_000, 10**8)
    woolf = odds.woolf(85 * 10**6, 10**8, 84_990_000, 10**8)
    assert many.ci_low == pytest.approx(woolf.ci_low, rel=1e-6)
    # of arms so unequal the smaller one is binomial: 1 failure of 10,000, at odds of 1
    unequal, single = (
        odds.conditional_exact(2**52, 2**53, 9999, 10_000),
        scipy_stats.binomtest(1, 10_000).proportion_ci(method="exact"),
    )
    assert unequal.estimate == pytest.approx(1 / 9999, rel=1e-9)
    assert unequal.ci_low == pytest.approx(single.low / (1 - single.low), rel=1e-7)
    assert unequal.ci_high == pytest.approx(single.high / (1 - single.high), rel=1e-7)
    # beyond the tables that are looked at there is no probability
    assert odds.fisher_exact_test(0, 10**9, 5 * 10**8, 10**9).p_value == 0
    assert odds.fisher_exact_test(0, 10**9, 5 * 10**8, 10**9, alternative="greater").p_value == 1
    for function in (odds.conditional_exact, odds.fisher_exact_test):
        result = function(2**51, 2**53, 2**51, 2**53)
        assert result.reason == "the counts are too large for an exact method"


def test_tables_that_are_left_out_do_not_count(monkeypatch):
    rng = np.random.default_rng(4)
    for _ in range(20):
        n1, n2 = rng.integers(1000, 60_000, 2)
        table = rng.binomial(n1, rng.choice([0.001, 0.1, 0.99])), n1, rng.binomial(n2, 0.1), n2
        level, alternative = rng.choice([0.5, 0.95, 1 - 1e-12]), str(rng.choice(ALTERNATIVES))
        some = odds.conditional_exact(*table, level=level)
        p = odds.fisher_exact_test(*table, alternative=alternative).p_value
        with monkeypatch.context() as patched:
            patched.setattr(odds, "_FEWEST", 10**6)
            every = odds.conditional_exact(*table, level=level)
            p_of_every = odds.fisher_exact_test(*table, alternative=alternative).p_value
        assert ends(some) == pytest.approx(ends(every), rel=1e-9)
        assert some.estimate == pytest.approx(every.estimate, rel=1e-9)
        assert p == pytest.approx(p_of_every, rel=1e-9, abs=1e-290)


# --- edges --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "estimate", "reason"),
    [
        ((5, 10, 0, 20), None, "the ratio is infinite"),
        ((10, 10, 5, 20), None, "the ratio is infinite"),
        ((10, 10, 0, 20), None, "the ratio is infinite"),
        ((0, 10, 0, 20), None, "the ratio is 0/0"),
        ((10, 10, 20, 20), None, "the ratio is 0/0"),
        ((0, 10, 5, 20), 0, "the logarithm of 0 is infinite"),
        ((5, 10, 20, 20), 0, "the logarithm of 0 is infinite"),
    ],
)
def test_empty_cells(table, estimate, reason):
    woolf = odds.woolf(*table)
    assert (woolf.estimate, woolf.ci_low, woolf.reason) == (estimate, None, reason)
    for function in BOUNDED:
        result = function(*table)
        assert result.estimate == estimate
        assert result.reason == ("" if estimate == 0 else reason)
        assert (result.ci_low > 0) == (reason == "the ratio is infinite")


def test_one_subject_an_arm():
    for x1, x2 in ((0, 0), (0, 1), (1, 0), (1, 1)):
        for function in INTERVALS:
            assert function(x1, 1, x2, 1).n == 2
        assert odds.fisher_exact_test(x1, 1, x2, 1).p_value == 1


@pytest.mark.parametrize(
    "function", [*INTERVALS, odds.fisher_exact_test, odds.miettinen_nurminen_test]
)
def test_an_empty_arm_and_invalid_input(function):
    for table in ((0, 0, 3, 5), (3, 5, 0, 0), (0, 0, 0, 0)):
        result = function(*table)
        assert result.undefined
        assert result.reason == "an arm has no subject"
    with pytest.raises(ValueError, match="x1 is 11, more than n1"):
        function(11, 10, 3, 10)
    with pytest.raises(ValueError, match="n2 must be a count"):
        function(1, 10, 3, -10)


def test_invalid_options():
    for function in INTERVALS:
        with pytest.raises(ValueError, match="level"):
            function(1, 10, 3, 10, level=0)
    for function in (odds.fisher_exact_test, odds.miettinen_nurminen_test):
        with pytest.raises(ValueError, match="alternative"):
            function(1, 10, 3, 10, alternative="bigger")
    for margin in (0, -1, math.inf, math.nan, None, "x"):
        with pytest.raises(ValueError, match="margin"):
            odds.miettinen_nurminen_test(1, 10, 3, 10, margin=margin)
