import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats
from test_auc import pairs, reads

from clinval.stats.accuracy import auc, auc_difference

quick = settings(deadline=None, max_examples=60, derandomize=True)
Z = 1.959963984540054


@quick
@given(reads(scores=2))
def test_difference_and_covariance_by_all_pairs(data):
    truth, test, reference = data
    result = auc_difference.delong(truth, test, reference)
    one, other = pairs(truth, test), pairs(truth, reference)
    m, n = one.shape
    both = [np.cov(one.mean(axis), other.mean(axis)) for axis in (1, 0)]
    wanted = both[0] / m + both[1] / n
    assert result.estimate == pytest.approx(one.mean() - other.mean(), abs=1e-12)
    assert result.covariance == pytest.approx(wanted[0, 1], abs=1e-14)
    assert result.variance_test == pytest.approx(wanted[0, 0], abs=1e-14)
    assert result.variance_reference == auc.delong(truth, reference).variance
    if not result.undefined:
        # the same as one area of the difference in order, subject by subject
        apart = one - other
        se = math.sqrt(apart.mean(1).var(ddof=1) / m + apart.mean(0).var(ddof=1) / n)
        assert result.se == pytest.approx(se, abs=1e-9)
        assert result.ci_high == pytest.approx(result.estimate + Z * result.se)
        assert result.p_value == pytest.approx(2 * stats.norm.sf(abs(result.statistic)))


@quick
@given(reads(scores=2))
def test_exchanging_the_scores_turns_the_sign(data):
    truth, test, reference = data
    for function in (auc_difference.delong, auc_difference.partial_delong):
        one, other = function(truth, test, reference), function(truth, reference, test)
        assert one.estimate == pytest.approx(-other.estimate, abs=1e-12)
        assert one.undefined == other.undefined
        if not one.undefined:
            assert one.ci_low == pytest.approx(-other.ci_high, abs=1e-9)
            assert one.p_value == pytest.approx(other.p_value, abs=1e-6)


@quick
@given(reads(scores=2), st.sampled_from([-0.1, 0.0, 0.05]))
def test_the_test_is_the_interval(data, margin):
    truth, test, reference = data
    result = auc_difference.delong(truth, test, reference, level=0.9)
    found = auc_difference.delong_test(truth, test, reference, margin=margin)
    assert found.undefined == result.undefined
    if not found.undefined:
        assert (found.p_value < 0.05) == (result.ci_low > margin)
        both = auc_difference.delong_test(
            truth, test, reference, margin=0.0, alternative="two-sided"
        )
        assert both.p_value == pytest.approx(result.p_value)


def test_a_subject_without_a_score_counts_in_neither_area():
    truth, test, reference = [1, 1, 1, 0, 0, 0], [3, 1, 4, 2, 1, 0], [2, 2, 3, 1, 3, 0]
    gaps = auc_difference.delong([1, 0, *truth], [None, 9, *test], [0, float("nan"), *reference])
    whole = auc_difference.delong(truth, test, reference)
    assert (gaps.dropped, gaps.n) == (2, 6)
    assert (gaps.estimate, gaps.se) == (whole.estimate, whole.se)


def test_differences_that_do_not_vary():
    truth, score = [1, 1, 0, 0, 0], [3, 1, 2, 0, 1]
    same = auc_difference.delong(truth, score, np.exp(score))
    assert (same.estimate, same.se, same.p_value) == (0, 0, None)
    assert same.reason == "the difference of the placement values does not vary"
    perfect = auc_difference.delong([1, 1, 0, 0], [4, 3, 2, 1], [9, 8, 1, 2])
    assert perfect.reason == "the placement values do not vary"
    assert auc_difference.delong([1, 0], [1, 0], [0, 1]).estimate == 1
    assert auc_difference.delong([1, 1], [1, 0], [0, 1]).auc_test is None
    drawn = auc_difference.partial_bootstrap(truth, score, score)
    assert (drawn.estimate, drawn.ci_low) == (0, None)
    assert auc_difference.partial_bootstrap([1, 1], [1, 0], [0, 1]).estimate is None


@pytest.mark.parametrize("size", [7, 1_001, 100_003])
def test_a_monotone_change_of_the_score_is_no_difference(size):
    rng = np.random.default_rng(size)
    truth = rng.integers(0, 2, size)
    truth[:4] = 0, 1, 0, 1
    score = rng.normal(truth, 1)
    result = auc_difference.delong(truth, score, 3 * score - 1)
    assert (result.estimate, result.se, result.p_value) == (0, 0, None)


def test_errors_are_those_of_simulated_studies():
    rng = np.random.default_rng(4)
    truth = np.repeat([1, 0], [60, 80])
    found = []
    for _ in range(800):
        shared = rng.normal(0, 1, 140)
        test, reference = (shared + rng.normal(k * truth, 1) for k in (1.8, 1.4))
        whole = auc_difference.delong(truth, test, reference)
        part = auc_difference.partial_delong(truth, test, reference, low=0.75)
        found.append((whole.estimate, part.estimate, whole.se**2, part.se**2))
    found = np.array(found)
    errors = np.sqrt(found[:, 2:].mean(0))
    np.testing.assert_allclose(errors, found[:, :2].std(0), rtol=0.1)


def test_the_bootstrap_is_near_the_linearisation():
    rng = np.random.default_rng(10)
    truth = np.repeat([1, 0], [80, 80])
    shared = rng.normal(0, 2, 160)
    test, reference = (shared + rng.normal(k * truth, 1) for k in (3, 2.2))
    options = {"low": 0.6, "high": 1.0}
    plain = auc_difference.partial_delong(truth, test, reference, **options)
    drawn = auc_difference.partial_bootstrap(truth, test, reference, draws=4000, **options)
    assert drawn.estimate == plain.estimate
    assert drawn.se == pytest.approx(plain.se, rel=0.08)
    # both scores of a subject are drawn together: apart the error would be much larger
    assert drawn.se < 0.8 * math.sqrt(plain.variance_test + plain.variance_reference)


def test_invalid_input():
    for function in (auc_difference.delong, auc_difference.partial_delong):
        with pytest.raises(ValueError, match="lengths differ"):
            function([0, 1], [1, 2], [1, 2, 3])
        with pytest.raises(ValueError, match="truth"):
            function([0, 3], [1, 2], [1, 2])
    with pytest.raises(ValueError, match="margin"):
        auc_difference.delong_test([0, 1], [1, 2], [1, 2], margin=2)
    with pytest.raises(ValueError, match="alternative"):
        auc_difference.delong_test([0, 1], [1, 2], [1, 2], alternative="better")
