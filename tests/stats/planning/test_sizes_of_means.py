import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import integrate, stats as scipy_stats
from statsmodels.stats.power import TTestIndPower, TTestPower

from clinval.stats.planning import sample_size as ss
from clinval.stats.planning._student import one_sided_power, two_one_sided_power

quick = settings(deadline=None, max_examples=60, derandomize=True)
norm = scipy_stats.norm
level = st.sampled_from([0.005, 0.025, 0.05])
target = st.sampled_from([0.5, 0.8, 0.9, 0.95])
effect = st.integers(5, 300).map(lambda k: k / 100)


# --- the integral behind the t tests -------------------------------------------------------


@quick
@given(st.sampled_from([1, 2, 3, 5, 17, 200, 5000]), st.floats(-3, 12), level)
def test_one_sided_power_is_the_noncentral_t(df, noncentrality, alpha):
    got = one_sided_power(np.array([noncentrality]), np.array([float(df)]), alpha)[0]
    wanted = scipy_stats.nct.sf(scipy_stats.t.isf(alpha, df), df, noncentrality)
    assert got == pytest.approx(wanted, abs=2e-9)


def test_the_integral_where_scipy_has_no_value():
    # 3 degrees of freedom, noncentrality 60: scipy 1.17.1 returns NaN
    df, noncentrality, critical = 3, 60.0, scipy_stats.t.isf(0.001, 3)
    got = one_sided_power(np.array([noncentrality]), np.array([3.0]), 0.001)[0]
    spread = scipy_stats.chi(df, scale=3**-0.5)
    wanted, _ = integrate.quad(
        lambda s: norm.cdf(noncentrality - critical * s) * spread.pdf(s),
        0, 12, points=[noncentrality / critical], epsabs=1e-13, limit=500,
    )  # fmt: skip
    assert got == pytest.approx(wanted, abs=1e-11)


@pytest.mark.parametrize(
    ("low", "high", "df"),
    [(3.0, 3.0, 10), (2.0, 8.0, 4), (1.2, 1.2, 1), (4.0, 4.2, 60), (-0.5, 6.0, 8), (5.0, 0.0, 30)],
)
def test_two_one_sided_tests_that_are_drawn(low, high, df):
    draw, times = np.random.default_rng(9), 2_000_000
    estimate = draw.standard_normal(times)
    reach = scipy_stats.t.isf(0.05, df) * np.sqrt(draw.chisquare(df, times) / df)
    drawn = ((estimate - reach > -low) & (estimate + reach < high)).mean()
    got = two_one_sided_power(np.array([low]), np.array([high]), np.array([float(df)]), 0.05)[0]
    assert got == pytest.approx(drawn, abs=5 * math.sqrt(0.25 / times))


# --- differences ---------------------------------------------------------------------------


@quick
@given(effect, level, target)
def test_t_sizes_against_statsmodels(size, alpha, power):
    two = ss.mean_difference_t(2.0, margin=-2 * size, alpha=alpha, power=power)
    pairs = ss.paired_mean_difference_t(2.0, margin=-2 * size, alpha=alpha, power=power)
    solver, paired = TTestIndPower(), TTestPower()
    for n, peer in ((two.n_per_group, solver), (pairs.n_pairs, paired)):
        if n > 2:
            reached = peer.power(size, n, alpha, alternative="larger")
            assert reached == pytest.approx(power, abs=1e-6)
    normal = ss.mean_difference_normal(2.0, margin=-2 * size, alpha=alpha, power=power)
    assert two.n_total > normal.n_total  # t needs more than its approximation
    assert two.sample_size % 2 == 0
    assert 0 <= two.sample_size - two.n_total < 2.0001 or two.sample_size == 4
    assert 0 <= pairs.sample_size - pairs.n_pairs < 1.0001


@quick
@given(effect, level, target, st.floats(-2, 2), st.floats(0.1, 50))
def test_only_the_distance_in_standard_deviations_counts(size, alpha, power, shift, unit):
    plain = ss.mean_difference_t(1, margin=-size, alpha=alpha, power=power)
    moved = ss.mean_difference_t(
        unit, margin=-abs(shift) - size * unit, difference=-abs(shift), alpha=alpha, power=power
    )
    mirrored = ss.mean_difference_t(1, margin=size, alpha=alpha, power=power)
    assert moved.n_total == pytest.approx(plain.n_total, rel=1e-6)
    assert mirrored.n_total == pytest.approx(plain.n_total, rel=1e-9)


@quick
@given(effect, level, target)
def test_power_at_the_size_is_the_power(size, alpha, power):
    result = ss.mean_difference_t(1, margin=-size, alpha=alpha, power=power)
    if result.n_total > 3:
        n = [result.n_total, result.sample_size, 10 * result.n_total]
        reached = ss.mean_difference_t_power(n, 1, margin=-size, alpha=alpha)
        assert reached.n == pytest.approx(n)
        assert reached.power[0] == pytest.approx(power, abs=1e-9)
        assert power - 1e-9 <= reached.power[1] <= reached.power[2]
    pairs = ss.paired_mean_difference_t(1, margin=-size, alpha=alpha, power=power)
    if pairs.n_pairs > 2:
        reached = ss.paired_mean_difference_t_power(pairs.n_pairs, 1, margin=-size, alpha=alpha)
        assert reached.power[0] == pytest.approx(power, abs=1e-9)


def test_power_of_drawn_studies():
    draw, n, sd = np.random.default_rng(4), 24, 3.0
    y1, y2 = draw.normal(0.5, sd, (40_000, n // 2)), draw.normal(0, sd, (40_000, n // 2))
    p = scipy_stats.ttest_ind(y1 + 3, y2, axis=1, alternative="greater").pvalue
    result = ss.mean_difference_t_power(n, sd, margin=-3, difference=0.5)
    assert result.power[0] == pytest.approx((p < 0.025).mean(), abs=0.01)
    d = draw.normal(0.5, sd, (40_000, n))
    p = scipy_stats.ttest_1samp(d, -1, axis=1, alternative="greater").pvalue
    result = ss.paired_mean_difference_t_power(n, sd, margin=-1, difference=0.5)
    assert result.power[0] == pytest.approx((p < 0.025).mean(), abs=0.01)


def test_effects_of_any_size():
    huge = ss.mean_difference_t(0.001, margin=-100)
    assert (huge.n_total, huge.sample_size) == (3, 4)
    assert ss.paired_mean_difference_t(0.001, margin=-100).sample_size == 2
    tiny = ss.mean_difference_t(100, margin=-0.1)
    assert tiny.n_total == pytest.approx(
        ss.mean_difference_normal(100, margin=-0.1).n_total, rel=1e-6
    )


# --- ratios --------------------------------------------------------------------------------

RATIOS = {
    ss.non_inferiority_ratio_parallel: (ss.non_inferiority_ratio_parallel_power, 4, 2),
    ss.non_inferiority_ratio_paired: (ss.non_inferiority_ratio_paired_power, 2, 1),
}
EQUIVALENCE = {
    ss.tost_ratio_crossover: (ss.tost_ratio_crossover_power, 4, 2),
    ss.tost_ratio_paired: (ss.tost_ratio_paired_power, 2, 1),
}
cv = st.integers(5, 80).map(lambda k: k / 100)


@quick
@given(cv, st.sampled_from([0.9, 1.0, 1.05]), target)
def test_ratio_sizes_are_the_smallest(variation, theta0, power):
    for sizes, limits in ((RATIOS, {"margin": 0.8}), (EQUIVALENCE, {"theta_low": 0.8})):
        for size, (power_at, first, step) in sizes.items():
            options = {"theta0": theta0, "alpha": 0.05, **limits}
            result = size(variation, power=power, **options)
            tried = np.arange(first, result.sample_size + 1, step)
            reached = power_at(tried, variation, **options).power
            assert result.sample_size == tried[np.argmax(np.array(reached) >= power)]
            assert result.achieved_power == pytest.approx(reached[-1], abs=1e-15)
            # what the search rests on: above alpha the power never falls
            above = np.array(reached[:-1]) > 0.05
            assert (np.diff(reached)[above] > -1e-12).all()


@quick
@given(cv, st.sampled_from([0.95, 1.0, 1.1]), st.sampled_from([0.8, 0.9]))
def test_a_ratio_turned_over_needs_as_many(variation, theta0, power):
    for size in RATIOS:
        up = size(variation, theta0=theta0, margin=0.8, power=power)
        down = size(variation, theta0=1 / theta0, margin=1.25, power=power)
        asked = size(variation, theta0=theta0, margin=0.8, power=power, alternative="greater")
        assert up.sample_size == down.sample_size == asked.sample_size
        assert up.achieved_power == pytest.approx(down.achieved_power)
    for size in EQUIVALENCE:
        up = size(variation, theta0=theta0, power=power)
        down = size(variation, theta0=1 / theta0, power=power)
        assert up.sample_size == down.sample_size


def test_ratio_power_of_drawn_studies():
    draw, n, variation = np.random.default_rng(8), 30, 0.35
    sd = math.sqrt(math.log(1 + variation**2))
    test, reference = draw.normal(math.log(0.95), sd, (30_000, n)), draw.normal(0, sd, (30_000, n))
    paired = scipy_stats.ttest_rel(test, reference + math.log(0.8), axis=1, alternative="greater")
    result = ss.non_inferiority_ratio_paired_power(n, variation)
    assert result.power[0] == pytest.approx((paired.pvalue < 0.025).mean(), abs=0.01)
    low = scipy_stats.ttest_rel(test, reference + math.log(0.8), axis=1, alternative="greater")
    high = scipy_stats.ttest_rel(test, reference + math.log(1.25), axis=1, alternative="less")
    both = (np.maximum(low.pvalue, high.pvalue) < 0.05).mean()
    assert ss.tost_ratio_paired_power(n, variation).power[0] == pytest.approx(both, abs=0.01)
    parallel = scipy_stats.ttest_ind(
        test[:, :15], reference[:, :15] + math.log(0.8), axis=1, alternative="greater"
    )
    result = ss.non_inferiority_ratio_parallel_power(n, variation)
    assert result.power[0] == pytest.approx((parallel.pvalue < 0.025).mean(), abs=0.01)


def test_ratios_at_their_limits():
    at_margin = ss.non_inferiority_ratio_parallel_power([10, 1000], 0.3, theta0=0.8)
    assert at_margin.power == pytest.approx((0.025, 0.025), abs=1e-9)
    beyond = ss.tost_ratio_paired_power(100, 0.3, theta0=1.4)
    assert beyond.power[0] < 0.05
    result = ss.tost_ratio_paired(0.3, theta0=1.2499999)
    assert (result.sample_size, result.undefined) == (None, True)
    assert result.reason == "more than ten million subjects are needed"
    assert ss.non_inferiority_ratio_paired(0.001).sample_size == 2
    assert ss.tost_ratio_crossover(0.001).sample_size == 4


# --- what cannot be ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function", [ss.mean_difference_normal, ss.mean_difference_t, ss.paired_mean_difference_t]
)
@pytest.mark.parametrize(
    ("sd", "options", "message"),
    [
        (0, {}, "sd must be above 0"),
        (-1, {}, "sd must be above 0"),
        (math.inf, {}, "sd must be a finite number"),
        (1, {"difference": -1}, "-1 lies on the wrong side of margin -1"),
        (1, {"difference": -2}, "on the wrong side of margin -1"),
        (1, {"difference": 2, "alternative": "less"}, "on the wrong side"),
        (1, {"margin": math.nan}, "margin must be a finite number"),
        (1, {"power": 0.01}, "power must lie strictly between alpha and 1"),
        (1, {"alpha": 0.7}, "alpha must lie strictly between 0 and 0.5"),
    ],
)
def test_invalid_sizes_of_differences(function, sd, options, message):
    with pytest.raises(ValueError, match=message):
        function(sd, **{"margin": -1, **options})


@pytest.mark.parametrize("function", [*RATIOS, *EQUIVALENCE])
@pytest.mark.parametrize(
    ("variation", "options", "message"),
    [
        (0, {}, "cv must be above 0"),
        (0.3, {"theta0": 0}, "theta0 must be above 0"),
        (0.3, {"alpha": 0.5}, "alpha must lie strictly"),
        (0.3, {"power": 1}, "power must lie strictly"),
        (0.3, {"theta0": 0.8}, "theta0 0.8 "),
        (0.3, {"theta0": 0.7}, "theta0 0.7 "),
    ],
)
def test_invalid_sizes_of_ratios(function, variation, options, message):
    with pytest.raises(ValueError, match=message):
        function(variation, **options)


def test_other_invalid_arguments():
    with pytest.raises(ValueError, match=r"theta_low 1\.3 must be below theta_high 1\.25"):
        ss.tost_ratio_paired(0.3, theta_low=1.3)
    with pytest.raises(ValueError, match=r"theta0 1\.3 must lie between 0\.8 and"):
        ss.tost_ratio_crossover(0.3, theta0=1.3)
    with pytest.raises(ValueError, match="alternative must be one of"):
        ss.non_inferiority_ratio_paired(0.3, alternative="both")
    for function, least in (
        (ss.mean_difference_t_power, 3),
        (ss.paired_mean_difference_t_power, 2),
    ):
        with pytest.raises(ValueError, match=f"must be {least} or more"):
            function([50, least - 0.5], 1, margin=-1)
    for function, least in (
        (ss.tost_ratio_crossover_power, 3),
        (ss.tost_ratio_paired_power, 2),
        (ss.non_inferiority_ratio_parallel_power, 3),
        (ss.non_inferiority_ratio_paired_power, 2),
    ):
        with pytest.raises(ValueError, match=f"n must be {least} or more"):
            function(least - 1, 0.3)
