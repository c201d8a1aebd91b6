import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import integrate, special, stats as scipy_stats

from clinval.stats.decisions import _looks, group_sequential as gs

quick = settings(deadline=None, max_examples=25, derandomize=True)
norm = scipy_stats.norm

DESIGNS = {
    gs.lan_demets_obrien_fleming: {},
    gs.lan_demets_pocock: {},
    gs.hwang_shih_decani: {"gamma": -4},
    gs.obrien_fleming: {},
    gs.pocock: {},
}
INFORMATION = [[1.0], [0.5, 1.0], [0.3, 0.8, 1.0], [0.2, 0.25, 0.6, 1.0]]


# --- a second computation: nested quadrature, and courses that are drawn -------------------


def above(z):
    """P(Z > z); scipy's norm takes a hundred times as long for a single number."""
    return math.erfc(z / math.sqrt(2)) / 2


def density(z):
    return math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def stops(information, critical, drift=0.0):
    """The probability to stop at each look, by nested adaptive quadrature over the scores."""

    def passed(last, look=0, score=0.0, at=0.0):
        """P(no stop at this look and those up to the last one, stop there), given the score."""
        step = information[look] - at
        mean, sd = score + drift * step, math.sqrt(step)
        bound = critical[look] * math.sqrt(information[look])
        if look == last:
            return above((bound - mean) / sd)
        low = mean - 8.5 * sd
        value, _ = integrate.quad(
            lambda s: density((s - mean) / sd) / sd * passed(last, look + 1, s, information[look]),
            low,
            max(bound, low),
            epsabs=1e-11,
            epsrel=1e-9,
            limit=200,
        )
        return value

    return [passed(last) for last in range(len(information))]


@pytest.mark.parametrize("information", INFORMATION[:3])
@pytest.mark.parametrize("function", list(DESIGNS))
def test_boundaries_by_nested_quadrature(function, information):
    result = function(information, **DESIGNS[function])
    stopped = stops(information, result.critical_values)
    assert list(itertools.accumulate(stopped)) == pytest.approx(result.cumulative_alpha, rel=1e-6)
    drift = math.sqrt(result.inflation_factor) * (norm.isf(0.025) + norm.isf(0.1))
    assert sum(stops(information, result.critical_values, drift)) == pytest.approx(0.9, abs=1e-7)


def test_boundaries_in_drawn_courses():
    draw, times = np.random.default_rng(11), 400_000
    information = np.array([0.2, 0.45, 0.5, 0.9, 1.0])
    result = gs.lan_demets_pocock(information, alpha=0.05, beta=0.2)
    drift = math.sqrt(result.inflation_factor) * (norm.isf(0.05) + norm.isf(0.2))
    steps = np.diff(information, prepend=0.0)
    for mean, wanted in ((0.0, 0.05), (drift, 0.8)):
        increments = draw.normal(mean * steps, np.sqrt(steps), (times, 5))
        z = increments.cumsum(axis=1) / np.sqrt(information)
        stopped = (z >= result.critical_values).any(axis=1).mean()
        assert stopped == pytest.approx(wanted, abs=4 * math.sqrt(wanted * (1 - wanted) / times))


def test_the_nodes_are_fine_enough(monkeypatch):
    for information in ([0.1, 0.105, 1.0], [0.5, 0.99, 1.0], [0.001, 0.5, 1.0]):
        usual = gs.lan_demets_pocock(information)
        with monkeypatch.context() as finer:
            finer.setattr(_looks, "_PANEL", 0.7)
            again = gs.lan_demets_pocock(information)
        assert usual.critical_values == pytest.approx(again.critical_values, rel=1e-12)
        assert usual.inflation_factor == pytest.approx(again.inflation_factor, rel=1e-12)


# --- properties ----------------------------------------------------------------------------


@st.composite
def looks(draw):
    shares = draw(st.lists(st.integers(1, 20), min_size=1, max_size=5))
    return [float(value) for value in np.cumsum(shares) / sum(shares)]


@quick
@given(looks(), st.sampled_from([0.001, 0.025, 0.05, 0.2]), st.sampled_from([0.05, 0.2]))
def test_properties_of_every_design(information, alpha, beta):
    for function, options in DESIGNS.items():
        result = function(information, alpha=alpha, beta=beta, **options)
        assert result.cumulative_alpha[-1] == alpha
        assert all(a < b for a, b in itertools.pairwise(result.cumulative_alpha))
        assert result.stage_alpha == pytest.approx(norm.sf(result.critical_values))
        # the level of a look is at least what it spends, and at most all that is spent so far
        spent = np.diff(result.cumulative_alpha, prepend=0)
        assert (np.array(result.stage_alpha) >= spent - 1e-12).all()
        assert (np.array(result.stage_alpha) <= alpha + 1e-12).all()
        assert result.inflation_factor >= 1 - 1e-9
        assert result.information == pytest.approx(information)
    classic = gs.obrien_fleming(information, alpha=alpha)
    scores = np.array(classic.critical_values) * np.sqrt(information)
    assert scores == pytest.approx(scores[-1])
    assert len(set(gs.pocock(information, alpha=alpha).critical_values)) == 1


@quick
@given(looks(), st.floats(-8, 8).map(lambda g: round(g, 2)))
def test_spending_functions_spend_what_they_say(information, gamma):
    t = np.array(information)
    z = norm.isf(0.0125)
    assert gs.lan_demets_obrien_fleming(t).cumulative_alpha == pytest.approx(
        2 * norm.sf(z / np.sqrt(t)), rel=1e-9
    )
    assert gs.lan_demets_pocock(t).cumulative_alpha == pytest.approx(
        0.025 * np.log(1 + (math.e - 1) * t)
    )
    share = (1 - np.exp(-gamma * t)) / (1 - math.exp(-gamma)) if gamma else t
    result = gs.hwang_shih_decani(t, gamma=gamma)
    assert result.cumulative_alpha == pytest.approx(0.025 * share)


@pytest.mark.parametrize("final", [180, 220, 300])
@pytest.mark.parametrize("function", list(DESIGNS)[:3])
def test_a_last_look_of_another_size_than_planned(function, final):
    """What the looks before have spent stands; only the last critical value gives way."""
    planned = function([110 / 220, 165 / 220, 1], **DESIGNS[function])
    information = [110 / final, 165 / final, 1.0]
    result = function(information, spending_time=planned.information, **DESIGNS[function])
    assert result.critical_values[:2] == pytest.approx(planned.critical_values[:2], rel=1e-10)
    assert result.cumulative_alpha == planned.cumulative_alpha
    stopped = stops(information, result.critical_values)
    assert sum(stopped) == pytest.approx(0.025, rel=1e-6)
    # more data at the end resemble the looks before less, and need more
    change = result.critical_values[2] - planned.critical_values[2]
    assert np.sign(round(change, 9)) == np.sign(final - 220)


def test_one_look_is_the_fixed_design():
    for function, options in DESIGNS.items():
        result = function([1], alpha=0.05, beta=0.2, **options)
        assert result.critical_values == pytest.approx((norm.isf(0.05),))
        assert result.inflation_factor == pytest.approx(1, rel=1e-12)


def test_a_look_so_early_that_nothing_is_spent():
    result = gs.lan_demets_obrien_fleming([0.002, 0.5, 1])
    assert result.critical_values[0] is None
    assert (result.undefined, result.reason) == (True, "no alpha is spent at a look")
    assert (result.stage_alpha[0], result.cumulative_alpha[0]) == (0, 0)
    without = gs.lan_demets_obrien_fleming([0.5, 1])
    assert result.critical_values[1:] == pytest.approx(without.critical_values, rel=1e-12)
    # early, but a number can hold it
    log_spent = math.log(2) + norm.logsf(norm.isf(0.0125) / math.sqrt(0.01))
    early = gs.lan_demets_obrien_fleming([0.01, 1]).critical_values[0]
    assert early == pytest.approx(-special.ndtri_exp(log_spent), rel=1e-9)


def test_levels_far_out():
    tiny = gs.pocock([0.5, 1], alpha=1e-12, beta=1e-6)
    assert sum(stops([0.5, 1], tiny.critical_values)) == pytest.approx(1e-12, rel=1e-6)
    steep = gs.hwang_shih_decani([0.5, 1], gamma=-500)
    assert steep.critical_values[1] == pytest.approx(norm.isf(0.025))
    assert gs.hwang_shih_decani([0.5, 1], gamma=500).critical_values[1] is None


# --- interim -------------------------------------------------------------------------------


@quick
@given(st.floats(-3, 5), st.floats(0.05, 0.95), st.floats(1, 3), st.floats(-2, 6))
def test_conditional_power_is_a_two_stage_probability(z, t, critical, drift):
    result = gs.conditional_power(z, t, critical, drift)
    # the second part of the data has its own statistic, with the mean drift sqrt(1 - t)
    needed = (critical - z * math.sqrt(t)) / math.sqrt(1 - t)
    assert result.power == pytest.approx(norm.sf(needed - drift * math.sqrt(1 - t)), abs=1e-12)
    assert result.drift == drift
    trend = gs.conditional_power_trend(z, t, critical)
    assert trend.power == gs.conditional_power(z, t, critical, trend.drift).power
    assert trend.drift * math.sqrt(t) == pytest.approx(z, abs=1e-12)


@quick
@given(st.lists(st.tuples(st.floats(0.001, 0.999), st.floats(0.05, 5)), min_size=1, max_size=5))
def test_inverse_normal_is_stouffer_with_roots_of_weights(stages):
    p, weights = map(list, zip(*stages, strict=True))
    result = gs.inverse_normal(p, weights=weights)
    wanted = scipy_stats.combine_pvalues(p, method="stouffer", weights=np.sqrt(weights))
    assert result.statistic == pytest.approx(wanted.statistic, abs=1e-10)
    assert result.p_value == pytest.approx(wanted.pvalue, rel=1e-8)


def test_inverse_normal_at_the_ends():
    for p in ([0.0, 0.3], [0.2, 1.0]):
        result = gs.inverse_normal(p, weights=[1, 1])
        assert (result.statistic, result.p_value, result.undefined) == (None, None, True)
        assert result.reason == "a stage has a p value of 0 or 1"


def test_repeated_intervals_hold_at_once():
    draw, times = np.random.default_rng(2), 20_000
    information = np.array([0.3, 0.6, 1.0])
    critical = gs.pocock(information).critical_values
    steps = np.diff(information, prepend=0.0)
    scores = draw.normal(0.7 * steps, np.sqrt(steps), (times, 3)).cumsum(axis=1)
    estimates, errors = scores / information, 1 / np.sqrt(information)
    too_high = 0
    for row in estimates[:4000]:
        result = gs.repeated_interval(row, errors, critical)
        too_high += max(result.ci_low_by_stage) > 0.7
    low = estimates - np.array(critical) * errors
    share = (low > 0.7).any(axis=1).mean()
    assert share == pytest.approx(0.025, abs=4 * math.sqrt(0.025 / times))
    assert too_high / 4000 == pytest.approx(0.025, abs=4 * math.sqrt(0.025 / 4000))


@quick
@given(st.floats(-2, 2), st.floats(0.05, 1), st.floats(-2, 2))
def test_a_margin_is_shown_where_its_test_rejects(estimate, se, margin):
    result = gs.repeated_interval([estimate], [se], [2.5], margin=margin)
    assert (result.stage == 1) == (result.ci_low_by_stage[0] > margin)
    other = gs.repeated_interval([-estimate], [se], [2.5], margin=-margin, alternative="less")
    assert other.stage == result.stage
    assert other.ci_high_by_stage[0] == -result.ci_low_by_stage[0]
    assert gs.repeated_interval([estimate], [se], [2.5]).stage is None


def test_the_first_look_that_shows_it_counts():
    result = gs.repeated_interval([0, 1, 0], [0.1] * 3, [3, 2.5, 2.2, 2.0], margin=0.5)
    assert result.stage == 2
    assert len(result.ci_low_by_stage) == 3


# --- what cannot be ------------------------------------------------------------------------


@pytest.mark.parametrize("function", list(DESIGNS))
@pytest.mark.parametrize(
    ("information", "options", "message"),
    [
        ([], {}, "information must end in 1"),
        ([0.5, 0.9], {}, "information must end in 1"),
        ([0.5, 1.1], {}, "information must end in 1"),
        ([50, 100], {}, "information must end in 1"),
        ([0.5, 0.5, 1], {}, "increase from look to look"),
        ([0.7, 0.5, 1], {}, "increase from look to look"),
        ([0, 1], {}, "information must be above 0"),
        ([0.5, 1, 1], {}, "increase"),
        ([0.9995, 1], {}, "grow by a thousandth"),
        ([0.5, math.nan, 1], {}, "information holds a missing"),
        ([0.5, 1], {"alpha": 0.5}, "alpha must lie strictly between 0 and 0.5"),
        ([0.5, 1], {"alpha": 0}, "alpha must lie strictly"),
        ([0.5, 1], {"beta": 0.98}, "beta must lie strictly"),
        ([0.5, 1], {"beta": 0}, "beta must lie strictly"),
    ],
)
def test_invalid_designs(function, information, options, message):
    with pytest.raises(ValueError, match=message):
        function(information, **DESIGNS[function], **options)


@pytest.mark.parametrize("function", list(DESIGNS)[:3])
@pytest.mark.parametrize("times", [[0.5, 0.9], [0, 1], [0.6, 0.5, 1], [1, 1], [math.nan, 1], [1]])
def test_invalid_spending_times(function, times):
    with pytest.raises(ValueError, match=r"spending_time|lengths differ"):
        function([0.5, 1], spending_time=times, **DESIGNS[function])


def test_other_invalid_arguments():
    with pytest.raises(ValueError, match="gamma must lie between -500 and 500"):
        gs.hwang_shih_decani([0.5, 1], gamma=1000)
    for t in (0, 1, 1.5):
        with pytest.raises(ValueError, match="information_fraction must lie strictly"):
            gs.conditional_power(1.2, t, 1.96, 3)
        with pytest.raises(ValueError, match="information_fraction must lie strictly"):
            gs.conditional_power_trend(1.2, t, 1.96)
    with pytest.raises(ValueError, match="statistic must be a finite number"):
        gs.conditional_power(math.inf, 0.5, 1.96, 3)
    for p, weights, message in (
        ([], [], "p holds no stage"),
        ([0.1], [1, 2], "lengths differ"),
        ([1.1], [1], "p must lie between 0 and 1"),
        ([0.1], [0], "weights must be above 0"),
    ):
        with pytest.raises(ValueError, match=message):
            gs.inverse_normal(p, weights=weights)
    for arguments, options, message in (
        (([], [], [2]), {}, "there are 0 estimates"),
        (([1, 2], [1, 1], [2]), {}, "there are 2 estimates and 1 critical_values"),
        (([1], [0], [2]), {}, "must be above 0"),
        (([1], [1], [-2]), {}, "must be above 0"),
        (([1], [1, 2], [2, 2]), {}, "lengths differ"),
        (([1], [1], [2]), {"alternative": "two-sided"}, "alternative must be one of"),
        (([1], [1], [2]), {"margin": math.inf}, "margin must be a finite number"),
    ):
        with pytest.raises(ValueError, match=message):
            gs.repeated_interval(*arguments, **options)
