import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import optimize, stats

from clinval.stats.reliability import survival

quick = settings(deadline=None, max_examples=25, derandomize=True)
lives = st.lists(
    st.tuples(st.integers(2, 400), st.booleans(), st.integers(0, 399)), min_size=3, max_size=20
).map(lambda rows: [(time, event, min(entry, time // 2)) for time, event, entry in rows])


def log_likelihood(log_scale, log_shape, time, event, entry):
    shape = math.exp(log_shape)
    z = shape * (np.log(time) - log_scale)
    begun = (np.asarray(entry) / math.exp(log_scale)) ** shape
    density = np.asarray(event) * (log_shape + z - np.log(time))
    return float((density - np.exp(z) + begun).sum())


@quick
@given(lives, st.booleans())
def test_the_maximum_and_its_curvature(rows, delayed):
    time, event, entry = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    entry = entry if delayed else np.zeros(len(time))
    result = survival.weibull(time, event, entry=entry)
    if len(set(time[event == 1])) < 2:
        assert (result.shape, result.undefined) == (None, True)
        return
    if result.undefined:  # only where late entries leave no maximum
        assert result.reason == "the likelihood has no maximum"
        assert entry.min() > 0 or delayed
        return

    def value(a, b):
        return log_likelihood(a, b, time, event, entry)

    at = math.log(result.scale), math.log(result.shape)
    best = value(*at)
    assert result.log_likelihood == pytest.approx(best, rel=1e-9, abs=1e-7)
    for step in ((1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3)):
        assert value(at[0] + step[0] / result.shape, at[1] + step[1]) < best
    h = 1e-3
    u, v = (h / result.shape, 0.0), (0.0, h)
    second = np.array(
        [
            [
                value(*np.add(at, np.add(p, q))) - value(*np.add(at, np.subtract(p, q)))
                - value(*np.subtract(at, np.subtract(p, q))) + value(*np.subtract(at, np.add(p, q)))
                for q in (u, v)
            ]
            for p in (u, v)
        ]
    ) / (4 * np.outer((u[0], h), (u[0], h)))  # fmt: skip
    covariance = np.linalg.inv(-second)
    assume(np.linalg.cond(second) < 1e8)
    assert result.log_scale_se == pytest.approx(math.sqrt(covariance[0, 0]), rel=1e-3)
    assert result.log_shape_se == pytest.approx(math.sqrt(covariance[1, 1]), rel=1e-3)
    assert result.shape_ci_low < result.shape < result.shape_ci_high
    assert result.b10 == pytest.approx(stats.weibull_min.ppf(0.1, result.shape, scale=result.scale))
    assert result.mean_time_to_failure == pytest.approx(
        stats.weibull_min.mean(result.shape, scale=result.scale)
    )


@quick
@given(lives, st.floats(0.001, 1e6))
def test_the_unit_of_time_does_not_matter(rows, unit):
    time, event, _ = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    one, other = survival.weibull(time, event), survival.weibull(unit * time, event)
    assert one.undefined == other.undefined
    if one.shape is not None:
        assert other.shape == pytest.approx(one.shape, rel=1e-8)
        assert other.b10_ci_low == pytest.approx(unit * one.b10_ci_low, rel=1e-6)


def test_nearly_equal_failures_and_huge_times_are_fitted():
    close = survival.weibull([5000, 5000 * (1 + 1e-9), 4000], [1, 1, 0])
    assert close.shape > 1e8
    assert math.isfinite(close.b10_ci_high)
    far = survival.weibull([1e-8, 1e8, 1e8], [1, 1, 0])
    assert 0 < far.shape < 0.2


@pytest.mark.parametrize(
    ("time", "event", "reason"),
    [
        ([], [], "no failure"),
        ([5, 6, 7], [0, 0, 0], "no failure"),
        ([5, 6, 7], [0, 1, 0], "fewer than two distinct failure times"),
        ([6, 6, 6, 9], [1, 1, 1, 0], "fewer than two distinct failure times"),
    ],
)
@pytest.mark.parametrize("method", [survival.weibull, survival.weibull_profile])
def test_lives_that_fix_no_shape_are_refused(method, time, event, reason):
    result = method(time, event)
    assert (result.shape, result.b10, result.undefined, result.reason) == (None, None, True, reason)
    assert result.n == len(time)


def test_entries_all_late_may_leave_no_maximum():
    # failures come right after each late entry and become rarer: any larger power is less likely
    entry = np.array([100.0, 200, 400, 800])
    result = survival.weibull(entry * [1.001, 1.002, 3, 3], [1, 1, 0, 0], entry=entry)
    if not result.undefined:
        pytest.fail(f"a shape of {result.shape} came out")
    assert result.reason == "the likelihood has no maximum"


# --- profile --------------------------------------------------------------------------------


def profile_limits(time, event, entry, quantile):
    """Maximise over the shape at each quantile and search where the profile has dropped."""

    def best(log_quantile):
        def loss(log_shape):
            scale = log_quantile - math.log(quantile) * math.exp(-log_shape)
            return -log_likelihood(scale, log_shape, time, event, entry)

        grid = min(np.linspace(-3, 3, 61), key=loss)
        bracket = (grid - 0.1, grid + 0.1)
        return -optimize.minimize_scalar(loss, bounds=bracket, method="bounded").fun

    fit = survival.weibull(time, event, entry=entry)
    floor = fit.log_likelihood - stats.chi2.ppf(0.95, 1) / 2
    centre = math.log(fit.scale) + math.log(quantile) / fit.shape
    return [
        math.exp(optimize.brentq(lambda x: best(x) - floor, *sorted((centre, centre + away))))
        for away in (-3, 3)
    ]


@pytest.mark.parametrize("delayed", [False, True])
def test_profile_limits_are_where_the_likelihood_has_dropped(delayed):
    rng = np.random.default_rng(11)
    time = np.minimum(1000 * rng.weibull(1.8, 16), 900)
    event = (time < 900).astype(float)
    entry = 0.4 * time * rng.integers(0, 2, 16) if delayed else np.zeros(16)
    result = survival.weibull_profile(time, event, entry=entry)
    wanted = profile_limits(time, event, entry, 1.0)
    assert [result.scale_ci_low, result.scale_ci_high] == pytest.approx(wanted, rel=1e-4)
    wanted = profile_limits(time, event, entry, -math.log(0.9))
    assert [result.b10_ci_low, result.b10_ci_high] == pytest.approx(wanted, rel=1e-4)


def test_late_entries_alone_may_not_bound_the_shape():
    entry = np.array([100.0, 180, 260, 340])
    time = entry + np.array([90, 300, 420, 500])
    result = survival.weibull_profile(time, [1, 1, 1, 0], entry=entry)
    assert result.shape_ci_low is None
    assert result.shape < result.shape_ci_high
    assert (result.b10_ci_low, result.undefined) == (None, True)
    assert "does not fall enough" in result.reason


def test_numbers_beyond_floating_point_are_undefined():
    for method in (survival.weibull, survival.weibull_profile):
        result = method([1e-300, 1e300], [1, 1])
        assert 0 < result.shape < 0.01
        assert (result.scale_ci_high, result.reason) == (None, "a number is too large to be given")


# --- bootstrap ------------------------------------------------------------------------------


def test_bootstrap_pivots_of_complete_lives_do_not_depend_on_the_distribution():
    rng = np.random.default_rng(3)
    base = rng.standard_exponential(9)
    results = []
    for shape, scale in ((0.7, 20.0), (4.0, 1e5)):
        time = scale * base ** (1 / shape)
        far = np.full(9, 1e3 * time.max() if shape > 1 else 1e9 * time.max())
        results.append(survival.weibull_bootstrap(time, np.ones(9), far, draws=400, seed=8))
    logs = [
        np.log([r.shape_ci_low / r.shape, r.shape_ci_high / r.shape]) / r.log_shape_se
        for r in results
    ]
    np.testing.assert_allclose(logs[0], logs[1], rtol=1e-6)
    # Thoman, Bain and Antle: shape*/shape of complete samples is biased upwards
    assert abs(logs[0][0]) > 1.96 > logs[0][1]


def test_bootstrap_refits_are_the_single_fits():
    from clinval.stats.reliability import _weibull_bootstrap as inner

    rng = np.random.default_rng(4)
    logs = np.log(rng.weibull(2, (5, 12)))
    failed = logs < 0.1
    logs = np.minimum(logs, 0.1)
    late = np.log([0.05, 0.01])
    entry = np.zeros(12)
    entry[:2] = np.exp(late)
    logs[:, :2] = np.maximum(logs[:, :2], -2.0)
    pivots = inner._refitted(logs, failed, late, math.log(2))
    for row, log_time, event in zip(pivots, logs, failed, strict=True):
        one = survival.weibull(np.exp(log_time), event, entry=entry)
        assert row[0] == pytest.approx(math.log(one.scale) / one.log_scale_se, rel=1e-6)
        assert row[1] == pytest.approx(math.log(one.shape / 2) / one.log_shape_se, rel=1e-6)
        b10_se = math.log(one.b10_ci_high / one.b10) / stats.norm.ppf(0.975)
        b10 = math.log(one.b10) - math.log(-math.log(0.9)) / 2
        assert row[2] == pytest.approx(b10 / b10_se, rel=1e-6)


def test_bootstrap_is_seeded_counts_what_it_refuses_and_says_what_it_needs():
    time = [1500, 2700, 3100, 3600, 3900, 4000, 4000, 4000]
    event, limit = [1] * 5 + [0] * 3, [4000] * 8
    first = survival.weibull_bootstrap(time, event, limit, draws=300, seed=5)
    assert first == survival.weibull_bootstrap(time, event, limit, draws=300, seed=5)
    assert first != survival.weibull_bootstrap(time, event, limit, draws=300, seed=6)
    assert (first.draws, first.n, first.failures) == (300, 8, 5)
    assert 0 <= first.refused < 30
    assert first.b10_ci_low < survival.weibull(time, event).b10_ci_low
    with pytest.raises(ValueError, match="at least 100"):
        survival.weibull_bootstrap(time, event, limit, draws=99)
    with pytest.raises(ValueError, match="lengths differ"):
        survival.weibull_bootstrap(time, event, limit[1:])
    late = survival.weibull_bootstrap(time, event, limit, entry=[0, 900] * 4, draws=300)
    assert late.scale_ci_low < late.scale < late.scale_ci_high


# --- two groups -----------------------------------------------------------------------------


def test_two_groups_that_are_one_group_twice_have_a_ratio_of_their_scale():
    time, event = np.array([150.0, 270, 310, 400, 400]), np.array([1, 1, 1, 0, 0])
    result = survival.weibull_comparison(
        np.concatenate((2 * time, time)), np.tile(event, 2), np.repeat([1, 0], 5)
    )
    one = survival.weibull(time, event)
    assert result.estimate == pytest.approx(2)
    assert result.b10_ratio == pytest.approx(2)
    assert result.common_shape == pytest.approx(one.shape)
    assert result.shape_statistic == pytest.approx(0, abs=1e-9)


def test_the_arms_exchanged_give_the_reciprocal():
    rng = np.random.default_rng(6)
    time, event = 100 * rng.weibull(1.5, 30), rng.integers(0, 2, 30)
    arm, entry = np.repeat([0, 1], 15), time * rng.uniform(0, 0.5, 30)
    one = survival.weibull_comparison(time, event, arm, entry=entry)
    other = survival.weibull_comparison(time, event, 1 - arm, entry=entry)
    assert one.estimate == pytest.approx(1 / other.estimate)
    assert one.ci_low == pytest.approx(1 / other.ci_high)
    assert one.b10_ratio_ci_high == pytest.approx(1 / other.b10_ratio_ci_low)
    assert one.p_value == pytest.approx(other.p_value)


@pytest.mark.parametrize(
    ("event", "arm", "estimated", "reason"),
    [
        ([1, 1, 0, 0], [1, 1, 1, 1], False, "an arm has no unit"),
        ([1, 1, 0, 0], [1, 1, 0, 0], False, "an arm has no failure"),
        ([1, 0, 1, 0], [1, 1, 0, 0], True, "an arm has fewer than two distinct failure times"),
        ([0, 1, 0, 1], [1, 1, 0, 0], False, "the likelihood has no maximum"),
    ],
)
def test_what_an_arm_lacks(event, arm, estimated, reason):
    result = survival.weibull_comparison([10, 20, 30, 40], event, arm)
    assert result.undefined
    assert result.reason == reason
    assert (result.estimate is not None) == estimated
    assert result.b10_ratio is None


def test_failures_at_one_time_say_nothing_about_a_ratio_of_lives():
    """Only what was still in use would make the shape: its curve would go through one point."""
    result = survival.weibull_comparison([4, 4, 7, 4, 4, 7], [1, 1, 0, 1, 1, 0], [1, 1, 1, 0, 0, 0])
    assert result.reason == "fewer than two distinct failure times"
    assert result.estimate is result.ci_low is result.p_value is None
