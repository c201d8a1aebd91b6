import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize, stats as scipy_stats
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.stats.weightstats import ttost_ind

from clinval.stats.comparison import mean_difference as md

quick = settings(deadline=None, max_examples=60, derandomize=True)
value = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
samples = st.lists(value, min_size=2, max_size=15).filter(lambda v: max(v) - min(v) > 0.01)
pairs = st.lists(st.tuples(value, value), min_size=3, max_size=15).filter(
    lambda rows: np.ptp([a - b for a, b in rows]) > 0.01
)


# --- against scipy and statsmodels ----------------------------------------------------------


@quick
@given(samples, samples, st.floats(-50, 50), st.sampled_from([0.8, 0.95]))
def test_independent_samples_against_scipy(test, reference, margin, level):
    for interval, function, equal in (
        (md.welch, md.welch_test, False),
        (md.student, md.student_test, True),
    ):
        wanted = scipy_stats.ttest_ind(test, reference, equal_var=equal)
        result = interval(test, reference, level=level)
        limits = wanted.confidence_interval(level)
        scale = result.se + 1e-9
        assert result.estimate == pytest.approx(np.mean(test) - np.mean(reference), abs=1e-9)
        assert result.df == pytest.approx(wanted.df)
        assert result.statistic == pytest.approx(wanted.statistic, rel=1e-7, abs=1e-9)
        assert result.ci_low == pytest.approx(limits.low, abs=1e-8 * scale + 1e-9)
        assert result.ci_high == pytest.approx(limits.high, abs=1e-8 * scale + 1e-9)
        for alternative in ("greater", "less", "two-sided"):
            moved = scipy_stats.ttest_ind(
                np.array(test) - margin, reference, equal_var=equal, alternative=alternative
            )
            tested = function(test, reference, margin=margin, alternative=alternative)
            assert tested.statistic == pytest.approx(moved.statistic, rel=1e-6, abs=1e-8)
            assert tested.p_value == pytest.approx(moved.pvalue, rel=1e-5, abs=1e-12)


@quick
@given(pairs, st.floats(-50, 50))
def test_pairs_against_scipy(rows, margin):
    test, reference = (list(column) for column in zip(*rows, strict=True))
    wanted = scipy_stats.ttest_rel(test, reference)
    result = md.paired_t(test, reference)
    limits = wanted.confidence_interval(0.95)
    assert result.df == len(rows) - 1
    assert result.statistic == pytest.approx(wanted.statistic, rel=1e-6, abs=1e-8)
    assert (result.ci_low, result.ci_high) == pytest.approx((limits.low, limits.high), abs=1e-6)
    moved = scipy_stats.ttest_rel(np.array(test) - margin, reference, alternative="less")
    tested = md.paired_t_test(test, reference, margin=margin, alternative="less")
    assert tested.statistic == pytest.approx(moved.statistic, rel=1e-6, abs=1e-8)
    assert tested.p_value == pytest.approx(moved.pvalue, rel=1e-5, abs=1e-12)


@quick
@given(samples, samples, st.floats(0.1, 80))
def test_tost_against_statsmodels(test, reference, margin):
    result = md.welch_tost(test, reference, margin_low=-margin, margin_high=margin + 1)
    p_value, low, high = ttost_ind(test, reference, -margin, margin + 1, usevar="unequal")
    assert result.p_value == pytest.approx(p_value, rel=1e-6, abs=1e-12)
    assert result.p_low == pytest.approx(low[1], rel=1e-6, abs=1e-12)
    assert result.p_high == pytest.approx(high[1], rel=1e-6, abs=1e-12)
    assert (result.p_value < 0.05) == (-margin < result.ci_low and result.ci_high < margin + 1)
    wanted = md.welch(test, reference, level=0.9)
    assert (result.ci_low, result.ci_high) == pytest.approx((wanted.ci_low, wanted.ci_high))


@quick
@given(samples, samples, st.floats(-50, 50), st.sampled_from([0.025, 0.05]))
def test_a_test_rejects_exactly_when_its_interval_excludes_the_margin(test, ref, margin, alpha):
    for interval, function in ((md.welch, md.welch_test), (md.student, md.student_test)):
        limits = interval(test, ref, level=1 - 2 * alpha)
        if abs(limits.ci_low - margin) > 1e-6:
            tested = function(test, ref, margin=margin, alternative="greater")
            assert (tested.p_value < alpha) == (limits.ci_low > margin)


@quick
@given(samples, samples)
def test_swapping_the_arms_mirrors_the_interval(test, reference):
    for function in (md.welch, md.student):
        one, other = function(test, reference), function(reference, test)
        assert one.estimate == -other.estimate
        assert (one.ci_low, one.ci_high) == pytest.approx((-other.ci_high, -other.ci_low))
        assert one.ci_low <= one.estimate <= one.ci_high
        assert function(test, reference, level=0.8).ci_low >= one.ci_low


# --- random sites ---------------------------------------------------------------------------


def _trial(rng, sizes, site_sd, effect=1.0):
    site = np.repeat(np.arange(len(sizes)), sizes)
    arm = rng.integers(0, 2, len(site))
    score = (
        50 + effect * arm + rng.normal(0, site_sd, len(sizes))[site] + rng.normal(size=len(site))
    )
    return score, arm, site


def _dense_fit(y, x, groups):
    """REML and Satterthwaite with full matrices and finite differences."""
    z = (groups[:, None] == np.unique(groups)).astype(float)
    zz, n, p = z @ z.T, len(y), x.shape[1]

    def parts(theta):
        v = theta[0] * np.eye(n) + theta[1] * zz
        inverse = np.linalg.inv(v)
        covariance = np.linalg.inv(x.T @ inverse @ x)
        beta = covariance @ x.T @ inverse @ y
        r = y - x @ beta
        deviance = np.linalg.slogdet(v)[1] - np.linalg.slogdet(covariance)[1] + r @ inverse @ r
        return deviance, beta, covariance

    found = optimize.minimize(
        lambda t: parts(np.exp(t))[0],
        np.log([1.0, 0.5]),
        method="Nelder-Mead",
        options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 2000},
    )
    theta = np.exp(found.x)
    h = 2e-4 * theta
    hessian, gradient = np.empty((2, 2)), np.empty((2, p))
    for i in range(2):
        for j in range(2):
            hessian[i, j] = sum(
                a * b * parts(theta + a * h * np.eye(2)[i] + b * h * np.eye(2)[j])[0]
                for a in (-1, 1)
                for b in (-1, 1)
            ) / (4 * h[i] * h[j])
        up, down = (np.diag(parts(theta + s * h * np.eye(2)[i])[2]) for s in (1, -1))
        gradient[i] = (up - down) / (2 * h[i])
    _, beta, covariance = parts(theta)
    spread = np.einsum("ak,ab,bk->k", gradient, 2 * np.linalg.inv(hessian), gradient)
    return theta, beta, covariance, 2 * np.diag(covariance) ** 2 / spread


@pytest.mark.parametrize(("seed", "site_sd"), [(1, 0.8), (2, 2.0), (3, 0.5)])
def test_random_site_agrees_with_dense_matrices(seed, site_sd):
    rng = np.random.default_rng(seed)
    score, arm, site = _trial(rng, [9, 4, 14, 6, 7], site_sd)
    result = md.random_site_satterthwaite(score, arm, site)
    x = np.column_stack([np.ones(len(score)), arm])
    (residual, group), beta, covariance, df = _dense_fit(score, x, site)
    assert result.variance_residual == pytest.approx(residual, rel=1e-5)
    assert result.variance_site == pytest.approx(group, rel=1e-5)
    assert result.estimate == pytest.approx(beta[1], rel=1e-6)
    assert result.se == pytest.approx(math.sqrt(covariance[1, 1]), rel=1e-6)
    assert result.df == pytest.approx(df[1], rel=1e-4)
    half = scipy_stats.t.ppf(0.975, result.df) * result.se
    assert result.ci_high - result.estimate == pytest.approx(half)


def _dense_kenward_roger(x, groups, residual, group, which):
    """Kenward and Roger's error and degrees of freedom, as the paper writes them for any rank."""
    z = (groups[:, None] == np.unique(groups)).astype(float)
    parts = [np.eye(len(x)), z @ z.T]
    inverse = np.linalg.inv(residual * parts[0] + group * parts[1])
    phi = np.linalg.inv(x.T @ inverse @ x)
    projection = inverse - inverse @ x @ phi @ x.T @ inverse
    information = [[np.trace(projection @ g @ projection @ h) / 2 for h in parts] for g in parts]
    w = np.linalg.inv(information)
    p = [-x.T @ inverse @ g @ inverse @ x for g in parts]
    middle, pairs = np.zeros_like(phi), list(np.ndindex(2, 2))
    for i, j in pairs:
        q = x.T @ inverse @ parts[i] @ inverse @ parts[j] @ inverse @ x
        middle += w[i, j] * (q - p[i] @ phi @ p[j])
    adjusted = phi + 2 * phi @ middle @ phi
    contrast = np.eye(len(phi))[:, [which]]
    theta = contrast @ np.linalg.inv(contrast.T @ phi @ contrast) @ contrast.T
    u = [theta @ phi @ part @ phi for part in p]
    a1 = sum(w[i, j] * np.trace(u[i]) * np.trace(u[j]) for i, j in pairs)
    a2 = sum(w[i, j] * np.trace(u[i] @ u[j]) for i, j in pairs)
    b, g = (a1 + 6 * a2) / 2, (2 * a1 - 5 * a2) / (3 * a2)
    c1, c2, c3 = (c / (3 + 2 * (1 - g)) for c in (g, 1 - g, 3 - g))
    expected = 1 / (1 - a2)
    variance = 2 * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
    return math.sqrt(adjusted[which, which]), 4 + 3 / (variance / (2 * expected**2) - 1)


@pytest.mark.parametrize(("seed", "site_sd"), [(1, 0.8), (2, 2.0), (3, 0.0), (6, 0.0)])
def test_kenward_roger_agrees_with_dense_matrices(seed, site_sd):
    score, arm, site = _trial(np.random.default_rng(seed), [9, 4, 14, 6, 7], site_sd)
    plain = md.random_site_satterthwaite(score, arm, site)
    result = md.random_site_kenward_roger(score, arm, site)
    for name in ("estimate", "variance_site", "variance_residual", "n", "sites"):
        assert getattr(result, name) == getattr(plain, name)
    x = np.column_stack([np.ones(len(score)), arm])
    se, df = _dense_kenward_roger(x, site, result.variance_residual, result.variance_site, 1)
    assert result.se == pytest.approx(se, rel=1e-9)
    assert result.df == pytest.approx(df, rel=1e-7)
    assert result.se >= plain.se
    half = scipy_stats.t.ppf(0.975, result.df) * result.se
    assert result.ci_high - result.estimate == pytest.approx(half)


@pytest.mark.parametrize("seed", [4, 5])
def test_paired_random_site_agrees_with_dense_matrices(seed):
    rng = np.random.default_rng(seed)
    score, _, site = _trial(rng, [5, 12, 8, 3], 1.2)
    reference = rng.normal(100, 10, len(score))
    result = md.paired_random_site(score + reference, reference, site)
    (residual, group), beta, covariance, df = _dense_fit(score, np.ones((len(score), 1)), site)
    assert result.variance_residual == pytest.approx(residual, rel=1e-5)
    assert result.variance_site == pytest.approx(group, rel=1e-5)
    assert result.estimate == pytest.approx(beta[0], rel=1e-7)
    assert result.se == pytest.approx(math.sqrt(covariance[0, 0]), rel=1e-6)
    assert result.df == pytest.approx(df[0], rel=1e-4)


def test_random_site_agrees_with_statsmodels():
    score, arm, site = _trial(np.random.default_rng(8), [20, 35, 15, 28, 22, 30], 1.5)
    frame = pd.DataFrame({"score": score, "arm": arm, "site": site})
    fit = MixedLM.from_formula("score ~ arm", frame, groups="site").fit(reml=True)
    result = md.random_site_satterthwaite(score, arm, site)
    assert result.estimate == pytest.approx(fit.params["arm"], rel=1e-5)
    assert result.se == pytest.approx(fit.bse["arm"], rel=1e-4)
    assert result.variance_residual == pytest.approx(fit.scale, rel=1e-4)
    assert result.variance_site == pytest.approx(float(fit.cov_re.iloc[0, 0]), rel=1e-3)


@quick
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 4), st.floats(0, 3))
def test_a_balanced_design_is_the_analysis_of_variance(seed, sites, half, site_sd):
    rng = np.random.default_rng(seed)
    site, arm = np.repeat(np.arange(sites), 2 * half), np.tile([0, 1], sites * half)
    score = 5 + arm + rng.normal(0, site_sd, sites)[site] + rng.normal(size=len(site))
    table = score.reshape(sites, 2 * half)
    site_mean, arm_mean = table.mean(axis=1), np.array([score[arm == a].mean() for a in (0, 1)])
    residual = score - site_mean[site] - arm_mean[arm] + score.mean()
    df = len(score) - sites - 1
    error = (residual**2).sum() / df
    between = 2 * half * site_mean.var(ddof=1)
    result = md.random_site_satterthwaite(score, arm, site)
    assert result.estimate == pytest.approx(arm_mean[1] - arm_mean[0], abs=1e-9)
    if between > error * 1.0001:
        assert result.variance_residual == pytest.approx(error, rel=1e-6)
        assert result.variance_site == pytest.approx((between - error) / (2 * half), rel=1e-4)
        assert result.df == pytest.approx(df, rel=1e-6)
        assert result.se == pytest.approx(math.sqrt(4 * error / len(score)), rel=1e-6)
        adjusted = md.random_site_kenward_roger(score, arm, site)
        assert (adjusted.se, adjusted.df) == pytest.approx((result.se, df), rel=1e-6)
    elif between < error * 0.9999:
        pooled = md.student(score[arm == 1], score[arm == 0])
        assert result.variance_site == 0
        assert (result.df, result.se) == pytest.approx((pooled.df, pooled.se))


@quick
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(2, 5), st.floats(0, 3))
def test_balanced_pairs_are_the_analysis_of_variance(seed, sites, size, site_sd):
    rng = np.random.default_rng(seed)
    site = np.repeat(np.arange(sites), size)
    difference = 1 + rng.normal(0, site_sd, sites)[site] + rng.normal(size=len(site))
    reference = rng.normal(size=len(site))
    result = md.paired_random_site(difference + reference, reference, site)
    table = difference.reshape(sites, size)
    between, within = size * table.mean(axis=1).var(ddof=1), table.var(axis=1, ddof=1).mean()
    if between > within * 1.0001:
        assert result.df == pytest.approx(sites - 1, rel=1e-6)
        assert result.se == pytest.approx(math.sqrt(between / len(site)), rel=1e-6)
    elif between < within * 0.9999:
        plain = md.paired_t(difference + reference, reference)
        assert result.variance_site == 0
        assert (result.df, result.ci_low) == pytest.approx((plain.df, plain.ci_low))


def test_rows_and_labels_may_come_in_any_order():
    score, arm, site = _trial(np.random.default_rng(9), [9, 4, 14, 6, 7], 1.0)
    order = np.random.default_rng(1).permutation(len(score))
    names = np.array(["E", "1.1", "1.10", "B", "C"])
    one = md.random_site_satterthwaite(score, arm, site)
    other = md.random_site_satterthwaite(score[order], arm[order], names[site][order])
    assert one.estimate == pytest.approx(other.estimate, rel=1e-12)
    assert one.df == pytest.approx(other.df, rel=1e-9)
    assert one.sites == other.sites == 5
    # adding a constant, or a unit, changes nothing but the scale
    moved = md.random_site_satterthwaite(1e6 + 1000 * score, arm, site)
    assert moved.estimate == pytest.approx(1000 * one.estimate, rel=1e-7)
    assert moved.df == pytest.approx(one.df, rel=1e-6)


# --- edges --------------------------------------------------------------------------------


def test_constant_values():
    flat = md.paired_t([2, 3, 4], [1, 2, 3])
    assert (flat.estimate, flat.se, flat.ci_low, flat.ci_high) == (1, 0, 1, 1)
    assert (flat.statistic, flat.undefined) == (None, True)
    assert md.paired_t_test([2, 3, 4], [1, 2, 3], margin=0.5).p_value is None
    # readings whose differences are the same but for the last bit
    assert md.paired_t([0.3, 0.5, 0.7], [0.2, 0.4, 0.6]).se == 0
    pooled = md.student([2, 2], [1, 1, 1])
    assert (pooled.ci_low, pooled.ci_high, pooled.statistic) == (1, 1, None)
    unpooled = md.welch([2, 2], [1, 1, 1])
    assert (unpooled.estimate, unpooled.df, unpooled.ci_low) == (1, None, None)
    assert unpooled.reason == "the values do not vary in either arm"
    one_flat = md.welch([2, 2], [1, 2, 3])
    assert one_flat.df == 2
    assert md.welch_tost([2, 2], [1, 1], margin_low=-1, margin_high=2).p_value is None


def test_too_few_values():
    single = md.paired_t([2], [1])
    assert (single.estimate, single.ci_low, single.n, single.undefined) == (1, None, 1, True)
    assert md.paired_t([], []).estimate is None
    assert md.welch([1, 2], [3]).ci_low is None
    assert md.welch([1, 2], []).estimate is None
    assert md.student([1, 2], [3]).df == 1
    assert md.student([1], [3]).undefined
    assert md.student_test([1], [3]).p_value is None
    assert md.welch_tost([1], [3], margin_low=-1, margin_high=1).estimate == -2


def test_sites_that_cannot_be_modelled():
    one_site = md.random_site_satterthwaite([1, 2, 3, 5], [0, 1, 0, 1], ["A"] * 4)
    assert (one_site.estimate, one_site.sites, one_site.undefined) == (None, 1, True)
    assert one_site.reason == "fewer than two centers"
    singles = md.paired_random_site([1, 2, 4], [0, 0, 0], ["A", "B", "C"])
    assert singles.reason == "no center has two observations"
    assert md.random_site_satterthwaite([1, 2], [1, 1], ["A", "B"]).reason == (
        "an arm has no subject"
    )
    assert md.random_site_satterthwaite([], [], []).undefined
    assert md.random_site_kenward_roger([], [], []).reason == "an arm has no subject"
    lonely = md.random_site_kenward_roger([1, 2, 3, 5], [0, 1, 0, 1], ["A"] * 4)
    assert (lonely.estimate, lonely.reason) == (None, "fewer than two centers")
    assert md.paired_random_site([], [], []).undefined
    flat = md.paired_random_site([1, 1, 3, 3], [0, 0, 0, 0], ["A", "A", "B", "B"])
    assert flat.reason == "no variation within centers"
    two = md.random_site_satterthwaite([1, 2], [0, 1], ["A", "A"])
    assert two.undefined
    for function in (md.random_site_satterthwaite, md.random_site_kenward_roger):
        confounded = function([3, 2, 1, 2], [0, 0, 1, 1], ["A", "A", "B", "B"])
        assert (confounded.estimate, confounded.ci_low) == (None, None)
        assert confounded.reason == "the arms cannot be told from the centers"
        whole_sites = function([3, 2, 1, 2, 4, 6], [0, 0, 1, 1, 1, 1], [*"AABBCC"])
        assert whole_sites.df == pytest.approx(1)


def test_invalid_input():
    for function in (md.welch, md.student, md.paired_t):
        with pytest.raises(ValueError, match="test holds a missing or infinite value"):
            function([1, None, 2], [1, 2, 3])
        with pytest.raises(ValueError, match="reference must be a list of numbers"):
            function([1, 2], [[1, 2], [3, 4]])
        with pytest.raises(ValueError, match="level"):
            function([1, 2], [2, 3], level=1.5)
    for function in (md.paired_t, md.paired_t_test):
        with pytest.raises(ValueError, match="lengths differ: test 3, reference 2"):
            function([1, 2, 3], [1, 2])
    for function in (md.welch_test, md.student_test, md.paired_t_test):
        with pytest.raises(ValueError, match="alternative"):
            function([1, 2], [2, 4], alternative="bigger")
        with pytest.raises(ValueError, match="margin must be a finite number"):
            function([1, 2], [2, 4], margin=math.inf)
    with pytest.raises(ValueError, match="margin_low 1 must be below margin_high -1"):
        md.welch_tost([1, 2], [2, 4], margin_low=1, margin_high=-1)
    with pytest.raises(ValueError, match="alpha"):
        md.welch_tost([1, 2], [2, 4], margin_low=-1, margin_high=1, alpha=0.5)
    with pytest.raises(ValueError, match="arm must be 1"):
        md.random_site_satterthwaite([1, 2], [1, 2], ["A", "A"])
    for function in (md.random_site_satterthwaite, md.random_site_kenward_roger):
        with pytest.raises(ValueError, match="lengths differ"):
            function([1, 2], [1, 0], ["A"])
    with pytest.raises(ValueError, match="lacks a label"):
        md.paired_random_site([1, 2], [1, 0], ["A", None])
    with pytest.raises(ValueError, match="level"):
        md.paired_random_site([1, 2], [1, 0], ["A", "B"], level=0)


def test_two_sites_with_one_arm_each_say_nothing_about_the_sites():
    # the likelihood is flat in the variance between the sites
    score, arm = [8.5, 9.4, 9.6, 11.5, 8.6], [0, 0, 0, 1, 0]
    result = md.random_site_satterthwaite(score, arm, ["A", "A", "A", "B", "A"])
    assert (result.estimate, result.ci_low, result.df) == (None, None, None)
    assert result.reason == "the arms cannot be told from the centers"
    # a third site with one arm tells them apart
    told = md.random_site_satterthwaite([*score, 9.9], [*arm, 0], ["A", "A", "A", "B", "A", "C"])
    assert told.df > 0
    assert told.ci_low < told.estimate < told.ci_high


def test_sites_of_one_subject_and_one_with_both_arms():
    # nothing varies within sites after the arm; the likelihood has its maximum nevertheless.
    # R lmerTest 3.1-3 (summary of lmer(score ~ arm + (1 | site))): singular, df 5
    score = [10.335, 11.278, 9.838, 9.803, 14.066, 9.783, 10.395]
    result = md.random_site_satterthwaite(
        score, [1, 0, 0, 0, 1, 1, 0], ["1", "3", "2", "4", "0", "5", "5"]
    )
    assert result.estimate == pytest.approx(1.06616666667, abs=1e-10)
    assert result.se == pytest.approx(1.196896567981, abs=1e-10)
    assert result.df == 5
    assert result.variance_site == 0
    assert result.variance_residual == pytest.approx(2.455819533, abs=1e-8)
    constant = md.random_site_satterthwaite([4.0] * 4, [1, 0, 1, 0], ["1", "2", "3", "3"])
    assert constant.reason == "no variation within centers"


BOTH = (md.random_site_satterthwaite, md.random_site_kenward_roger)


def test_a_design_that_takes_up_all_there_is_within_sites():
    # one subject a site, but for one site with a subject of each arm. R lmerTest 3.1-3 and
    # pbkrtest 0.5.2: summary(lmer(score ~ arm + (1 | site)), ddf = each), to their precision
    data = [0, 3, 3, 0, 2], [0, 1, 0, 1, 1], [3, 2, 0, 4, 0]
    plain, adjusted = (function(*data) for function in BOTH)
    for result in (plain, adjusted):
        assert result.estimate == pytest.approx(-0.5831533, abs=1e-6)
        assert result.variance_site == pytest.approx(2.6096013, rel=1e-6)
        assert result.variance_residual == pytest.approx(0.5478513, rel=1e-6)
    assert (plain.se, plain.df) == pytest.approx((0.9403655, 0.04233567), rel=1e-5)
    assert (adjusted.se, adjusted.df) == pytest.approx((4.021161, 0.06055835), rel=1e-5)


@pytest.mark.parametrize("function", BOTH)
def test_a_saturated_design_whose_likelihood_is_highest_without_a_residual(function):
    # the two values of A differ by 2, as the arms of B, C and D may: no residual is needed
    result = function([0, 2, 1, 3, 1], [0, 1, 1, 1, 0], ["B", "C", "D", "A", "A"])
    assert (result.estimate, result.se, result.ci_high) == (None, None, None)
    assert result.reason == "the variance within centers vanishes beside that between them"


@pytest.mark.parametrize("function", BOTH)
@pytest.mark.parametrize(
    ("score", "arm", "site"),
    [
        # one test subject, whom the arm takes up; the others are each of another site
        ([1.61, 0.56, 0.61, 0.62], [0, 1, 0, 0], ["C", "B", "A", "B"]),
        # a single difference that is left to estimate two variances from
        ([0.8, -7.2, 0.9], [1, 0, 0], ["B", "A", "B"]),
    ],
)
def test_a_design_that_does_not_tell_one_variance_from_the_other(function, score, arm, site):
    result = function(score, arm, site)
    assert (result.estimate, result.se, result.ci_high) == (None, None, None)
    assert result.reason == "the variances within and between centers cannot be told apart"


@pytest.mark.parametrize("site_sd", [0.0, 1.5])
def test_tests_of_random_sites_are_t_tests_of_their_intervals(site_sd):
    score, arm, site = _trial(np.random.default_rng(21), [9, 4, 14, 6, 7], site_sd)
    of_pairs = score - arm, np.zeros(len(score)), site
    for interval, test, data in (
        (md.random_site_satterthwaite, md.random_site_satterthwaite_test, (score, arm, site)),
        (md.random_site_kenward_roger, md.random_site_kenward_roger_test, (score, arm, site)),
        (md.paired_random_site, md.paired_random_site_test, of_pairs),
    ):
        fit = interval(*data)
        for alternative, tail in (
            ("greater", scipy_stats.t.sf),
            ("less", scipy_stats.t.cdf),
            ("two-sided", lambda t, df: 2 * scipy_stats.t.sf(abs(t), df)),
        ):
            result = test(*data, margin=0.5, alternative=alternative)
            assert result.statistic == pytest.approx((fit.estimate - 0.5) / fit.se)
            assert result.df == fit.df
            assert result.p_value == pytest.approx(tail(result.statistic, fit.df), rel=1e-9)


def test_tests_of_random_sites_at_their_edges():
    for test in (md.random_site_satterthwaite_test, md.random_site_kenward_roger_test):
        assert test([], [], []).reason == "an arm has no subject"
        assert test([1, 2, 4], [1, 1, 1], ["A", "A", "B"]).reason == "an arm has no subject"
        one = test([1, 2, 3, 5], [0, 1, 0, 1], ["A"] * 4)
        assert (one.statistic, one.df, one.p_value) == (None, None, None)
        assert one.reason == "fewer than two centers"
        with pytest.raises(ValueError, match="lengths differ"):
            test([1, 2], [1, 0], ["A"])
    paired = md.paired_random_site_test
    assert paired([], [], []).reason == "fewer than two centers"
    for test in (md.random_site_satterthwaite_test, md.random_site_kenward_roger_test, paired):
        with pytest.raises(ValueError, match="margin must be a finite number"):
            test([1, 2, 4], [1, 0, 1], ["A", "A", "B"], margin=math.inf)
        with pytest.raises(ValueError, match="alternative"):
            test([1, 2, 4], [1, 0, 1], ["A", "A", "B"], alternative="bigger")


def test_small_designs_give_numbers_or_a_reason():
    rng, seen = np.random.default_rng(20260407), set()
    for _ in range(700):
        n = int(rng.integers(2, 9))
        sites = int(rng.integers(1, n + 1))
        site, arm = rng.integers(0, sites, n), rng.integers(0, 2, n)
        score = rng.integers(0, 4, n) + rng.choice([0, 1, 10]) * rng.normal(size=sites)[site]
        for function in BOTH:
            result = function(score, arm, site)
            seen.add(result.reason)
            if result.estimate is None:
                assert result.undefined
                continue
            numbers = (result.estimate, result.se, result.df, result.variance_residual)
            assert all(map(math.isfinite, numbers))
            assert min(result.se, result.df, result.variance_residual) > 0
            assert result.variance_site >= 0
            assert result.undefined or result.ci_low < result.estimate < result.ci_high
    assert len(seen) >= 7


@pytest.mark.parametrize("shift", [0, 0.1, 0.3, 1000.1, 1e6 + 0.1])
@pytest.mark.parametrize("factor", [1, 0.1, 0.7])
def test_a_site_variance_that_is_rounding_is_0(factor, shift):
    # the likelihood has its maximum, with a slope of 0, where the site variance is 0
    score, arm, site = np.array([14, 16, 15, 13]), [0, 1, 1, 0], ["S05", "S04", "S03", "S05"]
    result = md.random_site_satterthwaite(factor * score + shift, arm, site, level=0.9)
    assert (result.variance_site, result.df) == (0, 2)
    limits = -0.06474160483505509 * factor, 4.064741604835055 * factor
    assert (result.ci_low, result.ci_high) == pytest.approx(limits, abs=1e-8)
    adjusted = md.random_site_kenward_roger(factor * score + shift, arm, site, level=0.9)
    assert (adjusted.variance_site, adjusted.df) == (0, pytest.approx(0.4))


@pytest.mark.parametrize("shift", [0, 0.2, 1000.1])
def test_a_site_variance_of_pairs_that_is_rounding_is_0(shift):
    test, site = np.array([5.4, 5.0, 5.0, 5.4]), ["B", "B", "B", "A"]
    reference = np.full(4, 5.2)
    result = md.paired_random_site(test + shift, reference + shift, site)
    assert (result.variance_site, result.df) == (0, 3)
    plain = md.paired_t(test, reference)
    limits = pytest.approx((plain.ci_low, plain.ci_high), abs=1e-9)
    assert (result.ci_low, result.ci_high) == limits


def test_next_to_no_degrees_of_freedom_leave_no_limits():
    # the t quantile is some 20^(1/df)
    result = md.random_site_satterthwaite([-1, 0, 0.9, -0.5], [1, 0, 1, 0], ["A", "B", "C", "A"])
    assert 0 < result.df < 0.001
    assert (result.ci_low, result.ci_high) == (None, None)
    assert result.reason == "not a finite number"
