import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.agreement import agreement

quick = settings(deadline=None, max_examples=60, derandomize=True)
rows_of_three = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", None]), min_size=3, max_size=3),
    min_size=2,
    max_size=12,
)


@quick
@given(rows_of_three)
def test_observed_by_brute_force(rows):
    given_ratings = [[value for value in row if value is not None] for row in rows]
    given_ratings = [row for row in given_ratings if row]
    twice = [row for row in given_ratings if len(row) > 1]
    assume(twice)
    own = [
        np.mean([x == y for x, y in itertools.permutations(row, 2)]) if len(row) > 1 else 0.0
        for row in given_ratings
    ]
    n = len(own)
    result = agreement.observed(rows)
    assert result.n == n
    assert result.estimate == pytest.approx(np.sum(own) / len(twice), abs=1e-12)
    assert 0 <= result.estimate <= 1
    if n < 2:
        assert (result.se, result.undefined) == (None, True)
        return
    x = np.array(own) * n / len(twice)
    # the standard error of the mean of x, which is the estimate
    assert result.se == pytest.approx(scipy_stats.sem(x), abs=1e-9)
    t = scipy_stats.t.ppf(0.975, n - 1)
    assert result.ci_low == pytest.approx(result.estimate - t * result.se)
    assert result.ci_high == pytest.approx(min(1, result.estimate + t * result.se))


@quick
@given(rows_of_three, st.integers(0, 99))
def test_observed_does_not_depend_on_order(rows, seed):
    rng = np.random.default_rng(seed)
    shuffled = [[rows[i][j] for j in (2, 0, 1)] for i in rng.permutation(len(rows))]
    one = agreement.observed(rows, weights="linear", categories=["a", "b", "c"])
    other = agreement.observed(shuffled, weights="linear", categories=["a", "b", "c"])
    assert one.undefined == other.undefined
    if one.estimate is not None:
        assert one.estimate == pytest.approx(other.estimate, abs=1e-12)


@quick
@given(*[st.integers(0, 50)] * 4)
def test_two_by_two_from_its_subjects(n11, n10, n01, n00):
    first = np.repeat([1, 1, 0, 0], [n11, n10, n01, n00])
    second = np.repeat([1, 0, 1, 0], [n11, n10, n01, n00])
    result = agreement.two_by_two(n11, n10, n01, n00)
    assert result.n == len(first)
    if len(first) == 0:
        assert result.undefined
        assert result.observed_agreement is None
        return
    assert result.observed_agreement == pytest.approx((first == second).mean())
    p, q = first.mean(), second.mean()
    assert result.expected_agreement == pytest.approx(p * q + (1 - p) * (1 - q))
    assert result.bias_index == pytest.approx(p - q, abs=1e-12)
    assert result.prevalence_index == pytest.approx((n11 - n00) / len(first))
    if first.any() or second.any():
        dice = 2 * (first * second).sum() / (first.sum() + second.sum())
        assert result.positive_agreement == pytest.approx(dice)
    else:
        assert (result.positive_agreement, result.undefined) == (None, True)
    mirrored = agreement.two_by_two(n00, n01, n10, n11)
    assert mirrored.positive_agreement == result.negative_agreement
    assert mirrored.prevalence_index == -result.prevalence_index


def test_edges_and_invalid_input():
    same = agreement.observed([[1, 1]] * 5)
    assert (same.estimate, same.se, same.ci_low, same.ci_high) == (1, 0, 1, 1)
    alone = agreement.observed([[1, None], [None, 2]])
    assert (alone.estimate, alone.n, alone.reason) == (None, 2, "no subject has two ratings")
    assert agreement.observed([]).reason == "no rating"
    only_negative = agreement.two_by_two(0, 0, 0, 9)
    assert (only_negative.positive_agreement, only_negative.negative_agreement) == (None, 1)
    with pytest.raises(ValueError, match="level"):
        agreement.observed([[1, 1]], level=2)
    with pytest.raises(ValueError, match="weights"):
        agreement.observed([[1, 1]], weights="none")
    with pytest.raises(ValueError, match="n01 must be a count"):
        agreement.two_by_two(1, 2, -3, 4)
