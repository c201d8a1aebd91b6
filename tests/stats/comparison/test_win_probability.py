import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.nonparametric import rank_compare_2indep

from clinval.stats.comparison import win_probability as wp

quick = settings(deadline=None, max_examples=80, derandomize=True)
grades = st.lists(st.integers(1, 5), min_size=2, max_size=15)


@quick
@given(grades, grades, st.sampled_from([0.8, 0.95]), st.floats(-0.4, 0.4))
def test_brunner_munzel_against_statsmodels_and_scipy(test, reference, level, margin):
    result = wp.brunner_munzel(test, reference, level=level)
    wins = np.sign(np.subtract.outer(test, reference))
    assert result.estimate == pytest.approx((wins.mean() + 1) / 2)
    assume(not result.undefined)
    wanted = rank_compare_2indep(test, reference)
    assert result.df == pytest.approx(wanted.df)
    assert (result.ci_low, result.ci_high) == pytest.approx(wanted.conf_int(alpha=1 - level))
    for alternative, theirs in (("greater", "larger"), ("less", "smaller"), ("two-sided",) * 2):
        tested = wp.brunner_munzel_test(test, reference, margin=margin, alternative=alternative)
        moved = wanted.test_prob_superior(0.5 + margin, alternative=theirs)
        assert tested.statistic == pytest.approx(moved.statistic, rel=1e-7, abs=1e-9)
        assert tested.p_value == pytest.approx(moved.pvalue, rel=1e-6, abs=1e-12)
    plain = scipy_stats.brunnermunzel(reference, test)
    tested = wp.brunner_munzel_test(test, reference, alternative="two-sided")
    assert tested.statistic == pytest.approx(plain.statistic, rel=1e-7, abs=1e-9)
    assert tested.p_value == pytest.approx(plain.pvalue, rel=1e-6)


@quick
@given(grades, grades)
def test_only_the_order_counts_and_arms_may_be_swapped(test, reference):
    one = wp.brunner_munzel(test, reference)
    stretched = wp.brunner_munzel(np.exp(test), np.exp(reference))
    assert (stretched.estimate, stretched.ci_low) == (one.estimate, one.ci_low)
    other = wp.brunner_munzel(reference, test)
    assert other.estimate == pytest.approx(1 - one.estimate)
    assert other.se == pytest.approx(one.se)
    assert other.reason == one.reason
    if not one.undefined:
        assert other.ci_low == pytest.approx(1 - one.ci_high)


@quick
@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5)), min_size=2, max_size=30
    ),
    st.sampled_from([0.8, 0.95]),
)
def test_clusters_one_by_one(rows, level):
    test, reference, cluster = (np.array(column) for column in zip(*rows, strict=True))
    result = wp.paired_clustered(test, reference, cluster, level=level)
    means = [
        np.mean([(a > b) + 0.5 * (a == b) for a, b, c in rows if c == k])
        for k in np.unique(cluster)
    ]
    assert result.estimate == pytest.approx(np.mean(means))
    assert (result.n, result.clusters) == (len(rows), len(means))
    assume(len(means) > 1 and np.ptp(means) > 0)
    se = np.std(means, ddof=1) / math.sqrt(len(means))
    limits = scipy_stats.t.interval(level, len(means) - 1, np.mean(means), se)
    assert (result.ci_low, result.ci_high) == pytest.approx(limits)
    assert result.df == len(means) - 1
    for alternative in ("greater", "less", "two-sided"):
        tested = wp.paired_clustered_test(
            *map(list, zip(*rows, strict=True)), margin=-0.1, alternative=alternative
        )
        wanted = scipy_stats.ttest_1samp(means, 0.4, alternative=alternative)
        assert tested.statistic == pytest.approx(wanted.statistic, rel=1e-9, abs=1e-12)
        assert tested.p_value == pytest.approx(wanted.pvalue, rel=1e-9)
        assert tested.df == wanted.df


def test_size_of_the_test_by_simulation():
    rng = np.random.default_rng(3)
    rejected = sum(
        wp.brunner_munzel_test(rng.normal(0, 3, 30), rng.normal(0, 1, 20)).p_value < 0.05
        for _ in range(2000)
    )
    assert 0.035 < rejected / 2000 < 0.065


def test_without_variation():
    level = wp.brunner_munzel([5, 5, 5], [5, 5])
    assert (level.estimate, level.se, level.df, level.ci_low) == (0.5, 0, None, None)
    assert level.reason == "the ranks do not vary within the arms"
    apart = wp.brunner_munzel([5, 6, 7], [1, 2])
    assert (apart.estimate, apart.se, apart.undefined) == (1, 0, True)
    assert wp.brunner_munzel_test([5, 6, 7], [1, 2]).p_value is None
    alike = wp.paired_clustered([3, 4, 4], [2, 3, 3], ["a", "a", "b"])
    assert (alike.estimate, alike.se, alike.df, alike.ci_low) == (1, 0, 1, None)
    assert alike.reason == "the clusters do not differ"
    tested = wp.paired_clustered_test([3, 4, 4], [2, 3, 3], ["a", "a", "b"])
    assert (tested.p_value, tested.reason) == (None, "the clusters do not differ")


def test_too_few():
    single = wp.brunner_munzel([5], [1, 5, 7])
    assert (single.estimate, single.se) == (0.5, None)
    assert single.reason == "an arm has fewer than two subjects"
    assert wp.brunner_munzel([], [1, 2]).reason == "an arm has no subject"
    assert wp.brunner_munzel([], [1, 2]).estimate is None
    assert wp.brunner_munzel_test([1], [1, 2]).reason == "an arm has fewer than two subjects"
    for function in (wp.paired_clustered, wp.paired_clustered_test):
        assert function([], [], []).reason == "no pair"
        assert function([1, 2], [1, 1], ["a", "a"]).reason == "fewer than two clusters"
    one = wp.paired_clustered([1, 2], [1, 1], ["a", "a"])
    assert (one.estimate, one.se, one.reason) == (0.75, None, "fewer than two clusters")


def test_invalid_input():
    for function in (wp.brunner_munzel, wp.brunner_munzel_test):
        with pytest.raises(ValueError, match="test holds a missing"):
            function([1, None], [1, 2])
    with pytest.raises(ValueError, match="level"):
        wp.brunner_munzel([1, 2], [1, 2], level=0)
    for function, data in (
        (wp.brunner_munzel_test, ([1, 2], [1, 2])),
        (wp.paired_clustered_test, ([1, 2], [1, 2], ["a", "b"])),
    ):
        with pytest.raises(ValueError, match=r"margin must lie between -0\.5 and 0\.5"):
            function(*data, margin=0.51)
        with pytest.raises(ValueError, match="alternative"):
            function(*data, alternative="larger")
    for function in (wp.paired_clustered, wp.paired_clustered_test):
        with pytest.raises(ValueError, match="lengths differ"):
            function([1, 2], [1, 2], ["a"])
        with pytest.raises(ValueError, match="lengths differ"):
            function([1, 2], [1], ["a", "b"])
        with pytest.raises(ValueError, match="lacks a label"):
            function([1, 2], [1, 2], ["a", None])
    with pytest.raises(ValueError, match="level"):
        wp.paired_clustered([1, 2], [1, 2], ["a", "b"], level=1.2)
