"""The true mean of one more center, against draws one by one and against what then came true."""

import numpy as np
import pytest
from scipy import optimize, stats

from clinval.stats.centers import heterogeneity
from clinval.stats.centers.prediction import further_center

MEANS, VARIANCES = np.array([5.2, 6.9, 6.1, 7.4, 4.8]), np.array([0.3, 0.2, 0.5, 0.25, 0.4])


def drawn(means, variances, own, number, seed=1):
    """Return draws: a chi-square for Cochran's statistic, its tau2, and the center's mean."""
    random, found = np.random.default_rng(seed), []
    for statistic in random.chisquare(len(means) - 1, number):

        def pooled(tau2):
            weight = 1 / (variances + tau2)
            return weight @ means / weight.sum(), 1 / weight.sum(), weight

        def excess(tau2, statistic=statistic):
            mean, _, weight = pooled(tau2)
            return weight @ (means - mean) ** 2 - statistic

        tau2 = 0.0 if excess(0.0) <= 0 else optimize.brentq(excess, 0, 1e7)
        mean, of_mean, _ = pooled(tau2)
        variance = tau2 + of_mean
        if own is not None:
            precision = 1 / variance + 1 / own[1]
            mean, variance = (mean / variance + own[0] / own[1]) / precision, 1 / precision
        found.append(random.normal(mean, variance**0.5))
    return np.array(found)


@pytest.mark.parametrize("own", [None, (9.0, 0.8)])
def test_a_prediction_is_the_mixture_over_what_tau2_may_be(own):
    found = further_center(MEANS, VARIANCES, own)
    draws = drawn(MEANS, VARIANCES, own, 600)
    for chance in (0.025, 0.25, 0.5, 0.75, 0.975):
        expected = found.mean + found.scale * stats.t.ppf(chance, found.df)
        assert (draws < expected).mean() == pytest.approx(chance, abs=0.05)


def test_without_errors_it_is_students_prediction():
    found = further_center(MEANS, np.full(5, 1e-12))
    assert found.mean == pytest.approx(MEANS.mean())
    assert found.df == pytest.approx(4, rel=0.01)
    assert found.scale == pytest.approx(MEANS.std(ddof=1) * 1.2**0.5, rel=0.002)
    assert found.learned == pytest.approx(1 - (1 + 1 / 6) / (1 + 1 / 5))


def test_the_order_of_the_centers_does_not_matter():
    turned = further_center(MEANS[::-1], VARIANCES[::-1])
    found = further_center(MEANS, VARIANCES)
    assert (turned.mean, turned.scale) == pytest.approx((found.mean, found.scale), rel=1e-9)


def test_centers_that_happen_to_be_alike_do_not_prove_that_all_are():
    """REML's tau2 is 0 here: put in its place, the limits of 95 percent held in 89 of 100."""
    means, variances = np.array([5.8, 6.5, 5.4, 6.4, 6.0, 5.6, 6.7, 5.3]), np.full(8, 0.28)
    between = heterogeneity.reml(means, np.sqrt(variances))
    assert between.tau2 == 0
    found = further_center(means, variances)
    assert found.scale * stats.t.ppf(0.975, found.df) > 1.5 * between.se * stats.t.ppf(0.975, 7)


def test_bad_centers_are_refused():
    for means, variances in (([1, 2], [1, 1]), ([1, 2, 3], [1, 1]), ([1, 2, 3], [1, 0, 1])):
        with pytest.raises(ValueError, match=r"3 centers|lengths|holds 0"):
            further_center(np.array(means, float), np.array(variances, float))
    with pytest.raises(ValueError, match="own variance"):
        further_center(MEANS, VARIANCES, (1.0, 0.0))
