import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import optimize, stats as scipy_stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from clinval.stats.comparison import paired_difference as pd

quick = settings(deadline=None, max_examples=60, derandomize=True)

INTERVALS = [pd.tango, pd.newcombe, pd.bonett_price]
cell = st.integers(0, 40)
tables = st.tuples(cell, cell, cell, cell).filter(any)
levels = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


def restricted_variance(n10, n01, n, d):
    """Maximise the trinomial likelihood on p10 - p01 = d; return the variance of the gap."""

    def minus_log_likelihood(p01):
        total = 0.0
        for k, p in ((n10, p01 + d), (n01, p01), (n - n10 - n01, 1 - 2 * p01 - d)):
            if k:
                total -= k * math.log(max(p, 1e-300))
        return total

    low, high = max(0.0, -d), (1 - d) / 2
    found = optimize.minimize_scalar(
        minus_log_likelihood, bounds=(low, high), method="bounded", options={"xatol": 1e-13}
    )
    p01 = min((low, high, found.x), key=minus_log_likelihood)
    return (2 * p01 + d - d * d) / n


def brute_statistic(table, d):
    _, n10, n01, _ = table
    n = sum(table)
    gap = (n10 - n01) / n - d
    variance = restricted_variance(n10, n01, n, d)
    return gap / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, gap)


TABLES = [(43, 0, 1, 0), (20, 12, 2, 16), (40, 0, 0, 0), (0, 9, 1, 0), (0, 5, 0, 0), (1, 1, 1, 1)]


@pytest.mark.parametrize("table", TABLES)
def test_tango_limits_solve_the_brute_force_equation(table):
    result = pd.tango(*table)
    z = scipy_stats.norm.ppf(0.975)

    def excess(d, side):
        return side * brute_statistic(table, d) - z

    for limit, side, end in ((result.ci_low, 1, -1), (result.ci_high, -1, 1)):
        near, far = result.estimate - side * 1e-9, end + side * 1e-9
        if excess(far, side) < 0:
            assert limit == end
        else:
            root = optimize.brentq(lambda d, s=side: excess(d, s), far, near, xtol=1e-12)
            assert limit == pytest.approx(root, abs=2e-7)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("margin", [-0.2, 0.05])
def test_nam_agrees_with_brute_force(table, margin):
    result = pd.nam_test(*table, margin=margin)
    assert result.statistic == pytest.approx(brute_statistic(table, margin), rel=1e-6)


def test_exact_coverage_of_tango():
    n, p10, p01 = 30, 0.2, 0.1
    coverage = 0.0
    for n10 in range(n + 1):
        for n01 in range(n + 1 - n10):
            weight = scipy_stats.multinomial.pmf([n10, n01, n - n10 - n01], n, [p10, p01, 0.7])
            if weight > 1e-7:
                result = pd.tango(n - n10 - n01, n10, n01, 0)
                coverage += weight * (result.ci_low <= p10 - p01 <= result.ci_high)
    assert 0.935 < coverage < 0.97


@quick
@given(tables, levels)
def test_newcombe_from_its_parts(table, level):
    n11, n10, n01, n00 = table
    n = sum(table)
    p1, p2 = (n11 + n10) / n, (n11 + n01) / n
    l1, u1 = proportion_confint(n11 + n10, n, 1 - level, method="wilson")
    l2, u2 = proportion_confint(n11 + n01, n, 1 - level, method="wilson")
    a = n11 * n00 - n10 * n01
    if a > n / 2:
        a -= n / 2
    elif a >= 0:
        a = 0
    product = (n11 + n10) * (n01 + n00) * (n11 + n01) * (n10 + n00)
    phi = a / math.sqrt(product) if product else 0.0
    down = (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2
    up = (u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2
    result = pd.newcombe(*table, level=level)
    assert result.ci_low == pytest.approx(p1 - p2 - math.sqrt(max(down, 0)), abs=1e-7)
    assert result.ci_high == pytest.approx(p1 - p2 + math.sqrt(max(up, 0)), abs=1e-7)


@quick
@given(tables)
def test_bonett_price_is_wald_on_added_pairs(table):
    _, n10, n01, _ = table
    # the sample variance of +1, -1, 0 after one pair is added to each discordant cell
    signs = np.repeat([1, -1, 0], [n10 + 1, n01 + 1, sum(table) - n10 - n01])
    half = 1.959963984540054 * signs.std() / math.sqrt(len(signs))
    result = pd.bonett_price(*table)
    assert result.ci_low == pytest.approx(signs.mean() - half, abs=1e-12)
    assert result.ci_high == pytest.approx(signs.mean() + half, abs=1e-12)
    assert result.estimate == (n10 - n01) / sum(table)


@quick
@given(tables)
def test_mcnemar_against_scipy_statsmodels_and_fractions(table):
    _, n10, n01, _ = table
    matrix = [[table[0], n10], [n01, table[3]]]
    exact, midp = pd.mcnemar_exact_test(*table).p_value, pd.mcnemar_midp_test(*table).p_value
    m, trials = min(n10, n01), n10 + n01
    if trials == 0:
        assert exact == midp == 1
        assert pd.mcnemar_test(*table).p_value is None
        return
    assert exact == pytest.approx(scipy_stats.binomtest(n10, trials).pvalue, rel=1e-9)
    below = sum(Fraction(math.comb(trials, k), 2**trials) for k in range(m))
    at = Fraction(math.comb(trials, m), 2**trials)
    assert midp == pytest.approx(float(min(1, 2 * (below + at / 2))), rel=1e-9)
    for continuity in (False, True):
        wanted = mcnemar(matrix, exact=False, correction=continuity)
        result = pd.mcnemar_test(*table, continuity=continuity)
        assert result.statistic == pytest.approx(wanted.statistic)
        assert result.p_value == pytest.approx(wanted.pvalue, rel=1e-9)
        assert result.df == 1


# --- properties ---------------------------------------------------------------------------


@quick
@given(tables, levels)
def test_interval_contains_the_estimate_and_stays_in_range(table, level):
    for function in (pd.tango, pd.newcombe):
        result = function(*table, level=level)
        assert -1 <= result.ci_low <= result.estimate <= result.ci_high <= 1
        assert result.n == sum(table)


@quick
@given(tables, levels)
def test_swapping_the_methods_mirrors_the_interval(table, level):
    n11, n10, n01, n00 = table
    for function in INTERVALS:
        one, other = function(*table, level=level), function(n11, n01, n10, n00, level=level)
        assert one.estimate == -other.estimate
        assert (one.ci_low, one.ci_high) == pytest.approx((-other.ci_high, -other.ci_low), abs=1e-9)


@quick
@given(tables, levels)
def test_counting_negatives_mirrors_the_interval(table, level):
    n11, n10, n01, n00 = table
    for function in INTERVALS:
        one, other = function(*table, level=level), function(n00, n01, n10, n11, level=level)
        assert (one.ci_low, one.ci_high) == pytest.approx((-other.ci_high, -other.ci_low), abs=1e-9)


@quick
@given(tables)
def test_a_higher_level_is_wider(table):
    for function in INTERVALS:
        inner, outer = function(*table, level=0.8), function(*table, level=0.95)
        assert outer.ci_low <= inner.ci_low + 1e-12
        assert inner.ci_high <= outer.ci_high + 1e-12


@quick
@given(tables, st.floats(-0.95, 0.95), st.sampled_from([0.01, 0.025, 0.05, 0.2]))
def test_nam_rejects_exactly_when_tango_excludes_the_margin(table, margin, alpha):
    limits = pd.tango(*table, level=1 - 2 * alpha)
    assume(min(abs(limits.ci_low - margin), abs(limits.ci_high - margin)) > 1e-9)
    greater = pd.nam_test(*table, margin=margin, alternative="greater")
    less = pd.nam_test(*table, margin=margin, alternative="less")
    both = pd.nam_test(*table, margin=margin, alternative="two-sided")
    if both.undefined:
        return
    assert (greater.p_value < alpha) == (limits.ci_low > margin)
    assert (less.p_value < alpha) == (limits.ci_high < margin)
    assert (both.p_value < 2 * alpha) == (not limits.ci_low <= margin <= limits.ci_high)


@quick
@given(tables)
def test_nam_without_a_margin_is_mcnemar(table):
    nam, test = pd.nam_test(*table, alternative="two-sided"), pd.mcnemar_test(*table)
    assert nam.undefined == test.undefined
    if not nam.undefined:
        assert nam.statistic**2 == pytest.approx(test.statistic)
        assert nam.p_value == pytest.approx(test.p_value)


# --- edges --------------------------------------------------------------------------------


def test_no_discordant_pair_has_a_width():
    # knowledge of the peers: Tango gives (-.0876, .0876) for 40 pairs, Wald (0, 0)
    result = pd.tango(40, 0, 0, 0)
    assert (result.ci_low, result.ci_high) == pytest.approx((-0.0876, 0.0876), abs=5e-5)
    assert pd.nam_test(40, 0, 0, 0).undefined
    assert pd.nam_test(40, 0, 0, 0, margin=-0.1).p_value < 0.025
    test = pd.mcnemar_test(40, 0, 0, 0)
    assert (test.estimate, test.statistic, test.p_value, test.undefined) == (0, None, None, True)


def test_one_pair():
    for table in ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)):
        for function in INTERVALS:
            result = function(*table)
            assert result.ci_low <= result.estimate <= result.ci_high
    assert pd.tango(0, 1, 0, 0).ci_high == 1
    assert pd.tango(0, 0, 1, 0).ci_low == -1


def test_no_pairs_are_undefined():
    for function in (*INTERVALS, pd.mcnemar_test):
        result = function(0, 0, 0, 0)
        assert (result.estimate, result.undefined) == (None, True)
        assert result.reason == "no pair"
    assert pd.nam_test(0, 0, 0, 0, margin=-0.1).p_value is None


def test_equal_discordant_counts_give_a_midp_of_one():
    assert pd.mcnemar_midp_test(3, 5, 5, 2).p_value == 1


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("value", [-1, 1.5, math.nan])
def test_invalid_counts(place, value):
    table = [3, 4, 5, 6]
    table[place] = value
    name = ("n11", "n10", "n01", "n00")[place]
    for function in (
        *INTERVALS,
        pd.nam_test,
        pd.mcnemar_test,
        pd.mcnemar_exact_test,
        pd.mcnemar_midp_test,
    ):
        with pytest.raises(ValueError, match=f"{name} must be a count"):
            function(*table)


def test_invalid_options():
    with pytest.raises(ValueError, match="level"):
        pd.tango(1, 2, 3, 4, level=1)
    with pytest.raises(ValueError, match="margin"):
        pd.nam_test(1, 2, 3, 4, margin=1.01)
    with pytest.raises(ValueError, match="alternative"):
        pd.nam_test(1, 2, 3, 4, alternative="superior")


def test_narrow_integers_do_not_wrap():
    wide = pd.newcombe(200, 100, 60, 90)
    assert pd.newcombe(*np.array([200, 100, 60, 90], dtype=np.uint8)) == wide
    for function in INTERVALS:
        with pytest.raises(ValueError, match="n10 must be one number"):
            function(3, [4], 5, 6)
        with pytest.raises(ValueError, match="too large"):
            function(3, 1e300, 5, 6)
