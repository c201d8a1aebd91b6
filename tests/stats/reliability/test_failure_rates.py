import math

import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import stats

from clinval.stats.reliability import availability, failure_rate, rate_ratio

quick = settings(deadline=None, max_examples=40, derandomize=True)
hours = st.floats(0.1, 1e7)
levels = st.sampled_from([0.6, 0.8, 0.9, 0.95, 0.99])


@quick
@given(st.integers(0, 200), hours, levels)
def test_limits_are_the_rates_at_which_so_many_failures_are_an_extreme(failures, total, level):
    tail = (1 - level) / 2
    rate = failure_rate.exact_poisson(failures, total, level=level)
    assert stats.poisson.cdf(failures, rate.ci_high * total) == pytest.approx(tail)
    if failures:
        assert stats.poisson.sf(failures - 1, rate.ci_low * total) == pytest.approx(tail)
    mtbf = failure_rate.mtbf_chi_square(total, failures, level=level)
    assert mtbf.ci_low == pytest.approx(1 / rate.ci_high)
    assert mtbf.ci_high == (pytest.approx(1 / rate.ci_low) if failures else None)
    bound = failure_rate.mtbf_lower_bound(total, failures, level=1 - tail)
    assert bound.ci_low == pytest.approx(mtbf.ci_low)
    assert bound.ci_high is None
    assert bound.undefined == (failures == 0) == mtbf.undefined


@quick
@given(st.integers(1, 40), hours, levels)
def test_a_demonstrated_mtbf_is_its_lower_bound(failures, mtbf, level):
    total = failure_rate.demonstration_exponential(mtbf, failures=failures, level=level).total_time
    shown = failure_rate.mtbf_lower_bound(total, failures, level=level)
    assert shown.ci_low == pytest.approx(mtbf)


@quick
@given(st.floats(0.01, 0.999), st.integers(0, 12), levels)
def test_a_demonstration_is_the_smallest_that_shows_it(reliability, failures, level):
    n = failure_rate.demonstration_binomial(reliability, failures=failures, level=level).sample_size
    assert stats.binom.cdf(failures, n, 1 - reliability) <= (1 - level) * (1 + 1e-9)
    assert stats.binom.cdf(failures, n - 1, 1 - reliability) > (1 - level) * (1 - 1e-9)


@quick
@given(st.floats(0.5, 0.999), st.floats(0.3, 8), st.integers(1, 60), hours, levels)
def test_units_that_run_so_long_without_failure_show_it(reliability, shape, units, mission, level):
    time = failure_rate.demonstration_weibull(
        reliability, shape, units, mission, level=level
    ).test_time
    # at the reliability to be shown, all survive the test with a probability of 1 - level
    scale = mission / (-math.log(reliability)) ** (1 / shape)
    assert stats.weibull_min.sf(time, shape, scale=scale) ** units == pytest.approx(1 - level)


def test_demonstrations_beyond_reason_are_refused():
    with pytest.raises(ValueError, match="no test of ordinary size"):
        failure_rate.demonstration_binomial(1 - 1e-15)
    with pytest.raises(ValueError, match="shape is too small"):
        failure_rate.demonstration_weibull(0.999, 1e-4, 1, 100)
    with pytest.raises(ValueError, match="at least 1"):
        failure_rate.demonstration_weibull(0.9, 1, 0, 100)
    with pytest.raises(ValueError, match="reliability must lie"):
        failure_rate.demonstration_binomial(1.0)


@quick
@given(st.lists(st.floats(0.01, 99), min_size=1, max_size=30), levels)
def test_power_law_maximises_its_likelihood(times, level):
    result = failure_rate.crow_amsaa(times, end_time=100, level=level)
    n = len(times)

    def likelihood(shape):
        scale = n / 100**shape
        return n * math.log(scale * shape) + (shape - 1) * sum(map(math.log, times)) - n

    for other in (result.shape * 0.99, result.shape * 1.01):
        assert likelihood(other) < likelihood(result.shape)
    assert result.scale * 100**result.shape == pytest.approx(n)
    assert result.mtbf_end == pytest.approx(
        1 / (result.scale * result.shape * 100 ** (result.shape - 1))
    )
    ended = failure_rate.crow_amsaa([*times, 100])
    assert ended.shape == pytest.approx((n + 1) / (n / result.shape))
    assert ended.undefined == (n + 1 <= 2)


def test_failures_at_the_end_and_none_at_all_have_no_trend():
    for times, end in (([], 10), ([7], None), ([], None)):
        assert failure_rate.laplace_trend(times, end_time=end).undefined
    assert failure_rate.crow_amsaa([], end_time=10).reason == "no failure"
    assert failure_rate.crow_amsaa([10, 10], end_time=10).shape is None
    late = failure_rate.crow_amsaa([9.9999, 9.99999], end_time=10)
    assert late.scale == pytest.approx(2 * 10**-late.shape) or late.scale == 0
    tiny = failure_rate.crow_amsaa([0.001 * (1 - 1e-6)], end_time=0.001)
    assert (tiny.scale, tiny.reason) == (None, "the scale is too large for a number")


@quick
@given(st.lists(st.floats(0.01, 99), min_size=1, max_size=20))
def test_trend_turns_round_with_time(times):
    forward = failure_rate.laplace_trend(times, end_time=100)
    backward = failure_rate.laplace_trend([100 - t for t in times], end_time=100)
    assert forward.statistic == pytest.approx(-backward.statistic, abs=1e-9)
    assert forward.p_value == pytest.approx(2 * stats.norm.sf(abs(forward.statistic)))


@quick
@given(st.integers(0, 30), hours, st.integers(0, 30), hours, levels)
def test_limits_of_a_ratio_are_where_its_tests_just_reject(x1, time1, x2, time2, level):
    assume(x1 + x2)
    result = rate_ratio.exact_conditional(x1, time1, x2, time2, level=level)
    tail = (1 - level) / 2
    for limit, side in ((result.ci_low, "greater"), (result.ci_high, "less")):
        if limit:
            test = rate_ratio.exact_conditional_test(
                x1, time1, x2, time2, margin=limit, alternative=side
            )
            assert test.p_value == pytest.approx(tail)
    assert (result.ci_low == 0) == (x1 == 0)
    assert (result.ci_high is None) == (x2 == 0) == result.undefined
    other = rate_ratio.exact_conditional(x2, time2, x1, time1, level=level)
    assert other.p_value == pytest.approx(result.p_value)
    if x1 and x2:
        assert other.ci_low == pytest.approx(1 / result.ci_high)


def test_failures_without_time_and_other_slips_are_named():
    for call, arguments, message in (
        (failure_rate.exact_poisson, (3, 0), "total_time is 0"),
        (failure_rate.exact_poisson, (3, -1), "must not be negative"),
        (failure_rate.mtbf_chi_square, (10, 1.5), "must be a count"),
        (failure_rate.crow_amsaa, ([5, 0],), "a logarithm needs positive values"),
        (rate_ratio.exact_conditional, (1, 0, 1, 5), "x1 is 1, but time1 is 0"),
        (rate_ratio.exact_conditional, (1, 5, 1, -5), "time2 must not be negative"),
        (availability.exponential_f, ([1, -1], [1]), "up_time holds -1"),
    ):
        with pytest.raises(ValueError, match=message):
            call(*arguments)
    with pytest.raises(ValueError, match="beyond end_time"):
        failure_rate.laplace_trend([5, 12], end_time=10)
    with pytest.raises(ValueError, match="margin must be above 0"):
        rate_ratio.exact_conditional_test(1, 5, 1, 5, margin=0)
    for result in (
        failure_rate.mtbf_chi_square(0, 0),
        failure_rate.mtbf_lower_bound(0, 0),
        rate_ratio.exact_conditional(0, 0, 1, 5),
        rate_ratio.exact_conditional_test(0, 0, 1, 5),
    ):
        assert result.reason == "no time in service"


@quick
@given(st.lists(hours, min_size=1, max_size=8), st.lists(hours, min_size=1, max_size=8), levels)
def test_availability_and_unavailability_add_up(up, down, level):
    result = availability.exponential_f(up, down, level=level)
    other = availability.exponential_f(down, up, level=level)
    assert result.estimate + other.estimate == pytest.approx(1)
    assert result.ci_low + other.ci_high == pytest.approx(1)
    assert result.ci_low < result.estimate < result.ci_high
    ratio = result.mttr / result.mtbf
    tail = stats.f.cdf((1 / result.ci_low - 1) / ratio, 2 * len(up), 2 * len(down))
    assert tail == pytest.approx((1 + level) / 2)
