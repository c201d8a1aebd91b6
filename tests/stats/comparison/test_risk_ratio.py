import math

import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize, stats as scipy_stats

from clinval.stats.comparison import risk_ratio as rr

quick = settings(deadline=None, max_examples=60, derandomize=True)
SCORE = [rr.miettinen_nurminen, rr.koopman]
INTERVALS = [*SCORE, rr.katz]
TESTS = [rr.miettinen_nurminen_test, rr.koopman_test]


@st.composite
def tables(draw, largest=60, fewest=0):
    n1, n2 = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    x1 = draw(st.integers(min(fewest, n1), n1))
    return x1, n1, draw(st.integers(min(fewest, n2), n2)), n2


levels = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


# --- a second computation: the likelihood itself ------------------------------------------


def restricted(x1, n1, x2, n2, ratio):
    """Maximise the binomial likelihood on the line p1 = ratio p2."""

    def minus_log_likelihood(p2):
        total = 0.0
        for k, p in ((x1, ratio * p2), (n1 - x1, 1 - ratio * p2), (x2, p2), (n2 - x2, 1 - p2)):
            if k:
                total -= k * math.log(max(p, 1e-300))
        return total

    high = min(1.0, 1 / ratio)
    found = optimize.minimize_scalar(
        minus_log_likelihood, bounds=(0, high), method="bounded", options={"xatol": 1e-14}
    )
    best = min((0.0, high, found.x), key=minus_log_likelihood)
    return ratio * best, best


def brute_statistic(x1, n1, x2, n2, ratio, *, corrected):
    p1, p2 = restricted(x1, n1, x2, n2, ratio)
    variance = p1 * (1 - p1) / n1 + ratio**2 * p2 * (1 - p2) / n2
    if corrected:
        variance *= (n1 + n2) / (n1 + n2 - 1)
    gap = x1 / n1 - ratio * x2 / n2
    return gap / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, gap)


TABLES = [
    (56, 70, 48, 80),
    (7, 34, 1, 34),
    (0, 20, 5, 22),
    (5, 20, 0, 22),
    (10, 10, 20, 20),
    (10, 10, 3, 20),
    (3, 20, 20, 20),
    (173, 174, 169, 181),
]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("function", SCORE)
def test_score_limits_solve_the_brute_force_equation(function, table):
    corrected = function is rr.miettinen_nurminen
    result = function(*table)
    z = scipy_stats.norm.ppf(0.975)
    for limit, wanted in ((result.ci_low, z), (result.ci_high, -z)):
        if limit in (0, None):
            continue
        slope = [
            brute_statistic(*table, limit * factor, corrected=corrected) - wanted
            for factor in (1 - 1e-5, 1 + 1e-5)
        ]
        assert slope[0] > 0 > slope[1]
    if table[0] == 0:
        assert result.ci_low == 0
        assert brute_statistic(*table, 1e-6, corrected=corrected) > -z


@quick
@given(tables(largest=200), st.sampled_from([0.1, 0.8, 1.0, 1.25, 7.0]))
def test_score_tests_agree_with_brute_force(table, margin):
    for function in TESTS:
        corrected = function is rr.miettinen_nurminen_test
        greater = function(*table, margin=margin)
        wanted = brute_statistic(*table, margin, corrected=corrected)
        if greater.undefined:
            assert table[0] / table[1] == pytest.approx(margin * table[2] / table[3])
            continue
        assert greater.statistic == pytest.approx(wanted, rel=1e-5, abs=1e-9)
        p = {
            a: function(*table, margin=margin, alternative=a).p_value for a in ("less", "two-sided")
        }
        z = greater.statistic
        assert greater.p_value == pytest.approx(scipy_stats.norm.sf(z), rel=1e-12)
        assert p["less"] == pytest.approx(scipy_stats.norm.cdf(z), rel=1e-12)
        assert p["two-sided"] == pytest.approx(2 * scipy_stats.norm.sf(abs(z)), rel=1e-12)


@quick
@given(tables(largest=200, fewest=1), st.sampled_from([0.8, 1.0, 1.25]))
def test_koopman_s_test_is_a_pearson_chi_square(table, margin):
    x1, n1, x2, n2 = table
    result = rr.koopman_test(*table, margin=margin)
    expected = restricted(*table, margin)
    if result.undefined or max(expected) > 1 - 1e-9:
        return
    chi_square = sum(
        (x - n * p) ** 2 / (n * p * (1 - p))
        for x, n, p in zip((x1, x2), (n1, n2), expected, strict=True)
    )
    assert result.statistic**2 == pytest.approx(chi_square, rel=1e-4, abs=1e-8)


def test_size_at_the_margin():
    n1, n2, margin = 60, 45, 0.8
    p = {
        (a, b): rr.koopman_test(a, n1, b, n2, margin=margin).p_value
        for a in range(n1 + 1)
        for b in range(n2 + 1)
    }
    for p2 in (0.3, 0.6, 0.9):
        first = scipy_stats.binom.pmf(range(n1 + 1), n1, margin * p2)
        second = scipy_stats.binom.pmf(range(n2 + 1), n2, p2)
        size = sum(first[a] * second[b] for (a, b), value in p.items() if (value or 1) < 0.025)
        assert 0.018 < size < 0.034


@quick
@given(tables(fewest=1), levels)
def test_katz_agrees_with_scipy(table, level):
    x1, n1, x2, n2 = table
    result = rr.katz(*table, level=level)
    wanted = scipy_stats.contingency.relative_risk(x1, n1, x2, n2)
    assert result.estimate == pytest.approx(wanted.relative_risk, rel=1e-12)
    interval = wanted.confidence_interval(level)
    assert (result.ci_low, result.ci_high) == pytest.approx(tuple(interval), rel=1e-9)


def test_koopman_coverage():
    n1, n2 = 14, 18
    for p1, p2 in ((0.5, 0.5), (0.8, 0.4), (0.3, 0.6)):
        coverage = 0.0
        for a in range(n1 + 1):
            for b in range(n2 + 1):
                result = rr.koopman(a, n1, b, n2)
                high = math.inf if result.ci_high is None else result.ci_high
                weight = scipy_stats.binom.pmf(a, n1, p1) * scipy_stats.binom.pmf(b, n2, p2)
                coverage += weight * (result.ci_low <= p1 / p2 <= high)
        assert 0.93 < coverage < 0.98


# --- properties ---------------------------------------------------------------------------


@quick
@given(tables(), levels)
def test_interval_contains_the_estimate(table, level):
    for function in SCORE:
        result = function(*table, level=level)
        high = math.inf if result.ci_high is None else result.ci_high
        assert 0 <= result.ci_low < high
        assert (result.ci_high is None) == (table[2] == 0) == result.undefined
        if result.estimate is not None:
            assert result.ci_low <= result.estimate <= high
            assert result.estimate == pytest.approx(
                table[0] / table[1] / (table[2] / table[3]), rel=1e-14
            )
        assert result.n == table[1] + table[3]


@quick
@given(tables(fewest=1), levels)
def test_swapping_the_arms_inverts_the_interval(table, level):
    x1, n1, x2, n2 = table
    for function in INTERVALS:
        one, other = function(*table, level=level), function(x2, n2, x1, n1, level=level)
        assert one.estimate == pytest.approx(1 / other.estimate, rel=1e-14)
        assert one.ci_low == pytest.approx(1 / other.ci_high, rel=1e-11)
        assert one.ci_high == pytest.approx(1 / other.ci_low, rel=1e-11)


@quick
@given(tables())
def test_a_higher_level_and_the_small_sample_factor_widen(table):
    def ends(result):
        return result.ci_low, math.inf if result.ci_high is None else result.ci_high

    inner, outer = (ends(rr.koopman(*table, level=level)) for level in (0.8, 0.95))
    corrected = ends(rr.miettinen_nurminen(*table))
    for wide, narrow in ((outer, inner), (corrected, outer)):
        assert wide[0] <= narrow[0] * (1 + 1e-12)
        assert wide[1] >= narrow[1] * (1 - 1e-12)


def test_large_counts():
    score, katz = rr.koopman(8500, 10**7, 8400, 10**7), rr.katz(8500, 10**7, 8400, 10**7)
    assert score.ci_low == pytest.approx(katz.ci_low, rel=1e-5)
    assert score.ci_high == pytest.approx(katz.ci_high, rel=1e-5)
    far = rr.koopman(10**6, 10**6, 1, 10**6)
    assert far.ci_low < far.estimate == 10**6 < far.ci_high


# --- edges --------------------------------------------------------------------------------


def test_all_succeed():
    # statsmodels gives a lower limit of 1, which would pass any margin
    result = rr.miettinen_nurminen(10, 10, 20, 20)
    assert (result.ci_low, result.ci_high) == pytest.approx((0.7156, 1.1987), abs=5e-5)
    flat = rr.katz(10, 10, 20, 20)
    assert (flat.ci_low, flat.estimate, flat.ci_high) == (1, 1, 1)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ((5, 10, 0, 20), "the ratio is infinite"),
        ((10, 10, 0, 20), "the ratio is infinite"),
        ((0, 10, 0, 20), "the ratio is 0/0"),
    ],
)
def test_no_success_in_the_reference_arm(table, reason):
    for function in SCORE:
        result = function(*table)
        assert (result.estimate, result.ci_high, result.reason) == (None, None, reason)
        assert (result.ci_low > 0) == (table[0] > 0)
    katz = rr.katz(*table)
    assert (katz.estimate, katz.ci_low, katz.ci_high, katz.reason) == (None, None, None, reason)


def test_no_success_in_the_test_arm():
    katz = rr.katz(0, 10, 5, 20)
    assert (katz.estimate, katz.ci_low, katz.ci_high, katz.undefined) == (0, None, None, True)
    score = rr.koopman(0, 10, 5, 20)
    assert (score.estimate, score.ci_low, score.undefined) == (0, 0, False)


@pytest.mark.parametrize("function", TESTS)
def test_tests_at_their_edges(function):
    for table in ((0, 0, 3, 5), (3, 5, 0, 0), (0, 0, 0, 0)):
        empty = function(*table)
        assert (empty.statistic, empty.p_value) == (None, None)
        assert empty.reason == "an arm has no subject"
    for table, margin in (((0, 10, 0, 20), 0.5), ((10, 10, 20, 20), 1)):
        flat = function(*table, margin=margin)
        assert (flat.p_value, flat.reason) == (None, "the variance under the null hypothesis is 0")
    assert function(10, 10, 20, 20, margin=0.5).p_value < 0.01
    assert function(0, 10, 15, 20, margin=0.5).p_value > 0.99
    huge = function(850_000_000, 10**9, 849_950_000, 10**9)
    assert huge.statistic == pytest.approx(3.131, abs=1e-3)
    for margin in (0, -1, math.inf, math.nan, None, "x", [1]):
        with pytest.raises(ValueError, match="margin"):
            function(1, 2, 1, 2, margin=margin)
    with pytest.raises(ValueError, match="alternative"):
        function(1, 2, 1, 2, alternative="bigger")
    with pytest.raises(ValueError, match="x1 is 11, more than n1"):
        function(11, 10, 3, 10)


@pytest.mark.parametrize("function", INTERVALS)
def test_an_empty_arm_is_undefined(function):
    for table in ((0, 0, 3, 5), (3, 5, 0, 0), (0, 0, 0, 0)):
        result = function(*table)
        assert (result.estimate, result.ci_low, result.ci_high) == (None, None, None)
        assert result.reason == "an arm has no subject"


@pytest.mark.parametrize("function", INTERVALS)
def test_invalid_input(function):
    with pytest.raises(ValueError, match="x1 is 11, more than n1"):
        function(11, 10, 3, 10)
    with pytest.raises(ValueError, match="x2 must be a count"):
        function(1, 10, -3, 10)
    with pytest.raises(ValueError, match="n2 must be a count"):
        function(1, 10, 3, math.nan)
    with pytest.raises(ValueError, match="level"):
        function(1, 10, 3, 10, level=1)
