import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable

from clinval.stats.comparison import odds_ratio, stratified_odds_ratio as so

quick = settings(deadline=None, max_examples=60, derandomize=True)
DATA = ([4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33])


@st.composite
def strata(draw, most=5, largest=25):
    rows = []
    for _ in range(draw(st.integers(1, most))):
        n1, n2 = draw(st.integers(1, largest)), draw(st.integers(1, largest))
        rows.append((draw(st.integers(0, n1)), n1, draw(st.integers(0, n2)), n2))
    return tuple(map(list, zip(*rows, strict=True)))


def statsmodels_table(data):
    return StratifiedTable(
        [
            np.array([[x1, n1 - x1], [x2, n2 - x2]], float)
            for x1, n1, x2, n2 in zip(*data, strict=True)
        ]
    )


@quick
@given(strata(), st.sampled_from([0.8, 0.95]))
def test_agrees_with_statsmodels(data, level):
    result = so.mantel_haenszel(*data, level=level)
    x1, n1, x2, n2 = map(np.array, data)
    above, below = np.sum(x1 * (n2 - x2) / (n1 + n2)), np.sum(x2 * (n1 - x1) / (n1 + n2))
    if below == 0:
        assert (result.estimate, result.ci_low, result.undefined) == (None, None, True)
    elif above == 0:
        assert (result.estimate, result.ci_low, result.undefined) == (0, None, True)
    else:
        wanted = statsmodels_table(data)
        assert result.estimate == pytest.approx(wanted.oddsratio_pooled, rel=1e-10)
        interval = wanted.oddsratio_pooled_confint(1 - level)
        assert (result.ci_low, result.ci_high) == pytest.approx(interval, rel=1e-9)
    test = so.cochran_mantel_haenszel_test(*data)
    if np.all((x1 + x2) % (n1 + n2) == 0):
        assert (test.statistic, test.p_value, test.undefined) == (None, None, True)
        return
    wanted = statsmodels_table(data).test_null_odds(correction=False)
    assert test.statistic == pytest.approx(wanted.statistic, rel=1e-9, abs=1e-12)
    assert test.p_value == pytest.approx(wanted.pvalue, rel=1e-8)


@quick
@given(strata())
def test_the_continuity_correction_is_that_of_r(data):
    x1, n1, x2, n2 = map(np.array, data)
    total = n1 + n2
    plain, corrected = (
        so.cochran_mantel_haenszel_test(*data, continuity=by) for by in (False, True)
    )
    assert plain.undefined == corrected.undefined
    if plain.undefined:
        return
    gap = abs(np.sum(x1 - (x1 + x2) * n1 / total))
    if gap < 0.5 - 1e-9:
        assert corrected.statistic == plain.statistic
    elif gap > 0.5 + 1e-9:
        assert corrected.statistic == pytest.approx(plain.statistic * ((gap - 0.5) / gap) ** 2)


@quick
@given(strata(), st.integers(0, 99))
def test_swapping_arms_and_the_order_of_strata(data, seed):
    x1, n1, x2, n2 = data
    one, other = so.mantel_haenszel(*data), so.mantel_haenszel(x2, n2, x1, n1)
    if one.ci_low is not None:
        assert one.ci_low == pytest.approx(1 / other.ci_high, rel=1e-10)
        assert one.ci_low < one.estimate < one.ci_high
    order = np.random.default_rng(seed).permutation(len(x1))
    shuffled = so.mantel_haenszel(*([column[i] for i in order] for column in data))
    assert shuffled.undefined == one.undefined
    if one.estimate is not None:
        assert shuffled.estimate == pytest.approx(one.estimate, rel=1e-12)
    test, swapped = (so.cochran_mantel_haenszel_test(*d) for d in (data, (x2, n2, x1, n1)))
    assert test.undefined == swapped.undefined
    if not test.undefined:
        assert test.statistic == pytest.approx(swapped.statistic, rel=1e-9, abs=1e-15)


@quick
@given(strata(most=1))
def test_one_stratum(data):
    one = [column[0] for column in data]
    result, woolf = so.mantel_haenszel(*data), odds_ratio.woolf(*one)
    if not woolf.undefined:
        # with one stratum the variance of the logarithm is Woolf's
        assert result.estimate == pytest.approx(woolf.estimate)
        assert (result.ci_low, result.ci_high) == pytest.approx((woolf.ci_low, woolf.ci_high))


def test_size():
    rng = np.random.default_rng(8)
    n1, n2 = np.array([20, 30, 5, 3]), np.array([25, 25, 6, 2])
    p = np.array([0.3, 0.6, 0.5, 0.2])
    drawn = [
        so.cochran_mantel_haenszel_test(rng.binomial(n1, p), n1, rng.binomial(n2, p), n2).p_value
        for _ in range(2000)
    ]
    assert 0.035 < np.mean(np.array(drawn) < 0.05) < 0.065  # three standard errors


def test_edges():
    more = ([4, 6, 1, 10, 0], [16, 16, 34, 34, 0], [5, 10, 4, 11, 1], [15, 17, 33, 33, 2])
    for function in (so.mantel_haenszel, so.cochran_mantel_haenszel_test):
        assert function(*more) == function(*DATA)
        nothing = function([0], [0], [1], [2])
        assert nothing.undefined
        assert nothing.reason == "no stratum has subjects in both arms"
        assert function([], [], [], []).undefined
    assert so.mantel_haenszel([5], [5], [2], [5]).reason == "the ratio is infinite"
    assert so.mantel_haenszel([0], [5], [0], [5]).reason == "the ratio is 0/0"
    zero = so.mantel_haenszel([0], [5], [2], [5])
    assert (zero.estimate, zero.reason) == (0, "the logarithm of 0 is infinite")


def test_invalid_input():
    for function in (so.mantel_haenszel, so.cochran_mantel_haenszel_test):
        with pytest.raises(ValueError, match="lengths differ: x1 2, n1 3"):
            function([1, 2], [4, 5, 6], [1, 1], [4, 4])
        with pytest.raises(ValueError, match="more successes than subjects"):
            function([5], [4], [1], [4])
        with pytest.raises(ValueError, match="n2 must be a count"):
            function([1], [4], [1], [-4])
    with pytest.raises(ValueError, match="level"):
        so.mantel_haenszel(*DATA, level=1)
