from fractions import Fraction

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.comparison.clustered_paired_difference import (
    cluster_robust,
    cluster_robust_test,
    durkalski_test,
    eliasziw_test,
    obuchowski_test,
    yang_test,
)
from clinval.stats.comparison.paired_difference import mcnemar_test

TESTS = (obuchowski_test, durkalski_test, yang_test, eliasziw_test)
SIZES = [1, 2, 3, 6] * 15
quick = settings(deadline=None, max_examples=60, derandomize=True)
clusters = st.lists(st.tuples(*[st.integers(0, 5)] * 4).filter(any), min_size=2, max_size=12).map(
    lambda rows: tuple(map(list, zip(*rows, strict=True)))
)


@quick
@given(clusters)
def test_agrees_with_a_regression_with_clustered_errors(table):
    difference, cluster = [], []
    for k, (n11, n10, n01, n00) in enumerate(zip(*table, strict=True)):
        values = [0] * n11 + [1] * n10 + [-1] * n01 + [0] * n00
        difference += values
        cluster += [k] * len(values)
    result = cluster_robust(*table)
    assert result.n == len(difference)
    assert result.clusters == len(table[0])
    if len(difference) < 2:
        return
    fit = sm.OLS(np.array(difference, float), np.ones(len(difference))).fit(
        cov_type="cluster", cov_kwds={"groups": np.array(cluster)}
    )
    assert result.estimate == pytest.approx(fit.params[0], abs=1e-12)
    assert result.se == pytest.approx(fit.bse[0], abs=1e-7)
    assert result.ci_high - result.estimate == pytest.approx(1.959963984540054 * result.se)
    assert result.p1 - result.p2 == pytest.approx(result.estimate)


@quick
@given(clusters, st.sampled_from([-0.5, -0.1, 0.0, 0.2]))
def test_the_test_of_a_margin_agrees_with_the_regression(table, margin):
    difference, cluster = [], []
    for k, (n11, n10, n01, n00) in enumerate(zip(*table, strict=True)):
        difference += [0] * (n11 + n00) + [1] * n10 + [-1] * n01
        cluster += [k] * (n11 + n10 + n01 + n00)
    result = cluster_robust_test(*table, margin=margin, alternative="two-sided")
    assert (result.n, result.clusters, result.df) == (len(difference), len(table[0]), None)
    if result.undefined:
        assert cluster_robust(*table).se == 0
        return
    fit = sm.OLS(np.array(difference, float), np.ones(len(difference))).fit(
        cov_type="cluster", cov_kwds={"groups": np.array(cluster)}
    )
    wanted = fit.t_test(([[1.0]], [margin]))
    assert result.statistic == pytest.approx(wanted.tvalue.item(), rel=1e-6, abs=1e-7)
    assert result.p_value == pytest.approx(float(wanted.pvalue), rel=1e-4)
    greater, less = (
        cluster_robust_test(*table, margin=margin, alternative=side).p_value
        for side in ("greater", "less")
    )
    assert greater == pytest.approx(scipy_stats.norm.sf(result.statistic), rel=1e-12)
    assert greater + less == pytest.approx(1)


def test_the_test_of_a_margin_keeps_its_size():
    rng = np.random.default_rng(7)
    rejected = []
    for _ in range(2000):
        size = rng.choice(SIZES, 60)
        alike = rng.beta(2, 2, 60)[:, None]
        shares = np.column_stack([0.3 + 0 * alike, 0.2 * alike, 0.4 * alike, 0.7 - 0.6 * alike])
        cells = rng.multinomial(size, shares).T
        rejected.append(cluster_robust_test(*cells, margin=-0.1).p_value < 0.025)
    assert 0.014 < np.mean(rejected) < 0.036  # three standard errors


def test_the_test_of_a_margin_at_its_edges():
    assert cluster_robust_test([], [], [], []).reason == "no pair"
    single = cluster_robust_test([3], [1], [0], [2])
    assert (single.p_value, single.reason) == (None, "fewer than two clusters")
    alike = cluster_robust_test([1] * 7, [1] * 7, [0] * 7, [1] * 7, margin=-0.1)
    assert (alike.statistic, alike.p_value) == (None, None)
    assert alike.reason == "the clusters do not differ"
    with pytest.raises(ValueError, match="margin must lie between -1 and 1"):
        cluster_robust_test([1], [1], [1], [1], margin=-2)
    with pytest.raises(ValueError, match="alternative"):
        cluster_robust_test([1], [1], [1], [1], alternative="bigger")
    with pytest.raises(ValueError, match="lengths differ"):
        cluster_robust_test([1, 2], [1], [1, 1], [1, 1])


@quick
@given(clusters, st.integers(0, 99))
def test_mirror_and_order(table, seed):
    n11, n10, n01, n00 = table
    one, other = cluster_robust(*table), cluster_robust(n11, n01, n10, n00)
    assert (one.estimate, one.se) == pytest.approx((-other.estimate, other.se))
    order = np.random.default_rng(seed).permutation(len(n11))
    shuffled = cluster_robust(*([column[i] for i in order] for column in table))
    assert shuffled.se == pytest.approx(one.se)


def test_one_pair_a_cluster_is_the_ordinary_error():
    rng = np.random.default_rng(3)
    kind = rng.integers(0, 4, 200)
    table = [(kind == i).astype(int) for i in range(4)]
    result = cluster_robust(*table)
    difference = table[1] - table[2]
    assert result.se == pytest.approx(difference.std(ddof=1) / np.sqrt(200))


def test_edges():
    none = cluster_robust([0], [0], [0], [0])
    assert (none.estimate, none.se, none.n, none.undefined) == (None, None, 0, True)
    single = cluster_robust([3], [1], [0], [2])
    assert (single.se, single.ci_low, single.undefined) == (None, None, True)
    assert single.estimate == pytest.approx(1 / 6)
    # clusters without pairs are no clusters
    assert cluster_robust([3, 0, 1], [1, 0, 2], [0, 0, 1], [2, 0, 2]) == cluster_robust(
        [3, 1], [1, 2], [0, 1], [2, 2]
    )
    flat = cluster_robust([3, 4], [0, 0], [0, 0], [1, 2])
    assert (flat.se, flat.ci_low, flat.ci_high) == (0, 0, 0)
    alike = cluster_robust([1] * 7, [1] * 7, [0] * 7, [1] * 7)
    assert alike.se == 0


def test_many_clusters_at_once():
    rng = np.random.default_rng(5)
    table = rng.integers(0, 4, (4, 100_000))
    result = cluster_robust(*table)
    assert result.clusters == int((table.sum(axis=0) > 0).sum())
    assert abs(result.estimate) < 5 * result.se


def test_invalid_input():
    with pytest.raises(ValueError, match="lengths differ"):
        cluster_robust([1, 2], [1], [1, 1], [1, 1])
    with pytest.raises(ValueError, match="n00 must be a count"):
        cluster_robust([1], [1], [1], [-1])
    with pytest.raises(ValueError, match="level"):
        cluster_robust([1], [1], [1], [1], level=2)


# --- tests --------------------------------------------------------------------------------


def by_definition(n11, n10, n01, n00):
    """The four statistics in exact fractions, None where they are 0/0."""
    cells = [row for row in zip(n11, n10, n01, n00, strict=True) if any(row)]
    sizes, k = [sum(row) for row in cells], len(cells)
    total = sum(sizes)
    gains = [b - c for _, b, c, _ in cells]
    d = Fraction(sum(gains), total)
    squares = sum(g * g for g in gains)
    wanted = dict.fromkeys(TESTS)
    if squares:
        wanted[obuchowski_test] = Fraction(k - 1, k) * Fraction(sum(gains) ** 2, squares)
        rates = [Fraction(g, n) for g, n in zip(gains, sizes, strict=True)]
        wanted[durkalski_test] = sum(rates) ** 2 / sum(r * r for r in rates)
        scatter = sum((g - n * d) ** 2 + g * g for g, n in zip(gains, sizes, strict=True))
        wanted[yang_test] = Fraction(k - 1, k) * sum(gains) ** 2 / (scatter / 2)
    discordant = [b + c for _, b, c, _ in cells if b + c]
    if len(discordant) < 2:
        return wanted
    mcnemar = Fraction(sum(gains) ** 2, sum(discordant))
    if max(discordant) == 1:
        wanted[eliasziw_test] = mcnemar
        return wanted

    def mean_and_adjusted(values):
        mean, number = Fraction(sum(values), len(values)), len(values)
        spread = sum((v - mean) ** 2 for v in values)
        return mean, mean - spread / (number * (number - 1) * mean)

    mean, adjusted = mean_and_adjusted(sizes)
    shares = [Fraction(sum(column), total) for column in zip(*cells, strict=True)]
    between = within = Fraction(0)
    for row, n in zip(cells, sizes, strict=True):
        between += sum((a - n * p) ** 2 / n for a, p in zip(row, shares, strict=True))
        within += sum(Fraction(a * (n - a), n) for a in row)
    between, within = between / k, within / (k * (mean - 1))
    if between + (adjusted - 1) * within <= 0:
        return wanted
    alike = (between - within) / (between + (adjusted - 1) * within)
    of_discordant = alike + (shares[1] + shares[2]) * (1 - alike)
    mean, adjusted = mean_and_adjusted(discordant)
    if of_discordant:
        typical = adjusted + len(discordant) * (mean - adjusted)
        inflation = 1 + (typical - 1) * alike / of_discordant
        if inflation > 0:
            wanted[eliasziw_test] = mcnemar / inflation
    return wanted


@quick
@given(clusters)
def test_tests_follow_their_definitions(table):
    for function, wanted in by_definition(*table).items():
        result = function(*table)
        assert result.clusters == len(table[0])
        assert result.n == sum(map(sum, table))
        assert result.df == 1
        if wanted is None:
            assert (result.statistic, result.p_value, result.undefined) == (None, None, True)
            continue
        assert result.statistic == pytest.approx(float(wanted), rel=1e-9, abs=1e-12)
        assert result.p_value == pytest.approx(scipy_stats.chi2.sf(float(wanted), 1), rel=1e-6)


@quick
@given(clusters, st.integers(0, 99))
def test_tests_do_not_see_order_and_direction(table, seed):
    n11, n10, n01, n00 = table
    order = np.random.default_rng(seed).permutation(len(n11))
    for function in TESTS:
        one, other = function(*table), function(n00, n01, n10, n11)
        shuffled = function(*([column[i] for i in order] for column in table))
        for again in (other, shuffled):
            assert again.undefined == one.undefined
            if not one.undefined:
                assert again.statistic == pytest.approx(one.statistic, rel=1e-7, abs=1e-12)


def test_one_pair_a_cluster_is_mcnemar():
    rng = np.random.default_rng(6)
    kind = rng.choice(4, 200, p=[0.5, 0.2, 0.1, 0.2])
    table = [(kind == i).astype(int) for i in range(4)]
    wanted = mcnemar_test(*(int(column.sum()) for column in table)).statistic
    assert eliasziw_test(*table).statistic == pytest.approx(wanted)
    assert durkalski_test(*table).statistic == pytest.approx(wanted)
    assert obuchowski_test(*table).statistic == pytest.approx(wanted * 199 / 200)


def test_size_of_the_tests():
    rng = np.random.default_rng(7)
    draws = 1500
    rejected = dict.fromkeys(TESTS, 0)
    for _ in range(draws):
        shares = rng.dirichlet([4, 1.5, 1.5, 3], 60)
        table = np.array([rng.multinomial(n, p) for n, p in zip(SIZES, shares, strict=True)]).T
        for function in TESTS:
            rejected[function] += function(*table).p_value < 0.05
    for function, times in rejected.items():
        assert 0.033 < times / draws < 0.067, function  # three standard errors


def test_edges_of_the_tests():
    for function in TESTS:
        none = function([0], [0], [0], [0])
        assert (none.p_value, none.n, none.clusters, none.reason) == (None, 0, 0, "no pair")
        assert function([3], [1], [0], [2]).reason == "fewer than two clusters"
        assert function([3, 0, 1], [1, 0, 2], [0, 0, 1], [2, 0, 2]) == function(
            [3, 1], [1, 2], [0, 1], [2, 2]
        )
    flat = ([3, 4], [0, 0], [0, 0], [1, 2])
    balanced = ([3, 4], [1, 2], [1, 2], [1, 2])
    for function in (obuchowski_test, durkalski_test, yang_test):
        for table in (flat, balanced):
            assert function(*table).reason == "the variance under the null hypothesis is 0"
    assert eliasziw_test(*flat).reason == "no discordant pair"
    assert eliasziw_test(*balanced).reason == "the inflation of the variance is not positive"
    lone = eliasziw_test([3, 4], [2, 0], [1, 0], [1, 2])
    assert lone.reason == "fewer than two clusters have a discordant pair"
    gained = eliasziw_test([0, 0], [2, 3], [0, 0], [0, 0])
    assert gained.reason == "the correlation within clusters has no value"


def test_invalid_input_of_the_tests():
    for function in TESTS:
        with pytest.raises(ValueError, match="lengths differ"):
            function([1, 2], [1], [1, 1], [1, 1])
        with pytest.raises(ValueError, match="n00 must be a count"):
            function([1], [1], [1], [-1])
