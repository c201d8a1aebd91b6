import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings, strategies as st

from clinval.stats.comparison import mean_difference as md

quick = settings(deadline=None, max_examples=60, derandomize=True)


def _trial(seed, n):
    rng = np.random.default_rng(seed)
    arm = np.concatenate([[0, 1], rng.integers(0, 2, n - 2)])
    baseline = rng.normal(40, 5, n)
    return 3 + 0.6 * baseline - 2 * arm + rng.normal(0, 2, n), arm, baseline


@quick
@given(st.integers(0, 10_000), st.integers(4, 40), st.sampled_from([0.8, 0.95]))
def test_ancova_is_ordinary_least_squares(seed, n, level):
    score, arm, baseline = _trial(seed, n)
    fit = sm.OLS(score, np.column_stack([np.ones(n), arm, baseline])).fit()
    result = md.ancova(score, arm, baseline, level=level)
    assert result.estimate == pytest.approx(fit.params[1], rel=1e-7, abs=1e-9)
    assert result.se == pytest.approx(fit.bse[1], rel=1e-7)
    assert result.slope == pytest.approx(fit.params[2], rel=1e-7)
    assert result.statistic == pytest.approx(fit.tvalues[1], rel=1e-6, abs=1e-9)
    assert (result.df, result.n) == (n - 3, n)
    limits = fit.conf_int(1 - level)[1]
    assert (result.ci_low, result.ci_high) == pytest.approx(limits, rel=1e-6, abs=1e-8)


@quick
@given(st.integers(0, 10_000), st.floats(-100, 100), st.floats(0.1, 10))
def test_units_and_order_change_nothing_but_the_scale(seed, shift, unit):
    score, arm, baseline = _trial(seed, 12)
    one = md.ancova(score, arm, baseline)
    moved = md.ancova(unit * score[::-1] + shift, arm[::-1], 7 - 2 * baseline[::-1])
    assert moved.estimate == pytest.approx(unit * one.estimate, rel=1e-6, abs=1e-6)
    assert moved.se == pytest.approx(unit * one.se, rel=1e-6)
    other = md.ancova(score, 1 - arm, baseline)
    assert (other.ci_low, other.ci_high) == pytest.approx((-one.ci_high, -one.ci_low), rel=1e-7)


def test_a_baseline_that_says_nothing_leaves_the_difference_of_means():
    score, arm = [1.0, 4.0, 2.0, 9.0, 5.0, 3.0, 7.0, 8.0], [0, 0, 1, 1, 0, 0, 1, 1]
    baseline = [1, -1, 1, -1, 1, -1, 1, -1]
    result = md.ancova(score, arm, baseline)
    assert result.estimate == pytest.approx(md.student([2, 9, 7, 8], [1, 4, 5, 3]).estimate)


def test_what_cannot_be_estimated():
    assert md.ancova([], [], []).reason == "an arm has no subject"
    assert md.ancova([1, 2, 3, 4], [1, 1, 1, 1], [1, 2, 3, 4]).reason == "an arm has no subject"
    few = md.ancova([1, 2, 3], [0, 1, 1], [1, 2, 4])
    assert (few.estimate, few.reason) == (None, "no degrees of freedom for the error")
    for baseline in ([0.1 + 0.2, 0.3, 5, 5], [7, 7, 7, 7]):
        flat = md.ancova([1, 2, 3, 5], [0, 0, 1, 1], baseline)
        assert flat.reason == "the baseline does not vary within the arms"
    exact = md.ancova([1.1, 1.2, 1.3, 1.4, 1.6], [0, 0, 1, 1, 1], [0.1, 0.2, 0.1, 0.2, 0.4])
    assert (exact.se, exact.statistic, exact.undefined) == (0, None, True)
    assert exact.ci_low == exact.ci_high == pytest.approx(0.2)
    single = md.ancova([1, 2, 3, 5], [0, 1, 1, 1], [1, 2, 4, 4])
    assert single.df == 1


def test_invalid_input():
    with pytest.raises(ValueError, match="lengths differ: score 2, arm 2, baseline 3"):
        md.ancova([1, 2], [0, 1], [1, 2, 3])
    with pytest.raises(ValueError, match="arm must be 1"):
        md.ancova([1, 2], [0, 2], [1, 2])
    with pytest.raises(ValueError, match="baseline holds a missing"):
        md.ancova([1, 2], [0, 1], [1, math.nan])
    with pytest.raises(ValueError, match="level"):
        md.ancova([1, 2], [0, 1], [1, 2], level=1)
