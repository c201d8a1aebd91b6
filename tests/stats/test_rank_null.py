"""Null distributions of rank statistics, against whole numbers counted without rounding."""

import math
from fractions import Fraction

import numpy as np
import pytest

from clinval.stats._rank_null import order_statistic, rank_sum, signed_rank, tied_rank_sum


def _counted_rank_sum(m, n):
    """The number of ways to reach each U up to the middle, in Python's whole numbers."""
    ways = [1] + [0] * (m * n // 2)
    for i in range(1, m + 1):
        for k in range(i, len(ways)):
            ways[k] += ways[k - i]
        for k in range(len(ways) - 1, n + i - 1, -1):
            ways[k] -= ways[k - n - i]
    total = math.comb(m + n, m)
    return np.array([float(Fraction(way, total)) for way in ways])


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 4), (5, 4), (30, 25), (2, 300), (90, 100)])
def test_rank_sum_keeps_its_digits_in_the_tail(m, n):
    wanted, got = _counted_rank_sum(m, n), rank_sum(m, n)
    assert len(got) == m * n + 1
    np.testing.assert_allclose(got[: len(wanted)], wanted, rtol=1e-12)
    np.testing.assert_array_equal(got, got[::-1])


@pytest.mark.parametrize(("m", "n"), [(105, 110), (101, 150)])
def test_rank_sum_of_large_samples_is_right_to_the_last_digit_of_1(m, n):
    wanted, got = _counted_rank_sum(m, n), rank_sum(m, n)
    np.testing.assert_allclose(np.cumsum(got)[: len(wanted)], np.cumsum(wanted), atol=1e-14)


def test_rank_sum_where_the_smallest_probability_underflows():
    got = rank_sum(600, 700)
    u = np.arange(len(got))
    assert got.sum() == pytest.approx(1, abs=1e-12)
    mean = (got * u).sum()
    assert mean == pytest.approx(600 * 700 / 2, rel=1e-12)
    assert (got * (u - mean) ** 2).sum() == pytest.approx(600 * 700 * 1301 / 12, rel=1e-10)
    assert got.min() >= 0


def test_the_tied_distribution_without_ties_is_the_untied_one():
    m, n = 40, 30
    arm = np.random.default_rng(1).permutation(np.repeat([1, 0], [m, n]))
    full = tied_rank_sum(arm, 1 - arm, 2 * m * n)
    np.testing.assert_allclose(full[::2], rank_sum(m, n), rtol=1e-11)
    assert not full[1::2].any()
    np.testing.assert_array_equal(tied_rank_sum(arm, 1 - arm, 100), full[:101])


def test_signed_rank_against_whole_numbers():
    ways = [1]
    for rank in range(1, 41):
        longer = ways + [0] * rank
        ways = [longer[k] + (ways[k - rank] if k >= rank else 0) for k in range(len(longer))]
    got = signed_rank(np.arange(1, 41))
    np.testing.assert_allclose(got, np.array(ways) / 2**40, rtol=1e-12)
    assert signed_rank(np.array([], dtype=int)).tolist() == [1]


def test_order_statistic_of_published_tables():
    # critical values of Wilcoxon's tests at 5 %, two-sided: one below c
    for n, critical in ((6, 0), (8, 3), (10, 8), (15, 25), (20, 52), (25, 89)):
        assert order_statistic(signed_rank(np.arange(1, n + 1)), 0.95)[0] == critical + 1
    for m, n, critical in ((5, 5, 2), (7, 9, 12), (10, 10, 23), (20, 20, 127)):
        assert order_statistic(rank_sum(m, n), 0.95)[0] == critical + 1
