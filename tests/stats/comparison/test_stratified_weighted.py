import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import proportion_confint

from clinval.stats.comparison import risk_difference, stratified_difference as sd

quick = settings(deadline=None, max_examples=60, derandomize=True)
DATA = ([4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33])
HYBRID = [sd.newcombe_effective_n, sd.newcombe_yan_su]
ALL = [*HYBRID, sd.mantel_haenszel_wald, sd.tdas, sd.summary_score]
SYMMETRIC = [*HYBRID, sd.mantel_haenszel_wald, sd.tdas]
levels = st.sampled_from([0.5, 0.8, 0.95, 0.99])


@st.composite
def strata(draw, most=5, largest=30):
    rows = []
    for _ in range(draw(st.integers(1, most))):
        n1, n2 = draw(st.integers(1, largest)), draw(st.integers(1, largest))
        rows.append((draw(st.integers(0, n1)), n1, draw(st.integers(0, n2)), n2))
    return tuple(map(list, zip(*rows, strict=True)))


def weights(data):
    w = [n1 * n2 / (n1 + n2) for _, n1, _, n2 in zip(*data, strict=True)]
    return [value / sum(w) for value in w]


def differences(data):
    return [x1 / n1 - x2 / n2 for x1, n1, x2, n2 in zip(*data, strict=True)]


# --- a second computation: stratum by stratum, and other libraries --------------------------


@quick
@given(strata(), levels)
def test_the_estimate_is_the_weighted_mean(data, level):
    mean = sum(w * d for w, d in zip(weights(data), differences(data), strict=True))
    for function in SYMMETRIC:
        assert function(*data, level=level).estimate == pytest.approx(mean, abs=1e-13)
        assert function(*data, level=level).n == sum(data[1]) + sum(data[3])


@quick
@given(strata(), levels)
def test_wald_by_stratum(data, level):
    result = sd.mantel_haenszel_wald(*data, level=level)
    z = scipy_stats.norm.ppf((1 + level) / 2)
    variance = 0.0
    for w, row in zip(weights(data), zip(*data, strict=True), strict=True):
        own = risk_difference.wald(*row, level=level)
        variance += w**2 * ((own.ci_high - own.ci_low) / (2 * z)) ** 2
    assert result.se == pytest.approx(math.sqrt(variance), abs=1e-12)
    assert result.ci_high - result.estimate == pytest.approx(z * result.se, abs=1e-12)
    assert result.estimate - result.ci_low == pytest.approx(z * result.se, abs=1e-12)


@quick
@given(strata().filter(lambda data: len(data[0]) > 1), levels)
def test_tdas_is_a_weighted_regression_on_a_constant(data, level):
    result = sd.tdas(*data, level=level)
    d = np.array(differences(data))
    fit = sm.WLS(d, np.ones(len(d)), weights=weights(data)).fit()
    low, high = fit.conf_int(1 - level)[0]
    assert (result.ci_low, result.ci_high) == pytest.approx((low, high), abs=1e-9)


@quick
@given(strata(), levels)
def test_hybrid_intervals_by_stratum(data, level):
    z = scipy_stats.norm.ppf((1 + level) / 2)
    w = np.array(weights(data))
    arms = [(np.array(data[i], float), np.array(data[i + 1], float)) for i in (0, 2)]
    inverse = [np.sum(w**2 / n) for _, n in arms]
    effective = [
        proportion_confint(np.sum(w * x / n) / lam, 1 / lam, 1 - level, method="wilson")
        for (x, n), lam in zip(arms, inverse, strict=True)
    ]
    _check_hybrid(sd.newcombe_effective_n(*data, level=level), inverse, effective, z)
    result = sd.newcombe_yan_su(*data, level=level)
    yan_su = []
    for x, n in arms:
        v = x / n * (1 - x / n) / n
        if not v.any():
            assert (result.ci_low, result.ci_high, result.undefined) == (None, None, True)
            assert result.reason == "an arm varies in no stratum"
            return
        narrower = z * math.sqrt(np.sum(w**2 * v)) / np.sum(w * np.sqrt(v))
        low, high = proportion_confint(x, n, 2 * scipy_stats.norm.sf(narrower), method="wilson")
        yan_su.append((np.sum(w * low), np.sum(w * high)))
    _check_hybrid(result, inverse, yan_su, z)


def _check_hybrid(result, inverse, limits, z):
    (l1, u1), (l2, u2) = np.clip(limits, 0, 1)
    down = z * math.sqrt(inverse[0] * l1 * (1 - l1) + inverse[1] * u2 * (1 - u2))
    up = z * math.sqrt(inverse[0] * u1 * (1 - u1) + inverse[1] * l2 * (1 - l2))
    assert result.ci_low == pytest.approx(result.estimate - down, abs=1e-7)
    assert result.ci_high == pytest.approx(result.estimate + up, abs=1e-7)


@quick
@given(strata(), levels)
def test_summary_score_from_the_intervals_of_strata(data, level):
    z = scipy_stats.norm.ppf((1 + level) / 2)
    own = [risk_difference.miettinen_nurminen(*row, level=level) for row in zip(*data, strict=True)]
    precision = [(2 * z / (r.ci_high - r.ci_low)) ** 2 for r in own]
    middle = [(r.ci_low + r.ci_high) / 2 for r in own]
    result = sd.summary_score(*data, level=level)
    wanted = sum(p * m for p, m in zip(precision, middle, strict=True)) / sum(precision)
    assert result.estimate == pytest.approx(wanted, abs=1e-12)
    assert result.se == pytest.approx(1 / math.sqrt(sum(precision)), rel=1e-10)
    assert result.ci_high - result.ci_low == pytest.approx(2 * z * result.se, rel=1e-10)


def test_coverage():
    rng = np.random.default_rng(9)
    n1, n2 = np.array([40, 60, 30, 50]), np.array([50, 50, 40, 45])
    p2 = np.array([0.3, 0.5, 0.4, 0.6])
    draws = 800
    inside = dict.fromkeys(ALL, 0)
    for _ in range(draws):
        data = rng.binomial(n1, p2 + 0.15), n1, rng.binomial(n2, p2), n2
        for function in ALL:
            result = function(*data)
            inside[function] += result.ci_low <= 0.15 <= result.ci_high
    for function, times in inside.items():
        assert 0.925 < times / draws < 0.975, function  # three standard errors


# --- properties ---------------------------------------------------------------------------


@quick
@given(strata(), levels)
def test_swapping_the_arms_and_counting_failures_mirror(data, level):
    x1, n1, x2, n2 = data
    failures = [a - b for a, b in zip(n1, x1, strict=True)], n1
    failures = (*failures, [a - b for a, b in zip(n2, x2, strict=True)], n2)
    for function in ALL:
        one = function(*data, level=level)
        for other in (function(x2, n2, x1, n1, level=level), function(*failures, level=level)):
            assert one.undefined == other.undefined
            assert one.estimate == pytest.approx(-other.estimate, abs=1e-11)
            if not one.undefined:
                assert one.ci_low == pytest.approx(-other.ci_high, abs=1e-7)


@quick
@given(strata(), levels)
def test_limits_enclose_the_estimate(data, level):
    for function in ALL:
        result = function(*data, level=level)
        if not result.undefined:
            assert result.ci_low <= result.estimate <= result.ci_high
    low, high = (
        getattr(sd.newcombe_effective_n(*data, level=level), name) for name in ("ci_low", "ci_high")
    )
    assert low >= -1 - 1e-12
    assert high <= 1 + 1e-12


@quick
@given(strata(most=1), levels)
def test_one_stratum(data, level):
    row = [column[0] for column in data]
    newcombe = risk_difference.newcombe(*row, level=level)
    for function in HYBRID:
        result = function(*data, level=level)
        if not result.undefined:
            assert result.ci_low == pytest.approx(newcombe.ci_low, abs=1e-7)
            assert result.ci_high == pytest.approx(newcombe.ci_high, abs=1e-7)
    wald = risk_difference.wald(*row, level=level)
    result = sd.mantel_haenszel_wald(*data, level=level)
    assert (result.ci_low, result.ci_high) == pytest.approx((wald.ci_low, wald.ci_high), abs=1e-12)
    score = risk_difference.miettinen_nurminen(*row, level=level)
    result = sd.summary_score(*data, level=level)
    assert (result.ci_low, result.ci_high) == pytest.approx((score.ci_low, score.ci_high))
    tdas = sd.tdas(*data, level=level)
    assert (tdas.estimate, tdas.ci_low) == (pytest.approx(wald.estimate, abs=1e-15), None)
    assert tdas.reason == "fewer than two strata with subjects in both arms"


@quick
@given(strata(most=1), st.integers(2, 5), levels)
def test_equal_strata_are_one_large_stratum(data, times, level):
    row = [column[0] for column in data]
    pooled = risk_difference.newcombe(*(times * value for value in row), level=level)
    for function in HYBRID:
        result = function(*([value] * times for value in row), level=level)
        if not result.undefined:
            assert result.ci_low == pytest.approx(pooled.ci_low, abs=1e-7)
            assert result.ci_high == pytest.approx(pooled.ci_high, abs=1e-7)


# --- edges --------------------------------------------------------------------------------


def test_strata_with_an_empty_arm_are_dropped():
    more = ([4, 6, 1, 10, 0], [16, 16, 34, 34, 0], [5, 10, 4, 11, 1], [15, 17, 33, 33, 2])
    for function in ALL:
        assert function(*more) == function(*DATA)
        for empty in (([0], [0], [1], [2]), ([], [], [], [])):
            result = function(*empty)
            assert (result.estimate, result.ci_low, result.n) == (None, None, 0)
            assert result.reason == "no stratum has subjects in both arms"


def test_nothing_varies():
    flat = ([5, 3], [5, 3], [4, 2], [4, 2])
    wald = sd.mantel_haenszel_wald(*flat)
    assert (wald.se, wald.ci_low, wald.ci_high) == (0, 0, 0)
    tdas = sd.tdas(*flat)
    assert (tdas.ci_low, tdas.ci_high) == (0, 0)
    assert sd.newcombe_yan_su(*flat).undefined
    for function in (sd.newcombe_effective_n, sd.summary_score):
        result = function(*flat)
        assert result.ci_low < 0 < result.ci_high
        assert not result.undefined


def test_many_strata():
    rng = np.random.default_rng(6)
    n1, n2 = rng.integers(1, 6, 3000), rng.integers(1, 6, 3000)
    data = rng.binomial(n1, 0.6), n1, rng.binomial(n2, 0.5), n2
    for function in (sd.mantel_haenszel_wald, sd.newcombe_effective_n, sd.tdas):
        result = function(*data)
        assert 0.05 < result.ci_low < result.ci_high < 0.15


def test_next_to_no_level_and_next_to_no_variation():
    huge = ([10**9], [10**9], [8 * 10**8], [8 * 10**8])
    hybrid = sd.newcombe_effective_n(*huge, level=1e-6)
    assert hybrid.ci_low <= 0 <= hybrid.ci_high
    score = sd.summary_score(*huge, level=1e-12)
    assert (score.estimate, score.ci_low, score.reason) == (None, None, "not a finite number")


@pytest.mark.parametrize("function", ALL)
def test_invalid_input(function):
    with pytest.raises(ValueError, match="lengths differ: x1 2, n1 3"):
        function([1, 2], [4, 5, 6], [1, 1], [4, 4])
    with pytest.raises(ValueError, match="more successes than subjects"):
        function([5], [4], [1], [4])
    with pytest.raises(ValueError, match="n2 must be a count"):
        function([1], [4], [1], [-4])
    with pytest.raises(ValueError, match="level"):
        function(*DATA, level=1)
