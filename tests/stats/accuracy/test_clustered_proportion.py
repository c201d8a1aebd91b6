import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings, strategies as st

from clinval.stats.accuracy import clustered_proportion as cp

quick = settings(deadline=None, max_examples=60, derandomize=True)


@st.composite
def clusters(draw):
    rows = []
    for _ in range(draw(st.integers(2, 12))):
        n = draw(st.integers(1, 6))
        rows.append((draw(st.integers(0, n)), n))
    return tuple(map(list, zip(*rows, strict=True)))


@quick
@given(clusters())
def test_against_a_regression_with_clustered_errors(table):
    x, n = map(np.array, table)
    outcome = np.concatenate([[1.0] * a + [0.0] * (b - a) for a, b in zip(x, n, strict=True)])
    fit = sm.OLS(outcome, np.ones(len(outcome))).fit(
        cov_type="cluster", cov_kwds={"groups": np.repeat(np.arange(len(n)), n)}
    )
    result = cp.ratio_estimator(x, n)
    assert result.estimate == pytest.approx(fit.params[0], abs=1e-12)
    assert result.se == pytest.approx(fit.bse[0], abs=1e-7)
    assert result.ci_low == pytest.approx(result.estimate - 1.959963984540054 * result.se)
    p = result.estimate
    if 0 < p < 1:
        assert result.design_effect == pytest.approx(fit.bse[0] ** 2 / (p * (1 - p) / n.sum()))
    else:
        assert (result.se, result.design_effect, result.undefined) == (0, None, True)


@quick
@given(clusters(), st.integers(0, 99))
def test_properties(table, seed):
    x, n = map(np.array, table)
    order = np.random.default_rng(seed).permutation(len(x))
    one, other = cp.ratio_estimator(x, n), cp.ratio_estimator(x[order], n[order])
    failures = cp.ratio_estimator(n - x, n)
    assert (one.estimate, one.se) == pytest.approx((other.estimate, other.se))
    assert (one.estimate, one.se) == pytest.approx((1 - failures.estimate, failures.se))
    effective = cp.rao_scott(x, n)
    assert effective.estimate == one.estimate
    assert effective.design_effect == one.design_effect
    if not effective.undefined:
        assert effective.effective_x / effective.effective_n == pytest.approx(one.estimate)
        assert effective.effective_n == pytest.approx(n.sum() / effective.design_effect)


def test_one_trial_a_cluster_has_the_binomial_error():
    x = np.random.default_rng(2).integers(0, 2, 400)
    result = cp.ratio_estimator(x, np.ones(400, int))
    assert result.se == pytest.approx(x.std(ddof=1) / 20)
    assert result.design_effect == pytest.approx(400 / 399)


def test_the_error_is_that_of_simulated_clusters():
    rng = np.random.default_rng(3)
    n = rng.integers(1, 6, 60)
    estimates, variances = [], []
    for _ in range(1500):
        x = rng.binomial(n, rng.beta(6, 2, 60))
        result = cp.ratio_estimator(x, n)
        estimates.append(result.estimate)
        variances.append(result.se**2)
    assert np.mean(variances) == pytest.approx(np.var(estimates), rel=0.12)


def test_edges():
    none = cp.ratio_estimator([0], [0])
    assert (none.estimate, none.se, none.n, none.undefined) == (None, None, 0, True)
    assert cp.rao_scott([], []).estimate is None
    single = cp.ratio_estimator([2], [3])
    assert (single.estimate, single.se, single.clusters) == (pytest.approx(2 / 3), None, 1)
    assert cp.rao_scott([2], [3]).effective_n is None
    alike = cp.rao_scott([1, 2], [3, 6])  # the same share in every cluster
    assert (alike.design_effect, alike.effective_n, alike.undefined) == (0, None, True)
    full = cp.rao_scott([3, 6], [3, 6])
    assert (full.estimate, full.design_effect, full.reason) == (
        1,
        None,
        "all trials succeed, or none",
    )
    assert cp.ratio_estimator([2, 0, 1], [3, 0, 4]) == cp.ratio_estimator([2, 1], [3, 4])


def test_invalid_input():
    for function in (cp.rao_scott, cp.ratio_estimator):
        with pytest.raises(ValueError, match="lengths differ"):
            function([1, 2], [3])
        with pytest.raises(ValueError, match="more successes than trials"):
            function([4], [3])
        with pytest.raises(ValueError, match="n must be a count"):
            function([1], [1.5])
    with pytest.raises(ValueError, match="level"):
        cp.ratio_estimator([1], [2], level=1)
