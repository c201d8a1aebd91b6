import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import optimize, stats as scipy_stats
from statsmodels.stats.proportion import confint_proportions_2indep

from clinval.stats.comparison import risk_difference as rd

quick = settings(deadline=None, max_examples=60, derandomize=True)

SCORE = [rd.miettinen_nurminen, rd.farrington_manning]
BOUNDED = [*SCORE, rd.newcombe]
INTERVALS = [*BOUNDED, rd.agresti_caffo, rd.wald]
TESTS = {
    rd.miettinen_nurminen_test: rd.miettinen_nurminen,
    rd.farrington_manning_test: rd.farrington_manning,
}


@st.composite
def tables(draw, largest=60):
    n1, n2 = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    return draw(st.integers(0, n1)), n1, draw(st.integers(0, n2)), n2


levels = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


# --- a second computation: the likelihood itself ------------------------------------------


def restricted(x1, n1, x2, n2, d):
    """Maximise the binomial likelihood on the line p1 - p2 = d by golden section."""

    def log_likelihood(p2):
        total = 0.0
        for k, p in ((x1, p2 + d), (n1 - x1, 1 - p2 - d), (x2, p2), (n2 - x2, 1 - p2)):
            if k:
                total += k * math.log(max(p, 1e-300))
        return total

    low, high = max(0.0, -d), min(1.0, 1.0 - d)
    found = optimize.minimize_scalar(
        lambda p: -log_likelihood(p), bounds=(low, high), method="bounded", options={"xatol": 1e-13}
    )
    best = max((low, high, found.x), key=log_likelihood)
    return best + d, best


def brute_statistic(x1, n1, x2, n2, d, *, corrected):
    p1, p2 = restricted(x1, n1, x2, n2, d)
    variance = p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2
    if corrected:
        variance *= (n1 + n2) / (n1 + n2 - 1)
    gap = x1 / n1 - x2 / n2 - d
    return gap / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, gap)


TABLES = [
    (56, 70, 48, 80),
    (9, 10, 3, 10),
    (10, 10, 0, 20),
    (0, 10, 0, 20),
    (10, 10, 20, 20),
    (1, 3, 0, 2),
    (173, 174, 169, 181),
]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("function", SCORE)
def test_score_limits_solve_the_brute_force_equation(function, table):
    corrected = function is rd.miettinen_nurminen
    result = function(*table)
    z = scipy_stats.norm.ppf(0.975)

    def excess(d, side):
        return side * brute_statistic(*table, d, corrected=corrected) - z

    estimate = table[0] / table[1] - table[2] / table[3]
    for limit, side, end in ((result.ci_low, 1, -1), (result.ci_high, -1, 1)):
        near, far = estimate - side * 1e-9, end + side * 1e-9
        if excess(far, side) < 0:
            assert limit == end
        else:
            root = optimize.brentq(lambda d, s=side: excess(d, s), far, near, xtol=1e-12)
            assert limit == pytest.approx(root, abs=2e-7)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("margin", [-0.2, -0.05, 0.1])
def test_score_tests_agree_with_brute_force(table, margin):
    for function, corrected in (
        (rd.miettinen_nurminen_test, True),
        (rd.farrington_manning_test, False),
    ):
        result = function(*table, margin=margin, alternative="less")
        wanted = brute_statistic(*table, margin, corrected=corrected)
        assert result.statistic == pytest.approx(wanted, rel=1e-6)
        assert result.p_value == pytest.approx(scipy_stats.norm.cdf(wanted), rel=1e-5)


def test_farrington_manning_is_not_the_wrong_number_of_statsmodels():
    # statsmodels issue 10269: 1.40311 and 5.4700 were computed from a wrong cubic
    wanted = {(85, 100, 88, 100): 1.41930, (173, 174, 169, 181): 5.5513}
    for table, statistic in wanted.items():
        result = rd.farrington_manning_test(*table, margin=-0.1)
        assert result.statistic == pytest.approx(statistic, abs=6e-5)


@quick
@given(tables(), levels)
def test_closed_forms_agree_with_statsmodels(table, level):
    for function, name in (
        (rd.newcombe, "newcomb"),
        (rd.agresti_caffo, "agresti-caffo"),
        (rd.wald, "wald"),
    ):
        result = function(*table, level=level)
        wanted = confint_proportions_2indep(
            *table, compare="diff", method=name, alpha=1 - level, correction=False
        )
        assert (result.ci_low, result.ci_high) == pytest.approx(wanted, abs=1e-9)


def test_exact_coverage_of_the_score_intervals():
    n1, n2 = 12, 15
    for function in SCORE:
        limits = {
            (a, b): function(a, n1, b, n2)
            for a, b in itertools.product(range(n1 + 1), range(n2 + 1))
        }
        for p1, p2 in ((0.5, 0.5), (0.8, 0.6), (0.9, 0.2)):
            weights = np.outer(
                scipy_stats.binom.pmf(range(n1 + 1), n1, p1),
                scipy_stats.binom.pmf(range(n2 + 1), n2, p2),
            )
            coverage = sum(
                weights[key]
                for key, result in limits.items()
                if result.ci_low <= p1 - p2 <= result.ci_high
            )
            assert 0.93 < coverage < 0.98


# --- properties ---------------------------------------------------------------------------


@quick
@given(tables(), levels)
def test_interval_contains_the_estimate_and_stays_in_range(table, level):
    for function in BOUNDED:
        result = function(*table, level=level)
        assert -1 <= result.ci_low <= result.estimate <= result.ci_high <= 1
        assert result.estimate == pytest.approx(table[0] / table[1] - table[2] / table[3])
        assert result.n == table[1] + table[3]


@quick
@given(tables(), levels)
def test_swapping_the_arms_mirrors_the_interval(table, level):
    x1, n1, x2, n2 = table
    for function in INTERVALS:
        one, other = function(*table, level=level), function(x2, n2, x1, n1, level=level)
        assert one.estimate == pytest.approx(-other.estimate, abs=1e-15)
        assert (one.ci_low, one.ci_high) == pytest.approx((-other.ci_high, -other.ci_low), abs=1e-9)


@quick
@given(tables(), levels)
def test_counting_failures_mirrors_the_interval(table, level):
    x1, n1, x2, n2 = table
    for function in INTERVALS:
        one, other = function(*table, level=level), function(n1 - x1, n1, n2 - x2, n2, level=level)
        assert (one.ci_low, one.ci_high) == pytest.approx((-other.ci_high, -other.ci_low), abs=1e-9)


@quick
@given(tables())
def test_a_higher_level_is_wider(table):
    for function in INTERVALS:
        inner, outer = function(*table, level=0.8), function(*table, level=0.95)
        assert outer.ci_low <= inner.ci_low + 1e-12
        assert inner.ci_high <= outer.ci_high + 1e-12


@quick
@given(tables())
def test_the_small_sample_factor_widens(table):
    plain, corrected = rd.farrington_manning(*table), rd.miettinen_nurminen(*table)
    assert corrected.ci_low <= plain.ci_low + 1e-12
    assert plain.ci_high <= corrected.ci_high + 1e-12


@quick
@given(tables(), st.floats(-0.95, 0.95), st.sampled_from([0.01, 0.025, 0.05, 0.2]))
def test_a_test_rejects_exactly_when_its_interval_excludes_the_margin(table, margin, alpha):
    for test, interval in TESTS.items():
        limits = interval(*table, level=1 - 2 * alpha)
        assume(min(abs(limits.ci_low - margin), abs(limits.ci_high - margin)) > 1e-9)
        greater = test(*table, margin=margin, alternative="greater")
        less = test(*table, margin=margin, alternative="less")
        both = test(*table, margin=margin, alternative="two-sided")
        if both.undefined:
            continue
        assert (greater.p_value < alpha) == (limits.ci_low > margin)
        assert (less.p_value < alpha) == (limits.ci_high < margin)
        assert (both.p_value < 2 * alpha) == (not limits.ci_low <= margin <= limits.ci_high)
        assert greater.p_value + less.p_value == pytest.approx(1)
        assert both.p_value == pytest.approx(2 * min(greater.p_value, less.p_value))


def test_large_counts():
    result = rd.miettinen_nurminen(850_000, 1_000_000, 849_000, 1_000_000)
    wald = rd.wald(850_000, 1_000_000, 849_000, 1_000_000)  # the same to first order
    assert result.ci_low == pytest.approx(wald.ci_low, abs=1e-8)
    assert result.ci_high == pytest.approx(wald.ci_high, abs=1e-8)


# --- edges --------------------------------------------------------------------------------


def test_arms_without_events_have_a_width():
    result = rd.miettinen_nurminen(0, 10, 0, 20)
    # the reference set of the statistics: (-.165760, .284381)
    assert (result.ci_low, result.ci_high) == pytest.approx((-0.165760, 0.284381), abs=1e-6)
    assert result.estimate == 0
    assert not result.undefined


@pytest.mark.parametrize("function", INTERVALS)
def test_one_subject_an_arm(function):
    for x1, x2 in itertools.product((0, 1), repeat=2):
        result = function(x1, 1, x2, 1)
        assert result.estimate == x1 - x2
        assert result.ci_low <= result.ci_high


@pytest.mark.parametrize("function", INTERVALS)
@pytest.mark.parametrize("table", [(0, 0, 3, 5), (3, 5, 0, 0), (0, 0, 0, 0)])
def test_an_empty_arm_is_undefined(function, table):
    result = function(*table)
    assert (result.estimate, result.ci_low, result.ci_high) == (None, None, None)
    assert result.undefined
    assert result.reason == "an arm has no subject"
    assert rd.miettinen_nurminen_test(*table).p_value is None


@pytest.mark.parametrize("function", list(TESTS))
def test_no_variance_under_the_null_hypothesis_is_undefined(function):
    for table in ((0, 10, 0, 20), (10, 10, 20, 20)):
        result = function(*table, margin=0)
        assert (result.statistic, result.p_value, result.undefined) == (None, None, True)
        assert function(*table, margin=-0.1).statistic > 0


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ((11, 10, 3, 10), "x1 is 11, more than n1, which is 10"),
        ((1, 10, 30, 10), "x2 is 30, more than n2"),
        ((-1, 10, 3, 10), "x1 must be a count"),
        ((1, 10, 2.5, 10), "x2 must be a count"),
        ((1, math.nan, 2, 10), "n1 must be a count"),
        ((1, 10, 2, math.inf), "n2 must be a count"),
    ],
)
def test_invalid_counts(table, message):
    for function in (*INTERVALS, *TESTS):
        with pytest.raises(ValueError, match=message):
            function(*table)


@pytest.mark.parametrize("level", [0, 1, -0.1, 95, math.nan])
def test_invalid_level(level):
    for function in INTERVALS:
        with pytest.raises(ValueError, match="level must lie strictly between 0 and 1"):
            function(1, 2, 1, 2, level=level)


def test_invalid_options():
    for function in TESTS:
        with pytest.raises(ValueError, match="alternative must be one of greater, less, two-sided"):
            function(1, 2, 1, 2, alternative="bigger")
        with pytest.raises(ValueError, match="margin must lie between -1 and 1"):
            function(1, 2, 1, 2, margin=-10)
        with pytest.raises(ValueError, match="margin"):
            function(1, 2, 1, 2, margin=math.nan)
