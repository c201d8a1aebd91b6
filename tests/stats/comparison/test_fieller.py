import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.comparison import mean_ratio as mr

quick = settings(deadline=None, max_examples=80, derandomize=True)
value = st.floats(1, 100).map(lambda x: round(x, 2))
samples = st.lists(value, min_size=2, max_size=12).filter(lambda v: max(v) - min(v) > 0.5)
pairs = st.lists(st.tuples(value, value), min_size=3, max_size=12)


def _roots(a, b, c):
    return sorted((-b + sign * math.sqrt(b * b - 4 * a * c)) / (2 * a) for sign in (-1, 1))


@quick
@given(samples, samples, st.sampled_from([0.8, 0.95]))
def test_independent_limits_are_the_roots_of_the_quadratic(test, reference, level):
    n1, n2 = len(test), len(reference)
    pooled = (np.var(test) * n1 + np.var(reference) * n2) / (n1 + n2 - 2)
    t = scipy_stats.t.ppf((1 + level) / 2, n1 + n2 - 2)
    m1, m2, v1, v2 = np.mean(test), np.mean(reference), pooled / n1, pooled / n2
    result = mr.fieller(test, reference, level=level)
    assert result.estimate == pytest.approx(m1 / m2)
    assert result.g == pytest.approx(t**2 * v2 / m2**2)
    assert result.df == n1 + n2 - 2
    if result.g < 0.999:
        wanted = _roots(m2**2 - t**2 * v2, -2 * m1 * m2, m1**2 - t**2 * v1)
        assert [result.ci_low, result.ci_high] == pytest.approx(wanted, rel=1e-6, abs=1e-8)
        assert result.ci_low <= result.estimate <= result.ci_high
    elif result.g >= 1:
        assert (result.ci_low, result.undefined) == (None, True)


@quick
@given(pairs, st.sampled_from([0.8, 0.95]))
def test_a_paired_limit_is_where_the_t_test_of_the_ratio_turns(rows, level):
    test, reference = (np.array(column) for column in zip(*rows, strict=True))
    assume(np.ptp(test / reference) > 0.05)
    result = mr.fieller_paired(test, reference, level=level)
    assume(not result.undefined)
    t = scipy_stats.t.ppf((1 + level) / 2, len(rows) - 1)
    for ratio, sign in ((result.ci_low, 1), (result.ci_high, -1)):
        beside = test - ratio * reference
        statistic = beside.mean() / (beside.std(ddof=1) / math.sqrt(len(rows)))
        assert statistic == pytest.approx(sign * t, rel=1e-6)
    assert result.ci_low <= result.estimate <= result.ci_high


@quick
@given(samples, samples, st.floats(0.01, 100))
def test_units(test, reference, unit):
    one = mr.fieller(test, reference)
    scaled = mr.fieller(unit * np.array(test), unit * np.array(reference))
    assert scaled.estimate == pytest.approx(one.estimate)
    assert scaled.g == pytest.approx(one.g, rel=1e-6)
    if one.g < 0.99:
        mirrored = mr.fieller(test, -np.array(reference))
        assert mirrored.ci_low == pytest.approx(-one.ci_high, rel=1e-6)


def test_coverage_by_simulation():
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(2000):
        result = mr.fieller(rng.normal(6, 2, 12), rng.normal(10, 2, 15))
        hits += result.ci_low <= 0.6 <= result.ci_high
    assert 0.938 < hits / 2000 < 0.962  # 2.5 standard errors


def test_constant_values_and_means_of_0():
    flat = mr.fieller([2, 2], [4, 4, 4])
    assert (flat.estimate, flat.ci_low, flat.ci_high, flat.g) == (0.5, 0.5, 0.5, 0)
    # the same ratio but for the last bit
    paired = mr.fieller_paired([0.6, 0.7, 0.8, 0.7], [1.2, 1.4, 1.6, 1.4])
    assert paired.ci_low == paired.ci_high == paired.estimate == 0.5
    assert paired.g > 0
    nothing = mr.fieller_paired([1, 2], [-1.1, 1.1])
    assert (nothing.estimate, nothing.g, nothing.reason) == (None, None, "the reference mean is 0")
    zero = mr.fieller([-1, 1, 0], [4, 5, 6])
    assert zero.estimate == 0
    assert zero.ci_low == pytest.approx(-zero.ci_high)


def test_too_few():
    assert mr.fieller([], [1, 2]).reason == "an arm has no subject"
    assert mr.fieller_paired([], []).estimate is None
    single = mr.fieller_paired([1], [2])
    assert (single.estimate, single.ci_low, single.reason) == (0.5, None, "fewer than two pairs")
    assert mr.fieller([1], [2]).reason == "too few subjects for a pooled variance"
    wide = mr.fieller_paired([1, 2, 3], [-4, 1, 5])
    assert wide.g > 1
    assert wide.reason == "the reference mean does not differ from 0"


def test_invalid_input():
    for function in (mr.fieller, mr.fieller_paired):
        with pytest.raises(ValueError, match="test holds a missing"):
            function([1, None], [1, 2])
        with pytest.raises(ValueError, match="level"):
            function([1, 2], [1, 2], level=0)
    with pytest.raises(ValueError, match="lengths differ"):
        mr.fieller_paired([1, 2], [1])
