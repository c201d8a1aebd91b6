import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import special, stats

from clinval.stats.reliability import expected_renewals

quick = settings(deadline=None, max_examples=8, derandomize=True)


def series(shape, lives, terms=40):
    """Smith and Leadbetter's power series of the renewal function, for a short horizon."""
    gammas = [
        math.exp(special.gammaln(k * shape + 1) - special.gammaln(k + 1))
        for k in range(1, terms + 1)
    ]
    a = []
    for k in range(1, terms + 1):
        a.append(gammas[k - 1] - sum(gammas[j - 1] * a[k - j - 1] for j in range(1, k)))
    return sum(
        (-1) ** (k - 1) * a[k - 1] * lives ** (k * shape) / math.exp(special.gammaln(k * shape + 1))
        for k in range(1, terms + 1)
    )


@pytest.mark.parametrize(("shape", "lives"), [(0.6, 1.0), (1.3, 1.2), (2.0, 1.5), (4.0, 1.1)])
def test_renewal_function_by_its_power_series(shape, lives):
    result = expected_renewals.weibull(shape, 700, 700 * lives)
    assert result.estimate == pytest.approx(series(shape, lives), rel=2e-6)


def test_erlang_like_and_long_horizons_reach_the_asymptote():
    for shape in (0.8, 1.5, 3.0):
        result = expected_renewals.weibull(shape, 2, 60)
        assert result.estimate == pytest.approx(result.asymptotic, rel=1e-5)
        assert result.naive == pytest.approx(60 / stats.weibull_min.mean(shape, scale=2))


@quick
@given(
    st.floats(0.5, 5),
    st.floats(0.1, 6),
    st.lists(st.floats(0, 3), min_size=1, max_size=4),
    st.integers(0, 99),
)
def test_the_convolved_distribution_is_the_simulated_one(shape, horizon, ages, seed):
    draws = 20_000
    fixed = expected_renewals.weibull_reserve(shape, 2, horizon, ages=ages)
    simulated = expected_renewals.weibull_draws(
        np.full(draws, shape), np.full(draws, 2.0), horizon, ages=ages, periods=3, seed=seed
    )
    assert simulated.shape == (draws, 3)
    counts = simulated.sum(axis=1)
    error = counts.std() / math.sqrt(draws)
    assert fixed.estimate == pytest.approx(counts.mean(), abs=4.5 * error + 1e-3)
    share = np.bincount(counts, minlength=len(fixed.probability)) / draws
    most = np.abs(share[: len(fixed.probability)] - fixed.probability).max()
    assert most < 4.5 / math.sqrt(4 * draws) + 1e-3
    assert sum(fixed.probability) == pytest.approx(1)
    until = np.cumsum(fixed.probability)
    assert until[fixed.reserve] >= 0.95
    assert fixed.reserve == 0 or until[fixed.reserve - 1] < 0.95


def test_the_expectation_is_the_sum_of_the_distribution():
    new = expected_renewals.weibull(2.5, 4, 9).estimate
    fleet = expected_renewals.weibull_reserve(2.5, 4, 9, ages=[0] * 40, level=0.9)
    mean = sum(k * p for k, p in enumerate(fleet.probability))
    assert fleet.estimate == pytest.approx(40 * new, rel=1e-5)
    assert mean == pytest.approx(fleet.estimate)
    assert fleet.reserve > mean
    worn = expected_renewals.weibull_reserve(2.5, 4, 9, ages=[3] * 40, level=0.9)
    assert worn.estimate > fleet.estimate


def test_draws_carry_the_uncertainty_of_the_parameters():
    rng = np.random.default_rng(1)
    scale = np.exp(rng.normal(math.log(4), 0.3, 4000))
    shape = np.full(4000, 2.0)
    wide = expected_renewals.weibull_draws(shape, scale, 10, ages=[0] * 20, seed=2)
    assert np.array_equal(
        wide, expected_renewals.weibull_draws(shape, scale, 10, ages=[0] * 20, seed=2)
    )
    known = expected_renewals.weibull_reserve(2, 4, 10, ages=[0] * 20)
    assert np.quantile(wide, 0.95) > known.reserve


def test_slips_are_named():
    for arguments, message in (
        ((0, 1, 1), "shape must be above 0"),
        ((1, -1, 1), "scale must be above 0"),
        ((1, 1, -1), "horizon must not be negative"),
        ((0.9, 1, 200), "holds 190 mean lives, too many"),
        ((1000, 1, 20), "too many for this shape"),
        ((0.001, 1, 1), "shape must be at least 0.01"),
    ):
        with pytest.raises(ValueError, match=message):
            expected_renewals.weibull(*arguments)
    for ages, message in (([], "at least one unit"), ([-1], "must not be below 0")):
        with pytest.raises(ValueError, match=message):
            expected_renewals.weibull_reserve(1, 1, 1, ages=ages)
    with pytest.raises(ValueError, match="fleet is too large"):
        expected_renewals.weibull_reserve(1, 1, 1, ages=np.zeros(3_000_000))
    with pytest.raises(ValueError, match="lengths differ"):
        expected_renewals.weibull_draws([1, 2], [1], 1, seed=1)
    with pytest.raises(ValueError, match="periods must be at least 1"):
        expected_renewals.weibull_draws([1], [1], 1, periods=0, seed=1)
