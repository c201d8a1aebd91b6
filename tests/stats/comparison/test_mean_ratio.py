import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize, stats as scipy_stats

from clinval.stats.comparison import mean_difference, mean_ratio as mr

quick = settings(deadline=None, max_examples=60, derandomize=True)
value = st.floats(0.5, 500).map(lambda x: round(x, 3))
pairs = st.lists(st.tuples(value, value), min_size=3, max_size=12).filter(
    lambda rows: np.ptp([math.log(a / b) for a, b in rows]) > 0.01
)
samples = st.lists(value, min_size=2, max_size=12).filter(lambda v: max(v) / min(v) > 1.01)


def _paired_sites(seed, sizes, sd_site):
    rng = np.random.default_rng(seed)
    site = np.repeat(np.arange(len(sizes)), sizes)
    reference = rng.lognormal(5, 0.3, len(site))
    logs = -0.6 + rng.normal(0, sd_site, len(sizes))[site] + rng.normal(0, 0.1, len(site))
    return reference * np.exp(logs), reference, site


@quick
@given(pairs)
def test_geometric_paired_against_scipy(rows):
    test, reference = (np.array(column) for column in zip(*rows, strict=True))
    wanted = scipy_stats.ttest_rel(np.log(test), np.log(reference))
    limits = wanted.confidence_interval(0.95)
    result = mr.geometric_paired(test, reference)
    assert result.estimate == pytest.approx(scipy_stats.gmean(test) / scipy_stats.gmean(reference))
    assert result.ci_low == pytest.approx(math.exp(limits.low), rel=1e-7)
    assert result.ci_high == pytest.approx(math.exp(limits.high), rel=1e-7)
    assert result.p_value == pytest.approx(wanted.pvalue, rel=1e-6)
    assert (result.df, result.n) == (len(rows) - 1, len(rows))
    assert result.reduction_percent == pytest.approx(100 * (1 - result.estimate), abs=1e-9)
    assert result.ratio_of_means == pytest.approx(test.mean() / reference.mean())
    assert result.mean_of_ratios == pytest.approx((test / reference).mean())
    assert result.ci_low <= result.estimate <= result.ci_high


@quick
@given(samples, samples)
def test_geometric_welch_against_scipy(test, reference):
    wanted = scipy_stats.ttest_ind(np.log(test), np.log(reference), equal_var=False)
    limits = wanted.confidence_interval(0.95)
    result = mr.geometric_welch(test, reference)
    assert result.ci_low == pytest.approx(math.exp(limits.low), rel=1e-7)
    assert result.ci_high == pytest.approx(math.exp(limits.high), rel=1e-7)
    assert result.df == pytest.approx(wanted.df)
    assert result.p_value == pytest.approx(wanted.pvalue, rel=1e-6, abs=1e-12)


@quick
@given(samples, samples, st.sampled_from([0.5, 1.0, 1.25]))
def test_tests_of_a_margin_against_scipy(test, reference, margin):
    n = min(len(test), len(reference))
    for alternative in ("greater", "less", "two-sided"):
        options = {"margin": margin, "alternative": alternative}
        moved = np.log(test) - math.log(margin)
        wanted = scipy_stats.ttest_ind(
            moved, np.log(reference), equal_var=False, alternative=alternative
        )
        result = mr.geometric_welch_test(test, reference, **options)
        assert result.statistic == pytest.approx(wanted.statistic, rel=1e-6, abs=1e-8)
        assert result.p_value == pytest.approx(wanted.pvalue, rel=1e-5, abs=1e-12)
        assert result.df == pytest.approx(wanted.df)
        paired = mr.geometric_paired_test(test[:n], reference[:n], **options)
        if np.ptp(moved[:n] - np.log(reference[:n])) > 1e-6:
            wanted = scipy_stats.ttest_rel(
                moved[:n], np.log(reference[:n]), alternative=alternative
            )
            assert paired.statistic == pytest.approx(wanted.statistic, rel=1e-6, abs=1e-8)
            assert paired.p_value == pytest.approx(wanted.pvalue, rel=1e-5, abs=1e-12)
            assert paired.df == n - 1


@quick
@given(pairs, st.floats(0.01, 100))
def test_swapping_and_units(rows, unit):
    test, reference = (np.array(column) for column in zip(*rows, strict=True))
    for function in (mr.geometric_paired, mr.geometric_welch):
        one, other = function(test, reference), function(reference, test)
        assert one.estimate == pytest.approx(1 / other.estimate)
        if one.ci_low is not None:
            assert one.ci_low == pytest.approx(1 / other.ci_high)
        scaled = function(unit * test, unit * reference)
        assert scaled.estimate == pytest.approx(one.estimate)


@pytest.mark.parametrize(("seed", "sd_site"), [(1, 0.2), (2, 0.05), (3, 0.0)])
def test_random_site_is_the_model_of_logarithms(seed, sd_site):
    test, reference, site = _paired_sites(seed, [5, 9, 4, 7], sd_site)
    wanted = mean_difference.paired_random_site(np.log(test), np.log(reference), site)
    result = mr.geometric_random_site(test, reference, site)
    assert result.log_estimate == pytest.approx(wanted.estimate, rel=1e-9)
    assert result.estimate == pytest.approx(math.exp(wanted.estimate), rel=1e-9)
    assert result.ci_low == pytest.approx(math.exp(wanted.ci_low), rel=1e-7)
    assert result.df == pytest.approx(wanted.df, rel=1e-6)
    assert result.sd_between**2 == pytest.approx(wanted.variance_site, rel=1e-6, abs=1e-12)
    assert result.sd_within**2 == pytest.approx(wanted.variance_residual, rel=1e-6)


@pytest.mark.parametrize(("seed", "sd_site"), [(1, 0.2), (2, 0.05), (3, 0.0), (4, 0.5)])
def test_two_stage_against_a_direct_likelihood(seed, sd_site):
    test, reference, site = _paired_sites(seed, [5, 9, 4, 7, 6], sd_site)
    logs = np.log(test / reference)
    y = np.array([logs[site == k].mean() for k in range(5)])
    v = np.array([logs[site == k].var(ddof=1) / (site == k).sum() for k in range(5)])

    def deviance(tau2):
        w = 1 / (v + tau2)
        mu = (w * y).sum() / w.sum()
        return -np.log(w).sum() + math.log(w.sum()) + (w * (y - mu) ** 2).sum()

    found = optimize.minimize_scalar(
        deviance, bounds=(0, 2), method="bounded", options={"xatol": 1e-12}
    )
    tau2 = 0.0 if deviance(0) <= found.fun else found.x
    w = 1 / (v + tau2)
    mu = (w * y).sum() / w.sum()
    se = math.sqrt((w * (y - mu) ** 2).sum() / (4 * w.sum()))
    t = scipy_stats.t.ppf(0.975, 4)
    result = mr.geometric_two_stage(test, reference, site)
    assert result.tau2 == pytest.approx(tau2, rel=1e-4, abs=1e-9)
    assert result.estimate == pytest.approx(math.exp(mu), rel=1e-6)
    assert result.se == pytest.approx(se, rel=1e-5)
    assert result.ci_low == pytest.approx(math.exp(mu - t * se), rel=1e-5)
    reach = t * math.sqrt(se**2 + tau2)
    assert result.prediction_high == pytest.approx(math.exp(mu + reach), rel=1e-5)
    fixed = (y / v).sum() / (1 / v).sum()
    assert result.q == pytest.approx(((y - fixed) ** 2 / v).sum(), rel=1e-9)
    assert result.prediction_low <= result.ci_low <= result.ci_high <= result.prediction_high


def test_constant_ratios():
    # 0.1/0.2, 0.3/0.6, 0.7/1.4 are the same ratio but for the last bit of the logarithms
    result = mr.geometric_paired([0.1, 0.3, 0.7], [0.2, 0.6, 1.4])
    assert result.estimate == pytest.approx(0.5)
    assert (result.se, result.p_value, result.undefined) == (0, None, True)
    assert result.ci_low == result.ci_high == result.estimate
    tested = mr.geometric_paired_test([0.1, 0.3, 0.7], [0.2, 0.6, 1.4], margin=0.4)
    assert (tested.statistic, tested.p_value) == (None, None)
    assert tested.reason == "the ratio does not vary"
    tested = mr.geometric_welch_test([3, 3], [2, 2, 2])
    assert (tested.p_value, tested.reason) == (None, "the values do not vary in either arm")
    flat = mr.geometric_welch([3, 3], [2, 2, 2])
    assert (flat.estimate, flat.ci_low, flat.undefined) == (pytest.approx(1.5), None, True)
    sites = mr.geometric_two_stage([1, 2, 3, 5], [2, 4, 4, 7], ["A", "A", "B", "B"])
    assert sites.reason == "the ratio does not vary within a center"
    assert mr.geometric_random_site([1, 2], [2, 4], ["A", "A"]).undefined


def test_too_few():
    assert mr.geometric_paired([], []).estimate is None
    single = mr.geometric_paired([2.0], [4.0])
    assert (single.estimate, single.ci_low, single.df) == (pytest.approx(0.5), None, None)
    assert single.reduction_percent == pytest.approx(50)
    assert mr.geometric_welch([2.0], [4.0, 5.0]).ci_low is None
    assert mr.geometric_welch([], [4.0, 5.0]).estimate is None
    assert mr.geometric_paired_test([2.0], [4.0]).reason == "fewer than two pairs"
    assert mr.geometric_welch_test([2.0], [4.0, 5.0]).reason == "an arm has fewer than two subjects"
    one = mr.geometric_two_stage([1, 2, 3], [2, 3, 4], ["A", "A", "A"])
    assert (one.estimate, one.tau2, one.sites) == (None, None, 1)
    assert one.reason == "fewer than two centers"
    lonely = mr.geometric_two_stage([1, 2, 3], [2, 3, 4], ["A", "A", "B"])
    assert lonely.reason == "a center has fewer than two pairs"


def test_invalid_input():
    for function in (mr.geometric_paired, mr.geometric_welch):
        with pytest.raises(ValueError, match="test holds 0; a logarithm needs positive values"):
            function([10, 0, 12], [20, 21, 22])
        with pytest.raises(ValueError, match="reference holds -1"):
            function([10, 2, 12], [20, -1, 22])
        with pytest.raises(ValueError, match="level"):
            function([1, 2], [2, 3], level=0)
    for function in (mr.geometric_paired_test, mr.geometric_welch_test):
        with pytest.raises(ValueError, match="test holds 0; a logarithm needs positive values"):
            function([10, 0, 12], [20, 21, 22])
        for margin in (0, -1, math.inf, math.nan, None, "x"):
            with pytest.raises(ValueError, match="margin"):
                function([1, 2], [2, 5], margin=margin)
        with pytest.raises(ValueError, match="alternative"):
            function([1, 2], [2, 5], alternative="bigger")
    for function in (mr.geometric_paired, mr.geometric_paired_test):
        with pytest.raises(ValueError, match="lengths differ"):
            function([10, 11], [20, 21, 22])
    for function in (mr.geometric_random_site, mr.geometric_two_stage):
        with pytest.raises(ValueError, match="lengths differ: test 2, site 3"):
            function([10, 11], [20, 21], ["A", "A", "B"])
        with pytest.raises(ValueError, match="logarithm"):
            function([10, -11], [20, 21], ["A", "A"])
        with pytest.raises(ValueError, match="level"):
            function([10, 11], [20, 21], ["A", "A"], level=-1)


def test_ratios_too_large_for_a_number_have_no_value():
    # t with one degree of freedom at 0.999 is 637: the upper limit is exp(734)
    paired = mr.geometric_paired([1, 10], [1, 1], level=0.999)
    assert paired.estimate == pytest.approx(math.sqrt(10))
    assert paired.ci_low == pytest.approx(0, abs=1e-300)
    assert paired.ci_high is None
    assert paired.undefined
    assert paired.reason == "not a finite number"
    huge = mr.geometric_paired([1e308, 1e307], [1e-308, 1e-308])
    assert (huge.estimate, huge.reduction_percent, huge.undefined) == (None, None, True)
    welch = mr.geometric_welch([1, 1e300], [1, 1e300])
    assert (welch.estimate, welch.ci_high, welch.undefined) == (1, None, True)
    sites = ["A", "A", "B", "B"]
    for function in (mr.geometric_random_site, mr.geometric_two_stage):
        result = function([1, 2, 1e300, 3e300], [1, 1, 1, 1], sites)
        assert result.ci_high is None
        assert result.undefined
        assert result.estimate is not None
