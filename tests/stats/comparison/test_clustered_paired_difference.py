import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings, strategies as st

from clinval.stats.comparison.clustered_paired_difference import cluster_robust

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
