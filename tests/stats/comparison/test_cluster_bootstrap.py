import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.comparison import mean_difference as md

quick = settings(deadline=None, max_examples=40, derandomize=True)


def _readings(seed, clusters, most=6):
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), rng.integers(1, most + 1, clusters))
    reference = rng.normal(5, 1, len(cluster))
    shift = 0.4 + rng.gamma(1, 0.7, clusters)[cluster]
    return reference + shift + rng.normal(0, 0.5, len(cluster)), reference, cluster


def test_all_draws_of_five_clusters():
    """The draws against every one of the 5^5 there are."""
    test, reference, cluster = _readings(1, 5)
    total, size = np.bincount(cluster, test - reference), np.bincount(cluster)
    every = np.array(list(itertools.product(range(5), repeat=5)))
    means = total[every].sum(axis=1) / size[every].sum(axis=1)
    result = md.cluster_bootstrap(test, reference, cluster, draws=200_000)
    assert result.estimate == pytest.approx(total.sum() / size.sum())
    assert result.se == pytest.approx(means.std(), rel=0.01)
    for limit, share in ((result.percentile_low, 0.025), (result.percentile_high, 0.975)):
        assert (
            (means < limit - 1e-9).mean() - 0.002 <= share <= (means <= limit + 1e-9).mean() + 0.002
        )
    same = np.isclose(means, result.estimate, rtol=0, atol=1e-12)
    below = ((means < result.estimate) & ~same).mean() + same.mean() / 2
    assert result.bias_correction == pytest.approx(scipy_stats.norm.ppf(below), abs=0.01)


@pytest.mark.parametrize("seed", [2, 3])
def test_limits_against_scipy(seed):
    test, reference, cluster = _readings(seed, 40)
    sums = (np.bincount(cluster, test - reference), np.bincount(cluster).astype(float))
    wanted = scipy_stats.bootstrap(
        sums,
        lambda total, size, axis=-1: total.sum(axis=axis) / size.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=200_000,
        batch=10_000,
        rng=np.random.default_rng(seed),
    )
    result = md.cluster_bootstrap(test, reference, cluster, draws=200_000)
    near = 0.05 * wanted.standard_error
    limits = wanted.confidence_interval
    assert (result.ci_low, result.ci_high) == pytest.approx((limits.low, limits.high), abs=near)
    quantiles = np.quantile(wanted.bootstrap_distribution, [0.025, 0.975])
    assert (result.percentile_low, result.percentile_high) == pytest.approx(quantiles, abs=near)
    assert result.se == pytest.approx(wanted.standard_error, rel=0.02)


@quick
@given(st.integers(0, 10_000), st.integers(3, 12), st.floats(0.1, 10), st.floats(-50, 50))
def test_units_rows_and_labels(seed, clusters, unit, shift):
    test, reference, cluster = _readings(seed, clusters)
    one = md.cluster_bootstrap(test, reference, cluster, draws=300)
    assert one.percentile_low <= one.percentile_high
    order = np.random.default_rng(seed).permutation(len(test))
    labels = np.array([f"c{k:02d}" for k in cluster])
    other = md.cluster_bootstrap(
        unit * test[order] + shift, unit * reference[order] + shift, labels[order], draws=300
    )
    for name in ("estimate", "percentile_low", "percentile_high", "se"):
        assert getattr(other, name) == pytest.approx(unit * getattr(one, name), rel=1e-6, abs=1e-9)
    assert other.acceleration == pytest.approx(one.acceleration, rel=1e-6, abs=1e-9)


def test_a_seed_repeats_and_another_does_not():
    data = _readings(4, 20)
    one = md.cluster_bootstrap(*data, draws=500, seed=7)
    assert md.cluster_bootstrap(*data, draws=500, seed=7) == one
    assert md.cluster_bootstrap(*data, draws=500, seed=8).ci_low != one.ci_low


def test_coverage_by_simulation():
    rng = np.random.default_rng(9)
    hits = 0
    for _ in range(600):
        cluster = np.repeat(np.arange(50), rng.integers(1, 5, 50))
        test = rng.normal(0, 1, 50)[cluster] + rng.normal(0, 1, len(cluster))
        result = md.cluster_bootstrap(test, np.zeros(len(test)), cluster, draws=600)
        hits += result.ci_low <= 0 <= result.ci_high
    assert 0.9 < hits / 600 < 0.97


def test_clusters_that_show_nothing():
    assert md.cluster_bootstrap([], [], []).reason == "no pair"
    single = md.cluster_bootstrap([2, 5], [1, 2], ["a", "a"])
    assert (single.estimate, single.se, single.reason) == (2, None, "fewer than two clusters")
    alike = md.cluster_bootstrap([0.3, 0.5, 0.7], [0.2, 0.4, 0.6], ["a", "a", "b"])
    assert (alike.percentile_low, alike.reason) == (None, "the clusters do not differ")
    # the mean of each cluster is the same, its values are not
    inside = md.cluster_bootstrap([1, 3, 2, 2], [0, 0, 0, 0], ["a", "a", "b", "b"])
    assert inside.reason == "the clusters do not differ"
    # one cluster of many stands alone, and the level asks for what no draw shows
    skewed = md.cluster_bootstrap([1000] + [0] * 199, [0] * 200, list(range(200)), level=1 - 1e-12)
    assert (skewed.ci_low, skewed.reason) == (
        None,
        "the clusters are too skewed for the correction",
    )
    assert skewed.percentile_low == 0


def test_invalid_input():
    with pytest.raises(ValueError, match="draws must be at least 100, not 99"):
        md.cluster_bootstrap([1, 2], [1, 3], ["a", "b"], draws=99)
    with pytest.raises(ValueError, match="draws must be a count"):
        md.cluster_bootstrap([1, 2], [1, 3], ["a", "b"], draws=100.5)
    with pytest.raises(ValueError, match="lengths differ"):
        md.cluster_bootstrap([1, 2], [1, 3], ["a"])
    with pytest.raises(ValueError, match="lacks a label"):
        md.cluster_bootstrap([1, 2], [1, 3], ["a", None])
    with pytest.raises(ValueError, match="test holds a missing"):
        md.cluster_bootstrap([1, math.nan], [1, 3], ["a", "b"])
    with pytest.raises(ValueError, match="level"):
        md.cluster_bootstrap([1, 2], [1, 3], ["a", "b"], level=2)
