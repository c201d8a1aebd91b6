import math

import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.comparison.paired_odds_ratio import conditional_exact

quick = settings(deadline=None, max_examples=60, derandomize=True)
cell = st.integers(0, 40)
tables = st.tuples(cell, cell, cell, cell).filter(any)
levels = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


@quick
@given(tables, levels)
def test_agrees_with_the_binomial_interval_of_scipy(table, level):
    _, n10, n01, _ = table
    result = conditional_exact(*table, level=level)
    assert result.n == sum(table)
    if n10 + n01 == 0:
        assert (result.ci_low, result.ci_high) == (0, None)
        return
    wanted = scipy_stats.binomtest(n10, n10 + n01).proportion_ci(level, method="exact")
    low, high = (p / (1 - p) if p < 1 else math.inf for p in wanted)
    assert result.ci_low == pytest.approx(low, rel=1e-9)
    assert (math.inf if n01 == 0 else result.ci_high) == pytest.approx(high, rel=1e-9)
    # the limits put (1 - level)/2 into each tail
    tail = (1 - level) / 2
    if result.ci_low > 0:
        p = result.ci_low / (1 + result.ci_low)
        assert scipy_stats.binom.sf(n10 - 1, n10 + n01, p) == pytest.approx(tail, rel=1e-9)
    if result.ci_high is not None:
        p = result.ci_high / (1 + result.ci_high)
        assert scipy_stats.binom.cdf(n10, n10 + n01, p) == pytest.approx(tail, rel=1e-9)


@quick
@given(tables, levels)
def test_swapping_the_methods_inverts_the_interval(table, level):
    n11, n10, n01, n00 = table
    one, other = (
        conditional_exact(*table, level=level),
        conditional_exact(n00, n01, n10, n11, level=level),
    )
    for low, high in ((one.ci_low, other.ci_high), (other.ci_low, one.ci_high)):
        assert low == pytest.approx(1 / high if high else 0, rel=1e-12)
    if one.estimate is not None:
        assert one.ci_low <= one.estimate <= one.ci_high


def test_edges():
    none = conditional_exact(0, 0, 0, 0)
    assert (none.estimate, none.ci_low, none.reason) == (None, None, "no pair")
    alike = conditional_exact(5, 0, 0, 6)
    assert (alike.estimate, alike.ci_low, alike.ci_high) == (None, 0, None)
    assert alike.reason == "no discordant pair"
    infinite = conditional_exact(5, 4, 0, 6)
    assert (infinite.estimate, infinite.ci_high) == (None, None)
    assert infinite.reason == "the ratio is infinite"
    zero = conditional_exact(5, 0, 4, 6)
    assert (zero.estimate, zero.ci_low, zero.undefined) == (0, 0, False)
    many = conditional_exact(0, 10**6, 10**6, 0)
    assert many.ci_low == pytest.approx(math.exp(-1.959963984540054 * math.sqrt(2e-6)), rel=1e-5)


def test_invalid_input():
    for place, name in enumerate(("n11", "n10", "n01", "n00")):
        table = [3, 4, 5, 6]
        table[place] = 1.5
        with pytest.raises(ValueError, match=f"{name} must be a count"):
            conditional_exact(*table)
    with pytest.raises(ValueError, match="level"):
        conditional_exact(1, 2, 3, 4, level=0)
