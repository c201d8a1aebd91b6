import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from clinval.stats.planning import sample_size as ss

quick = settings(deadline=None, max_examples=80, derandomize=True)


@quick
@given(st.lists(st.integers(1, 30), min_size=2, max_size=8), st.floats(0, 1))
def test_design_effect_is_the_variance_of_a_mean_over_all_subjects(sizes, icc):
    m = np.array(sizes)
    result = ss.design_effect(icc, m.mean(), cluster_size_cv=m.std() / m.mean())
    # variance of the sum of equicorrelated values, over that of independent ones
    wanted = sum(k + k * (k - 1) * icc for k in sizes) / m.sum()
    assert result.design_effect == pytest.approx(wanted)
    if m.mean() > 1:
        assert result.design_effect >= 1


def test_design_effect_of_drawn_clusters():
    draw, icc, sizes = np.random.default_rng(6), 0.2, np.array([2, 2, 5, 9, 12])
    clusters = np.repeat(np.arange(5), sizes)
    values = math.sqrt(icc) * draw.standard_normal((40_000, 5))[:, clusters]
    values += math.sqrt(1 - icc) * draw.standard_normal((40_000, 30))
    wanted = values.mean(axis=1).var() * 30
    result = ss.design_effect(icc, 6, cluster_size_cv=sizes.std() / 6)
    assert result.design_effect == pytest.approx(wanted, rel=0.03)


@quick
@given(st.floats(1, 5000), st.floats(0.2, 5), st.floats(0, 0.9))
def test_inflated_leaves_what_is_needed(n, effect, dropout):
    result = ss.inflated(n, design_effect=effect, dropout=dropout)
    assert result.n_inflated * (1 - dropout) / effect == pytest.approx(n)
    assert 0 <= result.sample_size - result.n_inflated + 1e-5 < 1.0001


@st.composite
def centers(draw):
    k = draw(st.integers(1, 4))
    weights = draw(st.lists(st.integers(1, 9), min_size=k, max_size=k))
    least = draw(st.integers(0, 2))
    limits = draw(st.lists(st.integers(least, 9), min_size=k, max_size=k))
    return draw(st.integers(1, 16)), weights, least, limits


@quick
@given(centers())
def test_allocation_is_the_nearest_to_proportion_within_the_limits(planned):
    n, weights, least, limits = planned
    result = ss.allocation(n, weights, minimum=least, maximum=limits)
    ranges = [range(least, limit + 1) for limit in limits]
    possible = [split for split in itertools.product(*ranges) if sum(split) == n]
    if not possible:
        assert result.subjects_by_center == (None,) * len(weights)
        assert result.undefined
        return
    got = result.subjects_by_center
    assert got in possible

    def apart(split):
        return sum(a * a / w for a, w in zip(split, weights, strict=True))

    assert apart(got) == pytest.approx(min(map(apart, possible)))
    assert result.cluster_size == n / len(weights)
    assert result.cluster_size_cv == pytest.approx(np.std(got) / np.mean(got))


@quick
@given(st.integers(1, 500), st.lists(st.floats(0.1, 20), min_size=1, max_size=12))
def test_allocation_without_limits(n, weights):
    result = ss.allocation(n, weights)
    assert sum(result.subjects_by_center) == n
    assert all(isinstance(k, int) and k >= 0 for k in result.subjects_by_center)
    larger = ss.allocation(n + 1, weights).subjects_by_center
    assert all(a <= b for a, b in zip(result.subjects_by_center, larger, strict=True))
    scaled = ss.allocation(n, [4 * w for w in weights])
    assert scaled.subjects_by_center == result.subjects_by_center


def test_allocation_edges():
    assert ss.allocation(7, [1, 1, 1]).subjects_by_center == (3, 2, 2)
    nobody = ss.allocation(0, [1, 2])
    assert (nobody.subjects_by_center, nobody.cluster_size_cv) == ((0, 0), None)
    assert nobody.reason == "no subject"
    too_few = ss.allocation(5, [1, 1], minimum=3)
    assert too_few.reason == "the minima of the centers are more than all subjects"
    full = ss.allocation(50, [1, 1], maximum=[20, 20])
    assert full.reason == "the centers have no room for all subjects"
    filled = ss.allocation(40, [1, 5], maximum=[20, 20])
    assert filled.subjects_by_center == (20, 20)
    assert filled.cluster_size_cv == 0


@pytest.mark.parametrize(
    ("n", "weights", "options", "message"),
    [
        (-1, [1], {}, "n must be a count"),
        (1.5, [1], {}, "n must be a count"),
        (10, [], {}, "weights must hold a number above 0"),
        (10, [1, 0], {}, "weights must hold a number above 0"),
        (10, [1, math.nan], {}, "weights holds a missing"),
        (10, [1, 1], {"maximum": [10]}, "lengths differ: weights 2, maximum 1"),
        (10, [1, 1], {"maximum": [10, 1], "minimum": 2}, "maximum of a center is below"),
        (10, [1, 1], {"minimum": -1}, "minimum must be a count"),
    ],
)
def test_invalid_allocations(n, weights, options, message):
    with pytest.raises(ValueError, match=message):
        ss.allocation(n, weights, **options)


def test_other_invalid_arguments():
    for arguments, message in (
        ((-0.1, 5), "icc must lie between 0 and 1"),
        ((0.1, 0), "cluster_size must be 1 or more"),
        ((0.1, math.inf), "cluster_size must be a finite number"),
    ):
        with pytest.raises(ValueError, match=message):
            ss.design_effect(*arguments)
    with pytest.raises(ValueError, match="cluster_size_cv must not be negative"):
        ss.design_effect(0.1, 5, cluster_size_cv=-0.5)
    for n, options, message in (
        (0, {}, "n must be above 0"),
        (100, {"dropout": 1}, "dropout must lie in"),
        (100, {"dropout": -0.1}, "dropout must lie in"),
        (100, {"design_effect": 0}, "design_effect must be above 0"),
    ):
        with pytest.raises(ValueError, match=message):
            ss.inflated(n, **options)
