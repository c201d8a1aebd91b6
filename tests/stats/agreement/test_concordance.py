import itertools

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from clinval.stats.agreement import concordance as con, icc

quick = settings(deadline=None, max_examples=50, derandomize=True)


@st.composite
def methods(draw, most=15):
    n, seed = draw(st.integers(4, most)), draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    truth = draw(st.floats(0.5, 20)) * rng.normal(size=n)
    return truth + rng.normal(size=n), draw(st.floats(-3, 3)) + truth + rng.normal(size=n)


@quick
@given(methods())
def test_lin_from_its_published_form(pair):
    x, y = pair
    n = len(x)
    sx, sy, sxy = x.var(), y.var(), ((x - x.mean()) * (y - y.mean())).mean()
    p = 2 * sxy / (sx + sy + (x.mean() - y.mean()) ** 2)
    r = np.corrcoef(x, y)[0, 1]
    u = (x.mean() - y.mean()) / (sx * sy) ** 0.25
    variance = (1 - r**2) * p**2 * (1 - p**2) / r**2 + 2 * p**3 * (1 - p) * u**2 / r
    variance = (variance - p**4 * u**4 / (2 * r**2)) / (n - 2)
    result = con.lin(x, y)
    assert result.estimate == pytest.approx(p, abs=1e-9)
    assert result.correlation == pytest.approx(r, abs=1e-9)
    assert result.bias_correction == pytest.approx(p / r, rel=1e-6)
    assert result.location_shift == pytest.approx(u, abs=1e-9)
    assert result.scale_shift == pytest.approx(np.sqrt(sx / sy))
    assert result.se == pytest.approx(np.sqrt(max(variance, 0)), rel=1e-5, abs=1e-7)
    z, half = np.arctanh(p), 1.959963984540054 * result.se / (1 - p**2)
    assert (result.ci_low, result.ci_high) == pytest.approx((np.tanh(z - half), np.tanh(z + half)))


@quick
@given(methods(9))
def test_u_statistic_over_all_pairs_of_subjects(pair):
    x, y = pair
    n = len(x)
    own = [
        [((x[i] - y[i]) ** 2 + (x[j] - y[j]) ** 2) / 2 for j in range(n) if j != i]
        for i in range(n)
    ]
    other = [
        [((x[i] - y[j]) ** 2 + (x[j] - y[i]) ** 2) / 2 for j in range(n) if j != i]
        for i in range(n)
    ]
    u, v = np.mean(own), np.mean(other)
    deviations = np.array([np.mean(own, axis=1) - u, np.mean(other, axis=1) - v])
    gradient = np.array([-n * (n - 1) * v, n * (n - 1) * u]) / (u + (n - 1) * v) ** 2
    result = con.u_statistic(x, y)
    assert result.estimate == pytest.approx((n - 1) * (v - u) / (u + (n - 1) * v), abs=1e-9)
    assert result.estimate == pytest.approx(con.lin(x, y).estimate, abs=1e-9)
    wanted = np.sqrt(gradient @ (4 * deviations @ deviations.T / n**2) @ gradient)
    assert result.se == pytest.approx(wanted, rel=1e-6, abs=1e-9)


@quick
@given(methods(), st.floats(0.1, 50), st.floats(-100, 100))
def test_unit_and_origin_do_not_matter_and_methods_can_swap(pair, unit, origin):
    x, y = pair
    for function in (con.lin, con.u_statistic):
        one, moved, swapped = (
            function(x, y),
            function(origin + unit * x, origin + unit * y),
            function(y, x),
        )
        for name in ("estimate", "se", "ci_low", "ci_high"):
            assert getattr(one, name) == pytest.approx(getattr(moved, name), abs=1e-6)
            assert getattr(one, name) == pytest.approx(getattr(swapped, name), abs=1e-6)
        assert -1 <= one.ci_low <= one.estimate <= one.ci_high <= 1
    assert con.lin(x, y).scale_shift == pytest.approx(1 / con.lin(y, x).scale_shift)


def test_the_interval_of_lin_covers():
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(1000):
        truth = 2 * rng.normal(size=60)
        result = con.lin(truth + rng.normal(size=60), 0.5 + truth + rng.normal(size=60))
        hits += result.ci_low <= 2 * 4 / (5 + 5 + 0.25) <= result.ci_high
    assert 0.925 < hits / 1000 < 0.975


def test_edges_of_two_methods():
    perfect = con.lin([1, 2, 3.5], [1, 2, 3.5])
    assert (perfect.estimate, perfect.ci_low, perfect.ci_high, perfect.se) == (1, 1, 1, 0)
    assert con.u_statistic([1, 2, 3.5], [1, 2, 3.5]).ci_low == 1
    mirrored = con.lin([1, 2, 3], [3, 2, 1])
    assert (mirrored.estimate, mirrored.ci_high) == (-1, -1)
    constant = con.lin([2, 2, 2], [1, 2, 4])
    assert (constant.estimate, constant.se, constant.correlation) == (0, None, None)
    assert constant.reason == "the values of a method do not vary"
    for function in (con.lin, con.u_statistic):
        same = function([2.5, 2.5, 2.5], [2.5, 2.5, 2.5])
        assert (same.estimate, same.undefined) == (None, True)
        assert function([], []).reason == function([1], [2]).reason == "fewer than two pairs"
        with pytest.raises(ValueError, match="lengths differ"):
            function([1, 2], [1])
        with pytest.raises(ValueError, match="missing"):
            function([1, None], [1, 2])
    two = con.lin([1, 2], [1, 3])
    assert (two.reason, two.se) == ("fewer than three pairs", None)
    assert two.estimate == pytest.approx(2 * 0.5 / (0.25 + 1 + 0.25))


# --- variance components ----------------------------------------------------------------------


def long(table):
    subject, method = np.nonzero(~np.isnan(table))
    return table[subject, method], subject, method


@settings(deadline=None, max_examples=15, derandomize=True)
@given(st.integers(0, 9999), st.integers(2, 4), st.integers(4, 12))
def test_balanced_components_are_those_of_the_analysis_of_variance(seed, k, n):
    rng = np.random.default_rng(seed)
    table = 5 + 2 * rng.normal(size=(n, 1)) + rng.normal(size=(1, k)) + rng.normal(size=(n, k))
    means = table.mean(axis=0)
    residual = table - table.mean(axis=1, keepdims=True) - means + table.mean()
    error = (residual**2).sum() / ((n - 1) * (k - 1))
    between = k * table.mean(axis=1).var(ddof=1)
    value, subject, method = long(table)
    result = con.variance_components(value, subject=subject, method=method)
    if between <= 1.01 * error:
        return
    pairs = list(itertools.combinations(means, 2))
    squares = sum((a - b) ** 2 for a, b in pairs)
    of_method = max(0, (squares - k * (k - 1) * error / n) / (k * (k - 1)))
    of_subject = (between - error) / k
    assert result.variance_residual == pytest.approx(error, rel=1e-5)
    assert result.variance_subject == pytest.approx(of_subject, rel=1e-3)
    assert result.variance_method == pytest.approx(of_method, rel=1e-4, abs=1e-8)
    # the covariance of the estimates in closed form
    g, f = error / n, 2 * error**2 / ((n - 1) * (k - 1))
    of_means = 2 * (k - 1) * k**2 * g**2 + 4 * k**2 * g * ((means - means.mean()) ** 2).sum()
    corner = (2 * between**2 / (n - 1) + f) / k**2
    covariance = np.array(
        [
            [corner, -f / k, f / (k * n)],
            [-f / k, f, -f / n],
            [f / (k * n), -f / n, of_means / (k * (k - 1)) ** 2],
        ]
    )
    total = of_subject + error + of_method
    p = of_subject / total
    gradient = np.array([1 - p, -p, -p]) / total
    assert result.estimate == pytest.approx(p, rel=1e-4)
    assert result.se == pytest.approx(np.sqrt(gradient @ covariance @ gradient), rel=1e-3)


def test_components_of_two_complete_methods_are_near_lin():
    rng = np.random.default_rng(14)
    table = 3 * rng.normal(size=(400, 1)) + np.array([0, 0.8]) + rng.normal(size=(400, 2))
    value, subject, method = long(table)
    result = con.variance_components(value, subject=subject, method=method)
    assert result.estimate == pytest.approx(con.lin(*table.T).estimate, abs=0.002)
    assert result.se == pytest.approx(con.lin(*table.T).se, rel=0.05)


def test_centers_and_gaps():
    rng = np.random.default_rng(15)
    center = np.arange(60) % 5
    table = (
        3 * np.arange(5)[center][:, None] + 2 * rng.normal(size=(60, 1)) + rng.normal(size=(60, 3))
    )
    table[rng.random(table.shape) < 0.2] = np.nan
    value, subject, method = long(table)
    plain = con.variance_components(value, subject=subject, method=method)
    split = con.variance_components(value, subject=subject, method=method, center=center[subject])
    assert plain.variance_center is None
    assert split.variance_subject == pytest.approx(4, rel=0.4)
    assert split.variance_center > split.variance_subject
    assert split.estimate == pytest.approx(plain.estimate, abs=0.03)
    one = con.variance_components(value, subject=subject, method=method, center=["A"] * len(value))
    assert one.estimate == pytest.approx(plain.estimate, rel=1e-6)
    with pytest.raises(ValueError, match="two centers"):
        con.variance_components(value, subject=subject, method=method, center=np.arange(len(value)))


def test_components_that_cannot_be_estimated():
    def reason(value, subject, method):
        result = con.variance_components(value, subject=subject, method=method)
        assert result.estimate is None
        return result.reason

    assert reason([1, 2, 3], [1, 2, 3], ["A"] * 3) == "fewer than two subjects or methods"
    assert reason([], [], []) == "fewer than two subjects or methods"
    assert reason([1, 2, 3], [1, 2, 3], ["A", "B", "A"]) == "no subject has two values"
    gap = reason([1, 1, 2, 2, 3], [1, 1, 2, 2, 3], ["A", "B", "A", "B", "A"])
    assert gap == "the model fits every value"
    assert reason([3, 3, 3, 3], [1, 1, 2, 2], ["A", "B"] * 2) == "the values do not vary"
    with pytest.raises(ValueError, match="lacks a label"):
        con.variance_components([1, 2], subject=[1, None], method=["A", "B"])


def test_components_without_error_are_the_limit_of_a_small_one():
    rng = np.random.default_rng(18)
    subject, method, _ = (grid.ravel() for grid in np.indices((12, 3, 2)))
    exact = 5 * rng.normal(size=12)[subject]
    perfect = con.variance_components(exact, subject=subject, method=method)
    assert (perfect.estimate, perfect.se) == (pytest.approx(1), pytest.approx(0, abs=1e-9))
    assert (perfect.ci_low, perfect.variance_residual) == (pytest.approx(1), 0)
    shifted = exact + np.array([0, 2, 3])[method]
    limit = con.variance_components(shifted, subject=subject, method=method)
    near = con.variance_components(
        shifted + 1e-3 * rng.normal(size=72), subject=subject, method=method
    )
    for name in ("estimate", "se", "ci_low", "variance_subject", "variance_method"):
        assert getattr(limit, name) == pytest.approx(getattr(near, name), rel=1e-3), name


def test_random_readers_in_place_of_fixed_ones_give_the_icc():
    rng = np.random.default_rng(16)
    table = 3 * rng.normal(size=(80, 1)) + rng.normal(size=(1, 4)) + rng.normal(size=(80, 4))
    value, subject, method = long(table)
    fixed = con.variance_components(value, subject=subject, method=method)
    assert fixed.estimate == pytest.approx(icc.reml(table).estimate, rel=1e-3)


# --- bootstrap --------------------------------------------------------------------------------


def test_bootstrap_draws_patients_within_centers():
    rng = np.random.default_rng(17)
    x = 10 * np.repeat([1.0, 2, 3], 8) + rng.normal(size=24)
    y = x + rng.normal(size=24)
    patient, center = np.arange(24) // 2, np.arange(24) // 8
    result = con.lin_bootstrap(x, y, cluster=patient, strata=center, draws=4000, seed=5)
    drawn = []
    for _ in range(2000):
        whom = np.concatenate([4 * c + rng.integers(0, 4, 4) for c in range(3)])
        rows = np.concatenate([np.flatnonzero(patient == one) for one in whom])
        drawn.append(con.lin(x[rows], y[rows]).estimate)
    assert result.estimate == con.lin(x, y).estimate
    assert result.se == pytest.approx(np.std(drawn), rel=0.08)
    assert (result.ci_low, result.ci_high) == pytest.approx(
        np.quantile(drawn, [0.025, 0.975]), abs=0.004
    )
    assert (result.clusters, result.draws, result.n) == (12, 4000, 24)
    again = con.lin_bootstrap(x, y, cluster=patient, strata=center, draws=4000, seed=5)
    assert again == result


def test_bootstrap_edges():
    none = con.lin_bootstrap([], [], seed=1)
    assert (none.estimate, none.undefined) == (None, True)
    alone = con.lin_bootstrap([1, 2, 3], [1, 2, 4], cluster=["p"] * 3, seed=1)
    assert (alone.reason, alone.ci_low) == ("no stratum has two clusters", None)
    with pytest.raises(ValueError, match="at least 100"):
        con.lin_bootstrap([1, 2, 3], [1, 2, 4], draws=10, seed=1)
    # draws of one subject alone that agrees exactly have no value
    few = con.lin_bootstrap([1, 2, 3], [1, 2, 4], draws=2000, seed=1)
    assert few.undefined_draws == pytest.approx(2000 * 2 / 27, rel=0.3)
