import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.agreement import limits_of_agreement as la

quick = settings(deadline=None, max_examples=60, derandomize=True)
value = st.floats(0.5, 500).map(lambda x: round(x, 2))
pairs = st.lists(st.tuples(value, value), min_size=2, max_size=15).filter(
    lambda rows: (
        np.ptp([math.log(a / b) for a, b in rows]) > 0.01
        and np.ptp([a - b for a, b in rows]) > 0.01
    )
)
LIMITS = ("estimate", "ci_low", "ci_high", "loa_low", "loa_high")
OUTER = ("loa_low_ci_low", "loa_low_ci_high", "loa_high_ci_low", "loa_high_ci_high")


@quick
@given(pairs, st.sampled_from([0.9, 0.95]), st.sampled_from([0.8, 0.95]))
def test_bland_altman_from_the_standard_library(rows, level, coverage):
    test, reference = zip(*rows, strict=True)
    d = [a - b for a, b in rows]
    n, bias, sd = len(d), statistics.fmean(d), statistics.stdev(d)
    z = statistics.NormalDist().inv_cdf((1 + coverage) / 2)
    t = scipy_stats.t.ppf((1 + level) / 2, n - 1)
    result = la.bland_altman(test, reference, level=level, coverage=coverage)
    assert (result.n, result.level, result.coverage) == (n, level, coverage)
    assert (result.estimate, result.sd) == pytest.approx((bias, sd), abs=1e-9)
    assert result.ci_high == pytest.approx(bias + t * sd / math.sqrt(n), abs=1e-7)
    assert result.loa_low == pytest.approx(bias - z * sd, abs=1e-7)
    assert result.loa_high == pytest.approx(bias + z * sd, abs=1e-7)
    half = t * math.sqrt(sd**2 / n + z**2 * sd**2 / (2 * (n - 1)))
    wanted = (
        bias - z * sd - half,
        bias - z * sd + half,
        bias + z * sd - half,
        bias + z * sd + half,
    )
    assert tuple(getattr(result, name) for name in OUTER) == pytest.approx(wanted, abs=1e-7)


@quick
@given(pairs)
def test_log_ratio_is_bland_altman_of_logarithms(rows):
    test, reference = (np.array(column) for column in zip(*rows, strict=True))
    logs, result = la.bland_altman(np.log(test), np.log(reference)), la.log_ratio(test, reference)
    for name in (*LIMITS, *OUTER):
        assert getattr(result, name) == pytest.approx(math.exp(getattr(logs, name)), rel=1e-9)
    assert result.sd == pytest.approx(logs.sd)
    scaled = la.log_ratio(7 * test, 7 * reference)
    assert scaled.loa_high == pytest.approx(result.loa_high)


@quick
@given(pairs)
def test_swapping_the_methods_mirrors_the_limits(rows):
    test, reference = zip(*rows, strict=True)
    one, other = la.bland_altman(test, reference), la.bland_altman(reference, test)
    assert one.loa_low == pytest.approx(-other.loa_high)
    assert one.loa_low_ci_low == pytest.approx(-other.loa_high_ci_high)
    assert one.loa_low_ci_low <= one.loa_low <= one.estimate <= one.loa_high
    ratio, inverse = la.log_ratio(test, reference), la.log_ratio(reference, test)
    assert ratio.loa_low == pytest.approx(1 / inverse.loa_high)


def test_the_limits_hold_their_share_and_their_intervals_cover():
    rng = np.random.default_rng(21)
    inside, hits = [], 0
    for _ in range(1500):
        d = rng.normal(3, 2, 60)
        result = la.bland_altman(d + 10, np.full(60, 10.0))
        upper = 3 + 2 * 1.959963984540054
        hits += result.loa_high_ci_low <= upper <= result.loa_high_ci_high
        distribution = scipy_stats.norm(3, 2)
        inside.append(distribution.cdf(result.loa_high) - distribution.cdf(result.loa_low))
    # the share of normal differences between estimated limits follows from Student's t
    wanted = 2 * scipy_stats.t.cdf(1.959963984540054 / math.sqrt(1 + 1 / 60), 59) - 1
    assert np.mean(inside) == pytest.approx(wanted, abs=0.002)
    assert hits / 1500 == pytest.approx(0.95, abs=0.018)


def test_edges():
    same = la.bland_altman([1, 2, 3], [1, 2, 3])
    assert (same.estimate, same.sd, same.ci_low, same.loa_high) == (0, 0, 0, 0)
    assert not same.undefined
    # the same difference but for the last bit, the same ratio but for the last bit
    assert la.bland_altman([0.3, 0.5, 0.7], [0.2, 0.4, 0.6]).sd == 0
    assert la.log_ratio([0.1, 0.3, 0.7], [0.2, 0.6, 1.4]).sd == 0
    single = la.bland_altman([3], [2])
    assert (single.estimate, single.sd, single.loa_low, single.undefined) == (1, None, None, True)
    assert la.log_ratio([3], [2]).estimate == pytest.approx(1.5)
    none = la.log_ratio([], [])
    assert (none.estimate, none.n, none.undefined) == (None, 0, True)


def test_invalid_input():
    for function in (la.bland_altman, la.log_ratio):
        with pytest.raises(ValueError, match="lengths differ: test 3, reference 2"):
            function([1, 2, 3], [1, 2])
        with pytest.raises(ValueError, match="missing"):
            function([1, None], [1, 2])
        with pytest.raises(ValueError, match="level"):
            function([1, 2], [1, 3], level=95)
        with pytest.raises(ValueError, match="coverage must lie strictly between 0 and 1"):
            function([1, 2], [1, 3], coverage=1)
    with pytest.raises(ValueError, match="logarithm"):
        la.log_ratio([1, 2, 0], [1, 2, 3])


def test_ratios_too_large_for_a_number_have_no_value():
    result = la.log_ratio([1, 10], [1, 1], level=0.999)
    assert result.estimate == pytest.approx(math.sqrt(10))
    assert result.loa_high == pytest.approx(
        math.sqrt(10) * math.exp(1.959963984540054 * math.log(10) / math.sqrt(2))
    )
    assert (result.ci_high, result.loa_high_ci_high, result.loa_low_ci_high) == (None, None, None)
    assert result.undefined
    assert result.reason == "not a finite number"


# --- exact limits, and a clinical limit -------------------------------------------------------


@quick
@given(pairs, st.sampled_from([0.9, 0.95]), st.sampled_from([0.8, 0.95]))
def test_exact_limits_are_noncentral_t(rows, level, coverage):
    test, reference = zip(*rows, strict=True)
    result = la.exact(test, reference, level=level, coverage=coverage)
    plain = la.bland_altman(test, reference, level=level, coverage=coverage)
    assert (result.estimate, result.sd, result.loa_high) == (
        plain.estimate,
        plain.sd,
        plain.loa_high,
    )
    n, z = result.n, statistics.NormalDist().inv_cdf((1 + coverage) / 2)
    shift = z * math.sqrt(n)
    for limit, share in ((result.loa_high_ci_low, 1 - level), (result.loa_high_ci_high, 1 + level)):
        t = math.sqrt(n) * (limit - result.estimate) / result.sd
        assert scipy_stats.nct.cdf(t, n - 1, shift) == pytest.approx(share / 2, abs=1e-7)
    assert result.loa_low_ci_low + result.loa_high_ci_high == pytest.approx(2 * result.estimate)
    assert result.loa_low_ci_high + result.loa_high_ci_low == pytest.approx(2 * result.estimate)


def test_exact_limits_cover_small_samples():
    rng = np.random.default_rng(22)
    hits = 0
    for _ in range(2000):
        result = la.exact(rng.normal(3, 2, 8), np.zeros(8))
        hits += result.loa_high_ci_low <= 3 + 2 * 1.959963984540054 <= result.loa_high_ci_high
    assert hits / 2000 == pytest.approx(0.95, abs=0.015)


@quick
@given(pairs, st.floats(1, 300))
def test_the_test_of_a_limit_and_the_exact_interval_say_the_same(rows, limit):
    test, reference = zip(*rows, strict=True)
    result = la.exact_test(test, reference, limit=limit)
    interval = la.exact(test, reference, level=0.9)
    below, above = interval.loa_low_ci_low > -limit, interval.loa_high_ci_high < limit
    assert (result.p_value_low < 0.05, result.p_value_high < 0.05) == (below, above)
    assert (result.p_value < 0.05) == (below and above)
    swapped = la.exact_test(reference, test, limit=limit)
    assert swapped.p_value_low == pytest.approx(result.p_value_high, rel=1e-9)


def test_edges_of_a_limit():
    same = la.exact_test([1, 2, 3], [2, 3, 4], limit=5)
    assert (same.p_value, same.reason) == (None, "the differences of the pairs do not vary")
    assert la.exact_test([1], [2], limit=5).reason == "fewer than two pairs"
    for limit in (0, -1, math.nan):
        with pytest.raises(ValueError, match="limit must"):
            la.exact_test([1, 2], [2, 4], limit=limit)


# --- replicates ------------------------------------------------------------------------------


@st.composite
def replicates(draw):
    sizes = draw(st.lists(st.integers(1, 4), min_size=3, max_size=8).filter(lambda s: max(s) > 1))
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    subject = np.repeat(np.arange(len(sizes)), sizes)
    truth = 50 + 5 * rng.normal(size=len(sizes))[subject]
    return truth + rng.normal(size=len(subject)), truth + 1 + rng.normal(size=len(subject)), subject


@settings(deadline=None, max_examples=12, derandomize=True)
@given(replicates())
def test_replicates_against_the_analysis_of_variance_of_statsmodels(data):
    import pandas as pd
    import statsmodels.formula.api as smf
    from statsmodels.stats.anova import anova_lm

    test, reference, subject = data
    frame = pd.DataFrame({"t": test, "r": reference, "d": test - reference, "s": subject})
    squares = {
        name: anova_lm(smf.ols(f"{name} ~ C(s)", frame).fit())["mean_sq"]
        for name in ("t", "r", "d")
    }
    size = frame.groupby("s").size()
    of_means = frame.groupby("s").d.mean()
    constant = la.replicates_constant(test, reference, subject=subject)
    assert constant.variance_within_test == pytest.approx(squares["t"].iloc[1])
    assert constant.variance_within_reference == pytest.approx(squares["r"].iloc[1])
    wanted = of_means.var() + (1 - (1 / size).mean()) * (
        squares["t"].iloc[1] + squares["r"].iloc[1]
    )
    assert constant.sd == pytest.approx(math.sqrt(wanted))
    assert constant.estimate == pytest.approx(of_means.mean())
    assert constant.loa_high - constant.loa_low == pytest.approx(
        2 * 1.959963984540054 * constant.sd
    )
    varying = la.replicates_varying(test, reference, subject=subject)
    between, within = squares["d"]
    typical = (size.sum() ** 2 - (size**2).sum()) / ((len(size) - 1) * size.sum())
    assert varying.variance_within == pytest.approx(within)
    assert varying.variance_between == pytest.approx(max(0, (between - within) / typical), abs=1e-9)
    assert varying.estimate == pytest.approx(frame.d.mean())
    assert varying.n == len(size)


def test_replicates_recover_the_spread_of_single_measurements():
    rng = np.random.default_rng(23)
    subject = np.repeat(np.arange(2000), 3)
    own = rng.normal(size=2000)[subject]
    test = own + 1.5 * rng.normal(size=6000)
    reference = 0.5 + rng.normal(size=2000)[subject] + rng.normal(size=6000)
    result = la.replicates_constant(test, reference, subject=subject)
    assert result.sd == pytest.approx(math.sqrt(2 + 1.5**2 + 1), rel=0.03)


def test_edges_of_replicates():
    alone = la.replicates_constant([1, 2, 4], [1, 3, 2], subject=["a", "b", "c"])
    assert alone.variance_mean_difference == pytest.approx(np.var([0, -1, 2], ddof=1))
    for function in (la.replicates_constant, la.replicates_varying):
        single = function([1, 2, 3], [1, 3, 2], subject=["a", "b", "c"])
        assert (single.estimate, single.sd) == (0, None)
        assert single.reason == "no subject has a replicate"
        alone = function([1, 2, 3], [1, 3, 2], subject=["a"] * 3)
        assert alone.reason == "fewer than two subjects"
        assert function([], [], subject=[]).estimate is None
        same = function([1, 1, 2, 2], [1, 1, 2, 2], subject=["a", "a", "b", "b"])
        assert (same.sd, same.loa_high, same.undefined) == (0, 0, False)
        with pytest.raises(ValueError, match="lengths differ"):
            function([1, 2], [1, 2], subject=["a"])
        with pytest.raises(ValueError, match="lacks a label"):
            function([1, 2], [1, 2], subject=["a", None])


# --- sites, readers, centers -----------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_site_against_statsmodels_and_the_general_model(seed):
    import warnings

    import pandas as pd
    import statsmodels.formula.api as smf

    rng = np.random.default_rng(seed)
    site = rng.integers(0, 5, 60)
    d = 1 + 2 * rng.normal(size=5)[site] + rng.normal(size=60)
    result = la.random_site(d + 10, np.full(60, 10.0), site=site)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = pd.DataFrame({"d": d, "site": site})
        fit = smf.mixedlm("d ~ 1", frame, groups="site").fit(reml=True, method="powell")
    assert result.estimate == pytest.approx(fit.fe_params.iloc[0], rel=1e-4)
    assert result.variance_site == pytest.approx(fit.cov_re.iloc[0, 0], rel=1e-3)
    assert result.variance_residual == pytest.approx(fit.scale, rel=1e-4)
    general = la.components(d + 10, np.full(60, 10.0), subject=range(60), center=site)
    for name in ("estimate", "se", "sd", "loa_low", "loa_high"):
        assert getattr(general, name) == pytest.approx(getattr(result, name), rel=1e-4), name
    assert general.variance_center == pytest.approx(result.variance_site, rel=1e-3)
    assert (general.centers, general.readers, general.variance_reader) == (5, 1, None)


def test_components_without_factors_are_bland_altman():
    rng = np.random.default_rng(4)
    test, reference = rng.normal(size=40), rng.normal(size=40)
    plain = la.bland_altman(test, reference)
    result = la.components(test, reference, subject=range(40))
    for name in ("estimate", "ci_low", "ci_high", "sd", "loa_low", "loa_high"):
        assert getattr(result, name) == pytest.approx(getattr(plain, name), rel=1e-6), name
    assert result.df == pytest.approx(39, rel=1e-6)
    # the interval comes from that of sd, as the exact one does
    exact = la.exact(test, reference)
    assert result.loa_high_ci_high == pytest.approx(exact.loa_high_ci_high, rel=0.02)
    assert result.loa_high_ci_low == pytest.approx(exact.loa_high_ci_low, rel=0.02)


def test_components_of_readers_and_replicates():
    rng = np.random.default_rng(5)
    subject, reader, session = (grid.ravel() for grid in np.indices((40, 3, 2)))
    d = 2 + rng.normal(size=40)[subject] + np.array([0.9, -0.2, -0.7])[reader]
    d = d + rng.normal(size=(40, 3))[subject, reader] + 0.5 * rng.normal(size=240)
    result = la.components(d, 0 * d, subject=subject, reader=reader)
    assert (result.n, result.readers, result.observations) == (40, 3, 240)
    assert result.variance_subject == pytest.approx(1, rel=0.6)
    assert result.variance_subject_reader == pytest.approx(1, rel=0.4)
    assert result.variance_residual == pytest.approx(0.25, rel=0.3)
    parts = (
        result.variance_subject,
        result.variance_subject_reader,
        result.variance_reader,
        result.variance_residual,
    )
    assert result.sd**2 == pytest.approx(sum(parts))
    with pytest.raises(ValueError, match="in one session"):
        la.components(d, 0 * d, subject=subject, reader=reader, session=0 * session)
    told = la.components(d, 0 * d, subject=subject, reader=reader, session=session)
    assert told.sessions == 2
    assert told.variance_session is not None
    with pytest.raises(ValueError, match="two centers"):
        la.components(d, 0 * d, subject=subject, reader=reader, center=reader)
    few = la.components([1], [2], subject=["a"])
    assert (few.estimate, few.reason) == (None, "fewer than two pairs")
    same = la.components([1, 2, 3], [2, 3, 4], subject=range(3))
    assert same.undefined


# --- proportional bias -----------------------------------------------------------------------


@quick
@given(pairs.filter(lambda rows: len(rows) > 3))
def test_proportional_bias_against_scipy(rows):
    test, reference = (np.array(column) for column in zip(*rows, strict=True))
    d, m = test - reference, (test + reference) / 2
    if np.ptp(m) < 1e-6:
        return
    result = la.proportional_bias(test, reference)
    line, pitman = scipy_stats.linregress(m, d), scipy_stats.pearsonr(d, m)
    assert result.estimate == pytest.approx(line.slope, abs=1e-9)
    assert result.intercept == pytest.approx(line.intercept, rel=1e-6, abs=1e-6)
    if result.p_value is not None and abs(pitman.statistic) < 1 - 1e-9:
        assert result.se == pytest.approx(line.stderr, rel=1e-5)
        assert result.p_value == pytest.approx(line.pvalue, rel=1e-5, abs=1e-9)
        assert result.pitman_r == pytest.approx(pitman.statistic, abs=1e-9)
        assert result.pitman_p_value == pytest.approx(pitman.pvalue, rel=1e-5, abs=1e-9)
    ranks = [scipy_stats.rankdata(column) for column in (abs(d), m)]
    if min(np.ptp(rank) for rank in ranks):
        assert result.spearman_absolute == pytest.approx(np.corrcoef(*ranks)[0, 1], abs=1e-9)


def test_edges_of_proportional_bias():
    assert la.proportional_bias([1, 2], [2, 1]).reason == "fewer than three pairs"
    flat = la.proportional_bias([1, 2, 3], [3, 2, 1])
    assert (flat.estimate, flat.reason) == (None, "the means of the pairs do not vary")
    shifted = la.proportional_bias([0.3, 0.5, 0.7], [0.2, 0.4, 0.6])
    assert (shifted.estimate, shifted.se, shifted.p_value, shifted.pitman_r) == (0, 0, None, None)
    scaled = la.proportional_bias([2, 4, 6, 10], [1, 2, 3, 5])
    assert scaled.estimate == pytest.approx(2 / 3)
    assert (scaled.p_value, scaled.pitman_r) == (None, 1)
    assert scaled.reason == "the differences lie on a line exactly"


# --- limits with the mean --------------------------------------------------------------------


@quick
@given(st.integers(0, 9999), st.integers(2, 9), st.integers(2, 6))
def test_limits_with_the_mean_are_deviations_from_it(seed, subjects, readers):
    rng = np.random.default_rng(seed)
    table = 9 * rng.normal(size=(subjects, 1)) + rng.normal(size=(1, readers))
    table = table + rng.normal(size=(subjects, readers))
    result = la.with_mean(table)
    deviations = table - table.mean(axis=1, keepdims=True)
    assert result.loa_high == pytest.approx(1.959963984540054 * math.sqrt((deviations**2).mean()))
    assert result.ci_low <= result.estimate <= result.ci_high
    moved = la.with_mean(7 * table[::-1, ::-1] + 100 * np.arange(subjects)[:, None])
    assert moved.loa_high == pytest.approx(7 * result.loa_high, rel=1e-6)
    assert moved.ci_high == pytest.approx(7 * result.ci_high, rel=1e-6)
    if result.variance_rater > 0:
        spread = result.variance_rater + result.variance_residual
        wanted = 1.959963984540054 * math.sqrt((readers - 1) / readers * spread)
        assert result.loa_high == pytest.approx(wanted)


def test_the_interval_of_the_limits_with_the_mean_covers():
    rng = np.random.default_rng(24)
    true, hits = 1.959963984540054 * math.sqrt(4 / 5 * 1.5), 0
    for _ in range(1500):
        table = math.sqrt(0.5) * rng.normal(size=(1, 5)) + rng.normal(size=(20, 5))
        result = la.with_mean(table)
        hits += result.ci_low <= true <= result.ci_high
    assert 0.935 < hits / 1500 < 0.97


def test_edges_of_the_limits_with_the_mean():
    assert la.with_mean([[1, 2]]).reason == "fewer than two subjects or raters"
    assert la.with_mean([]).undefined
    same = la.with_mean([[1, 1], [2, 2]])
    assert (same.loa_high, same.ci_high, same.variance_subject) == (0, 0, 0.5)
    with pytest.raises(ValueError, match="lacks a value"):
        la.with_mean([[1, 2], [2, None]])
