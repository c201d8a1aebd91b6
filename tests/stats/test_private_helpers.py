"""The shared machinery on its own: roots, restricted estimates, exponential sums, labels."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from clinval.stats._agreement_weights import WEIGHTS, weight_matrix
from clinval.stats._exponential_sums import merged_terms, real_zeros
from clinval.stats._labels import factorize, group_codes
from clinval.stats._roots import bracketed_roots, bracketed_roots_by_row
from clinval.stats._score import (
    PairedTables,
    TwoArms,
    difference_limits,
    difference_variance,
    paired_variance,
    restricted_difference,
    restricted_reference_only,
    score_limits,
)

quick = settings(deadline=None, max_examples=60, derandomize=True)


def test_roots_are_reached_to_machine_precision_elementwise():
    targets = np.array([2.0, 3.0, 1e-12, 5e11])
    roots = bracketed_roots(lambda x: targets - x**2, np.zeros(4), np.maximum(targets, 1.0))
    np.testing.assert_allclose(roots, np.sqrt(targets), rtol=2e-15)
    downwards = bracketed_roots(lambda x: x**3 - 5, np.array([9.0]), np.array([-9.0]))
    np.testing.assert_allclose(downwards, 5 ** (1 / 3), rtol=1e-15)


def test_roots_by_row_are_the_same_roots():
    rng = np.random.default_rng(4)
    targets = np.concatenate([10 ** rng.uniform(-12, 12, 500), [0.0, -1.0, 9e30]])
    powers = rng.choice([0.2, 1.0, 7.0], len(targets))
    low, high = np.zeros(len(targets)), np.maximum(np.minimum(targets, 1e20), 1.0)
    asked = []

    def excess(x, rows):
        asked.append(len(rows))
        return np.sign(targets[rows] - x) * np.abs(targets[rows] - x) ** powers[rows]

    found = bracketed_roots_by_row(excess, low, high)
    every = np.arange(len(targets))
    np.testing.assert_array_equal(found, bracketed_roots(lambda x: excess(x, every), low, high))
    # never positive: the first end; positive at the other end too: that end
    assert found[-3:].tolist() == [0, 0, 1e20]
    assert asked[0] == len(targets) > min(asked)
    assert bracketed_roots_by_row(excess, np.empty(0), np.empty(0)).shape == (0,)


def test_roots_at_zero_at_jumps_and_at_the_ends():
    low, high = np.array([-1.0]), np.array([0.7])
    assert abs(bracketed_roots(lambda x: -x, low, high)[0]) < 1e-19
    assert abs(bracketed_roots(lambda x: -np.sign(x) - 0.5, low, high)[0]) < 1e-15
    # 0 is not positive: a root at the far end is not taken when the function falls before it
    falls = bracketed_roots(lambda x: (x - 0.7) * (x + 0.2), low, high)
    assert falls[0] == pytest.approx(-0.2, abs=1e-15)
    assert bracketed_roots(np.ones_like, low, high)[0] == 0.7
    assert bracketed_roots(np.zeros_like, low, high)[0] == -1
    assert bracketed_roots(np.sin, np.empty(0), np.empty(0)).shape == (0,)


@quick
@given(st.floats(-0.999, 0.999), st.floats(0.05, 9), st.booleans())
def test_roots_of_awkward_functions(root, power, swap):
    def awkward(x):
        return np.sign(root - x) * np.abs(root - x) ** power

    found = bracketed_roots(awkward, np.array([-1.0]), np.array([1.0]))[0]
    if swap:
        found = bracketed_roots(lambda x: -awkward(x), np.array([1.0]), np.array([-1.0]))[0]
    # the value underflows to 0 near the root of a high power
    assert found == pytest.approx(root, abs=1e-15 if power < 1 else 1e-12)


def _long_double_restricted(arms, d):
    """The same maximum by bisection of the score in extended precision."""
    x1, n1, x2, n2 = (np.asarray(v, np.longdouble) for v in (arms.x1, arms.n1, arms.x2, arms.n2))
    d = np.asarray(d, np.longdouble)
    low, high = np.maximum(0, -d), np.minimum(1, 1 - d)
    for _ in range(90):
        p = (low + high) / 2
        score = p * (1 - p) * (x1 - n1 * (p + d)) + (p + d) * (1 - p - d) * (x2 - n2 * p)
        low, high = np.where(score > 0, p, low), np.where(score > 0, high, p)
    return (low + high) / 2


@pytest.mark.parametrize("size", [3, 10, 100, 100_000])
def test_restricted_difference_is_the_maximum_of_the_likelihood(size):
    rng = np.random.default_rng(size)
    n1, n2 = (rng.integers(1, size + 1, 5000).astype(float) for _ in range(2))
    x1, x2 = (rng.integers(0, n + 1).astype(float) for n in (n1, n2))
    edge = rng.integers(0, 4, 5000)  # half of the tables have an empty or a full cell
    arms = TwoArms(np.where(edge == 0, 0, x1), n1, np.where(edge == 1, n2, x2), n2)
    d = rng.choice([rng.uniform(-1, 1, 5000), rng.integers(-9, 10, 5000) / 10], axis=0)
    found = restricted_difference(arms, d)
    wanted = _long_double_restricted(arms, d).astype(float)
    np.testing.assert_allclose(found.p2, wanted, atol=1e-10)
    np.testing.assert_allclose(found.p1 - found.p2, d, atol=1e-12)
    np.testing.assert_allclose(found.spread1, found.p1 * (1 - found.p1), atol=1e-12)
    np.testing.assert_allclose(found.spread2, found.p2 * (1 - found.p2), atol=1e-12)


@pytest.mark.parametrize("size", [100, 100_000])
def test_the_restricted_variance_keeps_its_digits(size):
    # the closed form alone is off by 4e-10
    rng = np.random.default_rng(size)
    n1, n2 = (rng.integers(1, size + 1, 20_000).astype(float) for _ in range(2))
    x1, x2 = (rng.integers(0, n + 1).astype(float) for n in (n1, n2))
    arms, d = TwoArms(x1, n1, x2, n2), rng.uniform(-1, 1, 20_000)
    p2 = _long_double_restricted(arms, d)
    p1 = p2 + d
    wanted = p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2
    assert np.abs(difference_variance(arms, d) / wanted - 1).max() < 2e-11


def test_the_variance_of_flat_tables_survives_tiny_differences():
    # everybody, or nobody, has the event: the variance is that of one arm, |d| (1 - |d|) / n
    for x1, x2, d, n in ((0, 0, 1e-30, 3), (0, 0, -1e-30, 7), (3, 7, 1e-30, 7), (3, 7, -1e-30, 3)):
        arms = TwoArms(*(np.array(float(v)) for v in (x1, 3, x2, 7)))
        assert float(difference_variance(arms, np.array(d))) == pytest.approx(1e-30 / n, rel=1e-12)


def test_restricted_reference_only_solves_its_quadratic():
    rng = np.random.default_rng(1)
    n = rng.integers(1, 500, 5000).astype(float)
    n10 = np.floor(rng.uniform(0, 1, 5000) * n)
    n01 = np.floor(rng.uniform(0, 1, 5000) * (n - n10 + 1))
    d = rng.uniform(-0.999, 0.999, 5000)
    tables = PairedTables(n10, n01, n)
    q = restricted_reference_only(tables, d)
    b = -n10 - n01 + (2 * n - n10 + n01) * d
    residual = 2 * n * q**2 + b * q - n01 * d * (1 - d)
    assert np.abs(residual / n).max() < 1e-13
    assert (q >= np.maximum(0, -d)).all()
    assert (2 * q + d <= 1 + 1e-12).all()
    assert (paired_variance(tables, d) >= 0).all()


def test_one_call_serves_many_tables():
    from clinval.stats.comparison.risk_difference import miettinen_nurminen

    x1, x2 = (grid.ravel().astype(float) for grid in np.meshgrid(np.arange(9), np.arange(8)))
    arms = TwoArms(x1, np.full(72, 8.0), x2, np.full(72, 7.0))
    low, high = score_limits(
        lambda d: (arms.difference - d, 15 / 14 * difference_variance(arms, d)),
        arms.difference,
        1.959963984540054,
    )
    np.testing.assert_array_equal(
        difference_limits(arms, np.full(72, 15 / 14), 1.959963984540054), (low, high)
    )
    for i in range(72):
        one = miettinen_nurminen(int(x1[i]), 8, int(x2[i]), 7)
        assert low[i] == pytest.approx(one.ci_low, abs=1e-14)
        assert high[i] == pytest.approx(one.ci_high, abs=1e-14)


@quick
@given(st.lists(st.floats(-0.9, 3), min_size=1, max_size=5, unique=True), st.integers(0, 2))
def test_every_zero_of_a_polynomial_is_found(rates, tail):
    rates = sorted(rates)
    assume(all(b - a > 0.02 for a, b in itertools.pairwise(rates)))
    # flows with these internal rates: the product of (1 + r) x - 1 in x = 1/(1 + r)
    flows = np.array([1.0])
    for rate in rates:
        flows = np.convolve(flows, [-1.0, 1 + rate])
    flows = np.append(flows, np.zeros(tail))
    c, t = merged_terms(flows, np.arange(len(flows), dtype=float))
    zeros = np.expm1(real_zeros(c, t))
    np.testing.assert_allclose(zeros, rates, rtol=1e-5, atol=1e-6)


@quick
@given(
    st.lists(st.integers(-9, 9), min_size=2, max_size=9),
    st.lists(st.integers(0, 40), min_size=9, max_size=9, unique=True),
)
def test_zeros_are_not_more_than_changes_of_sign_and_have_their_parity(flows, times):
    c, t = merged_terms(np.array(flows, float), np.array(times[: len(flows)], float) / 7)
    assume(len(c) > 0)
    zeros = real_zeros(c, t)
    changes = int((np.sign(c[1:]) != np.sign(c[:-1])).sum())
    assert len(zeros) <= changes
    assert zeros == sorted(zeros)
    for zero in zeros:
        terms = c * np.exp(-t * zero - (-t * zero).max())
        assert abs(terms.sum()) <= 1e-10 * np.abs(terms).sum()
    # signs between the zeros alternate unless a zero is only touched
    grid = np.linspace(-60, 60, 4001)
    exponents = -grid[:, None] * t
    values = (c * np.exp(exponents - exponents.max(axis=1, keepdims=True))).sum(axis=1)
    flips = np.flatnonzero(np.sign(values[1:]) != np.sign(values[:-1]))
    for flip in flips:
        assert any(grid[flip] - 1e-6 <= zero <= grid[flip + 1] + 1e-6 for zero in zeros)


def test_labels_keep_text_apart_and_mark_what_is_missing():
    labels, codes = factorize("x", ["1.1", None, "1.10", "1.1"])
    assert labels == ("1.1", "1.10")
    assert codes.tolist() == [0, -1, 1, 0]
    labels, codes = factorize("x", [2, None, 1.0, float("nan"), True])
    assert labels == (1.0, 2.0)
    assert codes.tolist() == [1, -1, 0, -1, 0]
    assert factorize("x", np.array(["b", None, np.nan, "a"], dtype=object))[1].tolist() == [
        1,
        -1,
        -1,
        0,
    ]
    with pytest.raises(ValueError, match="all numbers or all text"):
        factorize("x", ["a", 1])
    with pytest.raises(ValueError, match="infinite"):
        factorize("x", [1.0, float("inf")])


def test_groups_are_in_numeric_order_where_all_are_numbers():
    assert group_codes("site", ["10", "2", "10"])[0] == ("2", "10")
    assert group_codes("site", ["10", "2", "b"])[0] == ("10", "2", "b")
    assert group_codes("site", ["10", "2", "10"])[1].tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match="lacks a label"):
        group_codes("site", ["a", None])


@pytest.mark.parametrize("weights", WEIGHTS)
@quick
@given(categories=st.lists(st.integers(0, 50), min_size=2, max_size=7, unique=True).map(sorted))
def test_weights_fall_from_one_with_distance(weights, categories):
    matrix = weight_matrix(weights, categories)
    assert np.array_equal(np.diag(matrix), np.ones(len(categories)))
    np.testing.assert_allclose(matrix, matrix.T)
    assert matrix.max() == 1
    assert matrix.min() >= -1e-12
    assert matrix[0, -1] == pytest.approx(0, abs=1e-12)
    assert (np.diff(matrix[0]) <= 1e-12).all()


def test_weights_of_text_go_by_the_declared_order():
    linear = weight_matrix("linear", ("poor", "fair", "good"))
    assert linear.tolist() == [[1, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 1]]
    assert weight_matrix("ratio", (0.0, 1.0)).tolist() == [[1, 0], [0, 1]]
    with pytest.raises(ValueError, match="negative"):
        weight_matrix("ratio", (-1.0, 1.0))
    with pytest.raises(ValueError, match="diagonal"):
        weight_matrix([[0, 1], [1, 0]], (1.0, 2.0))
    with pytest.raises(ValueError, match="2 x 2"):
        weight_matrix([[1]], (1.0, 2.0))
