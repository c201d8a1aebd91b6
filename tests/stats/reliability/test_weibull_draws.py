"""Draws of a Weibull distribution against the likelihood laid out on a grid, and their limits."""

import numpy as np
import pytest
from scipy import stats

from clinval.stats.reliability import survival

TIME = np.array([210.0, 340, 480, 520, 700, 810, 900, 900, 900, 300])
EVENT = np.array([1, 1, 1, 0, 1, 1, 0, 0, 0, 0])
LATE = np.array([0.0, 100, 0, 200, 0, 0, 400, 0, 0, 120])


def on_a_grid(time, event, entry):
    """Return the posterior quantiles of shape and scale by adding up the likelihood itself."""
    shapes, scales = np.exp(np.linspace(np.log(0.2), np.log(20), 500)), np.geomspace(60, 3e5, 900)
    k, eta = (each[..., None] for each in np.meshgrid(shapes, scales, indexing="ij"))
    failed = np.zeros(k.shape[:2])
    for t, d, e in zip(time, event, entry, strict=True):
        life = stats.weibull_min(k[..., 0], scale=eta[..., 0])
        failed += (life.logpdf(t) if d else life.logsf(t)) - life.logsf(e)
    weight = np.exp(failed - failed.max())

    def quantiles(values, mass):
        return np.interp([0.025, 0.5, 0.975], np.cumsum(mass) / mass.sum(), values)

    return quantiles(shapes, weight.sum(axis=1)), quantiles(scales, weight.sum(axis=0))


@pytest.mark.parametrize("entry", [np.zeros(10), LATE])
def test_draws_are_those_of_the_likelihood_with_flat_logarithms(entry):
    drawn = survival.weibull_draws(TIME, EVENT, entry=entry, draws=40_000, seed=1)
    for values, expected in zip(drawn, on_a_grid(TIME, EVENT, entry), strict=True):
        assert np.quantile(values, [0.025, 0.5, 0.975]) == pytest.approx(expected, rel=0.05)


def test_limits_of_the_draws_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(5)
    held = []
    for number in range(300):
        lives = 1000 * rng.weibull(2.0, 8)
        last = np.sort(lives)[4]  # censored at the fifth failure: the limits are exact
        given = np.minimum(lives, last), lives <= last
        shape, scale = survival.weibull_draws(*given, draws=800, seed=number)
        b10 = scale * (-np.log(0.9)) ** (1 / shape)
        truth = 2.0, 1000 * (-np.log(0.9)) ** 0.5
        held.append(
            [np.mean(drawn < true) for drawn, true in zip((shape, b10), truth, strict=True)]
        )
    ranks = np.array(held)
    for rank in ranks.T:
        assert stats.kstest(rank, "uniform").pvalue > 0.001


def test_two_failures_leave_much_open_and_fewer_give_no_draw():
    time, event = [300, 500, 900, 900], [1, 1, 0, 0]
    shape, scale = survival.weibull_draws(time, event, draws=2000, seed=3)
    assert np.quantile(shape, 0.975) / np.quantile(shape, 0.025) > 5
    assert np.isfinite(shape).all() and (scale > 0).all()  # noqa: PT018
    again = survival.weibull_draws(time, event, draws=2000, seed=3)
    assert np.array_equal(shape, again[0])
    for event, message in (([0] * 4, "no failure"), ([1, 0, 0, 0], "fewer than two distinct")):
        with pytest.raises(ValueError, match=message):
            survival.weibull_draws(time, event, draws=10, seed=1)
    with pytest.raises(ValueError, match="fewer than two distinct"):
        survival.weibull_draws([300, 300, 900, 900], [1, 1, 0, 0], draws=10, seed=1)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_the_unit_of_time_does_not_matter(factor):
    shape, scale = survival.weibull_draws(TIME, EVENT, entry=LATE, draws=50, seed=4)
    other = survival.weibull_draws(TIME * factor, EVENT, entry=LATE * factor, draws=50, seed=4)
    assert other[0] == pytest.approx(shape)
    assert other[1] == pytest.approx(scale * factor)
