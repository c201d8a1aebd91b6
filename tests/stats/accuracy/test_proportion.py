import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import proportion_confint

from clinval.stats.accuracy import proportion as pr

quick = settings(deadline=None, max_examples=80, derandomize=True)
INTERVALS = [pr.wilson, pr.clopper_pearson, pr.jeffreys, pr.logit, pr.agresti_coull]
levels = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


@st.composite
def counts(draw, largest=200):
    n = draw(st.integers(1, largest))
    return draw(st.integers(0, n)), n


@quick
@given(counts(), levels)
def test_against_statsmodels(table, level):
    for function, name in (
        (pr.wilson, "wilson"),
        (pr.clopper_pearson, "beta"),
        (pr.agresti_coull, "agresti_coull"),
    ):
        low, high = proportion_confint(*table, 1 - level, method=name)
        result = function(*table, level=level)
        assert result.ci_low == pytest.approx(max(low, 0), abs=1e-9)
        assert result.ci_high == pytest.approx(min(high, 1), abs=1e-9)


@quick
@given(counts(), levels)
def test_jeffreys_against_beta_quantiles(table, level):
    x, n = table
    posterior = scipy_stats.beta(x + 0.5, n - x + 0.5)
    result = pr.jeffreys(x, n, level=level)
    if x > 0:
        assert posterior.cdf(result.ci_low) == pytest.approx((1 - level) / 2, abs=1e-9)
    if x < n:
        assert posterior.sf(result.ci_high) == pytest.approx((1 - level) / 2, abs=1e-9)


@quick
@given(counts(), levels)
def test_logit_against_the_curvature_of_the_likelihood(table, level):
    x, n = table
    assume(0 < x < n)

    def log_likelihood(logit):
        return x * logit - n * math.log1p(math.exp(logit))

    center, h = math.log(x / (n - x)), 1e-3
    curvature = (
        log_likelihood(center + h) - 2 * log_likelihood(center) + log_likelihood(center - h)
    ) / h**2
    half = scipy_stats.norm.ppf((1 + level) / 2) / math.sqrt(-curvature)
    result = pr.logit(x, n, level=level)
    assert math.log(result.ci_low / (1 - result.ci_low)) == pytest.approx(center - half, abs=1e-4)
    assert math.log(result.ci_high / (1 - result.ci_high)) == pytest.approx(center + half, abs=1e-4)


@quick
@given(counts(40), levels)
def test_clopper_pearson_inverts_the_exact_test(table, level):
    x, n = table
    result, tail = pr.clopper_pearson(x, n, level=level), (1 - level) / 2
    if x > 0:
        test = pr.binomial_test(x, n, null=result.ci_low, alternative="greater")
        assert test.p_value == pytest.approx(tail, rel=1e-6)
    if x < n:
        test = pr.binomial_test(x, n, null=result.ci_high, alternative="less")
        assert test.p_value == pytest.approx(tail, rel=1e-6)


@quick
@given(counts(), levels)
def test_wilson_inverts_the_score_test(table, level):
    x, n = table
    z = scipy_stats.norm.ppf((1 + level) / 2)

    result = pr.wilson(x, n, level=level)
    for limit in (result.ci_low, result.ci_high):
        if 0 < limit < 1:
            statistic = (x / n - limit) / math.sqrt(limit * (1 - limit) / n)
            assert abs(statistic) == pytest.approx(z, rel=1e-9)


@quick
@given(st.integers(1, 25), st.integers(0, 20), st.data())
def test_binomial_test_in_exact_fractions(n, twentieths, data):
    x, null = data.draw(st.integers(0, n)), Fraction(twentieths, 20)
    probability = [
        Fraction(math.comb(n, k)) * null**k * (1 - null) ** (n - k) for k in range(n + 1)
    ]
    wanted = {
        "greater": sum(probability[x:]),
        "less": sum(probability[: x + 1]),
        "two-sided": sum(p for p in probability if p <= probability[x]),
    }
    for alternative, p_value in wanted.items():
        result = pr.binomial_test(x, n, null=float(null), alternative=alternative)
        assert result.p_value == pytest.approx(float(p_value), rel=1e-9, abs=1e-300)
        assert result.estimate == x / n


# --- properties ---------------------------------------------------------------------------


@quick
@given(counts(), levels)
def test_interval_contains_the_estimate_and_stays_in_range(table, level):
    for function in INTERVALS:
        result = function(*table, level=level)
        assert result.estimate == table[0] / table[1]
        assert result.n == table[1]
        if result.ci_low is not None:
            assert 0 <= result.ci_low <= result.estimate <= result.ci_high <= 1


@quick
@given(counts(), levels)
def test_failures_mirror_successes(table, level):
    x, n = table
    for function in INTERVALS:
        one, other = function(x, n, level=level), function(n - x, n, level=level)
        if one.ci_low is not None:
            assert one.ci_low == pytest.approx(1 - other.ci_high, abs=1e-12)
            assert one.ci_high == pytest.approx(1 - other.ci_low, abs=1e-12)


@quick
@given(counts())
def test_a_higher_level_is_wider(table):
    for function in INTERVALS:
        inner, outer = function(*table, level=0.8), function(*table, level=0.95)
        if inner.ci_low is not None:
            assert outer.ci_low <= inner.ci_low
            assert inner.ci_high <= outer.ci_high


@quick
@given(st.lists(counts(60), min_size=2, max_size=6), st.integers(0, 99))
def test_homogeneity_against_scipy(groups, seed):
    x, n = (np.array(column) for column in zip(*groups, strict=True))
    result = pr.homogeneity_test(x, n)
    assert result.estimate == pytest.approx(x.sum() / n.sum())
    assert result.df == len(x) - 1
    if x.sum() in {0, n.sum()}:
        assert (result.statistic, result.p_value, result.undefined) == (None, None, True)
        return
    wanted = scipy_stats.chi2_contingency(np.array([x, n - x]), correction=False)
    assert result.statistic == pytest.approx(wanted.statistic, rel=1e-9, abs=1e-12)
    assert result.p_value == pytest.approx(wanted.pvalue, rel=1e-9)
    order = np.random.default_rng(seed).permutation(len(x))
    assert pr.homogeneity_test(x[order], n[order]).statistic == pytest.approx(
        result.statistic, abs=1e-12
    )
    # failures instead of successes
    assert pr.homogeneity_test(n - x, n).statistic == pytest.approx(result.statistic, abs=1e-9)


# --- edges --------------------------------------------------------------------------------


def test_none_and_all():
    for function in (pr.wilson, pr.clopper_pearson, pr.jeffreys):
        assert function(0, 12).ci_low == 0
        assert function(12, 12).ci_high == 1
        assert 0 < function(0, 12).ci_high < 0.5
    for x in (0, 12):
        result = pr.logit(x, 12)
        assert (result.estimate, result.ci_low, result.ci_high) == (x / 12, None, None)
        assert result.undefined
    assert pr.wilson(0, 1).ci_high == pytest.approx(0.793, abs=1e-3)


def test_no_trials():
    for function in INTERVALS:
        result = function(0, 0)
        assert (result.estimate, result.ci_low, result.n, result.undefined) == (None, None, 0, True)
    assert pr.binomial_test(0, 0).p_value is None
    assert pr.homogeneity_test([], []).undefined
    assert pr.homogeneity_test([0], [0]).estimate is None


def test_groups_without_trials_are_dropped():
    assert pr.homogeneity_test([3, 0, 5], [9, 0, 8]) == pr.homogeneity_test([3, 5], [9, 8])
    single = pr.homogeneity_test([3, 0], [9, 0])
    assert (single.df, single.p_value, single.reason) == (0, None, "fewer than two groups")


def test_large_counts():
    result = pr.wilson(999_999_999, 1_000_000_000)
    assert 0 < 1 - result.ci_high < 1e-9 < 1 - result.ci_low


def test_invalid_input():
    for function in (*INTERVALS, pr.binomial_test):
        with pytest.raises(ValueError, match="x is 5, more than n, which is 4"):
            function(5, 4)
        with pytest.raises(ValueError, match="x must be a count"):
            function(-1, 4)
        with pytest.raises(ValueError, match="n must be a count"):
            function(1, 4.5)
    for function in INTERVALS:
        with pytest.raises(ValueError, match="level"):
            function(1, 4, level=0)
    with pytest.raises(ValueError, match="null must lie between 0 and 1"):
        pr.binomial_test(1, 4, null=1.2)
    with pytest.raises(ValueError, match="alternative"):
        pr.binomial_test(1, 4, alternative="both")
    with pytest.raises(ValueError, match="lengths differ"):
        pr.homogeneity_test([1, 2], [3])
    with pytest.raises(ValueError, match="more successes than trials"):
        pr.homogeneity_test([4], [3])
