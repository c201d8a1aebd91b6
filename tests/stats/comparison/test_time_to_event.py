import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import optimize, stats as scipy_stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import survdiff

from clinval.stats.comparison import time_to_event as tte

quick = settings(deadline=None, max_examples=80, derandomize=True)
rows = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 1), st.integers(0, 1)), min_size=4, max_size=30
)


def _columns(table):
    return tuple(np.array(column, dtype=float) for column in zip(*table, strict=True))


def _trial(seed, n=60, arms=2):
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, arms, n)
    time = np.ceil(rng.exponential(8 / (1 + 0.6 * arm)))
    return time, rng.integers(0, 4, n).clip(0, 1).astype(float), arm.astype(float)


def _partial_likelihood(beta, time, status, arm, *, efron):
    """-log partial likelihood, one event at a time."""
    total = 0.0
    for at in sorted(set(time[status == 1])):
        tied = [i for i in range(len(time)) if time[i] == at and status[i] == 1]
        risk = sum(math.exp(beta * arm[i]) for i in range(len(time)) if time[i] >= at)
        own = sum(math.exp(beta * arm[i]) for i in tied)
        for turn, i in enumerate(tied):
            total -= beta * arm[i] - math.log(risk - efron * turn / len(tied) * own)
    return total


# --- Cox ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_against_statsmodels(seed, ties):
    time, status, arm = _trial(seed)
    fit = PHReg(time, arm[:, None], status, ties=ties).fit()
    result = getattr(tte, f"cox_{ties}")(time, status, arm, level=0.9)
    assert result.log_estimate == pytest.approx(fit.params[0], rel=1e-6)
    assert result.log_se == pytest.approx(fit.bse[0], rel=1e-6)
    limits = np.exp(fit.conf_int(0.1)[0])
    assert (result.ci_low, result.ci_high) == pytest.approx(limits, rel=1e-6)
    assert (result.n, result.events) == (60, status.sum())


@quick
@given(rows, st.booleans())
def test_cox_is_the_maximum_of_the_likelihood(table, efron):
    time, status, arm = _columns(table)
    result = (tte.cox_efron if efron else tte.cox_breslow)(time, status, arm)
    if not result.undefined:
        found = optimize.minimize_scalar(
            lambda b: _partial_likelihood(b, time, status, arm, efron=efron), bounds=(-20, 20)
        )
        best = _partial_likelihood(result.log_estimate, time, status, arm, efron=efron)
        assert best <= found.fun + 1e-9
        h = 1e-3
        curve = [
            _partial_likelihood(result.log_estimate + k * h, time, status, arm, efron=efron)
            for k in (-1, 0, 1)
        ]
        information = (curve[0] - 2 * curve[1] + curve[2]) / h**2
        assert result.log_se == pytest.approx(1 / math.sqrt(information), rel=1e-3)
    elif result.reason == "the hazard ratio is 0 or infinite":
        ends = [_partial_likelihood(b, time, status, arm, efron=efron) for b in (-30, 0, 30)]
        assert min(ends[0], ends[2]) <= ends[1] + 1e-9


@quick
@given(rows)
def test_cox_knows_the_order_of_times_only(table):
    time, status, arm = _columns(table)
    for function in (tte.cox_efron, tte.cox_breslow):
        one = function(time, status, arm)
        assume(not one.undefined)
        stretched = function(time[::-1] ** 2, status[::-1], arm[::-1])
        assert stretched.log_estimate == pytest.approx(one.log_estimate, rel=1e-10, abs=1e-12)
        other = function(time, status, 1 - arm)
        assert other.log_estimate == pytest.approx(-one.log_estimate, rel=1e-8, abs=1e-9)
        assert other.log_se == pytest.approx(one.log_se, rel=1e-8)


def test_cox_without_a_maximum():
    for function in (tte.cox_efron, tte.cox_breslow):
        for status in ([0, 0, 1, 1], [1, 1, 0, 0]):
            result = function([1, 4, 2, 3], status, [1, 1, 0, 0])
            assert (result.estimate, result.log_se, result.events) == (None, None, 2)
            assert result.reason == "the hazard ratio is 0 or infinite"
        # all of one arm are gone before the other has its first event
        assert function([1, 2, 3, 4], [1, 1, 1, 1], [1, 1, 0, 0]).undefined
        alone = function([1, 1, 3, 4], [0, 0, 1, 1], [1, 1, 0, 0])
        assert alone.reason == "the arms are not at risk together"
        assert function([1, 2], [0, 0], [1, 0]).reason == "no event"
        assert function([1, 2], [1, 1], [1, 1]).reason == "an arm has no subject"
        assert function([], [], []).reason == "an arm has no subject"
        # everybody has the event at once: nothing is learned from it
        flat = function([5, 5, 5, 5], [1, 1, 1, 1], [1, 1, 0, 0])
        assert flat.undefined == (flat.estimate is None)


# --- log-rank -------------------------------------------------------------------------------


@quick
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_logrank_against_statsmodels(seed, arms):
    time, status, arm = _trial(seed, 50, arms)
    assume(len(set(arm)) == arms)
    statistic, p_value = survdiff(time, status, arm)
    result = tte.logrank_test(time, status, [f"arm {a:g}" for a in arm])
    assert result.statistic == pytest.approx(statistic, rel=1e-8)
    assert result.p_value == pytest.approx(p_value, rel=1e-7, abs=1e-15)
    assert result.df == arms - 1


def test_logrank_is_the_score_test_of_cox_without_ties():
    rng = np.random.default_rng(6)
    time, arm = rng.permutation(40) + 1.0, rng.integers(0, 2, 40).astype(float)
    status = (rng.random(40) < 0.7).astype(float)
    h = 1e-4
    low, middle, high = (
        -_partial_likelihood(b, time, status, arm, efron=False) for b in (-h, 0, h)
    )
    slope, information = (high - low) / (2 * h), -(high - 2 * middle + low) / h**2
    result = tte.logrank_test(time, status, arm)
    assert result.statistic == pytest.approx(slope**2 / information, rel=1e-5)


def test_size_of_the_logrank_test_by_simulation():
    rng = np.random.default_rng(2)
    arm = np.repeat([0, 1, 2], 30)
    rejected = 0
    for _ in range(1500):
        event, censored = rng.exponential(10, 90), rng.exponential(15, 90)
        time, status = np.minimum(event, censored), event <= censored
        rejected += tte.logrank_test(time, status.astype(float), arm).p_value < 0.05
    assert 0.033 < rejected / 1500 < 0.067


def test_logrank_edges():
    assert tte.logrank_test([1, 2], [1, 1], ["A", "A"]).reason == "fewer than two groups"
    assert tte.logrank_test([], [], []).undefined
    assert tte.logrank_test([1, 2], [0, 0], ["A", "B"]).reason == "no event"
    # B is censored before the first event
    gone = tte.logrank_test([5, 6, 1, 2], [1, 1, 0, 0], ["A", "A", "B", "B"])
    assert (gone.p_value, gone.reason) == (None, "the arms are not at risk together")
    third = tte.logrank_test([5, 6, 4, 7, 1], [1, 1, 1, 1, 0], ["A", "A", "B", "B", "C"])
    assert third.undefined
    at_once = tte.logrank_test([5, 5], [1, 1], ["A", "B"])
    assert at_once.reason == "the arms are not at risk together"


# --- restricted means -----------------------------------------------------------------------


def _kaplan_meier_area(time, status, tau):
    """The area and its variance, one step of the curve at a time."""
    order = sorted(set(time[(status == 1) & (time < tau)]))
    knots, survival = [0.0, *order, tau], [1.0]
    for at in order:
        survival.append(
            survival[-1] * (1 - ((time == at) & (status == 1)).sum() / (time >= at).sum())
        )
    pieces = [s * (b - a) for s, a, b in zip(survival, knots, knots[1:], strict=False)]
    variance = 0.0
    for i, at in enumerate(order):
        y, d = (time >= at).sum(), ((time == at) & (status == 1)).sum()
        if y > d:
            variance += sum(pieces[i + 1 :]) ** 2 * d / (y * (y - d))
    return sum(pieces), variance


@quick
@given(rows, st.sampled_from([1.5, 4.0, 7.3]))
def test_restricted_means_step_by_step(table, tau):
    time, status, arm = _columns(table)
    result = tte.rmst_difference(time, status, arm, tau)
    ratio = tte.rmst_ratio(time, status, arm, tau)
    assume(result.estimate is not None)
    (m1, v1), (m2, v2) = (_kaplan_meier_area(time[arm == a], status[arm == a], tau) for a in (1, 0))
    assert (result.rmst1, result.rmst2) == pytest.approx((m1, m2))
    assert result.estimate == pytest.approx(m1 - m2, abs=1e-12)
    assert result.se == pytest.approx(math.sqrt(v1 + v2))
    if result.se > 0:
        z = scipy_stats.norm.ppf(0.975)
        assert result.ci_high == pytest.approx(m1 - m2 + z * math.sqrt(v1 + v2))
    if min(m1, m2) > 0 and result.se > 0:
        se = math.sqrt(v1 / m1**2 + v2 / m2**2)
        assert ratio.estimate == pytest.approx(m1 / m2)
        assert ratio.ci_low == pytest.approx(math.exp(math.log(m1 / m2) - z * se))


@quick
@given(
    st.lists(st.integers(1, 30), min_size=2, max_size=20),
    st.lists(st.integers(1, 30), min_size=2, max_size=20),
    st.integers(2, 40),
)
def test_without_censoring_it_is_a_mean(test, reference, tau):
    time, arm = test + reference, [1] * len(test) + [0] * len(reference)
    cut1, cut2 = np.minimum(test, tau), np.minimum(reference, tau)
    result = tte.rmst_difference(time, [1] * len(time), arm, tau)
    assert result.rmst1 == pytest.approx(cut1.mean())
    assert result.estimate == pytest.approx(cut1.mean() - cut2.mean(), abs=1e-9)
    # Greenwood's variance of a mean has the divisor n
    assert result.se == pytest.approx(
        math.sqrt(cut1.var() / len(cut1) + cut2.var() / len(cut2)), abs=1e-9
    )


def test_follow_up_and_variation():
    time, arm = [3, 9, 5, 9], [1, 1, 0, 0]
    short = tte.rmst_difference(time, [1, 0, 1, 1], arm, 12)
    assert (short.estimate, short.rmst1) == (None, None)
    assert short.reason == "the follow-up of an arm ends before tau"
    # the curve of the test arm is known to be 0 when its last time is an event
    assert tte.rmst_difference(time, [1, 1, 1, 1], arm, 12).rmst1 == 6
    tied = tte.rmst_difference([9, 9, 5, 9], [1, 0, 1, 1], arm, 12)
    assert tied.undefined
    # follow-up that ends at tau suffices
    assert tte.rmst_difference(time, [1, 0, 1, 1], arm, 9).estimate == -1
    never = tte.rmst_ratio([9, 9, 9], [0, 0, 0], [1, 1, 0], 6)
    assert (never.estimate, never.se, never.ci_low) == (1, 0, None)
    assert never.reason == "no variation before tau"
    at_once = tte.rmst_ratio([0, 0, 9, 4], [1, 1, 0, 1], arm, 6)
    assert at_once.reason == "the restricted mean of an arm is 0"
    assert tte.rmst_difference([0, 0, 9, 4], [1, 1, 0, 1], arm, 6).rmst1 == 0
    assert tte.rmst_difference([1], [1], [1], 6).reason == "an arm has no subject"
    assert tte.rmst_difference([], [], [], 6).undefined


def test_invalid_input():
    cox = (tte.cox_efron, tte.cox_breslow)
    rmst = tuple(
        lambda *data, function=function, **level: function(*data, 5, **level)
        for function in (tte.rmst_difference, tte.rmst_ratio)
    )
    for function in (*cox, tte.logrank_test, *rmst):
        with pytest.raises(ValueError, match="time holds -1"):
            function([1, -1], [1, 1], [1, 0])
        with pytest.raises(ValueError, match="status must be 1"):
            function([1, 2], [1, 2], [1, 0])
        with pytest.raises(ValueError, match="time holds a missing"):
            function([1, None], [1, 1], [1, 0])
        with pytest.raises(ValueError, match="lengths differ: time 2, status 1"):
            function([1, 2], [1], [1, 0])
        with pytest.raises(ValueError, match="lengths differ: time 2, arm 1"):
            function([1, 2], [1, 1], [1])
    for function in (*cox, *rmst):
        with pytest.raises(ValueError, match="arm must be 1"):
            function([1, 2], [1, 1], [1, 2])
        with pytest.raises(ValueError, match="level"):
            function([1, 2], [1, 1], [1, 0], level=0)
    with pytest.raises(ValueError, match="arm lacks a label"):
        tte.logrank_test([1, 2], [1, 1], ["A", None])
    for function in (tte.rmst_difference, tte.rmst_ratio):
        for tau, what in ((0, "tau must be above 0, not 0"), (math.inf, "tau must be a finite")):
            with pytest.raises(ValueError, match=what):
                function([1, 2], [1, 1], [1, 0], tau)
