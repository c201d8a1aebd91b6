import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize, stats as scipy_stats

from clinval.stats.centers import heterogeneity
from clinval.stats.throughput import time_trend as tt

few = settings(deadline=None, max_examples=15, derandomize=True)


def simulated(seed, *, days=40, per_day=(1, 6), change=0.7, trend=1.01, sd_day=0.08, start=20):
    """Times of one center with a change on a day, a trend a month and days that differ."""
    rng = np.random.default_rng(seed)
    size = rng.integers(*per_day, days)
    day = np.repeat(np.arange(days), size)
    kind = rng.integers(0, 3, len(day))
    log = math.log(25) + math.log(trend) * day / 30 + math.log(change) * (day >= start)
    log = log + rng.normal(0, sd_day, days)[day] + rng.normal(0, 0.15, len(day)) + 0.3 * kind
    return np.exp(log), day, (day >= start).astype(int), [f"kind {k}" for k in kind]


def ordinary(y, columns):
    """Coefficients, standard errors and degrees of freedom of ordinary least squares."""
    x = np.column_stack([*columns, np.ones(len(y))])
    b, *_ = np.linalg.lstsq(x, y)
    df = len(y) - x.shape[1]
    variance = float(((y - x @ b) ** 2).sum()) / df
    return b, np.sqrt(variance * np.diag(np.linalg.inv(x.T @ x))), df


@few
@given(st.integers(0, 10**6), st.integers(2, 5), st.booleans())
def test_with_as_many_examinations_a_day_it_is_least_squares_of_their_means(seed, m, slope):
    time, day, after, _ = simulated(seed, days=24, per_day=(m, m + 1), sd_day=0.5, start=11)
    means = np.log(time).reshape(24, m).mean(axis=1)
    at, later = np.arange(24), (np.arange(24) >= 11).astype(float)
    columns = [later, at / 30, later * (at - 11) / 30] if slope else [later, at / 30]
    b, se, df = ordinary(means, columns)
    result = tt.interrupted_series(time, day, after, slope=slope, level=0.9)
    if result.sd_day > 0:
        half = scipy_stats.t.ppf(0.95, df) * se
        assert result.df == pytest.approx(df, rel=1e-4)
        found = [result.estimate, result.ci_low, result.ci_high, result.trend, result.trend_ci_high]
        wanted = [b[0], b[0] - half[0], b[0] + half[0], b[1], b[1] + half[1]]
        np.testing.assert_allclose(np.log(found), wanted, rtol=1e-4, atol=1e-6)
    if slope:
        assert math.log(result.slope_change) == pytest.approx(b[2], abs=1e-6)
    else:
        assert result.slope_change is None


def test_unbalanced_days_and_case_mix_by_the_dense_likelihood():
    time, day, after, kind = simulated(5, days=16, start=8, sd_day=0.3)
    y, dummies = np.log(time), np.array([[k == f"kind {j}" for j in (1, 2)] for k in kind])
    x = np.column_stack([after, day / 30, dummies, np.ones(len(y))])
    same_day = day[:, None] == day

    def gls(logs):
        v = math.exp(logs[0]) * same_day + math.exp(logs[1]) * np.eye(len(y))
        inner = x.T @ np.linalg.solve(v, x)
        b = np.linalg.solve(inner, x.T @ np.linalg.solve(v, y))
        error = y - x @ b
        value = np.linalg.slogdet(v)[1] + np.linalg.slogdet(inner)[1]
        return b, inner, value + error @ np.linalg.solve(v, error)

    best = optimize.minimize(lambda logs: gls(logs)[2], [-5, -4], method="Nelder-Mead", tol=1e-10)
    b, inner, _ = gls(best.x)
    result = tt.interrupted_series(time, day, after, case_mix=kind)
    assert math.log(result.estimate) == pytest.approx(b[0], abs=1e-6)
    assert math.log(result.trend) == pytest.approx(b[1], abs=1e-6)
    assert result.sd_day == pytest.approx(math.exp(best.x[0] / 2), rel=1e-4)
    assert result.sd_within == pytest.approx(math.exp(best.x[1] / 2), rel=1e-4)
    naive = math.sqrt(np.linalg.inv(inner)[0, 0])
    assert naive <= result.se <= 1.1 * naive
    assert 8 < result.df < 20
    assert (result.n, result.n_before + result.n_after, result.days) == (len(y), len(y), 16)


def test_trend_case_mix_and_days_are_told_from_the_change():
    inside, mistaken = 0, []
    for seed in range(100):
        time, day, after, kind = simulated(seed, days=30, start=14, trend=0.9)
        result = tt.interrupted_series(time, day, after, case_mix=kind)
        inside += result.ci_low <= 0.7 <= result.ci_high
        mistaken.append(math.log(result.unadjusted / result.estimate))
    assert 0.89 <= inside / 100 <= 0.995
    # half a month of a trend of 0.9 a month is taken for the change where it is forgotten
    assert np.mean(mistaken) == pytest.approx(math.log(0.9) / 2, abs=0.03)


def test_one_examination_a_day_is_least_squares():
    time, day, after, _ = simulated(3, per_day=(1, 2))
    b, se, df = ordinary(np.log(time), [after, day / 30])
    result = tt.interrupted_series(time, day, after)
    assert (result.df, result.sd_day) == (df, 0)
    assert (math.log(result.estimate), result.se) == pytest.approx((b[0], se[0]))
    # parts of a day are one day, and where days are counted from does not matter
    moved = tt.interrupted_series(time, day + 1000.7, after)
    assert moved.estimate == pytest.approx(result.estimate)
    assert moved.days == 40


def three_centers(effects, seed=0):
    parts = [simulated(seed + k, change=effect) for k, effect in enumerate(effects)]
    time, day, after = (np.concatenate([part[i] for part in parts]) for i in range(3))
    center = [f"C{k}" for k, part in enumerate(parts) for _ in part[0]]
    return time, day, after, center


def test_centers_are_pooled_as_estimates_of_their_own():
    time, day, after, center = three_centers([0.6, 0.7, 0.8, 0.75])
    result = tt.interrupted_series_two_stage(time, day, after, center)
    alone = []
    for name in result.centers:
        here = np.array(center) == name
        alone.append(tt.interrupted_series(time[here], day[here], after[here]))
    assert result.ratio_by_center == pytest.approx([one.estimate for one in alone])
    assert result.ci_low_by_center == pytest.approx([one.ci_low for one in alone])
    pooled = heterogeneity.reml(
        [math.log(one.estimate) for one in alone], [one.se for one in alone]
    )
    assert math.log(result.estimate) == pytest.approx(pooled.estimate)
    assert result.tau2 == pytest.approx(pooled.tau2)
    assert result.se == pytest.approx(pooled.hartung_knapp_se)
    assert math.log(result.ci_high) == pytest.approx(pooled.hartung_knapp_ci_high)
    assert result.prediction_low < result.ci_low < result.estimate < result.prediction_high
    alike = tt.interrupted_series(time, day, after, center=center)
    assert alike.df > result.df


def test_a_center_without_a_ratio_is_shown_and_not_pooled():
    time, day, after, center = three_centers([0.7, 0.8, 0.7])
    after = np.where(np.array(center) == "C1", 0, after)
    result = tt.interrupted_series_two_stage(time, day, after, center)
    assert result.ratio_by_center[1] is None
    assert result.df == 1
    one = tt.interrupted_series_two_stage(time, day, after, ["all"] * len(time))
    assert (one.estimate, one.reason) == (None, "fewer than two centers")


def test_centers_that_change_on_days_of_their_own():
    early, late = simulated(1, start=10), simulated(2, start=30)
    time, day, after = (np.concatenate([early[i], late[i]]) for i in range(3))
    center = ["early"] * len(early[0]) + ["late"] * len(late[0])
    result = tt.interrupted_series(time, day, after, center=center, slope=True)
    assert result.estimate == pytest.approx(0.7, abs=0.1)
    assert result.slope_change_ci_low < 1 < result.slope_change_ci_high


@few
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_difference_in_differences_of_means_of_room_days(seed, m):
    rng = np.random.default_rng(seed)
    day, room = np.repeat(np.arange(20), 2), np.tile([0, 1], 20)
    after = (day >= 9).astype(float)
    level = 3 - 0.1 * after - 0.3 * after * room + 0.2 * room + rng.normal(0, 0.4, 40)
    y = np.repeat(level, m) + rng.normal(0, 0.1, 40 * m)
    means = y.reshape(40, m).mean(axis=1)
    b, se, df = ordinary(means, [after * room, after, room])
    result = tt.difference_in_differences(
        np.exp(y), np.repeat(day, m), np.repeat(after, m), np.repeat(room, m)
    )
    assert result.df == pytest.approx(df, rel=1e-4)
    assert (math.log(result.estimate), result.se) == pytest.approx((b[0], se[0]), rel=1e-4)
    assert math.log(result.control_change) == pytest.approx(b[1], rel=1e-4)
    before = after == 0
    apart = ordinary(
        means[before],
        [(day * room)[before] / 30, day[before] / 30, room[before]],
    )[0][0]
    assert math.log(result.earlier_trend) == pytest.approx(apart, abs=1e-5)
    assert result.days == 40


def test_what_changed_everywhere_is_not_the_product():
    rng = np.random.default_rng(4)
    day, room = rng.integers(0, 60, 900), rng.integers(0, 2, 900)
    after = (day >= 30).astype(int)
    time = 20 * np.where(after, 0.8, 1) * np.exp(rng.normal(0, 0.2, 900))
    result = tt.difference_in_differences(time, day, after, room)
    assert result.ci_low < 1 < result.ci_high
    assert result.control_change == pytest.approx(0.8, abs=0.03)
    assert tt.interrupted_series(time, day, after).ci_high < 1


def test_learning_by_a_line_of_logarithms():
    rng = np.random.default_rng(2)
    number = np.arange(1, 61)
    time = 40 * number ** math.log2(0.88) * np.exp(rng.normal(0, 0.1, 60))
    line = scipy_stats.linregress(np.log2(number), np.log(time))
    result = tt.learning_curve(time, number)
    half = scipy_stats.t.ppf(0.975, 58) * line.stderr
    assert math.log(result.estimate) == pytest.approx(line.slope)
    assert math.log(result.ci_high) == pytest.approx(line.slope + half)
    assert result.p_value == pytest.approx(line.pvalue)
    assert math.log(result.first) == pytest.approx(line.intercept)
    assert result.last == pytest.approx(result.first * result.estimate ** math.log2(60))
    fitted = result.first * number ** math.log2(result.estimate)
    assert result.excess == pytest.approx(1 - result.last / fitted.mean())
    both = tt.learning_curve(
        np.concatenate([time, 2 * time]), np.tile(number, 2), center=["a"] * 60 + ["b"] * 60
    )
    assert both.estimate == pytest.approx(result.estimate)


def test_what_cannot_be_told():
    time, day, after, _ = simulated(1)
    step = tt.interrupted_series([10, 11, 12, 9], [0, 0, 1, 1], [0, 0, 1, 1])
    assert step.reason == "the change cannot be told from the trend"
    assert tt.interrupted_series(time, day, 0 * after).reason == (
        "no time before the change, or none after it"
    )
    empty = tt.interrupted_series([], [], [])
    assert (empty.estimate, empty.n, empty.days) == (None, 0, 0)
    exact = tt.interrupted_series(np.exp(0.01 * day), day, after)
    assert exact.reason == "too few days, or days that do not vary"
    three = tt.interrupted_series([10, 11, 12], [0, 1, 2], [0, 1, 1])
    assert three.reason == "no degrees of freedom for the error"
    control = tt.difference_in_differences(time, day, after, 0 * after)
    assert control.reason == "no time before the change, or none after it"
    room = [f"{k}" for k in after]
    mixed = tt.difference_in_differences(time, day, 1 - day % 2, day % 3 == 0, center=room)
    assert mixed.estimate is not None
    assert tt.learning_curve([10, 11], [5, 5]).reason == "the case numbers do not vary"
    apart = tt.learning_curve([10, 11, 12, 13], [1, 1, 2, 2], center=["a", "a", "b", "b"])
    assert apart.reason == "the case number cannot be told from the centers"


def test_invalid_arguments():
    good = {"duration": [10, 11, 12], "day": [0, 1, 2], "after": [0, 1, 1]}
    for change, message in (
        ({"duration": [10, 0, 12]}, "a logarithm needs positive values"),
        ({"after": [0, 2, 1]}, "after must be 0 or 1"),
        ({"day": [0, 1]}, "lengths differ"),
        ({"case_mix": ["a"]}, "lengths differ: duration 3, case_mix 1"),
        ({"center": ["a", None, "b"]}, "center lacks a label"),
    ):
        with pytest.raises(ValueError, match=message):
            tt.interrupted_series(**(good | change))
    with pytest.raises(ValueError, match="changed must be 0 or 1"):
        tt.difference_in_differences(**good, changed=[0, 1, 3])
    with pytest.raises(ValueError, match="case_number must be 1 or more"):
        tt.learning_curve([10, 11], [0, 1])


def test_rooms_of_several_centers_are_pooled_as_ratios_of_their_own():
    parts, rng = [], np.random.default_rng(12)
    for number, effect in enumerate([0.7, 0.8, 0.75]):
        day, room = rng.integers(0, 40, 300), rng.integers(0, 2, 300)
        after = day >= 20
        log = np.log(25) + rng.normal(0, 0.2, 300) + np.log(effect) * (after & (room == 1))
        kind = rng.integers(0, 2, 300)
        parts.append(
            (np.exp(log + 0.2 * kind), day, after.astype(int), room, [f"C{number}"] * 300, kind)
        )
    time, day, after, room, center, kind = (np.concatenate([p[i] for p in parts]) for i in range(6))
    mix = [f"k{k}" for k in kind]
    result = tt.difference_in_differences_two_stage(time, day, after, room, center, case_mix=mix)
    alone = [
        tt.difference_in_differences(*part[:4], case_mix=[f"k{k}" for k in part[5]])
        for part in parts
    ]
    assert result.ratio_by_center == pytest.approx([one.estimate for one in alone])
    pooled = heterogeneity.reml(
        [math.log(one.estimate) for one in alone], [one.se for one in alone]
    )
    assert math.log(result.ci_low) == pytest.approx(pooled.hartung_knapp_ci_low)
    assert result.ci_low < 0.75 < result.ci_high
    with pytest.raises(ValueError, match="lengths differ"):
        tt.difference_in_differences_two_stage(time, day, after, room, center, case_mix=["a"])
