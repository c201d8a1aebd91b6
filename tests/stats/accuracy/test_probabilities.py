"""Net benefit and calibration of predicted probabilities."""

import math
import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings, strategies as st
from scipy import special, stats
from sklearn.metrics import brier_score_loss
from statsmodels.stats.proportion import proportion_confint

from clinval.stats.accuracy import calibration, net_benefit

quick = settings(deadline=None, max_examples=60, derandomize=True)


@st.composite
def predictions(draw, low=0.01, high=0.99):
    n = draw(st.integers(4, 30))
    truth = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    grid = st.integers(0, 20).map(lambda k: low + (high - low) * k / 20)
    return np.array(truth), np.array(draw(st.lists(grid, min_size=n, max_size=n)))


# ---------------------------------------------------------------------- net benefit


@quick
@given(predictions(0, 1), st.lists(st.floats(0.01, 0.99), min_size=1, max_size=4))
def test_net_benefit_by_counting(data, thresholds):
    truth, probability = data
    result = net_benefit.vickers_elkin(truth, probability, threshold=thresholds)
    n = len(truth)
    for place, t in enumerate(thresholds):
        tp = sum(1 for y, p in zip(truth, probability, strict=True) if y and p >= t)
        fp = sum(1 for y, p in zip(truth, probability, strict=True) if not y and p >= t)
        assert result.estimate[place] == pytest.approx(tp / n - fp / n * t / (1 - t), abs=1e-12)
        assert (result.true_positives[place], result.false_positives[place]) == (tp, fp)
        everybody = net_benefit.vickers_elkin(truth, np.ones(n), threshold=t)
        assert result.treat_all[place] == pytest.approx(everybody.estimate[0], abs=1e-12)
        assert result.treat_none[place] == 0
        assert result.estimate[place] <= truth.mean() + 1e-12


def test_net_benefit_at_the_edges():
    one = net_benefit.vickers_elkin([0, 1, 1], [0.5, 0.5, None], threshold=0.5)
    assert (one.n, one.dropped, one.true_positives) == (2, 1, (1,))
    empty = net_benefit.vickers_elkin([], [], threshold=[0.5])
    assert (empty.estimate, empty.undefined) == (None, True)
    for threshold in (0, 1, [0.2, 1.0], None, "x", [[0.5]], float("nan"), 10**400):
        with pytest.raises(ValueError, match="threshold"):
            net_benefit.vickers_elkin([0, 1], [0.2, 0.7], threshold=threshold)
    with pytest.raises(ValueError, match="probability must lie"):
        net_benefit.vickers_elkin([0, 1], [0.2, 1.7], threshold=0.5)


# ---------------------------------------------------------------------- calibration


@quick
@given(predictions())
def test_regressions_are_those_of_statsmodels(data):
    truth, probability = data
    result = calibration.logistic(truth, probability)
    if truth.min() == truth.max():
        assert result.calibration_in_the_large is None
        return
    logit, ones = special.logit(probability), np.ones((len(truth), 1))
    family = sm.families.Binomial()
    large = sm.GLM(truth, ones, family=family, offset=logit).fit(tol=1e-12)
    assert result.calibration_in_the_large == pytest.approx(large.params[0], abs=1e-6)
    assert result.calibration_in_the_large_se == pytest.approx(large.bse[0], rel=1e-5)
    if result.slope is None:
        assert result.reason in {
            "the predicted probabilities do not vary",
            "a probability separates the classes: the slope is infinite",
        }
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of statsmodels when it does not converge
        slope = sm.GLM(truth, sm.add_constant(logit), family=family).fit(tol=1e-12, maxiter=200)
    assert result.slope == pytest.approx(slope.params[1], rel=1e-5, abs=1e-7)
    assert result.slope_se == pytest.approx(slope.bse[1], rel=1e-4)
    low, high = slope.conf_int()[1]
    assert (result.slope_ci_low, result.slope_ci_high) == pytest.approx((low, high), rel=1e-3)


def test_calibrated_probabilities_have_slope_one():
    rng = np.random.default_rng(3)
    logit = rng.normal(-1, 1.2, 20_000)
    truth = rng.random(20_000) < special.expit(logit)
    right = calibration.logistic(truth.astype(int), special.expit(logit))
    assert right.slope_ci_low < 1 < right.slope_ci_high
    assert right.calibration_in_the_large_ci_low < 0 < right.calibration_in_the_large_ci_high
    extreme = calibration.logistic(truth.astype(int), special.expit(2 * logit + 1))
    assert extreme.slope == pytest.approx(0.5, abs=0.03)
    assert extreme.calibration_in_the_large_ci_high < 0


def test_far_off_probabilities_converge():
    truth = [0, 1, 0, 1, 1, 0, 1]
    logit = np.array([31.0, -33, 30, -30, 25, -20, 33])
    result = calibration.logistic(truth, special.expit(logit))
    assert math.isfinite(result.slope)
    assert result.calibration_in_the_large is not None


@quick
@given(predictions(0, 1))
def test_brier_and_its_test(data):
    truth, probability = data
    result = calibration.brier(truth, probability)
    assert result.estimate == pytest.approx(brier_score_loss(truth, probability), abs=1e-12)
    test = calibration.spiegelhalter_test(truth, probability)
    expected = np.mean(probability * (1 - probability))
    spread = np.sqrt(np.sum((1 - 2 * probability) ** 2 * probability * (1 - probability)))
    if test.undefined:
        assert spread == pytest.approx(0, abs=1e-12)
    else:
        wanted = len(truth) * (result.estimate - expected) / spread
        assert test.statistic == pytest.approx(wanted, abs=1e-9)
        assert test.p_value == pytest.approx(2 * stats.norm.sf(abs(wanted)), abs=1e-9)
    ratio = calibration.observed_expected(truth, probability)
    if probability.sum():
        assert ratio.estimate == pytest.approx(truth.sum() / probability.sum())
    else:
        assert ratio.reason == "the predicted probabilities add up to 0"


@quick
@given(predictions(0, 1), st.integers(1, 12))
def test_groups_hold_everybody_once_and_keep_ties(data, groups):
    truth, probability = data
    result = calibration.curve(truth, probability, groups=groups)
    assert sum(result.n_by_group) == len(truth)
    assert len(result.n_by_group) <= groups
    assert list(result.predicted_by_group) == sorted(result.predicted_by_group)
    cases = np.array(result.observed_by_group) * result.n_by_group
    assert cases.sum() == pytest.approx(truth.sum())
    weighted = np.array(result.predicted_by_group) * result.n_by_group
    assert weighted.sum() == pytest.approx(probability.sum())
    edges = np.cumsum(result.n_by_group)[:-1]
    ordered = np.sort(probability)
    assert all(ordered[edge - 1] < ordered[edge] for edge in edges)
    for k, n, low, high in zip(
        cases,
        result.n_by_group,
        result.observed_ci_low_by_group,
        result.observed_ci_high_by_group,
        strict=True,
    ):
        wanted = proportion_confint(round(k), n, method="wilson")
        assert (low, high) == pytest.approx(wanted, abs=1e-9)
    if len(set(probability)) == len(probability) and groups <= len(truth):
        assert max(result.n_by_group) - min(result.n_by_group) <= 1


def test_too_little():
    for function in (calibration.brier, calibration.curve):
        assert function([], []).reason == "no subject"
    assert calibration.spiegelhalter_test([1], [0.5]).reason == "the predicted variance is 0"
    assert (
        calibration.logistic([1, 1], [0.2, 0.4]).reason == "no diseased or no non-diseased subject"
    )
    assert calibration.logistic([1, 0], [0.2, 1]).slope is None
    same = calibration.logistic([1, 0, 1], [0.4, 0.4, 0.4])
    assert same.calibration_in_the_large == pytest.approx(special.logit(2 / 3) - special.logit(0.4))
    assert (same.slope, same.reason) == (None, "the predicted probabilities do not vary")
    with pytest.raises(ValueError, match="groups"):
        calibration.curve([0, 1], [0.1, 0.2], groups=0)
    with pytest.raises(ValueError, match="probability"):
        calibration.brier([0, 1], [-0.1, 0.2])
