import math

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.planning import margin

quick = settings(deadline=None, max_examples=80, derandomize=True)
Z = scipy_stats.norm.ppf(0.975)
log_ratio = st.floats(-1.5, -0.05)
error = st.floats(0.01, 0.4)
share = st.floats(0, 1)


def ratio(log, se):
    return tuple(math.exp(log + side * Z * se) for side in (0, -1, 1))


@quick
@example(-1.5, 0.125, 0.0)
@given(log_ratio, error, share)
def test_what_is_kept_and_what_may_be_lost_make_the_whole(log, se, preserve):
    historical = ratio(log, se)
    result = margin.fixed_margin(*historical, preserve=preserve)
    if historical[2] >= 1:
        assert (result.m1, result.m2, result.undefined) == (None, None, True)
        return
    kept = margin.fixed_margin(*historical, preserve=1 - preserve)
    assert result.m1 * historical[2] == pytest.approx(1)
    assert result.m2 * kept.m2 == pytest.approx(result.m1)
    assert 1 <= result.m2 <= result.m1
    nothing_kept = margin.fixed_margin(*historical, preserve=0)
    assert nothing_kept.m2 == nothing_kept.m1
    assert margin.fixed_margin(*historical, preserve=1).m2 == 1


@quick
@given(log_ratio, error, st.floats(-0.8, 0.4), error, share)
def test_synthesis_is_a_z_test_and_never_harder_than_95_95(log, se, trial_log, trial_se, preserve):
    historical, trial = ratio(log, se), ratio(trial_log, trial_se)
    result = margin.synthesis_test(*historical, *trial, preserve=preserve)
    # the weighted sum of two independent normal estimates
    weights = np.array([1, 1 - preserve])
    mean = weights @ [trial_log, log]
    sd = math.sqrt(weights @ np.diag([trial_se**2, se**2]) @ weights)
    assert result.statistic == pytest.approx(mean / sd, rel=1e-6)
    assert result.p_value == pytest.approx(scipy_stats.norm.cdf(mean / sd), rel=1e-5)
    fixed = margin.fixed_margin_test(*historical, trial[2], preserve=preserve)
    if fixed.non_inferior and fixed.m2 > 1:
        assert result.p_value < 0.025 + 1e-12


def test_synthesis_has_its_size_in_simulated_studies():
    draw = np.random.default_rng(7)
    log, se, trial_se, preserve = -0.6, 0.15, 0.12, 0.5
    historical = draw.normal(log, se, 4000)
    trial = draw.normal(-(1 - preserve) * log, trial_se, 4000)  # exactly half is lost
    rejected = [
        margin.synthesis_test(*ratio(h, se), *ratio(t, trial_se)).p_value < 0.025
        for h, t in zip(historical, trial, strict=True)
    ]
    assert np.mean(rejected) == pytest.approx(0.025, abs=0.008)


def test_a_limit_on_the_margin_is_not_below_it():
    m2 = margin.fixed_margin(0.6, 0.45, 0.8).m2
    assert margin.fixed_margin_test(0.6, 0.45, 0.8, m2).non_inferior is False
    assert margin.fixed_margin_test(0.6, 0.45, 0.8, m2 - 1e-9).non_inferior is True


def test_an_effect_that_was_not_shown_gives_no_margin():
    for high in (1.0, 1.2):
        result = margin.fixed_margin(0.8, 0.5, high)
        assert (result.m1, result.undefined) == (None, True)
        assert result.reason == "the historical interval shows no effect"
        assert margin.fixed_margin_test(0.8, 0.5, high, 1.1).non_inferior is None
    # the synthesis takes the error of the history itself
    assert margin.synthesis_test(0.8, 0.5, 1.28, 0.9, 0.8, 1.0125).p_value is not None
    nothing = margin.synthesis_test(1.0, 0.5, 2.0, 0.9, 0.8, 1.0125)
    assert (nothing.statistic, nothing.p_value, nothing.undefined) == (None, None, True)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0, 0.4, 0.8), {}, "historical_estimate is a ratio and must be above 0"),
        ((0.6, -0.4, 0.8), {}, "historical_ci_low is a ratio"),
        ((0.6, 0.4, math.nan), {}, "historical_ci_high must be a finite number"),
        ((0.6, 0.7, 0.8), {}, "must enclose historical_estimate"),
        ((0.6, 0.8, 0.4), {}, "must enclose historical_estimate"),
        ((0.6, 0.4, 0.8), {"preserve": 50}, "preserve must lie between 0 and 1"),
    ],
)
def test_invalid_history(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        margin.fixed_margin(*arguments, **options)
    with pytest.raises(ValueError, match=message):
        margin.fixed_margin_test(*arguments, 1.1, **options)
    with pytest.raises(ValueError, match=message):
        margin.synthesis_test(*arguments, 0.9, 0.8, 1.0125, **options)


def test_invalid_trial():
    with pytest.raises(ValueError, match="trial_ci_high is a ratio"):
        margin.fixed_margin_test(0.6, 0.4, 0.8, 0)
    with pytest.raises(ValueError, match="must enclose trial_estimate"):
        margin.synthesis_test(0.6, 0.4, 0.8, 1.2, 0.8, 1.1)
    with pytest.raises(ValueError, match="there is no standard error"):
        margin.synthesis_test(0.6, 0.4, 0.8, 1.1, 1.1, 1.1)
    with pytest.raises(ValueError, match="level must lie strictly"):
        margin.synthesis_test(0.6, 0.4, 0.8, 1.0, 0.9, 1.1, level=95)
