import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from hypothesis import given, settings, strategies as st
from scipy import optimize, stats as scipy_stats
from statsmodels.stats.meta_analysis import combine_effects

from clinval.stats.centers import heterogeneity as ht

quick = settings(deadline=None, max_examples=60, derandomize=True)
POOLED = [ht.dersimonian_laird, ht.reml, ht.paule_mandel]
estimate = st.floats(-3, 3).map(lambda x: round(x, 3))
error = st.floats(0.05, 2).map(lambda x: round(x, 3))
centers = st.lists(st.tuples(estimate, error), min_size=2, max_size=9).map(
    lambda rows: tuple(np.array(column) for column in zip(*rows, strict=True))
)


def deviance(tau2, y, v):
    w = 1 / (v + tau2)
    mu = (w * y).sum() / w.sum()
    return -np.log(w).sum() + math.log(w.sum()) + (w * (y - mu) ** 2).sum()


@quick
@given(centers)
def test_fixed_effect_and_moment_estimates_against_statsmodels(data):
    y, s = data
    fixed = ht.fixed_effect(y, s)
    with np.errstate(all="ignore"):  # statsmodels divides by a Q of 0, and has roots of negatives
        wanted = combine_effects(y, s**2, method_re="iterated", use_t=False)
        moment = combine_effects(y, s**2, method_re="chi2", use_t=False)
    assert fixed.estimate == pytest.approx(wanted.mean_effect_fe, abs=1e-9)
    assert fixed.se == pytest.approx(wanted.sd_eff_w_fe)
    assert fixed.q == pytest.approx(wanted.q, abs=1e-9)
    assert fixed.q_p_value == pytest.approx(scipy_stats.chi2.sf(fixed.q, len(y) - 1))
    # statsmodels does not cut its moment estimate at 0, and I2 neither
    assert ht.dersimonian_laird(y, s).tau2 == pytest.approx(max(moment.tau2, 0), abs=1e-9)
    paule_mandel = ht.paule_mandel(y, s)
    # statsmodels iterates to an absolute 1e-5; the definition is met to the last digits
    assert paule_mandel.tau2 == pytest.approx(wanted.tau2, rel=1e-3, abs=1e-4)
    if paule_mandel.tau2 > 0:
        w = 1 / (s**2 + paule_mandel.tau2)
        spread = (w * (y - np.average(y, weights=w)) ** 2).sum()
        assert spread == pytest.approx(len(y) - 1, rel=1e-9)
    else:
        assert fixed.q <= len(y) - 1 + 1e-9


@quick
@given(centers)
def test_reml_is_the_highest_point_of_the_likelihood(data):
    y, s = data
    result = ht.reml(y, s)
    scale = float(np.ptp(y)) ** 2 + float((s**2).max())
    grid = np.concatenate([[0], np.geomspace(1e-8, 10, 400)]) * scale
    lowest = min(deviance(t, y, s**2) for t in grid)
    found = min(
        (
            optimize.minimize_scalar(
                deviance, bounds=bounds, args=(y, s**2), method="bounded", options={"xatol": 1e-14}
            )
            for bounds in ((0, scale), (0, scale / 50))
        ),
        key=lambda one: one.fun,
    )
    assert deviance(result.tau2, y, s**2) <= min(lowest, found.fun) + 1e-9


@quick
@given(centers, st.sampled_from([0.8, 0.95]))
def test_what_follows_from_tau2(data, level):
    y, s = data
    k = len(y)
    for function in POOLED:
        result = function(y, s, level=level)
        w = 1 / (s**2 + result.tau2)
        mu = np.average(y, weights=w)
        se = w.sum() ** -0.5
        z = scipy_stats.norm.ppf((1 + level) / 2)
        assert result.estimate == pytest.approx(mu, abs=1e-9)
        assert (result.ci_low, result.ci_high) == pytest.approx((mu - z * se, mu + z * se))
        reach = math.sqrt(se**2 + result.tau2)
        assert result.prediction_normal_high == pytest.approx(mu + z * reach)
        hk = math.sqrt((w * (y - mu) ** 2).sum() / ((k - 1) * w.sum()))
        assert result.hartung_knapp_se == pytest.approx(hk, abs=1e-9)
        t = scipy_stats.t.ppf((1 + level) / 2, k - 1)
        assert result.hartung_knapp_ci_low == pytest.approx(mu - t * hk, abs=1e-7)
        v = 1 / s**2
        typical = (k - 1) * v.sum() / (v.sum() ** 2 - (v**2).sum())
        assert result.i2 == pytest.approx(100 * result.tau2 / (result.tau2 + typical))
        assert result.q == pytest.approx(ht.fixed_effect(y, s).q, abs=1e-9)
        assert result.n == k
        if k > 2:
            t = scipy_stats.t.ppf((1 + level) / 2, k - 2)
            assert result.prediction_low == pytest.approx(mu - t * reach, abs=1e-7)
            assert not result.undefined
        else:
            assert (result.prediction_low, result.undefined) == (None, True)


@quick
@given(centers, st.sampled_from([0.8, 0.95]))
def test_q_profile_inverts_the_generalised_q(data, level):
    y, s = data
    result = ht.q_profile(y, s, level=level)
    tails = scipy_stats.chi2.ppf([(1 + level) / 2, (1 - level) / 2], len(y) - 1)

    def q(tau2):
        w = 1 / (s**2 + tau2)
        return (w * (y - np.average(y, weights=w)) ** 2).sum()

    for limit, quantile in zip((result.tau2_low, result.tau2_high), tails, strict=True):
        if limit == 0:
            assert q(0) <= quantile + 1e-9
        else:
            assert q(limit) == pytest.approx(quantile, rel=1e-9)
    assert 0 <= result.tau2_low <= result.tau2_high
    # the interval holds the estimate that solves Q = k - 1, if its quantiles bracket that
    if tails[1] <= len(y) - 1 <= tails[0]:
        middle = ht.paule_mandel(y, s).tau2
        assert result.tau2_low - 1e-12 <= middle <= result.tau2_high + 1e-12


@quick
@given(centers)
def test_leave_one_out_is_the_method_on_the_rest(data):
    y, s = data
    result = ht.leave_one_out(y, s)
    for i in range(len(y)):
        rest = ht.dersimonian_laird(np.delete(y, i), np.delete(s, i))
        assert result.estimate_by_omitted[i] == pytest.approx(rest.estimate, abs=1e-9)
        assert result.ci_low_by_omitted[i] == pytest.approx(rest.ci_low, abs=1e-9)
        assert result.ci_high_by_omitted[i] == pytest.approx(rest.ci_high, abs=1e-9)
        assert result.tau2_by_omitted[i] == pytest.approx(rest.tau2, abs=1e-9)
        assert result.i2_by_omitted[i] == pytest.approx(rest.i2, abs=1e-7)


@quick
@given(centers, st.integers(0, 99), st.floats(0.01, 100), st.floats(-5, 5))
def test_order_unit_and_origin(data, seed, unit, origin):
    y, s = data
    order = np.random.default_rng(seed).permutation(len(y))
    for function in (*POOLED, ht.fixed_effect):
        one, other = function(y, s), function(origin + unit * y[order], unit * s[order])
        assert other.estimate == pytest.approx(origin + unit * one.estimate, abs=1e-5 * unit)
        assert other.q == pytest.approx(one.q, rel=1e-6, abs=1e-6)
        if hasattr(one, "tau2"):
            assert other.tau2 == pytest.approx(unit**2 * one.tau2, rel=1e-4, abs=1e-6 * unit**2)
            assert 0 <= one.i2 < 100
    mirrored = ht.gail_simon_test(-y, s)
    result = ht.gail_simon_test(y, s)
    assert (result.q_positive, result.q_negative) == (mirrored.q_negative, mirrored.q_positive)
    assert result.p_value == mirrored.p_value


def test_equal_estimates_show_no_heterogeneity():
    for function in POOLED:
        result = function([0.2, 0.2, 0.2], [0.1, 0.2, 0.3])
        assert (result.tau2, result.i2) == (0, 0)
        assert result.q == pytest.approx(0, abs=1e-20)
        assert result.hartung_knapp_se == pytest.approx(0, abs=1e-12)
    profile = ht.q_profile([0.2, 0.2, 0.2], [0.1, 0.2, 0.3])
    assert (profile.tau2_low, profile.tau2_high) == (0, 0)


def test_gail_simon_against_its_mixture_and_simulation():
    y, s = np.array([0.4, -0.3, 0.5, -0.2]), np.array([0.2, 0.25, 0.3, 0.2])
    result = ht.gail_simon_test(y, s)
    assert result.q_positive == pytest.approx(4 + (0.5 / 0.3) ** 2)
    assert result.q_negative == pytest.approx(1.44 + 1)
    wanted = sum(scipy_stats.binom.pmf(h, 3, 0.5) * scipy_stats.chi2.sf(2.44, h) for h in (1, 2, 3))
    assert result.p_value == pytest.approx(wanted)
    # at the corner of the null hypothesis, one effect far up and the others at 0, the level holds
    rng = np.random.default_rng(1)
    hits = sum(
        ht.gail_simon_test([50 + rng.normal(), *rng.normal(size=3)], [1, 1, 1, 1]).p_value < 0.05
        for _ in range(2000)
    )
    assert hits / 2000 == pytest.approx(0.05, abs=0.015)


def _trial(seed, sites=5, missing_cell=False):
    rng = np.random.default_rng(seed)
    site = rng.integers(0, sites, 60)
    arm = rng.integers(0, 2, 60)
    if missing_cell:
        arm[site == 0] = 1
    score = rng.normal(size=60) + site * 0.3 + arm * (0.5 + 0.2 * site)
    return pd.DataFrame({"score": score, "arm": arm, "site": site})


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("missing_cell", [False, True])
def test_treatment_by_site_against_statsmodels(seed, missing_cell):
    frame = _trial(seed, missing_cell=missing_cell)
    small = smf.ols("score ~ arm + C(site)", frame).fit()
    full = smf.ols("score ~ 0 + C(site * 2 + arm)", frame).fit()  # a mean for every cell
    wanted = sm.stats.anova_lm(small, full).iloc[1]
    result = ht.treatment_by_site_test(frame["score"], frame["arm"], frame["site"])
    assert result.statistic == pytest.approx(wanted["F"], rel=1e-8)
    assert (result.df, result.df2) == (wanted["df_diff"], wanted["df_resid"])
    assert result.p_value == pytest.approx(wanted["Pr(>F)"], rel=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_paired_site_against_scipy(seed):
    frame = _trial(seed)
    reference = np.random.default_rng(seed + 50).normal(100, 5, 60)
    result = ht.paired_site_test(frame["score"] + reference, reference, frame["site"])
    wanted = scipy_stats.f_oneway(*(g["score"] for _, g in frame.groupby("site")))
    assert result.statistic == pytest.approx(wanted.statistic, rel=1e-8)
    assert result.p_value == pytest.approx(wanted.pvalue, rel=1e-7)
    assert (result.df, result.df2) == (4, 55)


# --- edges --------------------------------------------------------------------------------


def test_one_center_and_none():
    for function in POOLED:
        one = function([0.3], [0.1])
        assert (one.estimate, one.se, one.tau2, one.i2) == (0.3, pytest.approx(0.1), 0, 0)
        assert (one.q_p_value, one.hartung_knapp_se, one.prediction_low) == (None, None, None)
        assert one.undefined
        none = function([], [])
        assert (none.estimate, none.tau2, none.n, none.undefined) == (None, None, 0, True)
    assert ht.fixed_effect([0.3], [0.1]).q_p_value is None
    assert ht.fixed_effect([], []).reason == "no center"
    assert ht.q_profile([0.3], [0.1]).tau2_high is None
    assert ht.leave_one_out([0.3], [0.1]).estimate_by_omitted == (None,)
    assert ht.leave_one_out([], []).undefined
    assert ht.gail_simon_test([0.3], [0.1]).p_value is None
    two = ht.leave_one_out([0.3, 0.5], [0.1, 0.2])
    assert two.estimate_by_omitted == pytest.approx((0.5, 0.3))
    assert two.tau2_by_omitted == (0, 0)
    assert two.i2_by_omitted == (0, 0)


def test_site_tests_that_cannot_be_done():
    one_site = ht.treatment_by_site_test([1, 2, 3, 4], [0, 1, 0, 1], ["A"] * 4)
    assert (one_site.statistic, one_site.p_value, one_site.undefined) == (None, None, True)
    assert one_site.reason == "too few centers for a test"
    single_arm_sites = ht.treatment_by_site_test([1, 2, 3, 5], [0, 0, 1, 1], ["A", "A", "B", "B"])
    assert single_arm_sites.reason == "too few centers for a test"
    saturated = ht.treatment_by_site_test([1, 2, 3, 5], [0, 1, 0, 1], ["A", "A", "B", "B"])
    assert saturated.reason == "no degrees of freedom for the error"
    flat = ht.treatment_by_site_test([1, 1, 3, 3] * 2, [0, 0, 1, 1] * 2, ["A"] * 4 + ["B"] * 4)
    assert flat.reason == "no variation within centers"
    assert ht.treatment_by_site_test([], [], []).undefined
    assert ht.paired_site_test([], [], []).undefined
    assert ht.paired_site_test([1, 2], [0, 0], ["A", "A"]).reason == "too few centers for a test"
    assert ht.paired_site_test([1, 2], [0, 0], ["A", "B"]).undefined
    same = ht.paired_site_test([1.1, 1.2, 3, 4], [0.1, 0.2, 1, 2], ["A", "A", "B", "B"])
    assert same.reason == "no variation within centers"


def test_invalid_input():
    for function in (*POOLED, ht.fixed_effect, ht.q_profile, ht.leave_one_out, ht.gail_simon_test):
        with pytest.raises(ValueError, match="lengths differ: estimates 2, standard_errors 1"):
            function([1, 2], [1])
        with pytest.raises(ValueError, match="standard_errors must be positive"):
            function([1, 2], [1, 0])
        with pytest.raises(ValueError, match="missing"):
            function([1, None], [1, 1])
    for function in (*POOLED, ht.fixed_effect, ht.q_profile, ht.leave_one_out):
        with pytest.raises(ValueError, match="level"):
            function([1, 2], [1, 1], level=1)
    with pytest.raises(ValueError, match="arm must be"):
        ht.treatment_by_site_test([1, 2], [1, 2], ["A", "B"])
    with pytest.raises(ValueError, match="lengths differ"):
        ht.treatment_by_site_test([1, 2], [1, 0], ["A"])
    with pytest.raises(ValueError, match="lacks a label"):
        ht.paired_site_test([1, 2], [1, 0], ["A", None])
