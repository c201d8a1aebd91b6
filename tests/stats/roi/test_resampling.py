"""Means of units that are drawn again and again with replacement."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from clinval.stats.roi import resampling
from clinval.stats.roi.resampling import resampled_means

sums = st.lists(st.tuples(st.floats(-1e3, 1e3), st.integers(1, 9)), min_size=1, max_size=8)


@settings(max_examples=20, deadline=None)
@given(sums, st.integers(0, 2**32))
def test_a_mean_lies_between_the_means_of_the_units(units, seed):
    total = np.array([[value] for value, _ in units])
    size = np.array([[float(count)] for _, count in units])
    means = resampled_means(np.random.default_rng(seed), total, size, 50)
    assert means.shape == (50, 1)
    each = total / size
    slack = 1e-9 * (1 + np.abs(each).max())
    assert (means >= each.min() - slack).all()
    assert (means <= each.max() + slack).all()


def test_every_way_of_drawing_two_units_comes_as_often_as_it_should():
    values, ones = np.array([[0.0], [1.0]]), np.ones((2, 1))
    means = resampled_means(np.random.default_rng(1), values, ones, 20_000)[:, 0]
    found = [(means == value).mean() for value in (0.0, 0.5, 1.0)]
    assert found == pytest.approx([0.25, 0.5, 0.25], abs=0.01)


def test_units_count_by_their_size():
    sizes = np.array([[1.0], [3.0]])
    means = resampled_means(np.random.default_rng(1), np.array([[8.0], [0.0]]), sizes, 20_000)
    assert set(np.unique(means)) == {0.0, 2.0, 8.0}
    assert (means == 2.0).mean() == pytest.approx(0.5, abs=0.01)


def test_nobody_drawn_has_no_mean():
    sizes = np.array([[0.0, 1.0], [1.0, 1.0]])
    means = resampled_means(np.random.default_rng(1), sizes * 4, sizes, 1000)
    assert np.isnan(means[:, 0]).mean() == pytest.approx(0.25, abs=0.05)
    assert not np.isnan(means[:, 1]).any()


def test_parts_of_the_draws_are_those_of_the_whole(monkeypatch):
    values = np.arange(12.0).reshape(4, 3)
    whole = resampled_means(np.random.default_rng(5), values, np.ones((4, 3)), 100)
    monkeypatch.setattr(resampling, "_AT_ONCE", 28)
    parts = resampled_means(np.random.default_rng(5), values, np.ones((4, 3)), 100)
    assert np.array_equal(whole, parts)
