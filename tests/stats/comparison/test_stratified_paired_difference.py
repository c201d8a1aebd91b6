import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import optimize, stats as scipy_stats

from clinval.stats.comparison import paired_difference, stratified_paired_difference as sp

quick = settings(deadline=None, max_examples=60, derandomize=True)
DATA = ([5, 3, 0, 1], [2, 4, 0, 0], [60, 45, 8, 3])


@st.composite
def strata(draw, most=5, largest=40):
    rows = []
    for _ in range(draw(st.integers(1, most))):
        n = draw(st.integers(1, largest))
        n10 = draw(st.integers(0, n))
        rows.append((n10, draw(st.integers(0, n - n10)), n))
    return tuple(map(list, zip(*rows, strict=True)))


def restricted_variance(n10, n01, n, d):
    """Solve the score of the trinomial likelihood on p10 - p01 = d by bisection."""
    low, high = max(0.0, -d), (1 - d) / 2
    for _ in range(100):
        q = (low + high) / 2
        score = (
            (n10 / (q + d) if n10 else 0)
            + (n01 / q if n01 else 0)
            - (2 * (n - n10 - n01) / (1 - 2 * q - d) if n > n10 + n01 else 0)
        )
        low, high = (q, high) if score > 0 else (low, q)
    return max(low + high + d - d * d, 0) / n


def brute_statistic(data, d):
    rows = list(zip(*data, strict=True))
    gap = sum(n10 - n01 - n * d for n10, n01, n in rows)
    return gap / math.sqrt(sum(n * n * restricted_variance(n10, n01, n, d) for n10, n01, n in rows))


@pytest.mark.parametrize("data", [DATA, ([0, 0], [0, 0], [20, 15]), ([9, 2], [0, 3], [10, 40])])
def test_interval_and_test_agree_with_brute_force(data):
    result = sp.tango(*data)
    z = scipy_stats.norm.ppf(0.975)
    for limit, wanted, bracket in (
        (result.ci_low, z, (-0.99, result.estimate - 1e-9)),
        (result.ci_high, -z, (result.estimate + 1e-9, 0.99)),
    ):
        root = optimize.brentq(
            lambda d, t=wanted: brute_statistic(data, d) - t, *bracket, xtol=1e-13
        )
        assert limit == pytest.approx(root, abs=1e-9)
    test = sp.tango_test(*data, margin=-0.1, alternative="less")
    assert test.statistic == pytest.approx(brute_statistic(data, -0.1), rel=1e-9)
    assert test.p_value == pytest.approx(scipy_stats.norm.cdf(test.statistic), rel=1e-9)


@quick
@given(strata(most=1), st.floats(-0.9, 0.9))
def test_one_stratum_is_tango(table, margin):
    n10, n01, n = (column[0] for column in table)
    cells = (n - n10 - n01, n10, n01, 0)
    one, wanted = sp.tango(*table), paired_difference.tango(*cells)
    assert one.estimate == wanted.estimate
    assert one.ci_low == pytest.approx(wanted.ci_low, abs=1e-12)
    assert one.ci_high == pytest.approx(wanted.ci_high, abs=1e-12)
    test, nam = (
        sp.tango_test(*table, margin=margin),
        paired_difference.nam_test(*cells, margin=margin),
    )
    assert test.undefined == nam.undefined
    if not test.undefined:
        assert test.statistic == pytest.approx(nam.statistic, rel=1e-9)


@quick
@given(strata(), st.integers(0, 99))
def test_range_order_and_mirror(table, seed):
    result = sp.tango(*table)
    assert -1 <= result.ci_low <= result.estimate <= result.ci_high <= 1
    assert result.n == sum(table[2])
    order = np.random.default_rng(seed).permutation(len(table[0]))
    shuffled = sp.tango(*([column[i] for i in order] for column in table))
    assert shuffled.ci_low == pytest.approx(result.ci_low, abs=1e-12)
    n10, n01, n = table
    mirrored = sp.tango(n01, n10, n)
    assert mirrored.ci_low == pytest.approx(-result.ci_high, abs=1e-9)
    one, other = sp.score_heterogeneity_test(*table), sp.score_heterogeneity_test(n01, n10, n)
    assert one.undefined == other.undefined
    if not one.undefined:
        assert one.statistic == pytest.approx(other.statistic, rel=1e-6, abs=1e-9)


@quick
@given(strata(), st.floats(-0.9, 0.9), st.sampled_from([0.025, 0.05, 0.2]))
def test_rejects_exactly_when_the_interval_excludes_the_margin(table, margin, alpha):
    limits = sp.tango(*table, level=1 - 2 * alpha)
    assume(min(abs(limits.ci_low - margin), abs(limits.ci_high - margin)) > 1e-9)
    greater = sp.tango_test(*table, margin=margin)
    if not greater.undefined:
        assert (greater.p_value < alpha) == (limits.ci_low > margin)
        less = sp.tango_test(*table, margin=margin, alternative="less")
        assert (less.p_value < alpha) == (limits.ci_high < margin)


@quick
@given(strata())
def test_a_higher_level_is_wider(table):
    inner, outer = sp.tango(*table, level=0.8), sp.tango(*table, level=0.95)
    assert outer.ci_low <= inner.ci_low + 1e-12
    assert inner.ci_high <= outer.ci_high + 1e-12


def test_heterogeneity_agrees_with_brute_force():
    common = (sum(DATA[0]) - sum(DATA[1])) / sum(DATA[2])
    q = sum(
        ((n10 - n01) / n - common) ** 2 / restricted_variance(n10, n01, n, common)
        for n10, n01, n in zip(*DATA, strict=True)
    )
    result = sp.score_heterogeneity_test(*DATA)
    assert result.statistic == pytest.approx(q, rel=1e-10)
    assert result.df == 3
    assert result.p_value == pytest.approx(scipy_stats.chi2.sf(q, 3), rel=1e-10)


@pytest.mark.parametrize(
    ("n", "p10", "p01"),
    [
        ([60, 80, 50, 70], [0.10, 0.15, 0.20, 0.12], [0.05, 0.10, 0.15, 0.07]),
        ([100, 100, 100, 100, 100, 100], [0.08] * 6, [0.08] * 6),
        ([40, 40, 40], [0.25, 0.15, 0.30], [0.35, 0.25, 0.40]),
    ],
)
def test_heterogeneity_test_has_its_size(n, p10, p01):
    # a common difference of all strata, with other rates of discordance: 5 percent rejected
    rng = np.random.default_rng(11)
    draws, rejected, powered = 1500, 0, 0
    for _ in range(draws):
        cells = np.array(
            [
                rng.multinomial(size, [a, b, 1 - a - b])
                for size, a, b in zip(n, p10, p01, strict=True)
            ]
        )
        rejected += sp.score_heterogeneity_test(cells[:, 0], cells[:, 1], n).p_value < 0.05
        # the first stratum with its arms swapped and a wider gap is another difference
        cells[0] = rng.multinomial(n[0], [0.02, 0.40, 0.58])
        powered += sp.score_heterogeneity_test(cells[:, 0], cells[:, 1], n).p_value < 0.05
    assert 0.033 < rejected / draws < 0.067  # three standard errors
    assert powered / draws > 0.5


def test_heterogeneity_test_is_conservative_in_tiny_strata():
    rng = np.random.default_rng(12)
    rejected = 0
    for _ in range(600):
        cells = rng.multinomial(8, [0.10, 0.05, 0.85], 12)
        rejected += sp.score_heterogeneity_test(cells[:, 0], cells[:, 1], [8] * 12).p_value < 0.05
    assert rejected / 600 < 0.01


def test_heterogeneity_is_none_in_equal_strata():
    result = sp.score_heterogeneity_test([6, 12], [3, 6], [50, 100])
    assert result.statistic == pytest.approx(0, abs=1e-20)
    assert result.p_value == 1


def test_strata_without_discordant_pairs_count():
    with_empty = sp.tango([5, 0], [2, 0], [60, 40])
    without = sp.tango([5], [2], [60])
    assert with_empty.estimate == 3 / 100
    assert with_empty.ci_high < without.ci_high
    nothing = sp.tango([0, 0, 0], [0, 0, 0], [20, 15, 5])
    assert nothing.ci_low == pytest.approx(-0.0876216011973, abs=1e-9)
    assert nothing.ci_high == pytest.approx(0.0876216011973, abs=1e-9)
    flat = sp.score_heterogeneity_test([0, 0], [0, 0], [20, 15])
    assert (flat.statistic, flat.p_value, flat.df, flat.undefined) == (None, None, 1, True)
    # at a common difference of 0 a stratum without discordant pairs adds nothing
    balanced = sp.score_heterogeneity_test([3, 0, 2], [2, 0, 3], [20, 15, 20])
    assert balanced.df == 2
    assert balanced.statistic > 0


def test_undefined():
    for result in (sp.tango([], [], []), sp.tango([0], [0], [0])):
        assert (result.estimate, result.ci_low, result.n, result.undefined) == (None, None, 0, True)
    assert sp.tango_test([0], [0], [0]).undefined
    assert sp.tango_test([0, 0], [0, 0], [9, 9]).reason.startswith("the variance")
    one = sp.score_heterogeneity_test([3, 0], [1, 0], [20, 0])
    assert (one.statistic, one.df, one.undefined) == (None, 0, True)


def test_invalid_input():
    for function in (sp.tango, sp.tango_test, sp.score_heterogeneity_test):
        with pytest.raises(ValueError, match="lengths differ"):
            function([1, 2], [1], [10, 10])
        with pytest.raises(ValueError, match="more discordant pairs than pairs"):
            function([5], [6], [10])
        with pytest.raises(ValueError, match="n01 must be a count"):
            function([5], [-1], [10])
    with pytest.raises(ValueError, match="alternative"):
        sp.tango_test(*DATA, alternative="more")
    with pytest.raises(ValueError, match="margin"):
        sp.tango_test(*DATA, margin=-1.5)
    with pytest.raises(ValueError, match="level"):
        sp.tango(*DATA, level=1)
