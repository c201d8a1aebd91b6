import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import optimize, stats as scipy_stats

from clinval.stats.comparison import risk_difference, stratified_difference as sd
from clinval.stats.second_engine import agrees, second_engine

quick = settings(deadline=None, max_examples=40, derandomize=True)

WEIGHTS = ["mantel_haenszel", "miettinen_nurminen", "inverse_variance"]
DATA = ([4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33])
SPARSE = ([30, 1, 12, 2, 1], [30, 1, 12, 2, 1], [28, 2, 12, 1, 1], [30, 2, 12, 1, 1])


@st.composite
def strata(draw, most=4, largest=30):
    rows = []
    for _ in range(draw(st.integers(1, most))):
        n1, n2 = draw(st.integers(1, largest)), draw(st.integers(1, largest))
        rows.append((draw(st.integers(0, n1)), n1, draw(st.integers(0, n2)), n2))
    return tuple(map(list, zip(*rows, strict=True)))


# --- a second computation: stratum by stratum, in plain floats ------------------------------


def restricted(x1, n1, x2, n2, d):
    """Solve the score of the restricted likelihood by bisection."""
    low, high = max(0.0, -d), min(1.0, 1.0 - d)
    for _ in range(100):
        p = (low + high) / 2
        score = p * (1 - p) * (x1 - n1 * (p + d)) + (p + d) * (1 - p - d) * (x2 - n2 * p)
        low, high = (p, high) if score > 0 else (low, p)
    return (low + high) / 2 + d, (low + high) / 2


def brute_statistic(data, weights, d):
    rows = list(zip(*data, strict=True))
    p = [restricted(*row, d) for row in rows]
    v = [a * (1 - a) / r[1] + b * (1 - b) / r[3] for (a, b), r in zip(p, rows, strict=True)]
    w = [n1 * n2 / (n1 + n2) for _, n1, _, n2 in rows]
    if weights == "inverse_variance":
        w = [1 / value for value in v]
    elif weights == "miettinen_nurminen":
        for _ in range(100):
            mean1 = sum(k * a for k, (a, _) in zip(w, p, strict=True)) / sum(w)
            mean2 = sum(k * b for k, (_, b) in zip(w, p, strict=True)) / sum(w)
            ratio = mean1 * (1 - mean1) / (mean2 * (1 - mean2))
            w = [1 / (ratio / n1 + 1 / n2) for _, n1, _, n2 in rows]
    gap = sum(k * (r[0] / r[1] - r[2] / r[3] - d) for k, r in zip(w, rows, strict=True))
    variance = sum(
        k**2 * value * (r[1] + r[3]) / (r[1] + r[3] - 1)
        for k, value, r in zip(w, v, rows, strict=True)
    )
    return gap / math.sqrt(variance)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("data", [DATA, ([3, 5], [9, 7], [2, 1], [8, 9])])
def test_interval_and_test_agree_with_brute_force(data, weights):
    result = sd.miettinen_nurminen(*data, weights=weights)
    z = scipy_stats.norm.ppf(0.975)
    for limit, wanted in ((result.estimate, 0), (result.ci_low, z), (result.ci_high, -z)):
        root = optimize.brentq(
            lambda d, t=wanted: brute_statistic(data, weights, d) - t, -0.9, 0.9, xtol=1e-12
        )
        assert limit == pytest.approx(root, abs=1e-9)
    test = sd.miettinen_nurminen_test(*data, weights=weights, margin=-0.1)
    assert test.statistic == pytest.approx(brute_statistic(data, weights, -0.1), rel=1e-9)


def test_heterogeneity_agrees_with_brute_force():
    rows = list(zip(*DATA, strict=True))
    w = [n1 * n2 / (n1 + n2) for _, n1, _, n2 in rows]
    differences = [x1 / n1 - x2 / n2 for x1, n1, x2, n2 in rows]
    common = sum(a * b for a, b in zip(w, differences, strict=True)) / sum(w)
    q = 0.0
    for row, difference in zip(rows, differences, strict=True):
        p1, p2 = restricted(*row, common)
        variance = p1 * (1 - p1) / row[1] + p2 * (1 - p2) / row[3]
        q += (difference - common) ** 2 / (variance * (row[1] + row[3]) / (row[1] + row[3] - 1))
    result = sd.score_heterogeneity_test(*DATA)
    assert result.statistic == pytest.approx(q, rel=1e-9)
    assert result.p_value == pytest.approx(scipy_stats.chi2.sf(q, 3), rel=1e-9)


def test_the_error_of_sato_is_that_of_simulated_sparse_strata():
    rng = np.random.default_rng(20240101)
    n1, n2 = np.tile([1, 2, 3], 40), np.tile([2, 1, 2], 40)
    p2 = rng.uniform(0.1, 0.7, 120)
    estimates, variances = [], []
    for _ in range(1500):
        x1, x2 = rng.binomial(n1, p2 + 0.2), rng.binomial(n2, p2)
        result = sd.mantel_haenszel_sato(x1, n1, x2, n2)
        estimates.append(result.estimate)
        variances.append(result.se**2)
    assert np.mean(estimates) == pytest.approx(0.2, abs=0.006)
    # the standard error of a variance from 1500 draws is 3.7 percent
    assert np.mean(variances) == pytest.approx(np.var(estimates), rel=0.12)


# --- properties ---------------------------------------------------------------------------


@pytest.mark.parametrize("weights", WEIGHTS)
@quick
@given(table=strata(most=1), margin=st.floats(-0.9, 0.9, allow_subnormal=False))
def test_one_stratum_is_the_unstratified_method(weights, table, margin):
    one = [column[0] for column in table]
    wanted = risk_difference.miettinen_nurminen(*one)
    result = sd.miettinen_nurminen(*table, weights=weights)
    assert result.estimate == pytest.approx(wanted.estimate, abs=1e-9)
    assert result.ci_low == pytest.approx(wanted.ci_low, abs=1e-9)
    assert result.ci_high == pytest.approx(wanted.ci_high, abs=1e-9)
    test = sd.miettinen_nurminen_test(*table, weights=weights, margin=margin)
    wanted_test = risk_difference.miettinen_nurminen_test(*one, margin=margin)
    assert test.undefined == wanted_test.undefined
    if not test.undefined:
        assert test.statistic == pytest.approx(wanted_test.statistic, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("weights", WEIGHTS)
@quick
@given(table=strata())
def test_interval_contains_the_estimate_and_stays_in_range(weights, table):
    result = sd.miettinen_nurminen(*table, weights=weights)
    assert -1 <= result.ci_low <= result.estimate <= result.ci_high <= 1
    assert result.n == sum(table[1]) + sum(table[3])


@pytest.mark.parametrize("weights", WEIGHTS)
@quick
@given(table=strata(), seed=st.integers(0, 99))
def test_the_order_of_strata_does_not_matter(weights, table, seed):
    order = np.random.default_rng(seed).permutation(len(table[0]))
    shuffled = [[column[i] for i in order] for column in table]
    one = sd.miettinen_nurminen(*table, weights=weights)
    other = sd.miettinen_nurminen(*shuffled, weights=weights)
    assert one.estimate == pytest.approx(other.estimate, abs=1e-9)
    assert one.ci_low == pytest.approx(other.ci_low, abs=1e-9)


@quick
@given(table=strata())
def test_swapping_the_arms_mirrors_the_result(table):
    x1, n1, x2, n2 = table
    # the weights of Miettinen and Nurminen and of the inverse variance are symmetrical too
    for weights in WEIGHTS:
        one = sd.miettinen_nurminen(*table, weights=weights)
        other = sd.miettinen_nurminen(x2, n2, x1, n1, weights=weights)
        assert one.ci_low == pytest.approx(-other.ci_high, abs=1e-8)
    sato, mirrored = sd.mantel_haenszel_sato(*table), sd.mantel_haenszel_sato(x2, n2, x1, n1)
    assert sato.estimate == pytest.approx(-mirrored.estimate, abs=1e-12)
    assert sato.se == pytest.approx(mirrored.se, abs=1e-7)
    if len(x1) > 1:
        q = sd.score_heterogeneity_test(*table)
        assert q.undefined == sd.score_heterogeneity_test(x2, n2, x1, n1).undefined


@quick
@given(table=strata(), margin=st.floats(-0.9, 0.9), alpha=st.sampled_from([0.025, 0.05]))
def test_rejects_exactly_when_the_interval_excludes_the_margin(table, margin, alpha):
    limits = sd.miettinen_nurminen(*table, level=1 - 2 * alpha)
    assume(min(abs(limits.ci_low - margin), abs(limits.ci_high - margin)) > 1e-9)
    test = sd.miettinen_nurminen_test(*table, margin=margin)
    if not test.undefined:
        assert (test.p_value < alpha) == (limits.ci_low > margin)


def test_inverse_variance_weights_at_a_stratum_without_variation():
    # everybody in the second stratum succeeds: its weight is infinite at a difference of 0
    table = ([22, 1, 12, 0], [29, 1, 29, 5], [1, 2, 8, 14], [3, 2, 29, 16])
    mirror = (table[2], table[3], table[0], table[1])
    one = sd.miettinen_nurminen(*table, weights="inverse_variance")
    other = sd.miettinen_nurminen(*mirror, weights="inverse_variance")
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-12)
    assert (one.ci_low, one.ci_high) == pytest.approx((-other.ci_high, -other.ci_low), abs=1e-9)
    assert one.ci_low < -0.1 < 0.1 < one.ci_high
    for margin in np.linspace(-0.95, 0.95, 39):
        test = sd.miettinen_nurminen_test(
            *table, weights="inverse_variance", margin=margin, alternative="two-sided"
        )
        if not one.ci_low <= margin <= one.ci_high:
            assert test.p_value < 0.05


def test_inverse_variance_limits_are_the_outermost_roots():
    # a small region that is not rejected, far from the others
    table = ([2, 3, 3], [2, 4, 3], [0, 1, 0], [1, 1, 5])
    result = sd.miettinen_nurminen(*table, weights="inverse_variance")
    assert result.ci_low == pytest.approx(-0.211715, abs=1e-6)
    z = scipy_stats.norm.ppf(0.975)
    assert brute_statistic(table, "inverse_variance", result.ci_low) == pytest.approx(z, rel=1e-7)
    for d in np.linspace(-0.999, result.ci_low - 1e-6, 300):
        assert brute_statistic(table, "inverse_variance", d) > z


def test_inverse_variance_limits_are_those_of_the_second_engine():
    rng = np.random.default_rng(20260501)
    engine = second_engine("stratified_difference.miettinen_nurminen")
    for _ in range(40):
        n1, n2 = rng.integers(1, rng.choice([4, 12]), (2, int(rng.integers(2, 6))))
        x1, x2 = (rng.binomial(n, rng.choice([0.0, 0.2, 0.5, 0.9, 1.0], len(n))) for n in (n1, n2))
        table = [column.tolist() for column in (x1, n1, x2, n2)]
        options = {"weights": "inverse_variance", "level": float(rng.choice([0.8, 0.95, 0.99]))}
        first, again = sd.miettinen_nurminen(*table, **options), engine(*table, **options)
        assert agrees(first, again, 1e-6)[0], (table, options, first, again)


@quick
@given(table=strata())
def test_a_higher_level_is_wider(table):
    for weights in WEIGHTS:
        inner = sd.miettinen_nurminen(*table, weights=weights, level=0.8)
        outer = sd.miettinen_nurminen(*table, weights=weights, level=0.95)
        assert outer.ci_low <= inner.ci_low + 1e-12
        assert inner.ci_high <= outer.ci_high + 1e-12


def test_equal_strata_have_the_common_difference():
    result = sd.score_heterogeneity_test([8, 16], [10, 20], [5, 10], [10, 20])
    assert result.statistic == pytest.approx(0, abs=1e-12)
    assert result.p_value == pytest.approx(1)
    for weights in WEIGHTS:
        estimate = sd.miettinen_nurminen([8, 16], [10, 20], [5, 10], [10, 20], weights=weights)
        assert estimate.estimate == pytest.approx(0.3, abs=1e-9)


def test_heterogeneity_test_has_its_size():
    rng = np.random.default_rng(7)
    n1, n2 = np.array([40, 60, 30, 50]), np.array([50, 50, 40, 45])
    p2 = np.array([0.3, 0.5, 0.4, 0.6])
    rejections = sum(
        sd.score_heterogeneity_test(
            rng.binomial(n1, p2 + 0.15), n1, rng.binomial(n2, p2), n2
        ).p_value
        < 0.05
        for _ in range(1500)
    )
    assert 0.035 < rejections / 1500 < 0.067  # three standard errors


# --- edges --------------------------------------------------------------------------------


def test_strata_with_an_empty_arm_are_dropped():
    more = ([4, 6, 1, 10, 0], [16, 16, 34, 34, 0], [5, 10, 4, 11, 1], [15, 17, 33, 33, 2])
    for weights in WEIGHTS:
        one = sd.miettinen_nurminen(*DATA, weights=weights)
        other = sd.miettinen_nurminen(*more, weights=weights)
        assert one == other
    assert sd.score_heterogeneity_test(*more) == sd.score_heterogeneity_test(*DATA)
    assert sd.mantel_haenszel_sato(*more) == sd.mantel_haenszel_sato(*DATA)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_tiny_strata_with_full_cells(weights):
    result = sd.miettinen_nurminen(*SPARSE, weights=weights)
    assert -1 < result.ci_low < result.estimate < result.ci_high < 1
    nothing = sd.miettinen_nurminen([0, 0], [5, 8], [0, 0], [6, 9], weights=weights)
    assert nothing.estimate == pytest.approx(0, abs=1e-9)
    assert nothing.ci_low < 0 < nothing.ci_high
    test = sd.miettinen_nurminen_test([0, 0], [5, 8], [0, 0], [6, 9], weights=weights)
    assert (test.statistic, test.p_value, test.undefined) == (None, None, True)


def test_undefined():
    empty = ([0], [0], [1], [2])
    for result in (
        sd.miettinen_nurminen(*empty),
        sd.mantel_haenszel_sato(*empty),
        sd.miettinen_nurminen([], [], [], []),
    ):
        assert (result.estimate, result.ci_low, result.n, result.undefined) == (None, None, 0, True)
    assert sd.miettinen_nurminen_test(*empty).p_value is None
    one = sd.score_heterogeneity_test([3], [5], [2], [6])
    assert (one.statistic, one.p_value, one.df, one.undefined) == (None, None, 0, True)
    same = sd.score_heterogeneity_test([0, 0], [5, 6], [0, 0], [7, 8])
    assert (same.statistic, same.undefined) == (None, True)
    # a stratum without any event adds nothing when the common difference is 0
    flat = sd.score_heterogeneity_test([0, 2], [5, 4], [0, 2], [7, 4])
    assert flat.statistic == pytest.approx(0, abs=1e-12)
    assert flat.df == 1


def test_invalid_input():
    for function in (
        sd.miettinen_nurminen,
        sd.miettinen_nurminen_test,
        sd.mantel_haenszel_sato,
        sd.score_heterogeneity_test,
    ):
        with pytest.raises(ValueError, match="lengths differ: x1 2, n1 3"):
            function([1, 2], [4, 5, 6], [1, 1], [4, 4])
        with pytest.raises(ValueError, match="more successes than subjects"):
            function([5], [4], [1], [4])
        with pytest.raises(ValueError, match="n2 must be a count"):
            function([1], [4], [1], [-4])
        with pytest.raises(ValueError, match="must be a list"):
            function(1, 4, 1, 4)
    with pytest.raises(ValueError, match="weights must be one of"):
        sd.miettinen_nurminen(*DATA, weights="equal")
    with pytest.raises(ValueError, match="alternative"):
        sd.miettinen_nurminen_test(*DATA, alternative="bigger")
    with pytest.raises(ValueError, match="margin"):
        sd.miettinen_nurminen_test(*DATA, margin=2)
    with pytest.raises(ValueError, match="level"):
        sd.mantel_haenszel_sato(*DATA, level=0)
