import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import optimize, special
from statsmodels.miscmodels.ordinal_model import OrderedModel

from clinval.stats.comparison.ordinal_odds_ratio import proportional_odds

quick = settings(deadline=None, max_examples=80, derandomize=True)
grades = st.lists(st.integers(1, 5), min_size=2, max_size=25)


def _deviance(point, test, reference, distinct):
    """-2 log likelihood, one subject at a time."""
    cuts = np.concatenate([[-np.inf], np.sort(point[:-1]), [np.inf]])
    total = 0.0
    for arm, values in ((1, test), (0, reference)):
        for value in values:
            j = distinct.index(value)
            upper, lower = special.expit(cuts[[j + 1, j]] - point[-1] * arm)
            total -= 2 * math.log(max(upper - lower, 1e-300))
    return total


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_against_statsmodels_and_a_direct_search(seed):
    rng = np.random.default_rng(seed)
    test = np.clip(rng.poisson(2.6, 40), 0, 4).tolist()
    reference = np.clip(rng.poisson(1.8, 55), 0, 4).tolist()
    result = proportional_odds(test, reference)
    arm = np.repeat([1.0, 0.0], [len(test), len(reference)])[:, None]
    fit = OrderedModel(np.array(test + reference), arm, distr="logit").fit(
        method="bfgs", disp=False, gtol=1e-8
    )
    assert result.log_estimate == pytest.approx(fit.params[0], rel=1e-4)
    assert result.log_se == pytest.approx(fit.bse[0], rel=1e-4)
    distinct = sorted(set(test + reference))
    start = np.append(np.linspace(-1, 1, len(distinct) - 1), 0.0)
    found = optimize.minimize(
        _deviance,
        start,
        (test, reference, distinct),
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 10_000, "maxfev": 10_000},
    )
    assert result.log_estimate == pytest.approx(found.x[-1], abs=1e-5)


@quick
@given(grades, grades)
def test_swapping_reversing_and_stretching(test, reference):
    one, other = proportional_odds(test, reference), proportional_odds(reference, test)
    assert one.undefined == other.undefined
    assume(not one.undefined)
    assert other.log_estimate == pytest.approx(-one.log_estimate, rel=1e-8, abs=1e-9)
    assert other.ci_low == pytest.approx(1 / one.ci_high, rel=1e-8)
    backwards = proportional_odds([-v for v in test], [-v for v in reference])
    assert backwards.log_estimate == pytest.approx(-one.log_estimate, rel=1e-8, abs=1e-9)
    assert backwards.log_se == pytest.approx(one.log_se, rel=1e-8)
    stretched = proportional_odds(np.exp(test), np.exp(reference))
    assert stretched.estimate == one.estimate
    assert one.ci_low <= one.estimate <= one.ci_high


@quick
@given(*[st.integers(1, 60)] * 4)
def test_two_categories_are_the_two_by_two_table(a, b, c, d):
    result = proportional_odds([1] * a + [0] * b, [1] * c + [0] * d)
    assert result.estimate == pytest.approx(a * d / (b * c), rel=1e-9)
    assert result.log_se == pytest.approx(math.sqrt(1 / a + 1 / b + 1 / c + 1 / d), rel=1e-9)


def test_extremes_and_a_continuous_scale():
    far = proportional_odds([1] + [2] * 5000, [1] * 5000 + [2])
    assert far.estimate == pytest.approx(25e6, rel=1e-8)
    rng = np.random.default_rng(1)
    test, reference = rng.logistic(0.7, 1, 400), rng.logistic(0, 1, 400)
    fine = proportional_odds(test, reference)
    assert fine.categories == 800
    assert fine.log_estimate == pytest.approx(0.7, abs=3 * fine.log_se)
    # near no difference a continuous scale tells n1 n2/(3 n)
    assert fine.log_se == pytest.approx(math.sqrt(3 * 800 / (400 * 400)), rel=0.05)


def test_where_the_likelihood_has_no_maximum():
    for test, reference in (([3, 4, 4], [1, 2, 3]), ([1, 1], [1, 2]), ([5, 5], [1, 2])):
        for result in (proportional_odds(test, reference), proportional_odds(reference, test)):
            assert (result.estimate, result.log_se) == (None, None)
            assert result.reason == "the odds ratio is 0 or infinite"
    assert proportional_odds([2, 2], [2]).reason == "the values do not vary"
    assert proportional_odds([], [1, 2]).reason == "an arm has no subject"
    assert proportional_odds([], []).undefined
    single = proportional_odds([2], [1, 3])
    assert (single.log_estimate, single.n, single.categories) == (pytest.approx(0), 3, 3)


def test_invalid_input():
    with pytest.raises(ValueError, match="test holds a missing"):
        proportional_odds([1, None], [1, 2])
    with pytest.raises(ValueError, match="level"):
        proportional_odds([1, 2], [1, 2], level=1)
