"""Hodges and Lehmann's estimates: shifts (pairs, independent samples) and ratios (pairs)."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.comparison import location_ratio, location_shift as ls

quick = settings(deadline=None, max_examples=60, derandomize=True)
small = st.lists(st.integers(-6, 6), min_size=1, max_size=6)
pairs = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=9)


def _two_sided(values, observed):
    lower, upper = np.mean(values <= observed + 1e-9), np.mean(values >= observed - 1e-9)
    return min(1, 2 * min(lower, upper))


def _order(null, level):
    """The c of the contract, from every value of the statistic."""
    k = 0
    while np.mean(null <= k) < (1 - level) / 2 - 1e-12:
        k += 1
    return max(k, 1)


# --- everything counted ---------------------------------------------------------------------


@quick
@given(small, small, st.sampled_from([0.8, 0.95]))
def test_independent_samples_by_enumeration(test, reference, level):
    m, n = len(test), len(reference)
    result = ls.hodges_lehmann(test, reference, level=level)
    differences = sorted(a - b for a in test for b in reference)
    assert result.estimate == pytest.approx(np.median(differences))
    arms = [list(chosen) for chosen in itertools.combinations(range(m + n), m)]
    offset = m * (m + 1) / 2
    ranks = scipy_stats.rankdata(test + reference)
    sums = np.array([ranks[chosen].sum() - offset for chosen in arms])
    observed = ranks[:m].sum() - offset
    assert result.statistic == pytest.approx(observed)
    assert result.p_value == pytest.approx(_two_sided(sums, observed), rel=1e-12)
    untied = np.array([sum(chosen) + m - offset for chosen in arms])
    c = _order(untied, level)
    assert (result.ci_low, result.ci_high) == (differences[c - 1], differences[-c])
    assert result.coverage == pytest.approx(max(1 - 2 * np.mean(untied <= c - 1), 0), abs=1e-12)


@quick
@given(pairs, st.sampled_from([0.8, 0.95]))
def test_pairs_by_enumeration(rows, level):
    test, reference = zip(*rows, strict=True)
    n = len(rows)
    result = ls.hodges_lehmann_paired(test, reference, level=level)
    d = np.subtract(test, reference)
    averages = sorted((d[i] + d[j]) / 2 for i in range(n) for j in range(i, n))
    assert result.estimate == pytest.approx(np.median(averages))
    signs = np.array(list(itertools.product((0, 1), repeat=n)))
    ranks = scipy_stats.rankdata(np.abs(d))
    observed = ranks[d > 0].sum()
    assert result.statistic == observed
    assert result.p_value == pytest.approx(_two_sided(signs @ (ranks * (d != 0)), observed))
    untied = signs @ np.arange(1, n + 1)
    c = _order(untied, level)
    assert (result.ci_low, result.ci_high) == (averages[c - 1], averages[-c])
    assert result.coverage == pytest.approx(max(1 - 2 * np.mean(untied <= c - 1), 0), abs=1e-12)


# --- against scipy --------------------------------------------------------------------------


@pytest.mark.parametrize(("m", "n"), [(8, 8), (25, 40), (60, 70), (130, 120), (3, 300)])
def test_p_values_without_ties_against_scipy(m, n):
    rng = np.random.default_rng(m)
    test, reference = rng.normal(0.3, 1, m), rng.normal(0, 1, n)
    wanted = scipy_stats.mannwhitneyu(test, reference, method="exact")
    result = ls.hodges_lehmann(test, reference)
    assert result.statistic == wanted.statistic
    assert result.p_value == pytest.approx(wanted.pvalue, rel=1e-9)
    signed = scipy_stats.wilcoxon(test[: min(m, n)], reference[: min(m, n)], method="exact")
    paired = ls.hodges_lehmann_paired(test[: min(m, n)], reference[: min(m, n)])
    assert paired.p_value == pytest.approx(signed.pvalue, rel=1e-9)


def test_p_values_with_ties_against_permutations():
    rng = np.random.default_rng(4)
    test, reference = rng.integers(1, 6, 45), rng.integers(1, 5, 60)
    result = ls.hodges_lehmann(test, reference)
    wanted = scipy_stats.mannwhitneyu(
        test, reference, method=scipy_stats.PermutationMethod(n_resamples=20_000, rng=rng)
    )
    assert result.statistic == wanted.statistic
    assert result.p_value == pytest.approx(wanted.pvalue, rel=0.15, abs=0.004)
    assert ls.hodges_lehmann(reference, test).p_value == pytest.approx(result.p_value, rel=1e-9)


# --- properties -----------------------------------------------------------------------------


@quick
@given(st.integers(0, 10_000), st.integers(6, 20), st.integers(6, 20))
def test_the_interval_holds_0_exactly_when_the_test_does_not_reject(seed, m, n):
    rng = np.random.default_rng(seed)
    test, reference = rng.normal(0.8, 1, m), rng.normal(0, 1, n)
    for result in (
        ls.hodges_lehmann(test, reference),
        ls.hodges_lehmann_paired(test[: min(m, n)], reference[: min(m, n)]),
    ):
        assert (result.ci_low <= 0 <= result.ci_high) == (result.p_value > 0.05)
        assert result.coverage >= 0.95


@quick
@given(st.integers(0, 10_000), st.integers(2, 12), st.floats(-9, 9), st.floats(0.1, 10))
def test_shifts_units_and_arms(seed, n, shift, unit):
    rng = np.random.default_rng(seed)
    test, reference = rng.normal(2, 1, n), rng.normal(0, 1, n)
    for function in (ls.hodges_lehmann, ls.hodges_lehmann_paired):
        one = function(test, reference)
        moved = function(unit * (test + shift), unit * reference)
        assert moved.estimate == pytest.approx(unit * (one.estimate + shift), abs=1e-9)
        assert moved.ci_low == pytest.approx(unit * (one.ci_low + shift), abs=1e-9)
        other = function(reference, test)
        assert other.ci_high == pytest.approx(-one.ci_low, abs=1e-12)
        assert other.p_value == pytest.approx(one.p_value)
        assert one.ci_low <= one.estimate <= one.ci_high


@quick
@given(
    st.lists(st.tuples(st.floats(0.5, 500), st.floats(0.5, 500)), min_size=2, max_size=12),
    st.floats(0.01, 100),
)
def test_ratios_are_shifts_of_logarithms(rows, unit):
    test, reference = (np.array(column) for column in zip(*rows, strict=True))
    result = location_ratio.hodges_lehmann_paired(test, reference)
    logs = ls.hodges_lehmann_paired(np.log(test), np.log(reference))
    assert result.estimate == pytest.approx(math.exp(logs.estimate))
    assert result.ci_low == pytest.approx(math.exp(logs.ci_low))
    assert result.ci_high == pytest.approx(math.exp(logs.ci_high))
    scaled = location_ratio.hodges_lehmann_paired(unit * test, reference)
    assert scaled.estimate == pytest.approx(unit * result.estimate)
    other = location_ratio.hodges_lehmann_paired(reference, test)
    assert other.ci_low == pytest.approx(1 / result.ci_high)


def test_coverage_by_simulation():
    rng = np.random.default_rng(8)
    hits = np.zeros(2)
    for _ in range(1500):
        test, reference = rng.standard_t(3, 15) + 1, rng.standard_t(3, 15)
        independent = ls.hodges_lehmann(test, reference)
        paired = ls.hodges_lehmann_paired(test, reference)
        hits += [r.ci_low <= 1 <= r.ci_high for r in (independent, paired)]
    assert (np.abs(hits / 1500 - [independent.coverage, paired.coverage]) < 0.017).all()


# --- edges ----------------------------------------------------------------------------------


def test_values_that_rounding_tells_apart_are_tied():
    # 0.1, 0.1, -0.2, 0.4 in decimals
    shifts = ls.hodges_lehmann_paired([0.3, 0.5, 0.7, 1.4], [0.2, 0.4, 0.9, 1.0])
    whole = ls.hodges_lehmann_paired([3, 5, 7, 14], [2, 4, 9, 10])
    assert (shifts.statistic, shifts.p_value) == (whole.statistic, whole.p_value)
    nothing = ls.hodges_lehmann_paired([0.1 + 0.2, 2], [0.3, 1])
    assert (nothing.statistic, nothing.p_value) == (2, 1)
    ratios = location_ratio.hodges_lehmann_paired([0.1, 0.3, 0.7, 5], [0.2, 0.6, 1.4, 4])
    assert (ratios.statistic, ratios.p_value) == (1, 0.25)


def test_constant_values():
    for function in (ls.hodges_lehmann, ls.hodges_lehmann_paired):
        same = function([2, 2, 2], [2, 2, 2])
        assert (same.estimate, same.ci_low, same.ci_high, same.p_value) == (0, 0, 0, 1)
    one = location_ratio.hodges_lehmann_paired([2, 2], [1, 1])
    assert (one.estimate, one.ci_low, one.ci_high) == pytest.approx((2, 2, 2))


def test_too_few_values():
    assert ls.hodges_lehmann([], [1]).reason == "an arm has no subject"
    assert ls.hodges_lehmann_paired([], []).reason == "no pair"
    assert location_ratio.hodges_lehmann_paired([], []).estimate is None
    single = ls.hodges_lehmann([3], [1])
    assert (single.estimate, single.ci_low, single.coverage, single.p_value) == (2, 2, 0, 1)
    few = ls.hodges_lehmann_paired([3, 5, 9], [1, 2, 4])
    assert (few.ci_low, few.ci_high, few.coverage) == (2, 5, 0.75)  # the whole range


def test_large_samples():
    rng = np.random.default_rng(1)
    test, reference = rng.normal(0.2, 1, 400), rng.normal(0, 1, 500)
    result = ls.hodges_lehmann(test, reference)
    wanted = scipy_stats.mannwhitneyu(test, reference, method="asymptotic")
    assert result.p_value == pytest.approx(wanted.pvalue, rel=0.01)
    tied = ls.hodges_lehmann(test.round(1), reference.round(1))
    assert tied.ci_low == pytest.approx(result.ci_low, abs=0.1)
    assert (tied.p_value, tied.undefined) == (None, True)
    assert tied.reason == "too many tied values for an exact p value"


def test_invalid_input():
    for function in (
        ls.hodges_lehmann,
        ls.hodges_lehmann_paired,
        location_ratio.hodges_lehmann_paired,
    ):
        with pytest.raises(ValueError, match="test holds a missing"):
            function([1, None], [1, 2])
        with pytest.raises(ValueError, match="level"):
            function([1, 2], [1, 2], level=1)
    for function in (ls.hodges_lehmann_paired, location_ratio.hodges_lehmann_paired):
        with pytest.raises(ValueError, match="lengths differ"):
            function([1, 2], [1])
    with pytest.raises(ValueError, match="a logarithm needs positive values"):
        location_ratio.hodges_lehmann_paired([1, 0], [1, 2])
