import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.agreement import limits_of_agreement as la

quick = settings(deadline=None, max_examples=60, derandomize=True)
value = st.floats(0.5, 500).map(lambda x: round(x, 2))
pairs = st.lists(st.tuples(value, value), min_size=2, max_size=15).filter(
    lambda rows: (
        np.ptp([math.log(a / b) for a, b in rows]) > 0.01
        and np.ptp([a - b for a, b in rows]) > 0.01
    )
)
LIMITS = ("estimate", "ci_low", "ci_high", "loa_low", "loa_high")
OUTER = ("loa_low_ci_low", "loa_low_ci_high", "loa_high_ci_low", "loa_high_ci_high")


@quick
@given(pairs, st.sampled_from([0.9, 0.95]), st.sampled_from([0.8, 0.95]))
def test_bland_altman_from_the_standard_library(rows, level, coverage):
    test, reference = zip(*rows, strict=True)
    d = [a - b for a, b in rows]
    n, bias, sd = len(d), statistics.fmean(d), statistics.stdev(d)
    z = statistics.NormalDist().inv_cdf((1 + coverage) / 2)
    t = scipy_stats.t.ppf((1 + level) / 2, n - 1)
    result = la.bland_altman(test, reference, level=level, coverage=coverage)
    assert (result.n, result.level, result.coverage) == (n, level, coverage)
    assert (result.estimate, result.sd) == pytest.approx((bias, sd), abs=1e-9)
    assert result.ci_high == pytest.approx(bias + t * sd / math.sqrt(n), abs=1e-7)
    assert result.loa_low == pytest.approx(bias - z * sd, abs=1e-7)
    assert result.loa_high == pytest.approx(bias + z * sd, abs=1e-7)
    half = t * math.sqrt(sd**2 / n + z**2 * sd**2 / (2 * (n - 1)))
    wanted = (
        bias - z * sd - half,
        bias - z * sd + half,
        bias + z * sd - half,
        bias + z * sd + half,
    )
    assert tuple(getattr(result, name) for name in OUTER) == pytest.approx(wanted, abs=1e-7)


@quick
@given(pairs)
def test_log_ratio_is_bland_altman_of_logarithms(rows):
    test, reference = (np.array(column) for column in zip(*rows, strict=True))
    logs, result = la.bland_altman(np.log(test), np.log(reference)), la.log_ratio(test, reference)
    for name in (*LIMITS, *OUTER):
        assert getattr(result, name) == pytest.approx(math.exp(getattr(logs, name)), rel=1e-9)
    assert result.sd == pytest.approx(logs.sd)
    scaled = la.log_ratio(7 * test, 7 * reference)
    assert scaled.loa_high == pytest.approx(result.loa_high)


@quick
@given(pairs)
def test_swapping_the_methods_mirrors_the_limits(rows):
    test, reference = zip(*rows, strict=True)
    one, other = la.bland_altman(test, reference), la.bland_altman(reference, test)
    assert one.loa_low == pytest.approx(-other.loa_high)
    assert one.loa_low_ci_low == pytest.approx(-other.loa_high_ci_high)
    assert one.loa_low_ci_low <= one.loa_low <= one.estimate <= one.loa_high
    ratio, inverse = la.log_ratio(test, reference), la.log_ratio(reference, test)
    assert ratio.loa_low == pytest.approx(1 / inverse.loa_high)


def test_the_limits_hold_their_share_and_their_intervals_cover():
    rng = np.random.default_rng(21)
    inside, hits = [], 0
    for _ in range(1500):
        d = rng.normal(3, 2, 60)
        result = la.bland_altman(d + 10, np.full(60, 10.0))
        upper = 3 + 2 * 1.959963984540054
        hits += result.loa_high_ci_low <= upper <= result.loa_high_ci_high
        distribution = scipy_stats.norm(3, 2)
        inside.append(distribution.cdf(result.loa_high) - distribution.cdf(result.loa_low))
    # the share of normal differences between estimated limits follows from Student's t
    wanted = 2 * scipy_stats.t.cdf(1.959963984540054 / math.sqrt(1 + 1 / 60), 59) - 1
    assert np.mean(inside) == pytest.approx(wanted, abs=0.002)
    assert hits / 1500 == pytest.approx(0.95, abs=0.018)


def test_edges():
    same = la.bland_altman([1, 2, 3], [1, 2, 3])
    assert (same.estimate, same.sd, same.ci_low, same.loa_high) == (0, 0, 0, 0)
    assert not same.undefined
    # the same difference but for the last bit, the same ratio but for the last bit
    assert la.bland_altman([0.3, 0.5, 0.7], [0.2, 0.4, 0.6]).sd == 0
    assert la.log_ratio([0.1, 0.3, 0.7], [0.2, 0.6, 1.4]).sd == 0
    single = la.bland_altman([3], [2])
    assert (single.estimate, single.sd, single.loa_low, single.undefined) == (1, None, None, True)
    assert la.log_ratio([3], [2]).estimate == pytest.approx(1.5)
    none = la.log_ratio([], [])
    assert (none.estimate, none.n, none.undefined) == (None, 0, True)


def test_invalid_input():
    for function in (la.bland_altman, la.log_ratio):
        with pytest.raises(ValueError, match="lengths differ: test 3, reference 2"):
            function([1, 2, 3], [1, 2])
        with pytest.raises(ValueError, match="missing"):
            function([1, None], [1, 2])
        with pytest.raises(ValueError, match="level"):
            function([1, 2], [1, 3], level=95)
        with pytest.raises(ValueError, match="coverage must lie strictly between 0 and 1"):
            function([1, 2], [1, 3], coverage=1)
    with pytest.raises(ValueError, match="logarithm"):
        la.log_ratio([1, 2, 0], [1, 2, 3])


def test_ratios_too_large_for_a_number_have_no_value():
    result = la.log_ratio([1, 10], [1, 1], level=0.999)
    assert result.estimate == pytest.approx(math.sqrt(10))
    assert result.loa_high == pytest.approx(
        math.sqrt(10) * math.exp(1.959963984540054 * math.log(10) / math.sqrt(2))
    )
    assert (result.ci_high, result.loa_high_ci_high, result.loa_low_ci_high) == (None, None, None)
    assert result.undefined
    assert result.reason == "not a finite number"
